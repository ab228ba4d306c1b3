"""Texts of different kinds: which is which, and how long is waited."""

from __future__ import annotations

from math import inf

import pytest

from tests.support.cursor import view_at
from typethrough.core.asking.manner import Kind, is_not_ours, kind_of, longest_wait_ms


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
    ("language", "line", "most_ms"),
    [
        ("markdown", "It is fast.", inf),
        ("markdown", "It is *fast*.", inf),
        ("markdown", "Is it “fast?”", inf),
        ("markdown", "It is fast. ", 350),
        ("markdown", "2.", 350),
        ("markdown", "e.g.", 350),
        ("markdown", "", 350),
        ("git-commit", "Fix it", 250),
        ("python", "it is fast", inf),
        ("yaml", "a: it is fast.", 300),
    ],
)
def test_how_long_a_pause_is_waited_for(language: str, line: str, most_ms: float) -> None:
    assert longest_wait_ms(view_at(line + "$0\n", language_id=language)) == most_ms


@pytest.mark.parametrize(
    ("language", "line", "is_gits"),
    [("git-commit", "# On branch main", True), ("git-commit", "Fix #1", False), ("python", "# a", False)],
)
def test_gits_own_lines_are_left_alone(language: str, line: str, *, is_gits: bool) -> None:
    assert is_not_ours(view_at(line + "$0\n", language_id=language)) is is_gits
