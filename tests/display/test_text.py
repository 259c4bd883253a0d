"""Text in a terminal: width, what may be shown, times."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsession_core.display.bars import bars
from qsession_core.display.lists import short_ids
from qsession_core.display.table import Column, table
from qsession_core.display.text import cut, duration, escaped, padded, shown, width, wrapped

ANY = st.text(st.characters(), max_size=30)


@given(ANY)
def test_nothing_that_controls_a_terminal_is_shown(text):
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in shown(text))


@given(ANY, st.integers(0, 40), st.booleans())
def test_a_cut_text_is_never_wider_than_asked(text, columns, left):
    assert width(cut(shown(text), columns, left=left)) <= columns


@given(ANY, st.integers(0, 40), st.booleans())
def test_a_padded_text_is_as_wide_as_asked(text, columns, right):
    assert width(padded(shown(text), columns, right=right)) == max(columns, width(shown(text)))


@given(st.dictionaries(ANY, ANY))
def test_escaped_json_means_the_same(value):
    text = escaped(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert "\x9b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a\x1b[31mb", "a\N{REPLACEMENT CHARACTER}[31mb"),
        ("a\r\nb\tc", "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"),
        ("a\u202eb\u2066c\u200bd", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}d"),
        ("量子", "量子"),
        ("e" + "\u0301" * 50, "e\u0301\u0301"),
    ],
)
def test_hostile_names_are_shown_harmless(text, expected):
    assert shown(text) == expected


def test_times_that_round_up_change_their_unit():
    assert [duration(seconds) for seconds in (0.9996, 59.96, 3599.7, -1)] == ["1s", "1m 0s", "1h 0m", "0ms"]


@given(st.lists(st.lists(ANY, min_size=4, max_size=4), max_size=6), st.integers(20, 200))
def test_columns_of_a_table_are_aligned_and_fit(rows, room):
    columns = [
        Column("ID", least=4),
        Column("NAME", least=4, rank=2),
        Column("N", right=True, least=3),
        Column("END", least=4, rank=1),
    ]
    lines = table(columns, rows, room=room)
    assert max(map(width, lines)) <= room


def test_where_there_is_no_room_columns_are_cut_and_then_left_out_by_rank():
    columns = [
        Column("ID"),
        Column("NAME", least=4),
        Column("WHERE", least=5, tail=True, rank=1),
        Column("MORE", rank=2),
    ]
    rows = [["12345678", "a long name", "quantinuum.sim.h2-1e", "more"]]
    assert table(columns, rows, room=60)[1] == "12345678  a long name  quantinuum.sim.h2-1e  more"
    assert table(columns, rows, room=22)[1] == "12345678  a lo…  …2-1e"
    assert table(columns, rows, room=15)[1] == "12345678  a lo…"


def test_a_column_without_content_is_left_out():
    assert table([Column("A"), Column("B")], [["1", ""]]) == ["A", "1"]


def test_a_heading_is_shown_harmless_as_cells_are():
    assert table([Column("USD\x1b[2J\r"), Column("")], [["1\x07", ""]]) == ["USD\ufffd[2J\ufffd", "1\ufffd"]


@given(st.lists(st.uuids().map(str), unique=True, max_size=8), st.booleans())
def test_short_ids_name_one_job_each(ids, same):
    if same:
        ids = [*ids, *(one[:-1] + ("0" if one[-1] != "0" else "1") for one in ids)]
        ids = list(dict.fromkeys(ids))
    short = short_ids(ids)
    assert list(short) == ids
    for one, beginning in short.items():
        assert [other for other in ids if other.startswith(beginning)] == [one]
        assert len(beginning) >= 8


def test_bars_say_how_many_outcomes_they_leave_out():
    lines = bars({f"{number:04b}": number + 1 for number in range(16)}, room=60, most=3)
    assert [line.split()[0] for line in lines] == ["1111", "1110", "1101", "and"]
    assert lines[-1] == "and 13 more outcomes with 91 shots"


def test_bars_are_whole_characters_where_blocks_cannot_be_shown():
    assert all(line.isascii() for line in bars({"00": 3, "11": 2}, room=40, most=9, blocks=False))


@given(ANY, st.integers(1, 40))
def test_wrapped_lines_fit_and_keep_every_character(text, columns):
    text = shown(text)
    lines = wrapped(text, columns)
    assert all(width(line) <= max(columns, 2) for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_wrapping_column_goes_on_below_itself():
    columns = [Column(""), Column("", least=10, wraps=True)]
    assert table(columns, [["price", "5 a job and more"]], room=18) == ["price  5 a job and", "       more"]
