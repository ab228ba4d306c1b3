"""Texts of different kinds: which is which, and where nothing is begun."""

from __future__ import annotations

from math import inf

import pytest

from tests.support.cursor import view_at
from typethrough.core.asking.manner import Kind, is_at_rest, kind_of, longest_wait_ms


@pytest.mark.parametrize(
    ("language", "kind"),
    [
        ("python", Kind.CODE),
        ("nosuchlanguage", Kind.CODE),
        ("html", Kind.CODE),
        ("markdown", Kind.PROSE),
        ("plaintext", Kind.PROSE),
        ("git-commit", Kind.MESSAGE),
        ("yaml", Kind.DATA),
        ("json", Kind.DATA),
    ],
)
def test_a_language_says_what_a_text_is(language: str, kind: Kind) -> None:
    assert kind_of(language) is kind


@pytest.mark.parametrize(
    ("language", "line", "is_resting"),
    [
        ("markdown", "It is fast.", True),
        ("markdown", "It is *fast*.", True),
        ("markdown", "Is it “fast?”", True),
        ("markdown", "It is fast. ", False),
        ("markdown", "2.", False),
        ("markdown", "e.g.", False),
        ("markdown", "See a.", False),
        ("markdown", "", False),
        ("latex", "It is fast.", False),
        ("git-commit", "# On branch main", True),
        ("git-commit", "Fix it", False),
        ("python", "it is fast.", False),
        ("yaml", "a: it is fast.", False),
    ],
)
def test_where_a_sentence_has_ended_nothing_is_begun(language: str, line: str, *, is_resting: bool) -> None:
    assert is_at_rest(view_at(line + "$0\n", language_id=language)) is is_resting


def test_prose_waits_less_long_than_code() -> None:
    waits_ms = [
        longest_wait_ms(view_at("a $0\n", language_id=language)) for language in ("markdown", "python")
    ]
    assert waits_ms == [350, inf]
