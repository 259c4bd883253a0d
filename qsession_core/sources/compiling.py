"""OpenQASM and Q# into QIR, by Microsoft's compiler qdk if it is installed; what it refuses is listed line by line.

The compiler carries out loops and classical code, lets no other thread run meanwhile, and keeps state for its process.
So it runs in a process of its own, with a deadline; Ctrl-C ends it.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import re
from typing import TYPE_CHECKING

from qsession_core.errors import ConversionError, ProgramTextError
from qsession_core.extras import install
from qsession_core.processes.pool import WorkerDiedError, WorkerPool, WorkTimedOutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["compiled", "compiled_qsharp"]

SECONDS = 60.0
_MEMORY_BYTES = 4 << 30
_pools: dict[int, WorkerPool] = {}  # by the id of the process that uses it: a forked child needs its own
_PROFILES = {"Base", "Adaptive_RI", "Adaptive_RIF"}
# One diagnostic of the compiler: its sentence, and where it is
_DIAGNOSTIC = re.compile(
    r"^  (?:x|\u00d7) (?P<what>.*(?:\n  (?:\||\u2502|`->|\u2570\u2500\u25b6) .*)*)"
    r"(?:\n\s*(?:,-|\u256d\u2500)\[[^\]\n]*?:(?P<line>\d+):(?P<column>\d+)\])?",
    re.MULTILINE,
)
_HELP = re.compile(r"^  help: (?P<help>.*(?:\n {8}.*)*)", re.MULTILINE)
_NAMESPACE = re.compile(r"^\s*namespace\s+(?P<name>[\w.]+)", re.MULTILINE)
_ENTRY_POINT = re.compile(r"@EntryPoint\([^)@]*\)\s*operation\s+(?P<name>\w+)")
_RECORDS = re.compile(r"call void @__quantum__rt__(?:result|bool|int|double)_record_output")


def compiled(text: str, profile: str, *, folder: Path | None = None) -> str:
    """Return the QIR of an OpenQASM program.

    Args:
        text: OpenQASM 3, or OpenQASM 2.
        profile: The QIR profile of the target.
        folder: Where files that it includes are looked for; None for the working folder.

    Raises:
        ConversionError: It is not OpenQASM, or needs more than the profile has; every problem is listed, with its line.
            Or the compiler did not come to an end.
    """
    if importlib.util.find_spec("qdk") is None:
        raise ConversionError(
            f"OpenQASM is compiled by qdk, which is not installed: {install('qdk')}, or pass a circuit."
        )
    qir = _in_process(_openqasm, text, profile, str(folder) if folder is not None else ".")
    if not _RECORDS.search(qir):
        raise ConversionError("The program declares no bits, so there is nothing to return; measure into a bit.")
    return qir


def _openqasm(text: str, profile: str, folder: str) -> str:
    """Run in the compiler's process: compile OpenQASM."""
    from qdk import TargetProfile, openqasm, qsharp

    wanted = TargetProfile.from_str(profile if profile in _PROFILES else "Base")
    try:
        return str(openqasm.compile(text, target_profile=wanted, search_path=folder))
    except (openqasm.QasmError, qsharp.QSharpError) as error:
        raise ConversionError.of(list(_problems(str(error), "openqasm"))) from error


def compiled_qsharp(text: str, profile: str, *, entry: str = "") -> str:
    """Return the QIR of a Q# program.

    Args:
        text: The program.
        profile: The QIR profile of the target.
        entry: The call that is compiled, such as ``"Bell.Run(3)"``; empty for the operation that is marked as the entry
            point, or is called ``Main``.

    Raises:
        ConversionError: It is not Q#, has no such operation, or needs more than the profile has. Or the compiler did
            not come to an end.
    """
    if importlib.util.find_spec("qdk") is None:
        raise ConversionError(f"Q# is compiled by qdk, which is not installed: {install('qdk')}.")
    return _in_process(_qsharp, text, profile, entry)


def _qsharp(text: str, profile: str, entry: str) -> str:
    """Run in the compiler's process: compile Q#, from a state that has nothing of earlier programs."""
    from qdk import TargetProfile, qsharp

    try:
        qsharp.init(target_profile=TargetProfile.from_str(profile if profile in _PROFILES else "Base"))
        qsharp.eval(text)
        return str(qsharp.compile(entry or _entry(text)))
    except qsharp.QSharpError as error:
        raise ConversionError.of(list(_problems(str(error), "qsharp"))) from error


def _in_process(function: Callable[[str, str, str], str], *args: str) -> str:
    """Run a function in the compiler's process; whatever ends the waiting for it ends it as well."""
    pool = _pools.get(os.getpid())
    if pool is None:
        pool = _pools[os.getpid()] = WorkerPool(1, seconds=SECONDS, memory_bytes=_MEMORY_BYTES)
        atexit.register(pool.shutdown, cancel_futures=True)
    future = pool.submit(function, *args)
    try:
        return future.result()
    except WorkTimedOutError as error:
        raise ConversionError(
            f"The compiler did not come to an end within {SECONDS:g} seconds: a loop of the program may have no end, or"
            " very many rounds. Bound it, or compile the program to QIR yourself and pass that."
        ) from error
    except (WorkerDiedError, MemoryError) as error:
        raise ConversionError(
            f"The compiler did not come to an end: {error} A loop of the program may have very many rounds."
        ) from error
    finally:
        if not future.done():
            pool.kill(future)


def _entry(text: str) -> str:
    """Return the call of the entry point of a Q# program."""
    namespace = _NAMESPACE.search(text)
    marked = _ENTRY_POINT.search(text)
    called = f"{marked['name'] if marked else 'Main'}()"
    return f"{namespace['name']}.{called}" if namespace else called


def _problems(report: str, language: str) -> Iterator[ProgramTextError]:
    """Yield the first problem of each place in the program that the compiler reports."""
    seen: set[tuple[str | None, str | None]] = set()
    found = list(_DIAGNOSTIC.finditer(report))
    for diagnostic, following in zip(found, [*found[1:], None], strict=True):
        place = (diagnostic["line"], diagnostic["column"])
        if place in seen and place[0] is not None:
            continue
        seen.add(place)
        first, *more = diagnostic["what"].splitlines()
        parts = [re.sub(r"^ *(?:`->|\u2570\u2500\u25b6)", ":", line).lstrip(" |\u2502") for line in more]
        what = " ".join([first, *parts]).replace(" : ", ": ").strip()
        rest = report[diagnostic.end() : following.start() if following is not None else len(report)]
        advice = _HELP.search(rest)
        if advice:
            what += f"; {' '.join(advice['help'].split())}"
        line = int(place[0]) if place[0] else None
        column = int(place[1]) if place[1] else None
        where = f"line {line}, column {column}: " if line else ""
        yield ProgramTextError(f"{where}{what}.", line=line, column=column, language=language)
    if not found:
        yield ProgramTextError(f"The program cannot be compiled: {report.strip()}", language=language)
