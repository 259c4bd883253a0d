"""Turns gates into few, large array operations.

Invariants:

1. Single-qubit gates wait, as 2x2 matrices, until another operation on their qubit does not commute with them. Qubits
   are parted into aligned blocks of at most three neighbours; when one qubit of a block must act, all that wait in the
   block act as one matrix product, because that costs hardly more than one gate.
2. A gate that is diagonal in a qubit lets that qubit's waiting gate wait on if it is diagonal too; a controlled x
   lets its target's gate wait on if that commutes with x.
3. Three cx in turn on one pair, as which formats without swap write it, are one exchange.
"""

from __future__ import annotations

import cmath
import math
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from qsession_core.gates.words import UNCONTROLLED, gate_named
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.local.simulators.vector.steps import Block, Dense, Pair, Phase, Swap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qsession_core.local.readers.circuit import Operation
    from qsession_core.local.simulators.vector.steps import Index, Single, Step

__all__ = ["Compiler"]

_BLOCK = 3
# Measured: what a matrix on one, two and three neighbours costs, by the first of them (the last number for all above).
# Those on the lowest qubits are products of many small matrices, for which BLAS is slow.
_COSTS = (
    (118, 884, 461, 254, 155, 109, 83, 72),
    (87, 535, 293, 184, 130, 102, 91, 88),
    (113, 358, 230, 170, 138, 124, 116, 117),
)
_IDENTITY: Single = (1, 0, 0, 1)
_SINGLES: dict[str, Single] = {}
_CONTROLLED_X = {"cx": 1, "ccx": 2}
_PHASES = {"cz": -1, "ccz": -1, "cs": 1j, "csdg": -1j}


