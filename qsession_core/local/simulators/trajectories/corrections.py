"""Programs whose branches only correct: they apply Paulis where a result has a value, and go on alike.

Such a program (teleportation, error correction, fusion of states) has one way from its beginning to its end, on which
stim can go for all shots at a time. Invariants:

1. A program is written as one way only if all its branches are understood; else it is followed as any other.
2. A correction depends on the measurement that wrote the result last before it was read, whatever is written later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qsession_core.local.readers.circuit import Instruction, Operation, Output, Program

__all__ = ["WHEN", "one_way"]

# A correction: ("when", (qubit,), (gate, measurement, bit)), with the number of the measurement among all
WHEN = "when"
_PAULIS = frozenset({"x", "y", "z"})
# What compares a result with a number, and the value that it gives where they are equal
_COMPARES = {"ieq": 1, "ine": 0}


class _LeavesError(Exception):
    """The program does more than to correct."""


def one_way(program: Program) -> tuple[list[Operation], list[Output]] | None:
    """Return a program's operations, corrections among them, and its records; None if it does more than to correct.

    The gates of a correction are X, Y and Z.
    """
    try:
        return _Way(program).followed()
    except _LeavesError:
        return None


class _Way:
    """The way through a program."""

    def __init__(self, program: Program) -> None:
        self._function = program.functions[program.entry]
        self._operations: list[Operation] = []
        self._records: list[Output] = []
        self._bits: dict[str, tuple[int | None, int]] = {}  # value -> the measurement, and the bit that makes it 1
        self._written: dict[int, int] = {}  # result -> the measurement that wrote it last
        self._measurements = 0
        self._recorded: set[int] = set()

    def followed(self) -> tuple[list[Operation], list[Output]]:
        """Follow it from the entry to the return."""
        if self._function.parameters:
            raise _LeavesError
        label: str | None = next(iter(self._function.blocks))
        seen: set[str] = set()
        while label is not None:
            if label in seen:
                raise _LeavesError  # a loop
            seen.add(label)
            label = self._through(self._function.blocks[label])
        return self._operations, self._records

    def _through(self, block: list[Instruction]) -> str | None:
        """Follow a block to its end; return the next one, or None at the end of the program."""
        for instruction in block:
            kind = instruction[0]
            if kind == "ops":
                self._operate(instruction[1])
            elif kind == "read":
                self._read(*instruction[1:])
            elif kind == "set":
                self._compare(*instruction[1:])
            elif kind == "br":
                return self._corrected(*self._bit(instruction[1]), *instruction[2:])
            elif kind == "jump":
                return str(instruction[1])
            elif kind == "record":
                self._record(*instruction[1:])
            elif instruction == ("ret", None):
                return None
            else:
                raise _LeavesError
        raise _LeavesError

    def _read(self, name: str, result: Any) -> None:
        if isinstance(result, str):
            raise _LeavesError  # it is computed which one
        self._bits[name] = (self._written.get(result), 1)

    def _compare(self, name: str, opcode: str, _: int, operands: list[Any]) -> None:
        """Compare a result with 0 or 1."""
        if opcode not in _COMPARES or operands[1] not in (0, 1):
            raise _LeavesError
        measurement, bit = self._bit(operands[0])
        self._bits[name] = (measurement, bit if operands[1] == _COMPARES[opcode] else 1 - bit)

    def _record(self, name: str, value: Any) -> None:
        if isinstance(value, str) or (name == "result" and value in self._recorded):
            raise _LeavesError
        if name == "result":
            self._recorded.add(value)
        self._records.append((name, value))

    def _bit(self, value: Any) -> tuple[int | None, int]:
        try:
            return self._bits[value]
        except KeyError:
            raise _LeavesError from None

    def _operate(self, operations: list[Operation]) -> None:
        for operation in operations:
            if operation[0] == "measure":
                if operation[1][1] in self._recorded:
                    raise _LeavesError  # the record keeps what was measured before
                self._written[operation[1][1]] = self._measurements
                self._measurements += 1
            self._operations.append(operation)

    def _corrected(self, measurement: int | None, bit: int, yes: str, no: str) -> str:
        """Write two arms as corrections; return the block where they meet."""
        arms = [self._arm(yes), self._arm(no)]
        ends = {end if paulis else label for label, (paulis, end) in zip((yes, no), arms, strict=True)}
        if len(ends) != 1:
            raise _LeavesError
        for (paulis, _), value in zip(arms, (bit, 1 - bit), strict=True):
            for name, qubits, _ in paulis:
                if measurement is None:  # what nobody has measured is 0
                    self._operations += [(name, qubits, ())] * (value == 0)
                else:
                    self._operations.append((WHEN, qubits, (name, measurement, value)))
        return ends.pop()

    def _arm(self, label: str) -> tuple[list[Operation], str]:
        """Return the Paulis of a block that does nothing else, and where it leads; no Paulis for any other block."""
        match self._function.blocks[label]:
            case [("ops", operations), ("jump", end)] if all(name in _PAULIS for name, _, _ in operations):
                return operations, str(end)
        return [], label
