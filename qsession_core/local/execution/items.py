"""Jobs of several items: one program runs for each, and each has its result. Source: docs/protocol.md 5.2, 6.6, 6.7."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.decoding import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.local.execution.task import Outcome, Task

__all__ = ["items_in", "items_of", "joined_items"]


def items_in(params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return inputParams for each item, in order; a job without items is one.

    >>> items_in({"shots": 5, "items": [{"entryPoint": "a"}, {"entryPoint": "b"}]})
    [{'shots': 5, 'entryPoint': 'a'}, {'shots': 5, 'entryPoint': 'b'}]
    """
    items = params.get("items")
    shared = {name: value for name, value in params.items() if name != "items"}
    if not isinstance(items, list) or not items:
        return [shared]
    return [{**shared, **(item if isinstance(item, dict) else {})} for item in items]


def items_of(task: Task) -> list[Task]:
    """Return one task for each item. Each draws shots of its own."""
    found = items_in(task.params)
    return [
        msgspec.structs.replace(task, params=params, seed=task.seed + number) for number, params in enumerate(found)
    ]


def joined_items(task: Task, outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a job from those of its items: all results in one list, or the failure of the first.

    Microsoft's results v2 have a list for them. There is no word on v1: it becomes a list of what each item has alone.
    """
    failed = [(number, outcome) for number, outcome in enumerate(outcomes) if outcome.code]
    if failed:
        details = tuple(
            {"code": outcome.code, "message": outcome.message, "target": f"items[{number}]"}
            for number, outcome in failed
        )
        was_unread = all(outcome.was_unread for outcome in outcomes)
        return msgspec.structs.replace(failed[0][1], details=details, was_unread=was_unread)
    first = outcomes[0]
    counts = [outcome.counts for outcome in outcomes if outcome.counts is not None]
    if task.output_format == "microsoft.quantum-results.v2":
        parts = [read_json(outcome.output, _Results).Results[0] for outcome in outcomes]
        output = msgspec.json.encode({"DataFormat": task.output_format, "Results": parts})
    else:
        output = b"[" + b",".join(outcome.output for outcome in outcomes) + b"]"
    return msgspec.structs.replace(
        first, output=output, counts=reduce(add, counts) if len(counts) == len(outcomes) else None, shots=task.shots
    )


class _Results(msgspec.Struct):
    Results: list[msgspec.Raw]
