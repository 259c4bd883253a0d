"""Which recorded thing each of the program's things is: ids of a run, matched with ids of the recording.

A program makes new ids for its jobs and sessions in each run. Such an id stands for a recorded one that was first
mentioned by a request of the same meaning. If there are several, the choice stays open until a request tells them
apart, such as the upload of the program: jobs may be submitted in another order than they were. Nothing that depends
on the choice is answered before.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    # The ids of a recorded request in order, and those that it was the first to mention
    Choice: TypeAlias = tuple[tuple[str, ...], frozenset[str]]

__all__ = ["Names"]


class _Choices(msgspec.Struct):
    """The recorded requests of one meaning, one of each that have the same ids.

    Attributes:
        rows: In the order of the recording.
        with_ids: The row of some ids.
        with_id: The rows that have an id at a place.
        start: All rows before this one are about things that are settled.
    """

    rows: list[Choice] = msgspec.field(default_factory=list)
    with_ids: dict[tuple[str, ...], int] = msgspec.field(default_factory=dict)
    with_id: defaultdict[tuple[int, str], list[int]] = msgspec.field(default_factory=lambda: defaultdict(list))
    start: int = 0

    @classmethod
    def of(cls, choices: Iterable[Choice]) -> _Choices:
        """Arrange recorded requests."""
        made = cls()
        for ids, first in choices:
            if ids not in made.with_ids:
                number = made.with_ids[ids] = len(made.rows)
                made.rows.append((ids, first))
                for place, name in enumerate(ids):
                    made.with_id[place, name].append(number)
        return made


class _Constraint(msgspec.Struct, frozen=True):
    """What a request says of the recorded id that one of its own may stand for: some recorded request has it there.

    Attributes:
        choices: The recorded requests of the same meaning.
        own: The ids in the request.
        place: Where the id stands.
        is_first: The request is the first to mention the id, so the recorded one is it too.
    """

    choices: _Choices
    own: tuple[str, ...]
    place: int
    is_first: bool


class Names:
    """Finds the recorded id for each id of a run. The work for a request does not grow with the recording.

    Args:
        recorded: Every id in a recorded request.
        is_shared: Several ids of a run may stand for the same recorded one.

    Attributes:
        chosen: Recorded ids by those of the run.
    """

    def __init__(self, recorded: frozenset[str], *, is_shared: bool) -> None:
        self._recorded = recorded
        self._is_shared = is_shared
        self._constraints: defaultdict[str, list[_Constraint]] = defaultdict(list)
        self._is_open: set[str] = set()
        self._holders: dict[str, str] = {}  # the other way round
        self._taken: set[str] = set()  # recorded ids whose holder is settled
        self._choices: dict[str, _Choices] = {}  # by meaning
        self.chosen: dict[str, str] = {}

    def recorded_ids(self, shape: str, own: Sequence[str], choices: Sequence[Choice]) -> tuple[str, ...] | None:
        """Return the ids of the recorded request that one of the run is; None if it is none of them.

        Args:
            shape: What they mean.
            own: The ids in the request, in order.
            choices: The recorded requests of this meaning.
        """
        known = self._choices.get(shape)
        if known is None:
            known = self._choices[shape] = _Choices.of(choices)
        narrowed = [
            (name, _Constraint(known, tuple(own), place, name not in self.chosen))
            for place, name in enumerate(own)
            if name not in self.chosen or name in self._is_open
        ]
        for number in self._in_turn(known, own):
            ids, first = known.rows[number]
            if self._fits(own, ids, first) and self._settle(dict(zip(own, ids, strict=True)), narrowed):
                return ids
        return None

    def _in_turn(self, choices: _Choices, own: Sequence[str]) -> Iterator[int]:
        """Yield the rows that may be meant: the present choice, those of nobody yet, and then all others."""
        present = choices.with_ids.get(tuple(self.chosen.get(name, "") for name in own))
        if present is not None:
            yield present
        settled = [(place, self.chosen[name]) for place, name in enumerate(own) if self._is_settled(name)]
        if settled:
            yield from min((choices.with_id.get(one, []) for one in settled), key=len)
            return
        while choices.start < len(choices.rows) and not self._taken.isdisjoint(choices.rows[choices.start][1]):
            choices.start += 1
        yield from range(choices.start, len(choices.rows))
        yield from range(choices.start)  # a thing whose choice stands may come once more with something new

    def holder(self, recorded: str) -> str | None:
        """Return the id of the run that stands for a recorded one; None if none does."""
        return self._holders.get(recorded)

    def settled(self, own: Sequence[str]) -> tuple[str, ...] | None:
        """Return the recorded ids of those of a request; None if one of them has none yet, or may still change."""
        if self._is_shared or not all(map(self._is_settled, own)):
            return None
        return tuple(self.chosen[name] for name in own)

    def close(self, own: Sequence[str]) -> None:
        """Let the choice for these ids stand from now on."""
        self._is_open.difference_update(own)
        if not self._is_shared:
            self._taken.update(self.chosen[name] for name in own if name in self.chosen)

    def _is_settled(self, name: str) -> bool:
        return name in self.chosen and name not in self._is_open

    def _fits(self, own: Sequence[str], ids: tuple[str, ...], first: frozenset[str]) -> bool:
        """Whether a request's ids may stand for recorded ones."""
        if len(own) != len(ids):
            return False
        pairs: dict[str, str] = {}
        for name, recorded in zip(own, ids, strict=True):
            if pairs.setdefault(name, recorded) != recorded:
                return False
            if not self._may_be(name, recorded, first):
                return False
        return self._is_shared or len(set(pairs.values())) == len(pairs)

    def _may_be(self, name: str, recorded: str, first: frozenset[str]) -> bool:
        """Whether an id of the run may stand for a recorded one, which a request is the first to mention or not."""
        holder = self._holders.get(recorded, name)
        if holder != name and holder not in self._is_open and not self._is_shared:
            return False
        if name in self._is_open:
            return self._is_allowed(name, recorded)
        if name in self.chosen:
            return self.chosen[name] == recorded
        if name in self._recorded:
            return name == recorded
        return self._is_shared or recorded in first

    def _is_allowed(self, name: str, recorded: str) -> bool:
        """Whether all requests so far leave an open id this recorded one."""
        if name in self._recorded:
            return name == recorded
        return all(
            any(
                self._agrees(one, name, recorded, number)
                for number in one.choices.with_id.get((one.place, recorded), ())
            )
            for one in self._constraints[name]
        )

    def _agrees(self, one: _Constraint, name: str, recorded: str, number: int) -> bool:
        ids, first = one.choices.rows[number]
        if len(ids) != len(one.own) or (one.is_first and recorded not in first):
            return False
        return all(
            other == recorded if own == name else not self._is_settled(own) or self.chosen[own] == other
            for own, other in zip(one.own, ids, strict=True)
        )

    def _settle(self, forced: Mapping[str, str], narrowed: Iterable[tuple[str, _Constraint]]) -> bool:
        """Choose these ids, moving other open ones where they are in the way; return False if that cannot be done."""
        if self._is_shared:
            for name, recorded in forced.items():
                self.chosen.setdefault(name, recorded)
            return True
        displaced = [
            holder
            for name, recorded in forced.items()
            if (holder := self._holders.get(recorded)) is not None and holder not in forced
        ]
        before = None if not displaced else (dict(self.chosen), dict(self._holders))
        for name in (*displaced, *forced):
            old = self.chosen.pop(name, None)
            if old is not None and self._holders.get(old) == name:
                del self._holders[old]
        for name, recorded in forced.items():
            self.chosen[name] = recorded
            self._holders[recorded] = name
        if before is not None and not all(self._placed(name, set(), forced) for name in displaced):
            self.chosen, self._holders = before
            return False
        for name, constraint in narrowed:
            self._constraints[name].append(constraint)
            self._is_open.add(name)
        return True

    def _placed(self, name: str, seen: set[str], forced: Mapping[str, str]) -> bool:
        """Find another recorded id for one that has lost its own: the augmenting path of bipartite matching."""
        for recorded in self._options(name):
            if recorded in seen:
                continue
            seen.add(recorded)
            holder = self._holders.get(recorded)
            if holder is None or (
                holder in self._is_open and holder not in forced and self._placed(holder, seen, forced)
            ):
                self.chosen[name] = recorded
                self._holders[recorded] = name
                return True
        return False

    def _options(self, name: str) -> Iterator[str]:
        """Yield the recorded ids that an open one may stand for, in the order of the recording."""
        one = self._constraints[name][0]
        for ids, _ in one.choices.rows[one.choices.start :]:
            if one.place < len(ids) and self._is_allowed(name, ids[one.place]):
                yield ids[one.place]
