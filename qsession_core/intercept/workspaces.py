"""Azure Quantum as one run sees it: every workspace that the program names, made when it is first named.

A request goes by its host: to a workspace, to the storage of one, to the resource manager, or to the login. Any API
key is taken for a workspace's own, and so is any token: a program that is run unchanged brings the ones it has. A
request without either is refused as the service refuses it.
"""

from __future__ import annotations

import re
import threading
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import msgspec

from qsession_core.clock import SystemClock
from qsession_core.errors import ConfigurationError
from qsession_core.intercept.hosts import LOGIN, region_of, role_of
from qsession_core.intercept.login import Login
from qsession_core.local.replies import Refusal, json_reply, service_error, unauthorized
from qsession_core.local.service.addresses import LocalNames
from qsession_core.local.workspace import LocalWorkspace
from qsession_core.transport.message import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from qsession_core.clock import Clock
    from qsession_core.local.faults import Faults

__all__ = ["DEFAULT_REGION", "Workspaces"]

DEFAULT_REGION = "eastus"
_MOST = 50  # workspaces of one run; each holds a database and threads
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORKSPACE = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.Quantum/workspaces/([^/]+)(/.*)?",
    re.IGNORECASE,
)
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)(/.*)?", re.IGNORECASE)
_NAMED = re.compile(r"\bname\s*=~\s*'((?:[^'\\]|\\.)*)'", re.IGNORECASE)
_SEGMENT = re.compile(r"[\w.()-]{1,90}")  # Azure's rule for names of resource groups; those of workspaces are narrower


