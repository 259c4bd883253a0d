"""A package from outside brings a provider, a target, and formats of programs and results, by entry points alone."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from datetime import date
from textwrap import dedent
from urllib.parse import urlsplit

import pytest

from qsession_core import Program, Request, Response, Workspace, plugins
from qsession_core.catalog import Price
from qsession_core.errors import PluginError, ResultFormatError
from qsession_core.formats import JobFacts, decode
from qsession_core.formats.registry import as_is

BELL = [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))]

CODE = """
from dataclasses import dataclass

from qsession_core.errors import ConversionError
from qsession_core.counting import GateCounts
from qsession_core.formats.interface import InputFormat, Payload
from qsession_core.providers import KnownTarget, Provider
from qsession_core.results.result import Result


def count(data):
    lines = data.decode().splitlines()
    return GateCounts.of([len(line.split()) - 1 for line in lines if not line.startswith("measure")], 0, 0)


FORMAT = InputFormat("acme.lines.v1", "acme.tally.v1", "text/x-acme", count)


@dataclass(frozen=True)
class Lines:
    input_data_format: str = "acme.lines.v1"
    keeps: frozenset = frozenset()

    def encode(self, program, *, profile):
        if "t" in program.words:
            raise ConversionError("There is no t gate in acme.lines.v1.")
        lines = [" ".join([name, *map(str, qubits)]) for name, qubits, _ in program.body]
        return Payload("\\n".join(lines).encode(), FORMAT.content_type, FORMAT.name, FORMAT.output_data_format)

    def template(self, program, *, profile):
        raise ConversionError("acme.lines.v1 has no parameters.")


def decode(data, facts):
    tally = dict(line.split("=") for line in data.decode().split(";"))
    total = sum(map(int, tally.values()))
    return [Result.from_probabilities({key: int(n) / total for key, n in tally.items()}, shots=facts.shots)]


PROVIDER = Provider(
    id="acme", formats=(Lines(),), raw_format="acme.lines.v1", targets=(KnownTarget("acme.sim.tiny", 3, "", 50),)
)
"""

ENTRY_POINTS = """
    [qsession.providers]
    acme = acme_quantum:PROVIDER
    [qsession.formats]
    acme.lines.v1 = acme_quantum:FORMAT
    acme.tally.v1 = acme_quantum:decode
    acme.wrong.v1 = acme_quantum:PROVIDER
    acme.broken.v1 = acme_broken:FORMAT
"""


@dataclass
class AcmesWorkspace:
    """A workspace whose only provider is acme: enough of the service for one job."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, dict[str, object]] = field(default_factory=dict)

    def send(self, request: Request) -> Response:
        url = urlsplit(request.url)
        if url.netloc == "blobs.example":
            if request.method == "PUT":
                self.blobs[url.path] = request.body
                return Response(201)
            return Response(200, {}, self.blobs[url.path])
        last = url.path.rsplit("/", 1)[-1]
        if last == "providerStatus":
            target = {"id": "acme.sim.tiny", "currentAvailability": "Available"}
            return answer({"value": [{"id": "acme", "currentAvailability": "Available", "targets": [target]}]})
        if last == "quotas":
            return answer({"value": []})
        if last == "sasUri":
            container = json.loads(request.body)["containerName"]
            return answer({"sasUri": f"https://blobs.example/{container}?se=2999-01-01T00:00:00Z"})
        if request.method == "PUT":
            self.jobs[last] = {**json.loads(request.body), "id": last, "status": "Waiting"}
            return answer(self.jobs[last])
        self.blobs[f"/job-{last}/out"] = b"00=1;11=3"
        done = {"status": "Succeeded", "outputDataUri": f"https://blobs.example/job-{last}/out?se=2999-01-01T00:00:00Z"}
        return answer(self.jobs[last] | done)

    def close(self) -> None:
        pass


def answer(body: object) -> Response:
    return Response(200, {"content-type": "application/json"}, json.dumps(body).encode())


