"""The indices of a circuit's bits in the program, and the values of its classical variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit.circuit.classical import types

from qsession_core.errors import ConversionError
from qsession_core.expressions import Bit, Literal, Uint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qiskit.circuit import CircuitInstruction, Clbit, QuantumCircuit, Qubit

    from qsession_core.expressions import Expression

__all__ = ["QubitIndices", "Scope", "Variables"]


class QubitIndices(dict[tuple["Qubit", ...], tuple[int, ...]]):
    """The qubits of an instruction -> their indices in the program; each combination is computed once."""

    def __init__(self, index_of: Mapping[Qubit, int]) -> None:
        super().__init__()
        self.index_of = index_of

    def __missing__(self, qubits: tuple[Qubit, ...]) -> tuple[int, ...]:
        found = self[qubits] = tuple(map(self.index_of.__getitem__, qubits))
        return found


class Variables:
    """The classical variables of one circuit: their bits in the program, and the values that are known by now.

    A value is known if no measurement has a part in it, such as that of a counter of a loop that is unrolled. Bits of
    variables have negative numbers; see :mod:`qsession_core.program`.

    Attributes:
        known: Variable -> its present value, if it is known.
    """

    def __init__(self) -> None:
        self.known: dict[object, Literal] = {}
        self._bits: dict[object, tuple[int, ...]] = {}
        self._assigned: set[object] = set()
        self._count = 0

    def read(self, variable: Any) -> Expression:
        """Return the present value of a variable.

        Raises:
            ConversionError: It has no value yet, or one that cannot be computed while the circuit runs.
        """
        if variable in self.known:
            return self.known[variable]
        if variable not in self._assigned:
            raise ConversionError(f"the classical variable {variable.name!r} has no value yet: store one first")
        bits = self.bits(variable)
        return Bit(bits[0]) if isinstance(variable.type, types.Bool) else Uint(bits)

    def bits(self, variable: Any) -> tuple[int, ...]:
        """Return the bits of a variable, the least significant first.

        Raises:
            ConversionError: It is neither a truth value nor an unsigned integer.
        """
        if variable not in self._bits:
            if not isinstance(variable.type, types.Bool | types.Uint):
                raise ConversionError(
                    f"the classical variable {variable.name!r} of type {variable.type} would be computed while the "
                    "circuit runs: store constants in it only, or use Bool or Uint"
                )
            width = 1 if isinstance(variable.type, types.Bool) else variable.type.width
            self._bits[variable] = tuple(range(-self._count - 1, -self._count - 1 - width, -1))
            self._count += width
        return self._bits[variable]

    def assign(self, variable: Any, value: Expression | None) -> None:
        """Note that a variable has a value from here on; one that is not known may be left out."""
        self._assigned.add(variable)
        if isinstance(value, Literal):
            self.known[variable] = value
        else:
            self.known.pop(variable, None)

    def merge(self, ways: Sequence[Mapping[object, Literal]]) -> None:
        """Keep what is known in the same way on each of several ways that lead here."""
        first, *others = ways
        self.known = {
            variable: value for variable, value in first.items() if all(way.get(variable) == value for way in others)
        }


class Scope:
    """The scope of one circuit, block or definition.

    Attributes:
        indices: The qubits of an instruction -> their indices in the program.
        clbits: Classical bit -> its index in the program.
        variables: The circuit's classical variables; all its scopes share them.
    """

    __slots__ = ("clbits", "indices", "variables")

    def __init__(
        self,
        qubits: Mapping[Qubit, int],
        clbits: Mapping[Clbit, int],
        variables: Variables | None = None,
    ) -> None:
        self.indices = QubitIndices(qubits)
        self.clbits = clbits
        self.variables = variables or Variables()

    def inside(self, body: QuantumCircuit, instruction: CircuitInstruction) -> Scope:
        """Return the scope of an instruction's block or definition: bit i of ``body`` is bit i of the instruction."""
        qubits = dict(zip(body.qubits, self.indices[instruction.qubits], strict=True))
        clbits = dict(zip(body.clbits, [self.clbits[bit] for bit in instruction.clbits], strict=True))
        return Scope(qubits, clbits, self.variables)
