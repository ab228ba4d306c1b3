"""The debounce: it follows the hand, the place and the network, and never costs the budget."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cursor import view_at
from typethrough.core.asking.rhythm import Latency, Rhythm, Word, debounce_ms, word_at


def _debounce_ms(
    marked: str = "name$0", changes: dict[str, float] | None = None, *, deleting: bool = False
) -> float:
    figures = {"interval_ms": 150.0, "ttft_ms": 300.0, "budget_ms": 900.0, "min_ms": 30.0, "max_ms": 350.0}
    return debounce_ms(view_at(marked), deleting=deleting, **(figures | (changes or {})))


def _typed(*intervals_s: float) -> Rhythm:
    rhythm, now_s = Rhythm(), 100.0
    rhythm.note(now_s)
    for interval_s in intervals_s:
        now_s += interval_s
        rhythm.note(now_s)
    return rhythm


def test_before_a_hand_is_known_it_is_taken_for_a_typical_one() -> None:
    assert Rhythm().interval_ms() == 150.0
    assert _typed(0.01, 0.01, 0.01, 0.01).interval_ms() == 150.0


def test_the_rhythm_is_the_median_of_bursts_and_pauses_do_not_count() -> None:
    assert _typed(0.1, 5.0, 0.1, 0.3, 60.0, 0.1, 0.3).interval_ms() == pytest.approx(100.0)


def test_a_hand_that_changes_its_rhythm_is_followed() -> None:
    assert _typed(*[0.1] * 50, *[0.3] * 30).interval_ms() == pytest.approx(300.0)


def test_latency_is_a_median_over_the_last_streams() -> None:
    latency = Latency()
    assert latency.median_ms(default_ms=250.0) == 250.0
    for ttft_ms in [9_000.0] * 3 + [400.0] * 13 + [500.0] * 9:
        latency.note(ttft_ms)

    assert latency.median_ms() == 500.0


@pytest.mark.parametrize("marked", ["    $0", "f($0", "x = $0", "f()$0"])
def test_a_question_is_asked_sooner_between_words_than_inside_one(marked: str) -> None:
    assert _debounce_ms(marked) < _debounce_ms("name$0")


def test_a_key_that_is_likely_to_be_taken_back_waits_longest() -> None:
    slip = "counter = 1\ncountr$0"

    unhurried = {"max_ms": 2_000.0, "ttft_ms": 100.0}
    waits_ms = [_debounce_ms(slip, unhurried), _debounce_ms(changes=unhurried, deleting=True)]
    assert min(waits_ms) > _debounce_ms("counter = 1\ncoun$0", unhurried)


@pytest.mark.parametrize(
    ("marked", "word"),
    [
        ("counter\ncountr$0", Word.LEFT),
        ("countr$0\ncounter", Word.LEFT),
        ("größer\ngrößx$0", Word.LEFT),
        ("counter\ncounte$0", Word.KNOWN),
        ("counter\nco$0", Word.KNOWN),
        ("counter\nother$0", Word.UNKNOWN),
        ("counter\ncountr_$0", Word.UNKNOWN),
        ("counter\n$0", Word.BLANK),
        ("counter\n    $0", Word.BLANK),
        ("1234\n125$0", Word.NONE),
        ("counter\nf($0", Word.NONE),
    ],
)
def test_the_word_at_the_cursor_is_judged_by_the_words_that_stand_near(marked: str, word: Word) -> None:
    assert word_at(view_at(marked)) is word


@pytest.mark.parametrize(
    ("changes", "expected_ms"),
    [
        ({"interval_ms": 1.0}, 30.0),
        ({"interval_ms": 900.0}, 350.0),
        ({"ttft_ms": 500.0}, 150.0),
        ({"ttft_ms": 600.0}, 0.0),
        ({"ttft_ms": 5_000.0}, 0.0),
        ({"budget_ms": 460.0}, 10.0),
        ({"min_ms": 0.0, "max_ms": 0.0}, 0.0),
    ],
)
def test_the_wait_has_bounds_and_leaves_the_model_its_time(
    changes: dict[str, float], expected_ms: float
) -> None:
    assert _debounce_ms(changes=changes) == pytest.approx(expected_ms)


@given(
    interval_ms=st.floats(0, 1_000),
    ttft_ms=st.floats(0, 10_000),
    budget_ms=st.floats(50, 5_000),
    max_ms=st.floats(0, 2_000),
)
def test_a_wait_and_a_typical_stream_fit_into_the_budget_or_there_is_no_wait(
    interval_ms: float, ttft_ms: float, budget_ms: float, max_ms: float
) -> None:
    figures = {"interval_ms": interval_ms, "ttft_ms": ttft_ms, "budget_ms": budget_ms, "max_ms": max_ms}
    delay_ms = _debounce_ms(changes=figures)

    assert delay_ms >= 0
    assert delay_ms == 0 or delay_ms + ttft_ms <= budget_ms
