"""Cirq's gates in gate words: one rule a gate class, found by the class and its ancestors.

A rule returns a *plan*, a plain tuple, because a circuit has a hundred thousand gates:

* ``(word, params)``: the gate is this word on the operation's qubits, in their order;
* ``("", steps)``: several words; a step is (word, places among the gate's qubits, params);
* None: no rule; Cirq has to decompose it.

Plans are right up to a global phase. Under a control that phase is seen, and :meth:`GateWords.phase` says what it is.
Exponents become exact doubles: ``cirq.X ** e`` is ``rx(pi * e)``, and a word without angle where e has one.
"""

from __future__ import annotations

import cmath
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import cirq
import numpy as np

from qsession_core.errors import UnsupportedOperationError
from qsession_core.gates import controlled
from qsession_core.gates import gate as word_named
from qsession_core.program import Angle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Step = tuple[str, tuple[int, ...], tuple[Any, ...]]
    Plan = tuple[str, tuple[Any, ...]]
    Number = Callable[[Any], Any]
    Rule = Callable[[Any, Number], Plan | None]

__all__ = ["SINGLETONS", "GateWords", "euler", "taken_apart", "unitary_of", "unsupported"]

PI = math.pi
_DEEPEST = 40
_WIDEST_UNITARY = 8
_NOTHING: Plan = ("", ())


def unsupported(operation: str, reason: str, qubits: tuple[int, ...] = ()) -> UnsupportedOperationError:
    """Say that an operation cannot be sent; the walker adds its place.

    Args:
        operation: How Cirq shows it.
        reason: What is wrong, and the way out.
        qubits: Where it acts, by index.
    """
    return UnsupportedOperationError(f"{operation}: {reason}", operation=operation, qubits=qubits)


# --- powers: a word where the exponent has one, else a rotation -------------------------------------------------


def _periodic(**words: float) -> dict[float, str]:
    """Map each exponent, and the same one a period of 2 before and after, to its word; 0 to none."""
    table = {-2.0: "", 0.0: "", 2.0: "", 4.0: ""}
    for word, exponent in words.items():
        table |= {exponent - 2: word, exponent: word, exponent + 2: word}
    return table


_X = _periodic(x=1, sx=0.5, sxdg=-0.5)
_Y = _periodic(y=1)
_Z = _periodic(z=1, s=0.5, sdg=-0.5, t=0.25, tdg=-0.25)
_CX = _periodic(cx=1, csx=0.5, csxdg=-0.5)
_CZ = _periodic(cz=1, cs=0.5, csdg=-0.5)


def _one_qubit_power(table: dict[float, str], rotation: str) -> Rule:
    def rule(gate: Any, number: Number) -> Plan:
        exponent = gate.exponent
        if exponent.__class__ is not float:
            exponent = number(exponent)
        word = table.get(exponent)
        if word is None:
            return (rotation, (exponent * PI,))
        return (word, ())

    return rule


def _rotation(word: str) -> Rule:
    def rule(gate: Any, number: Number) -> Plan:
        radians = gate._rads  # noqa: SLF001 - the exponent has been divided by pi and lost a bit
        if radians.__class__ is not float:
            radians = number(radians)
        return (word, (radians,))

    return rule


def _two_qubit_rotation(word: str) -> Rule:
    def rule(gate: Any, number: Number) -> Plan:
        exponent = gate.exponent
        if exponent.__class__ is not float:
            exponent = number(exponent)
        return (word, (exponent * PI,))

    return rule


def _flipped_phase(num_controls: int, exponent: Any) -> tuple[Step, ...]:
    """Write a power of X under controls as a phase between two H."""
    last, everything = (num_controls,), tuple(range(num_controls + 1))
    h: Step = ("h", last, ())
    return (h, (controlled("p", num_controls), everything, (exponent * PI,)), h)


def _cx(gate: Any, number: Number) -> Plan:
    exponent = number(gate.exponent)
    word = _CX.get(exponent)
    return ("", _flipped_phase(1, exponent)) if word is None else (word, ())


def _ccx(gate: Any, number: Number) -> Plan:
    exponent = number(gate.exponent)
    return ("ccx", ()) if exponent in {1.0, -1.0} else ("", _flipped_phase(2, exponent))


def _cz(gate: Any, number: Number) -> Plan:
    exponent = number(gate.exponent)
    word = _CZ.get(exponent)
    return ("cp", (exponent * PI,)) if word is None else (word, ())


def _ccz(gate: Any, number: Number) -> Plan:
    exponent = number(gate.exponent)
    return ("ccz", ()) if exponent in {1.0, -1.0} else (controlled("p", 2), (exponent * PI,))


