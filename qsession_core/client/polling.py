"""How long to wait before looking again: often at first, then a tenth of the time waited so far.

So a finished job is seen at most a tenth of its run time late, or a quarter of a second, whichever is more, and an hour
in a queue costs a hundred looks, not ten thousand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qsession_core.transport.clock import Clock

__all__ = ["looks"]

_FIRST = 0.01
_GROWTH = 1.6
_QUICK = 0.2
_SHARE = 0.1
_LONGEST = 60.0


def looks(clock: Clock, timeout_seconds: float | None) -> Iterator[bool]:
    """Yield when it is time to look: at once, and when the timeout is over for the last time; then yield False.

    Args:
        clock: What waits.
        timeout_seconds: How long to go on; None for ever.
    """
    start = clock.monotonic()
    interval = _FIRST
    while True:
        yield True
        waited = clock.monotonic() - start
        left = None if timeout_seconds is None else timeout_seconds - waited
        if left is not None and left <= 0:
            yield False
            return
        interval = min(max(min(interval * _GROWTH, _QUICK), waited * _SHARE), _LONGEST)
        clock.sleep(interval if left is None else min(interval, left))
