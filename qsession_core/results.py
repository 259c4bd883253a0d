"""Results, and the one place where bit order is defined.

**Classical bit i is character i from the left.** So ``"100"`` says that classical bit 0 is 1. Qiskit's front end
reverses this, Cirq's cuts it by register; formats bring what they read into it.

>>> result = Result.from_memory(["10", "10", "00"])
>>> result.counts
{'00': 1, '10': 2}
>>> result.memory()
['10', '10', '00']

Counts are plain ints that sum exactly to the shots kept. Where a provider gives probabilities instead of shots, they
are scaled by largest remainder, and nothing is drawn at random; memory made of them is marked synthetic:

>>> thirds = Result.from_probabilities({"00": 1 / 3, "01": 1 / 3, "10": 1 / 3}, shots=100)
>>> thirds.counts
{'00': 34, '01': 33, '10': 33}
>>> thirds.memory_is_synthetic
True
"""

from __future__ import annotations

import hashlib
import itertools
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Characters = NDArray[np.uint8]  # ASCII codes of "0", "1" and "-", one row a shot or an outcome

__all__ = ["Layout", "Register", "Result", "apportion"]

_LOST = ord("-")
_WIDEST_PACKED = 64
_MOST_CLBITS = 1_000_000  # a layout that claims more is not believed


@dataclass(frozen=True, slots=True)
class Register:
    """A classical register, or a Cirq measurement key.

    Attributes:
        name: As the SDK has it; any text.
        clbits: Its classical bits, in the register's own order: its bit i is classical bit ``clbits[i]``.
    """

    name: str
    clbits: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the bits of a job's result are to be read. It travels in the job's metadata under :attr:`KEY`.

    Attributes:
        num_clbits: How many classical bits the program has.
        registers: How they are grouped.
        recorded: The classical bits in the order in which the result lists them; None in the natural order.
            Bits that are not in it are 0.
        names: Where the result has registers of its own: their names, in the order of ``recorded``.
    """

    num_clbits: int
    registers: tuple[Register, ...] = ()
    recorded: tuple[int, ...] | None = None
    names: tuple[str, ...] | None = None

    KEY = "qsession"  # not a field: it has no annotation

    def to_text(self) -> str:
        """Return it as one line of JSON."""
        fields: dict[str, object] = {
            "clbits": self.num_clbits,
            "registers": [[register.name, _compact(register.clbits)] for register in self.registers],
        }
        if self.recorded is not None:
            fields["recorded"] = _compact(self.recorded)
        if self.names is not None:
            fields["names"] = self.names
        return msgspec.json.encode(fields).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what :meth:`to_text` wrote.

        Raises:
            ValueError: It is not a layout.
        """
        try:
            wire = msgspec.json.decode(text, type=_WireLayout)
        except msgspec.MsgspecError as error:
            raise ValueError(f"the layout in the job's metadata cannot be read: {error}") from error
        if not 0 <= wire.clbits <= _MOST_CLBITS:
            raise ValueError(f"the layout in the job's metadata says {wire.clbits} classical bits")
        registers = tuple(Register(name, _expanded(clbits, wire.clbits)) for name, clbits in wire.registers)
        recorded = None if wire.recorded is None else _expanded(wire.recorded, wire.clbits)
        return cls(wire.clbits, registers, recorded, None if wire.names is None else tuple(wire.names))


class _WireLayout(msgspec.Struct):
    clbits: int
    registers: list[tuple[str, list[int] | str]]
    recorded: list[int] | str | None = None
    names: list[str] | None = None


def _compact(bits: tuple[int, ...]) -> list[int] | str:
    """Write a run of bits such as 3, 4, 5 as "3-5" and 5, 4, 3 as "5-3": metadata has little room."""
    if len(bits) > 2:  # noqa: PLR2004 - two numbers are as short
        step = bits[1] - bits[0]
        if step in {1, -1} and all(b - a == step for a, b in itertools.pairwise(bits)):
            return f"{bits[0]}-{bits[-1]}"
    return list(bits)


def _expanded(bits: list[int] | str, num_clbits: int) -> tuple[int, ...]:
    """Read what :func:`_compact` wrote."""
    run = None if isinstance(bits, list) else re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", bits)
    if not isinstance(bits, list):
        if run is None:
            raise ValueError(f"the layout in the job's metadata has {bits!r} for bits")
        bits = [int(run[1]), int(run[2])]
    if any(not 0 <= bit < num_clbits for bit in bits):
        raise ValueError(f"the layout in the job's metadata names a bit outside its {num_clbits}")
    if run is None:
        return tuple(bits)
    start, stop = bits
    return tuple(range(start, stop + 1) if start <= stop else range(start, stop - 1, -1))


