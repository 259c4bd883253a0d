"""What gates do to the amplitudes of a state vector: few, large array operations.

Steps hold no state: one list of steps serves every branch of a measurement tree. What they have to keep for a moment is
kept in the state's scratch space: for large arrays, asking the system for memory takes as long as the arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Amplitudes = NDArray[np.complex128 | np.complex64]
    Index = tuple[Any, ...]
    Single = tuple[complex, complex, complex, complex]

__all__ = ["Block", "Dense", "Pair", "Phase", "Step", "Swap"]

# Columns of one matrix product, so few that BLAS stays single-threaded: its threads gain a third on an idle machine
# and cost a factor of five on a busy one, and another job may keep it busy.
_CHUNK = 128


class Vector(Protocol):
    """What a step needs of a state.

    Attributes:
        flat: The amplitudes, one after the other.
        scratch: As much memory besides.
        cube: The amplitudes with one axis for each qubit, the last axis for qubit 0.
    """

    flat: Amplitudes
    scratch: Amplitudes
    cube: Amplitudes

    def exchange(self) -> None:
        """Make the scratch space the state, after a step has written the new amplitudes there."""


class Block(NamedTuple):
    """A matrix on neighbouring qubits, the first of them the least significant."""

    first: int
    matrix: NDArray[np.complex128]

    def apply(self, state: Vector) -> None:
        """Apply the step."""
        matrix = self.matrix.astype(state.flat.dtype, copy=False)
        size, right = len(matrix), 1 << self.first
        if right == 1:
            rows = state.flat.reshape(-1, size)
            made = state.scratch.reshape(-1, size)
            whole = len(rows) - len(rows) % _CHUNK
            split: tuple[int, ...] = (-1, _CHUNK, size)
            if whole:
                np.matmul(rows[:whole].reshape(split), matrix.T, out=made[:whole].reshape(split))
            if whole < len(rows):
                np.matmul(rows[whole:], matrix.T, out=made[whole:])
        elif right <= _CHUNK:
            split = (-1, size, right)
            np.matmul(matrix, state.flat.reshape(split), out=state.scratch.reshape(split))
        else:
            split = (-1, size, right // _CHUNK, _CHUNK)
            np.matmul(
                matrix,
                state.flat.reshape(split).transpose(0, 2, 1, 3),
                out=state.scratch.reshape(split).transpose(0, 2, 1, 3),
            )
        state.exchange()


class Swap(NamedTuple):
    """Exchanges two parts of the amplitudes."""

    one: Index
    other: Index

    def apply(self, state: Vector) -> None:
        """Apply the step."""
        one, other = state.cube[self.one], state.cube[self.other]
        kept = state.scratch[: one.size].reshape(one.shape)
        kept[...] = one
        one[...] = other
        other[...] = kept


class Phase(NamedTuple):
    """Multiplies a part of the amplitudes by a number."""

    part: Index
    factor: complex

    def apply(self, state: Vector) -> None:
        """Apply the step."""
        state.cube[self.part] *= self.factor


class Pair(NamedTuple):
    """A 2x2 matrix on two parts of the amplitudes."""

    one: Index
    other: Index
    matrix: Single

    def apply(self, state: Vector) -> None:
        """Apply the step."""
        one, other = state.cube[self.one], state.cube[self.other]
        a, b, c, d = self.matrix
        kept = state.scratch[: one.size].reshape(one.shape)
        term = state.scratch[one.size : 2 * one.size].reshape(one.shape)
        np.multiply(one, a, out=kept)
        kept += np.multiply(other, b, out=term)
        other *= d
        other += np.multiply(one, c, out=term)
        one[...] = kept


class Dense(NamedTuple):
    """A matrix on as many parts of the amplitudes as it has rows."""

    indices: list[Index]
    matrix: NDArray[np.complex128]

    def apply(self, state: Vector) -> None:
        """Apply the step."""
        views = [state.cube[index] for index in self.indices]
        kept = state.scratch[: len(views) * views[0].size].reshape(len(views), -1)
        for row, view in zip(kept, views, strict=True):
            row.reshape(view.shape)[...] = view
        for row, view in zip(self.matrix.astype(kept.dtype, copy=False) @ kept, views, strict=True):
            view[...] = row.reshape(view.shape)


Step = Block | Swap | Phase | Pair | Dense
