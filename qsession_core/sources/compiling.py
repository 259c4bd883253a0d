"""OpenQASM into QIR, by Microsoft's compiler qdk where it is installed; what it refuses is listed line by line."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from qsession_core.errors import ConversionError, ProgramTextError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["compiled"]

_PROFILES = {"Base", "Adaptive_RI", "Adaptive_RIF"}
# One diagnostic of the compiler: its sentence, and where it is
_DIAGNOSTIC = re.compile(
    r"^  (?:x|\u00d7) (?P<what>.*(?:\n  (?:\||\u2502) .*)*)"
    r"(?:\n\s*(?:,-|\u256d\u2500)\[[^\]\n]*?:(?P<line>\d+):(?P<column>\d+)\])?",
    re.MULTILINE,
)
_HELP = re.compile(r"^  help: (?P<help>.*(?:\n {8}.*)*)", re.MULTILINE)
_RECORDS = re.compile(r"call void @__quantum__rt__(?:result|bool|int|double)_record_output")


def compiled(text: str, profile: str, *, folder: Path | None = None) -> str:
    """Return the QIR of an OpenQASM program.

    Args:
        text: OpenQASM 3, or OpenQASM 2.
        profile: The QIR profile of the target.
        folder: Where files that it includes are looked for; None for the working folder.

    Raises:
        ConversionError: It is not OpenQASM, or needs more than the profile has; every problem is listed, with its line.
    """
    os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")  # qdk reports its import to its makers unless told not to
    try:
        from qdk import TargetProfile, openqasm, qsharp
    except ImportError as error:
        raise ConversionError(
            'OpenQASM is compiled by qdk, which is not installed: pip install "qsession[local]", or pass a circuit.'
        ) from error
    wanted = TargetProfile.from_str(profile if profile in _PROFILES else "Base")
    try:
        qir = str(openqasm.compile(text, target_profile=wanted, search_path=str(folder) if folder is not None else "."))
    except (openqasm.QasmError, qsharp.QSharpError) as error:
        raise ConversionError.of(list(_problems(str(error)))) from error
    if not _RECORDS.search(qir):
        raise ConversionError("The program declares no bits, so there is nothing to return; measure into a bit.")
    return qir


def _problems(report: str) -> Iterator[ProgramTextError]:
    """Yield the first problem of each place in the program that the compiler reports."""
    seen: set[tuple[str | None, str | None]] = set()
    found = list(_DIAGNOSTIC.finditer(report))
    for diagnostic, following in zip(found, [*found[1:], None], strict=True):
        place = (diagnostic["line"], diagnostic["column"])
        if place in seen and place[0] is not None:
            continue
        seen.add(place)
        what = " ".join(re.sub(r"^\W+", "", line).strip() for line in diagnostic["what"].splitlines())
        rest = report[diagnostic.end() : following.start() if following is not None else len(report)]
        advice = _HELP.search(rest)
        if advice:
            what += f"; {' '.join(advice['help'].split())}"
        line = int(place[0]) if place[0] else None
        column = int(place[1]) if place[1] else None
        where = f"line {line}, column {column}: " if line else ""
        yield ProgramTextError(f"{where}{what}.", line=line, column=column, language="openqasm")
    if not found:
        yield ProgramTextError(f"The program cannot be compiled: {report.strip()}", language="openqasm")
