"""From a Qiskit circuit to a program, in one pass.

Gates that are words are copied into columns as they come: that loop decides how fast everything is, so it makes no
object per gate. Whatever is not a word is taken apart by words.py or flow.py.

>>> from qiskit import QuantumCircuit
>>> bell = QuantumCircuit(2, 2)
>>> _ = bell.h(0), bell.cx(0, 1), bell.measure([0, 1], [1, 0])
>>> list(to_program(bell).body)[1:]
[('cx', (0, 1), ()), ('measure', (0,), (1,)), ('measure', (1,), (0,))]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit.circuit import CircuitInstruction, QuantumCircuit
from qiskit.circuit.library import get_standard_gate_name_mapping

from qsession_core.errors import ConversionError, UnsupportedOperationError
from qsession_core.formats.interface import CONTROLS, EVOLUTION
from qsession_core.gates.words import GATES
from qsession_core.program import Block, Program
from qsession_core.results.result import Register
from qsession_qiskit.conversion import flow
from qsession_qiskit.conversion.parameters import ParametricProgram, Symbols
from qsession_qiskit.conversion.words import definition, is_standard, steps
from qsession_qiskit.metadata import stamps

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from qiskit.circuit import Clbit, Instruction, Qubit

    from qsession_core.expressions import Literal

__all__ = ["to_parametric", "to_program"]

# Standard gates that are words by their own name: how many angles they have
_WORDS = {name: GATES[name].num_params for name in get_standard_gate_name_mapping() if name in GATES}
# Before Qiskit 2, any instruction could stand under a condition
_HAS_CONDITIONS = hasattr(CircuitInstruction, "condition")


def to_program(circuit: QuantumCircuit, *, keep: AbstractSet[str] = frozenset({CONTROLS})) -> Program:
    """Convert a circuit.

    Delays are left out, for no target counts time, and so is the global phase. Loops are unrolled.

    Args:
        circuit: Any circuit; parameters without a value become parameters of the program.
        keep: Which large operations stay one word, for a format that has it: :data:`CONTROLS` and
            :data:`EVOLUTION`. The others are written in gates by Qiskit's own definitions.

    Raises:
        ConversionError: Something has no form in a program; every problem is listed.
    """
    return to_parametric(circuit, keep=keep).program


def to_parametric(circuit: QuantumCircuit, *, keep: AbstractSet[str] = frozenset({CONTROLS})) -> ParametricProgram:
    """Convert a circuit once, for many values of its parameters.

    Args:
        circuit: As for :func:`to_program`.
        keep: As for :func:`to_program`.

    Raises:
        ConversionError: Something has no form in a program; every problem is listed.
    """
    walk, clbits = Walk(keep), {bit: number for number, bit in enumerate(circuit.clbits)}
    body = walk.whole(circuit, Scope({bit: number for number, bit in enumerate(circuit.qubits)}, clbits))
    program = Program(
        circuit.num_qubits,
        circuit.num_clbits,
        body,
        tuple(Register(creg.name, tuple(clbits[bit] for bit in creg)) for creg in circuit.cregs),
        tuple(map(str, walk.symbols.expressions)),
        circuit.name,
        stamps(circuit),
    )
    return ParametricProgram(program, tuple(circuit.parameters), tuple(walk.symbols.expressions))


class Columns:
    """The operations written so far, in the three columns of a block."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.qubits: list[tuple[int, ...]] = []
        self.params: list[tuple[Any, ...]] = []

    def add(self, name: str, qubits: tuple[int, ...], params: tuple[Any, ...] = ()) -> None:
        """Write one operation."""
        self.names.append(name)
        self.qubits.append(qubits)
        self.params.append(params)

    def append(self, other: Columns) -> None:
        """Write operations on the same qubits."""
        self.names += other.names
        self.qubits += other.qubits
        self.params += other.params

    def extend(self, other: Columns, qubits: Sequence[int]) -> None:
        """Write operations whose qubit i is ``qubits[i]`` here."""
        self.names += other.names
        self.qubits += [tuple([qubits[place] for place in places]) for places in other.qubits]
        self.params += other.params

    def block(self) -> Block:
        """Return what was written."""
        return Block(tuple(self.names), tuple(self.qubits), tuple(self.params))


class Places(dict[tuple["Qubit", ...], tuple[int, ...]]):
    """The qubits of an instruction -> their numbers; each combination is looked up once."""

    def __init__(self, numbers: Mapping[Qubit, int]) -> None:
        super().__init__()
        self.numbers = numbers

    def __missing__(self, qubits: tuple[Qubit, ...]) -> tuple[int, ...]:
        found = self[qubits] = tuple(map(self.numbers.__getitem__, qubits))
        return found


class Scope:
    """What the bits of one circuit or block are called in the program, and which classical variables are known."""

    __slots__ = ("clbits", "known", "places")

    def __init__(
        self, qubits: Mapping[Qubit, int], clbits: Mapping[Clbit, int], known: Mapping[object, Literal] | None = None
    ) -> None:
        self.places = Places(qubits)
        self.clbits = clbits
        self.known = known or {}

    def inside(self, body: QuantumCircuit, instruction: CircuitInstruction) -> Scope:
        """Return the scope of a block or definition: its bits are those of the instruction, in order."""
        qubits = dict(zip(body.qubits, self.places[instruction.qubits], strict=True))
        clbits = dict(zip(body.clbits, [self.clbits[bit] for bit in instruction.clbits], strict=True))
        return Scope(qubits, clbits, self.known)


