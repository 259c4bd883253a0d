"""``GET /_/health``: whether the service can do its work. It needs no key and tells no secret."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from qsession_core.local.replies import json_reply
from qsession_core.local.storage.trouble import STORE_ERRORS, trouble_of
from qsession_core.transport.message import Response
from qsession_core.version import __version__

if TYPE_CHECKING:
    from qsession_core.local.service.requests import Service

__all__ = ["HEALTH_PATH", "Health"]

HEALTH_PATH = "/_/health"
# A look writes to the disk, so that it sees a full one; however many ask, it happens at most this often
_LOOK_SECONDS = 1.0


class Health:
    """Looks after the service.

    Args:
        service: What the routes work with.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._look_at = 0.0
        self._store_problem = ""

    def problems(self) -> list[str]:
        """Return what is wrong, in sentences."""
        with self._lock:
            if time.monotonic() >= self._look_at:
                self._store_problem = self._look()
                self._look_at = time.monotonic() + _LOOK_SECONDS
            problems = [self._store_problem, self._service.dispatcher.problem]
        return [problem for problem in problems if problem]

    def reply(self) -> Response:
        """Return 200 and the version if all is well, else 503 and what is wrong."""
        told = self.problems()
        shown = {"status": "unhealthy" if told else "healthy", "version": __version__, "problems": told}
        if not told:
            return json_reply(shown)
        reply = json_reply(shown, 503)
        return Response(503, {**reply.headers, "retry-after": "1"}, reply.body)

    def _look(self) -> str:
        """Write to the store; return why that does not work, or nothing."""
        store = self._service.store
        try:
            with store.transaction(patience_seconds=0.0) as database:
                database.execute(
                    "INSERT INTO facts VALUES ('looked at', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    (str(self._service.now()).encode(),),
                )
        except STORE_ERRORS as error:
            trouble = trouble_of(error)
            return f"The store cannot be used: {error!r}." if trouble is None else trouble.sentence
        return ""
