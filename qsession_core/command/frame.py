"""Commands and groups of commands as click has them, with the options that every command takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from qsession_core.command.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["INTERRUPTED", "Amount", "Command", "Group", "setting_of"]

INTERRUPTED = 130  # the exit code of a command that Ctrl-C has ended


class Amount(click.FloatRange):
    """A finite number within bounds."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number; NaN lies within all bounds of click's."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{found} is not a finite number.", param, ctx)
        return found


def setting_of(context: click.Context) -> Setting:
    """Return what the options of every command say so far."""
    return context.ensure_object(Setting)


def _choose(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Note one of the options of every command; an option that was not given changes nothing."""
    if not value and value != "":
        return
    setting = setting_of(context)
    holder = setting.output if option.name in {"as_json", "quiet", "verbose"} else setting
    setattr(holder, str(option.name), value)


def _profiles(context: click.Context, option: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's
    from qsession_core.command.completing import profile_names

    return profile_names(incomplete)


def _common() -> list[click.Option]:
    """Return the options of every command."""

    def option(*names: str, text: str, **how: Any) -> click.Option:  # click has the keywords
        return click.Option(list(names), help=text, expose_value=False, callback=_choose, **how)

    return [
        option("--profile", metavar="NAME", text="The workspace of a profile.", shell_complete=_profiles),
        option("--directory", metavar="DIR", text="A local workspace.", type=click.Path()),
        option(
            "--connection-string-file",
            metavar="FILE",
            text="A file with a connection string.",
            type=click.Path(),
        ),
        option("--json", "as_json", is_flag=True, text="One JSON object a line."),
        option("--quiet", "-q", is_flag=True, text="Write nothing on success."),
        option("--verbose", "-v", count=True, text="Write more of the log; -vv writes all."),
    ]


class Command(click.Command):
    """A command that takes the options of every command too; its help shows them in a section of their own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._common = _common()
        self.params = [*self.params, *self._common]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options first, then those of every command."""
        _write_options(self, ctx, formatter, self._common)


class Group(click.Group):
    """A group of commands; without a command's name it runs its default command, if it has one."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, default: str = "", **kwargs: Any) -> None:
        """Make the group; arguments as for ``click.Group``.

        Args:
            args: click's.
            default: The command that runs if none is named.
            kwargs: click's.
        """
        super().__init__(*args, **{"no_args_is_help": not default, **kwargs})
        self.default = default
        self._common = _common()
        self.params = [*self.params, *self._common]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the default command where a command's name would stand."""
        if self.default:
            args = self._with_default(args, completes=ctx.resilient_parsing)
        return super().parse_args(ctx, args)

    def _with_default(self, args: list[str], *, completes: bool) -> list[str]:
        valued = {name for option in self._common for name in option.opts if not (option.is_flag or option.count)}
        flags = {name for option in self._common for name in option.opts} - valued
        place = 0
        while place < len(args):
            word = args[place]
            if word in valued:
                place += 2
            elif word in flags or word.partition("=")[0] in valued:
                place += 1
            elif word.startswith("-") and word != "--help":
                return [*args[:place], self.default, *args[place:]]
            else:
                return args
        return args if completes else [*args, self.default]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command by its name; an unknown one is an error that names similar ones."""
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            from qsession_core.keywords import near

            ctx.fail(f"{ctx.command_path} has no command {args[0]!r}. {near(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands first, then the options."""
        self.format_commands(ctx, formatter)
        if self.default:
            formatter.write_paragraph()
            formatter.write_text(f"Without a command's name: {self.default}.")
        _write_options(self, ctx, formatter, self._common)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the commands in the order in which they were made."""
        return list(self.commands)


def _write_options(
    command: click.Command, ctx: click.Context, formatter: click.HelpFormatter, common: Sequence[click.Option]
) -> None:
    own: list[tuple[str, str]] = []
    shared: list[tuple[str, str]] = []
    for parameter in command.get_params(ctx):
        record = None if isinstance(parameter, click.Argument) else parameter.get_help_record(ctx)
        if record is not None:
            (shared if parameter in common else own).append(record)
    with formatter.section("Options"):
        formatter.write_dl(own)
    with formatter.section("Workspace and output"):
        formatter.write_dl(shared)
