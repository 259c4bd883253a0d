"""Measuring: ours and a peer in turn (A B A B ...), medians, ratios. Wall time in seconds, of this machine, now."""

from __future__ import annotations

import gc
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

# New processes find modules that are compiled, as people's do; the first round of each row compiles them
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@dataclass
class Row:
    """One line of the table.

    Attributes:
        row: Its number in the list of what must be reached.
        work: What is done.
        ours: Seconds, or a count.
        peer: The peer's; None where it has no such thing, or was not measured.
        peer_name: Who that is.
        floor: What plain code or a bare walk needs; None where that says nothing.
        need: What must be reached: a ratio ("x6": six times faster than the peer) or a limit ("<0.1 s").
        unit: "s" or what is counted.
        note: One sentence, where the line needs it.
        others: What else says something of this line, such as further peers: name -> the same unit as ours.
    """

    row: str
    work: str
    ours: float
    need: str
    peer: float | None = None
    peer_name: str = "azure-quantum"
    floor: float | None = None
    unit: str = "s"
    note: str = ""
    others: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """How many times faster (or fewer) than the peer."""
        return self.peer / self.ours if self.peer is not None and self.ours else None

    @property
    def name(self) -> str:
        """What it is called where it is kept: its number and its work, without what differs from run to run."""
        return f"{self.row} {self.work.partition(':')[0]}"

    @property
    def margin(self) -> float:
        """How many times what must be reached is reached: 1 is just enough."""
        limit = float(self.need[1:].split()[0])
        if self.need.startswith("x"):
            return (self.ratio or 0.0) / limit
        if self.need.startswith("<"):
            return limit / self.ours if self.ours > 0 else math.inf
        if self.need.startswith(">"):
            return self.ours / limit
        raise ValueError(self.need)

    def slower(self, floor_then: float | None, pace_now: float, pace_then: float) -> float:
        """Return how many times slower this machine is for this row than another one, or earlier; 1 if it is no slower.

        It is always 1 for a ratio, and for what is counted.

        Args:
            floor_then: The row's floor there, by which this is judged; None to judge by the pace.
            pace_now: The pace here.
            pace_then: The pace there; 0 where it is not known.
        """
        if self.need.startswith("x") or self.unit not in {"s", "jobs/s"}:
            return 1.0
        if self.floor and floor_then:
            return max(1.0, self.floor / floor_then if self.unit == "s" else floor_then / self.floor)
        return max(1.0, pace_now / pace_then) if pace_then else 1.0

    @property
    def is_met(self) -> bool:
        """Whether what must be reached is."""
        return self.margin >= 1


def once(work: Callable[[], object]) -> float:
    """Return how long one call takes, garbage collected before it."""
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


TOLERANCE = 0.1  # by which a row that was met may be missed: two runs differ by so much
TURN = 0.1  # seconds that a turn lasts at least


def in_turn(*works: Callable[[], object], rounds: int = 7) -> list[float]:
    """Return the median time of each, taken in turn so that a busy moment hits all of them.

    A turn of something short is as many calls as fill :data:`TURN`, so that all are measured as they run in a loop.
    """
    times: list[list[float]] = [[] for _ in works]
    calls = [max(1, math.ceil(TURN / max(once(work), 1e-6))) for work in works]
    for _ in range(rounds):
        for taken, work, number in zip(times, works, calls, strict=True):
            taken.append(once(lambda work=work, number=number: _repeat(work, number)) / number)
    return [statistics.median(taken) for taken in times]


def _repeat(work: Callable[[], object], number: int) -> None:
    for _ in range(number):
        work()


def pace() -> float:
    """Return how long a fixed piece of work takes here and now, in seconds, by which machines can be compared."""

    def work() -> None:
        numbers = {str(number): number * 0.37 for number in range(20_000)}
        assert sum(json.loads(json.dumps(numbers)).values()) > 0

    return statistics.median(once(work) for _ in range(9))


SPIN = "import time\nbegan = time.perf_counter()\nfor _ in range(10**7): pass\nprint(time.perf_counter() - began)"


def processors() -> float:
    """Return how many processors' work two processes get done at the same time: 2, or less where they share a core."""

    def spun(number: int) -> float:
        made = [
            subprocess.Popen([sys.executable, "-c", SPIN], stdout=subprocess.PIPE, text=True) for _ in range(number)
        ]
        return statistics.mean(float(each.communicate()[0]) for each in made)

    return statistics.median(2 * spun(1) / spun(2) for _ in range(3))


@contextmanager
def busy() -> Iterator[None]:
    """Have another process compute meanwhile, as on a machine that one does not have for oneself."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        try:
            yield
        finally:
            other.kill()


def resident(pid: int) -> float:
    """Return the memory that a process and its children have now, in MB."""
    pages = 0
    for each in [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]:
        with suppress(OSError):
            pages += int(Path(f"/proc/{each}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def show(value: float | None, unit: str) -> str:
    """Write a number with three digits that matter and a unit that fits."""
    if value is None:
        return "–"
    if unit != "s":
        return f"{value:.3g} {unit}"
    if value >= 1:
        return f"{value:.3g} s"
    return f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} us"


def table(rows: list[Row], slower: list[float] | None = None) -> str:
    """Return the rows as a Markdown table.

    Args:
        rows: The rows.
        slower: How many times slower this machine is for each than the one that its time was met on.
    """
    lines = [
        "| # | work | ours | peer | ratio | floor | others | must be | met |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row, factor in zip(rows, slower or [1.0] * len(rows), strict=True):
        peer = f"{show(row.peer, row.unit)} ({row.peer_name})" if row.peer is not None else "–"
        ratio = f"{row.ratio:.3g}x" if row.ratio is not None else "–"
        met = "yes" if row.is_met else "**no**"
        if not row.is_met and row.margin * factor >= 1:
            met = f"**no**; this machine is {factor:.2f} times slower for it than that of ratios.json"
        floor = show(row.floor, row.unit)
        work = row.work + (f" ({row.note})" if row.note else "")
        others = "; ".join(f"{name} {show(value, row.unit)}" for name, value in row.others.items()) or "–"
        ours = show(row.ours, row.unit)
        lines.append(f"| {row.row} | {work} | {ours} | {peer} | {ratio} | {floor} | {others} | {row.need} | {met} |")
    return "\n".join(lines)


def report(rows: list[Row]) -> None:
    """Print a program's rows: as JSON for the runner, as a table for a person."""
    if "--json" in sys.argv:
        print("ROWS " + json.dumps([asdict(row) for row in rows]))
    else:
        print(table(rows))
