"""``qsession resume``: what became of the jobs that a crash left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qsession_core.command.frame import Command

if TYPE_CHECKING:
    from qsession_core.command.setting import Setting

__all__ = ["resume"]

_WORDS = {
    "found": "the service has it",
    "sent": "sent now",
    "unsent": "the service does not have it, and it was not sent",
    "elsewhere": "meant for another workspace; nothing was done",
}


@click.command(cls=Command)
@click.argument("journal", type=click.Path(exists=True, dir_okay=False))
@click.option("--no-send", is_flag=True, help="Only look; send no job again.")
@click.pass_obj
def resume(setting: Setting, *, journal: str, no_send: bool) -> int:
    """Find out what became of jobs after a crash, from a JOURNAL.

    What the service does not have is sent now, with the id that it was to have, so that no job is sent twice. The exit
    code is 1 if a job is still not sent.
    """
    with setting.workspace(journal=journal) as workspace:
        resumed = workspace.resume(send=not no_send)
        parts = [
            *((job.id, job.name, "found") for job in resumed.found),
            *((job.id, job.name, "sent") for job in resumed.sent),
            *((intent.job_id, str(intent.body.get("name", "")), "unsent") for intent in resumed.unsent),
            *((intent.job_id, str(intent.body.get("name", "")), "elsewhere") for intent in resumed.elsewhere),
        ]
    setting.output.objects({"id": id_, "name": name, "outcome": outcome} for id_, name, outcome in parts)
    for id_, name, outcome in parts:
        setting.output.say(f"{id_}  {name}: {_WORDS[outcome]}")
    if not parts:
        setting.output.say("The journal has no open job.")
    return 1 if resumed.unsent else 0
