"""The official client's Cirq side and ours on one workspace: each reads the other's jobs, and where theirs goes wrong.

Their answer stands beside ours in every test that can run it. When one of theirs becomes right, its test fails and is
to be cut down to our half.
"""

from __future__ import annotations

import cirq
import pytest

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace

# their client warns on import and leaves sockets to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

A, B, C = cirq.LineQubit.range(3)
TWO_KEYS = cirq.Circuit(cirq.X(A), cirq.measure(C, key="c"), cirq.measure(A, B, key="ab"))
IONQ, QUANTINUUM, RIGETTI = "ionq.simulator", "quantinuum.sim.h2-1sc", "rigetti.sim.qvm"
H2 = "quantinuum.sim.h2-1e"


@pytest.fixture(scope="module")
def both():
    from azure.core.credentials import AzureKeyCredential
    from azure.quantum import Workspace as TheirWorkspace
    from azure.quantum.cirq import AzureQuantumService as TheirService
    from qdk import TargetProfile, qsharp

    from qsession_core.local import LocalWorkspace
    from qsession_core.local.http_server import Server

    qsharp.init(target_profile=TargetProfile.Base)  # their client sends QIR of the profile that was set last
    with LocalWorkspace(seed=3) as local, Server(local) as server:
        at = local.connection
        names = (at.subscription_id, at.resource_group, at.name)
        with Workspace(*names, location=at.location, credential=at.api_key, endpoint=server.endpoint) as workspace:
            theirs = TheirWorkspace(
                subscription_id=at.subscription_id,
                resource_group=at.resource_group,
                name=at.name,
                location=at.location,
                credential=AzureKeyCredential(at.api_key),
                _quantum_endpoint=server.endpoint,
            )
            yield AzureQuantumService(workspace), TheirService(theirs), theirs
            theirs.close()


def their_result(result: object) -> cirq.Result:
    """Their IonQ path gives a list, or something that is no cirq.Result yet."""
    result = result[0] if isinstance(result, list) else result
    return result.to_cirq_result() if hasattr(result, "to_cirq_result") else result


# --- each reads the other's jobs


@pytest.mark.parametrize("target", [IONQ, RIGETTI])
def test_we_read_what_their_client_sent(both, target):
    ours, theirs, _ = both
    job = ours.get_job(theirs.create_job(TWO_KEYS, 20, target=target).job_id())
    result = job.results()
    assert {key: rows[0].tolist() for key, rows in result.measurements.items()} == {"c": [0], "ab": [1, 0]}
    assert result.repetitions == 20
    assert (job.repetitions(), job.num_qubits(), job.status()) == (20, 3, "Succeeded")
    assert job.measurement_dict() == {"c": [2], "ab": [0, 1]}


@pytest.mark.parametrize("target", [IONQ, RIGETTI])
def test_their_client_reads_the_jobs_that_we_sent(both, target):
    ours, theirs, _ = both
    job = ours.create_job(TWO_KEYS, 20, target=target)
    job.results()
    result = their_result(theirs.get_job(job.job_id()).results())
    assert {key: rows[0].tolist() for key, rows in result.measurements.items()} == {"c": [0], "ab": [1, 0]}


def test_we_read_what_their_qiskit_side_sent(both):
    import qiskit

    ours, _, their_workspace = both
    from azure.quantum.qiskit import AzureQuantumProvider as TheirProvider

    circuit = qiskit.QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure([0, 1], [0, 1])
    backend = TheirProvider(their_workspace).get_backend(IONQ, input_data_format="ionq.circuit.v1", gateset="qis")
    job = backend.run(circuit, shots=10)
    (records,) = ours.get_job(job.id()).results().records.values()
    assert records.tolist() == [[[1, 0]]] * 10


# --- where theirs goes wrong


def test_their_service_leaves_the_open_session_out_and_ours_joins_it(both):
    ours, theirs, their_workspace = both
    with theirs.get_target(IONQ).open_session() as session:
        theirs.create_job(TWO_KEYS, 10, target=IONQ)
        assert their_workspace.list_session_jobs(session.id) == []
    with ours.get_target(IONQ).open_session() as session:
        ours.create_job(TWO_KEYS, 10, target=IONQ)
        assert len(session.list_jobs()) == 1


def test_their_ionq_path_drops_an_invert_mask_and_ours_applies_it(both):
    ours, theirs, _ = both
    circuit = cirq.Circuit(cirq.measure(A, key="m", invert_mask=(True,)))
    assert cirq.Simulator().run(circuit, repetitions=10).histogram(key="m") == {1: 10}
    assert theirs.run(circuit, 10, target=IONQ).histogram(key="m") == {0: 10}
    assert ours.run(circuit, 10, IONQ).histogram(key="m") == {1: 10}


def test_they_draw_the_counts_of_hardware_anew_at_every_fetch_and_ours_stay(both):
    ours, theirs, _ = both
    circuit = cirq.Circuit(cirq.ry(0.7)(A), cirq.measure(A, key="m"))
    job = ours.create_job(circuit, 1000, target="ionq.qpu.aria-1")
    counts = [job.results().histogram(key="m") for _ in range(3)]
    assert counts[0] == counts[1] == counts[2]
    assert {int(key): count for key, count in job.result().counts.items()} == counts[0]
    drawn = [their_result(theirs.get_job(job.job_id()).results()).histogram(key="m") for _ in range(5)]
    assert any(again != drawn[0] for again in drawn)


