"""``qsession serve``: a local workspace behind HTTP, for other processes and other clients."""

from __future__ import annotations

import shlex
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qsession_core.command.frame import Amount, Command
from qsession_core.command.listening import listening, listening_options
from qsession_core.command.workers import Workers, given_socket
from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from types import FrameType

    from qsession_core.command.listening import Listening, ListeningOptions
    from qsession_core.command.setting import Setting
    from qsession_core.local import LocalWorkspace
    from qsession_core.local.http_server import Server
    from qsession_core.local.service.addresses import LocalConnection
    from qsession_core.page.mount import Mounted

__all__ = ["connection_string", "official_lines", "page", "page_link", "serve", "with_page"]


def connection_string(connection: LocalConnection, endpoint: str, accept: str = "") -> str:
    """Return the connection string for ``Workspace.from_connection_string``.

    Args:
        connection: The workspace.
        endpoint: Where it is served.
        accept: What the client is to accept, as ``Listening.of_connection_string`` says.
    """
    return (
        f"SubscriptionId={connection.subscription_id};ResourceGroupName={connection.resource_group};"
        f"WorkspaceName={connection.name};ApiKey={connection.api_key};QuantumEndpoint={endpoint};{accept}"
    )


def official_lines(connection: LocalConnection, endpoint: str) -> str:
    """Return the three lines that connect the official client."""
    return (
        "from azure.core.credentials import AzureKeyCredential\n"
        "from azure.quantum import Workspace\n"
        f'workspace = Workspace(subscription_id="{connection.subscription_id}", '
        f'resource_group="{connection.resource_group}", name="{connection.name}", location="{connection.location}", '
        f'credential=AzureKeyCredential("{connection.api_key}"), _quantum_endpoint="{endpoint}")\n'
    )


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's shape
    raise KeyboardInterrupt


def with_page(service: LocalWorkspace, *, is_lab: bool, accept: str = "") -> Mounted:
    """Return a local workspace with its page, as one thing to serve.

    Args:
        service: The workspace.
        is_lab: Whether its faults, time and targets may be changed through the page.
        accept: As for :func:`connection_string`.
    """
    from qsession_core.page import Page
    from qsession_core.page.mount import Mounted, holds_of, reader_of

    at = service.connection

    def connection(endpoint: str) -> dict[str, str]:
        return {
            "Connection string": connection_string(at, endpoint, accept),
            "Official client": official_lines(at, endpoint),
        }

    lab = service if is_lab else None
    page = Page(reader_of(service), at.api_key, lab=lab, connection=connection, holds=holds_of(service))
    return Mounted(service, page)


def page_link(endpoint: str, key: str) -> str:
    """Return the address of the page with its key, which a browser keeps to itself."""
    return f"{endpoint}_/#key={key}"


@click.command(cls=Command)
@listening_options
@click.option("--seed", type=int, help="Make all sampling repeatable.")
@click.option("--targets", metavar="FILE", type=click.Path(), help="A TOML file of targets to add or change.")
@click.option("--simulator", metavar="NAME", default="", help="Run every job on this simulator.")
@click.option("--executor", metavar="ADDRESS", help="Simulate on a Dask cluster: dask://host:port.")
@click.option(
    "--job-seconds",
    metavar="SECONDS",
    type=Amount(min=0, min_open=True),
    help="A job fails that runs longer.  [default: 600]",
)
@click.option("--store", metavar="ADDRESS", help="A database of several services: postgresql://host/database.")
@click.option("--blobs", metavar="PLACE", help="Where its large blobs are: s3://bucket/prefix.")
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that serve the port."
)
@click.option(
    "--key-file", metavar="FILE", type=click.Path(dir_okay=False), help="The key to use; made with a new one if absent."
)
@click.option(
    "--ready-file", metavar="FILE", type=click.Path(dir_okay=False), help="Write the address here once it answers."
)
@click.option(
    "--print", "form", type=click.Choice(["text", "json", "env"]), default="text", help="How to tell the connection."
)
@click.option(
    "--users", metavar="FILE", type=click.Path(dir_okay=False), help="People with keys of their own: qsession users."
)
@click.option("--lab", is_flag=True, help="Let the page add faults, put the clock forward and remove everything.")
@click.option("--no-page", is_flag=True, help="Serve no page for the browser.")
@click.pass_obj
def serve(
    setting: Setting,
    *,
    seed: int | None,
    targets: str | None,
    simulator: str,
    executor: str | None,
    job_seconds: float | None,
    store: str | None,
    blobs: str | None,
    workers: int,
    key_file: str | None,
    ready_file: str | None,
    form: str,
    users: str | None,
    lab: bool,
    no_page: bool,
    where: ListeningOptions,
) -> None:
    """Serve a local workspace over HTTP until Ctrl-C.

    It is in memory, or in the directory of --directory or a profile.

    The first line is the connection string; keep it to yourself, it holds the key. So does the last, a link to the page
    in the browser (docs/page.md). With --print env the lines are variables for a shell. The key is that of --key-file,
    else of QSESSION_KEY, else one that the workspace makes.
    """
    from qsession_core.clock import LabClock
    from qsession_core.command.keys import chosen_key
    from qsession_core.local import LocalWorkspace
    from qsession_core.local.http_server import Server, bound_socket

    if setting.connection_string_file is not None:
        raise click.UsageError("A workspace of the service cannot be served; give --directory, or nothing.")
    directory = setting.local_directory(setting.chosen_profile())
    if workers > 1 and (lab or (directory is None and store is None)):
        raise click.UsageError("Several workers share a store: give --directory or --store, and leave out --lab.")
    if workers > 1 and where.tls is not None and directory is None:
        raise click.UsageError("Several workers need one certificate: give --directory, which keeps it, or --tls-cert.")
    given = given_socket()
    with (
        LocalWorkspace(
            directory,
            seed=seed,
            targets=targets,
            simulator=simulator,
            executor=executor if workers == 1 else None,
            job_seconds=job_seconds,
            clock=LabClock() if lab else None,
            key=chosen_key(key_file),
            users=users,
            store=store,
            blobs=blobs,
            runs_jobs=workers == 1,  # else the workers do
        ) as workspace,
        listening(where, None if directory is None else Path(directory)) as at,
    ):
        accept = at.of_connection_string()
        served = workspace if no_page else with_page(workspace, is_lab=lab, accept=accept)
        listens_on = bound_socket(at.host, at.port) if workers > 1 else given and given[0]
        server = Server(
            served, port=at.port, host=at.host, expose=at.expose, hosts=at.names, tls=at.tls, listening=listens_on
        )
        signal.signal(signal.SIGTERM, _leave)
        if given is not None:
            given[1]()
            with suppress(KeyboardInterrupt):
                server.run()
            server.close()
            return
        group = None
        if workers > 1 and listens_on is not None:
            group = Workers(listens_on, workers, worker_arguments(directory, at, click.get_current_context()))
        try:
            if group is not None:
                group.start()
            _tell(setting, workspace, at, server, form=form, has_page=not no_page)
            if ready_file is not None:
                Path(ready_file).write_text(at.endpoints(server)[0] + "\n", encoding="utf-8")
            if group is not None:
                group.watch()
            else:
                server.run()
        except ChildProcessError as error:
            raise ConfigurationError("The workers could not be started; what they have said is above.") from error
        except BrokenPipeError as error:
            raise ConfigurationError(
                "Nobody reads the connection string: standard output is closed. Write it to a file instead."
            ) from error
        except KeyboardInterrupt:
            setting.output.remark("qsession: stopped")
        finally:
            if group is not None:
                group.stop()
            server.close()
            if ready_file is not None:
                Path(ready_file).unlink(missing_ok=True)


