"""One Quil program with several values of its parameters: it runs once for each, and the results are joined.

Source: docs/protocol.md 6.5; the official client's ``InputParams.substitutions``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.decoding import typed
from qsession_core.local.readers.circuit import JobFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.local.execution.task import Outcome, Task

__all__ = ["bindings_of", "bound", "joined"]

Binding = dict[str, list[float]]
_MAX_BINDINGS = 10_000


def bindings_of(params: Mapping[str, Any]) -> list[Binding]:
    """Return the values of the parameters for each run: region of memory -> its values.

    Args:
        params: The job's inputParams; ``substitutions`` has a list of such values for each region.

    Raises:
        JobFailure: It has another shape, or the regions have lists of different lengths.
    """
    given = params.get("substitutions")
    if not given:
        return [{}]
    try:
        columns = typed(given, dict[str, list[list[float]]])
    except msgspec.ValidationError as error:
        raise JobFailure("InvalidInputData", f"substitutions: {error}.") from error
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1 or not 0 < max(lengths) <= _MAX_BINDINGS:
        raise JobFailure(
            "InvalidInputData",
            f"substitutions: the regions have lists of {sorted(lengths)} vectors; they need equally many, 1 to"
            f" {_MAX_BINDINGS}.",
        )
    return [{name: values[place] for name, values in columns.items()} for place in range(max(lengths))]


def bound(task: Task, binding: Binding, place: int) -> Task:
    """Return the task of one binding, the ``place``-th: it draws shots of its own."""
    substitutions = {name: [values] for name, values in binding.items()}
    return msgspec.structs.replace(task, params={**task.params, "substitutions": substitutions}, seed=task.seed + place)


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the rows of all outcomes, one after the other, register by register; the first failure if there is one."""
    failed = next((outcome for outcome in outcomes if outcome.code), None)
    if failed is not None:
        return failed
    rows: dict[str, list[Any]] = {}
    for outcome in outcomes:
        for name, values in msgspec.json.decode(outcome.output).items():
            rows.setdefault(name, []).extend(values)
    # one program, whose gates are the same for all values
    return msgspec.structs.replace(
        outcomes[0], output=msgspec.json.encode(rows), shots=sum(outcome.shots for outcome in outcomes)
    )
