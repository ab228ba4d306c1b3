"""What a request knows of the text round its cursor; `$0` marks the cursor."""

from __future__ import annotations

import pytest

from tests.support.cursor import parse, view_at
from typethrough.core.document.document import Document, Position, snapshot_of
from typethrough.core.document.indentation import indent_of, indentation_unit
from typethrough.core.document.view import View


@pytest.mark.parametrize(
    ("marked", "prefix", "suffix", "indent"),
    [
        ("$0", "", "", ""),
        ("ab$0cd", "ab", "cd", ""),
        ("a\n    b$0(c)\nd", "    b", "(c)", "    "),
        ("a\n  $0  b", "  ", "  b", "  "),
        ("a\n\t\tb$0\n", "\t\tb", "", "\t\t"),
        ("a\r\n  b$0\r\nc", "  b", "", "  "),
        ("a\rb$0\rc", "b", "", ""),
        ("a\n$0", "", "", ""),
        ("😀e\u0301$0x", "😀e\u0301", "x", ""),
        ("a\fb$0c\u2028d", "a\fb", "c\u2028d", ""),
        ("\fdef$0", "\fdef", "", ""),
        ("\u3000本$0", "\u3000本", "", ""),
    ],
)
def test_the_line_is_cut_at_the_cursor(marked: str, prefix: str, suffix: str, indent: str) -> None:
    view = view_at(marked)
    assert (view.line_prefix, view.line_suffix, view.indent) == (prefix, suffix, indent)


@pytest.mark.parametrize(
    ("position", "clamped"),
    [
        (Position(0, 99), Position(0, 2)),
        (Position(1, -1), Position(1, 0)),
        (Position(9, 0), Position(1, 3)),
        (Position(-1, 5), Position(0, 0)),
    ],
)
def test_a_place_outside_is_clamped_into_the_document(position: Position, clamped: Position) -> None:
    view = View.at(snapshot_of("ab\ncde"), position)
    assert view.position == clamped
    assert view.line_prefix + view.line_suffix == ["ab", "cde"][clamped.line]


@pytest.mark.parametrize(
    ("marked", "count", "before", "after"),
    [
        ("a\nb\n$0\nc\nd", 1, ["b"], ["c"]),
        ("a\nb\n$0\nc\nd", 2, ["a", "b"], ["c", "d"]),
        ("a\nb\n$0\nc\nd", 99, ["a", "b"], ["c", "d"]),
        ("a\nb\n$0\nc\nd", 0, [], []),
        ("$0", 5, [], []),
        ("a\r\n$0b\r\nc\r\n", 5, ["a"], ["c", ""]),
    ],
)
def test_the_lines_round_the_cursor_come_without_their_ends(
    marked: str, count: int, before: list[str], after: list[str]
) -> None:
    view = view_at(marked)
    assert view.lines_before(count) == before
    assert view.lines_after(count) == after


@pytest.mark.parametrize(
    ("marked", "previous", "following"),
    [
        ("$0", "", ""),
        ("a\n$0\nb", "a", "b"),
        ("a\n  \n\n$0\n\t\n\n  b", "a", "  b"),
        ("a\nb\n$0x\nc\nd", "b", "c"),
        ("\n\n$0\n\n", "", ""),
    ],
)
def test_the_neighbouring_lines_are_the_nearest_that_are_not_blank(
    marked: str, previous: str, following: str
) -> None:
    view = view_at(marked)
    assert (view.previous_line(), view.next_line()) == (previous, following)


