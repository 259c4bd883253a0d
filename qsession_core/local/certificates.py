"""A certificate that the server makes for itself; clients know it by its fingerprint."""

from __future__ import annotations

import hashlib
import os
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from qsession_core.errors import ConfigurationError
from qsession_core.local.storage.directory import private_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cryptography.x509 import GeneralName

__all__ = ["fingerprint_of", "own_certificate"]

_SKEW, _LIFETIME = timedelta(hours=1), timedelta(days=730)


def fingerprint_of(path: Path) -> str:
    """Return the SHA-256 of the first certificate of a PEM file, in hexadecimal digits.

    Raises:
        ConfigurationError: It has none, or cannot be read.
    """
    start, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    try:
        text = path.read_text(encoding="ascii")
        first = text[text.index(start) : text.index(end) + len(end)]
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} has no certificate in PEM that can be read: {error}.") from error


def own_certificate(path: Path, names: Iterable[str]) -> None:
    """Write a key and a certificate that it has signed itself into a private file, if there is none.

    The same file is used again, so that clients that know its fingerprint go on.

    Args:
        path: The file, in PEM.
        names: Names and addresses of the server.

    Raises:
        ConfigurationError: It cannot be written.
    """
    if path.exists():
        return
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "qsession serve")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_named(each) for each in dict.fromkeys(names)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    text = certificate.public_bytes(serialization.Encoding.PEM)
    text += key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    try:
        with suppress(FileExistsError), os.fdopen(private_file(path), "wb") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(f"The certificate cannot be written to {path}: {error.strerror}.") from error


def _named(name: str) -> GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
