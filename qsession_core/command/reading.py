"""What our own readers make of an encoded program: how large it is, or why they refuse it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qsession_core.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.client.target import Target
    from qsession_core.formats import Payload
    from qsession_core.local.readers.circuit import Circuit

__all__ = ["Reading", "reading_of"]

_OPENQASM = "honeywell.openqasm.v1"
_UNREADABLE = "CannotTranslateInputData"  # the code for formats that we do not read


class Reading(msgspec.Struct, frozen=True):
    """What is known of an encoded program.

    Attributes:
        num_qubits: How many qubits it has; 0 if unknown.
        num_bits: How many results it writes; 0 if unknown.
        depth: How many operations follow one another on a qubit or bit; 0 for a program with branches, or if unknown.
        problems: Why it would not run; with lines where they are known.
    """

    num_qubits: int = 0
    num_bits: int = 0
    depth: int = 0
    problems: Sequence[ConversionError] = ()


def reading_of(payload: Payload, target: Target) -> Reading:
    """Read an encoded program as the local workspace does before it runs it; bitcode is not read here.

    What our reader refuses of OpenQASM is read by Microsoft's compiler too, where it is installed, for the lines.
    """
    from qsession_core.local.execution.items import items_in
    from qsession_core.local.execution.prepare import read
    from qsession_core.local.readers.circuit import Circuit as StraightCircuit
    from qsession_core.local.readers.circuit import JobFailure
    from qsession_core.local.readers.qir.reader import is_bitcode

    if is_bitcode(payload.data):
        return Reading(payload.num_qubits)
    try:
        found = [read(payload.data, payload.input_data_format, item) for item in items_in(payload.input_params)]
    except JobFailure as failure:
        if failure.code == _UNREADABLE:
            return Reading(payload.num_qubits)
        problem = ConversionError(failure.message.removeprefix(f"{payload.input_data_format}: "))
        return Reading(payload.num_qubits, problems=_with_lines(payload, target) or (problem,))
    first = found[0]
    depth = _depth(first) if isinstance(first, StraightCircuit) else 0
    return Reading(max(one.num_qubits for one in found), max(one.num_results for one in found), depth)


def _with_lines(payload: Payload, target: Target) -> Sequence[ConversionError]:
    """Return the problems that the compiler finds in OpenQASM; none if it finds none, or is not there."""
    if payload.input_data_format != _OPENQASM:
        return ()
    from qsession_core.sources.compiling import compiled

    try:
        compiled(payload.data.decode("utf-8", "replace"), target.target_profile)
    except ConversionError as error:
        problems = error.problems or (error,)
        return problems if all(getattr(problem, "line", None) for problem in problems) else ()
    return ()


def _depth(circuit: Circuit) -> int:
    """Return how many operations follow one another on some qubit or bit; bits count as -1, -2, ..."""
    reached: dict[int, int] = {}
    for name, places, _ in circuit.operations:
        used = (places[0], -1 - places[1]) if name == "measure" else places
        level = 1 + max((reached.get(place, 0) for place in used), default=0)
        reached.update(dict.fromkeys(used, level))
    return max(reached.values(), default=0)
