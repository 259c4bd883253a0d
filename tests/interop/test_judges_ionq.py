"""IonQ JSON before judges that are not ours: what cirq-ionq and azure-quantum write for a circuit means the same."""

from __future__ import annotations

import json
import random
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from qsession_core.formats import JobFacts, decode
from qsession_core.formats.ionq import IonQCircuit
from qsession_core.formats.qir.module import Qir
from qsession_core.gates.words import gate_named
from qsession_core.local.readers.ionq import read_ionq
from qsession_core.program import Program, Register
from tests.support import judge, payload_judge, random_programs

SEEDS = range(300)

# their client warns on import
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def unitary_of(document, num_qubits):
    """Return what a circuit in IonQ's JSON does, as the local workspace's reader understands it."""
    steps = [step for step in read_ionq(json.dumps(document).encode()).operations if step[0] != "measure"]
    return judge.unitary(num_qubits, steps)


def ours(program):
    return json.loads(IonQCircuit().encode(program).data)


# --- azure-quantum's emitter (qiskit-ionq's) -------------------------------------------------------------------------

QISKIT_WORDS = (
    "ccx", "ch", "crx", "cry", "crz", "csx", "cx", "cy", "cz", "h", "id", "rx", "rxx", "ry", "ryy", "rz", "rzz", "s",
    "sdg", "swap", "sx", "sxdg", "t", "tdg", "x", "y", "z", "p",
)  # fmt: skip


def as_qiskit(program):
    from qiskit import QuantumCircuit
    from qiskit.circuit.library import get_standard_gate_name_mapping

    classes = get_standard_gate_name_mapping()
    circuit = QuantumCircuit(program.num_qubits, program.num_clbits)
    for name, qubits, params in program.body:
        if name == "measure":
            circuit.measure(qubits[0], params[0])
        elif name == "barrier":
            circuit.barrier(*qubits)
        else:
            kind = classes[name]
            circuit.append(type(kind)(*params), qubits)
    return circuit


def test_azure_quantums_json_of_a_qiskit_circuit_means_what_ours_does():
    from azure.quantum.qiskit.backends._qiskit_ionq import qiskit_circ_to_ionq_circ as emit

    for seed in SEEDS:
        program = random_programs.terminal(seed, words=QISKIT_WORDS, most_controls=0)

        theirs, _, readout = emit(as_qiskit(program))

        their_document = {"gateset": "qis", "qubits": program.num_qubits, "circuit": theirs}
        found = unitary_of(ours(program), program.num_qubits)
        assert judge.distance(found, unitary_of(their_document, program.num_qubits)) < 1e-12, seed
        assert json.loads(IonQCircuit().encode(program).metadata["meas_map"]) == readout


def test_azure_quantums_json_of_native_gates_is_ours_to_the_letter():
    from azure.quantum.qiskit.backends._qiskit_ionq import qiskit_circ_to_ionq_circ as emit
    from qiskit import QuantumCircuit
    from qiskit.circuit import Gate

    for seed in SEEDS:
        program = random_programs.terminal(seed, words=random_programs.NATIVE, most_controls=0)
        circuit = QuantumCircuit(program.num_qubits, program.num_clbits)
        for name, qubits, params in program.body:
            if name == "measure":
                circuit.measure(qubits[0], params[0])
            elif name != "barrier":
                circuit.append(Gate(name, len(qubits), list(params)), qubits)

        theirs, _, _ = emit(circuit, gateset="native")

        assert json.loads(IonQCircuit("native").encode(program).data)["circuit"] == json.loads(json.dumps(theirs))


# --- cirq-ionq's emitter ---------------------------------------------------------------------------------------------


def cirq_operations(draw, qubits):
    import cirq

    one = draw.choice(
        [cirq.X, cirq.Y, cirq.Z, cirq.H, cirq.S, cirq.T, cirq.X**0.5, cirq.X**-0.5, cirq.S**-1, cirq.T**-1]
        + [axis ** draw.uniform(-3, 3) for axis in (cirq.X, cirq.Y, cirq.Z)]
    )
    two = draw.choice([cirq.CNOT, cirq.SWAP] + [axis ** draw.uniform(-3, 3) for axis in (cirq.XX, cirq.YY, cirq.ZZ)])
    if len(qubits) > 1 and draw.random() < 0.4:
        return two(*draw.sample(qubits, 2))
    return one(draw.choice(qubits))


