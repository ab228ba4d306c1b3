"""The quality table: what the naive server would have put in, and the rows that it takes from the typing benchmark."""

from __future__ import annotations

from tests.bench.quality import _TOLD, is_right_plainly, naive_text
from tests.bench.table import FIGURES
from tests.markers.form import Case


def test_the_naive_server_takes_off_fences_and_nothing_else() -> None:
    assert naive_text("```python\nx = 1\n```\n") == "x = 1"
    assert naive_text("Sure!\nx = 1") == "Sure!\nx = 1"


def test_a_case_is_right_plainly_when_the_text_as_it_is_is_what_should_be_shown() -> None:
    plain = Case("a/b", "x = $0\n", ("y",), shown=("x = y",))
    assert is_right_plainly(plain)
    assert not is_right_plainly(Case("a/b", "x = $0\n", ("x = y",), shown=("x = y",)))
    assert is_right_plainly(Case("a/b", "f($0)\n", ("a",), after=("f(a)\n",)))
    assert not is_right_plainly(Case("a/b", "f($0)\n", ("a)",), after=("f(a)\n",)))
    assert is_right_plainly(Case("a/b", "x = $0\n", (" ",), shown=()))


def test_the_rows_of_typing_are_the_typing_tables_own() -> None:
    assert set(_TOLD) <= {title for title, _, _ in FIGURES}
