"""An authority of one run: its certificates are trusted by the child only, and its key is in no file."""

from __future__ import annotations

import secrets
import ssl
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from qsession_core.errors import ConfigurationError
from qsession_core.intercept.hosts import DOMAINS, role_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

__all__ = ["Authority"]

_SKEW = timedelta(hours=1)
_LIFETIME = timedelta(days=30)  # longer than any run


class Authority:
    """Certifies the hosts of Azure Quantum for this process.

    Attributes:
        certificate: Its own certificate in PEM, which the child is told to trust.
    """

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._host_key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "qsession run, this run only")])
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._own = self._issue_own()
        self.certificate = self._own.public_bytes(serialization.Encoding.PEM).decode()

    def __repr__(self) -> str:
        return "<Authority of one run>"

    def context(self, host: str) -> ssl.SSLContext:
        """Return what a TLS server needs to stand for a host.

        Raises:
            ConfigurationError: A program for Azure Quantum does not need this host.
        """
        if role_of(host) is None:
            raise ConfigurationError(f"{host} is no host of Azure Quantum; it gets no certificate.")
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self._make_context(host)
            return self._contexts[host]

    def _make_context(self, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        certificate = self._issue(host).public_bytes(serialization.Encoding.PEM)
        password = secrets.token_hex(32)
        key = self._host_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode()),
        )
        # ssl reads keys from files only; this one is encrypted, private, and gone in a moment
        with tempfile.TemporaryDirectory(prefix="qsession-") as folder:
            path = Path(folder) / "host.pem"
            path.touch(mode=0o600)
            path.write_bytes(certificate + key)
            context.load_cert_chain(path, password=password)
        return context

    def _issue_own(self) -> x509.Certificate:
        permitted = [x509.DNSName(domain) for domain in DOMAINS]
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        return (
            self._builder(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.NameConstraints(permitted, None), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _issue(self, host: str) -> x509.Certificate:
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=False,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        common = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            self._builder(common, self._host_key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(identifier, critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(self, subject: x509.Name, key: EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _SKEW)
            .not_valid_after(now + _LIFETIME)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
