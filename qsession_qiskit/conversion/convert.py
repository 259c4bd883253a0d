"""Converts a Qiskit circuit into a program, in one pass.

Standard gates that the core has under the same name are copied into columns. This is the hot loop of the conversion, so
it makes no object per gate. words.py decomposes all other gates; flow.py converts measurements and control flow.

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
from qsession_core.program import Block, Columns, Program, without_unread
from qsession_core.results.result import Register
from qsession_qiskit.conversion import flow
from qsession_qiskit.conversion.parameters import ParametricProgram, Symbols
from qsession_qiskit.conversion.scope import Scope
from qsession_qiskit.conversion.words import RENAMED, definition, is_standard, renamed, steps
from qsession_qiskit.metadata import stamps

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from collections.abc import Set as AbstractSet

    from qiskit.circuit import Instruction

__all__ = ["to_parametric", "to_program"]

# Standard gates that the core has under the same name -> number of angles
_NUM_ANGLES = {name: GATES[name].num_params for name in get_standard_gate_name_mapping() if name in GATES}
# Before Qiskit 2, any instruction could have a condition of its own
_HAS_CONDITIONS = hasattr(CircuitInstruction, "condition")


def to_program(circuit: QuantumCircuit, *, keep: AbstractSet[str] = frozenset({CONTROLS})) -> Program:
    """Convert a circuit.

    Delays are dropped, because no target supports them, and so is the global phase. Loops are unrolled.

    >>> from qiskit import QuantumCircuit
    >>> circuit = QuantumCircuit(1, 1)
    >>> _ = circuit.x(0), circuit.measure(0, 0)
    >>> sorted(to_program(circuit).words)
    ['measure', 'x']

    Args:
        circuit: The circuit; unbound parameters become parameters of the program.
        keep: Operations to keep whole, for a format that can express them: :data:`CONTROLS`, :data:`EVOLUTION`.
            Others are decomposed by their Qiskit definitions.

    Raises:
        ConversionError: The circuit has operations that a program cannot represent; lists all of them.
    """
    return to_parametric(circuit, keep=keep).program


def to_parametric(circuit: QuantumCircuit, *, keep: AbstractSet[str] = frozenset({CONTROLS})) -> ParametricProgram:
    """Convert a circuit once, to bind many sets of parameter values.

    See :func:`to_program` for the arguments and errors.
    """
    converter, clbits = CircuitConverter(keep), {bit: index for index, bit in enumerate(circuit.clbits)}
    body = converter.body(circuit, Scope({bit: index for index, bit in enumerate(circuit.qubits)}, clbits))
    program = Program(
        circuit.num_qubits,
        circuit.num_clbits,
        body,
        tuple(Register(creg.name, tuple(clbits[bit] for bit in creg)) for creg in circuit.cregs),
        tuple(map(str, converter.symbols.expressions)),
        circuit.name,
        stamps(circuit),
    )
    return ParametricProgram(program, tuple(circuit.parameters), tuple(converter.symbols.expressions))


class CircuitConverter:
    """Converts one circuit; holds its parameters, its problems and the definitions converted so far."""

    def __init__(self, keep: AbstractSet[str]) -> None:
        self.keep = keep
        self.symbols = Symbols()
        self.problems: list[ConversionError] = []
        self._index: int | None = None  # the index in the circuit of the instruction being converted
        self._definition_depth = 0
        self._definitions: dict[Hashable, tuple[Instruction, Columns]] = {}

    def body(self, circuit: QuantumCircuit, scope: Scope) -> Block:
        """Convert all instructions of the circuit, without assignments that nothing reads.

        Raises:
            ConversionError: The circuit has operations that a program cannot represent; lists all of them.
        """
        out = Columns()
        self.instructions(circuit.data, out, scope)
        if self.problems:
            raise ConversionError.of(self.problems)
        return without_unread(out.block())

    def instructions(self, data: Iterable[CircuitInstruction], out: Columns, scope: Scope) -> None:
        """Append instructions to ``out``; collect the problems."""
        names, indices = out.names, scope.indices
        add_name, add_qubits, add_params = names.append, out.qubits.append, out.params.append
        has_conditions = _HAS_CONDITIONS and _any_conditional(data)
        num_angles_of, others = ({}, frozenset[str]()) if has_conditions else (_NUM_ANGLES, RENAMED)
        # Instructions read minus operations written: the index of the current instruction is len(names) + shift
        shift = 0
        for instruction in data:
            name = instruction.name
            num_angles = num_angles_of.get(name)
            if num_angles is None or not instruction.is_standard_gate():
                if name in others and instruction.is_standard_gate():
                    word, params = self._renamed(len(names) + shift, instruction, scope)
                    add_name(word)
                    add_qubits(indices[instruction.qubits])
                    add_params(params)
                    continue
                before = len(names)
                self._convert(before + shift, instruction, out, scope)
                shift += 1 + before - len(names)
                continue
            add_name(name)
            add_qubits(indices[instruction.qubits])
            if not num_angles:
                add_params(())
                continue
            params = instruction.params
            if num_angles == 1 and type(params[0]) is float:
                add_params((params[0],))
            else:
                add_params(self._angles(len(names) - 1 + shift, instruction, scope))

    def _renamed(self, index: int, instruction: CircuitInstruction, scope: Scope) -> tuple[str, tuple[Any, ...]]:
        """Return the word of a gate that has another name in the core; collect the problem of its angles."""
        name = instruction.name
        try:
            name, params = renamed(name, instruction.params)
            return name, tuple(map(self.symbols.angle, params))
        except ConversionError as problem:
            self._collect(problem, index, instruction, scope)
            return name, ()

    def _angles(self, index: int, instruction: CircuitInstruction, scope: Scope) -> tuple[Any, ...]:
        """Return a gate's angles; collect the problem of an angle that is not a real number."""
        try:
            return tuple(map(self.symbols.angle, instruction.params))
        except ConversionError as problem:
            self._collect(problem, index, instruction, scope)
            return ()

    def _collect(self, problem: ConversionError, index: int, instruction: CircuitInstruction, scope: Scope) -> None:
        """Collect a problem with the instruction's index; inside a definition, raise it to the defined operation."""
        if self._definition_depth:
            raise problem
        index = index if self._index is None else self._index
        self.problems.append(_located(problem, index, instruction.name, scope.indices[instruction.qubits]))

    def _convert(self, index: int, instruction: CircuitInstruction, out: Columns, scope: Scope) -> None:
        """Append an instruction that the hot loop does not copy; collect its problem, if it has one."""
        outermost = self._index is None
        if outermost:
            self._index = index
        try:
            if _HAS_CONDITIONS and _is_conditional(instruction):
                flow.legacy_condition(self, instruction, out, scope)
            else:
                self.write(instruction, instruction.operation, out, scope)
        except ConversionError as problem:
            self._collect(problem, index, instruction, scope)
        finally:
            if outermost:
                self._index = None

    def write(self, instruction: CircuitInstruction, operation: Instruction, out: Columns, scope: Scope) -> None:
        """Append one operation, without the condition that an instruction of Qiskit 1 may have.

        Raises:
            ConversionError: A program cannot represent the operation.
        """
        for kind in type(operation).__mro__:
            handler = flow.HANDLERS.get(kind)
            if handler is not None:
                handler(self, instruction, operation, out, scope)
                return
        qubits = scope.indices[instruction.qubits]
        found = steps(operation, self.keep)
        if found is not None:
            for name, places, params in found:
                fixed = 2 if name == EVOLUTION else 0  # terms and coefficients are not angles; the time is one
                angles = (*params[:fixed], *map(self.symbols.angle, params[fixed:]))
                out.add(name, tuple(qubits[place] for place in places), angles)
        elif instruction.clbits:
            body = definition(operation)
            self.instructions(body.data, out, scope.inside(body, instruction))
        else:
            out.extend(self._converted_definition(operation), qubits)

    def _converted_definition(self, operation: Instruction) -> Columns:
        """Convert an operation's definition on qubits counted from 0, once for each operation.

        The cache key of a standard gate is its name and angles, because Qiskit creates a new object for each
        instruction. Other operations are keyed by identity, because users choose their names freely.
        """
        key: Hashable = (operation.name, *operation.params) if is_standard(operation) else id(operation)
        known = self._definitions.get(key)
        if known is None:
            body, out = definition(operation), Columns()
            self._definition_depth += 1
            try:
                self.instructions(body.data, out, Scope({bit: index for index, bit in enumerate(body.qubits)}, {}))
            finally:
                self._definition_depth -= 1
            known = self._definitions[key] = operation, out  # keeps the operation alive, so that its id is not reused
        return known[1]


def _located(problem: ConversionError, index: int, name: str, qubits: tuple[int, ...]) -> ConversionError:
    """Add the instruction to a general error; subclasses of ConversionError have their own fields and stay."""
    if type(problem) is not ConversionError:
        return problem
    on = f"qubit {qubits[0]}" if len(qubits) == 1 else f"qubits {', '.join(map(str, qubits))}"
    message = f"Operation {index}, {name} on {on}, cannot be sent: {problem.message}."
    return UnsupportedOperationError(message, operation=name, index=index, qubits=qubits)


def _is_conditional(instruction: CircuitInstruction) -> bool:
    """Return whether an instruction has a condition of its own, as Qiskit 1 allows."""
    return not instruction.is_control_flow() and instruction.condition is not None


def _any_conditional(data: Iterable[CircuitInstruction]) -> bool:
    return any(map(_is_conditional, data))
