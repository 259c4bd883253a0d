"""Results, and the one place where bit order is defined.

**Classical bit i is character i from the left**: in ``"100"`` classical bit 0 is 1. Decoders bring bits into this
order; Qiskit's front end reverses it, Cirq's cuts it by register.

>>> result = Result.from_memory(["10", "10", "00"])
>>> result.counts
{'00': 1, '10': 2}
>>> result.memory()
['10', '10', '00']

Counts are plain ints that sum exactly to the shots kept. Probabilities of a provider that gives no shots are scaled by
largest remainder, and nothing is drawn at random; memory made from them is marked synthetic:

>>> thirds = Result.from_probabilities({"00": 1 / 3, "01": 1 / 3, "10": 1 / 3}, shots=100)
>>> thirds.counts
{'00': 34, '01': 33, '10': 33}
>>> thirds.memory_is_synthetic
True
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from qsession_core.errors import ResultFormatError
from qsession_core.results.layout import Layout, Register
from qsession_core.results.rows import (
    apportion,
    count_rows,
    count_texts,
    counts_by_key,
    key_order,
    lost_in,
    rows_of,
    texts_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from qsession_core.results.rows import Rows

__all__ = ["Layout", "Register", "Result", "apportion"]

# Memory that a provider did not give is made up to this size, at about so many bytes a shot beside its bits
_MOST_MADE_BYTES = 4 * 2**30
_BYTES_A_SHOT = 60


class Result:
    """The outcomes of one program. Immutable; counts and memory are computed on first use.

    Made by a decoder, :meth:`from_memory` or :meth:`from_probabilities`.

    >>> result = Result.from_memory(["00", "11", "11"])
    >>> result.counts, result.shots
    ({'00': 1, '11': 2}, 3)

    Attributes:
        shots: The shots kept: the sum of the counts. 0 for a distribution whose job does not say its
            shots, which has probabilities, and no counts or memory.
        num_clbits: The characters of a key; 0 if outcomes are not bits (a Q# program that returns numbers).
        registers: Groups of the bits.
        values: The outcome of each shot as the program returned it (ints, lists, tuples), if it is not bits; else None.
        errors: Shots that ended in a runtime error, each as the service reports it.
        shots_are_assumed: Whether the job does not say its shots, so that they, and with them counts and memory, are by
            the provider's default. The probabilities are the provider's own.
    """

    def __init__(
        self,
        num_clbits: int,
        *,
        characters: Rows | None = None,
        distribution: tuple[Rows, NDArray[np.float64]] | None = None,
        texts: Sequence[str] | None = None,
        values: Sequence[object] | None = None,
        shots: int | None = None,
        shots_are_assumed: bool = False,
        registers: tuple[Register, ...] = (),
        errors: tuple[Mapping[str, object], ...] = (),
        seed_text: str = "",
    ) -> None:
        """Make a result of exactly one of characters, distribution and texts.

        Args:
            num_clbits: The characters of a key.
            characters: ASCII codes, shape (shots, num_clbits), in execution order; ``-`` where a qubit was lost.
            distribution: Distinct outcomes, ASCII codes of shape (outcomes, num_clbits), and their probabilities.
            texts: One text a shot, for outcomes that are not bits.
            values: See the attribute.
            shots: For a distribution: the shots that it stands for; None if the job does not say.
            shots_are_assumed: See the attribute.
            registers: See the attribute.
            errors: See the attribute.
            seed_text: The seed of synthetic memory: the job's id.
        """
        self.num_clbits = num_clbits
        self.registers = registers
        self.values = None if values is None else tuple(values)
        self.errors = errors
        self.shots_are_assumed = shots_are_assumed
        self._characters = characters
        self._distribution = distribution
        self._texts = None if texts is None else tuple(texts)
        self._shots = shots
        self._seed_text = seed_text

    @classmethod
    def from_memory(cls, memory: Sequence[str], *, registers: tuple[Register, ...] = ()) -> Self:
        """Make a result of one key a shot, all of one width; ``-`` stands for a lost qubit.

        Raises:
            ValueError: A key has other characters, or they differ in width.
        """
        characters = rows_of(memory)
        return cls(characters.shape[1], characters=characters, registers=registers)

    @classmethod
    def from_probabilities(
        cls,
        probabilities: Mapping[str, float],
        *,
        shots: int,
        registers: tuple[Register, ...] = (),
        seed_text: str = "",
    ) -> Self:
        """Make a result of a distribution over keys of one width; ``-`` stands for a lost qubit.

        Raises:
            ValueError: A key has other characters, they differ in width, or the probabilities are not valid.
        """
        characters = rows_of(list(probabilities))
        weights = np.array(list(probabilities.values()), dtype=np.float64)
        if shots:
            apportion(weights, shots)  # raises now, not on first use
        distribution = (characters, weights)
        return cls(
            characters.shape[1], distribution=distribution, shots=shots, registers=registers, seed_text=seed_text
        )

    def __repr__(self) -> str:
        lost = f", {self.lost_shots} lost" if self.lost_shots else ""
        failed = f", {len(self.errors)} failed" if self.errors else ""
        assumed = " (assumed)" if self.shots_are_assumed else ""
        return f"<Result of {self.shots} shots{assumed}, {self.num_clbits} bits{lost}{failed}>"

    def _repr_html_(self) -> str:
        from qsession_core.display.notebook import card

        facts = [
            ("shots", self.shots),
            ("bits", self.num_clbits),
            ("lost", self.lost_shots),
            ("failed", len(self.errors)),
        ]
        return card("Result", [(name, value) for name, value in facts if value], self.histogram_html())

    def plot(self, axes: Any = None) -> Any:
        """Draw the outcomes as bars: shots, or probabilities where there are no shots.

        Args:
            axes: matplotlib's axes to draw on; None for a new figure.

        Returns:
            The axes.

        Raises:
            ConfigurationError: matplotlib is not installed.
        """
        from qsession_core.display.plots import bar_plot

        try:
            return bar_plot(self.counts, "shots", axes)
        except ResultFormatError:  # the job does not say its shots
            return bar_plot(self.probabilities, "probability", axes)

    def histogram_html(self) -> str:
        """Return its outcomes as bars, as HTML without scripts: shots, or shares where there are no shots."""
        from qsession_core.display.notebook import histogram

        bars: Mapping[str, float]
        try:
            bars, total = self.counts, float(self.shots)
        except ResultFormatError:  # the job does not say its shots
            bars, total = self.probabilities, 1.0
        return histogram(bars, total)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Result) and self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash((self.num_clbits, self.shots))

    def _facts(self) -> tuple[Any, ...]:
        raw_counts = None if self._has_no_shots else self.raw_counts
        kept = self.num_clbits, self.registers, raw_counts, self.probabilities, self.memory_is_synthetic
        return *kept, self.shots_are_assumed, self.raw_memory, self.values, self.errors

    # --- what was kept -----------------------------------------------------------------------------------------

    @cached_property
    def shots(self) -> int:
        """The number of shots kept."""
        if self._texts is not None:
            return len(self._texts)
        return len(self._kept) if self._characters is not None else (self._shots or 0) - self.lost_shots

    @property
    def counts(self) -> dict[str, int]:
        """Key -> number of shots, sorted by key; they sum to :attr:`shots`.

        Raises:
            ResultFormatError: It is a distribution whose job does not say its shots.
        """
        return dict(self._counts)

    @cached_property
    def _counts(self) -> dict[str, int]:
        if self._texts is not None:
            return count_texts(self._texts)
        if self._characters is not None:
            return count_rows(self._kept)
        keys, numbers = self._scaled()
        return counts_by_key(keys, numbers, (numbers > 0) & ~lost_in(keys))

    @property
    def probabilities(self) -> dict[str, float]:
        """Key -> probability: the provider's own if it gives them, else counts divided by shots."""
        if self._distribution is None:
            return {key: count / self.shots for key, count in self._counts.items()}
        keys, weights = self._kept_distribution(self._distribution)
        order = key_order(keys)
        return dict(zip(texts_of(keys[order]), weights[order].tolist(), strict=True))

    @staticmethod
    def _kept_distribution(given: tuple[Rows, NDArray[np.float64]]) -> tuple[Rows, NDArray[np.float64]]:
        """Return a distribution without the outcomes that lost a qubit."""
        keys, weights = given
        kept = ~lost_in(keys)
        return given if kept.all() else (keys[kept], weights[kept] / (weights[kept].sum() or 1.0))

    def outcome_bits(self) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """Return :attr:`probabilities` as arrays, for sums over many outcomes.

        Returns:
            The bits of each outcome, shape (outcomes, num_clbits), column i for classical bit i; and its probability.
        """
        if self._distribution is not None:
            keys, weights = self._kept_distribution(self._distribution)
        else:
            found = self.probabilities
            keys, weights = rows_of(list(found)), np.fromiter(found.values(), np.float64, len(found))
        return keys - np.uint8(ord("0")), weights

    @property
    def memory_is_synthetic(self) -> bool:
        """Whether the provider gave no single shots, so that :meth:`memory` is made from the counts."""
        return self._distribution is not None

    def memory(self, seed: int | None = None) -> list[str]:
        """Return one key a shot, in execution order if the provider gives shots.

        Args:
            seed: Shuffles synthetic memory; the same seed gives the same order. By default the job's id.

        Returns:
            :attr:`shots` keys; counting them gives :attr:`counts`.

        Raises:
            ResultFormatError: As of :attr:`counts`; or a distribution stands for more shots than memory can hold.
        """
        return list(self._texts) if self._texts is not None else texts_of(self._rows(seed))

    def bits(self, seed: int | None = None) -> NDArray[np.uint8]:
        """Return the kept shots as numbers, shape (shots, num_clbits); column i is classical bit i.

        Args:
            seed: See :meth:`memory`.

        Raises:
            ResultFormatError: The outcomes are not bits but :attr:`values`; else as of :meth:`memory`.
        """
        if self._texts is not None:
            problem = "its outcomes are not bits"
            raise ResultFormatError(
                f"This result has no bits: {problem}. They are in result.values.", format="", problem=problem
            )
        return self._rows(seed) - np.uint8(ord("0"))

    # --- what was lost -----------------------------------------------------------------------------------------

    @cached_property
    def lost_shots(self) -> int:
        """The number of shots that lost a qubit; only the raw counts and memory have them."""
        if self._distribution is not None:
            if not lost_in(self._distribution[0]).any():  # the usual case, and nothing is apportioned for it
                return 0
            keys, numbers = self._apportioned
            return int(numbers[lost_in(keys)].sum())
        return 0 if self._characters is None else len(self._characters) - len(self._kept)

    @property
    def raw_counts(self) -> dict[str, int]:
        """Counts including the lost shots; ``-`` stands for a lost qubit."""
        if not self.lost_shots:
            return self.counts
        if self._distribution is not None:
            keys, numbers = self._apportioned
            return counts_by_key(keys, numbers, numbers > 0)
        assert self._characters is not None  # noqa: S101 - only shots and distributions have lost shots
        return count_rows(self._characters)

    @property
    def raw_probabilities(self) -> dict[str, float]:
        """Probabilities including the lost shots; ``-`` stands for a lost qubit."""
        if not self.lost_shots:
            return self.probabilities
        found = self.raw_counts
        total = sum(found.values())
        return {key: count / total for key, count in found.items()}

    @property
    def raw_memory(self) -> list[str] | None:
        """Memory including the lost shots, in execution order; None if the provider gives no single shots."""
        if self._texts is not None:
            return list(self._texts)
        return None if self._characters is None else texts_of(self._characters)

    # --- inside ------------------------------------------------------------------------------------------------

    @cached_property
    def _kept(self) -> Rows:
        assert self._characters is not None  # noqa: S101 - callers have checked
        lost = lost_in(self._characters)
        return self._characters[~lost] if lost.any() else self._characters

    @property
    def _has_no_shots(self) -> bool:
        return self._distribution is not None and self._shots is None

    def _scaled(self) -> tuple[Rows, NDArray[np.int64]]:
        """Return the keys of a distribution, and the shots of each."""
        if self._has_no_shots:
            problem = "the job does not say how many shots it ran, and its provider's default is not known"
            raise ResultFormatError(
                f"This result has no counts: {problem}. The shares of the outcomes are in result.probabilities.",
                format="",
                problem=problem,
            )
        return self._apportioned

    @cached_property
    def _apportioned(self) -> tuple[Rows, NDArray[np.int64]]:
        assert self._distribution is not None  # noqa: S101 - callers have checked
        keys, weights = self._distribution
        order = key_order(keys)
        numbers = apportion(weights, self._shots) if self._shots else np.zeros(len(keys), np.int64)
        return keys[order], numbers[order]

    def _rows(self, seed: int | None) -> Rows:
        if self._characters is not None:
            return self._kept
        keys, numbers = self._scaled()
        kept = ~lost_in(keys)
        needed = self.shots * (self.num_clbits + _BYTES_A_SHOT)
        if needed > _MOST_MADE_BYTES:
            problem = f"one key a shot would take {needed / 2**30:,.0f} GiB for {self.shots} shots"
            raise ResultFormatError(
                f"This result has no memory: {problem}. The provider gave no single shots; use result.counts.",
                format="",
                problem=problem,
            )
        rows = np.repeat(keys[kept], numbers[kept], axis=0)
        if seed is None:
            seed = int.from_bytes(hashlib.sha256(self._seed_text.encode()).digest()[:8], "big")
        return np.random.default_rng(seed).permutation(rows)
