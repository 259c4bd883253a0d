"""All commands by name: each is imported when it is used, so that help and completion load none of them."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from qsession_core.command.frame import INTERRUPTED, Group

if TYPE_CHECKING:
    import click

__all__ = ["COMMANDS", "Root"]

# By name, in the order of the help page: the module in groups/, and the first sentence of its own help
COMMANDS: Final = {
    "doctor": ("doctor", "Look whether everything is in order."),
    "config": ("config", "Profiles: workspaces by a name of yours."),
    "targets": ("targets", "Hardware and simulators of the workspace."),
    "check": ("checking", "Check a program without sending it."),
    "submit": ("submitting", "Send a program and write its job's id."),
    "jobs": ("jobs", "Jobs: list, watch over, fetch, cancel."),
    "sessions": ("sessions", "Sessions: jobs on one target that are queued together."),
    "cost": ("costs", "Sum up what jobs have cost, as the service tells it."),
    "quota": ("costs", "Show the quotas, and what is used of them."),
    "resume": ("journals", "Find out what became of jobs after a crash, from a JOURNAL."),
    "watch": ("watching", "Watch the newest jobs, or those of a session, until Ctrl-C."),
    "serve": ("serving", "Serve a local workspace over HTTP until Ctrl-C."),
    "users": ("users", "People who may use a served workspace."),
    "page": ("serving", "Show a workspace in the browser until Ctrl-C."),
    "run": ("running", "Run a command for which Azure Quantum is a local workspace."),
    "bundle": ("recorded", "Traffic that was recorded, in files without secrets."),
    "completion": ("completion", "Write the completion script of a shell."),
}


class Root(Group):
    """All commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import a command; None if there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"qsession_core.command.groups.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the names, each with a sentence."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a reader that has left, as ``head`` does, is no error."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left to write goes nowhere
            return 0
        except KeyboardInterrupt:
            return INTERRUPTED
        return code
