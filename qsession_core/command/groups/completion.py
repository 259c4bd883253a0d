"""``qsession completion``: the script by which a shell completes our commands."""

from __future__ import annotations

import click

from qsession_core.command.frame import Command

__all__ = ["completion"]


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, *, shell: str) -> None:
    """Write the completion script of a shell.

    \b
    bash   add to ~/.bashrc:   eval "$(qsession completion bash)"
    zsh    add to ~/.zshrc:    eval "$(qsession completion zsh)"
    fish   add to config.fish: qsession completion fish | source

    It completes commands, options, and the workspace's targets, sessions and jobs.
    """  # noqa: D301 - click reads the backspace
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click has no completion for {shell}.")
    script = kind(context.find_root().command, {}, "qsession", "_QSESSION_COMPLETE")
    # not source(): for bash it runs the bash on the path to see its version
    text = script.source_template % script.source_vars()
    # the script for fish takes an answer apart at each comma, of which its description may have some
    click.echo(text.replace('string split ","', 'string split -m 1 ","'))
