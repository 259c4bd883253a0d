"""The served workspace over TLS: pinned certificates, broken handshakes, bodies of every size."""

import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from qsession_core import Program, Workspace
from qsession_core.command.groups.serving import connection_string
from qsession_core.errors import ConfigurationError, TransportError
from qsession_core.local import LocalWorkspace
from qsession_core.local.certificates import fingerprint_of, own_certificate
from qsession_core.local.http_server import Server
from qsession_core.local.tls import server_context
from qsession_core.transport.retry import RetryPolicy

FLIP = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))])
ONCE = RetryPolicy(attempts=1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    own_certificate(path, ["localhost", "127.0.0.1"])
    return path


@pytest.fixture
def served(certificate):
    with LocalWorkspace(seed=7) as service, Server(service, tls=server_context(certificate)) as server:
        yield service, server


def client(served, accept, **options):
    service, server = served
    return Workspace.from_connection_string(connection_string(service.connection, server.endpoint, accept), **options)


def test_a_client_that_knows_the_fingerprint_works_without_an_authority(served, certificate):
    data = bytes(range(256)) * 40_000
    with client(served, f"TlsFingerprint={fingerprint_of(certificate)};") as workspace:
        target = workspace.get_target("ionq.simulator")
        with target.open_session(name="over TLS"):
            job = target.submit(FLIP, shots=10)
        assert job.result().counts == {"1": 10}
        assert (job.details.output_data_uri or "").startswith("https://127.0.0.1:")
        job.upload_attachment("large", data)
        assert job.download_attachment("large") == data


def test_another_certificate_is_refused_before_the_key_is_sent(served):
    with (
        client(served, f"TlsFingerprint={'0' * 64};", retry=ONCE) as workspace,
        pytest.raises(TransportError, match=r"[Ff]ingerprint"),
    ):
        workspace.get_targets()


def test_without_a_fingerprint_an_unknown_authority_is_refused(served):
    with client(served, "", retry=ONCE) as workspace, pytest.raises(TransportError, match="certificate verify failed"):
        workspace.get_targets()


def test_a_fingerprint_that_is_none_is_told(served):
    with pytest.raises(ConfigurationError, match="TlsFingerprint is not the SHA-256"):
        client(served, "TlsFingerprint=abc;")


def test_others_trust_the_certificate_as_a_file(served, certificate):
    answer = requests.get(f"{served[1].endpoint}_/health", verify=str(certificate), timeout=30)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "application/json")


def test_many_clients_at_once_each_get_their_own_answers(served, certificate):
    accept = f"TlsFingerprint={fingerprint_of(certificate)};"

    def run(shots):
        with client(served, accept) as workspace:
            return workspace.get_target("ionq.simulator").submit(FLIP, shots=shots).result().counts

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(run, range(1, 33))) == [{"1": shots} for shots in range(1, 33)]


def test_what_is_no_handshake_holds_nobody_up(served, certificate):
    _, server = served
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
    rude = socket.create_connection(("127.0.0.1", server.port))
    rude.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    cut = ssl.create_default_context(cafile=certificate).wrap_socket(
        socket.create_connection(("127.0.0.1", server.port)), server_hostname="localhost"
    )
    cut.sendall(b"PUT /x HTTP/1.1\r\nHost: loc")
    cut.close()
    with client(served, f"TlsFingerprint={fingerprint_of(certificate)};") as workspace:
        assert len(workspace.get_targets()) > 5
    for each in (*silent, rude):
        each.close()


def test_closing_ends_the_thread_and_frees_the_port(certificate):
    before = threading.active_count()
    with LocalWorkspace() as service:
        server = Server(service, tls=server_context(certificate))
        with server:
            requests.get(f"{server.endpoint}_/health", verify=str(certificate), timeout=30)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", server.port))
    assert threading.active_count() <= before


def test_who_is_told_the_address_may_come_before_the_server_starts(certificate):
    with LocalWorkspace() as service:
        server = Server(service, tls=server_context(certificate))
        with socket.create_connection(("127.0.0.1", server.port)), server:
            assert requests.get(f"{server.endpoint}_/health", verify=str(certificate), timeout=30).ok


def test_files_that_are_no_certificate_are_told(tmp_path, certificate):
    other = tmp_path / "other.pem"
    own_certificate(other, ["localhost"])
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(ConfigurationError, match="No TLS with"):
        server_context(tmp_path / "empty.pem")
    with pytest.raises(ConfigurationError, match="has no certificate in PEM"):
        fingerprint_of(tmp_path / "empty.pem")
    with pytest.raises(ConfigurationError, match="No TLS with"):
        server_context(certificate, other)


def test_the_certificate_of_a_directory_stays_the_same_and_is_private(tmp_path):
    path = tmp_path / "tls.pem"
    own_certificate(path, ["lab", "10.0.0.1"])
    first = fingerprint_of(path)
    own_certificate(path, ["lab"])
    assert fingerprint_of(path) == first
    assert path.stat().st_mode & 0o077 == 0
