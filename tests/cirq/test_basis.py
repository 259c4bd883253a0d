"""Gatesets, held against Cirq's own optimizer and matrices."""

from __future__ import annotations

import cirq
import pytest

from qsession_cirq.basis import IonQNativeGateset, TargetGateset
from qsession_cirq.conversion.convert import to_program
from qsession_cirq.native import GPI, GPI2, MS, ZZ

GATESETS = [TargetGateset(), TargetGateset(resets=False), IonQNativeGateset(), IonQNativeGateset(zz=True)]


@pytest.mark.parametrize("gateset", GATESETS, ids=repr)
@pytest.mark.parametrize("seed", range(6))
def test_cirqs_optimizer_reaches_every_gateset_without_changing_the_circuit(gateset, seed):
    qubits = cirq.LineQubit.range(3)
    circuit = cirq.testing.random_circuit(qubits, n_moments=6, op_density=0.8, random_state=seed)
    circuit.append(cirq.MatrixGate(cirq.testing.random_unitary(4, random_state=seed)).on(*qubits[:2]))
    circuit.append([cirq.X(qubits[0]), cirq.CSWAP(*qubits)])
    optimized = cirq.optimize_for_target_gateset(circuit, gateset=gateset)
    assert gateset.validate(optimized)
    cirq.testing.assert_allclose_up_to_global_phase(
        optimized.unitary(qubit_order=qubits), circuit.unitary(qubit_order=qubits), atol=1e-6
    )


@pytest.mark.parametrize("zz", [False, True])
def test_a_native_circuit_converts_into_native_words_only(zz):
    a, b = cirq.LineQubit.range(2)
    circuit = cirq.Circuit(cirq.H(a), cirq.CNOT(a, b), cirq.T(b), cirq.measure(a, b, key="m"))
    native = cirq.optimize_for_target_gateset(circuit, gateset=IonQNativeGateset(zz=zz))
    assert to_program(native).words == {"gpi", "gpi2", "zz" if zz else "ms", "measure"}


def test_ms_gates_stay_within_a_quarter_turn():
    for seed in range(5):
        gate = cirq.MatrixGate(cirq.testing.random_unitary(4, random_state=seed))
        circuit = cirq.Circuit(gate.on(*cirq.LineQubit.range(2)))
        native = cirq.optimize_for_target_gateset(circuit, gateset=IonQNativeGateset())
        angles = [op.gate.angle for op in native.all_operations() if isinstance(op.gate, MS)]
        assert all(0 <= angle <= 0.25 + 1e-9 for angle in angles)


def test_native_gates_are_values_with_inverses():
    assert GPI(0.1) == GPI(0.1) != GPI(0.2)
    assert len({GPI2(0.3), GPI2(0.3)}) == 1
    for gate in (GPI(0.1), GPI2(0.3), MS(0.1, 0.2, 0.3), ZZ(0.1)):
        qubits = cirq.LineQubit.range(cirq.num_qubits(gate))
        product = cirq.unitary(cirq.Circuit(gate.on(*qubits), (gate**-1).on(*qubits)))
        cirq.testing.assert_allclose_up_to_global_phase(
            product, cirq.unitary(cirq.IdentityGate(len(qubits))), atol=1e-9
        )
        assert eval(repr(gate), {"qsession_cirq": __import__("qsession_cirq.native").native}) == gate  # noqa: S307
