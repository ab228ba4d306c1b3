"""What is on screen, typed through: what is left is known at every key, in every kind of file."""

from __future__ import annotations

import pytest

from tests.core.typist import URI, Typist
from typethrough.core.document.document import Document, Position
from typethrough.core.document.view import View
from typethrough.core.suggestion.trail import Shown


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_what_is_left_is_known_after_every_key_of_a_block(line_end: str) -> None:
    text = "if x:\n    return foo(bar)\n\nreturn None"
    typist = Typist(f"def f():{line_end}    $0{line_end}g()", line_end=line_end)
    shown: Shown | None = Shown.of("1", text, typist.cursor, "")
    for at, char in enumerate(text, 1):
        edit = typist.replace(typist.cursor, typist.cursor, char)
        assert shown is not None
        shown = shown.after(edit, typist.document.snapshot)

        assert shown is not None
        assert shown.remainder(typist.view) == text[at:]
        assert shown.consumed(typist.document.snapshot) == (at == len(text))


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_an_accepted_suggestion_is_consumed_whatever_the_files_line_ends(line_end: str) -> None:
    typist = Typist(f"x = $0{line_end}y", line_end=line_end)
    shown = Shown.of("1", "(\n    1,\n)", typist.cursor, "")

    after = shown.after(
        typist.replace(typist.cursor, typist.cursor, "(\n    1,\n)"), typist.document.snapshot
    )

    assert after is not None
    assert after.consumed(typist.document.snapshot)


@pytest.mark.parametrize(
    ("line", "column", "left"), [(1, 0, ""), (0, 1, ""), (0, 4, "foo"), (0, 5, "oo"), (0, 6, ""), (2, 0, "")]
)
def test_away_from_where_it_was_typed_there_is_nothing_left(line: int, column: int, left: str) -> None:
    document = Document(URI, "python", 1, "x = f!\ny\nz")
    shown = Shown.of("1", "foo", Position(0, 4), "")

    assert shown.remainder(View.at(document.snapshot, Position(line, column))) == left


def test_a_cursor_at_the_end_of_a_long_file_costs_no_copy_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document(URI, "python", 1, "x = \n" * 10_000)
    shown = Shown.of("1", "foo\nbar", Position(0, 4), "")
    view = View.at(document.snapshot, Position(9_999, 0))
    monkeypatch.setattr(
        "typethrough.core.suggestion.trail.typed_between", lambda *_: pytest.fail("the file was read")
    )

    assert shown.remainder(view) == ""
