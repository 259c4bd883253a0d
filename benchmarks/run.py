"""Run every row in a process of its own, one after the other, and write RESULTS.md."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from measure import TOLERANCE, Row, pace, table

HERE = Path(__file__).parent
# What must stay: of each row that was met, by its name, how many times it reached what it needs, and its floor (seconds
# or jobs a second, None for none); and the pace of the machine
RATIOS = HERE / "ratios.json"
PACKAGES = (
    "qsession", "azure-quantum", "qdk", "qiskit", "qiskit-ionq", "cirq-core", "cirq-ionq", "pytket", "pytket-qir",
    "numpy", "msgspec", "qiskit-aer", "stim",
)  # fmt: skip
HEAD = """# Speed, measured against the installed peers

Medians of one run of `make bench`, ours and the peer in turn on the same machine; only the ratios mean anything. Before
a row is measured, both sides are checked to produce the same circuit or the same counts. "floor" is plain code that
does the work and nothing else, or the bare walk over the circuit.

"""


def _versions() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def _machine() -> str:
    cpus = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{platform.system()}, {cpus}, Python {platform.python_version()}"


def _run(program: Path, mark: str) -> tuple[object, str]:
    done = subprocess.run(
        [sys.executable, str(program), "--json"], capture_output=True, text=True, check=False, cwd=HERE
    )
    for line in done.stdout.splitlines():
        if line.startswith(mark):
            return json.loads(line.removeprefix(mark)), ""
    return None, (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]


def _lost(rows: list[tuple[Row, float]], kept: dict[str, dict[str, float | None]]) -> list[str]:
    """Return the rows that were met before and are missed by more than a tenth now, each as a sentence.

    Args:
        rows: Each with how many times slower this machine is for it than the one that it was met on.
        kept: What the rows reached that were met.
    """
    return [
        f"* {row.name} was met, by {kept[row.name]['margin']:.2f} times what it needs, and has {row.margin:.2f} times "
        f"now, on a machine that is {slower:.2f} times slower"
        for row, slower in rows
        if row.name in kept and row.margin * slower < 1 - TOLERANCE
    ]


def _kept(rows: list[tuple[Row, float]], before: dict[str, dict[str, float | None]]) -> dict[str, object]:
    """Return what must stay from now on: what is met, and what is missed now but was met before."""
    found: dict[str, object] = {}
    for row, slower in rows:
        if slower > 1 and not row.is_met and row.name in before:
            found[row.name] = before[row.name]  # a slow machine says nothing against it
        elif row.is_met or row.name in before:
            # what is missed by less than a tenth, as two runs differ by, must be met all the same
            found[row.name] = {"margin": max(1.0, round(row.margin, 2)), "floor": row.floor}
    return found


def main() -> int:
    """Run all; with ``--keep``, what is met now is what must stay."""
    rows: list[tuple[Row, float]] = []
    broken = []
    before = pace()
    for program in sorted(HERE.glob("row*.py")):
        print(f"{program.stem} ...", flush=True)
        found, problem = _run(program, "ROWS ")
        after = pace()
        if found is None:
            broken.append(f"* {program.stem} did not run: {problem}")
        else:
            rows += [(Row(**row), (before + after) / 2) for row in found]
        before = after
    print("scaling ...", flush=True)
    growth, problem = _run(HERE / "scaling.py", "CURVES ")
    typical = statistics.median([pace_now for _, pace_now in rows] or [before])
    stored = json.loads(RATIOS.read_text()) if RATIOS.exists() else {"pace": 0.0, "rows": {}}
    pace_then, kept = stored["pace"], stored["rows"]
    judged = [(row, row.slower(kept.get(row.name, {}).get("floor"), pace_now, pace_then)) for row, pace_now in rows]
    machine = f"Machine: {_machine()}; a fixed piece of work takes it {typical * 1e3:.1f} ms."
    shown = table([row for row, _ in judged], [slower for _, slower in judged])
    text = HEAD + f"{machine} Versions: {_versions()}.\n\n" + shown + "\n"
    if growth is None:
        broken.append(f"* scaling did not run: {problem}")
    else:
        text += f"\n## Growth\n\n![curves](scaling.svg)\n\n{growth}\n"
    text += "".join(f"\n{line}\n" for line in broken)
    (HERE / "RESULTS.md").write_text(text)
    print(text)
    lost = _lost(judged, kept)
    if "--keep" in sys.argv:
        quickest = min(typical, pace_then or typical)
        RATIOS.write_text(json.dumps({"pace": round(quickest, 5), "rows": _kept(judged, kept)}, indent=1) + "\n")
    print("\n".join(lost) or "Every row that was met before is met.")
    return 1 if broken or lost else 0


if __name__ == "__main__":
    sys.exit(main())
