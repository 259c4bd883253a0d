"""``qsession run``: a command in an environment in which Azure Quantum is something else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qsession_core.errors import ConfigurationError
from qsession_core.intercept import supervisor
from qsession_core.intercept.hosts import role_of
from qsession_core.intercept.stages import offline, recording, replaying

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import FrameType

    from qsession_core.intercept.stages import Stage
    from qsession_core.local.workspace import LocalWorkspace

__all__ = ["RunOptions", "carry_out", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a command is run.

    Attributes:
        directory: Keeps the local workspaces; None for in memory.
        seed: Makes shots repeatable; None for fresh ones.
        targets: A TOML file of targets to add or change.
        faults: A TOML file of failures on request.
        record: Let the traffic through to Azure, and write it to this bundle.
        replay: Answer from this bundle.
        shown: Called with each local workspace when it is opened, such as to serve a page of it; what it returns is
            left before the workspace closes. None for nothing.
        allowed: Hosts that connections pass through to, untouched.
        environment: Of the command; by default this process's.
        tell: Takes the lines that are said at the end; by default they go to standard error.
    """

    directory: Path | None = None
    seed: int | None = None
    targets: Path | None = None
    faults: Path | None = None
    record: Path | None = None
    replay: Path | None = None
    shown: Callable[[LocalWorkspace], AbstractContextManager[object]] | None = None
    allowed: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    tell: Callable[[str], object] = lambda line: sys.stderr.write(line + "\n")


def run(command: Sequence[str], options: RunOptions) -> int:
    """Run a command: in front of local workspaces, in front of Azure while it is recorded, or in front of a bundle.

    Args:
        command: The program and its arguments.
        options: How.

    Returns:
        The command's exit code: 127 if there is no such command, 128 and more if a signal has ended it.

    Raises:
        ConfigurationError: The options or the environment cannot be used; the command was not started.
    """
    _check(command, options)
    with _staged(options) as stage:
        code = carry_out(command, stage.environment)
    for line in stage.lines:
        options.tell(f"qsession: {line}")
    return code


def _staged(options: RunOptions) -> AbstractContextManager[Stage]:
    if options.record is not None:
        return recording(options.environment, options.record, allowed=options.allowed)
    if options.replay is not None:
        return replaying(options.environment, options.replay, allowed=options.allowed)
    return offline(
        options.environment,
        directory=options.directory,
        seed=options.seed,
        targets=options.targets,
        faults=options.faults,
        shown=options.shown or nullcontext,
        allowed=options.allowed,
    )


def _check(command: Sequence[str], options: RunOptions) -> None:
    """Refuse what cannot be run.

    Raises:
        ConfigurationError: Everything that is wrong.
    """
    problems = [] if command else ["there is no command after --"]
    if os.name != "posix":  # pragma: no cover
        problems.append("it needs POSIX; here, put the program's workspace in the environment (QSESSION_LOCAL=1)")
    problems += [
        f"{host} is Azure Quantum's own, which is what the run stands for; leave it out of --allow"
        for host in options.allowed
        if role_of(host) is not None
    ]
    problems += [
        f"{host!r} is not the name of a host" for host in options.allowed if not host or set(host) & set("/:@ *")
    ]
    for path in (options.targets, options.faults):
        if path is not None and not path.is_file():
            problems.append(f"there is no file {path}")
    if options.record is not None and options.replay is not None:
        problems.append("--record and --replay exclude each other")
    given = (options.directory, options.seed, options.targets, options.faults, options.shown)
    if (options.record or options.replay) is not None and any(value is not None for value in given):
        problems.append(
            "--directory, --seed, --targets, --faults and --page are for local workspaces, which have no part in it"
        )
    if problems:
        raise ConfigurationError(f"The command was not run: {'; '.join(problems)}.")


def carry_out(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command to its end, with every process that it starts, and return its exit code.

    The terminal's Ctrl-C is for the command; signals that end this process are passed on to it.
    """
    if os.name != "posix":
        return subprocess.call(list(command), env=dict(environment))  # noqa: S603 - the user's own command
    lifeline, kept = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command
            [sys.executable, "-I", "-S", supervisor.__file__, str(lifeline), *command],
            env=dict(environment),
            pass_fds=(lifeline,),
        )
    finally:
        os.close(lifeline)

    def pass_on(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's shape
        with suppress(ProcessLookupError):
            process.send_signal(number)

    handlers = dict.fromkeys((signal.SIGTERM, signal.SIGHUP), pass_on)
    handlers[signal.SIGINT] = supervisor.nothing if supervisor.is_in_foreground() else pass_on
    is_main = threading.current_thread() is threading.main_thread()  # others cannot set handlers
    before = {number: signal.signal(number, handler) for number, handler in handlers.items() if is_main}
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(kept)
        process.wait()
