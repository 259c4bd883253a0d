"""Row 20: the project's own loop: `make quick` after an edit, and `make test` once its environments are there."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from measure import Row, report

ROOT = Path(__file__).resolve().parents[1]
# A module of each of the rooms whose tests take longest
EDITED = ("qsession_core/client/session.py", "qsession_core/page/page.py", "qsession_cirq/job.py")


def made(*arguments: str) -> float:
    """Run `make`; return how many seconds it took."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    began = time.perf_counter()
    done = subprocess.run(
        ["make", *arguments],  # noqa: S607 - of whoever runs this
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"make {' '.join(arguments)}: {done.stdout[-2_000:]}{done.stderr[-2_000:]}")
    return time.perf_counter() - began


def rows() -> list[Row]:
    made("ready")
    made("lint")  # the first time, the types of all modules are looked at
    quick = {path: made("quick", f"CHANGED={path}") for path in EDITED}
    return [
        Row("20", "make quick, the slowest of some rooms", max(quick.values()), "<30 s", others=quick),
        Row("20", "make test, when its environments are there", made("test"), "<480 s"),
    ]


if __name__ == "__main__":
    report(rows())
