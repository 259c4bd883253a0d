"""A short payload takes little time and memory to read, or to refuse, whatever it asks for."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qsession_core.local.execution.prepare import prepare
from qsession_core.local.execution.task import Task
from qsession_core.local.readers.circuit import JobFailure
from tests.support.counting import lines_run
from tests.support.hostile import FAMILIES

pytest.importorskip("pyqir")

ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory that Linux keeps")
@pytest.mark.parametrize("input_format", sorted({input_format for input_format, _ in FAMILIES.values()}))
def test_100_kilobytes_are_read_or_refused_within_seconds_and_200_megabytes(input_format):
    names = [name for name, (format_, _) in FAMILIES.items() if format_ == input_format]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.support.hostile", input_format, "100000"],
        capture_output=True, text=True, cwd=ROOT, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    last = ran.stdout.splitlines()[-1:]
    assert ran.returncode == 0, (last, ran.stderr[-500:])
    assert len(ran.stdout.splitlines()) == len(names)
    assert "MemoryError" not in ran.stderr


def lines_of(name, length):
    input_format, make = FAMILIES[name]
    payload = make(length).encode()

    def read():
        with contextlib.suppress(JobFailure):
            prepare(Task("acme.qpu", input_format, "", payload, {}, 1, 0, 100_000))

    return lines_run(read)


# Those that stand for a fixed amount of work, whatever their length, are not here
GROWING = [
    name
    for name, (_, make) in FAMILIES.items()
    if len(make(8_000)) > 1.5 * len(make(4_000))
    and not any(word in name for word in ("loop", "phis", "pauliexp", "wide register"))
]


@pytest.mark.parametrize("name", GROWING)
def test_reading_grows_no_faster_than_the_payload(name):
    short, long = lines_of(name, 4_000), lines_of(name, 8_000)
    assert long < 2.3 * short + 2_000
