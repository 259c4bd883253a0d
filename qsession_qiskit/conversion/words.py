"""Converts Qiskit gates into gates of the core, and returns definitions of operations that have none.

A gate of the core has a name and angles, such as ``("rx", (0.5,))``; its name is called a word.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.circuit import (
    AnnotatedOperation,
    ControlledGate,
    ControlModifier,
    Gate,
    InverseModifier,
    PowerModifier,
    QuantumCircuit,
)
from qiskit.circuit.library import PauliEvolutionGate, UnitaryGate, get_standard_gate_name_mapping
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import SparsePauliOp
from qiskit.synthesis import qs_decomposition
from qiskit.transpiler.exceptions import TranspilerError
from qiskit.transpiler.passes import HighLevelSynthesis

from qsession_core.errors import ConversionError
from qsession_core.formats.interface import CONTROLS, EVOLUTION
from qsession_core.gates.words import GATES, controlled, gate_named
from qsession_qiskit.ionq.gates import NATIVE_GATES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from qiskit.circuit import Operation

    Word = tuple[str, tuple[Any, ...]]
    Step = tuple[str, tuple[int, ...], tuple[Any, ...]]

__all__ = ["MAX_CONTROLS", "RENAMED", "definition", "is_standard", "renamed", "steps"]

_ALWAYS_KEPT_CONTROLS = 2
_SHORT_UNITARY = 2  # qubits of a matrix that has a short circuit
MAX_CONTROLS = 7  # IonQ's limit; for more controls, Qiskit's definitions are shorter than ours
_STANDARD: dict[str, type] = {name: each.base_class for name, each in get_standard_gate_name_mapping().items()}
# The axes in the plane of x and y that have a rotation of their own; Qiskit's definitions of rx and ry are these
_AXES = {0.0: "rx", math.pi / 2: "ry"}


def _about(theta: Any, phi: Any) -> Word:
    """Return the rotation by ``theta`` about the axis cos(phi) x + sin(phi) y."""
    if isinstance(phi, float) and phi in _AXES:
        return _AXES[phi], (theta,)
    return "u", (theta, phi - math.pi / 2, math.pi / 2 - phi)


# Standard gates that the core has under another name, those without controls first
_RENAMED: dict[str, Callable[..., Word]] = {
    "u1": lambda lam: ("p", (lam,)),
    "u2": lambda phi, lam: ("u", (math.pi / 2, phi, lam)),
    "u3": lambda theta, phi, lam: ("u", (theta, phi, lam)),
    "r": _about,
}
_SYNONYMS: dict[str, Callable[..., Word]] = {
    **_RENAMED,
    "cu1": lambda lam: ("cp", (lam,)),
    "cu3": lambda theta, phi, lam: ("ctrl(1) @ u", (theta, phi, lam)),
    "mcx": lambda: ("ctrl(3) @ x", ()),
    "c3sx": lambda: ("ctrl(3) @ sx", ()),
}
RENAMED = frozenset(_RENAMED)  # their words are kept whole by every format


def steps(operation: Operation, keep: AbstractSet[str]) -> list[Step] | None:
    """Return an operation as gates of the core on qubits counted from 0; None if only its definition can be converted.

    Args:
        operation: A unitary operation.
        keep: Operations to keep whole: :data:`CONTROLS`, :data:`EVOLUTION`.
    """
    if isinstance(operation, PauliEvolutionGate):
        return _pauli_evolution(operation) if EVOLUTION in keep else None
    if not isinstance(operation, Gate):
        return None
    if operation.name == "global_phase":
        return []
    word, open_controls = _word(operation), list[int]()
    if word is None and isinstance(operation, ControlledGate):
        word = _controlled_word(operation)
        open_controls = [place for place in range(operation.num_ctrl_qubits) if not operation.ctrl_state >> place & 1]
    if word is None or not _is_kept(word[0], keep):
        return None
    flips: list[Step] = [("x", (place,), ()) for place in open_controls]
    name, params = word
    return [*flips, (name, tuple(range(gate_named(name).num_qubits)), params), *flips]


def renamed(name: str, params: Sequence[Any]) -> Word:
    """Return the word of a standard gate that the core has under another name.

    Raises:
        ConversionError: It has more or fewer angles than the gate takes.
    """
    try:
        return _SYNONYMS[name](*params)
    except TypeError as error:
        raise ConversionError(f"it has {len(params)} angles: {', '.join(map(str, params))}") from error


def is_standard(operation: Operation) -> bool:
    """Return whether an operation is Qiskit's standard gate of its name, not a user's gate of the same name."""
    kind = _STANDARD.get(operation.name)
    return kind is not None and getattr(operation, "base_class", None) is kind


def _word(operation: Gate) -> Word | None:
    """Return the word of a standard or native gate."""
    name = operation.name
    if is_standard(operation):
        if name in GATES:
            return name, tuple(operation.params)
        return renamed(name, operation.params) if name in _SYNONYMS else None
    return (name, tuple(operation.params)) if name in NATIVE_GATES and _is_native(operation) else None


def _is_native(operation: Gate) -> bool:
    """Return whether a gate is IonQ's gate of its name: our class, or another package's gate with the same matrix."""
    ours = NATIVE_GATES[operation.name]
    if type(operation) is ours:
        return True
    if not hasattr(operation, "__array__") or any(getattr(each, "parameters", None) for each in operation.params):
        return False
    try:
        expected = ours(*operation.params).to_matrix()
    except TypeError:  # a different number of angles
        return False
    return expected.shape == operation.__array__().shape and bool(np.allclose(expected, operation.__array__()))


def _controlled_word(operation: ControlledGate) -> Word | None:
    """Return the word of a controlled gate as if all its controls were closed."""
    inner = operation.base_gate
    if inner.name == "global_phase":  # a global phase with n controls is a phase gate with n - 1
        return controlled("p", operation.num_ctrl_qubits - 1), tuple(inner.params)
    word = _word(inner)
    if word is None:
        return None
    try:
        name = controlled(word[0], operation.num_ctrl_qubits)
        found = gate_named(name)
    except KeyError:  # the core has no rule for this gate with so many controls
        return None
    # Some classes are more than a gate with controls: a controlled CU has one more angle, an MCMT several targets
    is_complete = (found.num_params, found.num_qubits) == (len(word[1]), operation.num_qubits)
    return (name, word[1]) if is_complete else None


def _is_kept(name: str, keep: AbstractSet[str]) -> bool:
    if not name.startswith("ctrl("):
        return True
    num_controls = int(name[len("ctrl(") : name.index(")")])
    return num_controls <= _ALWAYS_KEPT_CONTROLS or (CONTROLS in keep and num_controls <= MAX_CONTROLS)


def _pauli_evolution(operation: PauliEvolutionGate) -> list[Step] | None:
    """Return exp(-i time H) as one word; None unless H is a SparsePauliOp with real coefficients."""
    hamiltonian = operation.operator
    if (
        not isinstance(hamiltonian, SparsePauliOp)
        or hamiltonian.coeffs.dtype == object
        or hamiltonian.coeffs.imag.any()
    ):
        return None
    pairs = [
        (label, float(coefficient.real))
        for label, coefficient in zip(hamiltonian.paulis.to_labels(), hamiltonian.coeffs, strict=True)
        if set(label) != {"I"}  # identity terms are a global phase
    ]
    if not pairs:
        return []
    terms, coefficients = zip(*pairs, strict=True)
    return [(EVOLUTION, tuple(range(operation.num_qubits)), (terms, coefficients, operation.time))]


def definition(operation: Operation) -> QuantumCircuit:
    """Return a circuit of smaller operations that is equal to an operation, on as many bits.

    Raises:
        ConversionError: The operation has no definition and Qiskit cannot synthesise one.
    """
    if isinstance(operation, AnnotatedOperation):
        plain = _without_modifiers(operation)
        if plain is not None:
            return _circuit_of(plain)
    if isinstance(operation, UnitaryGate) and operation.num_qubits > _SHORT_UNITARY:
        # Qiskit's definition of it is the same circuit, and takes twenty times as long to work out its global phase
        with suppress(QiskitError):
            return qs_decomposition(operation.to_matrix())
    body = getattr(operation, "definition", None)
    if isinstance(body, QuantumCircuit):
        return body
    return _synthesised(operation)


def _circuit_of(operation: Operation) -> QuantumCircuit:
    circuit = QuantumCircuit(operation.num_qubits, operation.num_clbits)
    circuit.append(operation, circuit.qubits, circuit.clbits)
    return circuit


def _without_modifiers(operation: AnnotatedOperation) -> Gate | None:
    """Apply the modifiers to the base operation; None if that is not a gate."""
    plain = operation.base_op
    if not isinstance(plain, Gate):
        return None
    for modifier in operation.modifiers:
        match modifier:
            case InverseModifier():
                plain = plain.inverse()
            case ControlModifier():
                plain = plain.control(modifier.num_ctrl_qubits, ctrl_state=modifier.ctrl_state, annotated=False)
            case PowerModifier():
                plain = plain.power(modifier.power)
            case _:
                return None
    return plain if isinstance(plain, Gate) else None


def _synthesised(operation: Operation) -> QuantumCircuit:
    """Synthesise an operation that has no definition: a permutation, a Clifford operator, a matrix."""
    try:
        circuit = HighLevelSynthesis(basis_gates=sorted(GATES), qubits_initially_zero=False)(_circuit_of(operation))
    except TranspilerError as error:
        raise ConversionError(f"it has no definition ({error.message}): define it, or decompose it first") from error
    if not any(instruction.name == operation.name for instruction in circuit.data):
        return circuit
    if hasattr(operation, "__array__"):
        return _circuit_of(UnitaryGate(operation.__array__()))
    raise ConversionError("it has no definition: define it, or decompose it first")
