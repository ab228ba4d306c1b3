"""Accepted text: its place is followed through edits, and what is left of it is told in words that are still there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.document.document import Document, Position
from typethrough.core.suggestion.accepted import Accepted, kept_share

LINE = "return math.pi * radius**2"
BEFORE = "import math\n\n\ndef area(radius):\n    "
AFTER = "\n\n\nprint(area(1))\n"
START = Position(4, 4)
END = Position(4, 4 + len(LINE))


def document() -> tuple[Document, Accepted]:
    return Document("file:///m.py", "python", 1, BEFORE + LINE + AFTER), Accepted("1", LINE, START, END)


def share_after(*edits: tuple[tuple[int, int], tuple[int, int], str]) -> float:
    text, accepted = document()
    for start, end, inserted in edits:
        accepted = accepted.after(text.replace(Position(*start), Position(*end), inserted))
    return accepted.share(text.snapshot)


@pytest.mark.parametrize(
    "edits",
    [
        (),
        (((0, 0), (0, 0), "import os\n"),),
        (((1, 0), (3, 0), ""),),
        (((4, 30), (4, 30), "  # of a circle"),),
        (((4, 0), (4, 4), "\t"),),
        (((4, 4), (4, 4), "if radius:\n        "),),
        (((5, 0), (8, 0), "gone\n"),),
    ],
    ids=[
        "nothing",
        "a line above",
        "lines above gone",
        "behind",
        "indented anew",
        "before, wrapped",
        "below",
    ],
)
def test_what_happens_round_it_leaves_it_whole(
    edits: tuple[tuple[tuple[int, int], tuple[int, int], str], ...],
) -> None:
    assert share_after(*edits) == 1.0


def test_deleted_it_is_gone_and_put_back_elsewhere_it_is_not_found() -> None:
    assert share_after((START, END, "")) == 0.0
    assert share_after((START, END, ""), ((8, 0), (8, 0), LINE)) == 0.0


def test_taken_back_and_brought_back_it_is_there() -> None:
    assert share_after((START, END, ""), (START, START, LINE)) == 1.0
    assert share_after((START, END, ""), (START, START, "pass")) == 0.0


def test_one_name_changed_costs_that_name_alone() -> None:
    column = 4 + LINE.index("radius")
    chars = len("".join(LINE.split()))
    assert share_after(((4, column), (4, column + 6), "r")) == pytest.approx(1 - 6 / chars)


def test_a_line_written_anew_keeps_what_it_shares_with_the_old_one() -> None:
    assert share_after(((4, 0), (5, 0), "    return 3.14 * radius**2\n")) == pytest.approx(
        len("return.*radius**2") / len("".join(LINE.split()))
    )


def test_what_a_formatter_writes_anew_with_everything_else_is_found_near_its_place() -> None:
    text, accepted = document()
    head, tail = "# one line more\n" * 3, "# the end\n"
    edit = text.replace(
        Position(0, 0),
        Position(text.snapshot.line_count, 0),
        head + BEFORE + LINE.replace(" * ", "\n        * ") + AFTER + tail,
    )
    assert accepted.after(edit).share(text.snapshot) == 1.0


def test_other_code_in_its_place_counts_for_little() -> None:
    assert kept_share("self.total = sum(item.price for item in items)", "raise ValueError(message)") < 0.1


def test_a_long_text_is_compared_by_lines() -> None:
    lines = [f"value_{number} = compute({number}, {number} + 1)" for number in range(60)]
    there = [line for number, line in enumerate(lines) if number % 4]
    assert kept_share("\n".join(lines), "\n".join(there)) == pytest.approx(0.75, abs=0.02)


def test_nothing_but_blanks_is_kept_by_nothing() -> None:
    assert kept_share("  \n", "") == 1.0


_EDITS = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.integers(0, 40),
        st.integers(0, 9),
        st.integers(0, 40),
        st.sampled_from(["", "x", "\n", "a b\nc"]),
    )
)


@given(_EDITS)
def test_whatever_is_edited_its_place_stays_one_and_the_share_a_share(
    edits: list[tuple[int, int, int, int, str]],
) -> None:
    text, accepted = document()
    for line, column, to_line, to_column, inserted in edits:
        start, end = sorted((_within(text, line, column), _within(text, to_line, to_column)))
        accepted = accepted.after(text.replace(start, end, inserted))
        last = text.snapshot.line_count
        assert Position(0, 0) <= accepted.start
        assert accepted.start.line <= last
        assert 0.0 <= accepted.share(text.snapshot) <= 1.0


def _within(text: Document, line: int, column: int) -> Position:
    snapshot = text.snapshot
    line = min(line, snapshot.line_count - 1)
    return Position(line, min(column, len(snapshot.line(line))))
