"""Bytes on the wire: one narrow door, ``send(Request) -> Response``.

Behind the door stands Azure over HTTPS, or a local workspace in this process. Everything above it is the same code.
"""

from qsession_core.transport.message import Request, Response, Transport, without_secrets

__all__ = ["Request", "Response", "Transport", "without_secrets"]
