"""``qsession serve``: a local workspace behind HTTP, for other processes and other clients."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click

from qsession_core.command.frame import Command
from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from qsession_core.command.setting import Setting
    from qsession_core.local.service.addresses import LocalConnection

__all__ = ["connection_string", "official_lines", "serve"]


def connection_string(connection: LocalConnection, endpoint: str) -> str:
    """Return the connection string for ``Workspace.from_connection_string``."""
    return (
        f"SubscriptionId={connection.subscription_id};ResourceGroupName={connection.resource_group};"
        f"WorkspaceName={connection.name};ApiKey={connection.api_key};QuantumEndpoint={endpoint};"
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


@click.command(cls=Command)
@click.option("--port", type=int, default=0, help="Where to listen; by default any free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="On which address.")
@click.option("--expose", is_flag=True, help="Allow an address that other machines can reach.")
@click.option(
    "--allow-host", "hosts", metavar="NAME", multiple=True, help="A further name under which clients reach it."
)
@click.option("--seed", type=int, help="Make all sampling repeatable.")
@click.option("--targets", metavar="FILE", type=click.Path(), help="A TOML file of targets to add or change.")
@click.option("--simulator", metavar="NAME", default="", help="Run every job on this simulator.")
@click.pass_obj
def serve(
    setting: Setting,
    *,
    port: int,
    host: str,
    expose: bool,
    hosts: Sequence[str],
    seed: int | None,
    targets: str | None,
    simulator: str,
) -> None:
    """Serve a local workspace over HTTP until Ctrl-C.

    It is in memory, or in the directory of --directory or a profile.

    The first line is the connection string; keep it to yourself, it holds the key.
    """
    from qsession_core.local import LocalWorkspace
    from qsession_core.local.http_server import Server

    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's shape
        raise KeyboardInterrupt

    if setting.connection_string_file is not None:
        raise click.UsageError("A workspace of the service cannot be served; give --directory, or nothing.")
    directory = setting.local_directory(setting.chosen_profile())
    with LocalWorkspace(directory, seed=seed, targets=targets, simulator=simulator) as workspace:
        server = Server(workspace, port=port, host=host, expose=expose, hosts=hosts)
        text = connection_string(workspace.connection, server.endpoint)
        try:
            signal.signal(signal.SIGTERM, leave)
            setting.output.objects([{"connectionString": text, "endpoint": server.endpoint}])
            setting.output.lines([text, "", "For the official client:"])
            setting.output.lines(official_lines(workspace.connection, server.endpoint).splitlines())
            server.run()
        except BrokenPipeError as error:
            raise ConfigurationError(
                "Nobody reads the connection string: standard output is closed. Write it to a file instead."
            ) from error
        except KeyboardInterrupt:
            setting.output.remark("qsession: stopped")
        finally:
            server.close()
