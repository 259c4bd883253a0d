"""Making a workspace: the one place where the rooms are put together."""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from qsession_core.client.service.connection import (
    API_VERSION,
    Connection,
    Parts,
    endpoint_problems,
    location_of,
    parse_connection_string,
    parse_resource_id,
)
from qsession_core.client.service.discovery import ARM_SCOPE, find_workspace
from qsession_core.client.submitting.journal import Journal
from qsession_core.client.workspace import Workspace as ServiceWorkspace
from qsession_core.clock import Clock, SystemClock
from qsession_core.errors import ConfigurationError
from qsession_core.keywords import strict_keywords
from qsession_core.transport.auth import ApiKey, Authentication, Token, TokenCredential
from qsession_core.transport.retry import RetryingTransport, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor

    from qsession_core.local import LocalWorkspace
    from qsession_core.transport import Request, Response, Transport

__all__ = ["Workspace"]

_ENVIRONMENT = {
    "subscription_id": ("AZURE_QUANTUM_SUBSCRIPTION_ID", "SUBSCRIPTION_ID"),
    "resource_group": ("AZURE_QUANTUM_WORKSPACE_RG", "RESOURCE_GROUP"),
    "name": ("AZURE_QUANTUM_WORKSPACE_NAME",),
    "location": ("AZURE_QUANTUM_WORKSPACE_LOCATION", "LOCATION"),
}
_CONNECTION_STRING = "AZURE_QUANTUM_CONNECTION_STRING"
_LOCAL = "QSESSION_LOCAL"
_APPLICATION = "AZURE_QUANTUM_PYTHON_APPID"


