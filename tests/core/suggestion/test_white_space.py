"""A text whose blanks before it have changed: a table, and that what grows only grows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cursor import view_at
from typethrough.core.suggestion.white_space import respaced, typed_behind


@pytest.mark.parametrize(
    ("language", "text", "then", "now", "is_now"),
    [
        ("python", "b", "a = ", "a =", " b"),
        ("python", "b", "a =", "a = ", "b"),
        ("python", " b", "a =", "a = ", "b"),
        ("python", " b", "a =", "a =  ", "b"),
        ("python", "b", "a = ", "a =  ", "b"),
        ("python", "= b", "a =", "a = ", None),
        ("python", "b", "a.", "a. ", None),
        ("python", "b", "a", "a ", None),
        ("python", "\n    b", "a:", "a: ", "\n    b"),
        ("python", "return a\n    b", "    ", "  ", "return a\n  b"),
        ("python", "return a\nb", "    ", "  ", "return a\n"),
        ("python", "return a", "    ", "", None),
        ("python", "def f():", "    ", "", "def f():"),
        ("python", "a = 1", "    ", "", None),
        ("python", "\n    a = 1\n", "        ", "    ", "a = 1\n"),
        ("python", "\n    a = 1\n", "        ", "     ", ""),
        ("python", "\n    a = 1\n", "        ", "  ", None),
        ("javascript", "a();", "  ", "    ", "a();"),
        ("javascript", "if (a) {\n    b();\n  }\n}", "  ", "    ", "if (a) {\n      b();\n    }\n"),
        ("javascript", "a();", "\t", "    ", None),
        ("yaml", "a: 1", "    ", "  ", None),
        ("", "", "a ", "a", ""),
    ],
)
def test_what_fits_behind_other_blanks(
    language: str, text: str, then: str, now: str, is_now: str | None
) -> None:
    view = view_at("x = 1\n" + now + "$0\n", language_id=language)
    assert respaced(text, then, now, view) == is_now


def test_a_deeper_line_fits_where_a_block_has_been_opened() -> None:
    assert respaced("a()", "", "    ", view_at("if b:\n    $0\n")) == "a()"
    assert respaced("a()", "", "    ", view_at("b = 1\n    $0\n")) is None


@pytest.mark.parametrize(
    ("line", "then", "now"),
    [
        ("a =", "a = ", "a ="),
        ("a = b", "a =", "a = "),
        ("    re", "  ", "    "),
        ("a = b", "a = ", None),
        ("b", "a ", None),
        ("", "    ", ""),
    ],
)
def test_what_stands_before_it_now(line: str, then: str, now: str | None) -> None:
    assert typed_behind(line, then) == now


PIECES = st.lists(st.sampled_from(["a", "return b", "}", "\n", "  ", "    ", "\t", "def f():"]), max_size=8)
BLANKS = st.sampled_from(["", "  ", "    ", "        ", "\t"])


@given(PIECES, PIECES, BLANKS, BLANKS, st.sampled_from(["python", "javascript"]))
def test_a_longer_text_only_adds_to_what_it_is(
    first: list[str], more: list[str], then: str, now: str, language: str
) -> None:
    view = view_at(now + "$0\n", language_id=language)
    text = "".join(first)
    before, after = respaced(text, then, now, view), respaced(text + "".join(more), then, now, view)
    if before is not None and after is not None:
        assert after.startswith(before)
