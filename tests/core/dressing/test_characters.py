"""The characters of an answer: one line end, nothing that cannot be seen, and what a language needs is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cursor import view_at
from typethrough.core.dressing.characters import Characters


def _fed(marked: str, *pieces: str, language: str = "python") -> str:
    characters = Characters(view_at(marked, language_id=language))
    return "".join([*map(characters.feed, pieces), characters.end()])


@pytest.mark.parametrize(
    ("marked", "raw", "text"),
    [
        ("x = $0", "1\r\ny = 2\r\n", "1\ny = 2\n"),
        ("x = $0", "1\ry = 2\r", "1\ny = 2\n"),
        ("x = $0", "1\r\r\ny = 2\n\r\nz", "1\ny = 2\n\nz"),
        ("x = $0", "a\0b\x08 +\x07 c\x7f\x9f", "ab + c"),
        ("x = $0", "\x1b[1;31ma\x1b[0m + \x1b]0;t\x07b", "a + b"),
        ("x = $0", "a\x1b", "a"),
        ("x = $0", "\ufeffa\u200b + b\u200c\u2060", "a + b"),
        ("x = $0", "'\u202ea\u202c' + \u2066b\u2069\u200e", "'a' + b"),
        ("x = $0", "a\u2028b\u2029c\x85d", "abcd"),
        ("x = $0", "a\xadb\u3164", "ab"),
        ("x = $0", "'\U000e0041\U000e0042'", "''"),
        ("x = $0", "'é ß 漢 ア ❤\ufe0f'", "'é ß 漢 ア ❤\ufe0f'"),
        ("x = $0", "'\U0001f468\u200d\U0001f469\u200d\U0001f466'", "'\U0001f468\u200d\U0001f469\u200d\U0001f466'"),
        ("x = $0", "'می\u200cخواهم'", "'می\u200cخواهم'"),
        ("x = $0", "'क\u094d\u200dष'", "'क\u094d\u200dष'"),
        ("x = 'a\u200bb'\ny = $0", "'c\u200bd'", "'c\u200bd'"),
        ("\x0c\nx = $0", "1\n\x0c\ny", "1\n\x0c\ny"),
        ("c = '\x1b[0m'\nx = $0", "'\x1b[1m'", "'\x1b[1m'"),
        ("x = $0", "'\ud83e\udd8a' + '\ud83e'", "'\U0001f98a' + ''"),
        # Spaces that do not break: an indentation, beside a sign, and in words.
        ("def f():\n$0", "\xa0\xa0\xa0\xa0return 1", "    return 1"),
        ("def f():$0", "\n\xa0\xa0 \xa0return\xa0=\xa01", "\n    return = 1"),
        ("x = $0", "'10\xa0km' +\xa0b", "'10\xa0km' + b"),
        ("x = '1\xa0m'\ny = $0", "a\xa0+ b", "a\xa0+ b"),
    ],
)  # fmt: skip
def test_an_answer_has_one_line_end_and_nothing_unseen(marked: str, raw: str, text: str) -> None:
    assert _fed(marked, raw) == text
    assert _fed(marked, *raw) == text
    for at in range(len(raw)):
        assert _fed(marked, raw[:at], raw[at:]) == text


def test_in_prose_a_space_that_does_not_break_stays() -> None:
    assert _fed("Texte $0", "«\xa0oui\xa0»\xa0: 10\xa0%", language="markdown") == "«\xa0oui\xa0»\xa0: 10\xa0%"


@given(st.lists(st.text("ab \r\n\t\0\x1b[1m\u200d\u200b\xa0é\ud83d\ude00=", max_size=6), max_size=12))
def test_any_pieces_give_the_same_text(pieces: list[str]) -> None:
    whole = _fed("x = 1\n$0", "".join(pieces))
    assert _fed("x = 1\n$0", *pieces) == whole
    assert "\r" not in whole
    assert "\0" not in whole