def apportion(weights: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Scale weights to whole numbers that sum to ``total``, by largest remainder.

    >>> apportion(np.array([0.5, 0.25, 0.25]), 10).tolist()
    [5, 3, 2]

    Args:
        weights: Not negative, with a sum above 0.
        total: What the numbers are to sum to.

    Returns:
        One number for each weight; where remainders tie, the first ones are rounded up.
    """
    exact = weights * (total / weights.sum())
    nearest = np.rint(exact)
    # a count divided by its shots and multiplied again misses the whole number by a rounding error, not by more
    exact = np.where(np.abs(exact - nearest) < 1e-9 * max(total, 1), nearest, exact)
    whole: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    missing = total - int(whole.sum())
    if missing > 0:
        order = np.argsort(-(exact - whole), kind="stable")
        whole[order[:missing]] += 1
    elif missing < 0:
        order = np.argsort(exact - whole, kind="stable")
        whole[order[whole[order] > 0][:-missing]] -= 1
    return whole


class Result:
    """The outcome of one program. Immutable; counts and memory are made when first asked for.

    Made by a decoder, by :meth:`from_memory` or by :meth:`from_probabilities`.

    Attributes:
        shots: How many shots were kept: the sum of the counts. 0 for a distribution whose job does not say its shots.
        num_clbits: How many characters a key has; 0 where outcomes are not bits (a Q# program that returns numbers).
        registers: How the bits are grouped.
        values: The outcome of each shot as the program returned it (ints, lists, tuples), where the provider gives it
            and it is not bits; else None.
        errors: Shots that ended in a runtime error, each as the service reports it.
    """

    def __init__(
        self,
        num_clbits: int,
        *,
        characters: Characters | None = None,
        distribution: tuple[Characters, NDArray[np.float64]] | None = None,
        texts: Sequence[str] | None = None,
        values: Sequence[object] | None = None,
        shots: int | None = None,
        registers: tuple[Register, ...] = (),
        errors: tuple[Mapping[str, object], ...] = (),
        seed_text: str = "",
    ) -> None:
        """Hold what a decoder has read. Exactly one of characters, distribution and texts is given.

        Args:
            num_clbits: Width of a key.
            characters: ASCII codes, shape (shots, num_clbits), in execution order; ``-`` where a qubit was lost.
            distribution: Different outcomes, shape (outcomes, num_clbits), and their probabilities.
            texts: One text a shot, for outcomes that are not bits.
            values: See the attribute.
            shots: For a distribution: how many shots it stands for.
            registers: See the attribute.
            errors: See the attribute.
            seed_text: Seeds synthetic memory; the job's id.
        """
        self.num_clbits = num_clbits
        self.registers = registers
        self.values = None if values is None else tuple(values)
        self.errors = errors
        self._characters = characters
        self._distribution = distribution
        self._texts = None if texts is None else tuple(texts)
        self._shots = shots
        self._seed_text = seed_text

    @classmethod
    def from_memory(cls, memory: Sequence[str], *, registers: tuple[Register, ...] = ()) -> Self:
        """Make a result of one key a shot, all of one width; ``-`` stands for a lost qubit."""
        width = len(memory[0]) if memory else 0
        characters = np.frombuffer("".join(memory).encode(), np.uint8).reshape(len(memory), width)
        return cls(width, characters=characters, registers=registers)

    @classmethod
    def from_probabilities(
        cls,
        probabilities: Mapping[str, float],
        *,
        shots: int,
        registers: tuple[Register, ...] = (),
        seed_text: str = "",
    ) -> Self:
        """Make a result of a distribution over keys of one width."""
        width = len(next(iter(probabilities), ""))
        characters = np.frombuffer("".join(probabilities).encode(), np.uint8).reshape(len(probabilities), width)
        weights = np.array(list(probabilities.values()), dtype=np.float64)
        return cls(width, distribution=(characters, weights), shots=shots, registers=registers, seed_text=seed_text)

    def __repr__(self) -> str:
        lost = f", {self.lost_shots} lost" if self.lost_shots else ""
        failed = f", {len(self.errors)} failed" if self.errors else ""
        return f"<Result of {self.shots} shots, {self.num_clbits} bits{lost}{failed}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Result) and self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash((self.num_clbits, self.shots))

    def _facts(self) -> tuple[Any, ...]:
        return self.num_clbits, self.registers, self.raw_counts, self.raw_memory, self.probabilities, self.errors

    # --- what was kept -----------------------------------------------------------------------------------------

    @cached_property
    def shots(self) -> int:
        """How many shots were kept."""
        if self._texts is not None:
            return len(self._texts)
        return len(self._kept) if self._characters is not None else self._shots or 0

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each outcome came, by key, in the keys' order; they sum to :attr:`shots`."""
        if self._texts is not None:
            return _tally(self._texts)
        if self._characters is not None:
            return _counted(self._kept)
        keys, numbers = self._apportioned
        seen = numbers > 0
        return dict(zip(_texts(keys[seen]), numbers[seen].tolist(), strict=True))

    @cached_property
    def probabilities(self) -> dict[str, float]:
        """The probability of each outcome, by key: the provider's own where it gives them, else counts by shots."""
        if self._distribution is not None:
            keys, weights = self._distribution
            order = _order(keys)
            return dict(zip(_texts(keys[order]), weights[order].tolist(), strict=True))
        return {key: count / self.shots for key, count in self.counts.items()}

    @property
    def memory_is_synthetic(self) -> bool:
        """Whether the provider gave no single shots, so that :meth:`memory` is made of the counts."""
        return self._distribution is not None

    def memory(self, seed: int | None = None) -> list[str]:
        """Return one key a shot, in execution order where the provider gives shots.

        Args:
            seed: Where memory is synthetic: shuffles it; the same seed gives the same order. By default the job's id.

        Returns:
            :attr:`shots` keys; counting them gives :attr:`counts`.
        """
        return list(self._texts) if self._texts is not None else _texts(self._rows(seed))

    def bits(self, seed: int | None = None) -> NDArray[np.uint8]:
        """Return the kept shots as numbers, shape (shots, num_clbits); column i is classical bit i.

        Args:
            seed: As for :meth:`memory`.
        """
        return self._rows(seed) - np.uint8(ord("0"))

    # --- what was lost -----------------------------------------------------------------------------------------

    @cached_property
    def lost_shots(self) -> int:
        """How many shots lost a qubit; they are in none of the counts, only in the raw ones."""
        return 0 if self._characters is None else len(self._characters) - len(self._kept)

    @cached_property
    def raw_counts(self) -> dict[str, int]:
        """Counts with the lost shots; ``-`` stands for a lost qubit."""
        return _counted(self._characters) if self._characters is not None and self.lost_shots else self.counts

    @property
    def raw_memory(self) -> list[str] | None:
        """Memory with the lost shots, in execution order; None where the provider gives no single shots."""
        if self._texts is not None:
            return list(self._texts)
        return None if self._characters is None else _texts(self._characters)

    # --- inside ------------------------------------------------------------------------------------------------

    @cached_property
    def _kept(self) -> Characters:
        assert self._characters is not None  # noqa: S101 - callers have looked
        lost = (self._characters == _LOST).any(axis=1)
        return self._characters[~lost] if lost.any() else self._characters

    @cached_property
    def _apportioned(self) -> tuple[Characters, NDArray[np.int64]]:
        assert self._distribution is not None  # noqa: S101 - callers have looked
        keys, weights = self._distribution
        order = _order(keys)
        numbers = apportion(weights, self._shots or 0)
        return keys[order], numbers[order]

    def _rows(self, seed: int | None) -> Characters:
        if self._characters is not None:
            return self._kept
        keys, numbers = self._apportioned
        rows = np.repeat(keys, numbers, axis=0)
        if seed is None:
            seed = int.from_bytes(hashlib.sha256(self._seed_text.encode()).digest()[:8], "big")
        return np.random.default_rng(seed).permutation(rows)


def _texts(characters: Characters) -> list[str]:
    """Return each row as text."""
    rows, width = characters.shape
    text = np.ascontiguousarray(characters).tobytes().decode("ascii")
    return [text[start : start + width] for start in range(0, rows * width, width)] if width else [""] * rows


def _packed(characters: Characters) -> NDArray[Any]:
    """Return one sortable number (or byte string) a row; lost bits do not go in."""
    width = characters.shape[1]
    packed = np.packbits(characters & 1, axis=1)
    if width > _WIDEST_PACKED:
        return np.ascontiguousarray(packed).view(f"S{packed.shape[1]}").ravel() if packed.shape[1] else packed
    whole = np.zeros((len(packed), 8), np.uint8)
    whole[:, : packed.shape[1]] = packed
    return whole.view(">u8").ravel().astype(np.uint64)


def _order(characters: Characters) -> NDArray[np.intp]:
    """Return the order in which rows of bits come by key."""
    return np.argsort(_packed(characters), kind="stable")


def _counted(characters: Characters) -> dict[str, int]:
    """Count equal rows."""
    rows, width = characters.shape
    if width == 0:
        return {"": rows} if rows else {}
    if width > _WIDEST_PACKED or (characters == _LOST).any():
        return _tally(_texts(characters))
    _, first, counts = np.unique(_packed(characters), return_index=True, return_counts=True)
    return dict(zip(_texts(characters[first]), counts.tolist(), strict=True))


def _tally(texts: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for text in texts:
        counts[text] = counts.get(text, 0) + 1
    return dict(sorted(counts.items()))
