"""Each name that the page calls the same is called as the official client documents it, over a local workspace."""

from __future__ import annotations

import pytest

from qsession_core import Workspace
from tests.support.official_calls import CALLS
from tests.support.official_scene import Scene
from tests.support.official_table import MAKERS, sames


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_name_that_is_the_same_is_called_as_documented(name):
    with Workspace.local(seed=7) as workspace:
        assert CALLS[name](Scene(workspace)) is True


def test_every_name_that_is_the_same_is_called_and_every_maker():
    assert sorted(CALLS) == sorted([*(theirs for theirs, _ in sames()), *MAKERS])