def worker_arguments(directory: Path | str | None, at: Listening, context: click.Context) -> list[str]:
    """Return the arguments of a worker: those of this process, for one worker and with the port that it has."""
    given = context.params
    words = ["--directory", str(directory)] if directory is not None else []
    words += ["serve", "--host", at.host]
    left = {"port", "host", "workers", "form", "ready_file", "lab", "hosts"}
    for option in context.command.params:
        value = given.get(option.name or "")
        if option.name in left or not isinstance(option, click.Option) or value in {None, False, ""}:
            continue
        words += [option.opts[0]] if option.is_flag else [option.opts[0], str(value)]
    for name in at.names:
        words += ["--allow-host", name]
    return words


def _tell(
    setting: Setting, workspace: LocalWorkspace, at: Listening, server: Server, *, form: str, has_page: bool
) -> None:
    """Write how the workspace is reached."""
    endpoint, *others = at.endpoints(server)
    text = connection_string(workspace.connection, endpoint, at.of_connection_string())
    page = page_link(endpoint, workspace.connection.api_key) if has_page else ""
    if form == "json":
        setting.output.as_json = True
    setting.output.objects(
        [
            {
                "connectionString": text,
                "endpoint": endpoint,
                "page": page or None,
                **({"otherEndpoints": others} if others else {}),
                **({"tlsFingerprint": at.fingerprint} if at.fingerprint else {}),
            }
        ]
    )
    if form == "env":
        told = {"AZURE_QUANTUM_CONNECTION_STRING": text, "QSESSION_ENDPOINT": endpoint, "QSESSION_PAGE": page}
        setting.output.lines([f"{name}={shlex.quote(value)}" for name, value in told.items()])
        return
    setting.output.lines([text, "", "For the official client:"])
    setting.output.lines(official_lines(workspace.connection, endpoint).splitlines())
    if at.fingerprint:
        setting.output.lines(["", f"The certificate's SHA-256: {at.fingerprint}"])
    if others:
        setting.output.lines(["", "Other addresses:", *others])
    if page:
        setting.output.lines(["", "The page:", page])


@click.command(cls=Command)
@listening_options
@click.option("--read-only", is_flag=True, help="Let nobody cancel jobs or close sessions through it.")
@click.pass_obj
def page(setting: Setting, *, read_only: bool, where: ListeningOptions) -> None:
    """Show a workspace in the browser until Ctrl-C.

    The page reads the workspace with this machine's credentials; browsers get a key of its own, made anew each time.
    The first line is the link with the key; keep it to yourself.
    """
    import secrets

    from qsession_core.local.http_server import Server
    from qsession_core.page import Page

    key = secrets.token_urlsafe(24)
    with setting.workspace() as workspace, listening(where, None) as at:
        shown = Page(workspace, key, may_change=not read_only)
        server = Server(shown, port=at.port, host=at.host, expose=at.expose, hosts=at.names, tls=at.tls)
        try:
            signal.signal(signal.SIGTERM, _leave)
            link = page_link(at.endpoints(server)[0], key)
            setting.output.objects([{"page": link}])
            setting.output.lines([link])
            server.run()
        except KeyboardInterrupt:
            setting.output.remark("qsession: stopped")
        finally:
            server.close()
