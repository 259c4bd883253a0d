"""Turns results into Cirq's records; the description that this needs is sent in the job's metadata.

A measurement key is one register of the program: the bits of all its instances (its repeated measurements in one
circuit), one after the other. The readout adds the number of instances, the inverted bits and the confusion maps.
Source of the JSON: docs/metadata.md, "qsession_cirq".

>>> readout = Readout(keys=(Key("m", 1, 2, inverted=(1,)),))
>>> Readout.from_text(readout.to_text()) == readout
True
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Self

import msgspec
import numpy as np

from qsession_core.decoding import read_json
from qsession_core.errors import ResultFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from qsession_core.results.result import Register, Result

__all__ = ["KEY", "Confusion", "Key", "Readout"]

KEY = "qsession_cirq"


class Confusion(msgspec.Struct, frozen=True, array_like=True):
    """One entry of a measurement's ``confusion_map``: a readout error that the circuit defines.

    Attributes:
        places: Indices of the affected bits in the register, most significant first.
        matrix: ``matrix[m][r]`` is the probability that r is recorded if m was measured.
    """

    places: tuple[int, ...]
    matrix: tuple[tuple[float, ...], ...]


class Key(msgspec.Struct, frozen=True, omit_defaults=True):
    """The description of a measurement key.

    Attributes:
        name: The name of the key and of its register.
        instances: How often the circuit measures the key.
        width: Number of qubits of one measurement.
        inverted: Indices in the register of the bits that ``invert_mask`` inverts.
        confusions: Each is applied to the bits as measured, before bits are inverted.
    """

    name: str
    instances: int
    width: int
    inverted: tuple[int, ...] = ()
    confusions: tuple[Confusion, ...] = ()


class _Wire(msgspec.Struct, omit_defaults=True):
    keys: tuple[Key, ...] = ()
    qubits: tuple[str, ...] = ()
    dynamic: bool = False
    params: dict[str, float] = {}


class Readout(msgspec.Struct, frozen=True):
    """Turns the results of one circuit into Cirq's records.

    Attributes:
        keys: Measurement keys, in order of their first measurement.
        qubits: Names of Cirq's qubits, by their index in the program.
        dynamic: Whether Cirq would simulate each repetition separately: its records then have dtype uint8, else int8.
        params: Values of the circuit's symbols, by name.
    """

    keys: tuple[Key, ...] = ()
    qubits: tuple[str, ...] = ()
    dynamic: bool = False
    params: Mapping[str, float] = msgspec.field(default_factory=dict)

    def to_text(self) -> str:
        """Return the readout as one line of JSON."""
        return msgspec.json.encode(_Wire(self.keys, self.qubits, self.dynamic, dict(self.params))).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read the text of :meth:`to_text`.

        Raises:
            ValueError: The text is not a readout.
        """
        try:
            wire = read_json(text, _Wire)
        except msgspec.MsgspecError as error:
            raise ValueError(f"{KEY!r} in the job's metadata cannot be read: {error}") from error
        return cls(wire.keys, wire.qubits, wire.dynamic, wire.params)

    @classmethod
    def of_registers(cls, registers: Sequence[Register]) -> Self:
        """Return the readout of a job that was not sent by this package: each register is a key, measured once."""
        return cls(tuple(Key(register.name, 1, len(register.clbits)) for register in registers))

    def records(self, result: Result, *, seed: int | None = None, seed_text: str = "") -> dict[str, NDArray[Any]]:
        """Return the records of all repetitions.

        Args:
            result: A result with a register for each key.
            seed: Seed of the confusion maps, and of the order of shots if the provider only returns counts.
            seed_text: The job's id; the seed is derived from it if ``seed`` is None.

        Returns:
            Key -> recorded bits of shape (repetitions, instances, qubits), in the dtype that Cirq uses.

        Raises:
            ResultFormatError: A key has no register, or a register of another size.
        """
        bits = result.bits(seed)
        if seed is None:
            seed = int.from_bytes(hashlib.sha256(seed_text.encode()).digest()[:8], "big")
        columns = self._columns(result)
        records: dict[str, NDArray[Any]] = {}
        for number, key in enumerate(self.keys):
            table = bits[:, columns[key.name]]
            if key.confusions:
                table = _apply_confusions(table, key.confusions, np.random.default_rng([seed, number]))
            if key.inverted:
                table[:, list(key.inverted)] ^= 1
            shaped = table.reshape(len(table), key.instances, key.width)
            records[key.name] = shaped if self.dynamic else shaped.astype(np.int8)
        return records

    def raw_records(self, result: Result) -> dict[str, NDArray[np.str_]]:
        """Return all shots in order of execution, including shots that lost a qubit.

        Args:
            result: A result with a register for each key.

        Returns:
            Key -> characters ``0``, ``1`` and ``-`` (a lost qubit) of shape (shots, instances, qubits); bits are
            inverted, confusion maps are not applied.
        """
        columns = self._columns(result)
        memory = result.raw_memory
        shots = result.memory() if memory is None else memory
        characters = np.array([list(shot) for shot in shots], dtype="U1").reshape(len(shots), result.num_clbits)
        raw: dict[str, NDArray[np.str_]] = {}
        for key in self.keys:
            table = characters[:, columns[key.name]]
            for place in key.inverted:
                column = table[:, place]
                table[:, place] = np.where(column == "0", "1", np.where(column == "1", "0", column))
            raw[key.name] = table.reshape(len(table), key.instances, key.width)
        return raw

    def probabilities(self, result: Result, key: str | None = None) -> dict[int, float]:
        """Return the probability of each outcome; bits are inverted, confusion maps are not applied.

        Args:
            result: A result with a register for each key.
            key: The key whose bits are the outcome; by default the bits of all keys, in their order.

        Returns:
            Outcome (the first bit most significant) -> probability, in ascending order of the outcomes.

        Raises:
            ResultFormatError: There is no such key.
        """
        columns = self._columns(result)
        keys = [each for each in self.keys if key in {None, each.name}]
        if not keys:
            problem = f"there is no measurement key {key!r}, only {sorted(columns)}"
            raise ResultFormatError(f"{problem}.", format="cirq", problem=problem)
        clbits = [clbit for each in keys for clbit in columns[each.name]]
        flips = [place in each.inverted for each in keys for place in range(each.instances * each.width)]
        total: dict[int, float] = {}
        for text, probability in result.probabilities.items():
            outcome = 0
            for clbit, flip in zip(clbits, flips, strict=True):
                outcome = outcome << 1 | ((text[clbit] == "1") ^ flip)
            total[outcome] = total.get(outcome, 0.0) + probability
        return dict(sorted(total.items()))

    def _columns(self, result: Result) -> dict[str, list[int]]:
        """Return key -> classical bits of its register."""
        columns = {register.name: list(register.clbits) for register in result.registers}
        for key in self.keys:
            num_bits = len(columns.get(key.name, ()))
            if num_bits != key.instances * key.width:
                problem = f"the key {key.name!r} needs {key.instances * key.width} bits and the result has {num_bits}"
                raise ResultFormatError(f"{problem}; look at job.result().", format="cirq", problem=problem)
        return columns


def _apply_confusions(
    measured: NDArray[np.uint8], confusions: Sequence[Confusion], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw recorded bits from measured bits, both of shape (shots, bits of the register)."""
    recorded = measured.copy()
    for confusion in confusions:
        weights = 1 << np.arange(len(confusion.places))[::-1]
        rows = measured[:, confusion.places] @ weights
        thresholds = np.cumsum(np.array(confusion.matrix), axis=1)
        outcomes = (rng.random(len(rows))[:, None] >= thresholds[rows, :-1]).sum(axis=1)
        recorded[:, confusion.places] = outcomes[:, None] // weights & 1
    return recorded
