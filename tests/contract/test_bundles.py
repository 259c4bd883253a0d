"""The recorded traffic of the real service as bundles, where it is at hand."""

from __future__ import annotations

import json

import pytest

from qsession_core.bundles.bundle import Exchange, read_bundle, write_bundle
from qsession_core.bundles.recording import bundle_of
from qsession_core.bundles.redaction import leaks
from qsession_core.bundles.replaying import Replayer
from qsession_core.transport.message import Request, Response
from tests.support.exchanges import START
from tests.support.recordings import body_of, load, names

pytestmark = pytest.mark.recordings


def _exchanges(name: str) -> list[Exchange]:
    return [
        Exchange(
            float(number),
            0.1,
            Request(
                entry["request"]["method"],
                entry["request"]["url"],
                entry["request"]["headers"],
                body_of(entry["request"]),
            ),
            Response(
                entry["response"]["status"],
                {header.lower(): value for header, value in entry["response"]["headers"].items()},
                body_of(entry["response"]),
            ),
        )
        for number, entry in enumerate(load(name))
    ]


@pytest.mark.parametrize("name", names())
def test_a_recording_of_the_real_service_is_a_bundle_that_replays(name, tmp_path):
    recorded = _exchanges(name)
    # several things have one id in these recordings
    write_bundle(tmp_path / "b.zip", bundle_of(START, recorded, has_shared_ids=True))
    bundle = read_bundle(tmp_path / "b.zip")
    assert [leak for one in bundle.exchanges for leak in leaks(one)] == []

    replayer = Replayer(bundle)
    told = [replayer.handle(one.request) for one in bundle.exchanges]
    assert all(answer.status in {one.response.status for one in recorded} for answer in told)
    for one, answer in zip(bundle.exchanges, told, strict=True):
        if one.request.method == "PUT" and "/jobs/" in one.request.url and answer.status < 300:
            assert set(json.loads(answer.body)) == set(json.loads(one.response.body))
