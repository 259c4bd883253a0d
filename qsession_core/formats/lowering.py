"""Gates that a format has not, in gates that it has: worked out once for each gate, for all qubits and angles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from qsession_core.formats.evolution import evolution
from qsession_core.gates import lower
from qsession_core.program import Angle

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from qsession_core.program import Operation

__all__ = ["Lowered", "Pattern", "evolved", "symbols"]


@dataclass(frozen=True, slots=True)
class Lowered:
    """The text of one gate on its qubits, and the angles for its gaps.

    Attributes:
        text: A gap for each angle.
        angles: What goes into the gaps, in terms of the gate's own angles; None where these go in as they are.
    """

    text: str
    angles: tuple[float | Angle, ...] | None = None

    def of(self, params: tuple[Any, ...]) -> list[Any]:
        """Return what goes into the gaps of a gate with these angles."""
        if self.angles is None:
            return list(params)
        return [angle.value(params) if type(angle) is Angle else angle for angle in self.angles]


@dataclass(frozen=True, slots=True)
class Pattern:
    """The text of one gate on any qubits.

    Attributes:
        text: As of :class:`Lowered`, with ``%s`` for each mention of a qubit.
        places: Which of the gate's qubits each mention is; None where each is mentioned once, in order.
        angles: As of :class:`Lowered`.
        num_qubits: How many qubits the gate has.
        num_params: How many angles the gate has.
    """

    text: str
    places: tuple[int, ...] | None
    angles: tuple[float | Angle, ...] | None
    num_qubits: int
    num_params: int

    @classmethod
    def of(cls, steps: Sequence[Operation], num_qubits: int, num_params: int, write: Callable[[str, int], str]) -> Self:
        """Work out a gate for all qubits and angles at once.

        Args:
            steps: The gate on the qubits 0, 1, ... and the parameters 0, 1, ..., in words that the format has.
            num_qubits: How many qubits the gate has.
            num_params: How many angles the gate has.
            write: Takes a word and how many qubits it acts on, returns its text: ``%s`` for each qubit, in their
                order, and a gap for each angle.
        """
        angles = tuple(angle for _, _, given in steps for angle in given)
        places = tuple(place for _, qubits, _ in steps for place in qubits)
        return cls(
            "".join(write(word, len(qubits)) for word, qubits, _ in steps),
            None if places == tuple(range(num_qubits)) else places,
            None if angles == symbols(num_params) else angles,
            num_qubits,
            num_params,
        )

    def on(self, qubits: tuple[int, ...]) -> Lowered:
        """Return the text of the gate on these qubits."""
        mentioned = qubits if self.places is None else tuple([qubits[place] for place in self.places])
        return Lowered(self.text % mentioned, self.angles)


def symbols(num_params: int) -> tuple[Angle, ...]:
    """Return the angles of a gate whose angles nobody knows yet."""
    return tuple(map(Angle.parameter, range(num_params)))


def evolved(qubits: tuple[int, ...], params: tuple[Any, ...], writable: Container[str]) -> list[Operation]:
    """Return the steps of a ``pauliexp`` in words that the format has.

    Raises:
        ValueError: It cannot be written in gates; the message says why.
    """
    return [
        step for name, places, angles in evolution(qubits, params) for step in lower(name, places, angles, writable)
    ]
