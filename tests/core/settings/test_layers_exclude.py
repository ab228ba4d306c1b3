"""Patterns of files to exclude: what is wrong with one is told, and what is right beside it holds all the same."""

from __future__ import annotations

import pytest

from typethrough.core.settings.layers import Layer, Origin, resolve
from typethrough.core.settings.schema import DEFAULTS


def _resolved(value: object, origin: Origin = Origin.CONFIGURATION) -> tuple[tuple[str, ...], list[str]]:
    settings, problems = resolve([Layer("here", origin, {"exclude": value})])
    return settings.exclude, [one.message for one in problems]


@pytest.mark.parametrize(
    ("value", "added", "word"),
    [
        (["private/"], ["private/"], ""),
        (["**/*.{pem,key}"], ["**/*.{pem,key}"], "braces"),
        (["private\\keys", "b"], ["private\\keys", "b"], "backslash"),
        (["~/private"], ["~/private"], "~"),
        (["["], ["["], "can match"),
        (["a", 5, None, "b"], ["a", "b"], "list of texts"),
        ("a", ["a"], "list of texts"),
        (["a" * 600, "b"], ["a" * 600, "b"], "list of texts"),
        (["!.env"], [], "begins with !"),
    ],
)
def test_what_is_wrong_is_told_and_what_forbids_is_kept(value: object, added: list[str], word: str) -> None:
    exclude, messages = _resolved(value)
    assert exclude == (*DEFAULTS.exclude, *added)
    assert bool(messages) is bool(word)
    assert all(word in message for message in messages)


def test_the_user_may_take_away_what_the_user_has_put_there() -> None:
    assert _resolved(["*.key", "!my.key"], Origin.USER_FILE) == (("*.key", "!my.key"), [])


def test_no_message_repeats_a_pattern() -> None:
    _, messages = _resolved(["~/sk-live-1234"])
    assert "sk-live" not in "".join(messages)
