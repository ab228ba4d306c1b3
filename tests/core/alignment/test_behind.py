"""The readings of a text that ends before closers or the rest of a line; `$0` is the cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.filters.place import place
from typethrough.core.alignment.behind import Fit, behind, covered, readings
from typethrough.core.filters import fittings


@pytest.mark.parametrize(
    ("language", "marked", "text", "fit"),
    [
        ("javascript", "if ($0) {", "a > b) {", Fit("a > b")),
        ("javascript", "function f($0)", "a, b) {", Fit("a, b) {", 1)),
        ("rust", "let v: Vec<$0>", "String> = Vec::new();", Fit("String> = Vec::new();", 1)),
        ("c", "int a = sizeof($0);", "b) * 2;", Fit("b) * 2;", 2)),
        ("python", "x = {$0}", "\n    'a': 1,\n}", Fit("\n    'a': 1,\n")),
        ("javascript", "const f = () => {$0};", "\n  a();", Fit("\n  a();\n")),
        ("python", "send($0, retries)", "url", Fit("url")),
        ("typescript", "const a = b < c && d($0);", "e > f);", Fit("e > f")),
    ],
)
def test_one_reading_is_likeliest(language: str, marked: str, text: str, fit: Fit) -> None:
    assert behind(text, place(marked, language)) == fit


def test_all_readings_are_told_the_likeliest_first() -> None:
    view = place("if ($0) {", "javascript")
    assert list(readings("a > b) {", view)) == [
        Fit("a > b"),
        Fit("a > b) {"),
        Fit("a > b) {", 3),
        Fit("a > b) {", 1),
    ]
    assert [fit.text for fit in fittings("a\nb", place("x = $0\nb", "python"))] == ["a", "a\nb"]


@given(st.text("ab()[]{}<>\"'`;, \n", max_size=12), st.text("ab()[]{}<>\"'`;, ", max_size=8))
def test_what_is_replaced_is_said_again_in_its_order(text: str, suffix: str) -> None:
    view = place(f"f($0{suffix}", "javascript")
    fit = behind(text, view)
    if isinstance(fit, Fit) and fit.replaces:
        rest = iter(fit.text)
        assert all(sign in rest for sign in suffix[: fit.replaces] if not sign.isspace())
    assert covered(text, view) <= len(suffix)
