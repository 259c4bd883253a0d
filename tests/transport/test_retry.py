"""Trying again, by a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from qsession_core import Request, Response, errors
from qsession_core.clock import ManualClock
from qsession_core.errors import ConfigurationError
from qsession_core.transport.retry import RetryingTransport, RetryPolicy, retry_after_seconds

NOW = datetime.fromtimestamp(1_750_000_000, UTC)


@dataclass
class Script:
    """Answers in turn; an error is raised."""

    answers: list[Response | errors.TransportError]
    sent: int = 0

    def send(self, request: Request) -> Response:
        self.sent += 1
        answer = self.answers.pop(0)
        if isinstance(answer, errors.TransportError):
            raise answer
        return answer

    def close(self) -> None:
        pass


class Clock(ManualClock):
    """Remembers how long it was slept on."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def _try(*answers, attempts: int = 4):
    script, clock = Script(list(answers)), Clock()
    policy = RetryPolicy(attempts=attempts)
    transport = RetryingTransport(script, policy, clock, chance=lambda: 0.0)
    return lambda: transport.send(Request("PUT", "https://a.example/jobs/1")), script, clock


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_statuses_that_pass_are_tried_again(status):
    send, _script, clock = _try(Response(status), Response(status), Response(200))
    assert send().status == 200
    assert clock.slept == [0.4, 0.8]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 501])
def test_statuses_that_stay_are_not_tried_again(status):
    send, _script, clock = _try(Response(status))
    assert send().status == status
    assert clock.slept == []


def test_what_the_service_asks_for_is_waited():
    send, _script, clock = _try(
        Response(429, {"retry-after": "7"}), Response(400, {"retry-after-ms": "50"}), Response(200)
    )
    assert send().status == 200
    assert clock.slept == [7.0, 0.05]


def test_a_wait_beyond_patience_is_an_answer():
    send, _script, clock = _try(Response(429, {"retry-after": "86400"}))
    assert send().status == 429
    assert clock.slept == []


def test_no_answer_is_tried_again_and_the_last_error_is_raised():
    broken = [errors.TransportError(f"broken {number}") for number in range(4)]
    send, script, _clock = _try(*broken)
    with pytest.raises(errors.TransportError, match="broken 3"):
        send()
    assert script.sent == 4


def test_chance_takes_up_to_half_of_a_wait_off():
    policy = RetryPolicy()
    assert policy.wait(1, None, 0.0) == pytest.approx(0.4)
    assert policy.wait(1, None, 0.999) == pytest.approx(0.2, abs=1e-3)
    assert policy.wait(20, None, 0.0) == policy.longest_seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "1.5"}, 1.5),
        ({"x-ms-retry-after-ms": "200"}, 0.2),
        ({"retry-after": "Sun, 15 Jun 2025 15:06:50 GMT"}, 10.0),
        ({"retry-after": "Sun, 15 Jun 2025 15:06:30 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_every_spelling_of_retry_after_is_read(headers, seconds):
    assert retry_after_seconds(headers, NOW) == seconds


def test_a_policy_of_numbers_that_cannot_be_lists_all_of_them():
    with pytest.raises(ConfigurationError) as caught:
        RetryPolicy(attempts=0, first_seconds=-1.0, longest_seconds=float("nan"), max_retry_after_seconds="5")  # type: ignore[arg-type]
    for name in ("attempts is 0", "first_seconds is -1.0", "longest_seconds is nan", "max_retry_after_seconds is '5'"):
        assert name in caught.value.message
    assert RetryPolicy(longest_seconds=float("inf")).attempts == 6
