"""The root of all commands, and how a command ends: its exit code, its errors as sentences."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from qsession_core.command.frame import INTERRUPTED
from qsession_core.command.logs import logged
from qsession_core.command.root import Root
from qsession_core.command.setting import Setting
from qsession_core.display.text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.connect import Workspace

__all__ = ["commands", "main"]

_WRONG_USE = 2


def _version(context: click.Context, option: click.Parameter, value: bool) -> None:  # noqa: ARG001, FBT001 - click's
    if value and not context.resilient_parsing:
        from qsession_core import __version__

        click.echo(f"qsession {__version__}")
        context.exit()


@click.group(cls=Root, name="qsession", context_settings={"help_option_names": ["--help", "-h"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version and end."
)
def commands() -> None:
    """Azure Quantum's sessions and jobs, and a local workspace, from the command line.

    The workspace is the one that --directory, --connection-string-file or --profile names, else that of
    QSESSION_LOCAL, QSESSION_PROFILE or Azure's own variables, else that of the profile "default".

    Exit codes: 0 done; 1 a job failed; 2 wrong use or configuration; 3 the service refused or could not be reached;
    4 what was named is not there; 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None, *, workspace: Workspace | None = None) -> int:
    """Run the command.

    Args:
        arguments: The command-line arguments without the command's name; None for those of this process.
        workspace: Used instead of the one that the arguments or the environment name; it stays open.

    Returns:
        The exit code: 0 done; 1 a job failed; 2 wrong use or configuration; 3 the service refused or could not be
        reached; 4 what was named is not there; 130 interrupted.
    """
    from qsession_core.errors import QSessionError

    if sys.stdout is None:  # Python's sign of a closed standard output
        return _failed("Standard output is closed. Write it to a file, or to /dev/null.", _WRONG_USE)
    _show_whatever_comes()
    setting = Setting(workspace)
    try:
        with logged(setting.output):
            code = commands.main(
                None if arguments is None else list(arguments),
                prog_name="qsession",
                complete_var="_QSESSION_COMPLETE",
                standalone_mode=False,
                obj=setting,
            )
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return _WRONG_USE
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        way_out = f" See {context.command_path} --help." if context is not None else ""
        return _failed(error.format_message().rstrip() + way_out, _WRONG_USE)
    except click.Abort:
        return INTERRUPTED
    except QSessionError as error:
        return _failed("\n".join([str(error), *getattr(error, "__notes__", ())]), _exit_code(error))
    except (OSError, _database_error()) as error:
        where = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        return _failed(f"{where}{reason}.", _WRONG_USE)
    return code if isinstance(code, int) else 0


def _database_error() -> type[Exception]:
    import sqlite3

    return sqlite3.Error


def _exit_code(error: Exception) -> int:
    from qsession_core import errors
    from qsession_core.command.missing import NotThereError

    codes: tuple[tuple[type[Exception], int], ...] = (
        (errors.JobError, 1),
        (errors.WaitTimeoutError, 1),
        (NotThereError, 4),
        (errors.NotFoundError, 4),
        (errors.TargetNotFoundError, 4),
        (errors.ServiceError, 3),
        (errors.TransportError, 3),
        (errors.SessionError, 3),
        (errors.ResultFormatError, 3),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), _WRONG_USE)


def _failed(message: str, code: int) -> int:
    """Write an error; a closed standard error is no reason for another one."""
    lines = [shown(line) for line in message.split("\n")]
    with suppress(OSError):
        click.echo("\n".join([f"qsession: {lines[0]}", *lines[1:]]), err=True)
    return code


def _show_whatever_comes() -> None:
    """Replace characters that the output's encoding does not have, instead of failing on them."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
