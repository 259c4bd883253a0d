"""A journal of what is sent, so that a crash neither loses nor duplicates a job.

One JSON object on each line, appended and synced. Invariants, held by tests that kill the process at random points:

* ``intent`` is on disk before the first byte goes to the service, with the job's body and payload, so that the job can
  be sent again. It has no secrets: a URL with a SAS is requested again.
* ``sent`` follows when the service has the job, ``refused`` when the service refused it finally.
* A job is sent again with the same id, so that the service has it once, and only to the workspace it was meant for.
* Several processes may write one file. A line that a crash has cut, or that is damaged otherwise, is skipped and its
  number logged; the next one starts on a new line.
"""

from __future__ import annotations

import base64
import errno
import os
import socket
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.client.service.blobs import MAX_BYTES
from qsession_core.client.service.rest import segment, to_json
from qsession_core.decoding import read_json, typed
from qsession_core.errors import ConfigurationError
from qsession_core.logs import logger
from qsession_core.processes.locks import is_running, lock

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Intent", "Journal"]

_log = logger(__name__)
_BOM = b"\xef\xbb\xbf"  # an editor may have put it in front of the first line
_BLANK = b" \t\r" + _BOM


class _Line(msgspec.Struct, omit_defaults=True):
    step: str
    job: str
    at: float
    workspace: str = ""
    by: str = ""
    body: dict[str, Any] = {}
    content_type: str = ""
    payload: str = ""
    why: str = ""


class _Body(msgspec.Struct):
    """The members that a job cannot be sent without."""

    target: str
    inputParams: dict[str, Any]  # noqa: N815 - the wire's name


@dataclass(frozen=True, slots=True)
class Intent:
    """A job that was to be sent, and whose end is not in the journal.

    Attributes:
        job_id: The job's id.
        body: The members of its creation, without blob URLs.
        content_type: The content type of its payload.
        data: Its payload.
        at: When it was noted, in seconds since 1970.
        workspace: The URL of the workspace that it was meant for; empty if the journal does not tell.
    """

    job_id: str
    body: Mapping[str, Any]
    content_type: str
    data: bytes
    at: float
    workspace: str = ""

    def __repr__(self) -> str:
        return f"<Intent {self.job_id} {self.body.get('name')!r} for {self.body.get('target')}>"


class Journal:
    """The journal in one file."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open or create the file; its folder must exist.

        Raises:
            ConfigurationError: It cannot be written.
        """
        self.path = Path(path)
        self._lock = threading.Lock()
        self._process = f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"
        try:
            os.close(
                os.open(self.path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            )  # only the owner may read the programs
        except OSError as error:
            raise ConfigurationError(
                f"The journal {self.path} cannot be written: {error.strerror}. Choose a file in a folder of yours."
            ) from error

    def __repr__(self) -> str:
        return f"<Journal {self.path}>"

    def __reduce__(self) -> tuple[type[Journal], tuple[Path]]:
        return Journal, (self.path,)

    def intend(self, intent: Intent) -> None:
        """Note a job before anything of it is sent.

        Raises:
            ConfigurationError: The file cannot be written, so the job must not be sent.
        """
        job_id = intent.job_id
        packed = base64.b85encode(zlib.compress(intent.data, 1)).decode()
        try:
            self._write(
                _Line(
                    "intent",
                    job_id,
                    intent.at,
                    intent.workspace,
                    self._process,
                    dict(intent.body),
                    intent.content_type,
                    packed,
                )
            )
        except OSError as error:
            raise ConfigurationError(
                f"Job {job_id} was not sent: the journal {self.path} cannot be written ({error.strerror}). Make room "
                "or bring the file back, and send it again."
            ) from error

    def sent(self, intent: Intent, at: float) -> None:
        """Note that the service has the job; if that fails, :meth:`open_intents` returns it again."""
        self._note(_Line("sent", intent.job_id, at, intent.workspace))

    def refused(self, intent: Intent, at: float, why: str) -> None:
        """Note that the service refused the job finally."""
        self._note(_Line("refused", intent.job_id, at, intent.workspace, why=why))

    def _note(self, line: _Line) -> None:
        """Write how a job ended; a full disk is only logged, since the job itself has been sent."""
        try:
            self._write(line)
        except OSError as error:
            _log.warning("journal %s: %r of job %s was not noted: %s", self.path, line.step, line.job, error.strerror)

    def _write(self, line: _Line) -> None:
        data = to_json(line) + b"\n"
        with self._lock, self.path.open("r+b", buffering=0) as file:
            lock(file)  # released when the file is closed
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a crash has cut the last line
                    data = b"\n" + data
            if file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())

    def open_intents(self) -> list[Intent]:
        """Return the jobs whose end is not in the journal, the oldest first.

        Jobs of other processes that still run are left out.
        """
        found: dict[tuple[str, str], tuple[int, _Line]] = {}
        for number, raw in enumerate(self.path.read_bytes().split(b"\n"), 1):
            if not raw.strip(_BLANK):
                continue
            try:
                line = read_json(raw.removeprefix(_BOM), _Line)
                segment(line.job)
            except (msgspec.MsgspecError, RecursionError, ConfigurationError) as error:
                self._skip(number, error)
                continue
            if line.step == "intent":
                found[line.workspace, line.job] = number, line
            else:
                found.pop((line.workspace, line.job), None)
        intents: list[Intent] = []
        for number, line in found.values():
            if line.by != self._process and _runs(line.by):
                continue
            try:
                intents.append(_intent(line))
            except (ValueError, zlib.error) as error:
                self._skip(number, error)
        return intents

    def _skip(self, number: int, error: Exception) -> None:
        _log.warning("journal %s: line %d is damaged and was skipped: %s", self.path, number, error)


def _intent(line: _Line) -> Intent:
    """Return the job of a line.

    Raises:
        ValueError: Its payload or its body is damaged.
        zlib.error: Its payload is damaged.
    """
    unpack = zlib.decompressobj()
    data = unpack.decompress(base64.b85decode(line.payload), MAX_BYTES)
    if not unpack.eof:
        raise ValueError(f"the payload is cut, or has more than {MAX_BYTES} bytes")
    typed(line.body, _Body)
    return Intent(line.job, line.body, line.content_type, data, line.at, line.workspace)


def _started(pid: int) -> str:
    """Return when a process was started, in the system's ticks; empty if unknown."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _runs(process: str) -> bool:
    """Whether the process that wrote a line still runs on this machine."""
    host, _, rest = process.partition(":")
    pid, _, started = rest.partition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    return is_running(int(pid)) and _started(int(pid)) == started
