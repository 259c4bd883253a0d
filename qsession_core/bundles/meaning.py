"""What a request means: its route, its query and its body, without ids, times, signatures and names of hosts.

Two requests mean the same if their facts are equal. Their ids, in the order in which they stand, then tell which things
they are about.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from qsession_core.bundles.packing import unpacked
from qsession_core.bundles.redaction import REDACTED, SIGNATURE, SIGNED_UNTIL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qsession_core.transport.message import Request

__all__ = ["GUID", "Meaning", "meaning_of"]

GUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")
_REDACTED = re.compile(rf"{REDACTED}-S?\d+")
_WORKSPACE = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.Quantum/workspaces/([^/]+)", re.IGNORECASE
)
_QUERY = re.compile(r"(https?://[^\s?\"]+)(\?[^\s\"]*)?")
_ADDRESS = re.compile(r"https?://[^/\s\"]+/")
# The parts of a signed address; source: docs/protocol.md 3.2
_SIGNATURE_PARTS = frozenset(
    {"sv", "ss", "srt", "spr", "st", "se", "sp", "sig", "sr", "rscd", "rsct", "rsce", "rscc", "rscl", "sip", "skoid",
     "sktid", "skt", "ske", "sks", "skv"}
)  # fmt: skip
_READING_POSTS = ("/storage/sasuri", "/microsoft.resourcegraph/resources")
_TOLD_HEADERS = ("range", "x-ms-range")
_SHOWN = 60  # characters of a body that is compared as a whole


class Meaning(msgspec.Struct, frozen=True):
    """A request as a replay compares it.

    Attributes:
        facts: What must be equal, by name; ids and times in the values are marks.
        ids: The ids behind the marks, in lower case.
        workspace: Subscription, group and name in the path; None for none.
        is_reading: It changes nothing, so it may be asked again and again.
        is_storage: It is for a blob or container.
    """

    facts: Mapping[str, str]
    ids: tuple[str, ...]
    workspace: tuple[str, str, str] | None
    is_reading: bool
    is_storage: bool

    @property
    def shape(self) -> str:
        """All facts as one text: requests of the same shape mean the same."""
        return json.dumps(self.facts, sort_keys=True)

    @property
    def route(self) -> str:
        """Method and path, for people."""
        return self.facts["route"]


def meaning_of(request: Request) -> Meaning:
    """Return what a request means."""
    parts = urlsplit(request.url)
    path = re.sub("/{2,}", "/", parts.path)
    found = _WORKSPACE.match(path)
    workspace = None
    if found is not None:
        workspace = (unquote(found[1]).lower(), unquote(found[2]), unquote(found[3]))
        path = path[found.end() :] or "/"
    is_storage = found is None and not path.lower().startswith(("/subscriptions", "/providers/", "/tenants"))
    route = f"{request.method} {'storage ' if is_storage else ''}{unquote(path)}"
    collected: dict[str, str] = {"route": route}
    for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True)):
        if name.lower() not in {*_SIGNATURE_PARTS, "api-version"}:
            collected[f"query {name.lower()}"] = value
    headers = {name.lower(): value for name, value in request.headers.items()}
    for name in _TOLD_HEADERS:
        if name in headers:
            collected[f"header {name}"] = headers[name]
    if "x-proxy-to" in headers:
        collected["header x-proxy-to"] = urlsplit(headers["x-proxy-to"]).path
    collected.update(_body_facts(request.body, is_storage=is_storage))
    ids: list[str] = []
    facts = {name: _marked(value, ids) for name, value in collected.items()}
    if is_storage and "body" in facts:
        digest = hashlib.sha256(facts["body"].encode()).hexdigest()[:16]
        facts["body"] = f"{digest} {facts['body'][:_SHOWN]}"
    is_reading = request.method in {"GET", "HEAD", "OPTIONS"} or (
        request.method == "POST" and path.lower().endswith(_READING_POSTS)
    )
    return Meaning(facts, tuple(ids), workspace, is_reading, is_storage)


def _body_facts(body: bytes, *, is_storage: bool) -> Iterator[tuple[str, str]]:
    """Yield a body as facts: that of the service member by member, that of a blob as a whole."""
    if not body:
        return
    plain = unpacked(body)
    if not is_storage:
        try:
            yield from _flattened("body", json.loads(plain))
        except (ValueError, RecursionError):
            pass
        else:
            return
    yield "body", plain.decode("latin-1")


def _flattened(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _flattened(f"{name}.{key}", value[key])
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from _flattened(f"{name}[{number}]", item)
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)


def _unsigned(found: re.Match[str]) -> str:
    """Return an address, without its query where that is signed."""
    return found[1] if re.search(r"\bsig=", found[2] or "") else found[0]


def _marked(text: str, ids: list[str]) -> str:
    """Return a text with marks for what differs from run to run; the ids are appended to the list."""
    text = _QUERY.sub(_unsigned, text)
    text = SIGNED_UNTIL.sub(r"\1<time>", SIGNATURE.sub(rf"\1{REDACTED}", text))
    text = _ADDRESS.sub("<host>/", text)
    ids.extend(found.lower() for found in GUID.findall(text))
    return _REDACTED.sub(REDACTED, _TIME.sub("<time>", GUID.sub("<id>", text)))