def test_the_search_for_a_neighbouring_line_has_an_end() -> None:
    view = view_at("a" + "\n" * 5 + "$0" + "\n" * 5 + "b")
    assert (view.previous_line(within=4), view.next_line(within=4)) == ("", "")
    assert (view.previous_line(within=5), view.next_line(within=5)) == ("a", "b")


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("", "    "),
        ("a\nb\n", "    "),
        ("def f():\n    a\n", "    "),
        ("if (a) {\n  b;\n}\n", "  "),
        ("a:\n   b\n", "   "),
        ("a {\n        b\n}\n", " " * 8),
        ("func f() {\n\ta\n}\n", "\t"),
        ("class A:\n    def f(self):\n        a\n        if b:\n            c\n    d\n", "    "),
        # White space with nothing behind it says nothing.
        ("def f():\n    a\n  \n", "    "),
        # A line aligned with an opening bracket is no step of indentation, on the way in or out.
        ("def f(a,\n      b):\n    c\n    if d:\n        e\n", "    "),
        ("def f():\n    g(a,\n      b)\n    if c:\n        d\n    if e:\n        f\n", "    "),
        # Nor is a way out of two blocks at once.
        ("if a:\n  if b:\n    if c:\n      d\ne\nif f:\n  g\n", "  "),
        # The star of a comment stands one further in.
        ("class A {\n    /**\n     * a\n     */\n    b() {\n        c;\n    }\n}\n", "    "),
        # One line of the other kind does not turn a file over.
        ("def f():\n    a\n    b\n\tc\n    d\n", "    "),
        ("f:\n\ta\n\tb\n    c\n\td\n", "\t"),
        ("f {\n\ta(b,\n\t  c);\n\td\n}\n", "\t"),
        # Too deep for a step.
        ("a\n            b\n", "    "),
        # A form feed is not indentation.
        ("\fclass A:\n    a\n", "    "),
    ],
)
def test_a_step_of_indentation_is_what_the_file_uses(text: str, unit: str) -> None:
    assert view_at("$0" + text).unit == unit


@pytest.mark.parametrize("usual", ["\t", "  ", "        "])
def test_where_the_file_shows_no_step_the_editors_own_holds(usual: str) -> None:
    position = Position(0, 0)
    assert View.at(snapshot_of("a\nb\n"), position, usual_unit=usual).unit == usual
    assert View.at(snapshot_of("a\n   b\n"), position, usual_unit=usual).unit == "   "


def test_a_step_of_indentation_is_looked_for_near_the_line() -> None:
    text = "a\n  b\n" * 40 + "c\n" * 200 + "a\n    b\n" * 40
    snapshot = snapshot_of(text)
    assert indentation_unit(snapshot, 0) == "  "
    assert indentation_unit(snapshot, snapshot.line_count) == "    "
    assert indentation_unit(snapshot, 180) == ""
    assert indentation_unit(snapshot, 2, reach=2) == "  "


def test_a_line_deep_inside_a_block_is_no_step_when_the_search_begins_there() -> None:
    snapshot = snapshot_of("a\n  b\n    c\n      d\n" + "      e\n" * 100 + "f\n  g\n")
    assert indentation_unit(snapshot, 90) == "  "


@pytest.mark.parametrize(
    ("line", "indent"),
    [("", ""), ("a", ""), ("  a", "  "), ("\t a", "\t "), ("   ", "   "), ("\f a", ""), ("\u00a0a", "")],
)
def test_indentation_is_spaces_and_tabs(line: str, indent: str) -> None:
    assert indent_of(line) == indent


def test_a_view_stays_as_it_was_when_the_document_moves_on() -> None:
    text, position = parse("a\nb$0c\nd")
    doc = Document("file:///a", "python", 1, text)
    view = View.at(doc.snapshot, position)
    doc.replace(Position(0, 0), Position(2, 1), "gone")
    assert (view.line_prefix, view.line_suffix) == ("b", "c")
    assert view.lines_before(5) + view.lines_after(5) == ["a", "d"]


def test_a_view_carries_what_it_was_given() -> None:
    view = view_at("a$0", language_id="rust", uri="file:///b.rs", version=3, deleted=("x", "y"))
    assert (view.language_id, view.uri, view.version) == ("rust", "file:///b.rs", 3)
    assert view.deleted == ("x", "y")
    assert View.at(snapshot_of(""), Position(0, 0)).deleted == ()


@pytest.mark.parametrize("marked", ["", "abc", "a$0b$0", "a\r$0\nb"])
def test_a_marked_text_needs_one_cursor_where_a_cursor_can_be(marked: str) -> None:
    with pytest.raises(ValueError, match=r"\$0"):
        parse(marked)


@pytest.mark.parametrize(
    ("marked", "text", "position"),
    [
        ("$0", "", Position(0, 0)),
        ("a$0", "a", Position(0, 1)),
        ("a\n$0", "a\n", Position(1, 0)),
        ("a\r\nb$0\r\nc", "a\r\nb\r\nc", Position(1, 1)),
        ("a\r$0b", "a\rb", Position(1, 0)),
        ("a\f\u2028b$0", "a\f\u2028b", Position(0, 4)),
    ],
)
def test_a_marked_text_is_read_as_text_and_place(marked: str, text: str, position: Position) -> None:
    assert parse(marked) == (text, position)
