"""``qsession run``: a command in an environment in which Azure Quantum is a local workspace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from qsession_core.errors import ConfigurationError
from qsession_core.intercept import supervisor
from qsession_core.intercept.authority import Authority
from qsession_core.intercept.environment import for_azure, names_in, through
from qsession_core.intercept.hosts import role_of
from qsession_core.intercept.proxy import Proxy
from qsession_core.intercept.summary import usage_of
from qsession_core.intercept.workspaces import Workspaces, default_names
from qsession_core.local.faults import read_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType

__all__ = ["RunOptions", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How a command is run.

    Attributes:
        directory: Keeps the workspaces; None for in memory.
        seed: Makes shots repeatable; None for fresh ones.
        targets: A TOML file of targets to add or change.
        faults: A TOML file of failures on request.
        allowed: Hosts that connections pass through to, untouched.
        is_quiet: Say nothing at the end.
        environment: Of the command; by default this process's.
        tell: Takes the lines that are said at the end; by default standard error.
    """

    directory: Path | None = None
    seed: int | None = None
    targets: Path | None = None
    faults: Path | None = None
    allowed: tuple[str, ...] = ()
    is_quiet: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    tell: Callable[[str], object] = lambda line: sys.stderr.write(line + "\n")


def run(command: Sequence[str], options: RunOptions) -> int:
    """Run a command offline, in front of local workspaces.

    Args:
        command: The program and its arguments.
        options: How.

    Returns:
        The command's exit code: 127 if there is no such command, 128 and more if a signal has ended it.

    Raises:
        ConfigurationError: The options or the environment cannot be used; the command was not started.
    """
    _check(command, options)
    faults = None if options.faults is None else read_faults(options.faults)
    names = default_names(names_in(options.environment))
    with (
        Workspaces(options.directory, names, seed=options.seed, targets=options.targets, faults=faults) as workspaces,
        Proxy(Authority(), workspaces.handle, options.allowed) as proxy,
        tempfile.TemporaryDirectory(prefix="qsession-run-") as folder,
    ):
        environment = through(
            for_azure(options.environment, workspaces.default.connection, workspaces.login),
            proxy.url,
            proxy.authority.certificate,
            Path(folder) / "certificates.pem",
        )
        code = carry_out(command, environment)
        if not options.is_quiet:
            for usage in usage_of(workspaces.opened()):
                if usage.jobs or usage.sessions:
                    options.tell(f"qsession: {usage}")
            tell_refused(proxy, options)
    return code


def _check(command: Sequence[str], options: RunOptions) -> None:
    """Refuse what cannot be run.

    Raises:
        ConfigurationError: Everything that is wrong.
    """
    problems = [] if command else ["there is no command after --"]
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
    if problems:
        raise ConfigurationError(f"The command was not run: {'; '.join(problems)}.")


def tell_refused(proxy: Proxy, options: RunOptions) -> None:
    """Say which hosts were refused."""
    for address, count in sorted(proxy.refused.items()):
        times = "once" if count == 1 else f"{count} times"
        options.tell(f"qsession: {address} was refused {times}; --allow {address.rpartition(':')[0]} lets it through")


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
