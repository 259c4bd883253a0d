"""Which recorded thing each of the program's things is: ids of a run, matched with ids of the recording.

A program makes new ids for its jobs and sessions in each run. Such an id stands for a recorded one that was first
mentioned by a request of the same meaning. If there are several, the choice stays open until a request tells them
apart, such as the upload of the program: jobs may be submitted in another order than they were. Nothing that depends
on the choice is answered before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Names"]


class Names:
    """Finds the recorded id for each id of a run.

    Args:
        recorded: Every id in a recorded request.
        is_shared: Several ids of a run may stand for the same recorded one.

    Attributes:
        chosen: Recorded ids by those of the run.
    """

    def __init__(self, recorded: frozenset[str], *, is_shared: bool) -> None:
        self._recorded = recorded
        self._is_shared = is_shared
        self._options: dict[str, list[str]] = {}
        self._is_open: set[str] = set()
        self._holders: dict[str, str] = {}  # the other way round
        self.chosen: dict[str, str] = {}

    def recorded_ids(self, own: Sequence[str], choices: Sequence[tuple[tuple[str, ...], frozenset[str]]]) -> int | None:
        """Return which of several recorded requests one of the run is; None if it is none of them.

        Args:
            own: The ids in the request, in order.
            choices: For each recorded request of the same meaning, its ids in order, and those that it was the first
                to mention.
        """
        fitting = [number for number, (ids, first) in enumerate(choices) if self._fits(own, ids, first)]
        # the present choice first, then the order of the recording
        fitting.sort(key=lambda number: tuple(self.chosen.get(name, "") for name in own) != choices[number][0])
        places = {name: place for place, name in enumerate(own) if name not in self.chosen or name in self._is_open}
        narrowed = {
            name: list(dict.fromkeys(choices[number][0][place] for number in fitting)) for name, place in places.items()
        }
        for number in fitting:
            forced = dict(zip(own, choices[number][0], strict=True))
            if self._settle(forced, narrowed):
                return number
        return None

    def settled(self, own: Sequence[str]) -> tuple[str, ...] | None:
        """Return the recorded ids of those of a request; None if one of them has none yet, or may still change."""
        if self._is_shared or any(name not in self.chosen or name in self._is_open for name in own):
            return None
        return tuple(self.chosen[name] for name in own)

    def close(self, own: Sequence[str]) -> None:
        """Let the choice for these ids stand from now on."""
        self._is_open.difference_update(own)

    def _fits(self, own: Sequence[str], ids: tuple[str, ...], first: frozenset[str]) -> bool:
        """Whether a request's ids may stand for recorded ones."""
        if len(own) != len(ids):
            return False
        pairs: dict[str, str] = {}
        for name, recorded in zip(own, ids, strict=True):
            if pairs.setdefault(name, recorded) != recorded:
                return False
            holder = self._holders.get(recorded, name)
            if holder != name and holder not in self._is_open and not self._is_shared:
                return False
            if name in self._is_open:
                if recorded not in self._options[name]:
                    return False
            elif name in self.chosen:
                if self.chosen[name] != recorded:
                    return False
            elif name in self._recorded:
                if name != recorded:
                    return False
            elif recorded not in first and not self._is_shared:
                return False
        return self._is_shared or len(set(pairs.values())) == len(pairs)

    def _settle(self, forced: Mapping[str, str], narrowed: Mapping[str, list[str]]) -> bool:
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
        for name, options in narrowed.items():
            self._options[name] = options
            self._is_open.add(name)
        return True

    def _placed(self, name: str, seen: set[str], forced: Mapping[str, str]) -> bool:
        """Find another recorded id for one that has lost its own: the augmenting path of bipartite matching."""
        for recorded in self._options[name]:
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