def test_one_far_qubit_widens_their_job_and_not_ours(both):
    ours, theirs, _ = both
    circuit = cirq.Circuit(cirq.X(cirq.LineQubit(20)), cirq.measure(cirq.LineQubit(20), key="m"))
    assert theirs.create_job(circuit, 10, target=IONQ).num_qubits() == 21
    assert ours.create_job(circuit, 10, target=IONQ).num_qubits() == 1


@pytest.mark.parametrize(
    "circuit",
    [
        cirq.Circuit(cirq.X(cirq.GridQubit(0, 1)), cirq.measure(cirq.GridQubit(0, 1), key="m")),
        cirq.Circuit(cirq.X(cirq.NamedQubit("alice")), cirq.measure(cirq.NamedQubit("alice"), key="m")),
        cirq.Circuit(cirq.X.on_each(A, B), cirq.CCX(A, B, C), cirq.measure(C, key="m")),
        cirq.Circuit(cirq.X(A), cirq.ISWAP(A, B) ** 1.0, cirq.measure(B, key="m")),
        cirq.Circuit(cirq.CircuitOperation(cirq.FrozenCircuit(cirq.X(A))), cirq.measure(A, key="m")),
        cirq.Circuit(cirq.X(A), cirq.wait(A, nanos=5), cirq.measure(A, key="m")),
        cirq.Circuit(cirq.X(A), cirq.measure(A, key="m" * 400)),
    ],
    ids=["grid", "named", "ccx", "iswap", "sub-circuit", "wait", "long key"],
)
def test_what_their_ionq_path_cannot_take_runs_here(both, circuit):
    ours, theirs, _ = both
    with pytest.raises(ValueError):  # noqa: PT011 - each with a sentence of its own
        theirs.run(circuit, 10, target=IONQ)
    assert ours.run(circuit, 10, IONQ) == cirq.Simulator().run(circuit, repetitions=10)


def test_their_submit_takes_no_metadata_and_ours_does(both):
    ours, theirs, _ = both
    with pytest.raises(TypeError, match="multiple values"):
        theirs.get_target(IONQ).submit(TWO_KEYS, metadata={"experiment": "7"})
    job = ours.get_target(IONQ).submit(TWO_KEYS, metadata={"experiment": "7"})
    assert job.azure_job.details.metadata["experiment"] == "7"


def test_numbers_of_their_jobs_are_text_and_ours_are_numbers(both):
    ours, theirs, _ = both
    job = theirs.create_job(TWO_KEYS, 10, target=RIGETTI)
    assert (job.num_qubits(), job.repetitions()) == ("3", "10")
    job = ours.create_job(TWO_KEYS, 10, target=RIGETTI)
    assert (job.num_qubits(), job.repetitions()) == (3, 10)


def test_they_send_qir_of_the_profile_that_qsharp_was_last_set_to_and_we_the_targets(both):
    import qdk
    from qdk import qsharp

    ours, theirs, _ = both
    qsharp.init(target_profile=qdk.TargetProfile.Adaptive_RI)
    sent = {}
    for who, service in (("theirs", theirs), ("ours", ours)):
        job_id = service.create_job(TWO_KEYS, 10, target=RIGETTI).job_id()
        uri = ours.workspace.get_job(job_id).details.input_data_uri
        sent[who] = ours.workspace.parts.calls.blobs.download(uri).decode()
    assert "adaptive_profile" in sent["theirs"]
    assert '"base_profile"' in sent["ours"]


QUANTINUUM_WRONGS = {
    "default key": cirq.Circuit(cirq.X(A), cirq.measure(A, B)),
    "bits of a key": cirq.Circuit(cirq.X(A), cirq.measure(A, B, key="two")),
    "repeated key": cirq.Circuit(cirq.X(A), cirq.measure(A, key="m"), cirq.X(A), cirq.measure(A, key="m")),
    "key with a blank": cirq.Circuit(cirq.X(A), cirq.measure(A, key="two words")),
}


@pytest.mark.parametrize("what", QUANTINUUM_WRONGS)
def test_their_quantinuum_path_loses_or_mirrors_keys_and_ours_keeps_them(both, what):
    ours, theirs, _ = both
    circuit = QUANTINUUM_WRONGS[what]
    quiet = {"input_params": {"error-model": False}}
    right = cirq.Simulator().run(circuit, repetitions=10)
    their_job = theirs.get_target(H2).submit(circuit, repetitions=10, **quiet)
    assert their_job.results() != right
    for form in (None, "honeywell.openqasm.v1"):
        assert ours.run(circuit, 10, H2, input_data_format=form, **quiet) == right


def test_grid_qubits_break_their_quantinuum_path_and_run_here(both):
    ours, theirs, _ = both
    qubit = cirq.GridQubit(2, 3)
    circuit = cirq.Circuit(cirq.X(qubit), cirq.measure(qubit, key="m"))
    with pytest.raises(AttributeError, match="no attribute 'x'"):
        theirs.run(circuit, 10, target=H2)
    result = ours.run(circuit, 10, H2, input_params={"error-model": False})
    assert result == cirq.Simulator().run(circuit, repetitions=10)


def test_their_openqasm_export_rounds_angles_and_ours_keeps_every_bit(both):
    ours, _, _ = both
    circuit = cirq.Circuit(cirq.rz(0.25)(A), cirq.measure(A, key="m"))
    assert "0.25" not in circuit.to_qasm(version="2.0")
    data = ours.get_target(H2).encode(circuit, input_data_format="honeywell.openqasm.v1").data
    assert b"rz(0.25)" in data
