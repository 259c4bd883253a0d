"""Gates as a format's text: each gate is decomposed into the format's gates once, for all qubits and angles."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.program import Angle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qsession_core.program import Operation

__all__ = ["GateVocabulary", "KnownGates", "gaps", "symbols"]


# (text of a gate on its qubits with a GAP for each angle, angles for the gaps as expressions of the gate's own params;
# None: the params unchanged). A plain tuple: a circuit has thousands.
GateText = tuple[str, tuple["float | Angle", ...] | None]


def gaps(lowered: GateText, params: tuple[Any, ...]) -> Sequence[Any]:
    """Return the angles for the gaps of a gate that has these params."""
    angles = lowered[1]
    if angles is None:
        return params
    return [angle.value(params) if type(angle) is Angle else angle for angle in angles]


class GatePattern(msgspec.Struct, frozen=True):
    """The text of one gate on any qubits.

    Attributes:
        text: As in :data:`GateText`, with ``%s`` for each mention of a qubit.
        places: The place among the gate's qubits of each mention; None if each is mentioned once, in order.
        angles: As in :data:`GateText`.
        num_qubits: The qubits of the gate.
        num_params: The angles of the gate.
        words: The words of the format that occur in it.
    """

    text: str
    places: tuple[int, ...] | None
    angles: tuple[float | Angle, ...] | None
    num_qubits: int
    num_params: int
    words: frozenset[str]

    def on(self, qubits: tuple[int, ...]) -> str:
        """Return the text of the gate on these qubits."""
        return self.text % (qubits if self.places is None else tuple([qubits[place] for place in self.places]))


@dataclass(frozen=True, eq=False)
class GateVocabulary:
    """How a format writes gates. Patterns are cached as long as the process lives.

    Attributes:
        steps: Takes a gate word and its numbers of qubits and angles; returns it in words that the format has, on the
            qubits 0, 1, ... and with the angles :func:`symbols`.
        write: Takes a word of the format and its number of qubits; returns its text: ``%s`` for each qubit, in order,
            and a gap for each angle.
    """

    steps: Callable[[str, int, int], Iterable[Operation]]
    write: Callable[[str, int], str]

    @lru_cache(maxsize=4096)  # noqa: B019 - vocabularies are constants
    def pattern(self, name: str, num_qubits: int, num_params: int) -> GatePattern:
        """Return the text of a gate on any qubits."""
        steps = list(self.steps(name, num_qubits, num_params))
        angles = tuple(angle for _, _, given in steps for angle in given)
        places = tuple(place for _, qubits, _ in steps for place in qubits)
        return GatePattern(
            "".join(self.write(word, len(qubits)) for word, qubits, _ in steps),
            None if places == tuple(range(num_qubits)) else places,
            None if angles == symbols(num_params) else angles,
            num_qubits,
            num_params,
            frozenset(word for word, _, _ in steps),
        )


class KnownGates:
    """The gates that one writer has met: the text of each is made once, for all qubits and angles.

    Attributes:
        texts: Gate word -> qubits -> its text. The writer's loop looks here first; only gates whose params go into the
            gaps unchanged are here.
    """

    def __init__(self, vocabulary: GateVocabulary) -> None:
        """Write gates by a vocabulary."""
        self._vocabulary = vocabulary
        self.texts: defaultdict[str, dict[tuple[int, ...], str]] = defaultdict(dict)
        self._lowered: dict[tuple[str, tuple[int, ...]], GateText] = {}  # the other gates
        self._patterns: dict[str, GatePattern] = {}
        self._checked: set[tuple[int, ...]] = set()  # qubit tuples that are distinct and in range

    @property
    def words(self) -> set[str]:
        """The words of the format that were used."""
        return {word for pattern in self._patterns.values() for word in pattern.words}

    def find(self, name: str, qubits: tuple[int, ...], params: tuple[Any, ...], num_qubits: int) -> GateText | None:
        """Return a gate that was met before, on any qubits; None if it is new, malformed or not a gate.

        ``num_qubits`` is the number of qubits of the program.
        """
        pattern = self._patterns.get(name)
        if pattern is None or pattern.num_params != len(params) or pattern.num_qubits != len(qubits):
            return None
        if pattern.angles is not None:
            found = self._lowered.get((name, qubits))
            if found is not None:
                return found
        if qubits not in self._checked:
            if len(set(qubits)) != len(qubits) or any(not 0 <= qubit < num_qubits for qubit in qubits):
                return None
            self._checked.add(qubits)
        text = pattern.on(qubits)
        if pattern.angles is None:
            self.texts[name][qubits] = text
            return text, None
        written = self._lowered[name, qubits] = text, pattern.angles
        return written

    def add(self, name: str, qubits: tuple[int, ...], params: tuple[Any, ...], num_qubits: int) -> GateText:
        """Make the text of a new gate and return it; arguments as in :meth:`find`.

        Raises:
            ValueError: It is malformed.
        """
        self.pattern(name, len(qubits), len(params))
        found = self.find(name, qubits, params, num_qubits)
        if found is None:
            raise ValueError(f"{name} on {qubits} with {len(params)} angles")
        return found

    def pattern(self, name: str, num_qubits: int, num_params: int) -> GatePattern:
        """Return the text of a gate on any qubits."""
        if name not in self._patterns:
            self._patterns[name] = self._vocabulary.pattern(name, num_qubits, num_params)
        return self._patterns[name]


def symbols(num_params: int) -> tuple[Angle, ...]:
    """Return parameters in place of a gate's angles: angle i is parameter i."""
    return tuple(map(Angle.parameter, range(num_params)))
