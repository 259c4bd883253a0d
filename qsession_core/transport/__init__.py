"""Bytes on the wire: ``Transport.send(Request) -> Response``.

A transport leads to Azure over HTTPS, or to a local workspace in this process. Everything above it is the same code.
"""

from qsession_core.transport.message import Request, Response, Transport, is_loopback, without_secrets

__all__ = ["Request", "Response", "Transport", "is_loopback", "without_secrets"]
