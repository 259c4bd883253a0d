"""The states of a session and how events change them, as one table.

Invariants:

1. Three states are terminal (Succeeded, Failed, TimedOut); nothing leaves them, and entering one sets the end time
   once.
2. A session that was asked to close takes no more jobs. It keeps its visible state until its last job has ended, then
   it is Succeeded, or Failed where a job had failed. Closing cancels no job and does not time out.
3. Under Abort the first failed job makes the session Failed at once, and its other jobs are cancelled. Under Continue
   it becomes Failure(s), which is not terminal, takes jobs, and is not left by a later success.
4. A cancelled job is not a failure, under either policy.
5. Ten minutes after the last submission (or the opening) an open session is TimedOut, whether or not jobs are
   pending and whether or not jobs had failed. Jobs it has already taken run on.
6. Waiting becomes Executing when the first job starts, and never goes back.

Source: docs/protocol.md 4.4, from recorded traffic. Rule 4 and the last sentences of 2 and 5 are our choice where the
traffic does not tell.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

__all__ = ["IDLE_SECONDS", "TABLE", "Event", "Move", "Phase", "move", "phase_of"]

IDLE_SECONDS = 600


class Phase(Enum):
    """A session's visible state, and whether it was asked to close."""

    WAITING = ("Waiting", False)
    EXECUTING = ("Executing", False)
    FAILURES = ("Failure(s)", False)
    CLOSING_WAITING = ("Waiting", True)
    CLOSING_EXECUTING = ("Executing", True)
    CLOSING_FAILURES = ("Failure(s)", True)
    SUCCEEDED = ("Succeeded", False)
    FAILED = ("Failed", False)
    TIMED_OUT = ("TimedOut", False)

    @property
    def state(self) -> str:
        """The status on the wire."""
        return self.value[0]

    @property
    def is_closing(self) -> bool:
        """Whether it was asked to close and still has pending jobs."""
        return self.value[1]

    @property
    def is_terminal(self) -> bool:
        """Whether it will not change any more."""
        return self in {Phase.SUCCEEDED, Phase.FAILED, Phase.TIMED_OUT}


class Event(Enum):
    """The events that change sessions."""

    SUBMIT = auto()  # a job is submitted into it
    START = auto()  # one of its jobs begins to execute
    FAIL_ABORT = auto()  # a job failed, policy Abort
    FAIL_CONTINUE = auto()  # a job failed, policy Continue
    DRAIN = auto()  # no job is pending any more
    CLOSE_QUIET = auto()  # asked to close, nothing pending
    CLOSE_BUSY = auto()  # asked to close, jobs pending
    IDLE = auto()  # ten minutes without a new job


class Move(NamedTuple):
    """What an event does to a session.

    Attributes:
        phase: The phase afterwards.
        is_refused: The event is not allowed (a job that is submitted too late).
        cancels_jobs: The session's pending jobs are cancelled.
    """

    phase: Phase
    is_refused: bool = False
    cancels_jobs: bool = False


_W, _E, _F = Phase.WAITING, Phase.EXECUTING, Phase.FAILURES
_CW, _CE, _CF = Phase.CLOSING_WAITING, Phase.CLOSING_EXECUTING, Phase.CLOSING_FAILURES
_S, _X, _T = Phase.SUCCEEDED, Phase.FAILED, Phase.TIMED_OUT
_ABORT = Move(_X, cancels_jobs=True)


def _no(phase: Phase) -> Move:
    return Move(phase, is_refused=True)


# columns in the order of Event
_ROWS: dict[Phase, tuple[Move, ...]] = {
    #     SUBMIT     START      FAIL_ABORT  FAIL_CONT. DRAIN      CLOSE_QUIET CLOSE_BUSY  IDLE
    _W:  (Move(_W),  Move(_E),  _ABORT,     Move(_F),  Move(_W),  Move(_S),   Move(_CW),  Move(_T)),
    _E:  (Move(_E),  Move(_E),  _ABORT,     Move(_F),  Move(_E),  Move(_S),   Move(_CE),  Move(_T)),
    _F:  (Move(_F),  Move(_F),  _ABORT,     Move(_F),  Move(_F),  Move(_X),   Move(_CF),  Move(_T)),
    _CW: (_no(_CW),  Move(_CE), _ABORT,     Move(_CF), Move(_S),  Move(_S),   Move(_CW),  Move(_CW)),
    _CE: (_no(_CE),  Move(_CE), _ABORT,     Move(_CF), Move(_S),  Move(_S),   Move(_CE),  Move(_CE)),
    _CF: (_no(_CF),  Move(_CF), _ABORT,     Move(_CF), Move(_X),  Move(_X),   Move(_CF),  Move(_CF)),
    _S:  (_no(_S),   Move(_S),  Move(_S),   Move(_S),  Move(_S),  Move(_S),   Move(_S),   Move(_S)),
    _X:  (_no(_X),   Move(_X),  Move(_X),   Move(_X),  Move(_X),  Move(_X),   Move(_X),   Move(_X)),
    _T:  (_no(_T),   Move(_T),  Move(_T),   Move(_T),  Move(_T),  Move(_T),   Move(_T),   Move(_T)),
}  # fmt: skip

TABLE: dict[tuple[Phase, Event], Move] = {
    (phase, event): moves[column] for phase, moves in _ROWS.items() for column, event in enumerate(Event)
}


def move(phase: Phase, event: Event) -> Move:
    """Return what an event does to a session.

    >>> move(Phase.EXECUTING, Event.CLOSE_BUSY).phase
    <Phase.CLOSING_EXECUTING: ('Executing', True)>
    >>> move(Phase.FAILURES, Event.CLOSE_QUIET).phase.state
    'Failed'
    """
    return TABLE[phase, event]


_BY_STATE = {phase.value: phase for phase in Phase}


def phase_of(state: str, *, closing: bool) -> Phase:
    """Return the phase of a stored session."""
    return _BY_STATE.get((state, closing)) or _BY_STATE[state, False]
