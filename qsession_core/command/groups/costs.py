"""``qsession cost`` and ``quota``: what jobs have cost, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qsession_core.command.frame import Command
from qsession_core.display.table import Column, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.command.setting import Setting

__all__ = ["cost", "quota"]

_UNITS = ("HQC", "eHQC", "AQT")  # before currencies
_WAYS = ["tag", "day", "session", "target"]


@click.command(cls=Command)
@click.option("--since", metavar="TIME", help="Only jobs created since this day or time (ISO 8601).")
@click.option("--until", metavar="TIME", help="Only jobs created before this time, or up to this day.")
@click.option("--by", type=click.Choice(_WAYS), default="target", show_default=True, help="What costs are summed by.")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values.")
@click.pass_obj
def cost(setting: Setting, *, since: str | None, until: str | None, by: str, as_csv: bool) -> None:
    """Sum up what jobs have cost, as the service tells it.

    A job with several tags counts under each of them.
    """
    from qsession_core.client.submitting.bill import sums

    output = setting.output
    with setting.workspace() as workspace:
        costs = workspace.costs(since, until)
        names = {session.id: session.name for session in workspace.list_sessions()} if by == "session" and costs else {}
    found = sums(costs, by)
    computed = sorted({unit for one in costs for unit in one.computed})
    output.objects({by: one.key, "jobs": one.jobs, "amounts": dict(one.amounts)} for one in found)
    if output.as_json:
        return
    units = sorted({unit for one in found for unit in one.amounts}, key=lambda unit: (unit not in _UNITS, unit))
    if as_csv:
        rows = [[one.key, one.jobs, *(one.amounts.get(unit, "") for unit in units)] for one in found]
        output.csv([by, "jobs", *(unit or "amount" for unit in units)], rows)
        return
    if not found:
        output.remark("There is no such job.")
        return
    columns = [
        Column(by.upper(), least=8),
        Column("JOBS", right=True),
        *(Column(unit or "AMOUNT", right=True) for unit in units),
    ]
    rows_ = [
        (names.get(one.key) or one.key or f"no {by}", str(one.jobs), *(_amount(one.amounts, unit) for unit in units))
        for one in found
    ]
    output.lines(table(columns, rows_, room=output.room))
    if computed:
        output.remark(f"{', '.join(computed)}: computed from the service's gate counts by our price table.")


def _amount(amounts: Mapping[str, float], unit: str) -> str:
    return f"{amounts[unit]:.2f}" if unit in amounts else "-"


@click.command(cls=Command)
@click.pass_obj
def quota(setting: Setting) -> None:
    """Show the quotas, and what is used of them."""
    import msgspec

    output = setting.output
    with setting.workspace() as workspace:
        quotas = workspace.get_quotas()
    output.objects(msgspec.to_builtins(one) for one in quotas)
    if not quotas:
        output.remark("The workspace has no quotas.")
        return
    columns = (
        Column("DIMENSION"),
        Column("PROVIDER", rank=2),
        Column("USED", right=True),
        Column("HELD", right=True, rank=4),
        Column("LIMIT", right=True),
        Column("LEFT", right=True, rank=1),
        Column("PERIOD", rank=3),
        Column("SCOPE", rank=5),
    )
    rows = []
    for one in quotas:
        left = None if one.limit is None else one.limit - (one.utilization or 0) - (one.holds or 0)
        numbers = [
            "-" if value is None else f"{value:,.2f}".removesuffix(".00")
            for value in (one.utilization, one.holds, one.limit, left)
        ]
        rows.append((one.dimension or "-", one.provider_id or "-", *numbers, one.period or "-", one.scope or "-"))
    output.lines(table(columns, rows, room=output.room))