def _h(gate: Any, number: Number) -> Plan:
    exponent = number(gate.exponent)
    if exponent in {1.0, -1.0}:
        return ("h", ())
    at = (0,)
    return ("", (("ry", at, (PI / 4,)), ("rx", at, (exponent * PI,)), ("ry", at, (-PI / 4,))))


def _swap(gate: Any, number: Number) -> Plan:
    exponent = number(gate.exponent)
    if exponent in {1.0, -1.0}:
        return ("swap", ())
    cx: Step = ("cx", (0, 1), ())
    back, h, middle = (1, 0), ("h", (0,), ()), (exponent * PI,)
    return ("", (cx, h, ("cp", back, middle), h, cx))


def _iswap(gate: Any, number: Number) -> Plan:
    exponent = number(gate.exponent)
    if exponent == 1.0:
        return ("iswap", ())
    both, angle = (0, 1), (exponent * (-PI / 2),)
    return ("", (("rxx", both, angle), ("ryy", both, angle)))


def _fsim(gate: Any, number: Number) -> Plan:
    theta, phi = number(gate.theta), number(gate.phi)
    both = (0, 1)
    return ("", (("rxx", both, (theta,)), ("ryy", both, (theta,)), ("cp", both, (-phi,))))


def _phased_x(gate: Any, number: Number) -> Plan:
    turn = number(gate.phase_exponent) * PI
    return ("u", (number(gate.exponent) * PI, turn + -PI / 2, -turn + PI / 2))


def _phased_xz(gate: Any, number: Number) -> Plan:
    axis, z = number(gate.axis_phase_exponent), number(gate.z_exponent)
    return ("u", (number(gate.x_exponent) * PI, (axis + z) * PI + -PI / 2, axis * -PI + PI / 2))


def _matrix(gate: Any, number: Number) -> Plan | None:
    del number
    return ("u", euler(cirq.unitary(gate))) if cirq.qid_shape(gate) == (2,) else None


def euler(matrix: NDArray[np.complex128]) -> tuple[float, float, float]:
    """Return the angles of ``u`` for a unitary 2 x 2 matrix, up to its phase."""
    (a, b), (c, d) = matrix.tolist()
    theta = 2 * math.atan2(abs(c), abs(a))
    if abs(a) < 1e-12:  # noqa: PLR2004 - only phi - lambda is seen
        return (theta, cmath.phase(c) - cmath.phase(-b), 0.0)
    start = cmath.phase(a)
    if abs(c) < 1e-12:  # noqa: PLR2004 - only phi + lambda is seen
        return (theta, 0.0, cmath.phase(d) - start)
    return (theta, cmath.phase(c) - start, cmath.phase(-b) - start)


def _paulis(gate: Any, number: Number) -> Plan:
    del number
    if not math.isclose(abs(complex(gate.coefficient)), 1.0):
        raise unsupported(str(gate), "its coefficient has not magnitude 1, so it is no unitary operation.")
    return ("", tuple(("_xyz"[p], (place,), ()) for place, p in enumerate(gate.pauli_mask.tolist()) if p))


_INTO_Z: dict[int, tuple[Step, ...]] = {1: (("h", (), ()),), 2: (("rx", (), (PI / 2,)),), 3: ()}
_OUT_OF_Z: dict[int, tuple[Step, ...]] = {1: (("h", (), ()),), 2: (("rx", (), (-PI / 2,)),), 3: ()}


def _pauli_phasor(gate: Any, number: Number) -> Plan:
    """Rotate about a Pauli string: its parity into one qubit, turned there, and back."""
    string = gate.dense_pauli_string
    mask = string.pauli_mask.tolist()
    support = [place for place, pauli in enumerate(mask) if pauli]
    sign = complex(string.coefficient).real
    angle = (number(gate.exponent_neg) + -number(gate.exponent_pos)) * (PI * sign)
    if not support:
        return _NOTHING
    into = tuple((word, (at,), params) for at in support for word, _, params in _INTO_Z[mask[at]])
    out = tuple((word, (at,), params) for at in support for word, _, params in _OUT_OF_Z[mask[at]])
    last = support[-1]
    chain: tuple[Step, ...] = tuple(("cx", (at, last), ()) for at in support[:-1])
    return ("", (*into, *chain, ("rz", (last,), (angle,)), *reversed(chain), *out))


def _native(word: str, *names: str) -> Rule:
    """Read one of IonQ's native gates, ours or cirq_ionq's, by the names of its angles."""

    def rule(gate: Any, number: Number) -> Plan:
        return (word, tuple(number(getattr(gate, name)) for name in names))

    return rule


def _nothing(gate: Any, number: Number) -> Plan:
    del gate, number
    return _NOTHING


