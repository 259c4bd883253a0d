"""Rules from Cirq's gate classes to gates of the core; the name of a core gate is called a word.

A rule returns a *plan*. It is a plain tuple, because a circuit may have 100,000 gates:

* ``(word, params)``: the gate is this core gate on the operation's qubits, in their order;
* ``("", steps)``: the gate is a sequence of core gates; a step is (word, places among the gate's qubits, params);
* None: the rule does not cover the gate; Cirq decomposes it.

Phase convention: everywhere in this module, a plan equals its gate up to a global phase; ``GateWords.steps`` in
words.py also returns that phase (gate = exp(i * phase) * steps), because a control makes it observable.

Exponents become angles as doubles: ``cirq.X ** e`` is ``rx(pi * e)``, or a core gate without angle such as ``sx``.
"""

from __future__ import annotations

import cmath
import math
from functools import partial
from typing import TYPE_CHECKING, Any

import cirq

from qsession_core.errors import UnsupportedOperationError
from qsession_core.gates.words import controlled

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Step = tuple[str, tuple[int, ...], tuple[Any, ...]]
    Plan = tuple[str, tuple[Any, ...]]
    Number = Callable[[Any], Any]
    Rule = Callable[[Any, Number], Plan | None]

__all__ = ["RULES", "euler", "rule_of", "unsupported_operation"]

PI = math.pi
_NOTHING: Plan = ("", ())


def unsupported_operation(operation: str, reason: str, qubits: tuple[int, ...] = ()) -> UnsupportedOperationError:
    """Return the error for an operation that a program cannot represent; convert.py adds the operation's index.

    Args:
        operation: Cirq's text of the operation.
        reason: What is wrong, and the way out.
        qubits: Indices of its qubits.
    """
    operation = " ".join(operation.split())  # the text of some operations has several lines
    return UnsupportedOperationError(f"{operation}: {reason}", operation=operation, qubits=qubits)


# --- powers: a gate without angle for some exponents, else a rotation ------------------------------------------


def _periodic(**words: float) -> dict[float, Plan]:
    """Return exponent -> plan for a gate of period 2: each word at its exponent and 2 less and more; the identity."""
    table = dict.fromkeys((-2.0, 0.0, 2.0, 4.0), _NOTHING)
    for word, exponent in words.items():
        table |= dict.fromkeys((exponent - 2, exponent, exponent + 2), (word, ()))
    return table


def _odd(word: str) -> dict[float, Plan]:
    """Return exponent -> plan for a word that is its own inverse: exponents 1 and -1."""
    return dict.fromkeys((1.0, -1.0), (word, ()))


def _angle(word: str) -> Rule:
    """Return a rule: ``word`` with the angle pi * exponent."""

    def rule(gate: Any, number: Number) -> Plan:
        exponent = gate._exponent  # noqa: SLF001 - the property takes as long as the rest of the rule
        if type(exponent) is not float:
            exponent = number(exponent)
        return (word, (exponent * PI,))

    return rule


def _power(word: str, plans: dict[float, Plan]) -> Rule:
    """Return a rule: the exponent's entry in ``plans``, else ``word`` with the angle pi * exponent."""

    def rule(gate: Any, number: Number) -> Plan:
        exponent = gate._exponent  # noqa: SLF001 - as above
        if type(exponent) is not float:
            exponent = number(exponent)
        plan = plans.get(exponent)
        return (word, (exponent * PI,)) if plan is None else plan

    return rule


def _power_in_steps(steps: Callable[[Any], tuple[Step, ...]], plans: dict[float, Plan]) -> Rule:
    """Return a rule: the exponent's entry in ``plans``, else the steps for the exponent."""

    def rule(gate: Any, number: Number) -> Plan:
        exponent = gate._exponent  # noqa: SLF001 - as above
        if type(exponent) is not float:
            exponent = number(exponent)
        plan = plans.get(exponent)
        return ("", steps(exponent)) if plan is None else plan

    return rule


def _rotation(word: str) -> Rule:
    def rule(gate: Any, number: Number) -> Plan:
        radians = gate._rads  # noqa: SLF001 - the exponent was divided by pi, which rounds
        if type(radians) is not float:
            radians = number(radians)
        return (word, (radians,))

    return rule


def _controlled_x_power(num_controls: int, exponent: Any) -> tuple[Step, ...]:
    """Return the steps of a controlled power of X: H, controlled phase, H."""
    target, all_qubits = (num_controls,), tuple(range(num_controls + 1))
    h: Step = ("h", target, ())
    return (h, (controlled("p", num_controls), all_qubits, (exponent * PI,)), h)


def _h(exponent: Any) -> tuple[Step, ...]:
    qubit = (0,)
    return (("ry", qubit, (PI / 4,)), ("rx", qubit, (exponent * PI,)), ("ry", qubit, (-PI / 4,)))


def _swap(exponent: Any) -> tuple[Step, ...]:
    cx: Step = ("cx", (0, 1), ())
    h: Step = ("h", (0,), ())
    return (cx, h, ("cp", (1, 0), (exponent * PI,)), h, cx)


