"""From the core's result to Qiskit's: the order of bits, the spaces between registers, the header.

Qiskit writes classical bit 0 last, and the last register first:

>>> from qsession_core.results.result import Register, Result
>>> outcome = Result.from_memory(["100", "101"], registers=(Register("a", (0, 1)), Register("b", (2,))))
>>> experiment(outcome, {"name": "three"}).data.formatted_counts
{'0 01': 1, '1 01': 1}

Keys are made when they are needed, all at once by numpy, because jobs of a hundred thousand shots are common.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
from qiskit.exceptions import QiskitError
from qiskit.result import Counts
from qiskit.result import Result as QiskitResult
from qiskit.result.models import ExperimentResult, ExperimentResultData
from qiskit.result.postprocess import format_counts, format_counts_memory

from qsession_core.results.result import Layout
from qsession_qiskit.metadata import from_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from qiskit import QuantumCircuit

    from qsession_core.results.result import Register, Result

__all__ = ["AzureQuantumResult", "Header", "experiment", "failed_experiment"]

V = TypeVar("V")
_FEW = 1 << 12  # at most this many keys are sorted: sorting more costs more than everything else
_BATCH = 1 << 16  # keys made at a time, to bound memory
_OURS = {"qiskit", Layout.KEY, "meas_map"}  # keys of the job's metadata that the header leaves out


class Header(dict[str, Any]):
    """The header of a circuit's result: a dict whose members are attributes too, as in Qiskit 1."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(name) from None

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dict."""
        return dict(self)


class Data(ExperimentResultData):  # type: ignore[misc]
    """The data of one circuit.

    Its attributes have keys as in ``get_counts``, which is how the official client's documentation shows them.
    :meth:`to_dict`, and with it ``Result.to_dict`` and ``Result.data``, has hexadecimal ones, as in Qiskit's schema.
    ``counts`` and ``memory`` can be replaced or deleted, as ``marginal_counts`` does: ``Result.get_counts`` and
    ``get_memory`` then tell the new ones. As soon as ``counts`` is replaced, ``memory`` is hexadecimal too, since
    whoever has replaced it works in Qiskit's schema. So do Qiskit's own primitives, which ask for memory: after
    ``run(memory=True)`` both are hexadecimal from the start.
    """

    def __init__(self, outcome: Result, seed: int | None, *, in_schema: bool = False) -> None:
        super().__init__()
        self.in_schema = in_schema
        self.outcome = outcome
        self.seed = seed
        self.edited: dict[str, Any] = {}  # "counts" and "memory", where they were replaced
        self._shown: dict[str, Any] = {}  # the same, where they were read, since readers may change them in place
        self._data_attributes = ["counts", "memory", "probabilities"]
        if outcome.lost_shots:
            self._data_attributes += ["raw_counts", "raw_memory", "raw_probabilities"]

    def to_dict(self) -> dict[str, Any]:
        """Return everything in the form of Qiskit's schema."""
        found = {name: getattr(self, name) for name in self._data_attributes if name not in {"counts", "memory"}}
        schema = {"counts": self.schema_counts, "memory": self.schema_memory}
        return {name: schema[name]() for name in ("counts", "memory") if name in self._data_attributes} | found

    def schema_counts(self) -> dict[str, int]:
        """Return counts by hexadecimal key; the caller's own, if they were replaced or changed in place."""
        if "counts" in self.edited:
            found: dict[str, int] = self.edited["counts"]
            return found
        if "counts" in self._shown:
            return {_schema_key(key): count for key, count in self._shown["counts"].items()}
        return {_hex(key): count for key, count in self.outcome.counts.items()}

    def schema_memory(self) -> list[str]:
        """Return one hexadecimal key for each shot; the caller's own memory, if it was replaced or changed in place."""
        if "memory" in self.edited:
            found: list[str] = self.edited["memory"]
            return found
        if "memory" in self._shown:
            return [_schema_key(key) for key in self._shown["memory"]]
        known = {key: _hex(key) for key in self.outcome.counts}
        return [known[key] for key in self.outcome.memory(self.seed)]

    def is_as_made(self, name: str) -> bool:
        """Whether nobody has replaced ``counts`` or ``memory``, or read it and so may have changed it."""
        return name not in self.edited and name not in self._shown

    @property
    def counts(self) -> dict[str, int]:
        """Counts by key as in ``get_counts``."""
        self._require("counts")
        if "counts" not in self.edited and "counts" not in self._shown:
            self._shown["counts"] = self.schema_counts() if self.in_schema else dict(self.formatted_counts)
        found: dict[str, int] = self.edited["counts"] if "counts" in self.edited else self._shown["counts"]
        return found

    @counts.setter
    def counts(self, value: dict[str, int]) -> None:
        self._replace("counts", value)

    @counts.deleter
    def counts(self) -> None:
        self._remove("counts")

    @property
    def memory(self) -> list[str]:
        """One key for each shot, as in ``get_memory``."""
        self._require("memory")
        if "memory" in self.edited:
            found: list[str] = self.edited["memory"]
            return found
        if "memory" not in self._shown:
            is_hexadecimal = self.in_schema or "counts" in self.edited
            self._shown["memory"] = self.schema_memory() if is_hexadecimal else self.formatted_memory
        shown: list[str] = self._shown["memory"]
        return shown

    @memory.setter
    def memory(self, value: list[str]) -> None:
        self._replace("memory", value)

    @memory.deleter
    def memory(self) -> None:
        self._remove("memory")

    def _require(self, name: str) -> None:
        if name not in self._data_attributes:
            raise AttributeError(name)

    def _replace(self, name: str, value: Any) -> None:
        self.edited[name] = value
        if name == "counts" and "memory" in self._shown:
            self._shown["memory"] = self.schema_memory()
        if name not in self._data_attributes:
            self._data_attributes.append(name)

    def _remove(self, name: str) -> None:
        self._require(name)
        self._data_attributes.remove(name)
        self.edited.pop(name, None)

    @cached_property
    def probabilities(self) -> dict[str, float]:
        """Probabilities by key as in ``get_counts``."""
        return self._keyed(self.outcome.probabilities)

    @cached_property
    def raw_counts(self) -> dict[str, int]:
        """Counts with the shots that lost a qubit, whose bit is ``-``; keys as in ``get_counts``."""
        return self._keyed(self.outcome.raw_counts)

    @cached_property
    def raw_probabilities(self) -> dict[str, float]:
        """Probabilities with the shots that lost a qubit, whose bit is ``-``; keys as in ``get_counts``."""
        return self._keyed(self.outcome.raw_probabilities)

    @cached_property
    def raw_memory(self) -> list[str]:
        """Memory with the shots that lost a qubit, in execution order; keys as in ``get_counts``."""
        found = self.outcome.raw_memory
        return self.formatted_memory if found is None and not self.outcome.lost_shots else self._formatted(found or ())

    def _keyed(self, found: Mapping[str, V]) -> dict[str, V]:
        return dict(zip(self._formatted(found), found.values(), strict=True))

    @property
    def formatted_counts(self) -> Counts:
        """Counts by key as Qiskit writes it."""
        if self.outcome.num_clbits and not self.outcome.memory_is_synthetic:
            tally = Counter(self._memory)
            return _counts({key: tally[key] for key in sorted(tally)} if len(tally) <= _FEW else tally)
        found = self.outcome.counts
        return _counts(dict(zip(self._formatted(found), found.values(), strict=True)))

    @property
    def formatted_memory(self) -> list[str]:
        """One key for each shot, as Qiskit writes it."""
        return list(self._memory)

    @cached_property
    def _memory(self) -> list[str]:
        if not self.outcome.num_clbits:
            return self.outcome.memory(self.seed)
        return self._written(self.outcome.bits(self.seed) + np.uint8(ord("0")))

    def _formatted(self, keys: Iterable[str]) -> list[str]:
        """Return keys of the core as Qiskit writes them."""
        keys, width = list(keys), self.outcome.num_clbits
        if not width:
            return keys
        return self._written(np.frombuffer("".join(keys).encode(), np.uint8).reshape(len(keys), width))

    def _written(self, characters: NDArray[np.uint8]) -> list[str]:
        """Return Qiskit's keys of an array of characters, shape (keys, classical bits)."""
        rows, width = characters.shape
        order = _order(width, _sizes(self.outcome.registers, width))
        padded = np.concatenate([characters, np.full((rows, 1), ord(" "), np.uint8)], axis=1)
        keys: list[str] = []
        for start in range(0, rows, _BATCH):
            # numpy's text has four bytes for each character
            wide = np.ascontiguousarray(padded[start : start + _BATCH, order], dtype=np.uint32)
            keys += wide.view(f"U{len(order)}").ravel().tolist()
        return keys


