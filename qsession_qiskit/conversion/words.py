"""Which gate words a Qiskit operation is, and what it is made of where it is none."""

from __future__ import annotations

import math
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
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler.exceptions import TranspilerError
from qiskit.transpiler.passes import HighLevelSynthesis

from qsession_core.errors import ConversionError
from qsession_core.formats.interface import CONTROLS, EVOLUTION
from qsession_core.gates.words import GATES, controlled, gate_named
from qsession_qiskit.ionq.gates import NATIVE_GATES

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from qiskit.circuit import Operation

    Word = tuple[str, tuple[Any, ...]]
    Step = tuple[str, tuple[int, ...], tuple[Any, ...]]

__all__ = ["definition", "is_standard", "steps"]

_FEW_CONTROLS = 2
_MOST_CONTROLS = 7  # what IonQ takes; Qiskit's own definitions are shorter than ours beyond
_STANDARD: dict[str, type] = {name: each.base_class for name, each in get_standard_gate_name_mapping().items()}
# Standard gates that are words by another name
_SYNONYMS: dict[str, Callable[..., Word]] = {
    "u1": lambda lam: ("p", (lam,)),
    "u2": lambda phi, lam: ("u", (math.pi / 2, phi, lam)),
    "u3": lambda theta, phi, lam: ("u", (theta, phi, lam)),
    "r": lambda theta, phi: ("u", (theta, phi - math.pi / 2, math.pi / 2 - phi)),
    "cu1": lambda lam: ("cp", (lam,)),
    "cu3": lambda theta, phi, lam: ("ctrl(1) @ u", (theta, phi, lam)),
    "mcx": lambda: ("ctrl(3) @ x", ()),
    "c3sx": lambda: ("ctrl(3) @ sx", ()),
}


def steps(operation: Operation, keep: AbstractSet[str]) -> list[Step] | None:
    """Return an operation in gate words, on qubits counted from 0 within it; None where its definition is needed.

    Args:
        operation: Any unitary operation.
        keep: Which large operations stay one word.
    """
    if isinstance(operation, PauliEvolutionGate):
        return _pauli_evolution(operation) if EVOLUTION in keep else None
    if not isinstance(operation, Gate):
        return None
    if operation.name == "global_phase":
        return []
    word, opened = _word(operation), list[int]()
    if word is None and isinstance(operation, ControlledGate):
        word = _controlled_word(operation)
        opened = [place for place in range(operation.num_ctrl_qubits) if not operation.ctrl_state >> place & 1]
    if word is None or not _is_kept(word[0], keep):
        return None
    flips: list[Step] = [("x", (place,), ()) for place in opened]
    name, params = word
    return [*flips, (name, tuple(range(gate_named(name).num_qubits)), params), *flips]


def is_standard(operation: Operation) -> bool:
    """Return whether an operation is the standard gate that its name says."""
    kind = _STANDARD.get(operation.name)
    return kind is not None and getattr(operation, "base_class", None) is kind


def _word(operation: Gate) -> Word | None:
    """Return the word of a standard or native gate."""
    name = operation.name
    if is_standard(operation):
        if name in GATES:
            return name, tuple(operation.params)
        return _SYNONYMS[name](*operation.params) if name in _SYNONYMS else None
    return (name, tuple(operation.params)) if name in NATIVE_GATES and _is_native(operation) else None


def _is_native(operation: Gate) -> bool:
    """Return whether a gate is what its name says, IonQ's: ours, or one of another package with the same matrix."""
    ours = NATIVE_GATES[operation.name]
    if type(operation) is ours:
        return True
    if not hasattr(operation, "__array__") or any(getattr(each, "parameters", None) for each in operation.params):
        return False
    try:
        expected = ours(*operation.params).to_matrix()
    except TypeError:  # another number of angles
        return False
    return expected.shape == operation.__array__().shape and bool(np.allclose(expected, operation.__array__()))


def _controlled_word(operation: ControlledGate) -> Word | None:
    """Return the word of a gate under controls, all of them taken to be closed."""
    inner = operation.base_gate
    if inner.name == "global_phase":  # a phase under n controls is a phase gate under n - 1
        return controlled("p", operation.num_ctrl_qubits - 1), tuple(inner.params)
    word = _word(inner)
    if word is None:
        return None
    try:
        name = controlled(word[0], operation.num_ctrl_qubits)
        found = gate_named(name)
    except KeyError:  # nothing says how to write that gate under so many controls
        return None
    # some are more than a gate under controls: a controlled CU has one more angle, an MCMT several targets
    is_all = (found.num_params, found.num_qubits) == (len(word[1]), operation.num_qubits)
    return (name, word[1]) if is_all else None


def _is_kept(name: str, keep: AbstractSet[str]) -> bool:
    if not name.startswith("ctrl("):
        return True
    controls = int(name[len("ctrl(") : name.index(")")])
    return controls <= _FEW_CONTROLS or (CONTROLS in keep and controls <= _MOST_CONTROLS)


def _pauli_evolution(operation: PauliEvolutionGate) -> list[Step] | None:
    """Return exp(-i time H) as one word, where its coefficients are plain real numbers."""
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
        if set(label) != {"I"}  # only a global phase
    ]
    if not pairs:
        return []
    terms, coefficients = zip(*pairs, strict=True)
    return [(EVOLUTION, tuple(range(operation.num_qubits)), (terms, coefficients, operation.time))]


def definition(operation: Operation) -> QuantumCircuit:
    """Return a circuit equal to an operation, on as many bits, in smaller operations.

    Raises:
        ConversionError: There is none.
    """
    if isinstance(operation, AnnotatedOperation):
        plain = _without_modifiers(operation)
        if plain is not None:
            return _alone(plain)
    body = getattr(operation, "definition", None)
    if isinstance(body, QuantumCircuit):
        return body
    return _synthesised(operation)


def _alone(operation: Operation) -> QuantumCircuit:
    circuit = QuantumCircuit(operation.num_qubits, operation.num_clbits)
    circuit.append(operation, circuit.qubits, circuit.clbits)
    return circuit


def _without_modifiers(operation: AnnotatedOperation) -> Gate | None:
    """Apply the modifiers to the gate; None where the operation below is none."""
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
    """Let Qiskit find a circuit for what has no definition: permutations, Clifford operators, bare matrices."""
    try:
        circuit = HighLevelSynthesis(basis_gates=sorted(GATES), qubits_initially_zero=False)(_alone(operation))
    except TranspilerError as error:
        raise ConversionError(f"it has no definition ({error.message}): give it one, or decompose it") from error
    if not any(instruction.name == operation.name for instruction in circuit.data):
        return circuit
    if hasattr(operation, "__array__"):
        return _alone(UnitaryGate(operation.__array__()))
    raise ConversionError("it has no definition: give it one, or decompose it before")