def test_cirq_ionqs_json_of_a_circuit_means_what_ours_does():
    import cirq
    from cirq_ionq import Serializer

    from qsession_cirq.conversion.convert import to_program

    serializer = Serializer()

    for seed in SEEDS:
        draw = random.Random(seed)
        qubits = cirq.LineQubit.range(draw.randint(1, 5))
        circuit = cirq.Circuit(cirq_operations(draw, qubits) for _ in range(draw.randint(1, 15)))
        circuit.append(cirq.I(qubit) for qubit in qubits)  # so that all are in both circuits
        whole = cirq.Circuit(circuit, cirq.measure(*qubits, key="m"))
        without = cirq.Circuit(
            operation for operation in circuit.all_operations() if not isinstance(operation.gate, cirq.IdentityGate)
        )
        without.append(cirq.measure(*qubits, key="m"))

        theirs = serializer.serialize_single_circuit(without).body

        found = unitary_of(ours(to_program(whole)), len(qubits))
        their_document = {**theirs, "qubits": len(qubits)}
        assert judge.distance(found, unitary_of(their_document, len(qubits))) < 1e-7, seed  # theirs rounds exponents
        assert judge.distance(found, circuit.unitary(qubit_order=qubits)) < 1e-9, seed


# --- simulators of the SDKs ------------------------------------------------------------------------------------------


def test_qiskits_statevector_has_the_distribution_of_what_we_write():
    from qiskit.quantum_info import Statevector

    words = [word for word in QISKIT_WORDS if word != "measure"]
    for seed in SEEDS:
        program = random_programs.terminal(seed, words=words, most_controls=0)
        readout = program.readout
        circuit = as_qiskit(program).remove_final_measurements(inplace=False)
        circuit.data = [item for item in circuit.data if item.operation.name not in {"measure", "barrier"}]
        wanted = Counter()
        for key, chance in Statevector(circuit).probabilities_dict().items():
            bits = key[::-1]
            wanted["".join("0" if qubit is None else bits[qubit] for qubit in readout)] += chance

        for payload in (IonQCircuit().encode(program), Qir("quantinuum").encode(program)):
            assert judge.gap(wanted, payload_judge.distribution(payload)) < 1e-10, seed


def test_cirqs_simulator_has_the_distribution_of_what_we_write():
    import cirq

    for seed in range(100):
        program = random_programs.terminal(seed, most_controls=1)
        qubits = cirq.LineQubit.range(program.num_qubits)
        circuit = cirq.Circuit(cirq.I(qubit) for qubit in qubits)
        for name, places, params in program.body:
            if name not in {"measure", "barrier"}:
                circuit.append(cirq.MatrixGate(gate_named(name).matrix(*params))(*(qubits[place] for place in places)))
        state = cirq.Simulator(dtype=np.complex128).simulate(circuit).final_state_vector
        wanted = Counter()
        for number, chance in enumerate(np.abs(state) ** 2):
            bits = format(number, f"0{program.num_qubits}b")
            wanted["".join("0" if qubit is None else bits[qubit] for qubit in program.readout)] += chance

        for payload in (IonQCircuit().encode(program), Qir().encode(program)):
            assert judge.gap(wanted, payload_judge.distribution(payload)) < 1e-6, seed


# --- azure-quantum's reader ------------------------------------------------------------------------------------------


