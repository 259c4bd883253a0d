import copy
import json

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Gate, Parameter
from qiskit.circuit.library import MCXGate, PauliEvolutionGate
from qiskit.circuit.random import random_circuit
from qiskit.primitives import StatevectorSampler
from qiskit.quantum_info import SparsePauliOp

from qsession_core import Workspace
from qsession_core.errors import (
    ConfigurationError,
    ConversionError,
    LimitExceededError,
    SessionClosedError,
    TargetNotFoundError,
    UnboundParameterError,
    UnsupportedOperationError,
)
from qsession_core.local import LocalTarget
from qsession_qiskit import AzureQuantumProvider, to_program
from tests.support.judge import qiskit_distribution

SHOTS = 2000
IONQ, QUANTINUUM = "ionq.simulator", "quantinuum.sim.h2-1e"
BASE_FORMATS = [(IONQ, "ionq.circuit.v1"), (IONQ, "qir.v1"), ("rigetti.sim.qvm", "qir.v1")]
FORMATS = [*BASE_FORMATS, (QUANTINUUM, "qir.v1"), (QUANTINUUM, "honeywell.openqasm.v1")]


@pytest.fixture(scope="module")
def workspace():
    acme = LocalTarget("acme.sim.tiny", num_qubits=4, profile="Adaptive_RI")
    with Workspace.local(seed=5, targets=[acme]) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def provider(workspace):
    return AzureQuantumProvider(workspace)


def noiseless(provider, name, **filters):
    backend = provider.get_backend(name, **filters)
    if name == QUANTINUUM:
        backend.options.update_options(**{"error-model": False})
    return backend


def bell(num_clbits=2):
    circuit = QuantumCircuit(2, num_clbits, name="bell")
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


# --- the provider ----------------------------------------------------------------------------------------------


def test_every_target_that_runs_circuits_is_a_backend(provider):
    names = {backend.name for backend in provider.backends()}
    assert {IONQ, QUANTINUUM, "rigetti.sim.qvm", "acme.sim.tiny"} <= names
    assert not any(name.startswith("pasqal") for name in names)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"name": IONQ}, {IONQ}),
        ({"provider_id": "rigetti"}, {"rigetti.sim.qvm", "rigetti.qpu.cepheus-1-108q"}),
        ({"provider_id": "ionq", "simulator": True}, {IONQ}),
        ({"provider_id": "ionq", "min_num_qubits": 30}, {"ionq.qpu.forte-1", "ionq.qpu.forte-enterprise-1"}),
        ({"gateset": "native", "simulator": True}, {IONQ}),
        ({"input_data_format": "ionq.circuit.v1", "simulator": True}, {IONQ}),
        ({"provider_id": "nobody"}, set()),
    ],
)
def test_backends_are_filtered(provider, filters, expected):
    assert {backend.name for backend in provider.backends(**filters)} == expected


def test_an_unknown_filter_names_the_near_one(provider):
    with pytest.raises(TypeError, match="provider_id"):
        provider.backends(provider="ionq")


def test_an_unknown_backend_names_the_near_one(provider):
    with pytest.raises(TargetNotFoundError, match=r"ionq\.simulator"):
        provider.get_backend("ionq.simulatr")


def test_get_backend_needs_a_name_where_several_fit(provider):
    assert provider.get_backend(provider_id="ionq", simulator=True).name == IONQ
    with pytest.raises(ConfigurationError, match="4 backends fit"):
        provider.get_backend(provider_id="ionq")


def test_a_gate_set_or_format_that_is_not_there_is_refused_with_those_that_are(provider):
    with pytest.raises(ConfigurationError, match="qis, native"):
        provider.get_backend(IONQ, gateset="qutrits")
    with pytest.raises(ConfigurationError, match=r"qir\.v1"):
        provider.get_backend(IONQ, input_data_format="honeywell.openqasm.v1")


def test_the_official_clients_way_to_ask_for_ionq_json_works(provider):
    backend = provider.get_backend(IONQ, input_data_format="ionq.circuit.v1", gateset="qis")
    assert backend.encode(bell()).input_data_format == "ionq.circuit.v1"


