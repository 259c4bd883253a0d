"""A program into bytes, and a result out of bytes: one file a format, both directions in it."""

from qsession_core.formats.decoding import decode
from qsession_core.formats.payload import Format, JobFacts, Payload, Template

__all__ = ["Format", "JobFacts", "Payload", "Template", "decode"]
