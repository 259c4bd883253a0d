"""``microsoft.quantum-results.v1`` and ``.v2``: what QIR programs return.

v2 is ``{"DataFormat": ..., "Results": [{"Histogram": [{"Outcome", "Display", "Count"}], "Shots": [outcome, ...]}]}``,
one element of ``Results`` a program. An outcome is the recorded output: 0 and 1 for results, ``"-"`` for a lost qubit,
lists for arrays, ``{"Item1": ..., "Item2": ...}`` for tuples, and ``{"Error": {"Code", "Name", ...}}`` for a shot that
failed.
v1 is ``{"Histogram": [display, probability, display, probability, ...]}``. Source: recorded traffic of the service.

Shots of a job are nearly always the same text but for their bits. Then the bytes themselves are the array: they are
checked to be so, and read without making an object of any shot.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from qsession_core.errors import ResultFormatError
from qsession_core.formats.foreign import keys_of, layout_of, written_by_qiskit
from qsession_core.results import Layout, Register, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from qsession_core.formats.payload import JobFacts

__all__ = ["V1", "V2", "decode_v1", "decode_v2", "plain"]

V1 = "microsoft.quantum-results.v1"
V2 = "microsoft.quantum-results.v2"

_BITS = {0: "0", 1: "1", "0": "0", "1": "1", "-": "-", "Zero": "0", "One": "1", "Loss": "-"}
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[01](?![0-9.eE])|[-0-9a-zA-Z.+]+|.', re.DOTALL)


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


class _FirstVersion(msgspec.Struct):
    Histogram: list[str | float]


def decode_v2(data: bytes, facts: JobFacts) -> list[Result]:
    """Read ``microsoft.quantum-results.v2``.

    Args:
        data: The bytes.
        facts: The job's.

    Returns:
        One result for each program of the job, in the job's order.

    Raises:
        ResultFormatError: They are something else.
    """
    try:
        document = msgspec.json.decode(data, type=_Document)
        if document.DataFormat != V2:
            raise ValueError(f"DataFormat is {document.DataFormat!r}")  # noqa: TRY301 - told like the others
        if not document.Results:
            raise ValueError("Results is empty")  # noqa: TRY301
        return [_run(run, facts, number) for number, run in enumerate(document.Results)]
    except (msgspec.MsgspecError, ValueError) as error:
        raise _malformed(V2, error, facts) from error


def _malformed(output: str, error: Exception, facts: JobFacts) -> ResultFormatError:
    return ResultFormatError(
        f"The result of job {facts.job_id} is not {output}: {error}.",
        format=output,
        problem=str(error),
        job_id=facts.job_id,
    )


def _run(run: _Run, facts: JobFacts, number: int) -> Result:
    raw = bytes(run.Shots)
    if not raw or raw == b"null":
        if run.Histogram is None:
            raise ValueError(f"Results[{number}] has neither Shots nor Histogram")
        outcomes = [count.Outcome for count in run.Histogram for _ in range(count.Count)]
        return _by_objects(outcomes, facts, number)
    uniform = _uniform(raw)
    if uniform is None:
        shots = msgspec.json.decode(raw)
        if not isinstance(shots, list):
            raise ValueError(f"Results[{number}].Shots is no list")
        return _by_objects(shots, facts, number)
    characters, first = uniform
    return _laid_out(characters, first, facts)


def _uniform(raw: bytes) -> tuple[NDArray[np.uint8], Any] | None:
    """Return the bits of all shots and the first shot, if every shot is the same text but for its bits."""
    inner = raw[1:-1].strip()
    if not raw.startswith(b"[") or not inner:
        return None
    depth, length, places = 0, 0, []
    for token in _TOKEN.finditer(inner):
        text = token.group()
        if text in b"[{":
            depth += 1
        elif text in b"]}":
            depth -= 1
        elif text in b"01":
            places.append(token.start())
        elif text == b"," and depth == 0:
            break
        elif text not in b":, \t\r\n" and not (text.startswith(b'"Item') and depth):
            return None
        length = token.end()
    between = re.match(rb"\s*,\s*", inner[length:])
    separator = between.group() if between else b","
    stride = length + len(separator)
    if (len(inner) + len(separator)) % stride:
        return None
    rows = np.frombuffer(inner + separator, np.uint8).reshape(-1, stride)
    characters = rows[:, places]
    fixed = np.ones(stride, dtype=bool)
    fixed[places] = False
    if (characters >> 1 != ord("0") >> 1).any() or (rows[:, fixed] != rows[0, fixed]).any():
        return None
    return characters, msgspec.json.decode(inner[:length])


def _by_objects(shots: Sequence[Any], facts: JobFacts, number: int) -> Result:
    """Read shots one by one: some failed, lost a qubit, or are no bits."""
    errors: list[Mapping[str, object]] = []
    good = []
    for shot in shots:
        if isinstance(shot, dict) and "Error" in shot:
            errors.append(shot["Error"])
        else:
            good.append(shot)
    rows = [
        "".join(_BITS.get(leaf, "?") if isinstance(leaf, (int, str)) else "?" for leaf in _leaves(shot))
        for shot in good
    ]
    if any("?" in row for row in rows) or any(isinstance(leaf, bool) for shot in good[:1] for leaf in _leaves(shot)):
        return Result(
            0, texts=[display(shot) for shot in good], values=[plain(shot) for shot in good], errors=tuple(errors)
        )
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        odd = next(place for place, row in enumerate(rows) if len(row) != len(rows[0]))
        raise ValueError(f"Results[{number}]: shot {odd} has {len(rows[odd])} bits, the first has {len(rows[0])}")
    width = widths.pop() if widths else 0
    characters = np.frombuffer("".join(rows).encode(), np.uint8).reshape(len(rows), width)
    return _laid_out(characters, good[0] if good else [], facts, tuple(errors))


def _leaves(outcome: Any) -> Iterator[Any]:
    """Walk through an outcome's values from left to right."""
    if isinstance(outcome, list):
        for member in outcome:
            yield from _leaves(member)
    elif isinstance(outcome, dict):
        for place in range(1, len(outcome) + 1):
            if f"Item{place}" not in outcome:
                raise ValueError(f"a tuple has the members {', '.join(outcome)} instead of Item1 to Item{len(outcome)}")
            yield from _leaves(outcome[f"Item{place}"])
    else:
        yield outcome


