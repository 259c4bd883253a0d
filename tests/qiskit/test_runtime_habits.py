"""What users of IBM Runtime and of Qiskit 1 type: sessions, batches, options, jobs of primitives, lists of jobs."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.providers import JobStatus
from qiskit.quantum_info import SparsePauliOp

from qsession_core import Workspace
from qsession_core.errors import BudgetExceededError, ConfigurationError, ConversionError
from qsession_core.local import Fault, Faults, ManualClock
from qsession_qiskit import (
    AzureQuantumProvider,
    Batch,
    EstimatorOptions,
    EstimatorV2,
    SamplerOptions,
    SamplerV2,
    Session,
)

IONQ = "ionq.simulator"


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def workspace(faults, clock):
    with Workspace.local(seed=11, faults=faults, clock=clock) as workspace:
        yield workspace


@pytest.fixture
def provider(workspace):
    return AzureQuantumProvider(workspace)


@pytest.fixture
def backend(provider):
    return provider.get_backend(IONQ)


def bell(name="bell"):
    circuit = QuantumCircuit(2, name=name)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


# --- sessions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Session, Batch])
def test_a_primitive_without_a_mode_runs_in_the_session_around_it(backend, kind):
    with kind(backend=backend) as session:
        job = SamplerV2().run([bell()], shots=5)
        inner = EstimatorV2().run([(QuantumCircuit(1), SparsePauliOp("Z"))], precision=0.5)
        assert {job.session_id, inner.session_id} == {session.session_id}
        assert session.backend() is job.backend() is backend
        assert (len(job.result()), len(inner.result())) == (1, 1)
    assert session.status() == "Closed"
    with pytest.raises(ConfigurationError, match="needs a mode"):
        SamplerV2()


def test_in_a_block_of_the_backends_own_session_a_primitive_needs_no_mode(backend):
    with backend.open_session() as session:
        assert SamplerV2().run([bell()], shots=5).session_id == session.id
        assert EstimatorV2().mode is session
        with Session(backend=backend) as inner:
            assert SamplerV2().mode is inner.azure_session
        assert SamplerV2().mode is session
    with Session(backend=backend), backend.open_session() as innermost:
        assert SamplerV2().mode is innermost
    with pytest.raises(ConfigurationError, match=r"with backend\.open_session\(\)"):
        SamplerV2()


def test_a_session_that_was_closed_inside_its_block_takes_no_primitive(backend):
    with backend.open_session() as outer, backend.open_session() as inner:
        inner.close()
        assert SamplerV2().mode is outer


def test_a_block_that_was_never_left_ends_with_its_session(backend):
    session = backend.open_session()
    session.__enter__()
    session.close()
    with pytest.raises(ConfigurationError, match="needs a mode"):
        SamplerV2()


def test_blocks_of_tasks_and_threads_do_not_see_each_other(backend):
    async def one():
        async with backend.open_session() as session:
            await asyncio.sleep(0)
            return SamplerV2().mode is session

    async def both():
        return await asyncio.gather(one(), one())

    assert asyncio.run(both()) == [True, True]
    with backend.open_session(), ThreadPoolExecutor(1) as pool, pytest.raises(ConfigurationError, match="needs a mode"):
        pool.submit(SamplerV2).result()


def test_a_block_that_ends_in_another_context_gives_back_the_session_around_it(backend):
    def fixture():
        with backend.open_session() as session:
            yield session

    steps = fixture()
    contextvars.copy_context().run(next, steps)
    assert list(steps) == []


def test_sessions_nest_and_the_innermost_is_taken(backend):
    with Session(backend=backend) as outer:
        with Session(backend=backend) as inner:
            assert SamplerV2().mode is inner.azure_session
        assert SamplerV2().mode is outer.azure_session


def test_a_batch_goes_on_after_a_failure(backend):
    assert Batch(backend=backend).azure_session.details.job_failure_policy == "Continue"
    assert Session(backend=backend).azure_session.details.job_failure_policy == "Abort"


@pytest.mark.parametrize(
    ("text", "seconds"), [("2h 30m", 9000), ("90s", 90), ("1d", 86_400), ("1h1m1s", 3661), (15, 15), ("8 h", 28_800)]
)
def test_the_longest_time_of_a_session_is_text_or_seconds(backend, text, seconds):
    session = Session(backend=backend, max_time=text)
    assert session.details()["max_time"] == seconds
    assert backend.open_session(max_time=text).max_time == seconds


def test_jobs_after_the_longest_time_are_refused(backend, clock):
    with Session(backend=backend, max_time="1m") as session:
        clock.advance(61)
        with pytest.raises(BudgetExceededError):
            SamplerV2(session).run([bell()])


@pytest.mark.parametrize("text", ["", "soon", "2 weeks", "-5m", "h"])
def test_what_is_no_duration_is_refused_before_a_session_is_opened(backend, workspace, text):
    with pytest.raises(ConfigurationError, match="max_time"):
        Session(backend=backend, max_time=text)
    assert workspace.list_sessions() == []


def test_a_session_tells_its_state_and_its_use(backend, workspace):
    session = Session(backend=backend, tags=["a"])
    assert session.status() == "Pending"
    job = SamplerV2(session).run([bell()], shots=5)
    job.result()
    details = session.details()
    assert (details["id"], details["backend_name"], details["mode"]) == (session.session_id, IONQ, "dedicated")
    assert details["accepting_jobs"]
    assert details["usage_time"] == session.usage() == job.usage()
    session.close()
    assert session.details()["state"] == "Closed"
    assert not session.details()["accepting_jobs"]
    assert workspace.get_session(session.session_id).details.tags == ["a"]


def test_a_session_is_joined_by_its_id(provider, backend):
    session = Session(backend=backend)
    joined = Session.from_id(session.session_id, provider)
    job = SamplerV2(joined).run([bell()], shots=2)
    assert job.session_id == session.session_id
    job.result()  # a session with jobs in progress closes when they end
    joined.cancel()
    assert session.status() == "Closed"


# --- options -------------------------------------------------------------------------------------------------------


def test_options_have_names_of_ibm_that_mean_the_same(backend, workspace):
    sampler = SamplerV2(backend, options={"default_shots": 7, "environment": {"job_tags": ["mine"]}})
    sampler.options.simulator.seed_simulator = 3
    sampler.options.update(default_shots=9)
    assert (sampler.options.default_shots, sampler.options.tags, sampler.options.seed) == (9, ["mine"], 3)
    assert sampler.options.environment.job_tags == ["mine"]
    job = sampler.run([bell()])
    (sent,) = workspace.list_jobs()
    assert (sent.details.tags, sent.shots, job.tags) == (["mine"], 9, ["mine"])


def test_shots_of_an_estimator_stand_for_its_precision(backend, workspace):
    estimator = EstimatorV2(backend)
    estimator.options.default_shots = 100
    result = estimator.run([(QuantumCircuit(1), SparsePauliOp("Z"))]).result()
    assert result[0].metadata["shots"] == workspace.list_jobs()[0].shots == 100


def test_options_are_replaced_by_a_mapping_too(backend):
    sampler = SamplerV2(backend)
    sampler.options = {"default_shots": 5}
    assert sampler.options == SamplerOptions(default_shots=5)
    with pytest.raises(TypeError, match="default_shots"):
        sampler.options = {"default_shotz": 5}


@pytest.mark.parametrize("shots", [0, -3, "50", 2.5, True])
def test_default_shots_that_are_no_number_of_shots_are_refused(backend, shots):
    estimator = EstimatorV2(backend, options={"default_shots": shots})
    with pytest.raises(ConfigurationError, match="default_shots"):
        estimator.run([(QuantumCircuit(1), SparsePauliOp("Z"))])


def test_a_session_of_what_is_no_backend_is_refused():
    with pytest.raises(ConfigurationError, match="not a backend"):
        Session(backend=IONQ)


@pytest.mark.parametrize(
    "set_it",
    [
        lambda options: setattr(options, "resilience_level", 0),
        lambda options: options.update(twirling={"enable_gates": False}),
        lambda options: setattr(options.dynamical_decoupling, "enable", False),
        lambda options: setattr(options.execution, "init_qubits", True),
    ],
)
def test_values_that_change_nothing_are_taken(set_it):
    options = EstimatorOptions()
    set_it(options)
    assert options == EstimatorOptions()


@pytest.mark.parametrize(
    ("set_it", "name"),
    [
        (lambda options: setattr(options, "resilience_level", 2), "resilience_level"),
        (lambda options: options.update(resilience_level=1), "resilience_level"),
        (lambda options: setattr(options.dynamical_decoupling, "enable", True), r"dynamical_decoupling\.enable"),
        (lambda options: setattr(options, "dynamical_decoupling", {"enable": True}), r"dynamical_decoupling\.enable"),
        (lambda options: options.twirling.update(enable_measure=True), r"twirling\.enable_measure"),
        (lambda options: setattr(options, "max_execution_time", 300), "max_execution_time"),
        (lambda options: setattr(options.simulator, "noise_model", object()), r"simulator\.noise_model"),
    ],
)
def test_values_that_no_provider_acts_on_are_refused_by_name(set_it, name):
    options = EstimatorOptions()
    with pytest.raises(ConfigurationError, match=rf"The option {name} cannot be"):
        set_it(options)
    assert options == EstimatorOptions()


def test_a_misspelt_option_is_an_error_wherever_it_is_written(backend):
    options = SamplerOptions()
    with pytest.raises(AttributeError, match=r"'defualt_shots'.*default_shots"):
        options.defualt_shots = 3
    with pytest.raises(AttributeError, match="environment"):
        options.enviroment  # noqa: B018 - reading is what fails
    with pytest.raises(AttributeError, match=r"environment\.job_tags"):
        options.environment.job_tag = ["a"]
    with pytest.raises(TypeError, match="default_shots"):
        options.update(default_shot=3, seed=1)
    assert options.seed is None
    with pytest.raises(TypeError, match="default_shots"):
        SamplerV2(backend, options={"defaultshots": 4})
    with pytest.raises(TypeError, match="default_shots"):
        SamplerV2(backend, default_shot=4)


# --- primitives and their jobs -------------------------------------------------------------------------------------


def test_a_sampler_takes_shots_and_seed_as_qiskits_own_do(backend):
    sampler = SamplerV2(backend, default_shots=12, seed=5)
    one, other = (sampler.run([bell()]).result()[0].data.meas.get_bitstrings() for _ in range(2))
    assert len(one) == 12
    assert sorted(one) == sorted(other)


@pytest.mark.parametrize("name", ["shape", "keys", "items", "values", "size", "ndim", "self"])
def test_a_register_that_a_result_cannot_have_is_refused_before_it_is_sent(backend, workspace, name):
    circuit = QuantumCircuit(QuantumRegister(1), ClassicalRegister(1, name))
    circuit.measure(0, 0)
    with pytest.raises(ConversionError, match=f"register '{name}'.*rename"):
        SamplerV2(backend).run([bell(), circuit])
    assert workspace.list_jobs() == []


@pytest.mark.parametrize("shape", [(0, 1), (3, 0, 1), (0, 2, 1)])
def test_no_bindings_give_an_empty_result(backend, workspace, shape):
    angle = Parameter("a")
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    observed = circuit.copy()
    circuit.measure_all()
    job = SamplerV2(backend).run([(circuit, np.zeros(shape), 8)])
    data = job.result()[0].data
    assert (data.shape, data.meas.shape, data.meas.num_bits) == (shape[:-1], shape[:-1], 1)
    assert data.meas.num_shots == 8
    assert (job.status(), job.session_id, job.usage()) == (JobStatus.DONE, None, 0)
    evs = EstimatorV2(backend).run([(observed, SparsePauliOp("Z"), np.zeros(shape))]).result()[0].data.evs
    assert evs.shape == shape[:-1]
    assert workspace.list_jobs() == []


def test_nothing_to_run_is_an_empty_result(backend):
    assert len(SamplerV2(backend).run([]).result()) == 0
    assert len(EstimatorV2(backend).run([]).result()) == 0


def test_the_job_of_a_primitive_tells_what_ibm_tells(backend):
    sampler = SamplerV2(backend, options={"tags": ["t"]})
    job = sampler.run([bell(), bell()], shots=3)
    job.wait_for_final_state(timeout=60)
    assert job.done()
    assert not job.errored()
    assert (job.error_message(), job.session_id, job.tags) == (None, None, ["t"])
    assert [pub.shots for pub in job.inputs["pubs"]] == [3, 3]
    assert job.inputs["options"]["tags"] == ["t"]
    metrics = job.metrics()
    assert set(metrics["timestamps"]) == {"created", "running", "finished"}
    assert metrics["usage"] == {"seconds": job.usage(), "jobs": 2}
    assert job.creation_date is not None


def test_the_job_of_a_primitive_says_why_it_failed(backend, faults):
    faults.add(Fault("fail_job", name="broken", message="the ion has left"))
    job = SamplerV2(backend).run([bell("broken")])
    job.wait_for_final_state()
    assert job.errored()
    assert "the ion has left" in job.error_message()


# --- backends and lists of jobs ------------------------------------------------------------------------------------


def test_a_backend_tells_its_configuration(provider):
    backend = provider.get_backend("quantinuum.sim.h2-1e")
    found = backend.configuration()
    assert (found.backend_name, found.name, found.simulator) == (backend.name, backend.name, True)
    assert found.n_qubits == found.num_qubits == backend.num_qubits
    assert found.conditional
    assert {"h", "cx"} <= set(found.basis_gates)
    assert not {"measure", "if_else", "for_loop"} & set(found.basis_gates)
    assert found.to_dict()["azure"]["provider_id"] == found.azure["provider_id"] == "quantinuum"
    assert (found.get("local"), found.get("nothing", 3)) == (False, 3)


def test_a_backend_tells_its_status(backend, workspace):
    status = backend.status()
    assert (status.backend_name, status.operational, status.pending_jobs) == (IONQ, True, 0)
    assert status.to_dict()["status_msg"] == "Available"


def test_the_least_busy_backend_is_available_and_fits(provider):
    found = provider.least_busy(min_num_qubits=30, simulator=True)
    assert found.num_qubits >= 30
    assert found.status().operational
    assert provider.least_busy(filters=lambda backend: "rigetti" in backend.name).name.startswith("rigetti")
    with pytest.raises(ConfigurationError, match="No backend"):
        provider.least_busy(min_num_qubits=100_000)


def test_jobs_of_the_workspace_are_listed_the_newest_first(provider, backend, clock):
    with Session(backend=backend) as session:
        inside = SamplerV2().run([bell("inside")], shots=2)
    clock.advance(5)
    other = provider.get_backend("rigetti.sim.qvm").run(bell("later"), shots=2, tags=["x", "y"])

    def ids(**filters):
        return [job.job_id() for job in provider.jobs(**filters)]

    assert ids() == [other.job_id(), inside.job_id()]
    assert ids(descending=False, limit=1) == ids(backend_name=IONQ) == ids(skip=1) == [inside.job_id()]
    assert ids(session_id=session.session_id) == ids(job_name="ins") == [inside.job_id()]
    assert ids(job_tags=["x"], limit=None) == [other.job_id()]
    assert provider.jobs(job_name="later")[0].result().get_counts().shots() == 2