class Workspace(ServiceWorkspace):
    """An Azure Quantum workspace, or a local one.

    >>> workspace = Workspace.local(seed=7)
    >>> workspace.get_target("ionq.simulator")
    <Target ionq.simulator: 29 qubits, Base>
    """

    @strict_keywords
    def __init__(
        self,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        name: str | None = None,
        *,
        resource_id: str | None = None,
        location: str | None = None,
        credential: TokenCredential | str | None = None,
        user_agent: str | None = None,
        endpoint: str | None = None,
        api_version: str = API_VERSION,
        proxies: dict[str, str] | None = None,
        verify: bool | str | None = None,
        retry: RetryPolicy | None = None,
        parallelism: int = 16,
        transport: Transport | None = None,
        journal: str | os.PathLike[str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Connect to a workspace. What is not given comes from the environment, by the official client's names.

        Arguments win over single variables, those over ``AZURE_QUANTUM_CONNECTION_STRING``. ``QSESSION_LOCAL=1`` (or a
        directory) makes it a local one where no argument names a workspace.

        Args:
            subscription_id: The subscription's GUID.
            resource_group: The resource group's name.
            name: The workspace's name.
            resource_id: All three in one; wins over them.
            location: The region, such as ``"eastus"``; found by itself where it is not given.
            credential: Any credential of azure-identity, or an API key as text; by default azure-identity's chain.
            user_agent: Goes before our own.
            endpoint: The service's base URL; found by itself where it is not given.
            api_version: The ``api-version`` of each call.
            proxies: Proxy URL by scheme; by default the environment's, read once.
            verify: Path of a CA bundle; by default the environment's, read once.
            retry: How often and how patiently requests are repeated.
            parallelism: How many calls a batch makes at the same time.
            transport: Carries the requests instead of HTTP.
            journal: A file that notes what is sent, so that :meth:`resume` finds it after a crash.
            clock: Times polling, retries and budgets; by default the machine's.

        Raises:
            ConfigurationError: Something is missing or wrong.
        """
        given = Parts(subscription_id or "", resource_group or "", name or "", location or "", endpoint or "")
        if resource_id is not None:
            found = parse_resource_id(resource_id)
            given = replace(
                given, subscription_id=found.subscription_id, resource_group=found.resource_group, name=found.name
            )
        if given == Parts() and credential is None and os.environ.get(_LOCAL):
            directory = os.environ[_LOCAL]
            self._local(
                None if directory == "1" else directory, {}, user_agent=user_agent, journal=journal, clock=clock
            )
            return
        clock = clock or SystemClock()
        parts = _from_environment(given, with_key=credential is None)
        if transport is None:
            from qsession_core.transport.http import HttpTransport

            transport = HttpTransport(proxies=proxies, verify=verify, connections=max(parallelism, 16))
        carrier = RetryingTransport(transport, retry or RetryPolicy(), clock)
        key = credential if isinstance(credential, str) else getattr(credential, "key", "") or parts.api_key

        make_credential: Callable[[], TokenCredential] = _default_credential
        if credential is not None and not isinstance(credential, str):
            make_credential = functools.partial(_given, credential)
        authentication: Authentication = ApiKey(key) if key else Token(make_credential)
        if not (parts.endpoint and parts.subscription_id and parts.resource_group and parts.name):
            if parts.location and parts.subscription_id and parts.resource_group and parts.name and parts.api_key:
                parts = replace(parts, endpoint=f"https://{parts.location}.quantum.azure.com")
            else:
                manager = Token(make_credential, scope=ARM_SCOPE)
                parts = find_workspace(parts, carrier, manager, clock)
        problems = endpoint_problems(parts.endpoint)
        if problems:
            raise ConfigurationError(f"The endpoint cannot be used: {'; '.join(problems)}.")
        connection = Connection(
            parts.subscription_id,
            parts.resource_group,
            parts.name,
            parts.location or location_of(parts.endpoint),
            parts.endpoint.rstrip("/"),
            api_version,
        )
        application = " ".join(filter(None, [os.environ.get(_APPLICATION), user_agent])) or None
        super().__init__(
            connection,
            carrier,
            authentication,
            clock=clock,
            user_agent=application,
            parallelism=parallelism,
            journal=Journal(journal) if journal is not None else None,
        )

    @classmethod
    @strict_keywords
    def from_connection_string(
        cls,
        connection_string: str,
        *,
        user_agent: str | None = None,
        proxies: dict[str, str] | None = None,
        verify: bool | str | None = None,
        retry: RetryPolicy | None = None,
        parallelism: int = 16,
        transport: Transport | None = None,
        journal: str | os.PathLike[str] | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """Connect by a connection string; ``http://`` is taken on loopback only. Keywords as of the constructor.

        Raises:
            ConfigurationError: Something in it is missing or wrong.
        """
        parts = parse_connection_string(connection_string)
        if not parts.api_key:
            raise ConfigurationError("The connection string has no ApiKey; copy it from the workspace's access keys.")
        return cls(
            parts.subscription_id,
            parts.resource_group,
            parts.name,
            location=parts.location,
            endpoint=parts.endpoint,
            credential=parts.api_key,
            user_agent=user_agent,
            proxies=proxies,
            verify=verify,
            retry=retry,
            parallelism=parallelism,
            transport=transport,
            journal=journal,
            clock=clock,
        )

    @classmethod
    @strict_keywords
    def local(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        seed: int | None = None,
        clock: Clock | None = None,
        executor: Executor | None = None,
        targets: Sequence[Any] | str | os.PathLike[str] | None = None,
        faults: Any = None,
        simulator: str | None = None,
        retry: RetryPolicy | None = None,
        journal: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Make a whole workspace on this machine; everything runs offline.

        Args:
            path: A directory that survives restarts; by default everything is in memory.
            seed: Makes every draw the same in each run.
            clock: The time of service and client, such as a ``local.ManualClock``; by default the machine's.
            executor: Runs the simulations; by default a pool of its own.
            targets: Targets to add or to change, rows of ``local.LocalTarget``; or a TOML file of them.
            faults: What goes wrong, and when: ``local.Faults``.
            simulator: Runs every job, by its name among the installed ones; by default chosen for each job.
            retry: How often and how patiently the client repeats requests.
            journal: A file that notes what is sent.
        """
        workspace = cls.__new__(cls)
        options = {
            "seed": seed,
            "executor": executor,
            "targets": targets,
            "faults": faults,
            "simulator": simulator,
        }
        workspace._local(path, options, retry=retry, journal=journal, clock=clock)  # noqa: SLF001 - its own constructor
        return workspace

    def _local(
        self,
        path: str | os.PathLike[str] | None,
        options: Mapping[str, Any],
        *,
        user_agent: str | None = None,
        retry: RetryPolicy | None = None,
        journal: str | os.PathLike[str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Put a service in this process behind the transport."""
        from qsession_core.local import LocalWorkspace

        clock = clock or SystemClock()
        chosen = {name: value for name, value in options.items() if value is not None}
        service = LocalWorkspace(path, clock=clock, **chosen)
        at = service.connection
        connection = Connection(at.subscription_id, at.resource_group, at.name, at.location, at.endpoint.rstrip("/"))
        carrier = RetryingTransport(_InProcess(service), retry or RetryPolicy(), clock)
        super().__init__(
            connection,
            carrier,
            ApiKey(at.api_key),
            clock=clock,
            user_agent=user_agent,
            parallelism=1,
            journal=Journal(journal) if journal is not None else None,
        )

    @property
    def service(self) -> LocalWorkspace | None:
        """The local workspace behind this one, if it is in this process."""
        carrier = getattr(self._transport, "inner", None)
        return carrier.service if isinstance(carrier, _InProcess) else None


class _InProcess:
    """Carries requests to a service in this process."""

    def __init__(self, service: LocalWorkspace) -> None:
        self.service = service

    def __reduce__(self) -> tuple[Any, ...]:
        """Open the same directory in the process that unpickles."""
        path = self.service.store.directory
        if path is None:
            raise TypeError(
                "A local workspace in memory cannot leave its process; give it a directory: Workspace.local(path)."
            )
        return _opened, (str(path), self.service.clock)

    def send(self, request: Request) -> Response:
        """Hand the request over."""
        response: Response = self.service.handle(request)
        return response

    def close(self) -> None:
        """Stop the service."""
        self.service.close()


def _opened(path: str, clock: Clock) -> _InProcess:
    from qsession_core.local import LocalWorkspace

    return _InProcess(LocalWorkspace(path, clock=clock))


def _from_environment(given: Parts, *, with_key: bool) -> Parts:
    """Fill what is not given from the environment: single variables first, then the connection string."""
    values: dict[str, str] = {}
    for member, names in _ENVIRONMENT.items():
        values[member] = getattr(given, member) or next(filter(None, map(os.environ.get, names)), "")
    parts = replace(given, **values)
    text = os.environ.get(_CONNECTION_STRING)
    complete = parts.subscription_id and parts.resource_group and parts.name and parts.location and not with_key
    if not text or complete:
        return parts
    stated = parse_connection_string(text)
    same = all(
        getattr(parts, member) in {"", getattr(stated, member)}
        for member in ("subscription_id", "resource_group", "name")
    )
    if not same:
        return parts  # the arguments name another workspace: neither its key nor its endpoint fits
    return replace(
        parts,
        subscription_id=stated.subscription_id,
        resource_group=stated.resource_group,
        name=stated.name,
        location=parts.location or stated.location,
        endpoint=parts.endpoint or stated.endpoint,
        api_key=stated.api_key,
    )


def _given(credential: TokenCredential) -> TokenCredential:
    return credential


def _default_credential() -> TokenCredential:
    """Make azure-identity's chain; it takes half a second to import, so only who needs it pays."""
    from azure.identity import DefaultAzureCredential

    credential: TokenCredential = DefaultAzureCredential(exclude_interactive_browser_credential=False)
    return credential
