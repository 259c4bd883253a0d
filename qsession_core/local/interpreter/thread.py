"""Carries out the classical side of a program: functions, blocks, arithmetic, memory and records.

A :class:`Thread` is one way through a program. It runs until gates or measurements are to be carried out, and hands
them out; what they do to a state is the caller's business (`trajectories/tree.py`).

Invariants:

1. Every instruction has one meaning, or the job fails with a sentence that names it.
2. A thread ends: a block from which no way leads to a return, more than a million instructions beyond those of the
   text, or a thousand calls within each other fail the job.
3. A copy of a thread shares nothing with it that either can change.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from qsession_core.local.interpreter.limits import MAX_STEPS, TooManyStepsError
from qsession_core.local.interpreter.llvm_arithmetic import compute, convert
from qsession_core.local.interpreter.memory import Memory
from qsession_core.local.interpreter.order import order_of
from qsession_core.local.readers.circuit import (
    LOST,
    UNDEFINED,
    Address,
    Instruction,
    JobFailure,
    Operation,
)
from qsession_core.local.readers.qir.calls import bad, split

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable
    from typing import Self

    from qsession_core.local.readers.circuit import Output, Program

__all__ = ["UNKNOWN", "DependsOnMeasurementError", "Frame", "Thread"]

MAX_CALLS = 1_000


class _Unknown(Enum):
    """The type of UNKNOWN."""

    UNKNOWN = "unknown"


# A value that depends on a measurement, while a program is flattened
UNKNOWN = _Unknown.UNKNOWN


class DependsOnMeasurementError(Exception):
    """The way through the program depends on a measurement."""


class Frame:
    """One call of a function that has not returned yet."""

    __slots__ = ("block", "blocks", "index", "label", "pieces", "values", "wanted")

    def __init__(
        self, blocks: dict[str, list[Instruction]], values: dict[str, Any], wanted: str | None, pieces: int
    ) -> None:
        self.blocks = blocks
        self.values = values
        self.wanted = wanted  # the caller's name for what it returns
        self.pieces = pieces  # the memory that was there before
        self.label = next(iter(blocks))
        self.block = blocks[self.label]
        self.index = 0

    def copy(self) -> Frame:
        """Return another call that is at the same place."""
        other = Frame(self.blocks, self.values.copy(), self.wanted, self.pieces)
        other.label, other.block, other.index = self.label, self.block, self.index
        return other


class Thread:
    """One way through a program.

    Attributes:
        records: What it recorded: ``result`` by number, other kinds by value; a ``bit`` is a result that was measured
            again later.
    """

    def __init__(self, program: Program, steps: int = MAX_STEPS) -> None:
        self.records: list[Output] = []
        self._program = program
        self._memory = Memory(program.memory)
        self._steps = MAX_STEPS - steps - program.size
        self._open: dict[int, list[int]] = {}  # result -> where it was recorded since it was measured
        self._orders: dict[int, dict[str, int]] = {}  # of functions, by the id of their blocks; see order_of
        self._laps = 0  # how often it went back to a block that stands before, which is what loops do
        entry = program.functions[program.entry]
        self._frames = [Frame(entry.blocks, {}, None, len(self._memory))]

    def copy(self) -> Self:
        """Return another thread that is at the same place."""
        other = object.__new__(type(self))
        other.records = list(self.records)
        other._program = self._program
        other._memory = self._memory.copy()
        other._steps = self._steps
        other._open = {result: list(places) for result, places in self._open.items()}
        other._orders = self._orders
        other._laps = self._laps
        other._frames = [frame.copy() for frame in self._frames]
        return other

    @property
    def depth(self) -> int:
        """How many calls have not returned; 1 within the entry point."""
        return len(self._frames)

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """Where it is in each call that has not returned, the entry point first: block and next instruction."""
        return tuple((frame.label, frame.index) for frame in self._frames)

    @property
    def progress(self) -> tuple[float, ...]:
        """How far it has come: ways that start together come to a place with the same number, or nearly so."""
        found: list[float] = [self._laps]
        for frame in self._frames:
            order = self._orders.get(id(frame.blocks), {})
            # within a call, the caller is at the call and not behind it
            found += [order.get(frame.label, 0), frame.index - (frame is not self._frames[-1])]
        return tuple(found)

    @property
    def is_at_computed_gate(self) -> bool:
        """Whether the operations that it returned last depend on its values."""
        frame = self._frames[-1]
        return frame.index > 0 and frame.block[frame.index - 1][0] == "gate"

    @property
    def recorded(self) -> Collection[int]:
        """The results that were recorded and not measured again since."""
        return self._open.keys()

    def standing(self, names: frozenset[str] | None) -> Hashable:
        """Return what decides how it goes on, beside results; ways with equal ones go on alike.

        Args:
            names: The values of the entry point that are used later; None for all values of all calls.
        """
        values = tuple(
            tuple(
                (name, repr(frame.values[name]) if isinstance(frame.values[name], float) else frame.values[name])
                for name in sorted(frame.values if names is None else names & frame.values.keys())
            )
            for frame in (self._frames if names is None else self._frames[-1:])
        )
        return self.places, values, self._memory.standing(), tuple(self.records)

    def advance(self, results: Any) -> list[Operation] | None:
        """Run until operations are to be carried out; return them, or None at the end of the program.

        Args:
            results: Result -> bit, as measured so far; results that the program sets are set there.

        Raises:
            JobFailure: An instruction has no meaning, or the program does not end.
        """
        frame = self._frames[-1]
        while True:
            instruction = frame.block[frame.index]
            frame.index += 1
            self._count(1)
            kind = instruction[0]
            if kind in {"ops", "gate"}:
                operations: list[Operation] = instruction[1] if kind == "ops" else self._gate(frame, instruction)
                self._count(len(operations))
                if self._open:
                    self._settle(operations, results)
                return operations
            if kind in {"invoke", "ret"}:
                following = self._call(frame, instruction) if kind == "invoke" else self._return(frame, instruction)
                if following is None:
                    return None
                frame = following
            elif kind in {"jump", "br", "switch"}:
                self._jump(frame, self._target(frame, instruction))
            elif kind in {"read", "write", "record"}:
                self._results(frame, instruction, results)
            elif kind == "store":
                _, type_, operand, address = instruction
                self._memory.store(type_, self._value(frame, operand), self._value(frame, address))
            elif kind == "unreachable":
                raise bad("the program comes to an unreachable instruction")
            else:
                frame.values[instruction[1]] = self._computed(frame, instruction)

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise TooManyStepsError("InvalidInputData", f"The program does not end within {MAX_STEPS} instructions.")

    # --- operands ---

    def _value(self, frame: Frame, operand: Any) -> Any:
        """Return what an operand is now; it may be UNDEFINED."""
        if type(operand) is not str:
            return operand
        try:
            return frame.values[operand]
        except KeyError:
            raise bad(f"the value {operand} is used before it is computed") from None

    def _number(self, frame: Frame, operand: Any) -> Any:
        """Return a number that something is computed with."""
        value = self._value(frame, operand)
        if value is UNDEFINED or isinstance(value, Address):
            what = "an undefined value" if value is UNDEFINED else "the address of memory as a number"
            raise bad(f"the program computes with {what}" + (f", {operand}" if isinstance(operand, str) else ""))
        return value

    def _known(self, frame: Frame, operand: Any) -> Any:
        """Return a number that decides what happens."""
        value = self._number(frame, operand)
        if value is UNKNOWN:
            raise DependsOnMeasurementError
        return value

    # --- instructions ---

    def _gate(self, frame: Frame, instruction: Instruction) -> list[Operation]:
        _, name, doubles, pointers = instruction
        operations = split(
            name,
            [self._known(frame, operand) for operand in doubles],
            [self._known(frame, operand) for operand in pointers],
        )
        for word, places, _ in operations:
            qubits, results = (places[:1], places[1:]) if word == "measure" else (places, ())
            self._within(max(qubits), self._program.num_qubits, "qubit")
            for result in results:
                self._within(result, self._program.num_results, "result")
        return operations

    def _within(self, number: int, limit: int, what: str) -> None:
        if not 0 <= number < limit:
            raise bad(f"the program computes the number of a {what}, {number}, and requires {limit} {what}s")

    def _results(self, frame: Frame, instruction: Instruction, results: Any) -> None:
        kind, name, operand = instruction
        if kind == "record" and name != "result":
            self.records.append((name, self._known(frame, operand)))
            return
        result = self._known(frame, operand)
        self._within(result, self._program.num_results, "result")
        if kind == "record":
            self._open.setdefault(result, []).append(len(self.records))
            self.records.append((name, result))
        elif kind == "read":
            value = results[result]
            frame.values[name] = value if value is UNKNOWN else int(value) & 1  # a lost result reads as 0
        else:
            results[result] = self._known(frame, name)

    def _settle(self, operations: list[Operation], results: Any) -> None:
        """Keep what was recorded of results that are measured again now."""
        for word, places, _ in operations:
            if word == "measure" and places[1] in self._open:
                bit = results[places[1]]
                if bit is UNKNOWN:
                    raise DependsOnMeasurementError
                for place in self._open.pop(places[1]):
                    self.records[place] = ("bit", "-" if bit == LOST else int(bit))

    def _target(self, frame: Frame, instruction: Instruction) -> str:
        match instruction:
            case ("br", operand, yes, no):
                return str(yes if self._known(frame, operand) else no)
            case ("switch", operand, default, cases):
                return str(cases.get(self._known(frame, operand), default))
            case _:
                return str(instruction[1])

    def _jump(self, frame: Frame, label: str) -> None:
        order = self._orders.get(id(frame.blocks))
        if order is None:
            order = self._orders[id(frame.blocks)] = order_of(frame.blocks)
        if label not in order:
            raise JobFailure("InvalidInputData", f"The program does not end: from {label} no way leads to a return.")
        self._laps += order[label] <= order.get(frame.label, -1)
        came_from, frame.label = frame.label, label
        frame.block = frame.blocks[label]
        made: dict[str, Any] = {}
        index = 0
        while frame.block[index][0] == "phi":  # all of them at once: one may read what another had before
            _, name, sources = frame.block[index]
            made[name] = self._value(frame, sources[came_from])
            index += 1
        self._count(index)
        frame.values.update(made)
        frame.index = index

    def _call(self, frame: Frame, instruction: Instruction) -> Frame:
        _, wanted, name, operands = instruction
        if len(self._frames) >= MAX_CALLS:
            raise bad(f"{name} is called more than {MAX_CALLS} calls deep")
        function = self._program.functions[name]
        values = [self._value(frame, operand) for operand in operands]
        called = Frame(function.blocks, dict(zip(function.parameters, values, strict=True)), wanted, len(self._memory))
        self._frames.append(called)
        return called

    def _return(self, frame: Frame, instruction: Instruction) -> Frame | None:
        """Go back to the caller; None at the end of the program."""
        if len(self._frames) == 1:
            return None
        value = None if instruction[1] is None else self._value(frame, instruction[1])
        self._frames.pop()
        self._memory.release(frame.pieces)
        caller = self._frames[-1]
        if frame.wanted is not None:
            caller.values[frame.wanted] = value
        return caller

    def _computed(self, frame: Frame, instruction: Instruction) -> Any:
        """Return the value of an instruction that has one."""
        match instruction:
            case ("set", _, opcode, width, operands):
                numbers = [self._number(frame, operand) for operand in operands]
                return UNKNOWN if UNKNOWN in numbers else compute(opcode, width, numbers)
            case ("cast", _, opcode, source, target, operand):
                value = self._number(frame, operand)
                return value if value is UNKNOWN else convert(opcode, source, target, value)
            case ("select", _, condition, one, other):
                chosen = self._number(frame, condition)
                if chosen is UNKNOWN:
                    return UNKNOWN
                return self._value(frame, one if chosen else other)
            case ("load", _, type_, address):
                return self._memory.load(type_, self._value(frame, address))
            case ("alloca", _, size):
                return self._memory.allocate(size)
            case ("gep", _, operand, steps):
                address = self._value(frame, operand)
                if not isinstance(address, Address):
                    raise bad(f"{operand} is not the address of memory")
                moved = sum(self._known(frame, index) * stride for index, stride in steps)
                return Address(address.piece, address.offset + moved)
        raise bad(f"the instruction {instruction[0]} is not understood here")
