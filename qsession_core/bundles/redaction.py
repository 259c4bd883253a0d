"""Secrets out of exchanges: what they are, and what stands in their place.

A secret is learnt where its place says that it is one: in a header, in a signature, in a member of JSON or a part of a
connection string of a telling name. It is then replaced wherever it stands: in addresses, headers and bodies, as it is,
quoted for a URL, escaped for JSON, or in base64. The same secret has the same replacement everywhere.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from qsession_core.bundles.bundle import Exchange
from qsession_core.bundles.packing import changed, unpacked
from qsession_core.transport.message import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["REDACTED", "SIGNATURE", "SIGNED_UNTIL", "Redactor", "leaks"]

REDACTED = "REDACTED"
_SHORTEST = 6  # a shorter text is in too many places that are no secret
_EXPIRY = "2999-01-01T00%3A00%3A00Z"  # of signed addresses, so that no client asks for a new one in a replay
_GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_SECRET_HEADER = re.compile(r"authorization|cookie|api-?key|subscription-key|secret|password|token", re.IGNORECASE)
_START = r"(?:[?&]|&amp;|\\u0026|%26|%3[fF])"
_VALUE = r"((?:(?!%26|&|\\|[\"'<>\s]).){6,})"
SIGNATURE = re.compile(rf"({_START}sig(?:=|%3[dD]))" + _VALUE)
SIGNED_UNTIL = re.compile(rf"({_START}se(?:=|%3[dD]))" + _VALUE)
_WORD = re.compile(r"(?:[\w+/~.-]|%(?:25)*[0-9a-fA-F]{2}){6,}(?:=|%(?:25)*3[dD])*")
_MEMBER = re.compile(
    r"\"((?:\w{0,99}(?:access|refresh|id|device|sas)_?token|\w{0,99}secret|\w{0,99}password|\w{0,99}api_?key"
    r"|(?:primary|secondary|account)_?key|\w{0,99}connection_?string|client_assertion|assertion)\w{0,99})\"\s*:\s*\"((?:[^\"\\]|\\.){6,})\"",
    re.IGNORECASE,
)
_FORM = re.compile(r"(?:^|[?&])(client_secret|password|refresh_token|client_assertion|assertion|code)=([^&\s]{6,})")
_PART = re.compile(
    r"\b(?:AccountKey|ApiKey|SharedAccessKey|SharedAccessSignature|Password)=([^;\"'\s\\&]{6,})", re.IGNORECASE
)
_TOKEN = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_SUBSCRIPTION = re.compile(
    rf"(?:subscriptions(?:/|%2[fF]|\\/)|subscription_?id\\?\"?\s*[:=]\s*\\?\"?)({_GUID})", re.IGNORECASE
)
_TENANT = re.compile(
    rf"(?:tenant_?id\\?\"?\s*[:=]\s*\\?\"?|login\.microsoftonline\.com(?:/|%2[fF])|sts\.windows\.net/)({_GUID})",
    re.IGNORECASE,
)
_PERSON = re.compile(r"(\"(?:createdBy|lastModifiedBy|userPrincipalName|mail)\"\s*:\s*\")((?:[^\"\\]|\\.)+)(\")")
# Names in place of ids start with these; the numbers behind them tell one from another
_SUBSCRIPTIONS, _TENANTS = "00000000-0000-4000-8000-", "00000000-0000-4000-9000-"


class Redactor:
    """Learns secrets and takes them out.

    Args:
        texts: Texts that are secret too, wherever they stand.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._secrets: dict[str, str] = {}
        self._signatures: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._replacements: dict[str, str] = {}
        for text in texts:
            self._learn(text)

    def __repr__(self) -> str:
        return f"<Redactor, {len(self._secrets)} secrets>"

    def learn(self, exchange: Exchange) -> None:
        """Learn the secrets of an exchange."""
        self.learn_from(exchange.request.headers, exchange.request.url, exchange.request.body)
        self.learn_from(exchange.response.headers, "", exchange.response.body)

    def learn_from(self, headers: Mapping[str, str], url: str, body: bytes) -> None:
        """Learn the secrets of a message."""
        for name, value in headers.items():
            if _SECRET_HEADER.search(name) and not value.lower().startswith("bearer authorization_uri"):
                scheme, _, rest = value.partition(" ")
                self._learn(rest if rest and scheme.lower() in {"bearer", "basic", "sharedkey"} else value)
        for text in (url, "\n".join(headers.values()), unpacked(body).decode("latin-1")):
            self._learn_text(text)

    def _learn_text(self, text: str) -> None:
        for found in SIGNATURE.finditer(text):
            if not found[2].startswith(REDACTED):
                # there are thousands: each is a word of its own, so a table finds them, where secrets need a pattern
                self._signatures.setdefault(_plain(found[2]), f"{REDACTED}-S{len(self._signatures) + 1}")
        for found in _MEMBER.finditer(text):
            self._learn(_unescaped(found[2]))
        for found in _FORM.finditer(text):
            self._learn(unquote(found[2]))
        for found in _PART.finditer(text):
            self._learn(found[1])
        for found in _TOKEN.finditer(text):
            self._learn(found[0])
        for pattern, start in ((_SUBSCRIPTION, _SUBSCRIPTIONS), (_TENANT, _TENANTS)):
            for found in pattern.finditer(text):
                self._learn_id(found[1].lower(), start)

    def _learn(self, secret: str) -> None:
        secret = secret.strip()
        if len(secret) >= _SHORTEST and not secret.startswith(REDACTED) and secret not in self._secrets:
            self._secrets[secret] = f"{REDACTED}-{len(self._secrets) + 1}"
            self._pattern = None

    def _learn_id(self, own: str, start: str) -> None:
        if own not in self._ids and not own.startswith((_SUBSCRIPTIONS, _TENANTS, "00000000-0000-0000-")):
            number = sum(name.startswith(start) for name in self._ids.values()) + 1
            self._ids[own] = f"{start}{number:012d}"
            self._pattern = None

    def cleaned(self, exchange: Exchange) -> Exchange:
        """Return an exchange without the secrets that were learnt so far."""
        asked, told = exchange.request, exchange.response
        body, headers = changed(asked.body, self._shown(asked.headers), self.hidden)
        request = Request(asked.method, self.hidden(asked.url), headers, body)
        body, headers = changed(told.body, self._shown(told.headers), self.hidden)
        return Exchange(exchange.at, exchange.seconds, request, Response(told.status, headers, body))

    def _shown(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return headers without those that are secrets, with names in lower case."""
        return {
            name.lower(): self.hidden(value)
            for name, value in headers.items()
            if not _SECRET_HEADER.search(name) or name.lower() == "www-authenticate"
        }

    def hidden_secrets(self, text: str) -> str:
        """Return a text without secrets, but with its ids and addresses as they are."""
        pattern = self._compiled()
        own = self._ids
        return pattern.sub(
            lambda found: found[0] if _dashed(found[0]) in own else self._replacements[found[0].lower()], text
        )

    def hidden(self, text: str) -> str:
        """Return a text without secrets."""
        text = SIGNATURE.sub(lambda found: found[1] + self._name_of(found[2]), text)
        if self._signatures:
            text = _WORD.sub(lambda found: self._signatures.get(_plain(found[0]), found[0]), text)
        text = SIGNED_UNTIL.sub(lambda found: found[1] + _EXPIRY if "=" in found[1] else found[0], text)
        text = _PERSON.sub(_hide_person, text)
        return self._compiled().sub(lambda found: self._replacements[found[0].lower()], text)

    def _name_of(self, signature: str) -> str:
        return signature if signature.startswith(REDACTED) else self._signatures.get(_plain(signature), REDACTED)

    def _compiled(self) -> re.Pattern[str]:
        """Return one pattern of all spellings of all secrets, the longest first."""
        if self._pattern is not None:
            return self._pattern
        self._replacements = {}
        for secret, name in self._secrets.items():
            for spelling in _spellings(secret):
                self._replacements[spelling.encode().decode("latin-1").lower()] = name
        for own, name in self._ids.items():
            self._replacements[own] = name
            self._replacements[own.replace("-", "")] = name.replace("-", "")
        longest_first = sorted(self._replacements, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)", re.IGNORECASE)
        return self._pattern


def _plain(text: str) -> str:
    """Return a signature as it is, however often it was quoted for a URL."""
    return unquote(unquote(text)) if "%" in text else text


def _dashed(text: str) -> str:
    """Return the form in which ids are kept, of an id with or without its dashes."""
    plain = text.replace("-", "").lower()
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"


def _spellings(secret: str) -> set[str]:
    escaped = json.dumps(secret)[1:-1]
    spellings = {
        secret,
        quote(secret, ""),
        quote(secret),
        quote(quote(secret, ""), ""),
        escaped,
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
    for text in (secret, escaped):
        spellings |= {text.replace("/", "\\/"), text.replace("&", "\\u0026").replace("+", "\\u002B")}
    encoded = base64.b64encode(secret.encode()).decode()
    return spellings | {encoded, encoded.rstrip("="), base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")}


def _unescaped(text: str) -> str:
    try:
        shown: object = json.loads(f'"{text}"', strict=False)
    except ValueError:
        return text
    return str(shown).encode("latin-1", "ignore").decode("utf-8", "ignore") if isinstance(shown, str) else text


def _hide_person(found: re.Match[str]) -> str:
    is_person = "@" in found[2] or re.fullmatch(_GUID, found[2])
    return f"{found[1]}{REDACTED}{found[3]}" if is_person else found[0]


def leaks(exchange: Exchange) -> list[str]:
    """Return what in an exchange looks like a secret, without showing it."""
    found = []
    for place, message in (("request", exchange.request), ("answer", exchange.response)):
        found += [
            f"{place}, header {name}"
            for name in message.headers
            if _SECRET_HEADER.search(name) and name != "www-authenticate"
        ]
        url = message.url if isinstance(message, Request) else ""
        for part, text in (
            ("address", url),
            ("headers", "\n".join(message.headers.values())),
            ("body", unpacked(message.body).decode("latin-1")),
        ):
            found += [f"{place}, {part}: {kind}" for kind in _suspects(text)]
    return found


def _suspects(text: str) -> list[str]:
    kinds = {
        "a signature": [found[2] for found in SIGNATURE.finditer(text)],
        "a member that holds a secret": [found[2] for found in _MEMBER.finditer(text)],
        "a form's secret": [found[2] for found in _FORM.finditer(text)],
        "a part of a connection string": [found[1] for found in _PART.finditer(text)],
        "a token": [found[0] for found in _TOKEN.finditer(text)],
    }
    shown = [kind for kind, values in kinds.items() if any(not value.startswith(REDACTED) for value in values)]
    ids = {"a subscription's id": _SUBSCRIPTION, "a tenant's id": _TENANT}
    return shown + [
        kind
        for kind, pattern in ids.items()
        if any(not found[1].startswith(("00000000-0000-",)) for found in pattern.finditer(text))
    ]
