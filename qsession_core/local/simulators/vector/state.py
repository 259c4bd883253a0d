"""A state vector: its memory, its measurements, and when two of them are equal.

Invariants:

1. The state of n qubits is a flat array of 2**n amplitudes; bit k of an index is qubit k (little-endian).
2. The state is right up to a global phase. Nothing here may look at that phase.
3. Sums over amplitudes have double precision, whatever precision the amplitudes have.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from qsession_core.local.simulators.vector.compiler import Compiler

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Self

    from numpy.typing import NDArray

    from qsession_core.local.readers.circuit import Operation
    from qsession_core.local.simulators.vector.steps import Amplitudes, Step

__all__ = ["SINGLE_PRECISION_UP_TO", "SinglePrecision", "State", "draw", "marginal"]

# States are equal whose amplitudes are equal in so many digits
_DIGITS = 9
# Numbers without a pattern: a sketch of a state is its first amplitudes' product with them
_PROBE = np.exp(1j * np.arange(1, 4097) ** 2 * np.sqrt(2))


class State:
    """A state vector with its scratch space.

    Args:
        num_qubits: Its width.
        amplitudes: Shape (2**num_qubits,), little-endian; None for all qubits in 0.

    Attributes:
        precision: The type of the amplitudes.
    """

    __slots__ = ("cube", "cube_scratch", "flat", "num_qubits", "scratch")
    precision: ClassVar[type[np.complexfloating[Any, Any]]] = np.complex128

    def __init__(self, num_qubits: int, amplitudes: Amplitudes | None = None) -> None:
        self.num_qubits = num_qubits
        if amplitudes is None:
            amplitudes = np.zeros(2**num_qubits, dtype=self.precision)
            amplitudes[0] = 1
        self.flat = amplitudes
        self.scratch = np.empty_like(amplitudes)
        # the same memory with one axis for each qubit, the last axis for qubit 0
        self.cube = self.flat.reshape((2,) * num_qubits)
        self.cube_scratch = self.scratch.reshape((2,) * num_qubits)

    def copy(self) -> Self:
        """Return an independent copy."""
        return type(self)(self.num_qubits, self.flat.copy())

    @property
    def num_bytes(self) -> int:
        """The memory that it takes."""
        return 2 * self.flat.nbytes

    def sketch(self) -> float:
        """Return a number that is nearly always another one for another state; found in no time."""
        part = self.flat[: len(_PROBE)]
        return round(float(abs(part @ _PROBE[: len(part)])), _DIGITS - 2)

    def key(self) -> bytes | None:
        """Return what is equal for equal states, a global phase and rounding apart; None if none is."""
        # the phase is that of the first amplitude that is not small
        first = self.flat[np.argmax(np.abs(self.flat) ** 2 > 0.5 / len(self.flat))]
        turned = self.flat * (first.conjugate() / abs(first))
        return hashlib.blake2b((np.round(turned, _DIGITS) + 0.0).tobytes(), digest_size=16).digest()

    def run(self, steps: Iterable[Step]) -> None:
        """Apply steps in order."""
        for step in steps:
            step.apply(self)

    def apply(self, operations: Sequence[Operation]) -> None:
        """Apply gates, in order of time."""
        compiler = Compiler(self.num_qubits)
        compiler.add(operations)
        self.run(compiler.take())

    def sample(self, qubits: list[int], shots: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return measured values of some qubits, ascending, shape (shots, len(qubits)); the state stays as it is."""
        drawn = draw(marginal(self, qubits), shots, rng)
        return (drawn[:, None] >> np.arange(len(qubits)) & 1).astype(np.uint8)

    def exchange(self) -> None:
        """Make the scratch space the state, after a step has written the new amplitudes there."""
        self.flat, self.scratch = self.scratch, self.flat
        self.cube, self.cube_scratch = self.cube_scratch, self.cube

    def probability_of_one(self, qubit: int) -> float:
        """Return the probability that a qubit is measured as 1."""
        ones = self.flat.reshape(-1, 2, 1 << qubit)[:, 1]
        parts = [part.astype(np.float64, copy=False) for part in (ones.real, ones.imag)]
        return min(1.0, sum(float(np.einsum("ij,ij->", part, part)) for part in parts))

    def collapse(self, qubit: int, bit: int, probability: float) -> None:
        """Project a qubit onto a value that has this probability, and normalise."""
        halves = self.flat.reshape(-1, 2, 1 << qubit)
        halves[:, 1 - bit] = 0
        self.flat *= 1 / math.sqrt(probability)

    def flip(self, qubit: int) -> None:
        """Apply X to a qubit."""
        halves = self.flat.reshape(-1, 2, 1 << qubit)
        kept = halves[:, 0].copy()
        halves[:, 0] = halves[:, 1]
        halves[:, 1] = kept


class SinglePrecision(State):
    """A state vector in single precision: half the memory, and gates in two thirds of the time.

    Measured, a gate moves the distribution of a shot by about 2**-30. So up to some number of shots and gates
    (:data:`SINGLE_PRECISION_UP_TO`), no sample can tell it from double precision.

    Rounding hides whether two states are equal, so branches of such states stay apart. Where none become one in double
    precision either, a seed gives the same shots in both.
    """

    __slots__ = ()
    precision = np.complex64

    def key(self) -> None:
        """Return nothing: no two states are known to be equal."""
        return


SINGLE_PRECISION_UP_TO = 1 << 19  # shots times gates: of 2,000 such jobs, one has a shot that rounding has changed


def marginal(state: State, qubits: list[int]) -> NDArray[np.float64]:
    """Return the probabilities of some qubits' values; bit i of an index is the i-th of the sorted qubits."""
    weights: NDArray[np.float64] = np.square(state.flat.real, dtype=np.float64)
    weights += np.square(state.flat.imag, dtype=np.float64)
    wanted = set(qubits)
    others = tuple(state.num_qubits - 1 - qubit for qubit in range(state.num_qubits) if qubit not in wanted)
    if others:
        summed: NDArray[np.float64] = weights.reshape((2,) * state.num_qubits).sum(axis=others).ravel()
        return summed
    return weights


def draw(weights: NDArray[np.float64], shots: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return indices drawn with these weights."""
    edges = np.cumsum(weights)
    drawn = np.searchsorted(edges, rng.random(shots) * edges[-1], side="right")
    bounded: NDArray[np.int64] = np.minimum(drawn, len(weights) - 1).astype(np.int64)
    return bounded
