"""The command ``qsession``.

``qsession serve`` puts a local workspace behind HTTP, for other processes and other clients. ``qsession jobs`` lists
the jobs that have ended in a local workspace's directory, exports them, and deletes old ones.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from typing import TYPE_CHECKING

from qsession_core.errors import QSessionError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from qsession_core.local.service.addresses import LocalConnection

__all__ = ["connection_string", "main", "official_lines"]


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: The command-line arguments without the command's name; None for those of this process.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="qsession", description="Azure Quantum's sessions, and a local workspace.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve a local workspace over HTTP")
    serve.add_argument("--port", type=int, default=0, help="where to listen (default: any free port)")
    serve.add_argument("--host", default="127.0.0.1", help="on which address (default: this machine only)")
    serve.add_argument("--expose", action="store_true", help="allow an address that other machines can reach")
    serve.add_argument("--directory", help="keep everything here (default: in memory)")
    serve.add_argument("--seed", type=int, help="make all sampling repeatable")
    serve.add_argument("--targets", help="a TOML file of targets to add or change")
    serve.add_argument("--simulator", default="", help="run every job on this simulator")
    jobs = commands.add_parser("jobs", help="list, export and delete the jobs of a directory that have ended")
    jobs.add_argument("--directory", required=True, help="the local workspace's directory")
    jobs.add_argument("--export", metavar="FOLDER", help="write all jobs that have ended, with their blobs")
    jobs.add_argument(
        "--prune-days",
        type=float,
        metavar="DAYS",
        help="delete the jobs and sessions that have ended and were created before this",
    )
    chosen = parser.parse_args(arguments)
    try:
        return _jobs(chosen) if chosen.command == "jobs" else _serve(chosen)
    except QSessionError as error:
        sys.stderr.write(f"qsession: {error}\n")
        return 2


def _jobs(chosen: argparse.Namespace) -> int:
    """List jobs that have ended, then export and prune as asked. No workspace is opened: it would run waiting jobs."""
    from contextlib import closing
    from datetime import UTC, datetime, timedelta
    from pathlib import Path

    from qsession_core.local.archive import Archive
    from qsession_core.local.storage.blobs import Blobs
    from qsession_core.local.storage.database import Store

    directory = Path(chosen.directory)
    if not (directory / "workspace.db").exists():
        sys.stderr.write(f"qsession: there is no local workspace in {chosen.directory}.\n")
        return 2
    with closing(Store(directory)) as store:
        archive = Archive(store, Blobs(store))
        for job in archive.jobs():
            sys.stdout.write(f"{job.id}  {job.state:<10} {job.target:<28} {job.name}\n")
        if chosen.export is not None:
            sys.stdout.write(f"{archive.export(Path(chosen.export))} jobs written to {chosen.export}\n")
        if chosen.prune_days is not None:
            before = datetime.now(UTC) - timedelta(days=chosen.prune_days)
            sys.stdout.write(f"{archive.prune(before)} jobs and sessions deleted\n")
    return 0


def _serve(chosen: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from qsession_core.local import LocalWorkspace
    from qsession_core.local.http_server import Server

    # waitress warns of every request that waits for a thread, which is normal here
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)

    def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's shape
        raise KeyboardInterrupt

    with LocalWorkspace(
        chosen.directory, seed=chosen.seed, targets=chosen.targets, simulator=chosen.simulator
    ) as workspace:
        server = Server(workspace, port=chosen.port, host=chosen.host, expose=chosen.expose)
        try:
            signal.signal(signal.SIGTERM, leave)
            sys.stdout.write(connection_string(workspace.connection, server.endpoint) + "\n")
            sys.stdout.write("\nFor the official client:\n")
            sys.stdout.write(official_lines(workspace.connection, server.endpoint))
            sys.stdout.flush()
            server.run()
        except KeyboardInterrupt:
            sys.stderr.write("qsession: stopped\n")
        finally:
            server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
