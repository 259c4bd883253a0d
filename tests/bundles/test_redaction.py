"""What is taken out of a bundle, wherever it stands."""

from __future__ import annotations

import base64
import gzip
import json
from urllib.parse import quote

import pytest

from qsession_core.bundles.bundle import Exchange
from qsession_core.bundles.recording import bundle_of
from qsession_core.bundles.redaction import leaks
from qsession_core.transport.message import Request, Response
from tests.support.exchanges import BASE, START, exchange

KEY = 'a+planted/api"key==&é'
SUBSCRIPTION = "5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40"
HEADERS = [
    "Authorization",
    "x-ms-quantum-api-key",
    "Cookie",
    "Proxy-Authorization",
    "Ocp-Apim-Subscription-Key",
    "X-Auth-Token",
]


def everything(one: Exchange) -> bytes:
    """Return all bytes of an exchange, unpacked."""
    parts = [repr(one.request.url), repr(one.request.headers), repr(one.response.headers)]
    bodies = [one.request.body, one.response.body]
    return "\n".join(parts).encode() + b"\n".join(
        gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body for body in bodies
    )


def cleaned(*exchanges: Exchange, texts=()) -> list[Exchange]:
    return list(bundle_of(START, exchanges, texts).exchanges)


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_hold_credentials_are_left_out(name):
    (one,) = cleaned(Exchange(0, 0, Request("GET", BASE, {name: "Bearer a-planted-secret"}), Response(200)))
    assert b"a-planted-secret" not in everything(one)
    assert name.lower() not in one.request.headers


SPELLINGS = {
    "as it is": KEY.encode(),
    "quoted": quote(KEY, "").encode(),
    "quoted twice": quote(quote(KEY, ""), "").encode(),
    "in JSON": json.dumps({"name": KEY}).encode(),
    "in JSON as UTF-8": json.dumps({"name": KEY}, ensure_ascii=False).encode(),
    "in base64": base64.b64encode(KEY.encode()),
    "compressed": gzip.compress(KEY.encode()),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("place", ["body", "answer", "address", "header"])
def test_a_secret_that_is_known_from_one_place_is_taken_from_all(spelling, place):
    secret = SPELLINGS[spelling]
    text = secret.decode("latin-1")
    if place in {"address", "header"} and spelling == "compressed":
        return
    request = Request(
        "PUT",
        f"{BASE}/jobs?name={text}" if place == "address" else BASE,
        {"x-ms-quantum-api-key": KEY, "x-name": text if place == "header" else ""},
        secret if place == "body" else b"",
    )
    # the secret is learnt from the second exchange only
    first = Exchange(0, 0, Request("PUT", request.url, {"x-name": request.headers["x-name"]}, request.body),
                     Response(200, {}, secret if place == "answer" else b""))  # fmt: skip
    shown = b"".join(map(everything, cleaned(first, Exchange(1, 0, request, Response(200)))))
    assert b"REDACTED-1" in shown
    for spelt in SPELLINGS.values():
        assert spelt not in shown


@pytest.mark.parametrize(
    "text",
    [
        f"{BASE}?sv=2025&se=2026-01-01T00%3A00%3A00Z&sig=c2lnbmF0dXJl%2Bx%3D&sp=r",
        json.dumps({"sasUri": f"{BASE}?sig=c2lnbmF0dXJl%2Bx%3D&se=2026"}),
        json.dumps({"sasUri": f"{BASE}?sig=c2lnbmF0dXJl%2Bx%3D"}).replace("&", "\\u0026").replace("?", "\\u0026"),
        quote(f"{BASE}?a=b&sig=c2lnbmF0dXJl%2Bx%3D", ""),
        "<Url>https://x/?a=b&amp;sig=c2lnbmF0dXJl%2Bx%3D</Url>",
    ],
)
def test_signatures_are_replaced_in_addresses_of_every_form(text):
    (one,) = cleaned(exchange("PUT", "/jobs", text.encode(), answer=text.encode()))
    assert b"c2lnbmF0dXJl" not in everything(one)
    assert b"sig" in everything(one)
    assert leaks(one) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token": "planted-secret-1"}',
        '{"primaryKey": "planted-secret-1"}',
        '{"apiKey":"planted-secret-1","x":1}',
        '{"connectionString": "planted-secret-1"}',
        "grant_type=client_credentials&client_secret=planted-secret-1&x=y",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=planted-secret-1;EndpointSuffix=x",
        '{"metadata": {"where": "SubscriptionId=x;ApiKey=planted-secret-1;QuantumEndpoint=y"}}',
    ],
)
def test_what_a_name_says_to_be_a_secret_is_one(text):
    (one, again) = cleaned(
        exchange("POST", "/x", text.encode()), exchange("GET", "/y", answer={"note": "it is planted-secret-1!"})
    )
    assert b"planted-secret-1" not in everything(one) + everything(again)
    assert b"it is REDACTED-1!" in everything(again)
    assert leaks(exchange("POST", "/x", text.encode()))
    assert leaks(one) == leaks(again) == []


