"""Checks before anything is sent: shots, qubits, bytes. What a format can express, the format checks."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, SupportsIndex

from qsession_core.client.service.blobs import MAX_BYTES
from qsession_core.errors import ConfigurationError, ConversionError, LimitExceededError

if TYPE_CHECKING:
    from qsession_core.formats import Payload

__all__ = ["check_payload", "check_shots", "plain_metadata"]


def check_shots(shots: SupportsIndex | None, *, default: int, limit: int | None, target: str) -> int | ConversionError:
    """Return the shots of a job as a plain int, or the error: this is the only place where a shot count is checked.

    Args:
        shots: As the caller gave them; at least 1. None for the default.
        default: The default.
        limit: The most that the target takes in one job; None for no known limit.
        target: The target's name, for the error.
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


def plain_metadata(given: Mapping[str, str] | None) -> dict[str, str]:
    """Return a job's metadata as a dict; empty for None.

    Raises:
        ConfigurationError: It is not a mapping.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"metadata is {given!r}; pass a dict of texts, such as {{'run': '7'}}.")
    return dict(given)


def check_payload(
    payload: Payload, num_qubits: int, limit: int | None, target: str, *, own: int = 0
) -> list[ConversionError]:
    """Return what is wrong with the size of a payload.

    Args:
        payload: The payload.
        num_qubits: Qubits that it needs.
        limit: Qubits that the target has; None if unknown.
        target: The target's name, for the error.
        own: Qubits of the program itself, if known; the profile Base needs more.
    """
    problems: list[ConversionError] = []
    if limit is not None and num_qubits > limit:
        problems.append(
            LimitExceededError(
                f"The program needs {num_qubits} qubits; {target} has {limit}. {_reason(own, num_qubits)}"
                "Choose a larger target.",
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


def _reason(own: int, num_qubits: int) -> str:
    """Return why a program needs more qubits than it has; empty if it does not."""
    if not own or own == num_qubits:
        return ""
    return (
        f"Its own {own} qubits become {num_qubits}, because in the profile Base each reset, and each measured qubit "
        "that is used again, takes a fresh one; a target with an Adaptive profile does not need them. "
    )
