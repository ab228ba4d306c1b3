"""What of a prompt was sent before, and what a cache should have held of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.models import ModelProfile
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.message import Message, Prompt
from typethrough.core.prompt.sent import Memory, TokenRatio, shared_chars

PROFILE = ModelProfile(cache_min_tokens=1_024, cache_step_tokens=128, cache_ttl_s=300.0)
TERMS = Terms(PROFILE, 9_000, 16)


def prompt(*texts: str, role: str = "user") -> Prompt:
    return Prompt(tuple(Message(role, text) for text in texts), 1, (), 16, "key")


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (("abc",), ("abd",), 2),
        (("abc", "x"), ("abc", "y"), 3),
        (("abc", "xy"), ("abc", "xz"), 4),
        (("abc",), ("abc", "x"), 3),
        (("abcd",), ("abc", "d"), 3),
        (("abc", "same"), ("abx", "same"), 2),
        ((), ("a",), 0),
    ],
)
def test_prompts_share_their_common_beginning(
    one: tuple[str, ...], other: tuple[str, ...], shared: int
) -> None:
    assert shared_chars(prompt(*one), prompt(*other)) == shared


@given(st.text("ab", max_size=20), st.text("ab", max_size=20))
def test_the_common_beginning_is_the_longest(one: str, other: str) -> None:
    count = shared_chars(prompt(one), prompt(other))
    assert one[:count] == other[:count]
    assert one[count : count + 1] != other[count : count + 1] or count == len(one) == len(other)


def test_another_role_is_another_beginning() -> None:
    assert shared_chars(prompt("abc"), prompt("abc", role="system")) == 0


def test_a_cache_should_hold_whole_steps_of_what_was_sent_lately() -> None:
    memory, ratio = Memory(), TokenRatio()
    file = "x" * 10_000
    assert memory.send(prompt(file, "one"), TERMS, 0.0, ratio) == (10_003, 0, 9_000, 16)
    sent = memory.send(prompt(file, "two"), TERMS, 10.0, ratio)
    assert sent.cached_tokens == 10_000 / ratio.chars_per_token // 128 * 128
    # Another document in between is not the end of it, and five minutes are.
    memory.send(prompt("y" * 9_000), TERMS, 20.0, ratio)
    assert memory.send(prompt(file, "six"), TERMS, 30.0, ratio).cached_tokens == sent.cached_tokens
    assert memory.send(prompt(file, "ten"), TERMS, 331.0, ratio).cached_tokens == 0


def test_a_short_beginning_is_not_held_at_all() -> None:
    memory, ratio = Memory(), TokenRatio()
    memory.send(prompt("x" * 3_000), TERMS, 0.0, ratio)
    assert memory.send(prompt("x" * 3_000), TERMS, 1.0, ratio).cached_tokens == 0
