"""What stands for Azure Quantum while a program runs: local workspaces, the real service recorded, or a bundle."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from qsession_core.bundles.bundle import read_bundle
from qsession_core.bundles.recording import Recorder
from qsession_core.bundles.replaying import Replayer, workspaces_of
from qsession_core.clock import SystemClock
from qsession_core.errors import ConfigurationError
from qsession_core.intercept.authority import Authority
from qsession_core.intercept.environment import for_azure, names_in, through
from qsession_core.intercept.hosts import region_of, role_of
from qsession_core.intercept.login import Login
from qsession_core.intercept.proxy import Proxy
from qsession_core.intercept.summary import usage_of
from qsession_core.intercept.upstream import Upstream
from qsession_core.intercept.workspaces import DEFAULT_REGION, Workspaces, default_names
from qsession_core.local.faults import read_faults
from qsession_core.local.service.addresses import LocalNames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from qsession_core.local.workspace import LocalWorkspace
    from qsession_core.transport.message import Request, Response

__all__ = ["Stage", "offline", "recording", "replaying"]


class Stage(msgspec.Struct, frozen=True):
    """What a program needs to meet Azure Quantum here.

    Attributes:
        environment: Its environment.
        lines: What there is to say about it; filled when the stage is left.
        problems: The requests that could not be answered, each as one sentence; filled when the stage is left.
    """

    environment: Mapping[str, str]
    lines: list[str] = msgspec.field(default_factory=list)
    problems: list[str] = msgspec.field(default_factory=list)


@contextmanager
def _intercepted(
    answer: Callable[[Request], Response], environment: Mapping[str, str], allowed: Sequence[str]
) -> Iterator[tuple[Proxy, dict[str, str]]]:
    """Run a proxy, and change an environment so that programs go through it."""
    with Proxy(Authority(), answer, allowed) as proxy, tempfile.TemporaryDirectory(prefix="qsession-run-") as folder:
        bundle = Path(folder) / "certificates.pem"
        yield proxy, through(environment, proxy.url, proxy.authority.certificate, bundle)


@contextmanager
def offline(
    environment: Mapping[str, str],
    *,
    directory: Path | None = None,
    seed: int | None = None,
    targets: Path | None = None,
    faults: Path | None = None,
    shown: Callable[[LocalWorkspace], AbstractContextManager[object]] = nullcontext,
    allowed: Sequence[str] = (),
) -> Iterator[Stage]:
    """Let local workspaces be Azure Quantum; arguments as of :class:`~qsession_core.intercept.run.RunOptions`."""
    failures = None if faults is None else read_faults(faults)
    names = default_names(names_in(environment))
    with Workspaces(directory, names, seed=seed, targets=targets, faults=failures, shown=shown) as workspaces:
        own = for_azure(environment, workspaces.default.connection, workspaces.login)
        with _intercepted(workspaces.handle, own, allowed) as (proxy, changed):
            stage = Stage(changed)
            yield stage
        used = [usage for usage in usage_of(workspaces.opened()) if usage.jobs or usage.sessions]
        stage.lines.extend([*map(str, used), *_refused(proxy)])


@contextmanager
def recording(environment: Mapping[str, str], bundle: Path, *, allowed: Sequence[str] = ()) -> Iterator[Stage]:
    """Let the real service be what it is, and write its traffic to a bundle; the user's credentials are used."""
    recorder = Recorder(bundle)
    upstream = Upstream()
    try:
        with _intercepted(lambda request: recorder.sent(upstream, request), environment, allowed) as (proxy, changed):
            stage = Stage(changed)
            yield stage
        stage.lines.extend(_refused(proxy))
    finally:
        upstream.close()
        written = recorder.write()
    stage.lines.insert(0, f"{written} requests and answers are in {bundle}")


@contextmanager
def replaying(environment: Mapping[str, str], bundle: Path, *, allowed: Sequence[str] = ()) -> Iterator[Stage]:
    """Let a bundle be Azure Quantum."""
    recorded = read_bundle(bundle)
    replayer = Replayer(recorded)
    login = Login(SystemClock())

    def answer(request: Request) -> Response:
        if role_of(urlsplit(request.url).hostname or "") == "login":
            return login.handle(request)
        return replayer.handle(request)

    own = for_azure(environment, _recorded_names(bundle, workspaces_of(recorded)).connection("replayed"), login)
    with _intercepted(answer, own, allowed) as (proxy, changed):
        stage = Stage(changed)
        yield stage
    stage.problems.extend(error.message for error in replayer.missed)
    stage.lines.extend([*stage.problems, *_refused(proxy)])


def _recorded_names(bundle: Path, found: Mapping[tuple[str, str, str], str]) -> LocalNames:
    """Return the names of the first workspace of a bundle.

    Raises:
        ConfigurationError: It was recorded from a service on this machine, whose addresses lead past any proxy.
    """
    if not found:
        return default_names(("", "", "", ""))
    (subscription, group, name), endpoint = next(iter(found.items()))
    host = urlsplit(endpoint).hostname or ""
    if role_of(host) != "service":
        raise ConfigurationError(
            f"{bundle} was recorded from {endpoint}, not from Azure: programs go past a proxy there. Replay it by "
            "Workspace.replay(...)."
        )
    return LocalNames(subscription, group, name, region_of(host) or DEFAULT_REGION)


def _refused(proxy: Proxy) -> list[str]:
    """Return which hosts were refused."""
    return [
        f"{address} was refused {'once' if count == 1 else f'{count} times'};"
        f" --allow {address.rpartition(':')[0]} lets it through"
        for address, count in sorted(proxy.refused.items())
    ]
