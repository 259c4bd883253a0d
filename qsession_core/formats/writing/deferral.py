"""Mid-circuit measurements deferred to the end, for the Base profile, where all measurements come last.

Invariants, held by property tests:

* The result has no measure and no reset among its operations; each qubit is measured at most once, after all of them.
* A qubit that is used or measured again after its measurement is first copied (cx) to a fresh qubit, which is measured
  instead.
* A qubit that is used after a reset is replaced by a fresh one; a reset of an unused qubit changes nothing.
* The distribution over classical bits is that of the original: the last measurement into a bit counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.program import Block, Program

__all__ = ["Deferred", "defer", "separating"]

# Operations that are not gates
_IDLE = {"measure", "barrier", "id"}


class Deferred(msgspec.Struct):
    """A program with its measurements last.

    Attributes:
        names: Gate words, in order of time.
        qubits: Their qubits.
        params: Their angles.
        indices: The index of each in the original program.
        measured: Classical bit -> the qubit that is measured into it.
        num_qubits: The program's qubits and the fresh ones.
    """

    num_qubits: int
    names: list[str] = msgspec.field(default_factory=list)
    qubits: list[tuple[int, ...]] = msgspec.field(default_factory=list)
    params: list[tuple[Any, ...]] = msgspec.field(default_factory=list)
    indices: list[int] = msgspec.field(default_factory=list)
    measured: dict[int, int] = msgspec.field(default_factory=dict)


def defer(program: Program) -> Deferred:
    """Move the measurements of a program without branches to its end."""
    body = program.body
    start = _first_of(body, "measure", "reset")
    deferred = Deferred(
        program.num_qubits,
        list(body.names[:start]),
        list(body.qubits[:start]),
        list(body.params[:start]),
        list(range(start)),
    )
    now = list(range(program.num_qubits))  # qubit of the program -> the qubit that has its state now
    touched = (
        set()
        if start == len(body) or "reset" not in body.names
        else {
            qubit
            for name, qubits in zip(body.names[:start], body.qubits[:start], strict=True)
            if name not in _IDLE
            for qubit in qubits
        }
    )
    clbits_of: dict[int, list[int]] = {}  # qubit without gates since its measurement -> its bits
    for index in range(start, len(body)):
        name, qubits, params = body.names[index], body.qubits[index], body.params[index]
        match name:
            case "measure":
                clbits_of.setdefault(qubits[0], []).append(params[0])
                deferred.measured[params[0]] = now[qubits[0]]
            case "reset":
                if qubits[0] in touched:
                    now[qubits[0]] = deferred.num_qubits
                    deferred.num_qubits += 1
                    touched.discard(qubits[0])
                    clbits_of.pop(qubits[0], None)
            case _:
                if name not in _IDLE:
                    for qubit in qubits:
                        if qubit in clbits_of:
                            _copy(deferred, now[qubit], clbits_of.pop(qubit), index)
                    touched.update(qubits)
                deferred.names.append(name)
                deferred.qubits.append(tuple([now[qubit] for qubit in qubits]))
                deferred.params.append(params)
                deferred.indices.append(index)
    read: set[int] = set()
    for clbit, qubit in sorted(deferred.measured.items()):
        if qubit in read:
            _copy(deferred, qubit, [clbit], len(body))
        read.add(qubit)
    return deferred


def _first_of(body: Block, *names: str) -> int:
    return min((body.names.index(name) for name in names if name in body.names), default=len(body))


def _copy(deferred: Deferred, qubit: int, clbits: list[int], index: int) -> None:
    """Copy a measured qubit, before it is used again, to a fresh qubit that is measured instead."""
    copy = deferred.num_qubits
    deferred.num_qubits += 1
    deferred.names.append("cx")
    deferred.qubits.append((qubit, copy))
    deferred.params.append(())
    deferred.indices.append(index)
    for clbit in clbits:
        if deferred.measured[clbit] == qubit:
            deferred.measured[clbit] = copy


def separating(names: Sequence[str], qubits: Sequence[tuple[int, ...]]) -> frozenset[int]:
    """Return the indices of barriers with a gate before and a gate after them, each on one of their qubits.

    >>> sorted(separating(["h", "barrier", "h", "barrier"], [(0,), (0, 1), (1,), (0, 1)]))
    [1]

    Args:
        names: Operations in order of time.
        qubits: Their qubits. A branch counts as a gate on all of them.
    """
    if "barrier" not in names:
        return frozenset()
    barriers = [place for place, name in enumerate(names) if name == "barrier" and qubits[place]]
    before = _with_gates(names, qubits, barriers, range(len(names)))
    after = _with_gates(names, qubits, barriers, range(len(names) - 1, -1, -1))
    return frozenset(before & after)


def _with_gates(
    names: Sequence[str], qubits: Sequence[tuple[int, ...]], barriers: Sequence[int], order: range
) -> set[int]:
    """Return the barriers with a gate before them, in this order of walking, on one of their qubits."""
    found, busy, wanted, branched = set(), set[int](), set(barriers), False
    for place in order:
        if place in wanted:
            if branched or not busy.isdisjoint(qubits[place]):
                found.add(place)
        elif names[place] == "if":
            branched = True
        elif names[place] not in _IDLE:
            busy.update(qubits[place])
    return found