class Workspaces:
    """Answers requests to all hosts of Azure Quantum.

    Args:
        directory: Keeps each workspace in a folder of its own; None for in memory.
        default: The workspace that requests mean that name none, and the subscription of those named by name only.
        seed: Of each workspace.
        targets: A TOML file of targets to add or change; None for none.
        faults: Failures on request, shared by all workspaces; None for none.
        clock: None for the machine's.
        shown: Called with each workspace when it is opened; what it returns is left before they close.

    Attributes:
        login: Issues the run's tokens.
    """

    def __init__(
        self,
        directory: Path | None,
        default: LocalNames,
        *,
        seed: int | None = None,
        targets: Path | None = None,
        faults: Faults | None = None,
        clock: Clock | None = None,
        shown: Callable[[LocalWorkspace], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._directory = directory
        self._default = default
        self._seed = seed
        self._targets = targets
        self._faults = faults
        self._clock = clock or SystemClock()
        self._shown = shown
        self._shows = ExitStack()
        self._lock = threading.Lock()
        self._opened: dict[tuple[str, str, str], LocalWorkspace] = {}
        self.login = Login(self._clock)
        self.default = self._workspace(default)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all workspaces."""
        self._shows.close()
        for workspace in self.opened():
            workspace.close()

    def opened(self) -> Sequence[LocalWorkspace]:
        """Return the workspaces of this run, in the order of their first use."""
        with self._lock:
            return list(self._opened.values())

    def handle(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            TransportError: A fault on request: the connection breaks.
        """
        host = urlsplit(request.url).hostname or ""
        headers = {name.lower(): value for name, value in request.headers.items()}
        request = Request(request.method.upper(), request.url, headers, request.body)
        try:
            match role_of(host):
                case "login":
                    return self.login.handle(request)
                case "storage":
                    return self._of_account(host).handle(request)
                case "service":
                    return self._serve(self._authorized(request, "service"), region_of(host))
                case "management":
                    return self._manage(request)
                case None:
                    return service_error(Refusal(404, "ResourceNotFound", f"{host} is no host of Azure Quantum."))
        except Refusal as refusal:
            return unauthorized() if refusal.status == 401 else service_error(refusal)  # noqa: PLR2004 - Unauthorized

    def _authorized(self, request: Request, role: str) -> Request:
        """Return a request without the credential that it came with.

        Raises:
            Refusal: 401, it has none, or a token of this run that has expired or is for something else.
        """
        key = request.headers.get("x-ms-quantum-api-key", "") if role == "service" else ""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not key and (scheme.lower() != "bearer" or self.login.problem(token.strip(), role)):
            raise Refusal(401, "Unauthorized", "")
        kept = {
            name: value
            for name, value in request.headers.items()
            if name not in {"authorization", "x-ms-quantum-api-key"}
        }
        return Request(request.method, request.url, kept, request.body)

    def _serve(self, request: Request, region: str) -> Response:
        """Pass a request to the workspace that its path names."""
        path = urlsplit(request.url).path.replace("//", "/")
        found = _WORKSPACE.fullmatch(path)
        if found is not None:
            names = [unquote(found[place]) for place in (1, 2, 3)]
            return self._passed(self._named(names[0], names[1], names[2], region), request)
        return self._passed(self._of_subscription(path), request)

    def _manage(self, request: Request) -> Response:
        """Answer as the resource manager."""
        path = urlsplit(request.url).path.replace("//", "/").rstrip("/")
        is_subscription = path.lower().startswith("/subscriptions/") and path.count("/") == 2  # noqa: PLR2004
        if is_subscription and "authorization" not in request.headers:
            # clients learn the tenant of a subscription in this way, before they sign in
            tenant = f"https://{LOGIN}/{self.login.tenant}"
            return Response(401, {"www-authenticate": f'Bearer authorization_uri="{tenant}", error="invalid_token"'})
        request = self._authorized(request, "management")
        found = _WORKSPACE.fullmatch(path)
        if found is not None:
            names = [unquote(found[place]) for place in (1, 2, 3)]
            return self._passed(self._named(names[0], names[1], names[2], ""), request)
        if is_subscription:
            return json_reply(self._subscription(_guid(unquote(path.split("/")[2]))))
        if path.lower() == "/subscriptions":
            known = {workspace.connection.subscription_id: None for workspace in self.opened()}
            return json_reply({"value": [self._subscription(name) for name in known], "nextLink": None})
        if path.lower() == "/tenants":
            return json_reply({"value": [{"id": f"/tenants/{self.login.tenant}", "tenantId": self.login.tenant}]})
        if path.lower() == "/providers/microsoft.resourcegraph/resources":
            return self._search(request)
        raise Refusal(404, "ResourceNotFound", f"The resource manager of this run has no route {path[:200]}.")

    def _subscription(self, name: str) -> dict[str, Any]:
        return {
            "id": f"/subscriptions/{name}",
            "subscriptionId": name,
            "displayName": "qsession run",
            "state": "Enabled",
            "tenantId": self.login.tenant,
        }

    def _search(self, request: Request) -> Response:
        """Answer the resource graph: the rows of all workspaces that a query finds, one of which is made if none is."""
        found = _NAMED.search(request.body.decode("utf-8", "replace"))
        name = found[1].replace("\\'", "'").replace("\\\\", "\\") if found is not None else ""
        known = [workspace for workspace in self.opened() if workspace.connection.name.lower() == name.lower()]
        if name and not known:
            own = self.default.connection
            known = [self._named(own.subscription_id, own.resource_group, name, "")]
        rows: list[Any] = []
        for workspace in known or self.opened():
            answer = self._passed(workspace, request)
            if answer.status != 200:  # noqa: PLR2004 - a query that cannot be read
                return answer
            rows += msgspec.json.decode(answer.body)["data"]
        count = len(rows)
        return json_reply(
            {"totalRecords": count, "count": count, "data": rows, "facets": [], "resultTruncated": "false"}
        )

    def _passed(self, workspace: LocalWorkspace, request: Request) -> Response:
        """Return a workspace's answer to a request whose credential was checked already."""
        key = workspace.connection.api_key
        headers = {**request.headers, "x-ms-quantum-api-key": key}
        return workspace.handle(Request(request.method, request.url, headers, request.body))

    def _of_subscription(self, path: str) -> LocalWorkspace:
        """Return a workspace of the subscription that a path names."""
        found = _SUBSCRIPTION.fullmatch(path)
        if found is None:
            raise Refusal(404, "ResourceNotFound", "There is no such route.")
        name = _guid(unquote(found[1]))
        own = next((one for one in self.opened() if one.connection.subscription_id.lower() == name.lower()), None)
        return own or self._named(name, self._default.resource_group, self._default.name, "")

    def _of_account(self, host: str) -> LocalWorkspace:
        """Return the workspace whose storage account has this host."""
        own = next((one for one in self.opened() if one.connection.blob_host == host.lower()), None)
        if own is not None:
            return own
        folder = None if self._directory is None else self._directory / host.partition(".")[0].lower()
        if folder is None or not (folder / "workspace.db").exists():
            raise Refusal(404, "ResourceNotFound", f"No workspace of this run has the storage account {host}.")
        with self._lock:  # of an earlier run
            workspace = self._open(folder, None)
            at = workspace.connection
            return self._opened.setdefault(_key(at.subscription_id, at.resource_group, at.name), workspace)

    def _named(self, subscription: str, group: str, name: str, region: str) -> LocalWorkspace:
        """Return the workspace of these names.

        Raises:
            Refusal: 400 or 404, names that no workspace of Azure can have, or too many workspaces.
        """
        if not _SEGMENT.fullmatch(group) or not _SEGMENT.fullmatch(name):
            raise Refusal(404, "ResourceNotFound", "No workspace or resource group can have this name.")
        return self._workspace(LocalNames(_guid(subscription), group, name, region or DEFAULT_REGION))

    def _workspace(self, names: LocalNames) -> LocalWorkspace:
        key = _key(names.subscription_id, names.resource_group, names.name)
        with self._lock:
            if key in self._opened:
                return self._opened[key]
            if len(self._opened) >= _MOST:
                raise Refusal(429, "TooManyRequests", f"A run holds at most {_MOST} workspaces.")
            if self._directory is None:
                workspace = self._open(None, names)
            else:
                folder = self._directory / names.connection("").blob_host.partition(".")[0]
                is_there = (folder / "workspace.db").exists()  # perhaps in another region, or in other letters
                workspace = self._open(folder, None if is_there else names)
            self._opened[key] = workspace
            return workspace

    def _open(self, folder: Path | None, names: LocalNames | None) -> LocalWorkspace:
        workspace = LocalWorkspace(
            folder, seed=self._seed, targets=self._targets, faults=self._faults, clock=self._clock, names=names
        )
        self._shows.enter_context(self._shown(workspace))
        return workspace


def _key(subscription: str, group: str, name: str) -> tuple[str, str, str]:
    return subscription.lower(), group.lower(), name.lower()


def _guid(text: str) -> str:
    if not _GUID.fullmatch(text):
        raise Refusal(400, "InvalidSubscriptionId", "The subscription's id is not a GUID.")
    return text


def default_names(connection: Sequence[str]) -> LocalNames:
    """Return the names of the run's own workspace: those that the environment names already, or ones of the run.

    Args:
        connection: Subscription, resource group, name and region, each empty if nothing names it.

    Raises:
        ConfigurationError: The subscription is not a GUID.
    """
    subscription, group, name, region = connection
    if subscription and not _GUID.fullmatch(subscription):
        raise ConfigurationError("The subscription that the environment names is not a GUID. Correct or remove it.")
    return LocalNames(
        subscription or "00000000-0000-4000-8000-000000000001",
        group or "local",
        name or "local-workspace",
        region or DEFAULT_REGION,
    )