@pytest.fixture
def acme(tmp_path, monkeypatch):
    (tmp_path / "acme_quantum.py").write_text(CODE)
    (tmp_path / "acme_broken.py").write_text("FORMAT = 1 / 0")
    installed = tmp_path / "acme_quantum-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-quantum\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(dedent(ENTRY_POINTS))
    monkeypatch.syspath_prepend(tmp_path)
    plugins.forget()
    yield AcmesWorkspace()
    sys.modules.pop("acme_quantum", None)
    monkeypatch.undo()
    plugins.forget()


@pytest.fixture
def workspace(acme):
    parts = {"subscription_id": "s", "resource_group": "g", "name": "w", "location": "here", "credential": "key"}
    with Workspace(**parts, endpoint="https://here.example", transport=acme) as client:
        yield client


def test_its_target_takes_a_program_in_its_format_and_gives_a_result_in_its_own(workspace, acme):
    (target,) = workspace.get_targets()
    assert (target.name, target.num_qubits, target.max_shots) == ("acme.sim.tiny", 3, 50)

    job = target.submit(Program.of(2, 2, BELL), shots=40)
    assert job.result().counts == {"00": 10, "11": 30}

    sent = acme.jobs[job.id]
    assert (sent["inputDataFormat"], sent["outputDataFormat"]) == ("acme.lines.v1", "acme.tally.v1")
    assert acme.blobs[f"/job-{job.id}/inputData"] == b"h 0\ncx 0 1\nmeasure 0\nmeasure 1"


def test_data_in_its_format_goes_as_it_is_with_its_content_type(workspace):
    payload = workspace.get_target("acme.sim.tiny").encode("h 0\nmeasure 0", shots=5)
    assert (payload.content_type, payload.output_data_format) == ("text/x-acme", "acme.tally.v1")


def test_its_gates_are_counted_for_the_price(workspace):
    workspace.prices = (Price("acme.*", "EUR", date(2026, 1, 1), one=1.0, two=10.0),)
    assert workspace.get_target("acme.sim.tiny").estimate_cost(Program.of(2, 2, BELL), 2).amount == 22.0


def test_what_its_format_cannot_hold_is_its_own_problem(workspace):
    program = Program.of(1, 1, [("t", (0,), ()), ("measure", (0,), (0,))])
    with pytest.raises(Exception, match=r"no t gate in acme\.lines\.v1"):
        workspace.get_target("acme.sim.tiny").encode(program)


@pytest.mark.usefixtures("acme")
def test_an_entry_point_of_the_wrong_type_is_refused_by_name():
    with pytest.raises(PluginError, match=r"'acme\.wrong\.v1' .* is a Provider, not of type InputFormat"):
        as_is("", "acme.wrong.v1")
    with pytest.raises(ResultFormatError, match="no decoder for it"):
        decode("acme.wrong.v1", b"", JobFacts())


@pytest.mark.usefixtures("acme")
def test_a_module_that_breaks_when_it_is_imported_is_a_plugin_that_cannot_be_loaded():
    with pytest.raises(PluginError, match=r"'acme\.broken\.v1' .*acme-quantum.* cannot be loaded: ZeroDivisionError"):
        as_is("", "acme.broken.v1")


@pytest.mark.usefixtures("acme")
def test_what_its_decoder_cannot_read_is_a_malformed_result():
    with pytest.raises(ResultFormatError, match=r"job-1 is not acme\.tally\.v1: .*download_results"):
        decode("acme.tally.v1", b"no tally", JobFacts("job-1"))


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("returns", [None, [], KeyError, TypeError])
def test_a_decoder_that_breaks_or_returns_nothing_is_a_malformed_result(monkeypatch, returns):
    def broken(data, facts):
        if isinstance(returns, type):
            raise returns("tally")
        return returns

    monkeypatch.setattr(plugins, "load", lambda group, name: broken)
    with pytest.raises(ResultFormatError, match=r"job-1 is not acme\.tally\.v1"):
        decode("acme.tally.v1", b"a: 1", JobFacts("job-1"))


def test_without_the_package_there_is_no_such_format():
    assert "acme.lines.v1" not in plugins.names(plugins.FORMATS)
