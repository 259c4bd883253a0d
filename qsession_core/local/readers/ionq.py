"""Reads ``ionq.circuit.v1``: IonQ's JSON, gate sets qis and native.

Every qubit is measured at the end, into the result of its own number. Angles of qis gates are radians, those of native
gates turns. Accepted as the real service does: ``target`` or ``targets``, ``control`` or ``controls``, and for zz
either ``angle`` or ``phase``. Source: docs/protocol.md 6.1, IonQ's documentation "Writing quantum programs".
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from qsession_core.decoding import read_json
from qsession_core.gates.words import controlled
from qsession_core.local.readers.allowance import Allowance, check_widths
from qsession_core.local.readers.circuit import Circuit, JobFailure, Operation

__all__ = ["read_ionq"]

MAX_CONTROLS = 7
_FIXED = {
    "x": "x", "not": "x", "y": "y", "z": "z", "h": "h", "s": "s", "si": "sdg", "t": "t", "ti": "tdg", "v": "sx",
    "vi": "sxdg", "cnot": "x",
}  # fmt: skip
_ROTATIONS = {"rx": "rx", "ry": "ry", "rz": "rz", "z": "p"}
_PAIRS = {"xx": "rxx", "yy": "ryy", "zz": "rzz"}
_NATIVE = {"gpi", "gpi2", "ms", "zz", "nop"}


class _Gate(msgspec.Struct):
    gate: str
    target: int | None = None
    targets: list[int] | None = None
    control: int | None = None
    controls: list[int] | None = None
    rotation: float | None = None
    phase: float | None = None
    phases: list[float] | None = None
    angle: float | None = None
    terms: list[str] | None = None
    coefficients: list[float] | None = None
    time: float | None = None


class _Body(msgspec.Struct):
    circuit: list[_Gate]
    qubits: int | None = None
    gateset: str = "qis"


def read_ionq(payload: bytes) -> Circuit:
    """Return the circuit in a payload.

    Raises:
        JobFailure: The payload is not such a circuit; the message says which gate and why.
    """
    try:
        body = read_json(payload, _Body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad(f"the input is not a circuit: {error}") from error
    except RecursionError as error:
        raise _bad("the input is not a circuit: it is nested too deep") from error
    if body.gateset not in {"qis", "native"}:
        raise _bad(f"the gateset is {body.gateset!r}, neither 'qis' nor 'native'")
    dense = _Exponentials(Allowance("ionq.circuit.v1", len(payload)))
    operations: list[Operation] = []
    highest = -1
    for index, gate in enumerate(body.circuit):
        targets = gate.targets if gate.targets is not None else [gate.target] if gate.target is not None else []
        controls = gate.controls if gate.controls is not None else [gate.control] if gate.control is not None else []
        qubits = (*controls, *targets)
        if not targets or len(set(qubits)) != len(qubits) or min(qubits) < 0:
            raise _bad(f"gate {index} ({gate.gate}) acts on qubits {list(qubits)}, which are not distinct numbers")
        highest = max(highest, *qubits)
        if body.gateset == "native":
            operation = _native(gate, tuple(controls), tuple(targets), index)
        else:
            operation = _qis(gate, tuple(controls), tuple(targets), index, dense)
        if operation is not None:
            operations.append(operation)
    num_qubits = body.qubits if body.qubits is not None else highest + 1
    if num_qubits < 1 or highest >= num_qubits:
        raise _bad(f"the circuit says {num_qubits} qubits and uses qubit {highest}")
    check_widths("ionq.circuit.v1", num_qubits, num_qubits)
    operations += [("measure", (qubit, qubit), ()) for qubit in range(num_qubits)]
    return Circuit(num_qubits, num_qubits, operations)


def _bad(problem: str) -> JobFailure:
    return JobFailure("InvalidInputData", f"ionq.circuit.v1: {problem}.")


def _qis(
    gate: _Gate, controls: tuple[int, ...], targets: tuple[int, ...], index: int, dense: _Exponentials
) -> Operation | None:
    """Read one gate of the gate set qis."""
    name = gate.gate.lower()
    if len(controls) > MAX_CONTROLS:
        raise _bad(f"gate {index} ({name}) has {len(controls)} controls, more than {MAX_CONTROLS}")
    if name == "pauliexp":
        return _pauliexp(gate, targets, index, dense)
    if name in {"swap", *_PAIRS}:
        if len(targets) != 2 or controls:  # noqa: PLR2004 - two targets
            raise _bad(f"gate {index} ({name}) takes two targets and no controls")
        if name == "swap":
            return ("swap", targets, ())
        return (_PAIRS[name], targets, (_angle(gate.rotation, name, index),))
    if len(targets) != 1:
        raise _bad(f"gate {index} ({name}) takes one target")
    if name in _ROTATIONS and (name != "z" or gate.rotation is not None):
        word = _ROTATIONS[name]
        params: tuple[float, ...] = (_angle(gate.rotation, name, index),)
    elif name in _FIXED:
        word, params = _FIXED[name], ()
    else:
        raise _bad(f"gate {index} ({gate.gate}) is not in the gate set qis")
    if name == "cnot" and len(controls) != 1:
        raise _bad(f"gate {index} (cnot) takes one control")
    return (controlled(word, len(controls)) if controls else word, (*controls, *targets), params)


def _native(gate: _Gate, controls: tuple[int, ...], targets: tuple[int, ...], index: int) -> Operation | None:
    """Read one native gate."""
    name = gate.gate.lower()
    if name not in _NATIVE:
        raise _bad(f"gate {index} ({gate.gate}) is not in the gate set native")
    if name == "nop":
        return None
    if controls or len(targets) != (1 if name in {"gpi", "gpi2"} else 2):
        raise _bad(f"gate {index} ({name}) has the wrong number of qubits")
    if name in {"gpi", "gpi2"}:
        return (name, targets, (_angle(gate.phase, name, index),))
    if name == "ms":
        if gate.phases is None or len(gate.phases) != 2:  # noqa: PLR2004 - one phase a qubit
            raise _bad(f"gate {index} (ms) needs two phases")
        phases = tuple(_angle(phase, name, index) for phase in gate.phases)
        return (name, targets, (*phases, 0.25 if gate.angle is None else _angle(gate.angle, name, index)))
    return (name, targets, (_angle(gate.phase if gate.angle is None else gate.angle, name, index),))


def _angle(value: float | None, name: str, index: int) -> float:
    if value is None or not math.isfinite(value):
        raise _bad(f"gate {index} ({name}) needs an angle that is a finite number")
    return value


def _pauliexp(gate: _Gate, targets: tuple[int, ...], index: int, dense: _Exponentials) -> Operation:
    """exp(-i t sum c_k T_k), computed whole: the terms need not commute. A term's last letter acts on targets[0]."""
    terms, coefficients, time = gate.terms, gate.coefficients, gate.time
    if not terms or coefficients is None or len(coefficients) != len(terms) or time is None or time < 0:
        raise _bad(f"gate {index} (pauliexp) needs terms, as many coefficients, and a time that is not negative")
    if any(len(term) != len(targets) or set(term) - set("IXYZ") for term in terms):
        raise _bad(f"gate {index} (pauliexp) needs terms of I, X, Y and Z, one letter a target")
    if not math.isfinite(time * sum(map(abs, coefficients))):
        raise _bad(f"gate {index} (pauliexp) has coefficients that are too large")
    return ("matrix", tuple(reversed(targets)), (dense.of(tuple(terms), tuple(coefficients), time),))


