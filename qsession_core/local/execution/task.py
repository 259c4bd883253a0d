"""One job as a value: what is to be run, and how it ended.

A :class:`Task` holds everything that running a job needs: no clock, no store, no state beside it. So a task gives the
same outcome in the service's own thread, in a worker process, on another machine, and again after a crash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.counting import GateCounts
    from qsession_core.local.readers.circuit import JobFailure

__all__ = ["Outcome", "Task", "unread"]


class Task(msgspec.Struct, frozen=True):
    """One job to run.

    Attributes:
        target: The target's id.
        input_format: How ``payload`` is written.
        output_format: How the output is to be written.
        payload: The job's input.
        params: Its inputParams.
        shots: How often to run it.
        seed: What its shots are drawn with.
        num_qubits: The widest program the target takes, with the noise that the job asks for.
        noise_model: The noise model that the job asks for by name; empty for none.
        profile: The target's QIR profile.
        results: ``sampled``, ``exact`` or ``zeros``, as the target's row says.
        noise: Error probabilities by name; empty for none.
        gates: Words the target takes; empty for all.
        simulator: The simulator to use; empty to choose.
        memory_bytes: How much memory a simulation may take; 0 for what the machine has free.
    """

    target: str
    input_format: str
    output_format: str
    payload: bytes
    params: Mapping[str, Any]
    shots: int
    seed: int
    num_qubits: int
    noise_model: str = ""
    profile: str = ""
    results: str = "sampled"
    noise: Mapping[str, float] = msgspec.field(default_factory=dict)
    gates: frozenset[str] = frozenset()
    simulator: str = ""
    memory_bytes: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """How a task ended.

    Attributes:
        output: The output's bytes; empty where it failed.
        blob: The name of the output's blob: ``rawOutputData`` as the provider wrote it, ``outputData`` translated.
        content_type: The blob's content type.
        code: The failure's code; empty where it succeeded.
        message: The failure's sentence.
        was_unread: It failed before it ran: its input could not be taken.
        details: The failures of single items of a job, as errorData shows them.
        counts: The gates that are billed; None where they cannot be counted.
        shots: The shots that are billed.
    """

    output: bytes
    blob: str = "outputData"
    content_type: str = "application/octet-stream"
    code: str = ""
    message: str = ""
    was_unread: bool = False
    details: tuple[Mapping[str, str], ...] = ()
    counts: GateCounts | None = None
    shots: int = 0


def unread(failure: JobFailure) -> Outcome:
    """Return the outcome of a job whose input cannot be taken."""
    return Outcome(b"", code=failure.code, message=failure.message, was_unread=True)
