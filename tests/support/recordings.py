"""Recorded traffic of the real service, where it is at hand; it is not part of this project."""

from __future__ import annotations

import base64
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from qsession_core import Request, Response

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"


def names() -> list[str]:
    """Every recording's name; one that does not exist where there are none, so that its test can say so."""
    return sorted(path.stem for path in RECORDINGS.glob("*.json")) or ["none"]


def load(name: str) -> list[dict]:
    """Return one recorded conversation."""
    path = RECORDINGS / f"{name}.json"
    if not path.exists():
        pytest.skip("the recorded traffic of the real service is not at hand; it is not part of this project")
    return json.loads(path.read_text())


def kind(method: str, url: str) -> str:
    """Return what a request is about: its method and path, without ids, hosts and the workspace's name."""
    path = re.sub(
        r"(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/[^/]+/workspaces/[^/]+", "", urlsplit(url).path
    )
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>", path)
    if method == "GET" and path.endswith("utputData"):
        path = "/result"
    return f"{method} {path}"


def body_of(message: dict) -> bytes:
    """Return a recorded body's bytes."""
    body = message["body"] or {"text": ""}
    if "json" in body:
        return json.dumps(body["json"]).encode()
    return base64.b64decode(body["base64"]) if "base64" in body else body["text"].encode()


@dataclass
class Replay:
    """Answers each request with the next recorded answer of its kind; the last of a kind is given again and again.

    What was uploaded can be read, also where nobody did.
    """

    entries: list[dict]
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answers: dict[str, list[Response]] = defaultdict(list)
        for entry in self.entries:
            request, answer = entry["request"], entry["response"]
            headers = {
                name.lower(): value
                for name, value in answer["headers"].items()
                if name.lower() not in {"content-length", "retry-after"}
            }
            key = kind(request["method"], request["url"])
            self.answers[key].append(Response(answer["status"], headers, body_of(answer)))
        for entry in self.entries:
            request = entry["request"]
            uploaded = kind("GET", request["url"])
            if request["method"] == "PUT" and request.get("body") and uploaded not in self.answers:
                self.answers[uploaded].append(Response(200, {}, body_of(request)))

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        answers = self.answers[kind(request.method, request.url)]
        if not answers:
            raise AssertionError(f"nothing recorded for {request}")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def close(self) -> None:
        pass