class Walk:
    """One conversion: what it has found so far, and the problems it has met."""

    def __init__(self, keep: AbstractSet[str]) -> None:
        self.keep = keep
        self.symbols = Symbols()
        self.problems: list[ConversionError] = []
        self._at: int | None = None  # which of the circuit's own instructions is being converted
        self._in_definition = 0
        self._definitions: dict[Hashable, tuple[Instruction, Columns]] = {}

    def new_columns(self) -> Columns:
        """Return columns with nothing in them."""
        return Columns()

    def whole(self, circuit: QuantumCircuit, scope: Scope) -> Block:
        """Convert a circuit's own instructions.

        Raises:
            ConversionError: Something has no form in a program; every problem is listed.
        """
        out = Columns()
        self.instructions(circuit.data, out, scope)
        if self.problems:
            raise ConversionError.of(self.problems)
        return out.block()

    def instructions(self, data: Iterable[CircuitInstruction], out: Columns, scope: Scope) -> None:
        """Convert straight-line instructions, problems noted."""
        names, places = out.names, scope.places
        add_name, add_qubits, add_params = names.append, out.qubits.append, out.params.append
        words = {} if _HAS_CONDITIONS and _any_conditional(data) else _WORDS
        shift = 0  # how many instructions came more than operations were written
        for instruction in data:
            name = instruction.name
            num_angles = words.get(name)
            if num_angles is None or not instruction.is_standard_gate():
                before = len(names)
                self.other(before + shift, instruction, out, scope)
                shift += 1 + before - len(names)
                continue
            add_name(name)
            add_qubits(places[instruction.qubits])
            if not num_angles:
                add_params(())
                continue
            params = instruction.params
            if num_angles == 1 and type(params[0]) is float:
                add_params((params[0],))
            else:
                add_params(self._angles(len(names) - 1 + shift, instruction, scope))

    def _angles(self, index: int, instruction: CircuitInstruction, scope: Scope) -> tuple[Any, ...]:
        """Return a gate's angles; note the problem of one that is no real number."""
        try:
            return tuple(map(self.symbols.angle, instruction.params))
        except ConversionError as problem:
            self._note(problem, index, instruction, scope)
            return ()

    def _note(self, problem: ConversionError, index: int, instruction: CircuitInstruction, scope: Scope) -> None:
        """Keep a problem with its place; inside a definition, leave it to the operation that has it."""
        if self._in_definition:
            raise problem
        at = index if self._at is None else self._at
        self.problems.append(_located(problem, at, instruction.name, scope.places[instruction.qubits]))

    def other(self, index: int, instruction: CircuitInstruction, out: Columns, scope: Scope) -> None:
        """Convert an instruction that is not copied as it stands; note its problem, if it has one."""
        outermost = self._at is None
        if outermost:
            self._at = index
        try:
            if _HAS_CONDITIONS and _is_conditional(instruction):
                flow.legacy_condition(self, instruction, out, scope)
            else:
                self.write(instruction, instruction.operation, out, scope)
        except ConversionError as problem:
            self._note(problem, index, instruction, scope)
        finally:
            if outermost:
                self._at = None

    def write(self, instruction: CircuitInstruction, operation: Instruction, out: Columns, scope: Scope) -> None:
        """Convert one operation, whatever condition it stands under.

        Raises:
            ConversionError: It has no form in a program.
        """
        for kind in type(operation).__mro__:
            handler = flow.HANDLERS.get(kind)
            if handler is not None:
                handler(self, instruction, operation, out, scope)
                return
        where = scope.places[instruction.qubits]
        found = steps(operation, self.keep)
        if found is not None:
            for name, places, params in found:
                fixed = 2 if name == EVOLUTION else 0  # its terms and coefficients are no angles, its time is one
                angles = (*params[:fixed], *map(self.symbols.angle, params[fixed:]))
                out.add(name, tuple(where[place] for place in places), angles)
        elif instruction.clbits:
            body = definition(operation)
            self.instructions(body.data, out, scope.inside(body, instruction))
        else:
            out.extend(self._defined(operation), where)

    def _defined(self, operation: Instruction) -> Columns:
        """Convert an operation's definition, once for each operation, on qubits counted from 0.

        A standard gate is known by its name and angles: Qiskit makes it anew whenever it is asked for. Anything else is
        known by its identity, for names are free.
        """
        key: Hashable = (operation.name, *operation.params) if is_standard(operation) else id(operation)
        known = self._definitions.get(key)
        if known is None:
            body, out = definition(operation), Columns()
            self._in_definition += 1
            try:
                self.instructions(body.data, out, Scope({bit: place for place, bit in enumerate(body.qubits)}, {}))
            finally:
                self._in_definition -= 1
            known = self._definitions[key] = operation, out  # kept alive, or its id would be given again
        return known[1]


def _located(problem: ConversionError, index: int, name: str, qubits: tuple[int, ...]) -> ConversionError:
    """Say where a problem is, unless it is one of a kind of its own."""
    if type(problem) is not ConversionError:
        return problem
    on = f"qubit {qubits[0]}" if len(qubits) == 1 else f"qubits {', '.join(map(str, qubits))}"
    message = f"Operation {index}, {name} on {on}, cannot be sent: {problem.message}."
    return UnsupportedOperationError(message, operation=name, index=index, qubits=qubits)


def _is_conditional(instruction: CircuitInstruction) -> bool:
    """Return whether an instruction of Qiskit 1 stands under a condition of its own."""
    return not instruction.is_control_flow() and instruction.condition is not None


def _any_conditional(data: Iterable[CircuitInstruction]) -> bool:
    return any(map(_is_conditional, data))
