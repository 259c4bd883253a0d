"""The one pass over a circuit: operations of every kind into columns of gate words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cirq
import sympy

from qsession_cirq.conversion.conditions import ConditionError, Recorded, expression
from qsession_cirq.conversion.readout import Confusion
from qsession_cirq.conversion.rules import unsupported
from qsession_cirq.conversion.words import GateWords, taken_apart
from qsession_core.errors import UnsupportedOperationError
from qsession_core.expressions import Binary, Literal
from qsession_core.program import Angle, Block

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qsession_cirq.conversion.rules import Plan, Step
    from qsession_core.expressions import Expression

__all__ = ["Walker"]

_DEEPEST = 100  # what still comes apart after so many steps comes apart forever


class Columns:
    """The three columns of a block while it grows, and the places of its conditional blocks, which grow too."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.qubits: list[tuple[int, ...]] = []
        self.params: list[tuple[Any, ...]] = []
        self.branches: dict[int, tuple[Expression, Columns]] = {}

    def add(self, steps: Iterable[Step]) -> None:
        """Append operations."""
        for word, where, params in steps:
            self.names.append(word)
            self.qubits.append(where)
            self.params.append(params)

    def block(self) -> Block:
        """Return what has grown; nothing can be appended afterwards."""
        for place, (condition, columns) in self.branches.items():
            self.params[place] = (condition, columns.block(), None)
        return Block(tuple(self.names), tuple(self.qubits), tuple(self.params))


