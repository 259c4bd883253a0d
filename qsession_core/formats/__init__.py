"""A program into bytes, and a result out of bytes: one file a format, both directions in it."""

from qsession_core.formats.interface import Format, InputFormat, JobFacts, Payload, Template
from qsession_core.formats.registry import decode

__all__ = ["Format", "InputFormat", "JobFacts", "Payload", "Template", "decode"]
