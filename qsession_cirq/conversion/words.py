"""Converts gates that need more than a rule: controlled gates, and gates that Cirq decomposes.

Phase convention: a plan equals its gate up to a global phase, as in rules.py; :meth:`GateWords.steps` also returns that
phase (gate = exp(i * phase) * steps), so that a controlled gate is exact up to one phase of the whole.
"""

from __future__ import annotations

import cmath
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import cirq
import numpy as np

from qsession_cirq.conversion.rules import RULES, rule_of, unsupported_operation
from qsession_core.gates.words import controlled, gate_named
from qsession_core.program import Angle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from qsession_cirq.conversion.rules import Number, Plan, Step

__all__ = ["GateWords", "decompose_gate", "unitary_of"]

PI = math.pi
_MAX_DEPTH = 40  # of decompositions: a deeper one is assumed to be endless
_MAX_UNITARY_QUBITS = 8

# Phase of a Pauli power relative to its rotation, in units of exponent * pi: X ** e = exp(i pi e / 2) rx(pi e)
_ROTATION_PHASE = dict.fromkeys(("rx", "ry", "rz", "rxx", "ryy", "rzz"), 0.5)
_NATIVE = frozenset({"gpi", "gpi2", "ms", "zz"})


class GateWords:
    """The plans of all gates of one circuit.

    Attributes:
        rules: Gate class -> its rule; rules of subclasses are added when they are found.
    """

    def __init__(self, number: Number) -> None:
        """Make plans for one circuit.

        Args:
            number: Converts an angle or exponent of a gate to a float or to an Angle of the program's parameters.
        """
        self._number = number
        self._steps: dict[Any, tuple[tuple[Step, ...], Any]] = {}
        self.rules = dict(RULES)

    def plan(self, gate: Any) -> Plan | None:
        """Return the plan of a gate; None if it has no rule, so that Cirq must decompose it."""
        if isinstance(gate, cirq.ControlledGate):
            return "", tuple(self._controlled(gate))
        rule = rule_of(type(gate), self.rules)
        return None if rule is None else rule(gate, self._number)

    def steps(self, gate: Any, depth: int = 0) -> tuple[tuple[Step, ...], Any]:
        """Return the steps of a unitary gate and the phase: gate = exp(i * phase) * steps.

        Args:
            gate: The gate.
            depth: Number of decompositions that led to the gate.

        Returns:
            The steps, on qubits counted from 0, and the phase in radians (a float or an Angle).

        Raises:
            UnsupportedOperationError: The gate is not unitary, or has neither a rule nor a decomposition.
        """
        try:
            return self._steps[gate]
        except (KeyError, TypeError):  # a gate may be unhashable
            steps = self._convert(gate, depth)
        with suppress(TypeError):
            self._steps[gate] = steps
        return steps

    def _convert(self, gate: Any, depth: int) -> tuple[tuple[Step, ...], Any]:
        places = tuple(range(cirq.num_qubits(gate)))
        plan = self.plan(gate)
        if plan is not None:
            word, rest = plan
            steps = ((word, places, rest),) if word else rest
            if word in _NATIVE:  # no format has controlled native gates; their decompositions are exact
                rule = gate_named(word).rule
                assert rule is not None  # noqa: S101 - every native gate has a decomposition
                return rule(*rest), 0.0
            return steps, self._phase(gate, word, steps)
        return self._decomposed(gate, depth)

    def _phase(self, gate: Any, word: str, steps: tuple[Step, ...]) -> Any:
        """Return the phase of a gate relative to its plan, in radians."""
        if isinstance(gate, cirq.GlobalPhaseGate):
            return cmath.phase(complex(gate.coefficient))
        if isinstance(gate, cirq.PauliStringPhasorGate):
            return (self._number(gate.exponent_neg) + self._number(gate.exponent_pos)) * (PI / 2)
        if isinstance(gate, cirq.PhasedXZGate):
            return self._number(gate.x_exponent) * (PI / 2)
        if isinstance(gate, cirq.PhasedXPowGate):
            return self._number(gate.exponent) * (PI * (gate.global_shift + 0.5))
        if isinstance(gate, cirq.EigenGate):
            is_rotated_h = not word and isinstance(gate, cirq.HPowGate) and steps
            shift = 0.5 if is_rotated_h else _ROTATION_PHASE.get(word, 0.0)
            return self._number(gate.exponent) * (PI * (gate.global_shift + shift))
        if isinstance(gate, cirq.BaseDensePauliString):
            return cmath.phase(complex(gate.coefficient))
        if word == "u":
            return _phase_between(cirq.unitary(gate), gate_named("u").matrix(*steps[0][2]))
        return 0.0

    def _controlled(self, gate: Any) -> Iterator[Step]:
        """Yield the steps of a controlled gate, exact up to a global phase.

        Controls on 0 get an X before and after; the phase of the sub-gate becomes a phase gate on the controls.
        """
        inner = gate.sub_gate
        if any(dimension != 2 for dimension in cirq.qid_shape(gate)):  # noqa: PLR2004 - qubits
            raise unsupported_operation(str(gate), "only controls on qubits are supported.")
        total = gate.num_controls()
        steps, phase = self.steps(inner)
        if isinstance(inner, cirq.ZPowGate) and steps and steps[0][0] == "rz":  # unlike rz, p needs no phase correction
            exponent = self._number(inner.exponent)
            steps, phase = (("p", (0,), (exponent * PI,)),), exponent * (PI * inner.global_shift)
        num_outer = _num_conjugating(steps)
        for values in _control_patterns(gate.control_values, total):
            controls = tuple(place for place, value in enumerate(values) if value is not None)
            flips = tuple(("x", (place,), ()) for place in controls if values[place] == 0)
            n = len(controls)
            yield from flips
            for number, (word, places, params) in enumerate(steps):
                targets = tuple(total + place for place in places)
                if n == 0 or number < num_outer or number >= len(steps) - num_outer:
                    yield word, targets, params
                else:
                    yield controlled(word, n), (*controls, *targets), params
            if n and not (isinstance(phase, float) and math.isclose(math.remainder(phase, 2 * PI), 0, abs_tol=1e-15)):
                yield controlled("p", n - 1), controls, (phase,)
            yield from flips

    def _decomposed(self, gate: Any, depth: int) -> tuple[tuple[Step, ...], Any]:
        """Return the steps of Cirq's decomposition, and their phase relative to the gate's unitary."""
        qubits = cirq.LineQubit.range(cirq.num_qubits(gate))
        operations = decompose_gate(gate, qubits)
        if operations is None or depth > _MAX_DEPTH:
            raise unsupported_operation(
                str(gate), "it has neither a decomposition nor a unitary of at most 8 qubits; define _decompose_."
            )
        steps: list[Step] = []
        phase: Any = 0.0
        for operation in _gate_operations(operations):
            if cirq.is_measurement(operation) or isinstance(operation.gate, cirq.ResetChannel):
                raise unsupported_operation(
                    str(gate), f"its decomposition has {operation}, which cannot be controlled."
                )
            parts, part_phase = self.steps(operation.gate, depth + 1)
            indices = [qubit.x for qubit in operation.qubits]
            steps += [(word, tuple([indices[place] for place in places]), params) for word, places, params in parts]
            phase = phase + part_phase
        whole = tuple(steps)
        symbols = any(type(param) is Angle for _, _, params in whole for param in params) or cirq.is_parameterized(gate)
        if symbols or len(qubits) > _MAX_UNITARY_QUBITS or not cirq.has_unitary(gate):
            return whole, phase
        expected, actual = cirq.unitary(gate), unitary_of(whole, len(qubits))
        overlap = complex(np.vdot(actual, expected)) / len(expected)
        if abs(overlap) < 1 - 1e-6:
            raise unsupported_operation(str(gate), "its decomposition differs from its unitary; correct one of them.")
        return whole, cmath.phase(overlap)


