"""Gates that need more than a rule: those under controls, and those that Cirq has to take apart."""

from __future__ import annotations

import cmath
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import cirq
import numpy as np

from qsession_cirq.conversion.rules import RULES, rule_of, unsupported
from qsession_core.gates.words import controlled, gate_named
from qsession_core.program import Angle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from qsession_cirq.conversion.rules import Number, Plan, Step

__all__ = ["GateWords", "taken_apart", "unitary_of"]

PI = math.pi
_DEEPEST = 40
_WIDEST_UNITARY = 8

# What lies between a word and the power of the gate it stands for, in units of the exponent times pi
_HALF = {"rx": 0.5, "ry": 0.5, "rz": 0.5, "rxx": 0.5, "ryy": 0.5, "rzz": 0.5}


_NATIVE = frozenset({"gpi", "gpi2", "ms", "zz"})


class GateWords:
    """Plans for gates that need more than their own rule: controls, and Cirq's decompositions."""

    def __init__(self, number: Number) -> None:
        """Make plans whose angles ``number`` makes: a float, or an Angle of the program's parameters."""
        self._number = number
        self._found: dict[Any, tuple[tuple[Step, ...], Any]] = {}
        self.exact = dict(RULES)  # by class; ancestors' rules are added as they are found

    def plan(self, gate: Any) -> Plan | None:
        """Return the plan of a gate; None if Cirq has to decompose it."""
        if isinstance(gate, cirq.ControlledGate):
            return "", tuple(self._controlled(gate))
        rule = rule_of(type(gate), self.exact)
        return None if rule is None else rule(gate, self._number)

    def steps(self, gate: Any, depth: int = 0) -> tuple[tuple[Step, ...], Any]:
        """Return a unitary gate as words, and the phase that they leave out, in radians.

        Raises:
            UnsupportedOperationError: It is no unitary gate, or neither we nor Cirq know what it is made of.
        """
        try:
            return self._found[gate]
        except (KeyError, TypeError):  # a gate may be unhashable
            found = self._made(gate, depth)
        with suppress(TypeError):
            self._found[gate] = found
        return found

    def _made(self, gate: Any, depth: int) -> tuple[tuple[Step, ...], Any]:
        places = tuple(range(cirq.num_qubits(gate)))
        plan = self.plan(gate)
        if plan is not None:
            word, rest = plan
            steps = ((word, places, rest),) if word else rest
            if word in _NATIVE:  # no format writes a native gate under a control; their decompositions are exact
                rule = gate_named(word).rule
                assert rule is not None  # noqa: S101 - native words stand above the bottom ones
                return rule(*rest), 0.0
            return steps, self._phase(gate, word, steps)
        return self._decomposed(gate, depth)

    def _phase(self, gate: Any, word: str, steps: tuple[Step, ...]) -> Any:
        """Return the phase by which a gate differs from its plan."""
        if isinstance(gate, cirq.GlobalPhaseGate):
            return cmath.phase(complex(gate.coefficient))
        if isinstance(gate, cirq.PauliStringPhasorGate):
            return (self._number(gate.exponent_neg) + self._number(gate.exponent_pos)) * (PI / 2)
        if isinstance(gate, cirq.PhasedXZGate):
            return self._number(gate.x_exponent) * (PI / 2)
        if isinstance(gate, cirq.PhasedXPowGate):
            return self._number(gate.exponent) * (PI * (gate.global_shift + 0.5))
        if isinstance(gate, cirq.EigenGate):
            half = 0.5 if not word and isinstance(gate, cirq.HPowGate) and steps else _HALF.get(word, 0.0)
            return self._number(gate.exponent) * (PI * (gate.global_shift + half))
        if isinstance(gate, cirq.BaseDensePauliString):
            return cmath.phase(complex(gate.coefficient))
        if word == "u":
            return _phase_between(cirq.unitary(gate), gate_named("u").matrix(*steps[0][2]))
        return 0.0

    def _controlled(self, gate: Any) -> Iterator[Step]:
        """Write a controlled gate: X around the controls that ask for 0, a phase on the controls themselves."""
        inner = gate.sub_gate
        if any(dimension != 2 for dimension in cirq.qid_shape(gate)):  # noqa: PLR2004 - qubits
            raise unsupported(str(gate), "controls on qudits cannot be sent.")
        total = gate.num_controls()
        steps, phase = self.steps(inner)
        if isinstance(inner, cirq.ZPowGate) and steps and steps[0][0] == "rz":  # p, not rz: no phase to put right
            exponent = self._number(inner.exponent)
            steps, phase = (("p", (0,), (exponent * PI,)),), exponent * (PI * inner.global_shift)
        wings = _wings(steps)
        for chosen in _control_patterns(gate.control_values, total):
            controls = tuple(place for place, wanted in enumerate(chosen) if wanted is not None)
            zeros = tuple(("x", (place,), ()) for place in controls if chosen[place] == 0)
            n = len(controls)
            yield from zeros
            for number, (word, places, params) in enumerate(steps):
                moved = tuple(total + place for place in places)
                if n == 0 or number < wings or number >= len(steps) - wings:
                    yield word, moved, params
                else:
                    yield controlled(word, n), (*controls, *moved), params
            if n and not (isinstance(phase, float) and math.isclose(math.remainder(phase, 2 * PI), 0, abs_tol=1e-15)):
                yield controlled("p", n - 1), controls, (phase,)
            yield from zeros

    def _decomposed(self, gate: Any, depth: int) -> tuple[tuple[Step, ...], Any]:
        """Let Cirq take a gate apart, and put right what phase that lost."""
        qubits = cirq.LineQubit.range(cirq.num_qubits(gate))
        operations = taken_apart(gate, qubits)
        if operations is None or depth > _DEEPEST:
            raise unsupported(str(gate), "it has neither a decomposition nor a small unitary; define _decompose_.")
        steps: list[Step] = []
        phase: Any = 0.0
        for operation in _gate_operations(operations):
            if cirq.is_measurement(operation) or isinstance(operation.gate, cirq.ResetChannel):
                raise unsupported(str(gate), f"its part {operation} cannot be under a control.")
            parts, more = self.steps(operation.gate, depth + 1)
            at = [qubit.x for qubit in operation.qubits]
            steps += [(word, tuple([at[place] for place in places]), params) for word, places, params in parts]
            phase = phase + more
        whole = tuple(steps)
        symbols = any(type(param) is Angle for _, _, params in whole for param in params) or cirq.is_parameterized(gate)
        if symbols or len(qubits) > _WIDEST_UNITARY or not cirq.has_unitary(gate):
            return whole, phase
        wanted, have = cirq.unitary(gate), unitary_of(whole, len(qubits))
        overlap = complex(np.vdot(have, wanted)) / len(wanted)
        if abs(overlap) < 1 - 1e-6:
            raise unsupported(str(gate), "its decomposition is not its unitary; put either right.")
        return whole, cmath.phase(overlap)


