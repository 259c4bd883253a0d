"""What is checked before anything is sent: numbers and limits. What a format can hold, the format checks."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, SupportsIndex

from qsession_core.client.service.blobs import MAX_BYTES
from qsession_core.errors import ConfigurationError, ConversionError, LimitExceededError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.formats import Payload

__all__ = ["check_payload", "check_shots", "tag_list"]


def check_shots(shots: SupportsIndex | None, *, default: int, limit: int | None, target: str) -> int | ConversionError:
    """Return the shots as a plain int, or what is wrong with them.

    Args:
        shots: What the caller said.
        default: What it is if the caller said nothing.
        limit: The most that the target takes; None for no known limit.
        target: The target's name.
    """
    if shots is None:
        return default
    try:
        number = operator.index(shots)
    except TypeError:
        number = None
    if number is None or isinstance(shots, bool):
        return ConversionError(f"shots is {shots!r}; it must be a whole number of at least 1.")
    if number < 1:
        return LimitExceededError(f"shots is {number}; it must be at least 1.", what="shots", asked=number, limit=1)
    if limit is not None and number > limit:
        return LimitExceededError(
            f"{target} takes at most {limit} shots a job, not {number}; send several jobs.",
            what="shots",
            asked=number,
            limit=limit,
        )
    return number


def check_payload(payload: Payload, num_qubits: int, limit: int | None, target: str) -> list[ConversionError]:
    """Return what is wrong with the size of a payload.

    Args:
        payload: What would be sent.
        num_qubits: How many qubits it needs.
        limit: How many the target has; None if nobody knows.
        target: The target's name.
    """
    problems: list[ConversionError] = []
    if limit is not None and num_qubits > limit:
        problems.append(
            LimitExceededError(
                f"The program needs {num_qubits} qubits; {target} has {limit}. Choose a larger target.",
                what="qubits",
                asked=num_qubits,
                limit=limit,
            )
        )
    if len(payload.data) > MAX_BYTES:
        problems.append(
            LimitExceededError(
                f"The encoded program has {len(payload.data)} bytes; at most {MAX_BYTES} can be sent. Split it.",
                what="bytes",
                asked=len(payload.data),
                limit=MAX_BYTES,
            )
        )
    return problems


def tag_list(tags: Sequence[str] | None) -> list[str] | None:
    """Return tags as a list; None for none.

    Raises:
        ConfigurationError: They are one text, which would become as many tags as it has letters, or no texts.
    """
    if tags is None:
        return None
    if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
        raise ConfigurationError(f"tags is {tags!r}; give a list of texts, such as ['a', 'b'].")
    return list(tags)