def _counts(found: dict[str, int]) -> Counts:
    """Return Qiskit's counts. ``Counts`` parses every key that it is made with, so it is made with one and updated."""
    counts = Counts(dict(islice(found.items(), 1)))
    counts.update(found)
    return counts


def _hex(key: str) -> str:
    """Return a key in the form of Qiskit's schema; a key that is not of bits is unchanged."""
    return hex(int(key[::-1], 2)) if key.strip("01") == "" and key else key


def _schema_key(key: str) -> str:
    """Return a key as Qiskit writes it, or one of its schema, in the form of the schema."""
    bits = key.replace(" ", "")
    return hex(int(bits, 2)) if bits and not bits.strip("01") else key


def _sizes(registers: Sequence[Register], num_clbits: int) -> list[list[Any]] | None:
    """Return the registers' names and sizes, for the spaces in keys; None unless they cover all bits in order."""
    bits = [bit for register in registers for bit in register.clbits]
    if bits != list(range(num_clbits)):
        return None
    return [[register.name, len(register.clbits)] for register in registers]


def _order(num_clbits: int, sizes: list[list[Any]] | None) -> list[int]:
    """Return the classical bit at each position of a key; ``num_clbits`` is a space."""
    if sizes is None:
        return list(range(num_clbits - 1, -1, -1))
    order: list[int] = []
    end = num_clbits
    for _, size in reversed(sizes):
        order += [num_clbits] if end < num_clbits else []
        order += range(end - 1, end - size - 1, -1)
        end -= size
    return order


