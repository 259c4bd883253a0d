"""The workspace that users make: client, transport and, where asked for, the local workspace."""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from qsession_core.client.service.connection import (
    API_VERSION,
    Connection,
    PartialConnection,
    endpoint_problems,
    location_of,
    parse_connection_string,
    parse_resource_id,
)
from qsession_core.client.submitting.journal import Journal
from qsession_core.client.workspace import Workspace as ServiceWorkspace
from qsession_core.clock import Clock, ManualClock, clock_of
from qsession_core.connect.credentials import TenantCredential, default_credential, gives_tokens, is_key, same
from qsession_core.connect.environment import chosen_profile, completed, from_environment, local_setting
from qsession_core.connect.in_process import InProcess
from qsession_core.errors import ConfigurationError
from qsession_core.keywords import strict_keywords
from qsession_core.logs import logger
from qsession_core.transport.auth import ApiKey, Token, TokenCredential
from qsession_core.transport.retry import RetryingTransport, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from qsession_core.counting import GateCounts
    from qsession_core.local import Faults, LocalTarget, LocalWorkspace
    from qsession_core.transport import Transport

__all__ = ["Workspace"]

_log = logger(__name__)
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
        profile: str | None = None,
        location: str | None = None,
        credential: TokenCredential | str | None = None,
        user_agent: str | None = None,
        endpoint: str | None = None,
        storage: str | None = None,
        api_version: str = API_VERSION,
        proxies: dict[str, str] | None = None,
        verify: bool | str | None = None,
        retry: RetryPolicy | None = None,
        parallelism: int = 16,
        transport: Transport | None = None,
        journal: str | os.PathLike[str] | None = None,
        clock: Clock | None = None,
        record: str | os.PathLike[str] | None = None,
        allow_http: Sequence[str] = (),
        tls_fingerprint: str | None = None,
    ) -> None:
        """Connect to a workspace; missing arguments come from the environment, by the official client's names.

        Arguments win over single variables, and these over ``AZURE_QUANTUM_CONNECTION_STRING``.
        ``QSESSION_LOCAL`` makes a local workspace if no argument names one: ``1``, ``true``, ``yes`` and ``on`` one in
        memory, another text one in the directory of this name; ``0``, ``false``, ``no``, ``off`` and no text make none.
        A profile of ``QSESSION_PROFILE`` is used if neither an argument nor ``QSESSION_LOCAL`` names a workspace, the
        profile ``default`` if no variable does either. With a profile no other variable of the environment is read.

        Source: docs/protocol.md 1.3.

        Args:
            subscription_id: The subscription's GUID.
            resource_group: The resource group's name.
            name: The workspace's name.
            resource_id: All three in one; wins over them.
            profile: A profile of the configuration (:mod:`qsession_core.profiles`); other arguments win over its
                members.
            location: The region, such as ``"eastus"``; by default looked up in Azure.
            credential: A credential of azure-identity, or an API key as text; by default azure-identity's chain.
            user_agent: Put before our own user agent.
            endpoint: The service's base URL; by default looked up in Azure.
            storage: Only None: programs and results are in the storage account that the workspace is linked to.
            api_version: The ``api-version`` of each call.
            proxies: Proxy URL by scheme; by default the environment's, read once. A local workspace needs none of
                proxies, verify and transport, and says so in the log.
            verify: Path of a CA bundle; by default the environment's, read once.
            retry: How often requests are repeated, and after which waits.
            parallelism: How many calls are made at the same time, at most, when many jobs are sent or fetched.
            transport: Used instead of HTTP.
            journal: Path of a file that notes what is sent, for :meth:`resume` after a crash.
            clock: Times polling, retries and budgets; by default the machine's.
            record: Path of a bundle for :meth:`replay`: all traffic, without secrets, written when the workspace is
                closed or the program ends.
            allow_http: Hosts that programs, results and the key may be sent to unencrypted; without them only this
                machine.
            tls_fingerprint: The SHA-256 of the certificate that the endpoint must have, in hexadecimal digits, instead
                of one of a known authority.

        Raises:
            ConfigurationError: Something is missing or wrong.
        """
        if storage is not None:
            raise ConfigurationError(
                "A storage of your own cannot be used; leave storage out. Programs and results are in the storage "
                "account that the workspace is linked to, by addresses that the service signs."
            )
        given = PartialConnection(
            subscription_id or "",
            resource_group or "",
            name or "",
            location or "",
            endpoint or "",
            allow_http=tuple(allow_http),
            fingerprint=tls_fingerprint or "",
        )
        if resource_id is not None:
            given = replace(
                parse_resource_id(resource_id),
                location=given.location,
                endpoint=given.endpoint,
                allow_http=given.allow_http,
                fingerprint=given.fingerprint,
            )
        is_named = given != PartialConnection() or credential is not None
        is_local, directory = local_setting()
        is_local = is_local and profile is None and not is_named
        chosen = None if is_local else chosen_profile(profile, is_named=is_named)
        if chosen is not None and chosen.directory:
            if is_named:
                raise ConfigurationError(
                    f"Profile {chosen.name!r} is a local workspace in {chosen.directory}, and another argument names a "
                    "workspace too. Leave out one of them."
                )
            is_local, directory = True, chosen.directory
        journal = journal or (chosen.journal if chosen is not None else "") or None
        if is_local:
            from qsession_core.local import LocalWorkspace

            unused = [("proxies", proxies), ("verify", verify), ("transport", transport)]
            for argument in (argument for argument, value in unused if value is not None):
                _log.warning("%s is not used: the workspace is local, and nothing goes over a network.", argument)
            service = LocalWorkspace(directory, clock=clock)
            self._connect_locally(
                service, user_agent=user_agent, api_version=api_version, retry=retry, journal=journal, record=record
            )
            return
        clock = clock_of(clock)
        if chosen is not None:
            parts = completed(given, chosen.connection(), with_key=credential is None)
        else:
            parts = from_environment(given, with_key=credential is None)
        http = transport or _http(proxies, verify, parallelism, parts)
        carrier = RetryingTransport(_recorded(http, record), retry or RetryPolicy(), clock)
        if not (credential is None or isinstance(credential, str) or is_key(credential) or gives_tokens(credential)):
            raise ConfigurationError(
                f"The credential {type(credential).__name__} is neither an API key (text, or AzureKeyCredential) nor a "
                "credential of azure-identity, which has a method get_token."
            )
        key = credential if isinstance(credential, str) else getattr(credential, "key", "") or parts.api_key
        make = default_credential  # a key opens the workspace, and not Azure's list of workspaces
        if credential is not None and not isinstance(credential, str) and gives_tokens(credential):
            make = functools.partial(same, credential)
        super().__init__(
            _connection(parts, carrier, make, clock, api_version),
            carrier,
            ApiKey(key) if key else Token(make),
            clock=clock,
            user_agent=" ".join(filter(None, [os.environ.get(_APPLICATION), user_agent])) or None,
            parallelism=parallelism,
            journal=Journal(journal) if journal is not None else None,
            counter=_count_gates,
        )

    @classmethod
    @strict_keywords
    def from_connection_string(
        cls,
        connection_string: str,
        *,
        user_agent: str | None = None,
        api_version: str = API_VERSION,
        proxies: dict[str, str] | None = None,
        verify: bool | str | None = None,
        retry: RetryPolicy | None = None,
        parallelism: int = 16,
        transport: Transport | None = None,
        journal: str | os.PathLike[str] | None = None,
        clock: Clock | None = None,
        record: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Connect by a connection string. Keywords as for the constructor.

        With ``ApiKey=`` the key is used; with ``TenantId=`` instead, azure-identity signs in to that tenant.
        ``http://`` is accepted on loopback, and for the hosts of ``AllowHttp=``, which are separated by commas. With
        ``TlsFingerprint=`` the endpoint must have the certificate with this SHA-256, whoever has issued it.

        Raises:
            ConfigurationError: Something in it is missing or wrong.
        """
        parts = parse_connection_string(connection_string)
        if not parts.api_key and not parts.tenant_id:
            raise ConfigurationError(
                "The connection string has neither ApiKey nor TenantId; copy it from the workspace's access keys."
            )
        return cls(
            parts.subscription_id,
            parts.resource_group,
            parts.name,
            location=parts.location,
            endpoint=parts.endpoint,
            credential=parts.api_key or TenantCredential(parts.tenant_id),
            allow_http=parts.allow_http,
            tls_fingerprint=parts.fingerprint,
            user_agent=user_agent,
            api_version=api_version,
            proxies=proxies,
            verify=verify,
            retry=retry,
            parallelism=parallelism,
            transport=transport,
            journal=journal,
            clock=clock,
            record=record,
        )

    @classmethod
    @strict_keywords
    def replay(
        cls, bundle: str | os.PathLike[str], *, api_version: str = API_VERSION, retry: RetryPolicy | None = None
    ) -> Self:
        """Return the workspace of a bundle: the answers that were recorded, offline, without waiting.

        A request that was not recorded raises a ReplayError that shows the nearest one.

        Args:
            bundle: As ``record=`` or ``qsession run --record`` has written it.
            api_version: The ``api-version`` of each call.
            retry: How often failures that were recorded make the client repeat a request.

        Raises:
            ConfigurationError: The bundle cannot be read, or has no traffic of a workspace.
        """
        from qsession_core.bundles.bundle import read_bundle
        from qsession_core.bundles.replaying import ReplayTransport, workspace_of

        recorded = read_bundle(Path(bundle))
        subscription, group, name, endpoint = workspace_of(recorded)
        clock = ManualClock(recorded.recorded)
        workspace = cls.__new__(cls)
        super(Workspace, workspace).__init__(
            Connection(subscription, group, name, location_of(endpoint), endpoint, api_version),
            RetryingTransport(ReplayTransport(recorded), retry or RetryPolicy(), clock),
            ApiKey("replayed"),
            clock=clock,
            counter=_count_gates,
        )
        return workspace

    @classmethod
    @strict_keywords
    def local(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        seed: int | None = None,
        clock: Clock | None = None,
        executor: Executor | str | None = None,
        targets: Iterable[LocalTarget] | str | os.PathLike[str] | None = None,
        faults: Faults | None = None,
        simulator: str | None = None,
        runs_jobs: bool = True,
        store: str | None = None,
        blobs: str | None = None,
        api_version: str = API_VERSION,
        retry: RetryPolicy | None = None,
        journal: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Make a local workspace: the whole service in this process, offline.

        Args:
            path: A directory that keeps everything and survives restarts; by default everything is in memory.
            seed: Makes the sampling repeatable.
            clock: The time of service and client, such as a ``local.ManualClock``; by default the machine's.
            executor: Runs the simulations: an executor, or ``"dask://host:port"`` for a Dask cluster; by default a pool
                of its own.
            targets: ``local.LocalTarget`` rows to add or to replace; or the path of a TOML file of them.
            faults: A ``local.Faults``: which requests and jobs fail.
            simulator: The plugin name of the simulator for all jobs; by default one is chosen for each job.
            runs_jobs: False to look and change only: no job runs here, and those that are submitted wait until another
                process opens the directory.
            store: The address of a PostgreSQL database that several services share (``postgresql://...``); ``path`` is
                then a directory that all of them reach, for large programs and results.
            blobs: ``s3://bucket/prefix`` for the large programs and results of such a store.
            api_version: The ``api-version`` of each call.
            retry: How often the client repeats requests, and after which waits.
            journal: Path of a file that notes what is sent.
        """
        from qsession_core.local import LocalWorkspace

        service = LocalWorkspace(
            path,
            seed=seed,
            clock=clock,
            executor=executor,
            targets=targets,
            faults=faults,
            simulator=simulator or "",
            runs_jobs=runs_jobs,
            store=store,
            blobs=blobs,
        )
        workspace = cls.__new__(cls)
        workspace._connect_locally(  # noqa: SLF001 - its own constructor
            service, api_version=api_version, retry=retry, journal=journal
        )
        return workspace

    @classmethod
    @strict_keywords
    def of(cls, service: LocalWorkspace, *, api_version: str = API_VERSION, retry: RetryPolicy | None = None) -> Self:
        """Return a client of a local workspace that there is already; closing the client leaves it open.

        >>> from qsession_core.local import LocalWorkspace
        >>> with LocalWorkspace(seed=7) as service, Workspace.of(service) as workspace:
        ...     workspace.service is service
        True

        Args:
            service: The local workspace; several clients may share one.
            api_version: The ``api-version`` of each call.
            retry: How often the client repeats requests, and after which waits.
        """
        workspace = cls.__new__(cls)
        workspace._connect_locally(service, api_version=api_version, retry=retry, owns=False)  # noqa: SLF001 - its own
        return workspace

    def _connect_locally(
        self,
        service: LocalWorkspace,
        *,
        user_agent: str | None = None,
        api_version: str = API_VERSION,
        retry: RetryPolicy | None = None,
        journal: str | os.PathLike[str] | None = None,
        record: str | os.PathLike[str] | None = None,
        owns: bool = True,
    ) -> None:
        """Put a local workspace behind the transport; arguments as for the constructor."""
        at = service.connection
        carrier = InProcess(service, owns=owns)
        super().__init__(
            Connection(
                at.subscription_id, at.resource_group, at.name, at.location, at.endpoint.rstrip("/"), api_version
            ),
            RetryingTransport(_recorded(carrier, record), retry or RetryPolicy(), service.clock),
            ApiKey(at.api_key),
            clock=service.clock,
            user_agent=user_agent,
            parallelism=1,
            journal=Journal(journal) if journal is not None else None,
            counter=_count_gates,
            wait_for_end=carrier.wait_for_end,
        )

    @property
    def service(self) -> LocalWorkspace | None:
        """The local workspace behind this one; None if the service is not in this process."""
        carrier: object = self._transport
        while not isinstance(carrier, InProcess | None):
            carrier = getattr(carrier, "inner", None)
        return carrier.service if isinstance(carrier, InProcess) else None


def _count_gates(data: bytes, input_data_format: str, params: Mapping[str, Any]) -> GateCounts:
    """Count gates as the local workspace does for its bills."""
    from qsession_core.local.execution.bill import count_payload

    return count_payload(data, input_data_format, params)


def _connection(
    parts: PartialConnection, carrier: Transport, make: Callable[[], TokenCredential], clock: Clock, api_version: str
) -> Connection:
    """Return the connection to a workspace; Azure's resource manager is asked only if parts of it are missing.

    Raises:
        ConfigurationError: There is no such workspace, or its endpoint cannot be used.
    """
    is_named = bool(parts.subscription_id and parts.resource_group and parts.name)
    if is_named and not parts.endpoint and parts.location and parts.api_key:
        parts = replace(parts, endpoint=f"https://{parts.location}.quantum.azure.com")
    if not (is_named and parts.endpoint):
        from qsession_core.client.service.discovery import ARM_SCOPE, find_workspace

        parts = find_workspace(parts, carrier, Token(make, scope=ARM_SCOPE), clock)
    problems = endpoint_problems(parts.endpoint, parts.allow_http)
    if problems:
        raise ConfigurationError(f"The endpoint cannot be used: {'; '.join(problems)}.")
    return Connection(
        parts.subscription_id,
        parts.resource_group,
        parts.name,
        parts.location or location_of(parts.endpoint),
        parts.endpoint.rstrip("/"),
        api_version,
        parts.allow_http,
    )


def _recorded(transport: Transport, path: str | os.PathLike[str] | None) -> Transport:
    """Return a transport that records, if there is a path."""
    if path is None:
        return transport
    from qsession_core.bundles.recording import RecordingTransport

    return RecordingTransport(transport, Path(path))


def _http(
    proxies: dict[str, str] | None,
    verify: bool | str | None,  # noqa: FBT001
    parallelism: int,
    parts: PartialConnection,
) -> Transport:
    from qsession_core.transport.http import HttpTransport

    return HttpTransport(
        proxies=proxies,
        verify=verify,
        connections=max(parallelism, 16),
        direct=parts.allow_http,
        pinned={parts.endpoint: parts.fingerprint} if parts.fingerprint else {},
    )