def test_nothing_is_printed(provider, capsys):
    provider.backends(name=IONQ)
    provider.get_backend(IONQ).run(bell()).result()
    assert capsys.readouterr() == ("", "")


def test_a_provider_is_given_a_workspace_or_what_describes_one(workspace):
    with pytest.raises(ConfigurationError, match="not both"):
        AzureQuantumProvider(workspace, location="westus")
    with pytest.raises(TypeError, match="resource_id"):
        AzureQuantumProvider(resource="x")


def test_provider_and_backend_may_be_members_of_sets(provider):
    assert len({provider, provider.get_backend(IONQ)}) == 2


# --- what the transpiler is told -------------------------------------------------------------------------------


def test_a_target_of_98_qubits_lists_no_pairs(provider):
    backend = provider.get_backend("quantinuum.sim.helios-1e")
    assert all(backend.target[name] in ({None: None}, None) for name in ("rzz", "cx") if name in backend.target)
    assert (backend.num_qubits, backend.target.num_qubits, backend.coupling_map) == (98, 98, None)


def test_an_unknown_target_has_the_qubits_and_profile_that_the_workspace_says(provider):
    backend = provider.get_backend("acme.sim.tiny")
    assert backend.num_qubits == 4
    assert "if_else" in backend.target.operation_names


@pytest.mark.parametrize("level", range(4))
def test_control_flow_is_transpiled_for_targets_that_have_it(provider, level):
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.append(MCXGate(2), [0, 1, 2])
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.cp(0.3, 0, 1)
        circuit.h(2)
        circuit.x(1)
    with otherwise, circuit.switch(circuit.cregs[0]) as case, case(0):
        circuit.ry(0.3, 2)
    circuit.measure([1, 2], [1, 2])
    backend = noiseless(provider, QUANTINUUM)
    compiled = transpile(circuit, backend, optimization_level=level)
    agrees(backend.run(compiled, shots=SHOTS).result().get_counts(), circuit)


def test_control_flow_is_refused_by_transpile_for_targets_without_it(provider):
    assert "if_else" not in provider.get_backend(IONQ).target.operation_names


@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize("target", [IONQ, QUANTINUUM, "rigetti.sim.qvm"])
def test_transpiled_circuits_keep_their_distribution(provider, target, level):
    circuit = random_circuit(4, 4, max_operands=4, seed=level)
    circuit.append(PauliEvolutionGate(SparsePauliOp("XYZ"), 0.3), [0, 2, 1])
    circuit.measure_all()
    backend = noiseless(provider, target)
    agrees(
        backend.run(transpile(circuit, backend, optimization_level=level), shots=SHOTS).result().get_counts(), circuit
    )


# --- results ---------------------------------------------------------------------------------------------------


def agrees(counts, circuit):
    """Compare counts with the exact distribution of the circuit, keys with spaces as Qiskit sets them."""
    exact = qiskit_distribution(to_program(circuit))
    assert sum(counts.values()) == SHOTS
    assert {type(key) for key in counts} == {str}
    assert {type(count) for count in counts.values()} == {int}
    found = {key.replace(" ", ""): count / SHOTS for key, count in counts.items()}
    for key in exact.keys() | found.keys():
        p = exact.get(key, 0.0)
        assert abs(found.get(key, 0.0) - p) < 5 * np.sqrt(max(p * (1 - p), 1e-4) / SHOTS)


def with_registers(seed):
    """A random circuit measured in random order into some bits of some registers."""
    rng = np.random.default_rng(seed)
    num_qubits = int(rng.integers(1, 6))
    sizes = rng.integers(1, 4, size=int(rng.integers(1, 4)))
    registers = [ClassicalRegister(int(size), f"r{place}") for place, size in enumerate(sizes)]
    circuit = QuantumCircuit(QuantumRegister(num_qubits, "q"), *registers, name=f"random {seed}")
    circuit.compose(random_circuit(num_qubits, 3, max_operands=2, seed=seed), inplace=True)
    width = min(num_qubits, circuit.num_clbits)
    measured = int(rng.integers(1, width + 1))
    circuit.measure(
        rng.permutation(num_qubits)[:measured].tolist(), rng.permutation(circuit.num_clbits)[:measured].tolist()
    )
    return circuit


