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
        open_ids = {name for name in own if name not in self.chosen or name in self._is_open}
        for number in fitting:
            forced = dict(zip(own, choices[number][0], strict=True))
            narrowed = {
                name: list(dict.fromkeys(choices[other][0][own.index(name)] for other in fitting)) for name in open_ids
            }
            if self._settle(forced, narrowed):
                return number
        return None

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
        chosen = {name: recorded for name, recorded in self.chosen.items() if name not in forced}
        holders = {recorded: name for name, recorded in chosen.items()}
        displaced = []
        for name, recorded in forced.items():
            holder = holders.get(recorded)
            if holder is not None:
                if holder not in self._is_open:
                    return False
                displaced.append(holder)
                del chosen[holder]
            holders[recorded] = name
            chosen[name] = recorded
        for name in displaced:
            if not self._placed(name, set(), chosen, holders, forced):
                return False
        self.chosen = chosen
        for name, options in narrowed.items():
            self._options[name] = options
            self._is_open.add(name)
        return True

    def _placed(
        self, name: str, seen: set[str], chosen: dict[str, str], holders: dict[str, str], forced: Mapping[str, str]
    ) -> bool:
        """Find another recorded id for one that has lost its own: the augmenting path of bipartite matching."""
        for recorded in self._options[name]:
            if recorded in seen:
                continue
            seen.add(recorded)
            holder = holders.get(recorded)
            if holder is None or (
                holder in self._is_open and holder not in forced and self._placed(holder, seen, chosen, holders, forced)
            ):
                chosen[name] = recorded
                holders[recorded] = name
                return True
        return False
