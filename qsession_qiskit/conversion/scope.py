"""The indices of a circuit's bits in the program, and the values of its classical variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qiskit.circuit import CircuitInstruction, Clbit, QuantumCircuit, Qubit

    from qsession_core.expressions import Literal

__all__ = ["QubitIndices", "Scope"]


class QubitIndices(dict[tuple["Qubit", ...], tuple[int, ...]]):
    """The qubits of an instruction -> their indices in the program; each combination is computed once."""

    def __init__(self, index_of: Mapping[Qubit, int]) -> None:
        super().__init__()
        self.index_of = index_of

    def __missing__(self, qubits: tuple[Qubit, ...]) -> tuple[int, ...]:
        found = self[qubits] = tuple(map(self.index_of.__getitem__, qubits))
        return found


class Scope:
    """The scope of one circuit, block or definition.

    Attributes:
        indices: The qubits of an instruction -> their indices in the program.
        clbits: Classical bit -> its index in the program.
        variables: Classical variable -> its value; only variables of unrolled loops have one.
    """

    __slots__ = ("clbits", "indices", "variables")

    def __init__(
        self,
        qubits: Mapping[Qubit, int],
        clbits: Mapping[Clbit, int],
        variables: Mapping[object, Literal] | None = None,
    ) -> None:
        self.indices = QubitIndices(qubits)
        self.clbits = clbits
        self.variables = variables or {}

    def inside(self, body: QuantumCircuit, instruction: CircuitInstruction) -> Scope:
        """Return the scope of an instruction's block or definition: bit i of ``body`` is bit i of the instruction."""
        qubits = dict(zip(body.qubits, self.indices[instruction.qubits], strict=True))
        clbits = dict(zip(body.clbits, [self.clbits[bit] for bit in instruction.clbits], strict=True))
        return Scope(qubits, clbits, self.variables)