def _gate_operations(tree: Any) -> Iterator[Any]:
    """Yield the operations of a tree; operations without a gate, such as sub-circuits, are decomposed."""
    for operation in cirq.flatten_to_ops(tree):
        plain = operation.untagged
        if plain.gate is not None:
            yield plain
            continue
        parts = cirq.decompose_once(plain, default=None)
        if parts is None:
            raise unsupported_operation(str(plain), "Cirq cannot decompose it; use a gate that defines _decompose_.")
        yield from _gate_operations(parts)


def decompose_gate(gate: Any, qubits: Sequence[Any]) -> Any:
    """Return Cirq's decomposition of a gate, or synthesise its unitary.

    Args:
        gate: The gate.
        qubits: Line qubits from 0, not the qubits of the operation: a decomposition that depends on its qubits (whether
            they are adjacent, say) is then the one that Cirq's own tests check.

    Returns:
        A tree of operations; None if the gate has neither a decomposition nor a unitary of at most 8 qubits.
    """
    parts = cirq.decompose_once_with_qubits(gate, qubits, default=None)
    if parts is not None:
        return parts
    matrix = cirq.unitary(gate, None) if len(qubits) <= _MAX_UNITARY_QUBITS else None
    if matrix is None:
        return None
    match len(qubits):
        case 1:
            return [cirq.MatrixGate(matrix)(*qubits)]
        case 2:
            return cirq.two_qubit_matrix_to_cz_operations(*qubits, matrix, allow_partial_czs=True)
        case _:
            return list(cirq.quantum_shannon_decomposition(list(qubits), matrix))


