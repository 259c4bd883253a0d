"""How a result is to be read travels as one short line of JSON, and is not believed blindly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsession_core.results.layout import Layout, Register


@st.composite
def layouts(draw):
    size = draw(st.integers(0, 30))
    bits = st.lists(st.integers(0, size - 1), max_size=10).map(tuple) if size else st.just(())
    ordered = st.permutations(range(size)).map(tuple) | st.just(tuple(range(size))) | st.just(tuple(range(size))[::-1])
    registers = draw(st.lists(st.builds(Register, st.text(), bits | ordered), max_size=4).map(tuple))
    return Layout(size, registers, draw(st.none() | ordered | bits), draw(st.none() | st.just(("a", "b"))))


@given(layouts())
def test_a_layout_comes_back_as_it_was(layout):
    assert Layout.from_text(layout.to_text()) == layout
    assert "\n" not in layout.to_text()


def test_runs_of_bits_take_little_room():
    layout = Layout(5000, (Register("c", tuple(range(5000))),), tuple(range(4999, -1, -1)))

    assert layout.to_text() == '{"clbits":5000,"registers":[["c","0-4999"]],"recorded":"4999-0"}'


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "3", "{}", '{"clbits": -1, "registers": []}', '{"clbits": 1e9, "registers": []}',
        '{"clbits": 99999999999, "registers": []}', '{"clbits": 2, "registers": [["a", [2]]]}',
        '{"clbits": 2, "registers": [["a", [-1]]]}', '{"clbits": 2, "registers": [["a", "0-99999999999999"]]}',
        '{"clbits": 2, "registers": [["a", "0-5"]]}', '{"clbits": 2, "registers": [["a", "x-y"]]}',
        '{"clbits": 2, "registers": [["a", "1"]]}', '{"clbits": 2, "registers": [], "recorded": [0, "1"]}',
        '{"clbits": 2, "registers": [], "recorded": [9]}', '{"clbits": 2, "registers": [["a"]]}',
    ],
)  # fmt: skip
def test_what_is_no_layout_is_an_error(text):
    with pytest.raises(ValueError, match="layout"):
        Layout.from_text(text)
