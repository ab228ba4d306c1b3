"""When to stay silent, and why: tables of places."""

from __future__ import annotations

import pytest

from tests.support.cursor import view_at
from typethrough.core.suggestion.unwanted import unwanted_at


def _reason(marked: str, *, invoked: bool = False) -> str:
    cause = unwanted_at(view_at(marked), invoked=invoked)
    return cause.sentence if cause else ""


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("x = $0", ""),
        ("x = 1$0", ""),
        ("f($0)", ""),
        ("f(g($0))", ""),
        ('f("$0")', ""),
        ("f(x$0):", ""),
        ("if (x$0) {", ""),
        ("f(x$0);", ""),
        ("f($0) ;", ""),
        ("a\n  $0  ", ""),
        ("x$0   ", ""),
        ("a\n\n$0\n\nb", ""),
        ("x = $0 + 1", "in the middle of a line"),
        ("f($0, y)", "in the middle of a line"),
        ("x$0 = 1", "in the middle of a line"),
        ("fo$0o", "in the middle of a word"),
        ("fo$0o()", "in the middle of a word"),
        ("größ$0er = 1", "in the middle of a word"),
        ("a$0_b", "in the middle of a word"),
        ("$0x = 1", "in the middle of a line"),
        ("f(x$0) -> int:", "in the middle of a line"),
        ("def f():$0\n\nx = 1", ""),
        ("def f():$0\nx = 1", ""),
        ("$0", "nothing to go on yet"),
        ("\n\n  $0\n\n", "nothing to go on yet"),
    ],
)
def test_where_nobody_asked_only_good_places_get_a_suggestion(marked: str, reason: str) -> None:
    assert _reason(marked) == reason
    assert _reason(marked, invoked=True) == "", "who asks in so many words gets an answer"


@pytest.mark.parametrize("invoked", [True, False])
@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("x" * 1_990 + "$0" + " " * 20, "the line is too long"),
        ("$0\n" + "x" * 20_000_000, "the file is too large"),
    ],
)
def test_sizes_hold_for_everybody(marked: str, reason: str, *, invoked: bool) -> None:
    assert _reason(marked, invoked=invoked) == reason
