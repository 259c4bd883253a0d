"""Keys and tokens: renewed in time, shown nowhere."""

from __future__ import annotations

from collections import namedtuple

from qsession_core.transport.auth import ApiKey, Token

Access = namedtuple("Access", "token expires_on")  # noqa: PYI024 - as azure-core's


class Credential:
    def __init__(self, now) -> None:
        self.asked: list[str] = []
        self.now = now

    def get_token(self, *scopes: str) -> Access:
        self.asked.append(scopes[0])
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
