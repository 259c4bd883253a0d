"""Where a task runs: in the service's own thread, or in a worker process, and in which lane.

The service's own thread cannot be stopped, and everything waits while it works. So it reads only what is provably
cheap to read, and runs only what is provably cheap to run:

1. The payload is short, and has nothing in it that stands for much more than its length: no definitions of gates, no
   large numbers, no matrices. Then reading it takes some milliseconds.
2. The program runs each of its instructions at most once, and the simulator says that it takes some milliseconds.

Everything else is read and run by a worker process, which has a deadline and can be killed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.local.execution.items import items_in
from qsession_core.local.execution.prepare import planned, prepare
from qsession_core.local.execution.task import unread
from qsession_core.local.interpreter.limits import TooManyStepsError
from qsession_core.local.readers.circuit import JobFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.local.execution.plan import Plan
    from qsession_core.local.execution.task import Outcome, Task
    from qsession_core.local.readers.circuit import Readable

__all__ = ["Placed", "is_cheap_to_read", "place"]

_BYTES = 32 * 1024
_STEPS = 5_000
# What takes longer than this by its plan is long from the beginning
_LONG_SECONDS = 1.0
# What a payload must not have to be cheap. A number that counts something has at most three digits. In JSON, a name
# may be written with escapes, so that there must be none.
_DEAR: dict[str, re.Pattern[bytes]] = {
    "ionq.circuit.v1": re.compile(rb"(?i:pauliexp)|\\|[:,\[]\s*\d{4,}(?![\d.eE])"),
    "honeywell.openqasm.v1": re.compile(rb"gate|opaque|\[\s*\d{4}"),
    "rigetti.quil.v1": re.compile(rb"DEF|[\[\s]\d{4}"),
    "qir.v1": re.compile(rb'\[\d{4,}|"\d{4,}"|i64 \d{4,} to'),
}
# A statement on a whole register stands for as many operations as the register is wide
_WIDTH = re.compile(rb"\[\s*(\d+)")
_OPERATIONS = 50_000
_RESETS = 10  # of all qubits


class Placed(msgspec.Struct, frozen=True):
    """Where a task runs.

    Attributes:
        outcome: How it ended already: its input cannot be taken; None otherwise.
        program: What the service's own thread is to run; None for a task that a worker reads and runs.
        plan: How it will be run; None where it was not read.
        is_long: A worker will take long for it.
    """

    outcome: Outcome | None = None
    program: Readable | None = None
    plan: Plan | None = None
    is_long: bool = False

    @property
    def needs_worker(self) -> bool:
        """Whether a worker runs the task."""
        return self.outcome is None and self.program is None


def place(task: Task) -> Placed:
    """Say where a task runs. It is read for this if it is cheap to read."""
    if not is_cheap_to_read(task.payload, task.input_format, task.params):
        return Placed()
    try:
        program = prepare(task, _STEPS)
        plan = planned(task, program)
    except TooManyStepsError:
        return Placed()
    except JobFailure as failure:
        return Placed(unread(failure))
    if plan.is_inline:
        return Placed(program=program, plan=plan)
    return Placed(plan=plan, is_long=plan.seconds > _LONG_SECONDS)


def is_cheap_to_read(payload: bytes, input_format: str, params: Mapping[str, Any]) -> bool:
    """Say whether a job's input can be read here, in some milliseconds.

    Args:
        payload: The input.
        input_format: How it is written.
        params: The job's inputParams.
    """
    if len(payload) > _BYTES or len(items_in(params)) != 1 or params.get("substitutions"):
        return False
    dear = _DEAR.get(input_format)
    if dear is not None and dear.search(payload):
        return False
    if input_format == "qir.v1":
        from qsession_core.local.readers.qir.reader import is_bitcode

        return not is_bitcode(payload)
    if input_format == "honeywell.openqasm.v1":
        return payload.count(b";") * max(map(int, _WIDTH.findall(payload)), default=1) <= _OPERATIONS
    return input_format != "rigetti.quil.v1" or payload.count(b"RESET") < _RESETS
