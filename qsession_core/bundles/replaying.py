"""The service of a bundle: answers requests by meaning, in any order of independent ones, and never waits.

Requests that read are answered by what was recorded after the same changes: the last of several answers in a row, so
that polling ends at once. Requests that change something are answered in the order in which they were recorded. An
answer that says "come again" is left out where the request came again.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from qsession_core.bundles.matching import Names
from qsession_core.bundles.meaning import GUID, Meaning, meaning_of
from qsession_core.bundles.packing import changed
from qsession_core.bundles.redaction import Redactor
from qsession_core.errors import ConfigurationError, ReplayError
from qsession_core.transport.message import Request, Response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qsession_core.bundles.bundle import Bundle

__all__ = ["ReplayTransport", "Replayer", "workspace_of", "workspaces_of"]

_COME_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_WAITS = frozenset({"retry-after", "retry-after-ms", "x-ms-retry-after-ms"})
_SHOWN_DIFFERENCES = 4


class _Entry(msgspec.Struct, frozen=True):
    """A recorded exchange.

    Attributes:
        first: The ids that no earlier request mentions.
        changes: How many requests before this one change one of its things, or anything at all if it names none.
    """

    number: int
    meaning: Meaning
    first: frozenset[str]
    changes: int
    response: Response


class Replayer:
    """Answers requests from a bundle. Safe to use from several threads.

    Attributes:
        missed: The errors of the requests that had no answer.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._lock = threading.Lock()
        self._redactor = Redactor()
        self._by_ids: dict[tuple[str, tuple[str, ...]], list[_Entry]] = defaultdict(list)
        self._choices: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = defaultdict(list)
        self._entries: list[_Entry] = []
        self._changes: dict[str, int] = defaultdict(int)
        self._given: dict[tuple[str, tuple[str, ...]], int] = defaultdict(int)
        self._subscriptions: dict[str, str] = {}
        self.missed: list[ReplayError] = []
        self._take(bundle)
        recorded = frozenset(name for entry in self._entries for name in entry.meaning.ids)
        self._names = Names(recorded, is_shared=bundle.has_shared_ids)
        self._changes.clear()

    def _take(self, bundle: Bundle) -> None:
        """Read the exchanges, leaving out the answers that say "come again" where the request came again."""
        meanings = [meaning_of(one.request) for one in bundle.exchanges]
        last: dict[tuple[str, tuple[str, ...]], int] = {}
        for number, meaning in enumerate(meanings):
            last[meaning.shape, meaning.ids] = number
        seen: set[str] = set()
        for number, (one, meaning) in enumerate(zip(bundle.exchanges, meanings, strict=True)):
            key = (meaning.shape, meaning.ids)
            if one.response.status in _COME_AGAIN and last[key] > number:
                continue
            entry = _Entry(number + 1, meaning, frozenset(meaning.ids) - seen, self._count(meaning.ids), one.response)
            seen.update(meaning.ids)
            self._entries.append(entry)
            self._by_ids[key].append(entry)
            self._choices[meaning.shape].append((meaning.ids, entry.first))
            if not meaning.is_reading:
                self._note_change(meaning.ids)

    def _count(self, ids: Sequence[str]) -> int:
        """Return how often one of these things was changed so far; anything at all if there are none."""
        return sum(self._changes[name] for name in set(ids)) if ids else self._changes[""]

    def _note_change(self, ids: Sequence[str]) -> None:
        for name in {"", *ids}:
            self._changes[name] += 1

    def handle(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            ReplayError: None of this meaning was recorded; it shows the nearest one.
        """
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self._lock:
            self._redactor.learn_from(headers, request.url, request.body)
            body, headers = changed(request.body, headers, self._redactor.hidden_secrets)
            meaning = meaning_of(Request(request.method.upper(), request.url, headers, body))
            entry = self._found(meaning)
            if entry is None:
                error = self._error(request, meaning)
                self.missed.append(error)
                raise error
            self._remember_workspace(meaning, entry)
            return self._told(entry.response, meaning, entry.meaning.ids)

    def _found(self, meaning: Meaning) -> _Entry | None:
        """Return the recorded exchange that answers a request."""
        shape = meaning.shape
        known = self._names.settled(meaning.ids)
        if known is not None and (shape, known) in self._by_ids:
            ids = known
        else:
            found = self._names.recorded_ids(shape, meaning.ids, self._choices[shape])
            if found is None:
                return None
            ids = found
        about = self._by_ids[shape, ids]
        if meaning.is_reading:
            now = self._count(ids)
            before = [entry for entry in about if entry.changes <= now]
            if before:
                latest = max(entry.changes for entry in before)
                entry = [entry for entry in before if entry.changes == latest][-1]
            else:
                earliest = min(entry.changes for entry in about)
                entry = [entry for entry in about if entry.changes == earliest][-1]
        else:
            key = (shape, ids)
            if self._given[key] < len(about):
                self._note_change(ids)
            entry = about[min(self._given[key], len(about) - 1)]
            self._given[key] += 1
        if not (meaning.is_storage and not meaning.is_reading) and not meaning.route.lower().endswith(
            "/storage/sasuri"
        ):
            self._names.close(meaning.ids)
        return entry

    def _remember_workspace(self, meaning: Meaning, entry: _Entry) -> None:
        if meaning.workspace is not None and entry.meaning.workspace is not None:
            self._subscriptions[entry.meaning.workspace[0]] = meaning.workspace[0]

    def _told(self, response: Response, meaning: Meaning, recorded: Sequence[str]) -> Response:
        """Return an answer with the ids of the run instead of those of the recording."""
        own = {**self._subscriptions, **dict(zip(recorded, meaning.ids, strict=True))}

        def renamed(text: str) -> str:
            return GUID.sub(
                lambda found: own.get(name := found[0].lower()) or self._names.holder(name) or found[0], text
            )

        headers = {name: renamed(value) for name, value in response.headers.items() if name not in _WAITS}
        body, headers = changed(response.body, headers, renamed)
        return Response(response.status, headers, body)

    def _error(self, request: Request, meaning: Meaning) -> ReplayError:
        """Return the error of a request that was not recorded."""
        nearest = max(self._entries, key=lambda entry: _likeness(meaning, entry.meaning), default=None)
        if nearest is None:
            return ReplayError(
                f"{request} was not recorded: the bundle is empty. Record it again.", request=str(request)
            )
        differences = _differences(meaning, nearest.meaning)
        if not differences:
            differences = ["it is about something else, or was recorded less often; the rest is equal"]
        more = len(differences) - _SHOWN_DIFFERENCES
        shown = "; ".join(differences[:_SHOWN_DIFFERENCES]) + (f"; and {more} more" if more > 0 else "")
        return ReplayError(
            f"{request} was not recorded. The nearest that was is no. {nearest.number}, {nearest.meaning.route}: "
            f"{shown}. Record the bundle again if the program has changed.",
            request=str(request),
            nearest=nearest.meaning.route,
        )


def _likeness(one: Meaning, other: Meaning) -> tuple[bool, bool, float]:
    equal = sum(other.facts.get(name) == value for name, value in one.facts.items())
    return (
        one.facts["route"] == other.facts["route"],
        one.facts["route"].partition(" ")[0] == other.facts["route"].partition(" ")[0],
        equal / max(len(one.facts), len(other.facts)),
    )


def _differences(asked: Meaning, recorded: Meaning) -> list[str]:
    return [
        f"{name} is {_cut(asked.facts.get(name))} here and {_cut(recorded.facts.get(name))} there"
        for name in dict.fromkeys([*asked.facts, *recorded.facts])
        if asked.facts.get(name) != recorded.facts.get(name)
    ]


def _cut(value: str | None) -> str:
    if value is None:
        return "absent"
    return repr(value if len(value) <= 80 else value[:77] + "...")  # noqa: PLR2004 - for one line of a terminal


def workspaces_of(bundle: Bundle) -> dict[tuple[str, str, str], str]:
    """Return the endpoints of the recorded workspaces, by subscription, resource group and name."""
    found: dict[tuple[str, str, str], str] = {}
    for one in bundle.exchanges:
        workspace = meaning_of(one.request).workspace
        parts = urlsplit(one.request.url)
        if workspace is not None and parts.hostname != "management.azure.com":
            found.setdefault(workspace, f"{parts.scheme}://{parts.netloc}")
    return found


def workspace_of(bundle: Bundle) -> tuple[str, str, str, str]:
    """Return subscription, resource group, name and endpoint of the workspace that was recorded.

    Raises:
        ConfigurationError: There is none, or there are several.
    """
    found = workspaces_of(bundle)
    if len(found) != 1:
        names = ", ".join(name for _, _, name in found) or "none"
        raise ConfigurationError(
            f"The bundle has the traffic of {len(found)} workspaces ({names}); one is needed. Replay the whole "
            "program: qsession run --replay."
        )
    ((subscription, group, name), endpoint) = next(iter(found.items()))
    return subscription, group, name, endpoint


class ReplayTransport:
    """A transport whose service is a bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self._replayer = Replayer(bundle)

    def send(self, request: Request) -> Response:
        """Return the recorded answer.

        Raises:
            ReplayError: None was recorded.
        """
        return self._replayer.handle(request)

    def close(self) -> None:
        """Do nothing: there is nothing open."""
