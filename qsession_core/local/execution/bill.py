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
    if is_bitcode(payload):
        raise ConfigurationError(
            "There is no estimate of the cost of QIR as bitcode, because LLVM ends its process over some that is "
            "damaged. Pass it as text."
        )
    try:
        return reduce(add, [count_gates(read(payload, input_format, item)) for item in items_in(params)])
    except JobFailure as failure:
        raise ConfigurationError(f"There is no estimate of the cost. {failure.message}") from failure
