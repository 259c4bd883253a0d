"""``qsession check``: a program of a file, looked at without sending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from qsession_core.command.frame import Command
from qsession_core.command.programs import encoded_programs, located, of_program, parameters_of
from qsession_core.display.text import duration
from qsession_core.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.client.service.models import Quota
    from qsession_core.client.submitting.cost import Quote
    from qsession_core.client.target import Target
    from qsession_core.command.programs import FileProgram
    from qsession_core.command.reading import Reading
    from qsession_core.command.setting import Setting
    from qsession_core.formats import Payload

__all__ = ["check"]

_KILO = 1000.0


@click.command(cls=Command)
@of_program
@click.pass_obj
def check(
    setting: Setting,
    *,
    file: str,
    target: str,
    shots: int | None,
    input_data_format: str | None,
    params: Sequence[str],
    entry: str,
) -> int:
    """Check a program without sending it.

    All its problems are listed with their lines; then its price, the quota left, the queue.

    FILE is OpenQASM 2 or 3, QIR as text or bitcode, Quil, IonQ JSON, QPY, a Cirq circuit in JSON, or Q#; - is standard
    input. The exit code is 2 if it cannot be sent as it is.
    """
    from qsession_core.command.quoting import left_of, quota_for, quote_of
    from qsession_core.command.reading import reading_of

    with setting.workspace() as workspace:
        where = workspace.get_target(target)
        encoded = encoded_programs(file, where, shots, input_data_format, parameters_of(params), entry)
        quotas = workspace.get_quotas()
        refused: list[ConversionError] = []
        hindrances = _unavailable(where)
        total = 0.0
        for program, payload in encoded:
            reading, quote = reading_of(payload, where), quote_of(where, payload)
            refused += reading.problems
            quota = None if isinstance(quote, str) else quota_for(quotas, where, quote.unit)
            total += 0.0 if isinstance(quote, str) else quote.amount
            if quota is not None and total > left_of(quota):
                hindrances.append(f"The estimate of {total:g} {quota.dimension} is more than the quota leaves.")
            told = [*(problem.message for problem in reading.problems), *hindrances]
            setting.output.objects([_as_json(where, program, payload, reading, quote, told)])
            if not reading.problems:
                setting.output.say("\n".join(_lines(file, where, program, payload, reading, quote, quota)))
    if refused:
        raise located(file, refused)
    if hindrances:
        lines = [f"{file} can be encoded, and would not run now:", *(f"  {one}" for one in hindrances)]
        raise ConversionError("\n".join(lines))
    setting.output.say("ok: nothing was sent")
    return 0


def _unavailable(target: Target) -> list[str]:
    if target.current_availability in {None, "Available", "Degraded"}:
        return []
    return [f"{target.name} is {target.current_availability}: it takes no jobs now."]


def _lines(
    file: str,
    target: Target,
    program: FileProgram,
    payload: Payload,
    reading: Reading,
    quote: Quote | str,
    quota: Quota | None,
) -> list[str]:
    from qsession_core.command.quoting import left_of

    lines = [f"{file}: {', '.join([program.title, *_size(reading, quote)])}", f"sent as {_form(target, payload)}"]
    if isinstance(quote, str):
        lines.append(f"no price: {quote}")
    else:
        most = "at most " if quote.is_upper_bound else ""
        left = f", quota left {left_of(quota):g} of {quota.limit:g} {quote.unit}" if quota is not None else ""
        lines.append(f"price {most}{quote.amount:.2f} {quote.unit} (table of {quote.as_of}){left}")
    return [*lines, f"{target.name} is {target.current_availability or 'of unknown availability'}, {_queue(target)}"]


def _size(reading: Reading, quote: Quote | str) -> list[str]:
    parts = [_number(reading.num_qubits, "qubit")] if reading.num_qubits else []
    parts += [_number(reading.num_bits, "bit")] if reading.num_bits else []
    if not isinstance(quote, str):
        counts = quote.counts
        parts.append(f"{counts.one} one-qubit and {_number(counts.two, 'two-qubit gate')}")
        parts += [_number(counts.programs, "program")] if counts.programs > 1 else []
    return [*parts, f"depth {reading.depth}"] if reading.depth else parts


def _form(target: Target, payload: Payload) -> str:
    profile = f" ({target.target_profile})" if payload.input_data_format == "qir.v1" and target.target_profile else ""
    size = len(payload.data)
    shown = f"{size} bytes" if size < _KILO else f"{size / _KILO:.1f} kB"
    return f"{payload.input_data_format}{profile}, {shown}, {_number(payload.input_params['shots'], 'shot')}"


def _queue(target: Target) -> str:
    seconds = target.average_queue_time
    return "queue unknown" if seconds is None else f"queue about {duration(seconds)}" if seconds else "no queue"


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _as_json(
    target: Target,
    program: FileProgram,
    payload: Payload,
    reading: Reading,
    quote: Quote | str,
    problems: Sequence[str],
) -> dict[str, Any]:
    price = {"estimate": None, "reason": quote} if isinstance(quote, str) else {
        "estimate": quote.amount, "unit": quote.unit, "asOf": str(quote.as_of), "isUpperBound": quote.is_upper_bound,
        "oneQubitGates": quote.counts.one, "twoQubitGates": quote.counts.two,
    }  # fmt: skip
    return {
        "name": program.name,
        "target": target.name,
        "language": program.title,
        "inputDataFormat": payload.input_data_format,
        "inputParams": dict(payload.input_params),
        "numQubits": reading.num_qubits or None,
        "bytes": len(payload.data),
        **price,
        "averageQueueTime": target.average_queue_time,
        "currentAvailability": target.current_availability,
        "problems": list(problems),
    }
