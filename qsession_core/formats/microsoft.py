"""``microsoft.quantum-results.v1`` and ``.v2``: the results of QIR programs.

v2 is ``{"DataFormat": ..., "Results": [{"Histogram": [{"Outcome", "Display", "Count"}], "Shots": [outcome, ...]}]}``,
one element of ``Results`` for each program. An outcome is the recorded output: 0 and 1 for results, ``"-"`` for a lost
qubit, lists for arrays, ``{"Item1": ..., "Item2": ...}`` for tuples, ``{"Error": {"Code", "Name", ...}}`` for a failed
shot.
v1 is ``{"Histogram": [display, probability, display, probability, ...]}``. Source: docs/protocol.md 6.6 and 6.7.

Shots of a job nearly always have the same text except for their bits, and are then read by the fast path of
:mod:`~qsession_core.formats.reading.uniform_shots`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from qsession_core.decoding import read_json
from qsession_core.formats.interface import MICROSOFT_V2
from qsession_core.formats.reading.job_metadata import keys_of, layout_of, written_by_qiskit
from qsession_core.formats.reading.malformed import total_of
from qsession_core.formats.reading.uniform_shots import (
    Span,
    histogram_and_shots,
    histogram_total,
    leaves,
    members,
    shots_of,
)
from qsession_core.results.result import Layout, Register, Result
from qsession_core.results.rows import apportion, merge_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from qsession_core.formats.interface import JobFacts
    from qsession_core.results.rows import Rows

__all__ = ["FirstVersion", "decode_v1", "decode_v2", "plain"]

# Spellings of a bit. Booleans, and 2 for a lost qubit, count only if the job's metadata says that its outcomes are bits
_BITS = {"0": "0", "1": "1", "-": "-", "Zero": "0", "One": "1", "False": "0", "True": "1", "Loss": "-"}
_LOST_BY_NUMBER = 2


class _Count(msgspec.Struct):
    Outcome: Any
    Count: int
    Display: str = ""


class _Run(msgspec.Struct):
    Histogram: list[_Count] | None = None
    Shots: msgspec.Raw = msgspec.Raw(b"")


class _Document(msgspec.Struct):
    DataFormat: str
    Results: list[_Run]


class FirstVersion(msgspec.Struct):
    """The document of v1: texts and numbers alternate."""

    Histogram: list[str | float]


def decode_v2(data: bytes, facts: JobFacts) -> list[Result]:
    """Read ``microsoft.quantum-results.v2``.

    Returns:
        One result for each program of the job, in the job's order.

    Raises:
        ValueError: The bytes are not what the format says.
    """
    parts = histogram_and_shots(data)
    total = histogram_total(parts[0]) if parts is not None else None
    uniform = shots_of(parts[1]) if parts is not None and total is not None else None
    if uniform is not None and total == len(uniform[0]):
        return [_laid_out(*uniform, facts)]
    document = read_json(data, _Document)
    if document.DataFormat != MICROSOFT_V2:
        raise ValueError(f"DataFormat is {document.DataFormat!r}")
    if not document.Results:
        raise ValueError("Results is empty")
    results = []
    for number, run in enumerate(document.Results):
        try:
            results.append(_run(run, facts))
        except ValueError as error:
            raise ValueError(f"Results[{number}]: {error}") from error
    return results


def _run(run: _Run, facts: JobFacts) -> Result:
    """Read the result of one program."""
    raw = bytes(run.Shots)
    total = None if run.Histogram is None else total_of([count.Count for count in run.Histogram], "Histogram")
    if not raw or raw == b"null":
        if run.Histogram is None:
            raise ValueError("it has neither Shots nor Histogram")
        return _from_histogram(run.Histogram, facts)
    uniform = shots_of(Span(raw, 0, len(raw)))
    if uniform is None:
        shots = msgspec.json.decode(raw)
        if not isinstance(shots, list):
            raise ValueError("Shots is not a list")
        number, result = len(shots), _from_shots(shots, facts)
    else:
        rows, first = uniform
        number, result = len(rows), _laid_out(rows, first, facts)
    if total is not None and total != number:
        raise ValueError(f"Histogram counts {total} shots, Shots has {number}")
    return result


# --- shots one by one ----------------------------------------------------------------------------------------------


def _from_shots(shots: Sequence[Any], facts: JobFacts) -> Result:
    """Read shots one by one: some failed, or are not bits."""
    good, errors = _apart(shots)
    rows = _rows(good, facts)
    if rows is None:
        texts, values = [display(shot) for shot in good], [plain(shot) for shot in good]
        return Result(0, texts=texts, values=values, errors=tuple(errors), seed_text=facts.job_id)
    return _laid_out(rows, good[0] if good else [], facts, tuple(errors))


def _from_histogram(histogram: Sequence[_Count], facts: JobFacts) -> Result:
    """Read a result without single shots."""
    good = [count for count in histogram if not _failed(count.Outcome)]
    errors = tuple(
        error
        for count in histogram
        if _failed(count.Outcome)
        for error in _apart([count.Outcome])[1]
        for _ in range(count.Count)
    )
    outcomes = [count.Outcome for count in good]
    rows = _rows(outcomes, facts)
    if rows is None:
        repeated = [outcome for count in good for outcome in [count.Outcome] * count.Count]
        texts, values = [display(outcome) for outcome in repeated], [plain(outcome) for outcome in repeated]
        return Result(0, texts=texts, values=values, errors=errors, seed_text=facts.job_id)
    weights = np.array([count.Count for count in good], np.float64)
    total = int(weights.sum())
    distribution = (weights / (total or 1), total)
    return _laid_out(rows, outcomes[0] if outcomes else [], facts, errors, distribution)


def _failed(outcome: Any) -> bool:
    return isinstance(outcome, dict) and "Error" in outcome


def _apart(shots: Sequence[Any]) -> tuple[list[Any], list[Mapping[str, object]]]:
    """Return the shots that have an outcome, and the errors of those that failed."""
    good: list[Any] = []
    errors: list[Mapping[str, object]] = []
    for place, shot in enumerate(shots):
        if not _failed(shot):
            good.append(shot)
        elif isinstance(shot["Error"], dict):
            errors.append(shot["Error"])
        else:
            raise ValueError(f"shot {place} has an Error that is not an object")
    return good, errors


def _rows(outcomes: Sequence[Any], facts: JobFacts) -> Rows | None:
    """Return outcomes as rows of bits; None if they are not bits and the job does not say that they are."""
    is_known = Layout.KEY in facts.metadata or written_by_qiskit(facts.metadata) or keys_of(facts.metadata) is not None
    rows = []
    for place, outcome in enumerate(outcomes):
        bits = [_bit(leaf, is_known=is_known) for leaf in leaves(outcome)]
        if "?" in bits:
            if not is_known:
                return None
            raise ValueError(f"shot {place} has {list(leaves(outcome))[bits.index('?')]!r} where a bit should be")
        rows.append("".join(bits))
    width = len(rows[0]) if rows else 0
    odd = next((place for place, row in enumerate(rows) if len(row) != width), None)
    if odd is not None:
        raise ValueError(f"shot {odd} has {len(rows[odd])} bits, the first has {width}")
    return np.frombuffer("".join(rows).encode(), np.uint8).reshape(len(rows), width)


def _bit(leaf: Any, *, is_known: bool) -> str:
    """Return a bit as a character; ``?`` for anything else."""
    if isinstance(leaf, str):
        return _BITS.get(leaf, "?")
    if isinstance(leaf, bool):
        return str(int(leaf)) if is_known else "?"
    if isinstance(leaf, int) and leaf in {0, 1}:
        return str(leaf)
    return "-" if is_known and isinstance(leaf, int) and leaf == _LOST_BY_NUMBER else "?"


def plain(outcome: Any) -> Any:
    """Return an outcome with Python tuples for its tuples.

    >>> plain({"Item1": [0, 1], "Item2": 1})
    ([0, 1], 1)
    """
    if isinstance(outcome, list):
        return [plain(member) for member in outcome]
    if isinstance(outcome, dict) and "Item1" in outcome:
        return tuple(plain(member) for member in members(outcome))
    return outcome


def display(outcome: Any) -> str:
    """Return an outcome as the service displays it.

    >>> display({"Item1": [0, 1, "-"], "Item2": 1})
    '([0, 1, -], 1)'
    """
    if isinstance(outcome, list):
        return "[" + ", ".join(map(display, outcome)) + "]"
    if isinstance(outcome, dict) and "Item1" in outcome:
        return "(" + ", ".join(map(display, members(outcome))) + ")"
    if isinstance(outcome, bool):
        return "true" if outcome else "false"
    return str(outcome)


def _laid_out(
    rows: Rows,
    first: Any,
    facts: JobFacts,
    errors: tuple[Mapping[str, object], ...] = (),
    distribution: tuple[NDArray[np.float64], int | None] | None = None,
) -> Result:
    """Bring recorded bits into the order of classical bits.

    Args:
        rows: Shots, or outcomes of a distribution.
        first: The first of them, as recorded.
        facts: The job's.
        errors: Shots that failed.
        distribution: The probability of each outcome, and the total shots; None for them if the job does not say.
    """
    recorded = rows.shape[1]
    layout = layout_of(facts.metadata) or _foreign_layout(first, recorded, facts)
    if layout.recorded is not None:
        if len(layout.recorded) != recorded and len(rows):
            raise ValueError(f"a shot has {recorded} bits, but the job's layout says {len(layout.recorded)}")
        ordered = np.full((len(rows), layout.num_clbits), ord("0"), np.uint8)
        if len(rows):
            ordered[:, list(layout.recorded)] = rows
        rows = ordered
    elif len(rows) and recorded != layout.num_clbits:
        raise ValueError(f"a shot has {recorded} bits, but the job's layout says {layout.num_clbits}")
    if distribution is None:
        return Result(
            layout.num_clbits, characters=rows, registers=layout.registers, errors=errors, seed_text=facts.job_id
        )
    weights, shots = distribution
    return Result(
        layout.num_clbits,
        distribution=merge_rows(rows, weights),
        shots=shots,
        shots_are_assumed=facts.are_assumed and shots == facts.assumed_shots,
        registers=layout.registers,
        errors=errors,
        seed_text=facts.job_id,
    )


def _foreign_layout(first: Any, width: int, facts: JobFacts) -> Layout:
    """Derive the layout from the first outcome: each array is a register, and the loose bits are one."""
    sizes = [sum(1 for _ in leaves(member)) for member in members(first)] if isinstance(first, dict) else [width]
    keys = keys_of(facts.metadata)
    if keys is not None and [len(qubits) for qubits in keys.values()] == sizes:
        return Layout(width, _registers(list(keys), sizes))
    if written_by_qiskit(facts.metadata):
        names = [f"c{number}" for number in range(len(sizes))]
        return Layout(width, _registers(names, sizes[::-1]), tuple(range(width - 1, -1, -1)))
    names = [f"c{number}" for number in range(len(sizes))] if len(sizes) > 1 else ["c"]
    return Layout(width, _registers(names, sizes))


def _registers(names: Sequence[str], sizes: Sequence[int]) -> tuple[Register, ...]:
    starts = np.cumsum([0, *sizes]).tolist()
    return tuple(
        Register(name, tuple(range(start, start + size)))
        for name, start, size in zip(names, starts, sizes, strict=False)
    )


def decode_v1(data: bytes, facts: JobFacts) -> list[Result]:
    """Read ``microsoft.quantum-results.v1``: one histogram, or for a job of several programs a list of them.

    Raises:
        ValueError: The bytes are not what the format says.
    """
    document = read_json(data, FirstVersion | list[FirstVersion])
    programs = document if isinstance(document, list) else [document]
    if not programs:
        raise ValueError("the list of histograms is empty")
    return [_of_histogram(program.Histogram, facts) for program in programs]


def _of_histogram(histogram: Sequence[str | float], facts: JobFacts) -> Result:
    if len(histogram) % 2:
        raise ValueError(f"Histogram has {len(histogram)} members, an odd number")
    displays = [text for text in histogram[0::2] if isinstance(text, str)]
    numbers = [number for number in histogram[1::2] if isinstance(number, float)]
    if not len(displays) == len(numbers) == len(histogram) // 2:
        raise ValueError("Histogram does not alternate texts and numbers")
    weights = np.array(numbers, np.float64)
    apportion(weights, 1)  # raises if they are not probabilities
    shapes = {re.sub("[01-]", "0", text) for text in displays}
    if not all(re.fullmatch(r"[01\-\[\](), ]+", text) for text in displays):
        return _values_of(displays, weights, facts)
    if len(shapes) > 1:
        raise ValueError(f"outcomes have different shapes: {', '.join(sorted(shapes)[:2])}")
    rows = [re.sub("[^01-]", "", text) for text in displays]
    characters = np.frombuffer("".join(rows).encode(), np.uint8).reshape(len(rows), -1)
    return _laid_out(characters, _structure(displays[0]), facts, (), (weights, facts.likely_shots))


def _values_of(displays: Sequence[str], weights: NDArray[np.float64], facts: JobFacts) -> Result:
    """Return a result whose outcomes are not bits: one text a shot, equal ones together."""
    if facts.likely_shots is None:
        raise ValueError(f"{displays[0]!r} is not bits, and the job does not say its shots")
    numbers = apportion(weights, total_of([facts.likely_shots], "the job"))
    texts = [text for text, number in zip(displays, numbers.tolist(), strict=True) for _ in range(number)]
    return Result(0, texts=texts, shots_are_assumed=facts.are_assumed, seed_text=facts.job_id)


def _structure(text: str) -> Any:
    """Return an outcome of the shape of a display such as ``([0, 1], [1])``, its bits 0."""
    if not text.startswith("("):
        return [0]
    members = re.findall(r"\[[^\[\]]*\]|[01-]", text)
    return {
        f"Item{place}": [0] * len(re.findall(r"[01-]", member)) if "[" in member else 0
        for place, member in enumerate(members, 1)
    }
