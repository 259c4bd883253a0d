"""Plots and reports: what is drawn is what came out, and the axes say what it is."""

import math
import sys

import matplotlib as mpl
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt

from qsession_core import Workspace
from qsession_core.errors import ConfigurationError
from tests.display.test_notebook import BAD, BELL, HOSTILE, read

IONQ = "ionq.simulator"


@pytest.fixture
def target():
    with Workspace.local(seed=3) as workspace:
        yield workspace.get_target(IONQ)
    plt.close("all")


def labels(axes):
    return axes.get_xlabel(), axes.get_ylabel()


def test_a_result_is_drawn_as_bars(target):
    axes = target.submit(BELL, shots=100).result().plot()
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["00", "11"]
    assert [bar.get_height() for bar in axes.patches] == [50, 50]
    assert labels(axes) == ("outcome, bit 0 at the right", "shots")


def test_a_session_is_drawn_in_time(target):
    with target.open_session(name="scan", job_failure_policy="Continue") as session:
        target.submit_all([BELL, BAD], shots=10).wait()
        axes = session.plot()
    assert axes.get_title(loc="left") == "scan on ionq.simulator"
    assert labels(axes)[0] == "seconds since the first job"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["waited", "ran", "failed"]
    assert len(axes.get_yticks()) == 2


def test_a_sweep_is_drawn_over_its_places_with_gaps_for_failures(target):
    jobs = target.submit_all([BELL, BAD, BELL], shots=10)
    _, mine = plt.subplots()
    axes = jobs.plot([74, 80, 86], lambda result: result.counts["11"], x="bond length (pm)", y="shots", axes=mine)
    assert axes is mine
    line = axes.lines[0]
    assert list(line.get_xdata()) == [74, 80, 86]
    values = list(line.get_ydata())
    assert (values[0], math.isnan(values[1]), values[2]) == (5, True, 5)
    assert labels(axes) == ("bond length (pm)", "shots")
    assert next(iter(jobs.plot().lines[0].get_ydata())) == 0.5
    with pytest.raises(ConfigurationError, match="2 places and 3 jobs"):
        jobs.plot([1, 2])


def test_without_matplotlib_the_way_out_is_named(target, monkeypatch):
    result = target.submit(BELL, shots=10).result()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigurationError, match=r"qsession\[notebook\]"):
        result.plot()


def test_a_report_is_one_file_that_asks_nobody(target, tmp_path):
    with target.open_session(name=HOSTILE, job_failure_policy="Continue") as session:
        target.submit_all([BELL, BAD], shots=10).wait()
        path = session.report(tmp_path / "x.html")
    text = path.read_text(encoding="utf-8")
    shown = read(text.partition("<body>")[2].partition("</body>")[0])
    assert "00 5 50.0 %" in shown
    assert "InvalidInputData" in shown
    assert "<script" not in text
    assert "default-src 'none'" in text
    with pytest.raises(ConfigurationError, match="cannot be written"):
        session.report(tmp_path / "no" / "x.html")