class Walker:
    """One pass over one circuit."""

    def __init__(self, circuit: Any, resolver: Any, qubit_order: Any) -> None:
        order = cirq.QubitOrder.as_qubit_order(qubit_order).order_for(circuit.all_qubits())
        self.order: tuple[Any, ...] = tuple(order)
        self.index = {qubit: number for number, qubit in enumerate(order)}
        self.places: dict[tuple[Any, ...], tuple[int, ...]] = {(q,): (number,) for q, number in self.index.items()}
        self.body = Columns()
        self.resolver = resolver
        self.parameters: dict[sympy.Basic, int] = {}
        self.words = GateWords(self.number)
        self.num_clbits = 0
        self.is_dynamic = False  # whether Cirq would simulate it shot by shot; see Readout.dynamic
        self.measured_qubits: set[int] = set()
        self.measured: dict[str, list[Recorded]] = {}
        self.confusions: dict[str, list[Confusion]] = {}
        self.measurement_dict: dict[str, list[int]] = {}
        self.problems: list[tuple[int, Any, UnsupportedOperationError]] = []

    # --- the pass ----------------------------------------------------------------------------------------------

    def walk(self, moments: Iterable[Any], columns: Columns) -> None:
        """Append every operation. This loop runs once a gate and is kept bare: locals, lists and plain tuples."""
        name, at, param = columns.names.append, columns.qubits.append, columns.params.append
        places, number, rules = self.places, self.number, self.words.exact.get
        gate_operation, pauli_operation = cirq.GateOperation, cirq.SingleQubitPauliStringGateOperation
        plan: Plan | None
        for moment_number, moment in enumerate(moments):
            for operation in moment.operations:
                try:
                    kind = type(operation)
                    if kind is gate_operation or kind is pauli_operation:
                        gate = operation._gate  # noqa: SLF001 - through the properties this loop takes a fifth longer
                        rule = rules(type(gate))
                        plan = None if rule is None else rule(gate, number)
                        if plan is not None:
                            word, rest = plan
                            if word:
                                qubits = operation._qubits  # noqa: SLF001 - as above
                                where = places.get(qubits)
                                if where is None:
                                    where = self.where(qubits)
                                name(word)
                                at(where)
                                param(rest)
                                continue
                    self.append(operation, columns)
                except UnsupportedOperationError as problem:
                    self.problems.append((moment_number, operation, problem))

    def where(self, qubits: Sequence[Any]) -> tuple[int, ...]:
        """Return the indices of qubits, and remember them."""
        index = self.index
        found = self.places[tuple(qubits)] = tuple([index[qubit] for qubit in qubits])
        return found

    def append(self, operation: Any, columns: Columns, depth: int = 0) -> None:
        """Append one operation of any kind."""
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
                self.take_apart(operation, columns, depth)
            case cirq.MeasurementGate():
                self.measure(operation, columns)
            case cirq.ResetChannel():
                self.is_dynamic = True
                columns.add((("reset", self.where(operation.qubits), ()),))
            case _:
                plan = self.words.plan(gate)
                if plan is None and cirq.has_unitary(gate):
                    plan = ("", self.words.steps(gate)[0])
                if plan is None:
                    self.take_apart(operation, columns, depth)
                    return
                where = self.where(operation.qubits)
                word, rest = plan
                if not word and not rest and not self.measured_qubits.isdisjoint(where):
                    self.is_dynamic = True  # an identity, but one after a measurement
                steps = ((word, where, rest),) if word else _placed(rest, where)
                columns.add(steps)

    # --- operations that are more than a gate ------------------------------------------------------------------

    def take_apart(self, operation: Any, columns: Columns, depth: int) -> None:
        """Append what Cirq decomposes an operation into."""
        parts = None
        if depth < _DEEPEST:
            parts = cirq.decompose_once(operation, default=None) if operation.gate is None else _parts_of(operation)
        if parts is None:
            if cirq.has_kraus(operation) and not cirq.has_unitary(operation):
                raise self.refused(
                    operation, "a channel, not a gate; take it out: noise is the target's (see its input_params)."
                )
            raise self.refused(operation, "Cirq cannot decompose it; give its gate a _decompose_ or a small _unitary_.")
        self.is_dynamic |= cirq.is_measurement(operation)
        for part in cirq.flatten_to_ops(parts):
            self.append(part, columns, depth + 1)

    def unroll(self, operation: Any, columns: Columns) -> None:
        """Append a sub-circuit, as often as it says, with all its maps applied."""
        if operation.repeat_until is not None:
            raise self.refused(
                operation, "repeat_until asks for a loop of unknown length; unroll it as far as you need."
            )
        if cirq.is_parameterized(operation.repetitions):
            repetitions = self.resolver.value_of(operation.repetitions)
            if cirq.is_parameterized(repetitions) or int(repetitions) != repetitions:
                raise self.refused(operation, f"its repetitions {repetitions} are no whole number; resolve them.")
            operation = operation.replace(repetitions=int(repetitions))
        self.is_dynamic |= cirq.is_measurement(operation)
        before = len(self.problems)
        self.walk(operation.mapped_circuit(deep=False), columns)
        # what is wrong inside is told by the place of the whole, and once, not once a repetition
        inside = {problem.message: problem for _, _, problem in self.problems[before:]}
        del self.problems[before:]
        if inside:
            first = next(iter(inside.values()))
            raise replace(first, message="; ".join(inside))

    def branch(self, operation: Any, columns: Columns, depth: int) -> None:
        """Append an operation under conditions; neighbours under the same conditions share a block."""
        self.is_dynamic = True
        try:
            conditions = [
                expression(condition, self.recorded) for condition in sorted(operation.classical_controls, key=str)
            ]
        except ConditionError as problem:
            raise self.refused(operation, f"{problem}.") from problem
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
        place = len(columns.names) - 1
        if place not in columns.branches or columns.branches[place][0] != condition:
            place += 1
            columns.add((("if", (), ()),))
            columns.branches[place] = (condition, Columns())
        self.append(inner, columns.branches[place][1], depth + 1)

    def recorded(self, key: Any, instance: int) -> Recorded:
        """Return what a condition at this point of the circuit sees of a key."""
        name = str(key)
        if name not in self.measured:
            raise ConditionError(f"the key {name!r} has not been measured before it is asked for")
        if self.confusions[name]:
            raise ConditionError(
                f"the key {name!r} has a confusion_map: that is applied to results, and no condition sees it"
            )
        try:
            return self.measured[name][instance]
        except IndexError:
            raise ConditionError(f"the key {name!r} has no measurement number {instance} yet") from None

    def measure(self, operation: Any, columns: Columns) -> None:
        """Append a measurement, and note what its key says beyond a register."""
        gate = operation.gate
        where = self.where(operation.qubits)
        key = cirq.measurement_key_name(operation)
        before = self.measured.setdefault(key, [])
        if before and len(before[0].clbits) != len(where):
            raise self.refused(operation, f"the key {key!r} was used for {len(before[0].clbits)} qubits; use another.")
        clbits = tuple(range(self.num_clbits, self.num_clbits + len(where)))
        self.num_clbits += len(where)
        columns.add((("measure", (qubit,), (clbit,)) for qubit, clbit in zip(where, clbits, strict=True)))
        start = len(before) * len(where)
        self.confusions.setdefault(key, []).extend(
            Confusion(tuple(start + place for place in places), tuple(map(tuple, matrix.tolist())))
            for places, matrix in gate.confusion_map.items()
        )
        before.append(Recorded(clbits, tuple(map(int, gate.full_invert_mask()))))
        self.measurement_dict.setdefault(key, []).extend(where)
        self.measured_qubits.update(where)

    def number(self, value: Any) -> Any:
        """Make a float of a gate's angle or exponent; of an open expression, a parameter of the program."""
        if isinstance(value, sympy.Basic):
            value = self.resolver.value_of(value)
            if isinstance(value, sympy.Basic) and not value.is_number:
                return Angle.parameter(self.parameters.setdefault(value, len(self.parameters)))
        if isinstance(value, str):
            return self.number(sympy.Symbol(value))
        try:
            return float(value)
        except TypeError as error:
            raise unsupported(str(value), "an angle has to be a real number.") from error

    def refused(self, operation: Any, reason: str) -> UnsupportedOperationError:
        """Make the error of an operation that cannot be sent."""
        return unsupported(str(operation), reason, self.where(operation.qubits))


def _placed(steps: Iterable[Step], where: tuple[int, ...]) -> list[Step]:
    """Return steps on a gate's own places as steps on the program's qubits."""
    return [(word, tuple([where[place] for place in at]), params) for word, at, params in steps]


def _parts_of(operation: Any) -> Any:
    """Return what Cirq takes an operation apart into; see :func:`~qsession_cirq.conversion.words.taken_apart`."""
    line = cirq.LineQubit.range(len(operation.qubits))
    back = dict(zip(line, operation.qubits, strict=True))
    parts = taken_apart(operation.gate, line)
    return None if parts is None else [part.transform_qubits(back) for part in cirq.flatten_to_ops(parts)]
