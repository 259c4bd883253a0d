"""``GET /_/metrics``: what the service does, in the text format of Prometheus. It needs the key.

Source: Prometheus' "Exposition formats", text format 0.0.4. Names follow its "Metric and label naming": a unit in the
name, ``_total`` for what only grows.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from qsession_core.transport.message import Response
from qsession_core.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qsession_core.local.service.requests import Service

__all__ = ["METRICS_PATH", "Metrics"]

METRICS_PATH = "/_/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Upper bounds of the classes of durations, in seconds
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"})  # others are whatever a stranger sends
Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Counts requests, and says how many jobs and sessions there are.

    Args:
        service: What the routes work with.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._below = [0] * len(BOUNDS)
        self._count, self._seconds = 0, 0.0

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note a request that was answered.

        Args:
            method: Its method.
            route: Its shape, such as ``"jobs/*"``; no ids.
            status: Its status.
            seconds: How long it took.
        """
        with self._lock:
            self._requests[method if method in _METHODS else "other", route, status] += 1
            self._count += 1
            self._seconds += seconds
            for place, bound in enumerate(BOUNDS):
                if seconds <= bound:
                    self._below[place] += 1

    def reply(self, problems: list[str]) -> Response:
        """Return all metrics.

        Args:
            problems: What is wrong with the service.
        """
        service = self._service
        counted = service.store.read(
            "SELECT item_type, target, state, COUNT(*), MIN(created) FROM items GROUP BY item_type, target, state"
        )
        jobs = [row for row in counted if row[0] == "Job"]
        sessions = [row for row in counted if row[0] == "Session"]
        waiting = [created for _, _, state, _, created in jobs if state == "Waiting"]
        oldest = (service.now() - min(waiting)) / 1_000_000 if waiting else 0.0
        with self._lock:
            requests, below = dict(self._requests), list(self._below)
            count, seconds = self._count, self._seconds
        buckets = [((("le", f"{bound:g}"),), number) for bound, number in zip(BOUNDS, below, strict=True)]
        lines = [
            *_metric("qsession_info", "gauge", "The version.", [((("version", __version__),), 1)]),
            *_metric("qsession_healthy", "gauge", "Whether the service can do its work.", [((), int(not problems))]),
            *_metric("qsession_jobs", "gauge", "Jobs in the store.", _by_state(jobs)),
            *_metric("qsession_sessions", "gauge", "Sessions in the store.", _by_state(sessions)),
            *_metric(
                "qsession_oldest_waiting_seconds", "gauge", "How long the first job waits.", [((), max(0.0, oldest))]
            ),
            *_metric(
                "qsession_requests_total",
                "counter",
                "Requests that were answered.",
                [
                    ((("method", method), ("route", route), ("status", str(status))), number)
                    for (method, route, status), number in sorted(requests.items())
                ],
            ),
            *_metric(
                "qsession_request_seconds",
                "histogram",
                "How long answering took.",
                [*buckets, ((("le", "+Inf"),), count)],
                suffix="_bucket",
            ),
            f"qsession_request_seconds_sum {seconds:.6f}",
            f"qsession_request_seconds_count {count}",
        ]
        return Response(200, {"content-type": CONTENT_TYPE}, ("\n".join(lines) + "\n").encode())


def _by_state(rows: Iterable[tuple[str, str, str, int, int]]) -> list[tuple[Labels, float]]:
    return [((("target", target), ("state", state)), number) for _, target, state, number, _ in sorted(rows)]


def _metric(
    name: str, kind: str, about: str, samples: Iterable[tuple[Labels, float]], *, suffix: str = ""
) -> list[str]:
    lines = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    for labels, value in samples:
        shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
        lines.append(f"{name}{suffix}{f'{{{shown}}}' if shown else ''} {value:g}")
    return lines


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
