"""Quil: what a program means."""

import numpy as np
import pytest

from qsession_core.gates.words import GATES
from qsession_core.local.readers.circuit import Circuit, JobFailure
from qsession_core.local.readers.quil import read_quil
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine
from tests.support.judge import unitary

QUIET = Noise()


def test_quil_is_read():
    circuit = read_quil(b"DECLARE ro BIT[2]\n# a comment\nH 0\nDAGGER S 0\nCONTROLLED RX(pi/2) 0 1\nMEASURE 1 ro[0]\n")
    assert circuit.operations == [
        ("h", (0,), ()), ("sdg", (0,), ()), ("crx", (0, 1), (np.pi / 2,)), ("measure", (1, 0), ()),
    ]  # fmt: skip
    assert circuit.registers == {"ro": (0, 1)}


def quil_state(text):
    """Return the probabilities of a program's qubits; bit i of an index is qubit i."""
    circuit = read_quil(text.encode())
    measured = [("measure", (qubit, qubit), ()) for qubit in range(circuit.num_qubits)]
    circuit = Circuit(circuit.num_qubits, circuit.num_qubits, circuit.operations + measured)
    keys, weights, qubits = NumpyEngine().probabilities(circuit)
    assert qubits == list(range(circuit.num_qubits))
    found = np.zeros(2**circuit.num_qubits)
    found[keys] = weights
    return found


def test_quil_gates_are_defined_by_matrices_and_permutations():
    defined = """DEFGATE TURN(%t):
    cos(%t/2), -i*sin(%t/2)
    -1i*SIN(%t/2), cos(%t/2)

DEFGATE NEXT AS PERMUTATION:
    0, 1, 3, 2

"""
    start = "RY(0.4) 0\nRY(0.9) 1\n"
    assert np.allclose(quil_state(f"{defined}{start}TURN(0.7) 0"), quil_state(f"{start}RX(0.7) 0"))
    assert np.allclose(quil_state(f"{defined}{start}NEXT 0 1"), quil_state(f"{start}CNOT 0 1"))
    twice = quil_state(f"{defined}{start}CONTROLLED DAGGER TURN(0.7) 0 1\nCONTROLLED TURN(0.7) 0 1")
    assert np.allclose(twice, quil_state(start))


def turned(text):
    """Return the matrix of a program of gates; qubit 0 is the highest bit."""
    circuit = read_quil(text.encode())
    return unitary(circuit.num_qubits, circuit.operations)


def test_quil_gates_are_defined_by_sums_of_paulis():
    energy = "DEFGATE {}(%t) p q AS PAULI-SUM:\n    {}\n\n"
    for name, term, same in (
        ("A", "ZZ(%t/2) p q", "CNOT 0 1\nRZ(0.7) 1\nCNOT 0 1"),
        ("B", "Y(%t/2) q", "I 0\nRY(0.7) 1"),
        ("C", "X(%t/2) p\n    Z((%t)/2) q", "RX(0.7) 0\nRZ(0.7) 1"),
    ):
        assert np.allclose(turned(energy.format(name, term) + f"{name}(0.7) 0 1"), turned(same)), name


def test_the_terms_of_a_sum_need_not_commute():
    x, y, z = (GATES[word].matrix() for word in "xyz")
    values, vectors = np.linalg.eigh(np.kron(x, y) + np.kron(z, np.eye(2)))
    expected = vectors @ np.diag(np.exp(-0.4j * values)) @ vectors.conj().T
    defined = "DEFGATE D(%t) p q AS PAULI-SUM:\n    XY(%t) q p\n    Z(%t) q\n\n"
    assert np.allclose(turned(f"{defined}D(0.4) 1 0"), expected)
    assert np.allclose(turned(f"{defined}D(0.4) 1 0\nDAGGER D(0.4) 1 0"), np.eye(4))


