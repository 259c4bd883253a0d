"""Evolves a state, and remembers the beginning that the next circuit may have, too.

Circuits that come one after the other often differ in nothing but their last gates on single qubits: each measures the
same state in another basis, as an estimator does. What lies in front of these gates is evolved once.

Invariants:

1. A state is the same to the last bit, whether its beginning was remembered or not: the same steps are applied to the
   same amplitudes in the same order. So what has run before changes no shot.
2. One state is remembered, of few qubits and not very many gates; it is copied, and never changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from qsession_core.local.simulators.vector.compiler import Compiler
from qsession_core.local.simulators.vector.state import State

if TYPE_CHECKING:
    from qsession_core.local.readers.circuit import Operation
    from qsession_core.local.simulators.vector.steps import Amplitudes, Single

__all__ = ["evolved"]

_WIDEST = 16  # a megabyte of amplitudes
_MOST_GATES = 10_000  # as much again


class _Beginning(msgspec.Struct, frozen=True):
    """What has become of the first gates of a circuit.

    Attributes:
        num_qubits: The width of the state.
        gates: The gates, up to the last one on several qubits.
        amplitudes: The state after the steps that they were compiled to.
        waiting: Their single-qubit gates that no step has yet, by qubit.
    """

    num_qubits: int
    gates: list[Operation]
    amplitudes: Amplitudes
    waiting: dict[int, Single]


_last: _Beginning | None = None  # replaced as a whole, so that threads need no lock


def evolved(gates: list[Operation], num_qubits: int) -> State:
    """Return the state after some gates, from all qubits in 0.

    Args:
        gates: On qubits 0 to ``num_qubits`` - 1, in order of time.
        num_qubits: The width of the state.
    """
    if num_qubits > _WIDEST or len(gates) > _MOST_GATES:
        state = State(num_qubits)
        state.apply(gates)
        return state
    end = len(gates)
    while end and len(gates[end - 1][1]) == 1:
        end -= 1
    begun = _begun(gates[:end], num_qubits)
    state, compiler = State(num_qubits, begun.amplitudes.copy()), Compiler(num_qubits, begun.waiting)
    compiler.add(gates[end:])
    state.run(compiler.take())
    return state


def _begun(gates: list[Operation], num_qubits: int) -> _Beginning:
    """Return what becomes of the first gates of a circuit."""
    global _last  # noqa: PLW0603 - one for each process
    last = _last
    if last is not None and last.num_qubits == num_qubits and last.gates == gates:
        return last
    state, compiler = State(num_qubits), Compiler(num_qubits)
    compiler.add(gates)
    state.run(compiler.steps)
    begun = _Beginning(num_qubits, gates, state.flat, compiler.waiting)
    if gates and not any(name == "matrix" for name, _, _ in gates):  # arrays cannot be compared like numbers
        _last = begun
    return begun