def _iswap(exponent: Any) -> tuple[Step, ...]:
    both, angle = (0, 1), (exponent * (-PI / 2),)
    return (("rxx", both, angle), ("ryy", both, angle))


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
    """Return the angles (theta, phi, lambda) of ``u`` for a unitary 2 x 2 matrix, in radians, up to a global phase."""
    (a, b), (c, d) = matrix.tolist()
    theta = 2 * math.atan2(abs(c), abs(a))
    if abs(a) < 1e-12:  # noqa: PLR2004 - only phi - lambda matters
        return (theta, cmath.phase(c) - cmath.phase(-b), 0.0)
    start = cmath.phase(a)
    if abs(c) < 1e-12:  # noqa: PLR2004 - only phi + lambda matters
        return (theta, 0.0, cmath.phase(d) - start)
    return (theta, cmath.phase(c) - start, cmath.phase(-b) - start)


def _paulis(gate: Any, number: Number) -> Plan:
    del number
    if not math.isclose(abs(complex(gate.coefficient)), 1.0):
        raise unsupported_operation(str(gate), "it is not unitary; give its coefficient the magnitude 1.")
    return ("", tuple(("_xyz"[p], (place,), ()) for place, p in enumerate(gate.pauli_mask.tolist()) if p))


# Pauli (1 = X, 2 = Y, 3 = Z) -> basis change to Z before, and back after, a rotation about Z
_INTO_Z: dict[int, tuple[Step, ...]] = {1: (("h", (), ()),), 2: (("rx", (), (PI / 2,)),), 3: ()}
_OUT_OF_Z: dict[int, tuple[Step, ...]] = {1: (("h", (), ()),), 2: (("rx", (), (-PI / 2,)),), 3: ()}


def _pauli_phasor(gate: Any, number: Number) -> Plan:
    """Return the plan of a Pauli rotation: compute the parity in the last qubit, rotate it about Z, uncompute."""
    string = gate.dense_pauli_string
    mask = string.pauli_mask.tolist()
    support = [place for place, pauli in enumerate(mask) if pauli]
    sign = complex(string.coefficient).real
    angle = (number(gate.exponent_neg) + -number(gate.exponent_pos)) * (PI * sign)
    if not support:
        return _NOTHING
    before = tuple((word, (place,), params) for place in support for word, _, params in _INTO_Z[mask[place]])
    after = tuple((word, (place,), params) for place in support for word, _, params in _OUT_OF_Z[mask[place]])
    last = support[-1]
    parity: tuple[Step, ...] = tuple(("cx", (place, last), ()) for place in support[:-1])
    return ("", (*before, *parity, ("rz", (last,), (angle,)), *reversed(parity), *after))


def _native(word: str, *names: str) -> Rule:
    """Return a rule for an IonQ native gate of this package or of cirq_ionq, by the names of its angles."""

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
    cirq.XPowGate: _power("rx", _periodic(x=1, sx=0.5, sxdg=-0.5)),
    cirq.YPowGate: _power("ry", _periodic(y=1)),
    cirq.ZPowGate: _power("rz", _periodic(z=1, s=0.5, sdg=-0.5, t=0.25, tdg=-0.25)),
    cirq.XXPowGate: _angle("rxx"),
    cirq.YYPowGate: _angle("ryy"),
    cirq.ZZPowGate: _angle("rzz"),
    cirq.HPowGate: _power_in_steps(_h, _odd("h")),
    cirq.CXPowGate: _power_in_steps(partial(_controlled_x_power, 1), _periodic(cx=1, csx=0.5, csxdg=-0.5)),
    cirq.CZPowGate: _power("cp", _periodic(cz=1, cs=0.5, csdg=-0.5)),
    cirq.CCXPowGate: _power_in_steps(partial(_controlled_x_power, 2), _odd("ccx")),
    cirq.CCZPowGate: _power(controlled("p", 2), _odd("ccz")),
    cirq.SwapPowGate: _power_in_steps(_swap, _odd("swap")),
    cirq.ISwapPowGate: _power_in_steps(_iswap, {1.0: ("iswap", ())}),
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

# By class name, so that cirq_ionq need not be imported
_CIRQ_IONQ: dict[str, Rule] = {
    "GPIGate": _native("gpi", "phi"),
    "GPI2Gate": _native("gpi2", "phi"),
    "MSGate": _native("ms", "phi0", "phi1", "theta"),
    "ZZGate": _native("zz", "theta"),
}
_OUR_NATIVE: dict[str, Rule] = {
    "GPI": _native("gpi", "phi"),
    "GPI2": _native("gpi2", "phi"),
    "MS": _native("ms", "phi0", "phi1", "angle"),
    "ZZ": _native("zz", "angle"),
}


def rule_of(kind: type, rules: dict[type, Rule]) -> Rule | None:
    """Return the rule of a gate class or of its nearest ancestor; a native gate's rule is found by its name.

    Args:
        kind: The gate class.
        rules: Rules by class; a rule found for a class without an entry is cached here.
    """
    found = rules.get(kind)
    if found is None:
        found = next((rules[ancestor] for ancestor in kind.__mro__ if ancestor in rules), None)
        if found is None and kind.__module__.startswith("cirq_ionq"):
            found = _CIRQ_IONQ.get(kind.__name__)
        elif found is None and kind.__module__ == "qsession_cirq.native":
            found = _OUR_NATIVE.get(kind.__name__)
        if found is not None:
            rules[kind] = found
    return found
