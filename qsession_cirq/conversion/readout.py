"""What the classical bits of a job mean to Cirq, beside the registers: it travels in the job's metadata.

A measurement key is one register of the program: the bits of all its instances, one after the other. What a register
cannot say is kept here: how many instances, which bits Cirq records inverted, which are confused on purpose.

>>> readout = Readout(keys=(Key("m", 1, 2, inverted=(1,)),))
>>> Readout.from_text(readout.to_text()) == readout
True
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import msgspec
import numpy as np

from qsession_core.errors import ResultFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from qsession_core.results.result import Register, Result

__all__ = ["KEY", "Confusion", "Key", "Readout"]

KEY = "qsession_cirq"


class Confusion(msgspec.Struct, frozen=True, array_like=True):
    """A readout error that the user put into the circuit.

    Attributes:
        places: Which bits of the register, most significant first.
        matrix: Row r: the probabilities of what is recorded where r was measured.
    """

    places: tuple[int, ...]
    matrix: tuple[tuple[float, ...], ...]


class Key(msgspec.Struct, frozen=True, omit_defaults=True):
    """A measurement key.

    Attributes:
        name: Cirq's own, any text.
        instances: How often the key is measured.
        width: Bits of one instance.
        inverted: Bits of the register, counted through all instances, that are recorded inverted.
        confusions: Applied before bits are inverted, each to the bits as they were measured.
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


@dataclass(frozen=True, slots=True)
class Readout:
    """How to make Cirq's records of a result.

    Attributes:
        keys: Measurement keys in order of their first measurement.
        qubits: Cirq's names of the qubits, by index.
        dynamic: Whether anything depends on a measurement; Cirq then records uint8, and int8 otherwise.
        params: Values that the circuit's symbols had.
    """

    keys: tuple[Key, ...] = ()
    qubits: tuple[str, ...] = ()
    dynamic: bool = False
    params: Mapping[str, float] = field(default_factory=dict)

    def to_text(self) -> str:
        """Return it as one line of JSON."""
        return msgspec.json.encode(_Wire(self.keys, self.qubits, self.dynamic, dict(self.params))).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what :meth:`to_text` wrote.

        Raises:
            ValueError: It is not a readout.
        """
        try:
            wire = msgspec.json.decode(text, type=_Wire)
        except msgspec.MsgspecError as error:
            raise ValueError(f"{KEY!r} in the job's metadata cannot be read: {error}") from error
        return cls(wire.keys, wire.qubits, wire.dynamic, wire.params)

    @classmethod
    def of_registers(cls, registers: Sequence[Register]) -> Self:
        """Make one for a job that says no more than its registers."""
        return cls(tuple(Key(register.name, 1, len(register.clbits)) for register in registers))

    def records(self, result: Result, *, seed: int | None = None, seed_text: str = "") -> dict[str, NDArray[Any]]:
        """Return Cirq's records.

        Args:
            result: The core's result; its registers are named like the keys.
            seed: Seeds the order of shots that the provider does not give, and confusion; by default the job's id.
            seed_text: The job's id.

        Returns:
            By key: numbers of shape (repetitions, instances, qubits), in Cirq's dtype.

        Raises:
            ResultFormatError: A key has no register, or one of another size.
        """
        bits = result.bits(seed)
        if seed is None:
            seed = int.from_bytes(hashlib.sha256(seed_text.encode()).digest()[:8], "big")
        columns = self._columns(result)
        records: dict[str, NDArray[Any]] = {}
        for number, key in enumerate(self.keys):
            table = bits[:, columns[key.name]]
            if key.confusions:
                table = _confused(table, key.confusions, np.random.default_rng([seed, number]))
            if key.inverted:
                table[:, list(key.inverted)] ^= 1
            shaped = table.reshape(len(table), key.instances, key.width)
            records[key.name] = shaped if self.dynamic else shaped.astype(np.int8)
        return records

    def raw_records(self, result: Result) -> dict[str, NDArray[np.str_]]:
        """Return all shots in order of execution, also those that lost a qubit.

        Args:
            result: The core's result.

        Returns:
            By key: characters ``0``, ``1`` and ``-`` (a lost qubit), shape (shots, instances, qubits), after inversion
            and without confusion.
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
        """Return how probable each outcome is, masks applied and confusion not.

        Args:
            result: The core's result.
            key: Only this key's bits; by default those of all keys, in their order.

        Returns:
            By outcome, its first bit most significant, in the outcomes' order.

        Raises:
            ResultFormatError: There is no such key.
        """
        columns = self._columns(result)
        keys = [one for one in self.keys if key in {None, one.name}]
        if not keys:
            problem = f"there is no measurement key {key!r}, only {sorted(columns)}"
            raise ResultFormatError(f"{problem}.", format="cirq", problem=problem)
        places = [clbit for one in keys for clbit in columns[one.name]]
        flips = [place in one.inverted for one in keys for place in range(one.instances * one.width)]
        total: dict[int, float] = {}
        for text, probability in result.probabilities.items():
            outcome = 0
            for place, flip in zip(places, flips, strict=True):
                outcome = outcome << 1 | ((text[place] == "1") ^ flip)
            total[outcome] = total.get(outcome, 0.0) + probability
        return dict(sorted(total.items()))

    def _columns(self, result: Result) -> dict[str, list[int]]:
        columns = {register.name: list(register.clbits) for register in result.registers}
        for key in self.keys:
            have = len(columns.get(key.name, ()))
            if have != key.instances * key.width:
                problem = f"the key {key.name!r} needs {key.instances * key.width} bits and the result has {have}"
                raise ResultFormatError(f"{problem}; look at job.result().", format="cirq", problem=problem)
        return columns


def _confused(
    measured: NDArray[np.uint8], confusions: Sequence[Confusion], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Record something else than was measured, with the given probabilities."""
    recorded = measured.copy()
    for confusion in confusions:
        weights = 1 << np.arange(len(confusion.places))[::-1]
        rows = measured[:, confusion.places] @ weights
        thresholds = np.cumsum(np.array(confusion.matrix), axis=1)
        drawn = (rng.random(len(rows))[:, None] >= thresholds[rows, :-1]).sum(axis=1)
        recorded[:, confusion.places] = drawn[:, None] // weights & 1
    return recorded