def test_tokens_are_known_by_their_form():
    token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJwbGFudGVkIn0.c2lnbmVk"
    (one,) = cleaned(exchange("PUT", "/jobs", {"name": f"job {token}"}))
    assert b"eyJ" not in everything(one)
    assert "request, body: a token" in leaks(exchange("PUT", "/jobs", {"name": token}))


def test_subscriptions_and_tenants_get_other_ids_everywhere_alike():
    tenant = "11112222-3333-4444-8555-666677778888"
    first = exchange(
        "GET",
        "/jobs",
        answer={"tenantId": tenant, "note": SUBSCRIPTION.upper(), "plain": SUBSCRIPTION.replace("-", "")},
    )
    (one, two) = cleaned(first, exchange("GET", f"https://x/{tenant}"))
    for shown in (everything(one).lower(), everything(two).lower()):
        assert SUBSCRIPTION.encode() not in shown
        assert tenant.encode() not in shown
    assert "/subscriptions/00000000-0000-4000-8000-000000000001/" in one.request.url
    answer = json.loads(one.response.body)
    assert answer["note"] == "00000000-0000-4000-8000-000000000001"
    assert two.request.url.endswith(answer["tenantId"])


def test_people_are_not_named():
    (one,) = cleaned(exchange("GET", "/jobs/1", answer={"createdBy": "ada@example.org", "createdByType": "User"}))
    assert json.loads(one.response.body) == {"createdBy": "REDACTED", "createdByType": "User"}


def test_programs_and_results_stay_as_they_are_byte_for_byte():
    data = bytes(range(256)) * 50
    packed = gzip.compress(b'{"histogram": {"00": 1}}', mtime=1234)
    for body in (data, packed):
        (one,) = cleaned(exchange("PUT", "/jobs", body, answer=body))
        assert one.request.body == one.response.body == body


def test_the_sign_in_is_not_recorded():
    assert cleaned(exchange("POST", "https://login.microsoftonline.com/t/oauth2/v2.0/token", b"client_secret=x")) == []


def test_further_texts_are_taken_out_on_request():
    (one,) = cleaned(exchange("PUT", "/jobs", {"name": "project Aurora"}), texts=["Aurora"])
    assert json.loads(one.request.body) == {"name": "project REDACTED-1"}


def test_what_was_cleaned_once_stays_the_same():
    once = cleaned(
        exchange("PUT", "/jobs?sig=abcdefgh", {"apiKey": "planted-secret-1"}, answer={"tenantId": SUBSCRIPTION})
    )
    assert cleaned(*once) == once


def test_the_length_that_a_header_tells_is_that_of_the_body():
    (one,) = cleaned(exchange("GET", "/x", answer={"apiKey": "planted-secret-1"}, content_length="30"))
    assert one.response.headers["content-length"] == str(len(one.response.body))
