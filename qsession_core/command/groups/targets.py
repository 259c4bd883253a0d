"""``qsession targets``: what the workspace offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from qsession_core.command.completing import target_names
from qsession_core.command.frame import Group
from qsession_core.display.table import Column, table
from qsession_core.display.text import duration

if TYPE_CHECKING:
    from qsession_core.client.target import Target
    from qsession_core.command.setting import Setting

__all__ = ["targets"]

_COLUMNS = (
    Column("TARGET"),
    Column("AVAILABILITY"),
    Column("QUEUE", right=True),
    Column("QUBITS", right=True, rank=1),
    Column("PROFILE", rank=2),
    Column("FORMATS", least=12, rank=3),
)


@click.group(cls=Group, default="list")
def targets() -> None:
    """Hardware and simulators of the workspace."""


@targets.command("list")
@click.option("--provider", metavar="NAME", help="Only targets of this provider.")
@click.pass_obj
def list_(setting: Setting, *, provider: str | None) -> None:
    """List the workspace's targets, with how long a job waits for each."""
    with setting.workspace() as workspace:
        found: list[Target] = workspace.get_targets(provider_id=provider)
        rows = [
            (
                target.name,
                target.current_availability or "-",
                _queue(target),
                str(target.known_num_qubits or "-"),
                target.target_profile or "-",
                _formats(target),
            )
            for target in found
        ]
        setting.output.objects(_as_json(target) for target in found)
    setting.output.lines(table(_COLUMNS, rows, room=setting.output.room, paint=setting.output.paint))


@targets.command()
@click.argument("name", shell_complete=target_names)
@click.pass_obj
def show(setting: Setting, *, name: str) -> None:
    """Show what is known of a target."""
    with setting.workspace() as workspace:
        target = workspace.get_target(name)
        setting.output.objects([_as_json(target)])
        facts = [
            ("availability", target.current_availability or "unknown"),
            ("queue", _queue(target)),
            ("qubits", str(target.known_num_qubits or "unknown")),
            ("QIR profile", target.target_profile or "none"),
            ("shots", "any number" if target.max_shots is None else f"at most {target.max_shots}"),
            ("formats", _formats(target)),
            ("gate sets", ", ".join(target.provider.gatesets)),
            ("parameters", ", ".join(target.provider.input_params)),
            ("price", _price(target)),
            ("session", _hold(target)),
            ("status page", target.details.status_page or ""),
        ]
    setting.output.say(target.name)
    rows = [(what, text) for what, text in facts if text]
    setting.output.lines(table((Column(""), Column("", least=20, wraps=True)), rows, room=setting.output.room))


def _queue(target: Target) -> str:
    seconds = target.average_queue_time
    return "none" if seconds == 0 else duration(seconds)


def _formats(target: Target) -> str:
    return ", ".join(target.input_data_formats) or target.provider.raw_format


def _price(target: Target) -> str:
    from qsession_core.counting import price_of

    price = price_of(target.name, target.workspace.prices)
    if price is None:
        return "unknown"
    parts = [
        f"{amount:g} {what}"
        for amount, what in (
            (price.fixed, "a job"),
            (price.one, "a one-qubit gate and shot"),
            (price.two, "a two-qubit gate and shot"),
            (price.measure, "a preparation or measurement and shot"),
        )
        if amount
    ]
    return f"{' + '.join(parts)}, in {price.unit} (table of {price.as_of})" if parts else "free"


def _hold(target: Target) -> str:
    seconds = target.row.hold_seconds
    return "" if seconds is None else f"keeps the hardware for {duration(seconds)} after a job"


def _as_json(target: Target) -> dict[str, Any]:
    import msgspec

    built: dict[str, Any] = msgspec.to_builtins(target.details)
    return {"providerId": target.provider_id, **{name: value for name, value in built.items() if value is not None}}
