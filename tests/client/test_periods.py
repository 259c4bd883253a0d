"""Lists and costs by time: the day filter of the service is only the coarse step."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsession_core import Program, Workspace, errors
from qsession_core.client.service.period import Period
from qsession_core.local import ManualClock

TOKYO, NEW_YORK = timezone(timedelta(hours=9)), timezone(timedelta(hours=-5))
X = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))])
# Two jobs on 1 March, one on the next day, each in a session of its own
MOMENTS = [
    datetime(2026, 3, 1, 3, tzinfo=UTC),
    datetime(2026, 3, 1, 16, tzinfo=UTC),
    datetime(2026, 3, 2, 9, tzinfo=UTC),
]


@pytest.fixture(scope="module")
def march():
    clock = ManualClock(MOMENTS[0])
    with Workspace.local(clock=clock) as workspace:
        target = workspace.get_target("ionq.simulator")
        for moment in MOMENTS:
            clock.advance((moment - clock.now()).total_seconds())
            with target.open_session() as session:
                target.submit(X, shots=1, session=session).wait_until_completed()
        yield workspace


def _hours(items):
    return [item.details.creation_time.strftime("%d %H") for item in items]


WHOLE = ["01 03", "01 16", "02 09"]


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        (None, None, WHOLE),
        (MOMENTS[1], None, WHOLE[1:]),
        (None, MOMENTS[1], WHOLE[:1]),
        (datetime(2026, 3, 1, 6, tzinfo=UTC), datetime(2026, 3, 1, 20, tzinfo=UTC), WHOLE[1:2]),
        (date(2026, 3, 1), date(2026, 3, 1), WHOLE[:2]),
        (None, date(2026, 2, 28), []),
        (date(2026, 3, 2), None, WHOLE[2:]),
        (datetime(2026, 3, 2, 0, 30, tzinfo=TOKYO), None, WHOLE[1:]),
        (None, datetime(2026, 2, 28, 23, tzinfo=NEW_YORK), WHOLE[:1]),
        ("2026-03-02", None, WHOLE[2:]),
        (None, "2026-03-01", WHOLE[:2]),
        ("2026-03-02T01:00:00.5+09:00", "2026-03-02T09:00Z", []),
        ("2026-03-02 00:59+09:00", None, WHOLE[1:]),
        (date(1, 1, 1), date(9999, 12, 31), WHOLE),
        (MOMENTS[2], MOMENTS[0], []),
    ],
)
def test_lists_and_costs_hold_what_was_created_in_the_period(march, after, before, expected):
    jobs = march.list_jobs(created_after=after, created_before=before, orderby_property="CreationTime")
    sessions = march.list_sessions(created_after=after, created_before=before, orderby_property="CreationTime")
    items = march.list_top_level_items(created_after=after, created_before=before, orderby_property="CreationTime")
    assert _hours(jobs) == _hours(sessions) == _hours(items) == expected
    assert [cost.created.strftime("%d %H") for cost in march.costs(since=after, until=before)] == expected
    if before is None:
        assert [job.matches_filter(created_after=after) for job in march.list_jobs()].count(True) == len(expected)


@pytest.mark.parametrize("odd", ["yesterday", "2026-13-01", "", 1772323200, 2026.5, b"2026-03-01", [2026, 3, 1]])
def test_what_is_no_time_is_refused_before_the_service_is_asked(workspace, recorder, odd):
    for keyword in ("created_after", "created_before"):
        with pytest.raises(errors.ConfigurationError, match=keyword):
            workspace.list_jobs(**{keyword: odd})
    with pytest.raises(errors.ConfigurationError, match="2026-03-01T"):
        workspace.costs(since=odd)
    assert recorder.count("GET", "/jobs") == 0


def test_a_time_without_a_zone_is_in_the_machines(monkeypatch):
    monkeypatch.setitem(os.environ, "TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert Period.of(datetime(2026, 3, 2)).start == datetime(2026, 3, 1, 15, tzinfo=UTC)  # noqa: DTZ001
        assert Period.of("2026-03-02T00:00").start == datetime(2026, 3, 1, 15, tzinfo=UTC)
        assert Period.of(date(2026, 3, 2)).start == datetime(2026, 3, 2, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001 - in the zones


@given(TIMES, TIMES, TIMES)
def test_in_any_zone_a_period_holds_what_lies_between_its_ends_and_its_days_hold_the_period(after, before, created):
    period = Period.of(after, before)
    assert period.holds(created) == (after <= created < before)
    assert Period.of(after.isoformat(), before.isoformat()) == period
    if period.holds(created):  # what the service compares with the midnights of these days
        at = created.astimezone(UTC)
        assert datetime.combine(period.first_day, datetime.min.time(), UTC) <= at
        assert at <= datetime.combine(period.last_day, datetime.min.time(), UTC)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), TIMES)
def test_a_date_stands_for_its_whole_day_in_utc(day, created):
    assert Period.of(day, day).holds(created) == (created.astimezone(UTC).date() == day)
