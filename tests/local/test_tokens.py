"""Lines become tokens and context keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.document.document import bare_lines
from typethrough.local.tokens import cursor_at, line_keys, trim


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a\nb", ["a", "b"]),
        ("a\r\nb\rc\n", ["a", "b", "c", ""]),
        ("a\x0cb\u2028c\x85d\x0be", ["a\x0cb\u2028c\x85d\x0be"]),
    ],
)
def test_only_the_three_line_ends_of_the_protocol_end_a_line(text: str, lines: list[str]) -> None:
    assert bare_lines(text) == lines


def test_a_line_too_long_for_hand_written_code_is_not_indexed() -> None:
    assert trim("  x = 1  ") == b"x = 1"
    assert trim("x" * 401) == b""


def test_a_boundary_right_behind_a_word_has_no_key_of_its_own() -> None:
    boundaries = {boundary for boundary, _ in line_keys(b"", b"ab.cd = ef(gh)")}
    assert boundaries == {0, 3, 5, 7, 11, 14}


@given(st.text(alphabet="ab_9$ é\t.()=:", max_size=30), st.text(alphabet="abc.(): é", max_size=12), st.data())
def test_a_cursor_in_an_indexed_line_finds_one_of_its_keys(
    line: str, previous: str, data: st.DataObject
) -> None:
    line = line.strip()
    column = data.draw(st.integers(0, len(line)))
    cursor = cursor_at(line[:column], [previous], 64)
    keys = line_keys(trim(previous), trim(line))
    boundary = len(line[:column].encode()) - len(cursor.partial)
    if line[column:].strip():
        assert {context_hash for place, context_hash in keys if place == boundary} & set(cursor.hashes)


def test_a_cursor_in_a_line_too_long_to_be_indexed_asks_for_nothing() -> None:
    assert cursor_at("x" * 1_000_000, ["a"], 64).hashes == ()


def test_the_context_reaches_back_over_blank_lines_and_is_cut() -> None:
    assert (
        cursor_at("    x = fo", ["first()", "", "    second()", "   "], 64).context
        == b"first()\nsecond()\nx ="
    )
    assert cursor_at("    x = fo", ["first()", "second()"], 6).context == b"()\nx ="
    assert cursor_at("    x = fo", [], 64).partial == b" fo"
