"""Gates that a format has not, in gates that it has: worked out once for each gate and its qubits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qsession_core.formats.evolution import evolution
from qsession_core.gates import lower
from qsession_core.program import Angle

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from qsession_core.program import Operation

__all__ = ["Lowered", "evolved", "written_out"]


@dataclass(frozen=True, slots=True)
class Lowered:
    """The text of one gate, and the angles for its gaps.

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


def written_out(
    steps_of: Callable[[tuple[Angle, ...]], Iterable[Operation]],
    num_params: int,
    write: Callable[[Iterable[Operation]], str],
) -> Lowered:
    """Work out a gate for all angles at once.

    Args:
        steps_of: Takes the gate's angles, returns its steps in words that the format has.
        num_params: How many angles it has.
        write: Writes such steps as text, a gap for each angle.

    Raises:
        KeyError: It cannot be written in these words.
    """
    symbols = tuple(map(Angle.parameter, range(num_params)))
    steps = tuple(steps_of(symbols))
    angles = tuple(angle for _, _, given in steps for angle in given)
    return Lowered(write(steps), None if angles == symbols else angles)


def evolved(qubits: tuple[int, ...], params: tuple[Any, ...], writable: Container[str]) -> list[Operation]:
    """Return the steps of a ``pauliexp`` in words that the format has.

    Raises:
        ValueError: It cannot be written in gates; the message says why.
    """
    return [
        step for name, places, angles in evolution(qubits, params) for step in lower(name, places, angles, writable)
    ]