def test_quils_forked_gates_take_their_parameters_by_a_control():
    same = "X 0\nCONTROLLED RX(0.7) 0 1\nX 0\nCONTROLLED RX(-1.1) 0 1"
    assert np.allclose(turned("FORKED RX(0.7, -1.1) 0 1"), turned(same))
    same = "X 0\nX 1\nCONTROLLED CONTROLLED RX(-0.1) 0 1 2\nX 1\nCONTROLLED CONTROLLED RX(-0.2) 0 1 2\nX 0\nX 1\n"
    same += "CONTROLLED CONTROLLED RX(-0.3) 0 1 2\nX 1\nCONTROLLED CONTROLLED RX(-0.4) 0 1 2"
    assert np.allclose(turned("DAGGER FORKED FORKED RX(0.1, 0.2, 0.3, 0.4) 0 1 2"), turned(same))


def test_quil_gates_are_defined_by_sequences_of_gates():
    text = "DEFGATE G(%t) p q AS SEQUENCE:\n    H p\n    CPHASE(%t/2) p q\n\nG(pi) 3 1\n"
    assert read_quil(text.encode()).operations == [("h", (3,), ()), ("cp", (3, 1), (np.pi / 2,))]


def test_quils_xy_turns_between_01_and_10():
    found = quil_state("X 0\nI 1\nXY(pi/3) 0 1")
    assert np.allclose(found, [0, np.cos(np.pi / 6) ** 2, np.sin(np.pi / 6) ** 2, 0])
    assert np.allclose(quil_state("H 0\nH 1\nXY(pi) 0 1\nH 0\nH 1"), quil_state("H 0\nH 1\nISWAP 0 1\nH 0\nH 1"))


def test_quil_circuits_are_called_with_qubits_and_parameters():
    text = "DEFCIRCUIT PAIR(%t) a b:\n    RX(%t/2) a\n    CNOT a b\n\nPAIR(pi) 3 1\n"
    assert read_quil(text.encode()).operations == [("rx", (3,), (np.pi / 2,)), ("cx", (3, 1), ())]
    with pytest.raises(JobFailure, match="expand"):
        read_quil(b"DEFCIRCUIT A a:\n    A a\n\nA 0\n")


def test_quil_loops_and_bits_of_memory():
    text = b"""DECLARE ro BIT[3]
        LABEL @AGAIN
        H 0
        MEASURE 0 ro[0]
        JUMP-UNLESS @AGAIN ro[0]
        MOVE ro[1] ro[0]
        XOR ro[1] 1
        NOT ro[2]
        HALT
        X 7"""
    leaves = NumpyEngine().run(read_quil(text), 50, 1, QUIET)
    assert {tuple(row.tolist()) for leaf in leaves for row in leaf.bits} == {(1, 0, 1)}


@pytest.mark.parametrize(
    "text",
    [
        "DEFGATE F:\n",
        "DEFGATE F:\n    1, 0\n    0, 2\n\nF 0",
        "DEFGATE F AS PAULI-SUM:\n    X(1) p\n\nF 0",
        "DEFGATE F p AS PAULI-SUM:\n    XY(1) p\n\nF 0",
        "DEFGATE F p AS PAULI-SUM:\n    XY(1) p p\n\nF 0",
        "DEFGATE F p AS PAULI-SUM:\n    X(i) p\n\nF 0",
        "DEFGATE F p AS PAULI-SUM:\n    X(1) p\n\nF 0 1",
        "DEFGATE F p q:\n    1, 0\n    0, 1\n\nF 0",
        "F 0",
        "RX 0",
        "XY(1) 0 0",
        "DEFCAL X 0:\n",
        "JUMP @NOWHERE",
        "LABEL @A\nLABEL @A",
        "FORKED RX(1) 0 1",
        "FORKED X 0 1",
        "FORKED RX(1, 2) 0 1 2",
        "FORKED FORKED RX(1, 2) 0 1 2",
        "MEASURE 0 ro[0]",
        "RX(theta) 0",
        "RX(i) 0",
        "ADD x 1",
        "DECLARE a BIT[2]\nDECLARE a BIT[2]",
    ],
)
def test_quil_that_means_nothing_fails(text):
    with pytest.raises(JobFailure, match="quil"):
        read_quil(f"{text}\n{'F 0' if text.startswith('DEFGATE F:') else ''}".encode())