def _gate_operations(tree: Any) -> Iterator[Any]:
    """Walk through a tree of operations; what has no gate, such as a sub-circuit, is taken apart on the way."""
    for operation in cirq.flatten_to_ops(tree):
        plain = operation.untagged
        if plain.gate is not None:
            yield plain
            continue
        parts = cirq.decompose_once(plain, default=None)
        if parts is None:
            raise unsupported(str(plain), "Cirq cannot decompose it; give it a gate with a _decompose_.")
        yield from _gate_operations(parts)


def taken_apart(gate: Any, qubits: Sequence[Any]) -> Any:
    """Let Cirq take a gate apart, or make operations of one that is only a matrix.

    Args:
        gate: The gate.
        qubits: Line qubits from 0, whatever the gate acts on: decompositions that look at their qubits (whether they
            are neighbours, say) are then taken the way Cirq tests them.

    Returns:
        A tree of operations; None if it is neither, or too wide a matrix.
    """
    parts = cirq.decompose_once_with_qubits(gate, qubits, default=None)
    if parts is not None:
        return parts
    matrix = cirq.unitary(gate, None) if len(qubits) <= _WIDEST_UNITARY else None
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
    """List the patterns of controls: 0 or 1, or None where a control takes either."""
    if isinstance(values, cirq.ProductOfSums):
        sums = [tuple(one) for one in values]
        if all(len(one) == 1 or set(one) == {0, 1} for one in sums):
            yield tuple(one[0] if len(one) == 1 else None for one in sums)
            return
        values = values.expand()
    for product in values:
        pattern = tuple(product)
        assert len(pattern) == total  # noqa: S101 - what cirq.SumOfProducts promises
        yield pattern


_SELF_INVERSE = {"h", "x", "y", "z", "cx", "cz", "swap"}


def _wings(steps: tuple[Step, ...]) -> int:
    """Count the steps at the start that are undone at the end: only what lies between needs a control.

    >>> _wings((("h", (0,), ()), ("cp", (1, 0), (0.5,)), ("h", (0,), ())))
    1
    """
    wings = 0
    while 2 * wings + 1 < len(steps):
        first, last = steps[wings], steps[-1 - wings]
        same = first[:2] == last[:2]
        inverse = same and (first[0] in _SELF_INVERSE or (bool(first[2]) and _negated(first[2], last[2])))
        if not inverse:
            break
        wings += 1
    return wings


def _negated(first: tuple[Any, ...], last: tuple[Any, ...]) -> bool:
    return len(first) == 1 and type(first[0]) is float and type(last[0]) is float and first[0] == -last[0]


def _phase_between(wanted: NDArray[np.complex128], have: NDArray[np.complex128]) -> float:
    return cmath.phase(complex(np.vdot(have, wanted)))


def unitary_of(steps: tuple[Step, ...], num_qubits: int) -> NDArray[np.complex128]:
    """Return the matrix of words on a few qubits; qubit 0 is the most significant bit, as in Cirq."""
    size = 1 << num_qubits
    tensor = np.eye(size, dtype=np.complex128).reshape((2,) * num_qubits + (size,))
    for word, places, params in steps:
        k = len(places)
        matrix = gate_named(word).matrix(*params).reshape((2,) * (2 * k))
        tensor = np.moveaxis(np.tensordot(matrix, tensor, (range(k, 2 * k), places)), range(k), places)
    return tensor.reshape(size, size)