def experiment(
    outcome: Result, metadata: Mapping[str, str], *, seed: int | None = None, in_schema: bool = False
) -> ExperimentResult:
    """Return the result of one circuit.

    Args:
        outcome: The core's result.
        metadata: The job's metadata.
        seed: Seeds the order of memory if the provider gives no single shots; None for the job's id.
        in_schema: Whether ``data.counts`` and ``data.memory`` have hexadecimal keys.
    """
    return ExperimentResult(
        shots=outcome.shots,
        success=True,
        data=Data(outcome, seed, in_schema=in_schema),
        status="DONE",
        seed=seed,
        header=_header(metadata, outcome),
        memory_is_synthetic=outcome.memory_is_synthetic,
        shots_are_assumed=outcome.shots_are_assumed,
        lost_shots=outcome.lost_shots,
        errors=outcome.errors,
    )


def failed_experiment(problem: Exception, metadata: Mapping[str, str]) -> ExperimentResult:
    """Return the result of a circuit that failed: ``get_counts`` raises for it."""
    return ExperimentResult(
        shots=0, success=False, data=ExperimentResultData(), status=str(problem), header=_header(metadata, None)
    )


def _header(metadata: Mapping[str, str], outcome: Result | None) -> Header:
    header = Header({key: value for key, value in metadata.items() if key not in _OURS})
    header["metadata"] = from_text(metadata.get("metadata") or "{}")
    if outcome is not None:
        header |= _made_shape(outcome)
    if metadata.get("num_qubits", "").isdecimal():
        header["num_qubits"] = header["n_qubits"] = int(metadata["num_qubits"])
    return header


