"""What is billed: the gates of an encoded program, without running it."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from qsession_core.errors import ConfigurationError
from qsession_core.local.execution.items import items_in
from qsession_core.local.execution.prepare import read
from qsession_core.local.interpreter.counting import count_gates
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.local.readers.qir.reader import is_bitcode
from qsession_core.processes.pool import WorkerDiedError, WorkerPool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.counting import GateCounts

__all__ = ["count_payload"]


def count_payload(payload: bytes, input_format: str, params: Mapping[str, Any]) -> GateCounts:
    """Return the gates of all programs of a job.

    Args:
        payload: The job's input.
        input_format: How it is written.
        params: The job's inputParams.

    Raises:
        ConfigurationError: They cannot be counted; the message says why.
    """
    try:
        if not is_bitcode(payload):
            return _counted(payload, input_format, params)
        # LLVM ends its process over some bitcode that is damaged, so that a process of its own reads it
        with WorkerPool(1) as pool:
            return pool.submit(_counted, payload, input_format, dict(params)).result()
    except JobFailure as failure:
        raise ConfigurationError(f"There is no estimate of the cost. {failure.message}") from failure
    except WorkerDiedError as death:
        raise ConfigurationError(
            "There is no estimate of the cost: LLVM ended its process over the bitcode, which is damaged."
        ) from death


def _counted(payload: bytes, input_format: str, params: Mapping[str, Any]) -> GateCounts:
    return reduce(add, [count_gates(read(payload, input_format, item)) for item in items_in(params)])