def their_reader(payload, data, metadata, shots):
    """Return azure-quantum's Qiskit job over a result, without a service."""
    from azure.quantum import Job
    from azure.quantum.qiskit.job import AzureQuantumJob

    details = SimpleNamespace(
        status="Succeeded", output_data_format=payload.output_data_format, metadata=dict(metadata),
        input_params={**payload.input_params, "shots": shots}, output_data_uri="x", id="job-1",
    )  # fmt: skip
    job = Job.__new__(Job)
    job.details, job.results = details, None
    job.download_data = lambda _: data
    job.has_completed = lambda: True
    job.refresh = lambda: None
    qiskit_job = AzureQuantumJob.__new__(AzureQuantumJob)
    qiskit_job._azure_job = job
    hardware = SimpleNamespace(configuration=lambda: SimpleNamespace(simulator=False), options={"shots": shots})
    qiskit_job.backend = lambda: hardware
    qiskit_job.id = lambda: "job-1"
    return qiskit_job


def official(counts):
    """Return counts by our keys, last classical bit first and without blanks."""
    return {"".join(reversed(key)): int(count) for key, count in counts.items()}


def test_azure_quantums_reader_sees_the_counts_of_our_qir_jobs():
    for seed in SEEDS:
        draw = random.Random(seed)
        sizes = [draw.randint(1, 3) for _ in range(draw.randint(1, 3))]
        starts = np.cumsum([0, *sizes]).tolist()
        registers = [Register(f"r{n}", tuple(range(starts[n], starts[n + 1]))) for n in range(len(sizes))]
        steps = [("measure", (bit,), (bit,)) for bit in range(starts[-1])]
        payload = Qir().encode(Program.of(starts[-1], starts[-1], steps, registers=registers))
        recorded = [[draw.randint(0, 1) for _ in range(starts[-1])] for _ in range(20)]
        data = v2(recorded, sizes)
        metadata = {**payload.metadata, "qiskit": "True", "num_qubits": str(starts[-1])}

        ((_, theirs),) = their_reader(payload, data, metadata, 20)._translate_microsoft_v2_results()
        (result,) = decode(payload.output_data_format, data, JobFacts("job-1", "", 20, payload.metadata))

        assert {key.replace(" ", ""): count for key, count in theirs["counts"].items()} == official(result.counts)
        assert [key.replace(" ", "") for key in theirs["memory"]] == [key[::-1] for key in result.memory()]


def v2(recorded, sizes):
    """Write shots, first recorded bit first, as the service does for registers of these sizes, the last first."""
    shots = []
    for bits in recorded:
        rest, groups = list(bits), []
        for size in reversed(sizes):
            groups.append(rest[:size])
            rest = rest[size:]
        shots.append(groups[0] if len(groups) == 1 else {f"Item{n}": group for n, group in enumerate(groups, 1)})
    counts = Counter(json.dumps(shot) for shot in shots)
    histogram = []
    for text, count in counts.items():
        outcome = json.loads(text)
        groups = outcome.values() if isinstance(outcome, dict) else [outcome]
        display = ", ".join(str(group) for group in groups)
        histogram.append(
            {"Outcome": outcome, "Display": f"({display})" if isinstance(outcome, dict) else display, "Count": count}
        )
    results = [{"Histogram": histogram, "Shots": shots}]
    return json.dumps({"DataFormat": "microsoft.quantum-results.v2", "Results": results}).encode()


def test_azure_quantums_reader_sees_the_counts_of_our_json_jobs():
    for seed in SEEDS:
        draw = random.Random(seed)
        num_qubits = draw.randint(1, 5)
        readout = [draw.randrange(num_qubits) for _ in range(draw.randint(1, 4))]
        steps = [("measure", (qubit,), (bit,)) for bit, qubit in enumerate(readout)]
        payload = IonQCircuit().encode(Program.of(num_qubits, len(readout), steps))
        weights = [draw.randint(0, 9) for _ in range(2**num_qubits)]
        weights[draw.randrange(2**num_qubits)] += 1
        histogram = {str(key): weight / sum(weights) for key, weight in enumerate(weights) if weight}
        data = json.dumps({"histogram": histogram}).encode()
        metadata = {**payload.metadata, "qiskit": "True", "num_qubits": str(num_qubits)}

        theirs = their_reader(payload, data, metadata, sum(weights))._format_ionq_results()
        facts = JobFacts("job-1", "", sum(weights), payload.metadata)
        (result,) = decode(payload.output_data_format, data, facts)

        assert official(theirs["counts"]) == result.counts
