"""Reads ``ionq.circuit.v1``: IonQ's JSON, gate sets qis and native.

Every qubit is measured at the end, into the result of its own number. Angles of qis gates are radians, those of native
gates turns. Accepted as the real service does: ``target`` or ``targets``, ``control`` or ``controls``, and for zz
either ``angle`` or ``phase``. Source: docs/protocol.md 6.1, IonQ's documentation "Writing quantum programs".
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from qsession_core.gates.words import controlled
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


_DECODER = msgspec.json.Decoder(_Body)


def read_ionq(payload: bytes) -> Circuit:
    """Return the circuit in a payload.

    Raises:
        JobFailure: The payload is not such a circuit; the message says which gate and why.
    """
    try:
        body = _DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad(f"the input is not a circuit: {error}") from error
    if body.gateset not in {"qis", "native"}:
        raise _bad(f"the gateset is {body.gateset!r}, neither 'qis' nor 'native'")
    read = _qis if body.gateset == "qis" else _native
    operations: list[Operation] = []
    highest = -1
    for index, gate in enumerate(body.circuit):
        targets = gate.targets if gate.targets is not None else [gate.target] if gate.target is not None else []
        controls = gate.controls if gate.controls is not None else [gate.control] if gate.control is not None else []
        qubits = (*controls, *targets)
        if not targets or len(set(qubits)) != len(qubits) or min(qubits) < 0:
            raise _bad(f"gate {index} ({gate.gate}) acts on qubits {list(qubits)}, which are not distinct numbers")
        highest = max(highest, *qubits)
        operation = read(gate, tuple(controls), tuple(targets), index)
        if operation is not None:
            operations.append(operation)
    num_qubits = body.qubits if body.qubits is not None else highest + 1
    if num_qubits < 1 or highest >= num_qubits:
        raise _bad(f"the circuit says {num_qubits} qubits and uses qubit {highest}")
    operations += [("measure", (qubit, qubit), ()) for qubit in range(num_qubits)]
    return Circuit(num_qubits, num_qubits, operations)


def _bad(problem: str) -> JobFailure:
    return JobFailure("InvalidInputData", f"ionq.circuit.v1: {problem}.")


def _qis(gate: _Gate, controls: tuple[int, ...], targets: tuple[int, ...], index: int) -> Operation | None:
    """Read one gate of the gate set qis."""
    name = gate.gate.lower()
    if len(controls) > MAX_CONTROLS:
        raise _bad(f"gate {index} ({name}) has {len(controls)} controls, more than {MAX_CONTROLS}")
    if name == "pauliexp":
        return _pauliexp(gate, targets, index)
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


def _pauliexp(gate: _Gate, targets: tuple[int, ...], index: int) -> Operation:
    """exp(-i t sum c_k T_k), computed whole: the terms need not commute. A term's last letter acts on targets[0]."""
    terms, coefficients, time = gate.terms, gate.coefficients, gate.time
    if not terms or coefficients is None or len(coefficients) != len(terms) or time is None or time < 0:
        raise _bad(f"gate {index} (pauliexp) needs terms, as many coefficients, and a time that is not negative")
    if any(len(term) != len(targets) or set(term) - set("IXYZ") for term in terms):
        raise _bad(f"gate {index} (pauliexp) needs terms of I, X, Y and Z, one letter a target")
    if len(targets) > 10:  # noqa: PLR2004 - a dense matrix of 2^10; wider ones do not occur
        raise _bad(f"gate {index} (pauliexp) acts on {len(targets)} qubits; at most 10 are computed here")
    return ("matrix", tuple(reversed(targets)), (_exponential(terms, coefficients, time),))


def _exponential(terms: list[str], coefficients: list[float], time: float) -> Any:
    """Return the matrix, the terms' first letter on the most significant qubit."""
    import numpy as np

    pauli = {
        "I": np.eye(2), "X": np.array([[0, 1], [1, 0]]), "Y": np.array([[0, -1j], [1j, 0]]),
        "Z": np.array([[1, 0], [0, -1]]),
    }  # fmt: skip
    total = np.zeros((2 ** len(terms[0]),) * 2, dtype=np.complex128)
    for term, coefficient in zip(terms, coefficients, strict=True):
        matrix = np.eye(1)
        for letter in term:
            matrix = np.kron(matrix, pauli[letter])
        total += coefficient * matrix
    values, vectors = np.linalg.eigh(total)
    return (vectors * np.exp(-1j * time * values)) @ vectors.conj().T
