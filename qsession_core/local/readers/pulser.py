"""Reads ``pasqal.pulser.v1``: ``{"sequence_builder": <a Pulser sequence as JSON, or as text of it>}``.

Only the register is looked at here, because importing Pulser takes seconds: `simulators/pulser.py` reads the rest in a
worker's process. Source: docs/protocol.md 6.5; Pulser's abstract representation (``Sequence.to_abstract_repr``).
"""

from __future__ import annotations

import msgspec

from qsession_core.decoding import read_json
from qsession_core.local.readers.circuit import JobFailure, PulseSequence

__all__ = ["bad_sequence", "read_pulser"]


class _Atom(msgspec.Struct):
    name: str


class _Sequence(msgspec.Struct):
    register: list[_Atom]


class _Input(msgspec.Struct):
    sequence_builder: msgspec.Raw


def read_pulser(payload: bytes) -> PulseSequence:
    """Return the sequence in a payload.

    Raises:
        JobFailure: It is not a sequence, or its register has no atoms yet.
    """
    try:
        raw = bytes(read_json(payload, _Input).sequence_builder)
        if raw.startswith(b'"'):
            raw = read_json(raw, str).encode()
        register = read_json(raw, _Sequence).register
        text = raw.decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise bad_sequence(f"{error}") from error
    if not register or len({atom.name for atom in register}) != len(register):
        raise bad_sequence("its register needs atoms with names of their own")
    return PulseSequence(len(register), text)


def bad_sequence(problem: str) -> JobFailure:
    """Return the failure of a job whose sequence cannot be run."""
    return JobFailure("InvalidInputData", f"pasqal.pulser.v1: {problem}.")
