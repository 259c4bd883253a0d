"""Signatures, keys and tokens are shown by no text of the service, however they are written."""

from __future__ import annotations

import json
import traceback

import pytest

from qsession_core import Response, Workspace, errors
from qsession_core.transport import Request, without_secrets
from qsession_core.transport.auth import ApiKey, AuthenticatedTransport
from qsession_core.transport.retry import RetryPolicy

KEY = "planted+key/with=signs"
JOB = "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    "text",
    [
        "?sig=planted",
        "?a=1&amp;sig=planted",
        "%26sig%3Dplanted",
        "%2526sig%253Dplanted",
        r"\u0026sig=planted",
        r"\u0026sig\u003dplanted",
        "sig=planted mismatch",
        "(sig=planted)",
        "Sig = planted",
        '{"sig": "planted"}',
        r"{\"sig\":\"planted\"}",
        "sig=a%2Bplanted",
        r"sig=a\u002Bplanted",
        r"sig=a\/planted",
        "sig=a&#43;planted",
        "Signature=planted",
        "signature: planted",
        "The MAC signature found in the HTTP request 'planted=' is not the same as any computed signature.",
        "SharedAccessSignature=planted",
        "ApiKey=planted;",
        "x-ms-quantum-api-key: planted",
        "AccountKey=planted",
        "Authorization: Bearer planted-0123456789abcdef",
    ],
)
def test_a_secret_is_taken_out_however_it_is_written(text):
    assert "planted" not in without_secrets(text)


@pytest.mark.parametrize(
    "text", ["?design=bell&sp=r", "Signature did not match.", "assign: 3", "The bearer of bad news", "a key = b"]
)
def test_what_only_looks_like_a_secret_is_left(text):
    assert without_secrets(text) == text


class _Repeating:
    """A service that answers with a text for every request."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.answer = Response(status, headers or {}, body)

    def send(self, request: Request) -> Response:
        return self.answer

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "spelled",
    [KEY, "planted%2Bkey%2fwith%3D" + "signs", r"planted\u002Bkey\/with=signs", "planted&#43;key&#x2F;with&#61;signs"],
)
@pytest.mark.parametrize("status", [200, 401, 500])
def test_an_answer_that_repeats_the_key_is_told_without_it(status, spelled):
    door = _Repeating(status, f'{{"key": "{spelled}!"}}'.encode(), {"x-ms-error-code": f"Wrong {spelled}"})
    answer = AuthenticatedTransport(door, ApiKey(KEY)).send(Request("GET", "https://a.example"))
    assert (answer.body, answer.headers) == (b'{"key": "...!"}', {"x-ms-error-code": "Wrong ..."})


def test_a_short_key_is_not_looked_for_in_words():
    door = _Repeating(200, b'{"key": 1}')
    assert AuthenticatedTransport(door, ApiKey("key")).send(Request("GET", "https://a.example")).body == b'{"key": 1}'


def _workspace(status: int, body: object) -> Workspace:
    return Workspace(
        "00000000-0000-0000-0000-000000000001",
        "group",
        "name",
        endpoint="https://a.example",
        location="eastus",
        credential=KEY,
        transport=_Repeating(status, json.dumps(body).encode()),
        retry=RetryPolicy(attempts=1),
    )


def test_an_error_of_the_service_shows_no_secret():
    refusal = {"error": {"code": f"Bad {KEY}", "message": f"key {KEY}, sig=planted mismatch"}}
    with pytest.raises(errors.ServiceError) as caught:
        _workspace(400, refusal).get_job(JOB)
    assert "planted" not in "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))


def test_a_failed_job_shows_no_secret():
    failure = {"code": "InvalidInputData", "message": f"https://b.example/c?sv=1&sig=planted with {KEY} is not there"}
    record = {"id": JOB, "name": "n", "target": "ionq.simulator", "status": "Failed", "errorData": failure}
    job = _workspace(200, record).get_job(JOB)
    with pytest.raises(errors.JobFailedError, match=r"sig=\.\.\. with \.\.\. is not there") as caught:
        job.result()
    assert "planted" not in repr(job.details) + str(caught.value) + str(job.details.error_data)