class Compiler:
    """Compiles gates into steps.

    Args:
        num_qubits: The width of the state.
        waiting: Gates that wait from the beginning.

    Attributes:
        steps: The steps so far.
        waiting: The single-qubit gates that are in no step yet, by qubit.
    """

    def __init__(self, num_qubits: int, waiting: Mapping[int, Single] | None = None) -> None:
        self.num_qubits = num_qubits
        self.steps: list[Step] = []
        self.waiting: dict[int, Single] = dict(waiting or {})
        blocks = max(1, -(-num_qubits // _BLOCK))
        small, larger = divmod(num_qubits, blocks)
        self._first: list[int] = []  # of each block
        self._size: list[int] = []
        self._block_of: list[int] = []
        for block in range(blocks):
            size = small + (block < larger)
            self._first.append(len(self._block_of))
            self._size.append(size)
            self._block_of += [block] * size

    def add(self, operations: Sequence[Operation]) -> None:
        """Add gates, in order of time."""
        done = 0
        for at, (name, qubits, params) in enumerate(operations):
            if len(qubits) == 1:
                self._single(qubits[0], _single(name, params))
            elif at < done:
                continue
            elif name == "cx" and [*operations[at : at + 3]] == [("cx", pair, ()) for pair in _in_turn(qubits)]:
                self._exchange(*qubits)
                done = at + 3
            else:
                self._several(name, qubits, params)

    def take(self) -> list[Step]:
        """Return the steps of all gates so far, and start again without any."""
        for block in sorted({self._block_of[qubit] for qubit in self.waiting}):
            self._flush(block)
        steps, self.steps = self.steps, []
        return steps

    def _single(self, qubit: int, matrix: Single) -> None:
        old = self.waiting.get(qubit)
        self.waiting[qubit] = matrix if old is None else _product(matrix, old)

    def _several(self, name: str, qubits: tuple[int, ...], params: tuple[object, ...]) -> None:
        if name in _CONTROLLED_X:
            *controls, target = qubits
            self._settle((target,), _commutes_with_x)
            self._settle(controls, _is_diagonal)
            self.steps.append(Swap(self._index(controls, target, 0), self._index(controls, target, 1)))
        elif name in _PHASES:
            self._settle(qubits, _is_diagonal)
            self.steps.append(Phase(self._index(qubits[:-1], qubits[-1], 1), _PHASES[name]))
        elif name == "swap":
            self._exchange(*qubits)
        elif name == "rzz":  # turns each qubit, which can wait, and turns back where both are 1
            self._settle(qubits, _is_diagonal)
            factor = cmath.exp(1j * float(params[0]))  # type: ignore[arg-type]
            for qubit in qubits:
                self._single(qubit, (1, 0, 0, factor))
            self.steps.append(Phase(self._fixed(qubits, (1, 1)), factor**-2))
        else:
            self._general(name, qubits, params)

    def _exchange(self, one: int, other: int) -> None:
        """Swap two qubits; their waiting gates move with them."""
        waiting = self.waiting
        first, second = waiting.pop(one, None), waiting.pop(other, None)
        if first is not None:
            waiting[other] = first
        if second is not None:
            waiting[one] = second
        pair = (one, other)
        self.steps.append(Swap(self._fixed(pair, (0, 1)), self._fixed(pair, (1, 0))))

    def _general(self, name: str, qubits: tuple[int, ...], params: tuple[object, ...]) -> None:
        controlled = _target_of(name)
        if controlled is not None:
            target_name, num_controls = controlled
            if len(qubits) == num_controls + 1:
                matrix = _single(target_name, params)
                controls, target = qubits[:-1], qubits[-1]
                if matrix[1] == 0 == matrix[2]:
                    self._settle(qubits, _is_diagonal)
                    for value in (0, 1):
                        if matrix[3 * value] != 1:
                            self.steps.append(Phase(self._index(controls, target, value), matrix[3 * value]))
                    return
                self._settle((target,))
                self._settle(controls, _is_diagonal)
                self.steps.append(
                    Pair(self._index(controls, target, 0), self._index(controls, target, 1), matrix)
                )  # fmt: skip
                return
        whole: Any = params[0] if name == "matrix" else _matrix(name, params)
        self._settle(qubits)
        width = len(qubits)
        indices = [
            self._fixed(qubits, [(row >> (width - 1 - place)) & 1 for place in range(width)])
            for row in range(1 << width)
        ]  # fmt: skip
        # most gates of several qubits mix few amplitudes with each other: rxx those of 00 and 11, and of 01 and 10
        for rows in _mixed((whole != 0).tobytes(), len(whole)):
            part = whole[np.ix_(rows, rows)]
            if len(rows) == 1:
                if part[0, 0] != 1:
                    self.steps.append(Phase(indices[rows[0]], complex(part[0, 0])))
            elif len(rows) == 2:  # noqa: PLR2004 - a pair
                a, b, c, d = part.ravel().tolist()
                self.steps.append(Pair(indices[rows[0]], indices[rows[1]], (a, b, c, d)))
            else:
                self.steps.append(Dense([indices[row] for row in rows], part))

    def _settle(self, qubits: Sequence[int], may_wait: Callable[[Single], bool] | None = None) -> None:
        """Write the waiting gates of some qubits, but those that may wait on since they commute with what comes."""
        for qubit in qubits:
            matrix = self.waiting.get(qubit)
            if matrix is not None and not (may_wait is not None and may_wait(matrix)):
                self._flush(self._block_of[qubit])

    def _flush(self, block: int) -> None:
        """Write the waiting gates of a block as one step."""
        first, size = self._first[block], self._size[block]
        waiting = [self.waiting.pop(first + place, None) for place in range(size)]
        acting = [place for place, matrix in enumerate(waiting) if matrix is not None]
        if len(acting) == 1:
            qubit, only = first + acting[0], waiting[acting[0]] or _IDENTITY
            if only[1] == 0 == only[2]:
                if only[0] != only[3]:
                    self.steps.append(Phase(self._fixed((qubit,), (1,)), only[3] / only[0]))
                return
        begin, end = _span(first, size, acting[0], acting[-1] + 1)
        matrix = np.ones((1, 1), dtype=np.complex128)
        for single in waiting[begin:end]:  # the higher qubit is the more significant
            array = np.array(single if single is not None else _IDENTITY, dtype=np.complex128).reshape(2, 2)
            if len(matrix) == 1:
                matrix = array
            else:
                width = len(matrix)
                matrix = (array[:, None, :, None] * matrix[None, :, None, :]).reshape(2 * width, 2 * width)
        self.steps.append(Block(first + begin, matrix))

    def _index(self, controls: Sequence[int], target: int, value: int) -> Index:
        """Return the index of the amplitudes where controls are 1 and the target has a value."""
        return self._fixed((*controls, target), (*(1 for _ in controls), value))

    def _fixed(self, qubits: Sequence[int], values: Sequence[int]) -> Index:
        return _fixed(self.num_qubits, tuple(qubits), tuple(values))


@lru_cache(maxsize=1 << 12)
def _fixed(num_qubits: int, qubits: tuple[int, ...], values: tuple[int, ...]) -> Index:
    """Return the index of the amplitudes where qubits have these values."""
    index: list[Any] = [slice(None)] * num_qubits
    for qubit, value in zip(qubits, values, strict=True):
        index[num_qubits - 1 - qubit] = value
    # the ellipsis keeps a view where every qubit is fixed
    return (..., *index)


def _in_turn(pair: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return the qubits of the three cx that swap a pair."""
    return pair, pair[::-1], pair


def _is_diagonal(matrix: Single) -> bool:
    return matrix[1] == 0 == matrix[2]


def _commutes_with_x(matrix: Single) -> bool:
    return matrix[0] == matrix[3] and matrix[1] == matrix[2]


@cache
def _span(first: int, size: int, low: int, high: int) -> tuple[int, int]:
    """Return which places of a block a matrix on the places from ``low`` to before ``high`` had best be written for.

    Args:
        first: The block's first qubit.
        size: How many it has.
        low: The first place that acts.
        high: The place after the last one that acts.
    """
    spans = [(begin, end) for begin in range(low + 1) for end in range(high, size + 1)]
    costs = [_COSTS[end - begin - 1][min(first + begin, len(_COSTS[0]) - 1)] for begin, end in spans]
    return spans[costs.index(min(costs))]


@lru_cache(maxsize=32)  # what is looked for may have a megabyte
def _mixed(filled: bytes, size: int) -> list[list[int]]:
    """Return the rows of a unitary matrix in sets that it does not mix with each other.

    Args:
        filled: Which of its entries are not 0, row by row, a byte each.
        size: The number of its rows.
    """
    pattern = np.frombuffer(filled, dtype=np.bool_).reshape(size, size)
    left = set(range(size))
    sets = []
    while left:
        found, reached = set(), {min(left)}
        while reached:
            found |= reached
            rows = sorted(reached)
            touching = np.flatnonzero(pattern[rows].any(axis=0) | pattern[:, rows].any(axis=1))
            reached = set(touching.tolist()) - found
        left -= found
        sets.append(sorted(found))
    return sets


def _product(a: Single, b: Single) -> Single:
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
    )


def _single(name: str, params: tuple[object, ...]) -> Single:
    """Return a one-qubit gate as four numbers, row by row; gates without angles are cached."""
    if not params:
        known = _SINGLES.get(name)
        if known is None:
            a, b, c, d = _matrix(name, ()).ravel().tolist()
            known = _SINGLES[name] = (a, b, c, d)
        return known
    if name in _FAST:
        return _FAST[name](float(params[0]))  # type: ignore[arg-type]
    matrix = params[0] if name == "matrix" else _matrix(name, params)
    a, b, c, d = np.asarray(matrix).ravel().tolist()
    return (a, b, c, d)


def _rx(theta: float) -> Single:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return (cos, -1j * sin, -1j * sin, cos)


def _ry(theta: float) -> Single:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return (cos, -sin, sin, cos)


def _rz(theta: float) -> Single:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return (complex(cos, -sin), 0, 0, complex(cos, sin))


# The most frequent rotations, computed without an array
_FAST = {"rx": _rx, "ry": _ry, "rz": _rz}


def _matrix(name: str, params: tuple[object, ...]) -> Any:
    try:
        return gate_named(name).matrix(*params)  # type: ignore[arg-type]
    except (KeyError, TypeError) as error:
        raise JobFailure("InvalidInputData", f"The gate {name} cannot be simulated.") from error


def _target_of(name: str) -> tuple[str, int] | None:
    """Return the word under the controls and the number of controls; None for a word without controls."""
    if name in UNCONTROLLED:
        return UNCONTROLLED[name]
    if name.startswith("ctrl("):
        head, _, target = name.partition(" @ ")
        return target, int(head[5:-1])
    return None
