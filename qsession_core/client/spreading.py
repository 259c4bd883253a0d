"""Does one thing for many items, several at a time, in order."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["spread"]

T = TypeVar("T")
R = TypeVar("R")

# Threads that only compute wait for each other: more than these slow each other down
_FEW = 2
# An item waits for the network if it takes so many times its processor time, and a moment
_WAITS, _MOMENT = 4.0, 0.002


def spread(work: Callable[[T], R], items: Sequence[T], most: int, name: str) -> list[R]:
    """Return what some work makes of each item, in order.

    A few threads begin. As soon as an item waits for something, such as an answer from far away, there are more.

    Args:
        work: Called with one item.
        items: The items.
        most: How many threads there are at most.
        name: The threads' names begin with it.

    Raises:
        BaseException: What the work raises; items that were not begun are left.
    """
    if most <= 1 or len(items) <= 1:
        return [work(item) for item in items]
    made: dict[int, R] = {}
    left = iter(range(len(items)))
    loops: list[Future[None]] = []
    one_is_done = threading.Event()
    lock = threading.Lock()
    is_over = False

    def loop() -> None:
        nonlocal is_over
        try:
            for place in left:
                if is_over:
                    return
                began, used = time.perf_counter(), time.thread_time()
                made[place] = work(items[place])
                one_is_done.set()
                if time.perf_counter() - began > _MOMENT + _WAITS * (time.thread_time() - used):
                    start(most)
        except BaseException:
            is_over = True
            raise

    def start(number: int) -> None:
        """Have so many threads at work, but no more than items."""
        with lock:
            if not is_over:
                loops.extend(pool.submit(loop) for _ in range(min(number, len(items)) - len(loops)))

    with ThreadPoolExecutor(min(most, len(items)), thread_name_prefix=name) as pool:
        try:
            start(min(_FEW, most))
            if not one_is_done.wait(_MOMENT):
                start(most)
            for each in loops:  # it grows
                each.result()
        finally:
            is_over = True
    return [made[place] for place in range(len(items))]
