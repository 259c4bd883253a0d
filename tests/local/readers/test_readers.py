"""The readers of the wire formats: what a payload means."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsession_core.local.readers.angles import angle
from qsession_core.local.readers.circuit import Circuit, JobFailure, Program
from qsession_core.local.readers.ionq import read_ionq
from qsession_core.local.readers.openqasm2 import read_openqasm
from qsession_core.local.readers.qir.reader import read_qir
from qsession_core.local.readers.quil import read_quil
from qsession_core.local.simulators.noise import Noise
from qsession_core.local.simulators.statevector import NumpyEngine
from tests.support.judge import distance as gap
from tests.support.judge import unitary
from tests.support.recordings import RECORDINGS
from tests.support.simulator_circuits import distance, frequencies, random_circuit, statevector_probabilities

QUIET = Noise()


def recorded_inputs():
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings of the real service are not at hand")
    for path in sorted(RECORDINGS.glob("*.json")):
        conversation = json.loads(path.read_text())
        format_of = {}
        for call in conversation:
            url = call["request"]["url"]
            if call["request"]["method"] == "PUT" and "/jobs/" in url:
                format_of.setdefault(path.stem, call["request"]["body"]["json"]["inputDataFormat"])
        for call in conversation:
            request = call["request"]
            if request["method"] == "PUT" and "/inputData?" in request["url"]:
                body = request["body"]
                text = body["text"] if "text" in body else json.dumps(body["json"])
                yield path.stem, format_of.get(path.stem), text.encode()


def test_every_recorded_input_is_read():
    readers = {"qir.v1": read_qir, "ionq.circuit.v1": read_ionq, "honeywell.openqasm.v1": read_openqasm,
               "rigetti.quil.v1": read_quil}  # fmt: skip
    seen = set()
    for name, input_format, payload in recorded_inputs():
        if input_format in readers:
            circuit = readers[input_format](payload)
            assert isinstance(circuit, Circuit), name
            assert circuit.operations, name
            seen.add(input_format)
    assert seen == set(readers)


def test_the_recorded_endianness_program_has_its_recorded_result():
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings of the real service are not at hand")
    payload = next(body for name, _, body in recorded_inputs() if name == "qiskit_endianness_submit_to_rigetti")
    circuit = read_qir(payload)
    shots = NumpyEngine().sample(circuit, 3, 0, QUIET)
    from qsession_core.local.execution.results import outcome_tree, v2_json

    result = json.loads(v2_json(shots, outcome_tree(circuit.output, circuit.num_results)))["Results"][0]
    assert result["Histogram"] == [
        {"Outcome": {"Item1": [0, 0, 0], "Item2": [0, 0, 0], "Item3": [0, 0, 1]},
         "Display": "([0, 0, 0], [0, 0, 0], [0, 0, 1])", "Count": 3}
    ]  # fmt: skip


# --- IonQ ---


def ionq(circuit, **members):
    return read_ionq(json.dumps({"qubits": 3, "circuit": circuit, **members}).encode())


def test_singular_and_plural_keys_mean_the_same():
    one = ionq([{"gate": "cnot", "control": 0, "target": 1}, {"gate": "h", "target": 2}])
    other = ionq([{"gate": "cnot", "controls": [0], "targets": [1]}, {"gate": "h", "targets": [2]}])
    assert one == other
    assert one.operations[0] == ("cx", (0, 1), ())


def test_qis_gates_are_read():
    circuit = ionq([
        {"gate": "v", "targets": [0]}, {"gate": "si", "targets": [0]}, {"gate": "z", "targets": [1], "rotation": 0.5},
        {"gate": "x", "targets": [2], "controls": [0, 1]}, {"gate": "zz", "targets": [0, 1], "rotation": 0.25},
        {"gate": "rx", "target": 1, "control": 0, "rotation": 1.5}, {"gate": "not", "target": 0},
    ])  # fmt: skip
    assert circuit.operations[:7] == [
        ("sx", (0,), ()), ("sdg", (0,), ()), ("p", (1,), (0.5,)), ("ccx", (0, 1, 2), ()), ("rzz", (0, 1), (0.25,)),
        ("crx", (0, 1), (1.5,)), ("x", (0,), ()),
    ]  # fmt: skip


def test_native_gates_are_read_with_their_angles_in_turns():
    circuit = ionq(
        [{"gate": "gpi", "target": 0, "phase": 0.25}, {"gate": "ms", "targets": [0, 1], "phases": [0, 0.5]},
         {"gate": "zz", "targets": [0, 1], "phase": 0.1}, {"gate": "zz", "targets": [0, 1], "angle": 0.2}],
        gateset="native",
    )  # fmt: skip
    assert circuit.operations[:4] == [
        ("gpi", (0,), (0.25,)), ("ms", (0, 1), (0, 0.5, 0.25)), ("zz", (0, 1), (0.1,)), ("zz", (0, 1), (0.2,)),
    ]  # fmt: skip


def test_pauliexp_is_the_exponential_of_its_sum():
    from qiskit.quantum_info import SparsePauliOp
    from scipy.linalg import expm

    circuit = ionq([
        {"gate": "h", "target": 0}, {"gate": "h", "target": 2},
        {"gate": "pauliexp", "targets": [2, 0], "terms": ["XZ", "YY"], "coefficients": [0.7, -0.4], "time": 0.9},
    ])  # fmt: skip
    matrix = circuit.operations[2][2][0]
    # the last letter acts on targets[0]; Qiskit's first letter is its highest qubit as well
    expected = expm(-0.9j * SparsePauliOp(["XZ", "YY"], [0.7, -0.4]).to_matrix())
    assert np.allclose(matrix, expected)
    assert circuit.operations[2][1] == (0, 2)


@pytest.mark.parametrize(
    ("gate", "problem"),
    [
        ({"gate": "warp", "target": 0}, "not in the gate set"),
        ({"gate": "gpi", "target": 0, "phase": 0.1}, "not in the gate set"),
        ({"gate": "x"}, "not distinct"),
        ({"gate": "x", "target": 1, "control": 1}, "not distinct"),
        ({"gate": "x", "target": 7}, "uses qubit 7"),
        ({"gate": "x", "target": -1}, "not distinct"),
        ({"gate": "rx", "target": 0}, "needs an angle"),
        ({"gate": "swap", "targets": [0]}, "two targets"),
        ({"gate": "x", "target": "0"}, "not a circuit"),
        ({"gate": "x", "targets": [0], "controls": list(range(1, 9))}, "more than 7"),
        ({"gate": "pauliexp", "targets": [0], "terms": ["XX"], "coefficients": [1], "time": 1}, "one letter"),
    ],
)
def test_ionq_gates_that_mean_nothing_fail_with_a_sentence(gate, problem):
    with pytest.raises(JobFailure, match=problem):
        ionq([gate], qubits=9 if "controls" in gate else 3)


# --- OpenQASM and Quil ---


def test_openqasm_of_qiskit_means_what_qiskit_means():
    from qiskit import qasm2, transpile
    from qiskit.circuit.random import random_circuit as qiskit_random
    from qiskit.quantum_info import Statevector

    basis = ["u3", "u2", "u1", "cx", "rx", "ry", "rz", "cz", "h", "sdg", "t", "cu1", "cu3", "rzz", "ccx", "swap"]
    for seed in range(12):
        made = transpile(qiskit_random(4, 5, max_operands=3, seed=seed), basis_gates=basis, optimization_level=0)
        expected = Statevector(made).probabilities()
        made.measure_all()
        circuit = read_openqasm(qasm2.dumps(made).encode())
        assert distance(frequencies(NumpyEngine().sample(circuit, 4000, 1, QUIET)), expected) < 0.07


def test_openqasm_definitions_broadcasts_and_registers_are_read():
    circuit = read_openqasm(b"""OPENQASM 2.0; include "qelib1.inc"; // a comment
      gate turn(t) a, b { rx(t/2) a; cx a,b; barrier a; rx(-t/2) a; }
      qreg q[2]; qreg r[1]; creg c[2]; creg d[1];
      h q; turn(pi/2) q[0], r[0]; barrier q; measure q -> c; measure r[0] -> d[0];""")
    assert circuit.operations == [
        ("h", (0,), ()), ("h", (1,), ()), ("rx", (0,), (np.pi / 4,)), ("cx", (0, 2), ()), ("rx", (0,), (-np.pi / 4,)),
        ("measure", (0, 0), ()), ("measure", (1, 1), ()), ("measure", (2, 2), ()),
    ]  # fmt: skip
    assert circuit.registers == {"c": (0, 1), "d": (2,)}


def test_openqasm_conditions_follow_the_register():
    program = read_openqasm(b"""OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; creg d[1];
      h q[0]; measure q[0] -> c[1]; if (c==2) x q[1]; measure q[1] -> d[0];""")
    assert isinstance(program, Program)
    bits = np.concatenate([leaf.bits for leaf in NumpyEngine().run(program, 200, 1, QUIET)])
    assert np.array_equal(bits[:, 1], bits[:, 2])
    assert 50 < bits[:, 1].sum() < 150


def of_qiskit(text):
    """Return the probabilities of a program without measurements, as Qiskit reads it; bit i of an index is qubit i."""
    from qiskit import qasm2
    from qiskit.quantum_info import Statevector

    return Statevector(qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)).probabilities()


def test_every_gate_of_qiskits_library_is_read():
    from qiskit import qasm2

    for instruction in qasm2.LEGACY_CUSTOM_INSTRUCTIONS:
        if instruction.name in {"u0", "delay"}:
            continue
        width = instruction.num_qubits
        angles = ", ".join(str(0.3 + 0.2 * place) for place in range(instruction.num_params))
        qubits = ", ".join(f"q[{qubit}]" for qubit in range(width))
        turns = [f"ry({0.4 + 0.3 * qubit}) q[{qubit}]; rz(0.3) q[{qubit}];" for qubit in range(width)]
        applied = f"{instruction.name}{f'({angles})' if angles else ''} {qubits};"
        text = f'OPENQASM 2.0; include "qelib1.inc"; qreg q[{width}]; {" ".join(turns)} {applied} h q;'
        circuit = read_openqasm(f"{text} creg c[{width}]; measure q -> c;".encode())
        keys, weights, _ = NumpyEngine().probabilities(circuit)
        found = np.zeros(2**width)
        found[keys] = weights
        assert np.allclose(found, of_qiskit(text), atol=1e-9), instruction.name


def test_openqasm_definitions_expand_in_a_number_of_steps_that_is_known_before():
    chain = "".join(f"gate g{level + 1}(t) a {{ g{level}(t/2) a; }} " for level in range(300))
    head = 'OPENQASM 2.0; include "qelib1.inc"; gate g0(t) a { rx(t) a; } '
    circuit = read_openqasm(f"{head}{chain}qreg q[1]; g300(1.0) q[0];".encode())
    assert circuit.operations == [("rx", (0,), (2.0**-300,))]
    double = "".join(f"gate g{level + 1}(t) a {{ g{level}(t) a; g{level}(t) a; }} " for level in range(300))
    with pytest.raises(JobFailure, match="expands to more than"):
        read_openqasm(f"{head}{double}qreg q[1]; g300(1.0) q[0];".encode())
    with pytest.raises(JobFailure, match="opaque"):
        read_openqasm(b"OPENQASM 2.0; opaque magic(t) a; qreg q[1]; magic(1) q[0];")
    assert read_openqasm(b"OPENQASM 2.0; opaque magic(t) a; qreg q[1]; x q[0];").operations == [("x", (0,), ())]


def bits_of(text, shots=20):
    """Return the only row of bits of a program."""
    program = read_openqasm(f'OPENQASM 2.0; include "hqslib1.inc"; qreg q[3]; creg c[3]; creg d[2]; {text}'.encode())
    if isinstance(program, Circuit):
        rows = NumpyEngine().sample(program, shots, 1, QUIET)
    else:
        rows = np.concatenate([leaf.bits for leaf in NumpyEngine().run(program, shots, 1, QUIET)])
    (row,) = {tuple(row.tolist()) for row in rows}
    return row


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("c[0] = 1; c[1] = c[0];", (1, 1, 0, 0, 0)),
        ("x q[0]; measure q[0] -> c[0]; c[2] = (c[0] ^ c[1]);", (1, 0, 1, 0, 0)),
        ("c = 5; d = c;", (1, 0, 1, 1, 0)),
        ("c = 5; d = c >> 1;", (1, 0, 1, 0, 1)),
        ("c = 3; d = ~c;", (1, 1, 0, 0, 0)),
        ("d = 3; c = (d + 2);", (1, 0, 1, 1, 1)),
        ("c = 6; if(c>=6) d[1] = 1;", (0, 1, 1, 0, 1)),
        ("c = 6; if(c<6) d[1] = 1;", (0, 1, 1, 0, 0)),
        ("c[1] = 1; if(c[1]==1) x q[0]; measure q[0] -> d[0];", (0, 1, 0, 1, 0)),
        ("c[1] = 1; if(c!=2) x q[0]; if (c == 2) measure q[0] -> d[0];", (0, 1, 0, 0, 0)),
        ("U1q(pi,0) q[0]; measure q[0] -> c[0];", (1, 0, 0, 0, 0)),
        ("h q[0]; ZZ q[0],q[1]; RZZ(-pi/2) q[0],q[1]; Rxxyyzz(0,0,0) q[0],q[1]; h q[0]; measure q -> c;", (0,) * 5),
        ("if(c[0]==0) c[0] = 1; if(c[0]==0) c[1] = 1;", (1, 0, 0, 0, 0)),
    ],
)
def test_quantinuums_classical_statements_are_carried_out(text, bits):
    assert bits_of(text) == bits


@pytest.mark.parametrize(
    "text", ["c[3] = 1;", "e = 1;", "c = 1.5;", "c = f(1);", "c = c[9];", "if(c==1 x q[0];", "c = 1 if c else 2;"]
)
def test_classical_statements_that_mean_nothing_fail(text):
    with pytest.raises(JobFailure):
        bits_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "qreg q[1];", "OPENQASM 2.0; qreg q[1]; warp q[0];", "OPENQASM 2.0; qreg q[1]; x q[1];",
        "OPENQASM 2.0; qreg q[2]; cx q[0], q[0];", "OPENQASM 2.0; qreg q[1]; rx(import) q[0];",
        "OPENQASM 2.0; gate f a { f a; } qreg q[1]; f q[0];", "OPENQASM 2.0; qreg q[1]; creg c[2]; measure q -> c;",
        "OPENQASM 2.0; qreg q[99999999];", "OPENQASM 2.0; qreg q[1]; rx(9**9**9**9) q[0];",
    ],
)  # fmt: skip
def test_openqasm_that_means_nothing_fails(text):
    with pytest.raises(JobFailure):
        read_openqasm(text.encode())


def test_two_gates_are_other_ones_in_quantinuums_library():
    def turned(library, text):
        head = f'OPENQASM 2.0; include "{library}"; qreg q[4]; id q[0]; id q[1]; id q[2]; id q[3]; '
        return unitary(4, read_openqasm((head + text).encode()).operations)

    cu3, root = "cu3(0.3,0.4,0.5) q[0],q[1]; ", "c3sqrtx q[0],q[1],q[2],q[3]; "
    without_phase = turned("hqslib1.inc", cu3 + "u1(0.45) q[0];")
    assert gap(without_phase, turned("qelib1.inc", cu3)) < 1e-9
    assert gap(turned("hqslib1.inc", root + root), turned("qelib1.inc", root + root)) < 1e-9
    inverse = turned("hqslib1.inc", root) @ turned("qelib1.inc", root)
    assert gap(inverse, np.eye(16)) < 1e-9


@pytest.mark.parametrize("library", ["qelib1.inc", "hqslib1.inc"])
@pytest.mark.parametrize(
    "text", ["U1q(0.3,0.4) q[0]", "Rxxyyzz(0.1,0.2,0.3) q[0],q[1]", "ZZ q[0],q[1]", "cu3(1,2,3) q[0],q[1]", "c3sqrtx q"]
)
def test_a_gate_of_a_library_that_machines_have_is_one_gate_and_errs_once(library, text):
    text = text.replace(" q", " q[0],q[1],q[2],q[3]") if text.endswith(" q") else text
    program = read_openqasm(f'OPENQASM 2.0; include "{library}"; qreg q[4]; {text};'.encode())
    assert len(program.operations) == 1


@pytest.mark.parametrize("text", ["__import__('os')", "().__class__", "pi.real", "x", "1/0", "", "(", "10**400"])
def test_angles_are_arithmetic_and_nothing_else(text):
    with pytest.raises(JobFailure):
        angle(text)


def test_random_circuits_through_ionq_json_keep_their_distribution():
    rng = np.random.default_rng(8)
    same = ("x", "y", "z", "h", "s", "t", "rx", "ry", "rz", "swap")
    names = {"sdg": "si", "tdg": "ti", "sx": "v", "sxdg": "vi", "p": "z", "rxx": "xx", "ryy": "yy", "rzz": "zz"}
    names.update({name: name for name in same})
    for _ in range(10):
        circuit = random_circuit(rng, 4, 25, list(names))
        gates = []
        for name, qubits, params in circuit.operations:
            if name != "measure":
                gates.append(
                    {"gate": names[name], "targets": list(qubits), **({"rotation": params[0]} if params else {})}
                )
        read = read_ionq(json.dumps({"qubits": 4, "circuit": gates}).encode())
        keys, weights, qubits = NumpyEngine().probabilities(read)
        found = np.zeros(16)
        for key, weight in zip(keys.tolist(), weights, strict=True):
            found[sum(1 << qubit for bit, qubit in enumerate(qubits) if key >> bit & 1)] = weight
        assert np.allclose(found, statevector_probabilities(circuit), atol=1e-10)


@given(st.binary(max_size=200))
@settings(max_examples=150)
def test_no_bytes_break_a_reader(payload):
    for reader in (read_qir, read_ionq, read_openqasm, read_quil):
        try:
            reader(payload)
        except JobFailure:
            continue
