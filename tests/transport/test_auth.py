"""Keys and tokens: renewed in time, shown nowhere."""

from __future__ import annotations

from collections import namedtuple

import pytest

from qsession_core import Request, Response
from qsession_core.transport.auth import ApiKey, AuthenticatedTransport, Token

Access = namedtuple("Access", "token expires_on")  # noqa: PYI024 - as azure-core's


class Credential:
    def __init__(self, now) -> None:
        self.asked: list[str] = []
        self.now = now

    def get_token(self, *scopes: str, claims: str = "") -> Access:
        self.asked.append(scopes[0] + claims)
        return Access(f"token{len(self.asked)}", int(self.now()) + 3600)


def test_a_token_is_kept_until_five_minutes_before_it_expires():
    time = [1000.0]
    credential = Credential(lambda: time[0])
    token = Token(lambda: credential, now=lambda: time[0])

    assert token.headers() == {"Authorization": "Bearer token1"}
    time[0] += 3299
    assert token.headers() == {"Authorization": "Bearer token1"}
    time[0] += 2
    assert token.headers() == {"Authorization": "Bearer token2"}
    assert credential.asked[0] == "https://quantum.microsoft.com/.default"


def test_a_credential_is_made_only_when_a_token_is_needed():
    made = []
    Token(lambda: made.append(1))  # type: ignore[arg-type,return-value]
    assert made == []


def test_secrets_are_in_no_repr():
    token = Token(lambda: Credential(lambda: 0.0))
    token.headers()
    assert "planted" not in repr(ApiKey("planted"))
    assert "token1" not in repr(token)


class Door:
    """Lets only one credential in."""

    def __init__(self, good: str, challenge: str = "") -> None:
        self.good = good
        self.challenge = challenge
        self.sent: list[str] = []

    def send(self, request: Request) -> Response:
        self.sent.append(request.headers.get("Authorization", "key"))
        headers = {"www-authenticate": self.challenge}
        return Response(200) if self.sent[-1] == self.good else Response(401, headers)

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("challenge", "claims"),
    [
        ('Bearer error="invalid_token"', ""),
        ('Bearer realm="", error="insufficient_claims", claims="eyJhIjoxfQ=="', '{"a":1}'),
        ("", ""),
    ],
)
def test_a_token_that_is_refused_is_dropped_and_asked_for_once_more(challenge, claims):
    credential, door = Credential(lambda: 0.0), Door("Bearer token2", challenge)
    transport = AuthenticatedTransport(door, Token(lambda: credential, now=lambda: 0.0))

    assert [transport.send(Request("GET", "https://a.example")).status for _ in range(2)] == [200, 200]
    assert door.sent == ["Bearer token1", "Bearer token2", "Bearer token2"]
    assert credential.asked[1].endswith(f".default{claims}")


def test_a_second_refusal_and_the_refusal_of_a_key_are_answers():
    credential, door = Credential(lambda: 0.0), Door("another")
    for authentication in (Token(lambda: credential, now=lambda: 0.0), ApiKey("planted")):
        assert AuthenticatedTransport(door, authentication).send(Request("GET", "https://a.example")).status == 401
    assert door.sent == ["Bearer token1", "Bearer token2", "key"]
