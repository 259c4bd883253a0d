"""The page as one function: a request in, a response out. Everything of it is below ``/_/``.

Each view has an address for people, which is answered by the one HTML file, and the same address with ``.json`` for
programs. Lists have further pages by ``skip`` and ``top``. Answers carry an ETag, and a poll with it has an empty
answer until there is news.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from qsession_core.clock import ManualClock
from qsession_core.errors import ConfigurationError, NotFoundError, QSessionError, ServiceError
from qsession_core.local.replies import Refusal, service_error
from qsession_core.page import views
from qsession_core.page.files import SAFE_HEADERS, asset, not_modified
from qsession_core.page.gate import Gate
from qsession_core.page.job_view import JobViews
from qsession_core.page.lab import Lab
from qsession_core.page.mirror import Mirror
from qsession_core.page.queries import choice_of, csv_of, grouping_of
from qsession_core.page.targets import TargetViews, hold_seconds
from qsession_core.transport.message import Response
from qsession_core.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qsession_core.client.workspace import Workspace
    from qsession_core.local.workspace import LocalWorkspace
    from qsession_core.page.mirror import Snapshot
    from qsession_core.transport.message import Request

__all__ = ["PREFIX", "Page"]

PREFIX = "/_/"
_VIEWS = frozenset({"", "sessions", "jobs", "targets", "costs", "lab"})
_JSON = "application/json; charset=utf-8"
_MOST_BODY = 64 * 1024
_MOST_MADE = 64


class Page:
    """A page over a workspace. Safe to call from several threads.

    Args:
        workspace: What is shown; closing the page leaves it open.
        key: What lets a reader in.
        lab: A local workspace whose faults, time and targets may be changed through the page; None for none.
        may_change: Whether jobs may be cancelled and sessions closed through the page.
        connection: Returns the lines with which programs connect, by a heading, for the address of the server; None if
            there are none to show.
        holds: For how many seconds a target is held for a session without a job; by default as the catalog has it.
        period_seconds: The shortest time between two looks at the workspace; 0 to look at every request.
        patience_seconds: How long a request waits for a look.
    """

    def __init__(
        self,
        workspace: Workspace,
        key: str,
        *,
        lab: LocalWorkspace | None = None,
        may_change: bool = True,
        connection: Callable[[str], Mapping[str, str]] | None = None,
        holds: Callable[[str], float] = hold_seconds,
        period_seconds: float = 0.9,
        patience_seconds: float = 0.5,
    ) -> None:
        self._workspace = workspace
        self._gate = Gate(key, f"{workspace.subscription_id}/{workspace.resource_group}/{workspace.name}")
        self._lab = None if lab is None else Lab(lab)
        self._may_change = may_change
        self._connection = connection
        self._mirror = Mirror(workspace, period_seconds=period_seconds, patience_seconds=patience_seconds)
        self._job_views = JobViews(workspace)
        self._holds = holds
        self._targets = TargetViews(workspace, holds)
        self._made: dict[tuple[object, ...], tuple[int, bytes]] = {}  # what was asked -> version of the mirror, answer

    # --- requests -----------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        """Answer one request with an absolute address."""
        parts = urlsplit(request.url)
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = parts.path.removeprefix(PREFIX)
        if not parts.path.startswith(PREFIX):
            if parts.path in {"/", "/_"}:
                return Response(302, {**SAFE_HEADERS, "location": PREFIX})
            return _refused(Refusal(404, "NotFound", f"Everything here is below {PREFIX}."))
        try:
            if request.method in {"GET", "HEAD"}:
                if path == "connection.json" and self._connection is not None:
                    self._gate.check_reader(headers)
                    lines = dict(self._connection(f"{parts.scheme}://{parts.netloc}/"))
                    return self._answer(msgspec.json.encode({"lines": lines}), _JSON, headers)
                return self._read(path, dict(parse_qsl(parts.query)), headers)
            if request.method == "POST":
                return self._change(path, headers, parts.netloc, request.body)
        except Refusal as refusal:
            return _refused(refusal)
        except QSessionError as error:
            return _refused(_as_refusal(error))
        return _refused(Refusal(405, "MethodNotAllowed", "This page answers GET, HEAD and POST."))

    def turned_away(self, request: Request, length: int) -> Response | None:
        """Return the answer to a request whose body is not wanted; None if it is.

        Args:
            request: The request without its body.
            length: The bytes of its body.
        """
        if length > (_MOST_BODY if request.method == "POST" else 0):
            return _refused(Refusal(413, "RequestBodyTooLarge", "The request body is too large."))
        return None

    def is_quick(self, request: Request, length: int) -> bool:  # noqa: ARG002 - any request
        """Say no: what the page shows may take time to read."""
        return False

    # --- reading ------------------------------------------------------------------------------------------------

    def _read(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Response:
        if path.startswith("assets/"):
            found = asset(path.removeprefix("assets/"), headers)
            if found is None:
                raise Refusal(404, "NotFound", "The page has no such file.")
            return found
        view, _, rest = path.partition("/")
        is_json = path.endswith(".json")
        if not is_json and view in _VIEWS and "/" not in rest:
            return asset("index.html", headers) or Response(404)
        self._gate.check_reader(headers)
        if is_json:
            return self._answer(self._data(path.removesuffix(".json"), query), _JSON, headers)
        return self._file(path, query, headers)

    def _data(self, path: str, query: Mapping[str, str]) -> bytes:
        """Return a view as JSON; what is made of the mirror alone is made once for each of its changes.

        Raises:
            Refusal: There is no such view.
        """
        view, _, item = path.partition("/")
        item = unquote(item)
        if view == "lab" and not item and self._lab is not None:
            return msgspec.json.encode({**self._common(), **self._lab.view()})
        if view == "targets" and not item:
            return msgspec.json.encode({**self._common(), **self._targets.view()})
        snapshot = self._mirror.snapshot()
        if view == "jobs" and item:
            return msgspec.json.encode(self._value(snapshot, view, item, query))
        asked = (path, *sorted(query.items()))
        version, data = self._made.get(asked, (-1, b""))
        if version != snapshot.version:
            data = msgspec.json.encode(self._value(snapshot, view, item, query))
            if len(self._made) >= _MOST_MADE:
                self._made.clear()
            self._made[asked] = snapshot.version, data
        return data

    def _value(self, snapshot: Snapshot, view: str, item: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Return a view as plain values.

        Args:
            snapshot: What is known of the workspace.
            view: Which view.
            item: The id of the job or session that it is of; empty for all.
            query: What the address asks for besides.

        Raises:
            Refusal: There is no such view.
        """
        shown = {**self._common(), "isWhole": snapshot.is_whole, "problem": snapshot.problem}
        holds = self._holds
        match view, item:
            case "overview", "":
                return {**shown, **views.overview(snapshot, holds)}
            case "sessions", "":
                return {**shown, **views.sessions(snapshot, holds)}
            case "sessions", _:
                found = views.session(snapshot, item, holds)
                if found is None:
                    raise Refusal(404, "NotFound", f"There is no session {item[:64]}.")
                return {**shown, **found}
            case "jobs", "":
                return {**shown, **views.jobs(snapshot, choice_of(query))}
            case "jobs", _:
                try:
                    job, whole = self._job_views.view(item)
                except NotFoundError as error:
                    raise Refusal(404, "NotFound", f"There is no job {item[:64]}.") from error
                row = views.job_value(self._mirror.job_of(job.details.raw), views.session_names(snapshot))
                return {**shown, "job": row, **whole}
            case "costs", "":
                return {**shown, **views.costs(snapshot, grouping_of(query), query.get("since", ""))}
        raise Refusal(404, "NotFound", "The page has no such view.")

    def _common(self) -> dict[str, Any]:
        """Return what every view says of the workspace."""
        return {
            "workspace": {
                "name": self._workspace.name,
                "location": self._workspace.location,
                "version": __version__,
                "mayChange": self._may_change,
                "isLab": self._lab is not None,
                "hasConnection": self._connection is not None,
            }
        }

    def _file(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Response:
        """Return a file to keep: a program, results, counts or costs.

        Raises:
            Refusal: There is no such file.
        """
        match [unquote(part) for part in path.split("/")]:
            case ["jobs", job_id, "input"]:
                return self._download(self._job_views.program(job_id), f"{job_id}.input", headers)
            case ["jobs", job_id, "output"]:
                return self._download(self._job_views.results(job_id), f"{job_id}.output", headers)
            case ["costs.csv"]:
                value = views.costs(self._mirror.snapshot(), grouping_of(query), query.get("since", ""))
                return self._answer(csv_of(value), "text/csv; charset=utf-8", headers, "costs.csv")
        raise Refusal(404, "NotFound", "The page has no such view.")

    def _download(self, data: bytes, name: str, headers: Mapping[str, str]) -> Response:
        return self._answer(data, "application/octet-stream", headers, name)

    def _answer(self, data: bytes, kind: str, headers: Mapping[str, str], file: str = "") -> Response:
        """Return data, or nothing to a browser that has it."""
        tag = f'"{hashlib.sha256(data).hexdigest()[:20]}"'
        clock = self._workspace.clock
        shared = {
            **SAFE_HEADERS,
            "etag": tag,
            "cache-control": "no-store",
            # the time of the workspace: what is left and what lasts is reckoned with it
            "qsession-now": str(views.milliseconds(clock.now())),
            "qsession-clock": "stands" if isinstance(clock, ManualClock) else "runs",
        }
        if file:
            # ids come from a request's path: only what a file's name may have is left
            name = "".join(character for character in file if character.isascii() and character not in '"\\/;')
            shared["content-disposition"] = f'attachment; filename="{name}"'
        if not_modified(headers, tag):
            return Response(304, shared)
        return Response(200, {**shared, "content-type": kind}, data)

    # --- changing -----------------------------------------------------------------------------------------------

    def _change(self, path: str, headers: Mapping[str, str], host: str, body: bytes) -> Response:
        if path == "login":
            self._gate.check_origin(headers, host)
            return _safe(self._gate.signed_in(body))
        self._gate.check_change(headers, host)
        if path == "logout":
            return _safe(self._gate.signed_out())
        act = self._action([unquote(part) for part in path.split("/")], body)
        try:
            act()
        finally:
            self._mirror.expect_change()
        return _safe(Response(204))

    def _action(self, path: list[str], body: bytes) -> Callable[[], object]:
        """Return what a change does.

        Raises:
            Refusal: There is no such change, or it is not allowed.
        """
        lab = self._lab
        match path:
            case ["jobs", job_id, "cancel"]:
                self._require_changes()
                return lambda: self._workspace.get_job(job_id).cancel()
            case ["sessions", session_id, "close"]:
                self._require_changes()
                return lambda: self._workspace.get_session(session_id).close()
            case ["lab", what] if lab is not None:
                acts: dict[str, Callable[[], object]] = {
                    "advance": lambda: lab.advance(body),
                    "faults": lambda: lab.add_fault(body),
                    "calm": lab.clear_faults,
                    "target": lambda: lab.change_target(body),
                    "reset": lab.reset,
                }
                if what in acts:
                    return acts[what]
        raise Refusal(404, "NotFound", "The page has no such change.")

    def _require_changes(self) -> None:
        if not self._may_change:
            raise Refusal(403, "ReadOnly", "This page only shows the workspace. Start it without --read-only.")


def _safe(response: Response) -> Response:
    return Response(response.status, {**SAFE_HEADERS, "cache-control": "no-store", **response.headers}, response.body)


def _refused(refusal: Refusal) -> Response:
    return _safe(service_error(refusal))


def _as_refusal(error: QSessionError) -> Refusal:
    """Return the answer to a request for which the workspace's service gave an error."""
    if isinstance(error, NotFoundError):
        return Refusal(404, "NotFound", str(error))
    if isinstance(error, ServiceError):
        # 401 and 403 would be taken for the page's own
        status = error.status_code if error.status_code not in {401, 403} else 502
        return Refusal(status or 502, error.code or "ServiceError", str(error))
    if isinstance(error, ConfigurationError):
        return Refusal(503, "WorkspaceClosed", str(error))
    return Refusal(502, type(error).__name__, str(error))