def plain(outcome: Any) -> Any:
    """Return an outcome with its tuples as Python tuples.

    >>> plain({"Item1": [0, 1], "Item2": 1})
    ([0, 1], 1)
    """
    if isinstance(outcome, list):
        return [plain(member) for member in outcome]
    if isinstance(outcome, dict) and "Item1" in outcome:
        return tuple(plain(outcome[f"Item{place}"]) for place in range(1, len(outcome) + 1))
    return outcome


def display(outcome: Any) -> str:
    """Return an outcome's text as the service displays it.

    >>> display({"Item1": [0, 1, "-"], "Item2": 1})
    '([0, 1, -], 1)'
    """
    if isinstance(outcome, list):
        return "[" + ", ".join(map(display, outcome)) + "]"
    if isinstance(outcome, dict) and "Item1" in outcome:
        return "(" + ", ".join(display(outcome[f"Item{place}"]) for place in range(1, len(outcome) + 1)) + ")"
    if isinstance(outcome, bool):
        return "true" if outcome else "false"
    return str(outcome)


def _laid_out(
    characters: NDArray[np.uint8], first: Any, facts: JobFacts, errors: tuple[Mapping[str, object], ...] = ()
) -> Result:
    """Bring recorded bits into the order of classical bits."""
    recorded = characters.shape[1]
    layout = layout_of(facts.metadata) or _foreign_layout(first, recorded, facts)
    if layout.recorded is not None:
        if len(layout.recorded) != recorded and len(characters):
            raise ValueError(f"each shot has {recorded} bits, but the job's layout says {len(layout.recorded)}")
        ordered = np.full((len(characters), layout.num_clbits), ord("0"), np.uint8)
        if len(characters):
            ordered[:, list(layout.recorded)] = characters
        characters = ordered
    return Result(
        layout.num_clbits, characters=characters, registers=layout.registers, errors=errors, seed_text=facts.job_id
    )


def _foreign_layout(first: Any, width: int, facts: JobFacts) -> Layout:
    """Read the layout off the first outcome: each array is a register, loose bits are one."""
    sizes = [sum(1 for _ in _leaves(member)) for member in plain(first)] if isinstance(first, dict) else [width]
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
    """Read ``microsoft.quantum-results.v1``.

    Args:
        data: The bytes.
        facts: The job's.

    Raises:
        ResultFormatError: They are something else.
    """
    try:
        histogram = msgspec.json.decode(data, type=_FirstVersion).Histogram
        if len(histogram) % 2:
            raise ValueError(f"Histogram has {len(histogram)} members, an odd number")  # noqa: TRY301
        displays, weights = histogram[0::2], np.array(histogram[1::2], dtype=np.float64)
        if not (weights >= 0).all() or not weights.sum() > 0:
            raise ValueError("its probabilities are not positive numbers")  # noqa: TRY301
        rows = [re.sub(r"[^01-]", "", str(text)) for text in displays]
        if any(re.search(r"[^01\-\[\](), ]", str(text)) for text in displays) or len({len(row) for row in rows}) > 1:
            raise ValueError(f"a display is not made of bits: {displays[0]!r}")  # noqa: TRY301
        characters = np.frombuffer("".join(rows).encode(), np.uint8).reshape(len(rows), -1)
        result = _laid_out(characters, _structure(str(displays[0])), facts)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _malformed(V1, error, facts) from error
    ordered = result._characters  # noqa: SLF001 - a distribution over the rows just laid out
    assert ordered is not None  # noqa: S101 - _laid_out makes nothing else
    return [
        Result(
            result.num_clbits,
            distribution=(ordered, weights),
            shots=facts.shots or 0,
            registers=result.registers,
            seed_text=facts.job_id,
        )
    ]


def _structure(text: str) -> Any:
    """Return what a display such as ``([0, 1], [1])`` shows, as an outcome."""
    if not text.startswith("("):
        return [0]
    members = re.findall(r"\[[^\]]*\]|[01-]", text)
    return {
        f"Item{place}": [0] * len(re.findall(r"[01-]", member)) if "[" in member else 0
        for place, member in enumerate(members, 1)
    }
