"""How long to wait between polls: often at first, then a tenth of the time waited so far.

So a terminal job is seen at most a tenth of its run time late, or 0.2 s, whichever is more, and an hour in a queue
costs a hundred polls, not ten thousand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qsession_core.clock import Clock

__all__ = ["poll_pauses"]

_FIRST = 0.01  # seconds, like those below
_GROWTH = 1.6
_QUICK = 0.2
_SHARE = 0.1
_LONGEST = 60.0


def poll_pauses(clock: Clock, timeout_seconds: float | None) -> Iterator[float]:
    """Yield how long to sleep before each poll, in seconds: first 0, then growing; the last poll is at the timeout.

    Args:
        clock: The caller sleeps on it.
        timeout_seconds: When to end, from now; None for never.

    Raises:
        ConfigurationError: The timeout is no number of seconds, such as ``nan`` or ``"1h"``.
    """
    is_number = isinstance(timeout_seconds, (int, float)) and not isinstance(timeout_seconds, bool)
    if timeout_seconds is not None and (not is_number or timeout_seconds != timeout_seconds):  # noqa: PLR0124 - nan
        raise ConfigurationError(
            f"timeout_secs is {timeout_seconds!r}; pass a number of seconds, or None for no limit."
        )
    start, interval = clock.monotonic(), _FIRST
    yield 0.0
    while True:
        waited = clock.monotonic() - start
        left = _LONGEST if timeout_seconds is None else timeout_seconds - waited
        if left <= 0:
            return
        interval = min(max(min(interval * _GROWTH, _QUICK), waited * _SHARE), _LONGEST)
        yield min(interval, left)