def _is_as_made(header: Any, outcome: Result) -> bool:
    """Whether a header still says the shape of keys that the outcome has; users may change it."""
    return _shape(header) == _made_shape(outcome)


def _shape(header: Any) -> dict[str, Any]:
    """Return what a header says of the shape of keys."""
    return {name: header[name] for name in ("memory_slots", "creg_sizes") if name in (header or {})}


def _made_shape(outcome: Result) -> dict[str, Any]:
    """Return what the header of an outcome says of the shape of its keys."""
    if not outcome.num_clbits:
        return {}
    sizes = _sizes(outcome.registers, outcome.num_clbits)
    return {"memory_slots": outcome.num_clbits} | ({} if sizes is None else {"creg_sizes": sizes})


_MOST_SHOWN = 6  # histograms in the display of a notebook


class AzureQuantumResult(QiskitResult):  # type: ignore[misc]
    """Qiskit's result with fast counts and memory."""

    def __repr__(self) -> str:
        shots = sum(int(one.shots) for one in self.results if isinstance(one.shots, int))
        failed = "" if self.success else ", some failed"
        return f"<AzureQuantumResult {self.job_id}: {len(self.results)} circuits, {shots} shots{failed}>"

    def _repr_html_(self) -> str:
        from qsession_core.display.notebook import card, histogram

        shown = []
        for place in range(min(len(self.results), _MOST_SHOWN)):
            with contextlib.suppress(QiskitError):
                counts = self._counts(place)
                shown.append(histogram(counts, sum(counts.values())))
        return card("Result", [("circuits", len(self.results)), ("on", self.backend_name), ("id", self.job_id)], *shown)

    @overload
    def get_counts(self, experiment: None = None) -> Counts | list[Counts]: ...

    @overload
    def get_counts(self, experiment: str | int | QuantumCircuit) -> Counts: ...

    def get_counts(self, experiment: Any = None) -> Counts | list[Counts]:
        """Return counts as Qiskit does: one ``Counts``, or a list of them for several circuits.

        Args:
            experiment: A circuit, its name or its index; None for all.

        Raises:
            QiskitError: There is no such circuit, or it has no result.
        """
        wanted = range(len(self.results)) if experiment is None else [experiment]
        found = [self._counts(key) for key in wanted]
        return found[0] if len(found) == 1 else found

    def _counts(self, key: Any) -> Counts:
        found = self._get_experiment(key)
        data = found.data
        if not isinstance(data, Data) or "counts" not in data._data_attributes:  # noqa: SLF001 - Qiskit's own word
            return super().get_counts(key)
        if data.is_as_made("counts") and _is_as_made(found.header, data.outcome):
            return data.formatted_counts
        told = {each.replace(" ", ""): count for each, count in data.schema_counts().items()}
        return Counts(format_counts(told, found.header), **_shape(found.header))

    def get_memory(self, experiment: Any = None) -> list[str]:
        """Return one key for each shot, in execution order if the provider gives single shots.

        Args:
            experiment: A circuit, its name or its index; None for the only one.

        Raises:
            QiskitError: There is no such circuit, or it has no result.
        """
        found = self._get_experiment(experiment)
        data = found.data
        if not isinstance(data, Data) or "memory" not in data._data_attributes:  # noqa: SLF001 - Qiskit's own word
            memory: list[str] = super().get_memory(experiment)
            return memory
        if data.is_as_made("memory") and _is_as_made(found.header, data.outcome):
            return data.formatted_memory
        return [format_counts_memory(each.replace(" ", ""), found.header) for each in data.schema_memory()]

    def to_json(self) -> str:
        """Return everything as JSON text."""
        return json.dumps(self.to_dict(), default=str)
