"""Progress of what waits, and awaiting it, in all three packages."""

import asyncio
import sys

import cirq
import pytest
import tqdm.auto
from qiskit import QuantumCircuit

from qsession_cirq import AzureQuantumService
from qsession_core import Program, Workspace
from qsession_core.client.progress import bytes_told
from qsession_core.command.groups.serving import connection_string
from qsession_core.errors import ConfigurationError
from qsession_core.local import LocalWorkspace
from qsession_core.local.http_server import Server
from qsession_qiskit import AzureQuantumProvider, SamplerV2

IONQ = "ionq.simulator"
FLIP = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))])


def measured():
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    return circuit


def cirq_measured():
    qubit = cirq.LineQubit(0)
    return cirq.Circuit(cirq.X(qubit), cirq.measure(qubit, key="m"))


@pytest.fixture
def backend(workspace):
    return AzureQuantumProvider(workspace).get_backend(IONQ)


@pytest.fixture
def cirq_service(workspace):
    return AzureQuantumService(workspace, default_target=IONQ)


WAITS = {
    "job": (1, lambda at: at.workspace.get_target(IONQ).submit(at.bell).result),
    "wait of a job": (1, lambda at: at.workspace.get_target(IONQ).submit(at.bell).wait_until_completed),
    "several jobs": (3, lambda at: at.workspace.get_target(IONQ).submit_all([at.bell] * 3).results),
    "Qiskit": (1, lambda at: at.backend.run(measured(), shots=10).result),
    "a list of Qiskit's": (3, lambda at: at.backend.run([measured()] * 3, shots=10).result),
    "final state": (2, lambda at: at.backend.run([measured()] * 2, shots=10).wait_for_final_state),
    "primitive": (2, lambda at: SamplerV2(at.backend).run([measured()] * 2, shots=10).result),
    "Cirq": (1, lambda at: at.service.create_job(cirq_measured(), 10).results),
    "run of Cirq": (1, lambda at: lambda progress: at.service.run(cirq_measured(), 10, progress=progress)),
    "sweep of Cirq": (
        3,
        lambda at: lambda progress: at.service.sampler(progress=progress).run_sweep(cirq_measured(), [{}] * 3, 10),
    ),
}


class At:
    def __init__(self, **members):
        self.__dict__.update(members)


@pytest.fixture
def at(workspace, bell, backend, cirq_service):
    return At(workspace=workspace, bell=bell, backend=backend, service=cirq_service)


@pytest.mark.parametrize("name", WAITS)
def test_a_function_is_called_from_nothing_to_all(at, name):
    total, wait = WAITS[name]
    seen = []
    wait(at)(progress=lambda done, of: seen.append((done, of)))
    assert seen[0] == (0, total)
    assert seen[-1] == (total, total)
    assert sorted(seen) == seen


@pytest.mark.parametrize("name", WAITS)
def test_true_shows_one_bar(at, name, monkeypatch):
    bars = []

    class Bar(tqdm.auto.tqdm):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            bars.append(self)

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    total, wait = WAITS[name]
    wait(at)(progress=True)
    assert [(bar.total, bar.n, bar.unit) for bar in bars] == [(total, total, "job")]


def test_what_is_no_progress_is_refused_and_a_missing_bar_says_what_to_install(at, monkeypatch):
    job = at.workspace.get_target(IONQ).submit(at.bell)
    with pytest.raises(ConfigurationError, match="pass True, or a function"):
        job.result(progress="yes")
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ConfigurationError, match=r"qsession\[notebook\]"):
        job.result(progress=True)
    assert job.result().shots is not None


def test_every_job_can_be_awaited_while_the_loop_goes_on(at):
    async def all_of_them():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        beside = asyncio.ensure_future(tick())
        jobs = [
            at.workspace.get_target(IONQ).submit(at.bell),
            at.backend.run([measured()] * 2, shots=10),
            SamplerV2(at.backend).run([measured()], shots=10),
            at.service.create_job(cirq_measured(), 10),
        ]
        awaited = await asyncio.gather(*[one_of(job) for job in jobs])
        beside.cancel()
        return [one is other for one, other in zip(jobs, awaited, strict=True)], ticks

    same, ticks = asyncio.run(all_of_them())
    assert same == [True] * 4
    assert ticks > 0


async def one_of(job):
    return await job


def test_large_uploads_and_downloads_tell_their_bytes_and_small_ones_do_not():
    data = bytes(12_000_000)
    up, down, small = [], [], []
    with LocalWorkspace() as service, Server(service) as server:
        client = Workspace.from_connection_string(connection_string(service.connection, server.endpoint))
        job = client.get_target(IONQ).submit(FLIP, shots=10)
        job.upload_attachment("large", data, progress=lambda *told: up.append(told))
        assert job.download_attachment("large", progress=lambda *told: down.append(told)) == data
        job.download_results(progress=lambda *told: small.append(told))
        client.close()
    for told in (up, down):
        assert told[-1] == (len(data), len(data))
        assert [done for done, _ in told] == sorted({done for done, _ in told})
        assert len(told) > 10
    assert small == []


def test_the_bar_of_a_transfer_counts_bytes(monkeypatch):
    bars = []

    class Bar:
        def __init__(self, total, unit, unit_scale):
            self.total, self.n, self.unit = total, 0, unit
            bars.append(self)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.closed = True

        def update(self, more):
            self.n += more

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    with bytes_told(progress=True) as told:
        told(4, 10)
        told(10, 10)
    (bar,) = bars
    assert (bar.n, bar.total, bar.unit, bar.closed) == (10, 10, "B", True)
    with pytest.raises(ConfigurationError, match="progress is 3"), bytes_told(progress=3):
        pass
