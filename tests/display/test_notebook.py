"""Displays of notebooks: on everything that people look at, escaped, without scripts, short."""

import pickle
import re
from html.parser import HTMLParser

import cirq
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace
from qsession_core.display.notebook import histogram
from qsession_core.local import Fault, Faults
from qsession_qiskit import AzureQuantumProvider, EstimatorV2, SamplerV2

IONQ = "ionq.simulator"
BELL = '{"qubits":2,"circuit":[{"gate":"h","target":0},{"gate":"cnot","control":0,"target":1}]}'
BAD = '{"qubits":1,"circuit":[{"gate":"<script>","target":0}]}'
HOSTILE = "<script>alert(1)</script>\u202e\x1b"
_VOID = {"rect"}


class _Strict(HTMLParser):
    """Reads a display; every element is closed, and none is a script or asks a server."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.text = []

    def handle_starttag(self, tag, attributes):
        assert tag not in {"script", "style", "link", "img", "iframe"}
        for name, value in attributes:
            assert not name.startswith("on")
            assert "url(" not in value
            assert "//" not in value
        self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert tag in _VOID

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(shown):
    """Return the text of what a notebook shows of an object."""
    reader = _Strict()
    reader.feed(shown._repr_html_() if hasattr(shown, "_repr_html_") else shown)
    assert reader.open == []
    return " ".join(" ".join(reader.text).split())


def circuit():
    made = QuantumCircuit(2, 2, name="bell")
    made.h(0)
    made.cx(0, 1)
    made.measure([0, 1], [0, 1])
    return made


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def workspace(faults):
    with Workspace.local(seed=3, faults=faults) as workspace:
        yield workspace


@pytest.fixture
def target(workspace):
    return workspace.get_target(IONQ)


def test_the_core_shows_what_it_knows(workspace, target):
    job = target.submit(BELL, name=HOSTILE, shots=100)
    result = job.result()
    assert "00 50 50.0 %" in read(result)
    assert "11 50 50.0 %" in read(job)
    assert "<script>alert(1)</script>" in read(job)
    assert "\u202e" not in read(job)
    assert workspace.connection.endpoint.partition("//")[2] in read(workspace)
    assert workspace.connection.subscription_id not in read(workspace)
    assert "qubits 29" in read(target)
    quote = workspace.get_target("ionq.qpu.aria-1").estimate_cost(BELL, 100)
    assert read(quote).startswith(f"{quote.amount:g} {quote.unit}")


def test_sets_and_sessions_show_their_jobs(target):
    with target.open_session(name="scan & more", job_failure_policy="Continue") as session:
        jobs = target.submit_all([BELL] * 15 + [BAD], shots=10)
        jobs.wait()
        shown = read(session)
        assert "Session scan & more" in shown
        assert "jobs 16" in shown
        assert "ends idle in" in shown
        assert session._repr_html_().count("<title>") == 16
    assert "ends idle in" not in read(session)
    assert "16 jobs" in read(jobs)
    assert "and 4 jobs before them" in read(jobs)
    assert "Failed" in read(jobs)


def test_a_session_is_shown_without_jobs_when_the_service_is_away(target, faults):
    session = target.open_session(name="alone")
    faults.add(Fault("error", route="GET sessions/*", count=50, status=400))
    assert "Session alone" in read(session)


def test_front_ends_show_the_same(workspace):
    backend = AzureQuantumProvider(workspace).get_backend(IONQ)
    one, two = backend.run(circuit(), shots=100), backend.run([circuit()] * 2, shots=10)
    results = one.result(), two.result()
    assert "00 50 50.0 %" in read(one)
    assert "2 jobs" in read(two)
    assert "00 50 50.0 %" in read(results[0])
    assert read(results[1]).count("%") == 4
    sampled = SamplerV2(backend).run([circuit()], shots=10)
    estimated = EstimatorV2(backend).run([(QuantumCircuit(1), SparsePauliOp("Z"))], precision=0.1)
    for job in (sampled, estimated):
        job.result()
        assert "Succeeded" in read(job)
        assert re.fullmatch(r"<AzurePrimitiveJob [0-9a-f-]{36}: \d jobs, \d terminal>", repr(job))
    qubit = cirq.LineQubit(0)
    job = AzureQuantumService(workspace, default_target=IONQ).create_job(
        cirq.Circuit(cirq.X(qubit), cirq.measure(qubit)), 5
    )
    job.results()
    assert "1 5 100.0 %" in read(job)


def test_results_of_many_shots_are_a_line(workspace):
    result = AzureQuantumProvider(workspace).get_backend(IONQ).run(circuit(), shots=100_000).result()
    assert len(repr(result)) < 120
    assert "100000 shots" in repr(result)


def test_many_outcomes_are_cut_to_the_most_frequent():
    counts = {f"{number:07b}": number + 1 for number in range(100)}
    shown = read(histogram(counts, sum(counts.values())))
    assert "and 84 more outcomes" in shown
    assert "1100011 100 2.0 %" in shown
    assert len(histogram(counts, sum(counts.values()))) < 12_000
    assert read(histogram({}, 0)) == ""


def test_lists_of_targets_and_costs_are_tables_and_lists():
    workspace = Workspace.local(seed=7)
    target = workspace.get_target("quantinuum.sim.h2-1e")
    target.submit('OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[1];\ncreg c[1];\nx q[0];\nmeasure q -> c;\n',
                  HOSTILE, shots=1000, tags=["thesis"]).result()  # fmt: skip
    targets, costs, by_tag = workspace.get_targets(), workspace.costs(), workspace.costs_by("tag")
    assert "ionq.simulator 29 Base Available" in read(targets)
    assert "eHQC" in read(costs)
    assert read(by_tag).startswith("Tag Jobs Cost thesis 1")
    for shown in (targets, costs, by_tag):
        assert isinstance(shown, list)
        assert repr(shown) == repr(list(shown))
    assert pickle.loads(pickle.dumps(costs)) == costs  # noqa: S301 - our own
    assert read(workspace.costs(since="2999-01-01")) == "none"
