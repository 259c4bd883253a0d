"""The extras of pyproject.toml are those that the package knows, and whoever misses one is told so."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from qsession_core.extras import EXTRAS, install
from qsession_core.logs import logger

ROOT = Path(__file__).parents[1]
SUMS = {"local", "all"}


def extras():
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return document["project"]["optional-dependencies"]


def test_the_extras_are_those_of_the_package():
    declared = {
        name: sorted(Requirement(text).name for text in texts) for name, texts in extras().items() if name not in SUMS
    }
    assert declared == {name: sorted(packages) for name, packages in EXTRAS.items()}


def test_sums_are_of_extras_that_there_are_and_all_has_every_one():
    below = {name: Requirement(texts[0]).extras for name, texts in extras().items() if name in SUMS}
    assert below["local"] <= set(EXTRAS)
    assert (below["all"] - {"local"}) | below["local"] == set(EXTRAS)


def test_whoever_misses_an_extra_is_told_the_command():
    assert install("serve") == 'pip install "qsession[serve]"'
    told = [path for path in ROOT.glob("qsession_*/**/*.py") if "qsession[" in path.read_text(encoding="utf-8")]
    assert [path.name for path in told] == ["extras.py"]


def test_all_modules_log_below_one_name():
    assert logger("qsession_cirq.job").name == "qsession.cirq.job"
    direct = [path for path in ROOT.glob("qsession_*/**/*.py") if "getLogger(" in path.read_text(encoding="utf-8")]
    assert {path.relative_to(ROOT).as_posix() for path in direct} == {
        "qsession_core/logs.py",
        "qsession_core/command/logs.py",
    }


@pytest.mark.parametrize(
    ("missing", "system"),
    [
        ({"qdk"}, {"platform_release": "5.14.0-503.el9.x86_64"}),
        ({"qdk"}, {"platform_release": "4.18.0-553.el8_10.x86_64"}),
        ({"qsimcirq", "stim"}, {"platform_machine": "aarch64"}),
        (set(), {}),
    ],
)
def test_what_has_no_wheels_on_a_system_is_left_out_there(missing, system):
    linux = {"sys_platform": "linux", "platform_machine": "x86_64", "platform_release": "6.1.0", **system}
    wanted = [Requirement(text) for name, texts in extras().items() if name not in SUMS for text in texts]
    left = {each.name for each in wanted if each.marker is not None and not each.marker.evaluate(linux)}
    assert left == missing
