"""Appends the operations of a circuit to the columns of a program, in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cirq
import sympy

from qsession_cirq.conversion.conditions import ConditionError, expression
from qsession_cirq.conversion.measurements import Measurements
from qsession_cirq.conversion.rules import unsupported_operation
from qsession_cirq.conversion.words import GateWords, decompose_gate
from qsession_core.errors import UnsupportedOperationError
from qsession_core.expressions import Binary, Literal
from qsession_core.program import Angle, Columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qsession_cirq.conversion.rules import Plan
    from qsession_core.program import Block

__all__ = ["Walker", "frozen"]

_MAX_DEPTH = 100  # of decompositions: a deeper one is assumed to be endless


def frozen(columns: Columns) -> Block:
    """Return the columns as a block, after the last operation was appended.

    The branches of ``if`` are columns until then, because operations with the same condition are appended to them.
    """
    if "if" in columns.names:
        for place, name in enumerate(columns.names):
            if name == "if":
                condition, branch, _ = columns.params[place]
                columns.params[place] = (condition, frozen(branch), None)
    return columns.block()


class Walker:
    """Converts one circuit; collects its program, parameters, measurements and problems.

    Attributes:
        order: The qubits, by index.
        body: The operations of the program.
        resolver: Values of symbols.
        parameters: Unresolved sympy expression -> index of its parameter of the program.
        measurements: The measurements so far.
        is_dynamic: Whether an operation makes Cirq simulate each repetition separately; see ``Readout.dynamic``.
        problems: (index of the moment, operation, problem) of each operation that cannot be converted.
    """

    def __init__(self, circuit: Any, resolver: Any, qubit_order: Any) -> None:
        order = cirq.QubitOrder.as_qubit_order(qubit_order).order_for(circuit.all_qubits())
        self.order: tuple[Any, ...] = tuple(order)
        self._index_of = {qubit: index for index, qubit in enumerate(order)}
        self._indices: dict[tuple[Any, ...], tuple[int, ...]] = {(q,): (index,) for q, index in self._index_of.items()}
        self.body = Columns()
        self.resolver = resolver
        self.parameters: dict[sympy.Basic, int] = {}
        self.measurements = Measurements()
        self.is_dynamic = False
        self._words = GateWords(self.number)
        self.problems: list[tuple[int, Any, UnsupportedOperationError]] = []

    # --- the pass ----------------------------------------------------------------------------------------------

    def walk(self, moments: Iterable[Any], columns: Columns) -> None:
        """Append all operations; collect the problems.

        The hot loop of the conversion: it uses local names and plain tuples, and makes no object per gate.
        """
        add_name, add_qubits, add_params = columns.names.append, columns.qubits.append, columns.params.append
        known_indices, number, rules = self._indices, self.number, self._words.rules.get
        gate_operation, pauli_operation = cirq.GateOperation, cirq.SingleQubitPauliStringGateOperation
        plan: Plan | None
        for moment_number, moment in enumerate(moments):
            for operation in moment.operations:
                try:
                    kind = type(operation)
                    if kind is gate_operation or kind is pauli_operation:
                        gate = operation._gate  # noqa: SLF001 - the properties make this loop 20 % slower
                        rule = rules(type(gate))
                        plan = None if rule is None else rule(gate, number)
                        if plan is not None:
                            word, params = plan
                            if word:
                                qubits = operation._qubits  # noqa: SLF001 - as above
                                indices = known_indices.get(qubits)
                                if indices is None:
                                    indices = self.indices(qubits)
                                add_name(word)
                                add_qubits(indices)
                                add_params(params)
                                continue
                    self.append(operation, columns)
                except UnsupportedOperationError as problem:
                    self.problems.append((moment_number, operation, problem))

    def indices(self, qubits: Sequence[Any]) -> tuple[int, ...]:
        """Return the indices of qubits, and cache them for the hot loop."""
        index_of = self._index_of
        found = self._indices[tuple(qubits)] = tuple([index_of[qubit] for qubit in qubits])
        return found

    def append(self, operation: Any, columns: Columns, depth: int = 0) -> None:
        """Append one operation.

        Args:
            operation: An operation of any kind.
            columns: Where to append.
            depth: Number of decompositions that led to the operation.

        Raises:
            UnsupportedOperationError: A program cannot represent the operation.
        """
        operation = operation.untagged
        match operation:
            case cirq.CircuitOperation():
                self.unroll(operation, columns)
                return
            case cirq.ClassicallyControlledOperation():
                self.branch(operation, columns, depth)
                return
        gate = operation.gate
        match gate:
            case None:
                self.decompose(operation, columns, depth)
            case cirq.MeasurementGate():
                indices = self.indices(operation.qubits)
                for qubit, clbit in zip(indices, self.measurements.add(operation, indices), strict=True):
                    columns.add("measure", (qubit,), (clbit,))
            case cirq.ResetChannel():
                self.is_dynamic = True
                columns.add("reset", self.indices(operation.qubits))
            case _:
                plan = self._words.plan(gate)
                if plan is None and cirq.has_unitary(gate):
                    plan = ("", self._words.steps(gate)[0])
                if plan is None:
                    self.decompose(operation, columns, depth)
                    return
                indices = self.indices(operation.qubits)
                word, rest = plan
                if word:
                    columns.add(word, indices, rest)
                    return
                if not rest and not self.measurements.qubits.isdisjoint(indices):
                    self.is_dynamic = True  # even an identity after a measurement makes Cirq simulate each repetition
                for name, places, params in rest:
                    columns.add(name, tuple([indices[place] for place in places]), params)

    # --- operations that are not one gate ----------------------------------------------------------------------

    def decompose(self, operation: Any, columns: Columns, depth: int) -> None:
        """Append Cirq's decomposition of an operation."""
        parts = None
        if depth < _MAX_DEPTH:
            parts = cirq.decompose_once(operation, default=None) if operation.gate is None else _parts_of(operation)
        if parts is None:
            if cirq.has_kraus(operation) and not cirq.has_unitary(operation):
                raise self.unsupported(
                    operation, "it is a channel; remove it, and choose the noise by the target's input_params."
                )
            raise self.unsupported(
                operation,
                "Cirq cannot decompose it; define _decompose_, or _unitary_ of at most 8 qubits, for its gate.",
            )
        self.is_dynamic |= cirq.is_measurement(operation)
        for part in cirq.flatten_to_ops(parts):
            self.append(part, columns, depth + 1)

    def unroll(self, operation: Any, columns: Columns) -> None:
        """Append all repetitions of a sub-circuit, with its maps applied."""
        if operation.repeat_until is not None:
            raise self.unsupported(
                operation, "the number of repetitions of repeat_until is unknown; use a fixed number of repetitions."
            )
        if cirq.is_parameterized(operation.repetitions):
            repetitions = self.resolver.value_of(operation.repetitions)
            if cirq.is_parameterized(repetitions) or int(repetitions) != repetitions:
                raise self.unsupported(operation, f"its repetitions {repetitions} are not an integer; resolve them.")
            operation = operation.replace(repetitions=int(repetitions))
        self.is_dynamic |= cirq.is_measurement(operation)
        before = len(self.problems)
        self.walk(operation.mapped_circuit(deep=False), columns)
        # Report problems of a sub-circuit once, at the index of the sub-circuit
        inside = {problem.message: problem for _, _, problem in self.problems[before:]}
        del self.problems[before:]
        if inside:
            first = next(iter(inside.values()))
            raise first.with_message("; ".join(inside))

    def branch(self, operation: Any, columns: Columns, depth: int) -> None:
        """Append an operation with classical controls; adjacent operations with the same controls share an ``if``."""
        self.is_dynamic = True
        try:
            conditions = [
                expression(control, self.measurements.recorded)
                for control in sorted(operation.classical_controls, key=str)
            ]
        except ConditionError as problem:
            raise self.unsupported(operation, f"{problem}.") from problem
        if any(condition == Literal(value=False) for condition in conditions):
            return
        conditions = [condition for condition in conditions if condition != Literal(value=True)]
        inner = operation.without_classical_controls()
        if not conditions:
            self.append(inner, columns, depth + 1)
            return
        condition = conditions[0]
        for other in conditions[1:]:
            condition = Binary("and", condition, other)
        if not columns.names or columns.names[-1] != "if" or columns.params[-1][0] != condition:
            columns.add("if", (), (condition, Columns(), None))
        branch = columns.params[-1][1]
        self.append(inner, branch, depth + 1)

    def number(self, value: Any) -> Any:
        """Return a gate's angle or exponent as a float, or as a parameter of the program if it is unresolved."""
        if isinstance(value, sympy.Basic):
            value = self.resolver.value_of(value)
            if isinstance(value, sympy.Basic) and not value.is_number:
                return Angle.parameter(self.parameters.setdefault(value, len(self.parameters)))
        if isinstance(value, str):
            return self.number(sympy.Symbol(value))
        try:
            return float(value)
        except TypeError as error:
            raise unsupported_operation(str(value), "an angle must be a real number.") from error

    def unsupported(self, operation: Any, reason: str) -> UnsupportedOperationError:
        """Return the error for an operation that a program cannot represent; ``reason`` ends with the way out."""
        return unsupported_operation(str(operation), reason, self.indices(operation.qubits))


def _parts_of(operation: Any) -> Any:
    """Return the decomposition of an operation's gate, on its qubits; None if there is none."""
    line = cirq.LineQubit.range(len(operation.qubits))
    qubit_map = dict(zip(line, operation.qubits, strict=True))
    parts = decompose_gate(operation.gate, line)
    return None if parts is None else [part.transform_qubits(qubit_map) for part in cirq.flatten_to_ops(parts)]
