"""The authority of one run."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from qsession_core.errors import ConfigurationError
from qsession_core.intercept.authority import Authority
from qsession_core.intercept.hosts import role_of

HOSTS = ["eastus.quantum.azure.com", "a1b2.blob.core.windows.net", "management.azure.com", "login.microsoftonline.com"]


def handshake(server: ssl.SSLContext, certificate: str, host: str) -> None:
    """Make a TLS connection to a server as a client that trusts one certificate only, as strictly as Python can."""
    client = ssl.create_default_context(cadata=certificate)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    near, far = socket.socketpair()
    with near, far:

        def serve() -> None:
            try:
                server.wrap_socket(far, server_side=True).close()
            except (ssl.SSLError, OSError):
                far.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            client.wrap_socket(near, server_hostname=host).close()
        finally:
            near.close()
            thread.join()


@pytest.mark.parametrize("host", HOSTS)
def test_its_certificates_are_good_for_hosts_of_azure_quantum(host):
    authority = Authority()
    handshake(authority.context(host), authority.certificate, host)


def test_a_certificate_is_good_for_its_host_only():
    authority = Authority()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority.context(HOSTS[0]), authority.certificate, HOSTS[1])


@pytest.mark.parametrize("host", ["example.com", "quantum.azure.com.example", "portal.azure.com", "pypi.org"])
def test_other_hosts_get_no_certificate(host):
    with pytest.raises(ConfigurationError, match="gets no certificate"):
        Authority().context(host)


def test_even_with_its_key_no_other_host_could_be_certified():
    authority = Authority()
    made = authority._make_context  # what makes certificates, without the check of the host
    with pytest.raises(ssl.SSLCertVerificationError, match=r"(?i)permitted subtree"):
        handshake(made("pypi.org"), authority.certificate, "pypi.org")


def test_one_run_does_not_trust_another():
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(Authority().context(HOSTS[0]), Authority().certificate, HOSTS[0])


def test_its_own_certificate_is_signed_by_itself_and_cannot_make_further_authorities():
    own = x509.load_pem_x509_certificate(Authority().certificate.encode())
    own.verify_directly_issued_by(own)
    assert own.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert isinstance(own.signature_hash_algorithm, hashes.SHA256)


def test_no_key_is_left_on_disk_and_none_was_there_in_the_clear(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen: list[tuple[int, str]] = []
    load = ssl.SSLContext.load_cert_chain

    def watched(context, path, **options):
        seen.append((path.stat().st_mode & 0o777, path.read_text()))
        return load(context, path, **options)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    Authority().context(HOSTS[0])
    ((mode, text),) = seen
    assert mode == 0o600
    assert "BEGIN ENCRYPTED PRIVATE KEY" in text
    assert "BEGIN PRIVATE KEY" not in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "role"),
    [
        ("EastUS.Quantum.Azure.com", "service"),
        ("mine.eastus.quantum.azure.com", "service"),
        ("quantum.azure.com", None),
        (".quantum.azure.com", None),
        ("a..quantum.azure.com", None),
        ("*.quantum.azure.com", None),
        ("evilquantum.azure.com", None),
        ("x.management.azure.com", None),
        ("blob.core.windows.net.", None),
        ("a.blob.core.windows.net.", "storage"),
        ("169.254.169.254", None),
    ],
)
def test_the_hosts_of_azure_quantum_are_known_by_their_whole_names(host, role):
    assert role_of(host) == role