@pytest.mark.parametrize(("target", "form"), FORMATS)
@pytest.mark.parametrize("seed", range(12))
def test_random_circuits_on_every_target_and_format(provider, target, form, seed):
    circuit = with_registers(seed)
    backend = noiseless(provider, target)
    result = backend.run(circuit, shots=SHOTS, input_data_format=form).result()
    agrees(result.get_counts(), circuit)
    parts = [creg.size for creg in reversed(circuit.cregs)]
    assert all([len(part) for part in key.split(" ")] == parts for key in result.get_counts())


def dynamic(seed, *, branches):
    """A random circuit that measures, resets and, if it may, branches in the middle."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(QuantumRegister(3, "q"), ClassicalRegister(2, "a"), ClassicalRegister(2, "b"))
    for _ in range(6):
        circuit.compose(random_circuit(3, 1, max_operands=2, seed=int(rng.integers(1e6))), inplace=True)
        qubit, bit = int(rng.integers(3)), int(rng.integers(4))
        match rng.integers(4 if branches else 2):
            case 0:
                circuit.measure(qubit, bit)
            case 1:
                circuit.reset(qubit)
            case 2:
                with circuit.if_test((circuit.clbits[bit], int(rng.integers(2)))) as otherwise:
                    circuit.ry(1.1, qubit)
                    circuit.measure(qubit, (bit + 1) % 4)
                with otherwise:
                    circuit.h(qubit)
            case 3:
                with circuit.if_test((circuit.cregs[1], int(rng.integers(4)))):
                    circuit.x(qubit)
    circuit.measure([0, 1, 2], [2, 0, 1])
    return circuit


@pytest.mark.parametrize("target", [IONQ, "rigetti.sim.qvm", QUANTINUUM])
@pytest.mark.parametrize("seed", range(15))
def test_random_dynamic_circuits_on_every_target(provider, target, seed):
    backend = noiseless(provider, target)
    circuit = dynamic(seed, branches="if_else" in backend.target.operation_names)
    agrees(backend.run(circuit, shots=SHOTS, input_data_format="qir.v1").result().get_counts(), circuit)


@pytest.mark.parametrize("seed", range(6))
def test_random_dynamic_circuits_are_transpiled(provider, seed):
    backend = noiseless(provider, QUANTINUUM)
    circuit = dynamic(seed + 100, branches=True)
    compiled = transpile(circuit, backend, optimization_level=seed % 4)
    agrees(backend.run(compiled, shots=SHOTS).result().get_counts(), circuit)


@pytest.mark.parametrize(("target", "form"), FORMATS)
def test_keys_are_those_of_qiskits_own_sampler(provider, target, form):
    circuit = QuantumCircuit(QuantumRegister(3), ClassicalRegister(2, "a"), ClassicalRegister(1, "b"))
    circuit.x([0, 2])
    circuit.measure([2, 1, 0], [0, 1, 2])
    data = StatevectorSampler().run([circuit], shots=10).result()[0].data
    (a,), (b,) = data.a.get_counts(), data.b.get_counts()
    found = noiseless(provider, target).run(circuit, shots=10, input_data_format=form).result().get_counts()
    assert found == {f"{b} {a}": 10}


@pytest.mark.parametrize(("target", "form"), FORMATS)
def test_bits_that_nothing_is_measured_into_are_0(provider, target, form):
    circuit = QuantumCircuit(2, 4)
    circuit.x(0)
    circuit.measure(0, 2)
    circuit.measure(1, 0)
    backend = noiseless(provider, target)
    assert backend.run(circuit, shots=7, input_data_format=form).result().get_counts() == {"0100": 7}


@pytest.mark.parametrize(("target", "form"), FORMATS)
def test_memory_is_there_and_adds_up_to_the_counts(provider, target, form):
    result = noiseless(provider, target).run(with_registers(3), shots=50, input_data_format=form).result()
    memory, counts = result.get_memory(), result.get_counts()
    assert len(memory) == 50
    assert {key: memory.count(key) for key in counts} == counts
    assert result.results[0].memory_is_synthetic == (form == "ionq.circuit.v1")


def test_counts_are_json_and_hexadecimal_in_the_raw_data(provider):
    result = provider.get_backend(IONQ).run(bell(), shots=10).result()
    assert json.loads(json.dumps(result.data())) == result.data()
    assert result.data()["counts"] == {"0x0": 5, "0x3": 5}
    assert result.data()["probabilities"] == {"00": 0.5, "11": 0.5}


def test_a_seed_orders_synthetic_memory_and_counts_never_change(provider):
    job = provider.get_backend(IONQ).run(bell(), shots=40)
    assert job.result().get_memory() == job.result().get_memory()
    zero, one = job.result(sampler_seed=0), job.result(sampler_seed=1)
    assert zero.get_memory() != one.get_memory()
    assert zero.get_memory() != job.result().get_memory()
    assert zero.get_counts() == one.get_counts()


def test_the_seed_of_a_run_is_that_of_its_result(provider):
    backend = provider.get_backend(IONQ)
    first, second = (backend.run(bell(), shots=40, seed=0).result().get_memory() for _ in range(2))
    assert first == second


# --- running ---------------------------------------------------------------------------------------------------


def test_a_list_is_one_job_with_every_result_in_order(provider):
    circuits = [QuantumCircuit(2, 2, name=f"c{number}") for number in range(4)]
    for number, circuit in enumerate(circuits):
        for bit in range(2):
            if number >> bit & 1:
                circuit.x(bit)
        circuit.measure([0, 1], [0, 1])
    job = provider.get_backend(IONQ).run(tuple(circuits), shots=3)
    result = job.result()
    assert result.get_counts() == [{"00": 3}, {"01": 3}, {"10": 3}, {"11": 3}]
    assert result.get_counts("c2") == result.get_counts(circuits[2]) == {"10": 3}
    assert job.job_id().count(",") == 3
    assert [sent.name for sent in job.azure_jobs] == ["c0", "c1", "c2", "c3"]


def test_many_circuits_may_be_run_at_once(provider):
    assert provider.get_backend(IONQ).max_circuits is None


def test_a_list_of_one_is_a_list(provider):
    assert provider.get_backend(IONQ).run([bell()], shots=4).result().get_counts() == {"00": 2, "11": 2}


@pytest.mark.parametrize("nothing", [[], ()])
def test_an_empty_list_is_refused(provider, nothing):
    with pytest.raises(ConversionError, match="no circuit"):
        provider.get_backend(IONQ).run(nothing)


def test_a_circuit_is_given_once(provider):
    backend = provider.get_backend(IONQ)
    assert backend.run(circuit=bell(), shots=2).result().get_counts() == {"00": 1, "11": 1}
    for wrong in ({}, {"run_input": bell(), "circuit": bell()}):
        with pytest.raises(TypeError, match="circuit"):
            backend.run(**wrong)


@pytest.mark.parametrize(
    ("keyword", "near"), [("shotz", "shots"), ("job_nam", "job_name"), ("nois", "noise"), ("error_mitigatio", "error")]
)
def test_an_unknown_keyword_names_the_near_one_and_sends_nothing(provider, workspace, keyword, near):
    before = len(workspace.list_jobs())
    with pytest.raises(TypeError, match=near):
        provider.get_backend(IONQ).run(bell(), **{keyword: 7})
    assert len(workspace.list_jobs()) == before


def test_an_unknown_option_of_the_backend_is_refused_as_well(provider):
    backend = provider.get_backend(IONQ)
    backend.options.update_options(shotz=3)
    with pytest.raises(TypeError, match="shots"):
        backend.run(bell())


@pytest.mark.parametrize("way", ["keyword", "input_params", "options"])
def test_the_providers_own_options_reach_input_params(provider, way):
    backend = provider.get_backend(QUANTINUUM)
    if way == "options":
        backend.options.update_options(**{"error-model": False})
    given = {"keyword": {"error-model": False}, "input_params": {"input_params": {"error-model": False}}}
    job = backend.run(bell(), shots=10, **given.get(way, {}))
    assert job.details.input_params["error-model"] is False
    assert "error-model" not in job.details.metadata


def test_options_with_dashes_may_be_written_as_python_names(provider):
    job = provider.get_backend(IONQ).run(bell(), error_mitigation={"debias": True})
    assert job.details.input_params["error-mitigation"] == {"debias": True}


def test_options_of_the_backend_hold_for_every_run_until_one_says_otherwise(provider):
    backend = provider.get_backend(IONQ)
    assert backend.options.shots == 500
    backend.set_options(shots=8, job_name="always")
    assert sum(backend.run(bell()).result().get_counts().values()) == 8
    job = backend.run(bell(), shots=4, job_name="once")
    assert (sum(job.result().get_counts().values()), job.name()) == (4, "once")


def test_a_profile_that_the_target_has_may_be_named(provider):
    adaptive, base = noiseless(provider, QUANTINUUM), provider.get_backend("rigetti.sim.qvm")
    for profile in ("Base", "Adaptive_RI", "TargetProfile.Adaptive_RI"):
        assert adaptive.run(bell(), shots=2, target_profile=profile).status()
    for backend, profile in [(adaptive, "Adaptive_RIF"), (base, "Adaptive_RI"), (base, "Unrestricted")]:
        with pytest.raises(ConfigurationError, match=profile):
            backend.run(bell(), target_profile=profile)


def test_results_may_be_asked_for_in_another_format(provider):
    job = provider.get_backend("rigetti.sim.qvm").run(
        bell(), shots=10, output_data_format="microsoft.quantum-results.v1"
    )
    assert sum(job.result().get_counts().values()) == 10
    assert job.details.output_data_format == "microsoft.quantum-results.v1"


def test_a_deep_copy_has_options_of_its_own_and_stays_in_the_session(provider):
    backend = provider.get_backend(IONQ)
    with backend.open_session() as session:
        twin = copy.deepcopy(backend)
        twin.options.update_options(shots=4)
        assert twin.run(bell()).session_id == session.id
    assert (backend.options.shots, twin.options.shots) == (500, 4)


@pytest.mark.parametrize("shots", [0, -5, 1e3, "100", True])
def test_shots_that_are_no_positive_whole_number_are_refused(provider, shots):
    with pytest.raises(ConversionError, match="shots"):
        provider.get_backend(IONQ).run(bell(), shots=shots)


def test_every_problem_of_every_circuit_is_told_at_once(provider, workspace):
    before = len(workspace.list_jobs())
    odd, unbound = QuantumCircuit(2, 2, name="odd"), QuantumCircuit(1, 1, name="unbound")
    odd.append(Gate("mystery", 2, []), [1, 0])
    odd.measure_all()
    unbound.rx(Parameter("x"), 0)
    unbound.measure(0, 0)
    with pytest.raises(ConversionError) as caught:
        provider.get_backend("ionq.qpu.aria-1").run([bell(), odd, unbound, QuantumCircuit(40, 1)], shots=100)
    kinds = [type(problem) for problem in caught.value.problems]
    assert kinds[0] is UnsupportedOperationError
    assert UnboundParameterError in kinds
    assert LimitExceededError in kinds
    assert "circuit 1 (odd): Operation 0, mystery" in str(caught.value)
    assert "circuit 3" in str(caught.value)
    assert len(workspace.list_jobs()) == before


def test_what_is_wrong_with_all_circuits_is_told_once(provider):
    with pytest.raises(LimitExceededError, match=r"\A[^(]*at least 1") as caught:
        provider.get_backend(IONQ).run([bell()] * 50, shots=0)
    assert not caught.value.problems


def test_what_json_cannot_hold_goes_as_qir_unless_json_was_asked_for(provider):
    circuit = QuantumCircuit(1, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.x(0)
    circuit.measure(0, 1)
    backend = provider.get_backend(IONQ)
    assert backend.encode(circuit).input_data_format == "qir.v1"
    assert set(backend.run(circuit, shots=100).result().get_counts()) == {"01", "10"}
    with pytest.raises(ConversionError, match="measured"):
        provider.get_backend(IONQ, input_data_format="ionq.circuit.v1").encode(circuit)


@pytest.mark.parametrize("form", ["ionq.circuit.v1", "qir.v1", None])
def test_evolutions_and_many_controls_are_one_word_in_json_and_gates_elsewhere(provider, form):
    circuit = QuantumCircuit(5)
    circuit.h(range(5))
    circuit.append(PauliEvolutionGate(SparsePauliOp("XYZ"), 0.3), [0, 2, 1])
    circuit.append(MCXGate(4), range(5))
    circuit.h(range(5))
    circuit.measure_all()
    backend = provider.get_backend(IONQ)
    payload = backend.encode(circuit, input_data_format=form)
    assert (b"pauliexp" in payload.data) == (form != "qir.v1")
    agrees(backend.run(circuit, shots=SHOTS, input_data_format=form).result().get_counts(), circuit)


def test_an_evolution_beside_something_json_cannot_hold_is_written_out(provider):
    circuit = QuantumCircuit(2, 2)
    circuit.append(PauliEvolutionGate(SparsePauliOp("XY"), 0.3), [0, 1])
    circuit.measure(0, 0)
    circuit.h(0)
    circuit.measure(0, 1)
    backend = provider.get_backend(IONQ)
    assert backend.encode(circuit).input_data_format == "qir.v1"


def test_encoded_data_and_programs_may_be_run_as_well(provider):
    backend = provider.get_backend(IONQ)
    payload = backend.encode(bell(), shots=6)
    assert backend.run(to_program(bell()), shots=6).result().get_counts() == {"00": 3, "11": 3}
    assert backend.run(json.loads(payload.data), shots=6).result().get_counts() == {"00": 3, "11": 3}


# --- sessions --------------------------------------------------------------------------------------------------


def test_jobs_of_a_block_are_in_its_session_and_later_ones_in_none(provider):
    backend = provider.get_backend(IONQ)
    with backend.open_session(name="block") as session:
        assert backend.latest_session is session
        jobs = [backend.run(bell()), backend.run([bell(), bell()])]
        assert [job.session_id for job in jobs] == [session.id] * 2
    assert backend.run(bell()).session_id is None
    assert backend.get_latest_session_id() is None
    assert len(session.list_jobs()) == 3


def test_a_session_may_be_given_to_a_run_and_attached_from_elsewhere(provider):
    with provider.get_backend(IONQ).open_session() as session:
        other = provider.get_backend(IONQ)
        assert other.run(bell()).session_id is None
        assert other.run(bell(), session=session).session_id == session.id
        other.attach_session(session.id)
        assert other.run(bell()).session_id == session.id


def test_a_run_into_a_closed_session_sends_nothing(provider, workspace):
    backend = provider.get_backend(IONQ)
    with backend.open_session() as session:
        pass
    before = len(workspace.list_jobs())
    for circuits in (bell(), [bell(), bell()]):
        with pytest.raises(SessionClosedError):
            backend.run(circuits, session=session)
    assert len(workspace.list_jobs()) == before


def test_a_program_that_base_makes_wider_says_so(provider):
    circuit = QuantumCircuit(2, 2)
    for _ in range(30):
        circuit.h(0)
        circuit.cx(0, 1)
        circuit.reset(0)
    circuit.measure([0, 1], [0, 1])
    with pytest.raises(LimitExceededError, match="Its own 2 qubits become 32, because in the profile Base each reset"):
        provider.get_backend("ionq.simulator").encode(circuit)


def test_the_header_has_the_number_of_qubits_as_a_number(provider):
    circuit = QuantumCircuit(3, 1)
    circuit.measure(0, 0)
    header = provider.get_backend("ionq.simulator").run(circuit, shots=2).result().results[0].header
    assert (header["num_qubits"], header["n_qubits"]) == (3, 3)