def _control_patterns(values: Any, total: int) -> Iterator[tuple[int | None, ...]]:
    """Yield the values of the controls for which the sub-gate is applied; None if both values of a control are."""
    if isinstance(values, cirq.ProductOfSums):
        sums = [tuple(each) for each in values]
        if all(len(each) == 1 or set(each) == {0, 1} for each in sums):
            yield tuple(each[0] if len(each) == 1 else None for each in sums)
            return
        values = values.expand()
    for product in values:
        pattern = tuple(product)
        assert len(pattern) == total  # noqa: S101 - guaranteed by cirq.SumOfProducts
        yield pattern


_SELF_INVERSE = {"h", "x", "y", "z", "cx", "cz", "swap"}


def _num_conjugating(steps: tuple[Step, ...]) -> int:
    """Count the steps at the start that the last steps undo: if steps = V^-1 C V, only C needs the controls.

    >>> _num_conjugating((("h", (0,), ()), ("cp", (1, 0), (0.5,)), ("h", (0,), ())))
    1
    """
    count = 0
    while 2 * count + 1 < len(steps):
        first, last = steps[count], steps[-1 - count]
        is_same_gate = first[:2] == last[:2]
        if not is_same_gate or not (first[0] in _SELF_INVERSE or _is_negated(first[2], last[2])):
            break
        count += 1
    return count


def _is_negated(first: tuple[Any, ...], last: tuple[Any, ...]) -> bool:
    return len(first) == 1 and type(first[0]) is float and type(last[0]) is float and first[0] == -last[0]


def _phase_between(expected: NDArray[np.complex128], actual: NDArray[np.complex128]) -> float:
    return cmath.phase(complex(np.vdot(actual, expected)))


def unitary_of(steps: tuple[Step, ...], num_qubits: int) -> NDArray[np.complex128]:
    """Return the unitary of steps, shape (2 ** n, 2 ** n); qubit 0 is the most significant bit, as in Cirq."""
    size = 1 << num_qubits
    tensor = np.eye(size, dtype=np.complex128).reshape((2,) * num_qubits + (size,))
    for word, places, params in steps:
        k = len(places)
        matrix = gate_named(word).matrix(*params).reshape((2,) * (2 * k))
        tensor = np.moveaxis(np.tensordot(matrix, tensor, (range(k, 2 * k), places)), range(k), places)
    return tensor.reshape(size, size)
