"""Positions in three encodings against a naive reference, and the shape of items."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cursor import parse, view_at
from typethrough.core.document.document import Position, snapshot_of
from typethrough.core.outcome.outcome import Source, Suggestion
from typethrough.lsp.convert import (
    Encoding,
    Notation,
    asked,
    completion_item,
    item,
    line_end,
    position_in,
    range_in,
    to_column,
    to_units,
)
from typethrough.lsp.fields import InvalidParams, uri_of

CODECS = {Encoding.UTF8: ("utf-8", 1), Encoding.UTF16: ("utf-16-le", 2), Encoding.UTF32: ("utf-32-le", 4)}
# Letters, a combining accent, two-, three- and four-byte characters, a tab, a form feed, and both halves of a pair, alone.
LINES = st.text(st.sampled_from("ab \té\u0301ßあ\u2028\x0c😀🄀\ud83d\ude00"), max_size=12)
UNITS = st.one_of(st.integers(-3, 60), st.integers())


def width(text: str, encoding: Encoding) -> int:
    codec, bytes_a_unit = CODECS[encoding]
    return sum(len(char.encode(codec, "surrogatepass")) // bytes_a_unit for char in text)


def naive_column(line: str, units: int, encoding: Encoding) -> int:
    """The last column whose text before it is not wider than `units`."""
    return max(
        (column for column in range(len(line) + 1) if width(line[:column], encoding) <= units), default=0
    )


@given(line=LINES, units=UNITS, encoding=st.sampled_from(Encoding))
def test_a_column_is_the_last_character_that_begins_within_the_units(
    line: str, units: int, encoding: Encoding
) -> None:
    assert to_column(line, units, encoding) == naive_column(line, units, encoding)


@given(line=LINES, column=st.integers(0, 14), encoding=st.sampled_from(Encoding))
def test_units_are_the_width_of_what_stands_before(line: str, column: int, encoding: Encoding) -> None:
    assert to_units(line, column, encoding) == width(line[:column], encoding)
    assert to_column(line, to_units(line, column, encoding), encoding) == min(column, len(line))


@given(
    lines=st.lists(LINES.map(lambda line: line.replace("\r", "")), max_size=4),
    line=UNITS,
    character=UNITS,
    encoding=st.sampled_from(Encoding),
)
def test_every_pair_of_integers_is_a_place_in_the_document(
    lines: list[str], line: int, character: int, encoding: Encoding
) -> None:
    snapshot = snapshot_of("\n".join(lines))
    place = position_in(snapshot, {"line": line, "character": character}, encoding)
    assert snapshot.clamp(place) == place
    if 0 <= line < snapshot.line_count:
        assert place.line == line


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (None, "position"),
        ([0, 1], "position"),
        ("0:1", "position"),
        ({}, "position"),
        ({"line": 0}, "position"),
        ({"line": True, "character": 0}, "position"),
        ({"line": 0, "character": False}, "position"),
        ({"line": 0.0, "character": 0}, "position"),
        ({"line": 0, "character": 1e99}, "position"),
        ({"line": "0", "character": "SECRET"}, "position"),
    ],
)
def test_what_is_no_position_is_refused_by_field(value: Any, field: str) -> None:
    with pytest.raises(InvalidParams, match=field) as refused:
        position_in(snapshot_of("x"), value, Encoding.UTF16)
    assert "SECRET" not in str(refused.value)


def test_a_range_may_be_an_object_or_the_array_of_older_clients() -> None:
    snapshot = snapshot_of("one\ntwo")
    start, end = {"line": 0, "character": 1}, {"line": 1, "character": 2}
    for value in ({"start": start, "end": end}, [start, end]):
        assert range_in(snapshot, value, Encoding.UTF16) == (Position(0, 1), Position(1, 2))


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (None, "range"),
        ([], "range"),
        ([{"line": 0, "character": 0}], "range"),
        ({}, "range.start"),
        ({"start": {"line": 0, "character": 0}}, "range.end"),
        ({"start": {"line": 0, "character": 0}, "end": [1, 2]}, "range.end"),
    ],
)
def test_what_is_no_range_is_refused_by_field(value: Any, field: str) -> None:
    with pytest.raises(InvalidParams, match=f"^{field} must"):
        range_in(snapshot_of("x"), value, Encoding.UTF16)


@pytest.mark.parametrize(
    "params", [{}, {"textDocument": None}, {"textDocument": {}}, {"textDocument": {"uri": 1}}]
)
def test_a_missing_uri_is_refused_by_field(params: Any) -> None:
    with pytest.raises(InvalidParams, match="textDocument"):
        uri_of(params)


# --- what an inline completion request says

MENU = {
    "range": {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 6}},
    "text": "path.join",
}


def ask(marked: str, context: Any = None, *, draft_kinds: bool = False) -> Any:
    text, cursor = parse(marked)
    params: dict[str, Any] = {"position": {"line": cursor.line, "character": cursor.column}}
    if context is not None:
        params["context"] = context
    return asked(params, snapshot_of(text), Encoding.UTF16, draft_kinds=draft_kinds)


@pytest.mark.parametrize(
    ("context", "draft_kinds", "invoked"),
    [
        (None, False, False),
        ({}, False, False),
        ({"triggerKind": 1}, False, True),
        ({"triggerKind": 2}, False, False),
        ({"triggerKind": 0}, True, True),
        ({"triggerKind": 1}, True, False),
        ({"triggerKind": None}, False, False),
        ({"triggerKind": "automatic"}, False, False),
        ({"triggerKind": True}, False, False),
        ({"triggerKind": [1]}, False, False),
        ({"triggerKind": 7}, False, False),
    ],
)
def test_only_what_is_surely_invoked_counts_as_invoked(
    context: Any, draft_kinds: bool, invoked: bool
) -> None:
    assert ask("x$0", context, draft_kinds=draft_kinds).invoked is invoked


def test_an_open_menu_says_what_a_suggestion_must_begin_with() -> None:
    said = ask("os. pa$0", {"selectedCompletionInfo": MENU})
    assert (said.start, said.expected) == (Position(0, 4), "th.join")


def test_a_menu_with_the_array_range_of_older_clients_is_understood() -> None:
    where = MENU["range"]
    assert isinstance(where, dict)
    said = ask("os. pa$0", {"selectedCompletionInfo": {**MENU, "range": [where["start"], where["end"]]}})
    assert (said.start, said.expected) == (Position(0, 4), "th.join")


def test_a_menu_that_does_not_fit_what_is_typed_expects_nothing_we_could_say() -> None:
    assert ask("os. xy$0", {"selectedCompletionInfo": MENU}).expected is None
    assert ask("os. pa\npath$0", {"selectedCompletionInfo": MENU}).expected is None


@pytest.mark.parametrize(
    ("info", "field"),
    [
        ({"text": "x"}, "selectedCompletionInfo.range"),
        ({"range": {"start": {}}, "text": "x"}, "selectedCompletionInfo.range.start"),
        ({"range": MENU["range"], "text": 7}, "selectedCompletionInfo.text"),
    ],
)
def test_a_malformed_menu_is_refused_by_field(info: Any, field: str) -> None:
    with pytest.raises(InvalidParams, match=field):
        ask("os. pa$0", {"selectedCompletionInfo": info})


def test_a_context_that_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidParams, match="context"):
        ask("x$0", ["automatic"])


# --- items


def made(marked: str, text: str, *, replaces: int = 0, start: Position | None = None, eol: str = "\n") -> Any:
    view = view_at(marked)
    suggestion = Suggestion("s1", text, view.position, Source.MODEL, replaces)
    return item(suggestion, view, Notation(Encoding.UTF16, eol, "did.accept"), start=start)


def columns(made_item: Any) -> tuple[int, int]:
    start, end = made_item["range"]["start"], made_item["range"]["end"]
    assert start["line"] == end["line"], "a range is on one line"
    return start["character"], end["character"]


@pytest.mark.parametrize(
    ("marked", "text", "insert", "where"),
    [
        ("    return $0", "a + b", "return a + b", (4, 11)),
        ("\t\treturn $0", "a", "return a", (2, 9)),
        ("    $0", "return a", "return a", (4, 4)),
        ("$0", "import os", "import os", (0, 0)),
        ("f($0)", "a, b", "a, b", (2, 2)),
        ("x = $0  ", "1", "x = 1", (0, 4)),
        ("s = '😀' + $0", "t", "s = '😀' + t", (0, 11)),
        ("f('😀', $0)", "t", "t", (8, 8)),
        ("def f():$0", "\n    pass", "def f():\n    pass", (0, 8)),
    ],
)
def test_an_item_at_the_end_of_a_line_repeats_what_is_typed_and_elsewhere_inserts(
    marked: str, text: str, insert: str, where: tuple[int, int]
) -> None:
    got = made(marked, text)
    assert (got["insertText"], columns(got)) == (insert, where)
    assert got["command"]["command"] == "did.accept"
    assert got["command"]["arguments"] == ["s1"]
    assert "filterText" not in got


def test_an_item_for_an_open_menu_begins_where_the_menu_does() -> None:
    got = made("os. pa$0", "th.join()", start=Position(0, 4))
    assert (got["insertText"], columns(got)) == ("path.join()", (4, 6))


def test_an_item_may_take_the_place_of_characters_behind_the_cursor() -> None:
    assert columns(made("f(a$0)", ", b)", replaces=1)) == (3, 4)


def test_a_document_with_carriage_returns_gets_its_own_line_ends() -> None:
    assert made("def f():$0\r\n", "\n    pass", eol="\r\n")["insertText"] == "def f():\r\n    pass"


@pytest.mark.parametrize(
    ("text", "line", "eol"),
    [
        ("a", 0, "\n"),
        ("", 0, "\n"),
        ("a\nb", 1, "\n"),
        ("a\r\nb", 1, "\r\n"),
        ("a\rb", 1, "\r"),
        ("a\nb\r\nc", 1, "\n"),
        ("a\r\nb\nc\nd", 3, "\n"),
    ],
)
def test_the_line_end_is_the_one_in_use_near_the_line(text: str, line: int, eol: str) -> None:
    assert line_end(snapshot_of(text), line) == eol


def menu_entry(marked: str, text: str, *, language_id: str = "", markdown: bool = False) -> dict[str, Any]:
    view = view_at(marked, language_id=language_id)
    suggestion = Suggestion("s1", text, view.position, Source.MODEL)
    notation = Notation(Encoding.UTF16, "\n", "did.accept")
    return completion_item(suggestion, view, notation, markdown=markdown)


def test_a_completion_item_is_a_quiet_last_entry_of_the_menu() -> None:
    got = menu_entry("    x = f($0", "a, b)")
    assert got["preselect"] is False
    assert got["sortText"] > "zzz"
    assert got["insertTextFormat"] == 1
    assert (got["command"]["command"], got["command"]["arguments"]) == ("did.accept", ["s1"])


@pytest.mark.parametrize(
    ("marked", "text", "label", "filter_text", "new_text", "span"),
    [
        # Menus filter by the word at the cursor, so all of it begins there.
        ("def lab$0", "el(x):", "label(x):", "label(x):", "label(x):", (4, 7)),
        ("    größe$0", "n = 1", "größen = 1", "größen = 1", "größen = 1", (4, 9)),
        ("x = f($0)", "a, b", "a, b", "a, b", "a, b", (6, 6)),
        ("    $0", "pass", "pass", "pass", "pass", (4, 4)),
        # A label is one line, and never empty nor the word alone.
        ("x = f($0", "a,\n      b)", "a,", "a,", "a,\n      b)", (6, 6)),
        ("def f():$0", "\n    return 1", "↵ return 1", "↵ return 1", "\n    return 1", (8, 8)),
        ("else$0", "\n\n  x", "else ↵ x", "else", "else\n\n  x", (0, 4)),
        ("$0", "\n", "↵", "↵", "\n", (0, 0)),
    ],
)
def test_a_completion_item_begins_with_the_word_at_the_cursor(
    marked: str, text: str, label: str, filter_text: str, new_text: str, span: tuple[int, int]
) -> None:
    got = menu_entry(marked, text)
    assert got["label"] == label
    assert got["filterText"] == filter_text
    assert got["textEdit"]["newText"] == new_text
    assert columns(got["textEdit"]) == span


def test_a_completion_item_documents_itself_with_its_lines_as_they_will_stand() -> None:
    got = menu_entry("    x = f($0", "a,\n          b)\n    y", language_id="python")
    assert got["detail"] == "typethrough, 3 lines"
    assert got["documentation"] == "x = f(a,\n      b)\ny"
    assert menu_entry("x$0", " = 1")["detail"] == "typethrough"


def test_documentation_in_markdown_is_code_whatever_it_holds() -> None:
    got = menu_entry("$0", "# __a__ ````b", language_id="python", markdown=True)["documentation"]
    assert got == {"kind": "markdown", "value": "`````python\n# __a__ ````b\n`````"}