class _Exponentials:
    """The matrices of the gates pauliexp. Equal gates share one, because each takes a second at ten qubits."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._known: dict[tuple[tuple[str, ...], tuple[float, ...], float], Any] = {}

    def of(self, terms: tuple[str, ...], coefficients: tuple[float, ...], time: float) -> Any:
        """Return the matrix, the terms' first letter on the most significant qubit."""
        made = self._known.get((terms, coefficients, time))
        if made is None:
            self._allowance.spend_matrix(len(terms[0]), is_computed=True)
            self._allowance.spend(len(terms) * (2 ** len(terms[0]) // 16 + 1))
            made = self._known[terms, coefficients, time] = _exponential(terms, coefficients, time)
        return made


def _exponential(terms: tuple[str, ...], coefficients: tuple[float, ...], time: float) -> Any:
    """Compute one matrix. A Pauli term has one element in each row: no matrix is made of it alone."""
    import numpy as np

    width = len(terms[0])
    rows = np.arange(2**width)
    total = np.zeros((2**width,) * 2, dtype=np.complex128)
    for term, coefficient in zip(terms, coefficients, strict=True):
        flipped, phases = 0, np.full(2**width, coefficient, dtype=np.complex128)
        for place, letter in enumerate(reversed(term)):
            signs = 1 - 2 * (rows >> place & 1)
            if letter in "XY":
                flipped |= 1 << place
            if letter in "YZ":
                phases *= signs * (-1j if letter == "Y" else 1)
        total[rows, rows ^ flipped] += phases
    values, vectors = np.linalg.eigh(total)
    return (vectors * np.exp(-1j * time * values)) @ vectors.conj().T