RULES: dict[type, Rule] = {
    cirq.Rx: _rotation("rx"),
    cirq.Ry: _rotation("ry"),
    cirq.Rz: _rotation("rz"),
    cirq.XPowGate: _one_qubit_power(_X, "rx"),
    cirq.YPowGate: _one_qubit_power(_Y, "ry"),
    cirq.ZPowGate: _one_qubit_power(_Z, "rz"),
    cirq.XXPowGate: _two_qubit_rotation("rxx"),
    cirq.YYPowGate: _two_qubit_rotation("ryy"),
    cirq.ZZPowGate: _two_qubit_rotation("rzz"),
    cirq.HPowGate: _h,
    cirq.CXPowGate: _cx,
    cirq.CZPowGate: _cz,
    cirq.CCXPowGate: _ccx,
    cirq.CCZPowGate: _ccz,
    cirq.SwapPowGate: _swap,
    cirq.ISwapPowGate: _iswap,
    cirq.FSimGate: _fsim,
    cirq.PhasedXPowGate: _phased_x,
    cirq.PhasedXZGate: _phased_xz,
    cirq.CSwapGate: lambda _gate, _number: ("cswap", ()),
    cirq.MatrixGate: _matrix,
    cirq.DensePauliString: _paulis,
    cirq.MutableDensePauliString: _paulis,
    cirq.PauliStringPhasorGate: _pauli_phasor,
    cirq.IdentityGate: _nothing,
    cirq.WaitGate: _nothing,
    cirq.GlobalPhaseGate: _nothing,
}

# cirq_ionq's gates are known by name: if one is in the circuit its package is loaded, and else it need not be
_CIRQ_IONQ: dict[str, Rule] = {
    "GPIGate": _native("gpi", "phi"),
    "GPI2Gate": _native("gpi2", "phi"),
    "MSGate": _native("ms", "phi0", "phi1", "theta"),
    "ZZGate": _native("zz", "theta"),
}
NATIVE_RULES: dict[str, Rule] = {
    "GPI": _native("gpi", "phi"),
    "GPI2": _native("gpi2", "phi"),
    "MS": _native("ms", "phi0", "phi1", "angle"),
    "ZZ": _native("zz", "angle"),
}

# Cirq's own gate objects, which most circuits share: they live as long as the process, so their ids tell them
SINGLETONS: dict[int, Plan] = {
    id(gate): (word, ())
    for gate, word in (
        (cirq.X, "x"), (cirq.Y, "y"), (cirq.Z, "z"), (cirq.H, "h"), (cirq.S, "s"), (cirq.T, "t"),
        (cirq.CNOT, "cx"), (cirq.CX, "cx"), (cirq.CZ, "cz"), (cirq.SWAP, "swap"), (cirq.ISWAP, "iswap"),
        (cirq.CCX, "ccx"), (cirq.TOFFOLI, "ccx"), (cirq.CCZ, "ccz"), (cirq.CSWAP, "cswap"), (cirq.FREDKIN, "cswap"),
    )
}  # fmt: skip

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

    def rule(self, kind: type) -> Rule | None:
        """Return the rule of a gate class, by the class or the nearest ancestor that has one."""
        found = self.exact.get(kind)
        if found is None:
            found = next((self.exact[ancestor] for ancestor in kind.__mro__ if ancestor in self.exact), None)
            if found is None and kind.__module__.startswith("cirq_ionq"):
                found = _CIRQ_IONQ.get(kind.__name__)
            elif found is None and kind.__module__ == "qsession_cirq.native":
                found = NATIVE_RULES.get(kind.__name__)
            if found is not None:
                self.exact[kind] = found
        return found

    def plan(self, gate: Any) -> Plan | None:
        """Return the plan of a gate; None if Cirq has to decompose it."""
        if isinstance(gate, cirq.ControlledGate):
            return "", tuple(self._controlled(gate))
        rule = self.rule(type(gate))
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
                rule = word_named(word).rule
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
            return _phase_between(cirq.unitary(gate), word_named("u").matrix(*steps[0][2]))
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
        for operation in cirq.flatten_to_ops(operations):
            inner = operation.untagged.gate
            if inner is None or cirq.is_measurement(operation) or isinstance(inner, cirq.ResetChannel):
                raise unsupported(str(gate), f"its part {operation} cannot be under a control.")
            parts, more = self.steps(inner, depth + 1)
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
        matrix = word_named(word).matrix(*params).reshape((2,) * (2 * k))
        tensor = np.moveaxis(np.tensordot(matrix, tensor, (range(k, 2 * k), places)), range(k), places)
    return tensor.reshape(size, size)
