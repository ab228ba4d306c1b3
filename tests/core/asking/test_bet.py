"""The wait is a bet: on the next key, on the model's speed, and on what became of the texts before."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.asking.bet import Habits, Odds, between
from typethrough.core.asking.hand import EDGES_MS, Spot

QUICK = Odds((250.0, 350.0, 420.0, 550.0, 800.0), 880.0, 0.0, 30.0, 450.0)
SLOW = QUICK._replace(waits_ms=(430.0, 640.0, 810.0, 1_010.0, 1_350.0))
waits_ms = st.lists(st.floats(1, 5_000), min_size=5, max_size=5).map(lambda waits: tuple(sorted(waits)))
odds = st.builds(
    lambda waits, deadline_ms, gone_ms, bounds, dollars: Odds(
        waits, deadline_ms, gone_ms, min(bounds), max(bounds), dollars
    ),
    waits_ms,
    st.floats(50, 5_000),
    st.floats(0, 3_000),
    st.tuples(st.integers(0, 1_000), st.integers(0, 2_000)),
    st.floats(0, 1),
)


@pytest.mark.parametrize(
    ("spot", "waited_ms"),
    [
        # Nothing but a pause pays behind a slip, and it does so late.
        (Spot.LEFT, range(450, 451)),
        (Spot.UNKNOWN, range(300, 451)),
        # The first keys on a blank line are more Enters and less indentation.
        (Spot.BLANK, range(30, 331)),
        # A text mostly fits the word that follows.
        (Spot.BETWEEN, range(30, 31)),
        (Spot.END, range(30, 31)),
        (Spot.BEGUN, range(30, 31)),
        (Spot.ACCEPTED, range(30, 91)),
    ],
)
def test_before_a_person_is_known_each_spot_has_its_wait(spot: Spot, waited_ms: range) -> None:
    assert int(Habits().wait_ms(spot, QUICK)) in waited_ms


def test_where_texts_stop_fitting_the_wait_becomes_long_and_where_they_fit_again_short() -> None:
    habits = Habits()
    before_ms = habits.wait_ms(Spot.KNOWN, QUICK)
    for _ in range(4):
        habits.note_text(Spot.KNOWN, typed=True, shown=False)
    assert habits.wait_ms(Spot.KNOWN, QUICK) > before_ms

    for _ in range(6):
        habits.note_text(Spot.KNOWN, typed=True, shown=True)
    assert habits.wait_ms(Spot.KNOWN, QUICK) == before_ms


def test_what_is_learnt_of_one_spot_says_nothing_of_another() -> None:
    habits = Habits()
    habits.note_text(Spot.KNOWN, typed=True, shown=False)
    habits.note_text(Spot.KNOWN, typed=False, shown=False)
    habits.note_gap(Spot.KNOWN, 100.0, deleted=True)

    assert habits.fits(Spot.KNOWN) < Habits().fits(Spot.KNOWN)
    assert habits.rests(Spot.KNOWN) < Habits().rests(Spot.KNOWN)
    for spot in set(Spot) - {Spot.KNOWN}:
        assert habits.gaps(spot) == Habits().gaps(spot)
        assert (habits.fits(spot), habits.rests(spot)) == (Habits().fits(spot), Habits().rests(spot))


def test_each_text_that_went_wrong_on_a_line_makes_the_next_one_less_worth() -> None:
    habits = Habits()
    for _ in range(2):
        habits.note_text(Spot.KNOWN, typed=True, shown=False)
    waits_ms = [habits.wait_ms(Spot.KNOWN, QUICK._replace(strays=strays)) for strays in range(4)]

    assert waits_ms == sorted(waits_ms)
    assert waits_ms[0] < 100 < 300 < waits_ms[3]


def test_that_a_text_fits_says_more_behind_some_that_went_wrong() -> None:
    surprised, habits = Habits(), Habits()
    surprised.note_text(Spot.STRAYED, typed=True, shown=True, strays=3)
    habits.note_text(Spot.STRAYED, typed=True, shown=True)

    assert surprised.fits(Spot.STRAYED) > habits.fits(Spot.STRAYED)


def test_what_was_given_up_is_tried_again_some_time() -> None:
    habits = Habits()
    for _ in range(10):
        habits.note_text(Spot.BEGUN, typed=True, shown=False)
    assert habits.wait_ms(Spot.BEGUN, QUICK) > 300
    for _ in range(200):
        habits.note_gap(Spot.BEGUN, 130.0, deleted=False)
    assert habits.wait_ms(Spot.BEGUN, QUICK) < 100


def test_a_hand_that_rests_after_a_word_is_asked_for_there() -> None:
    habits = Habits()
    for _ in range(10):
        habits.note_text(Spot.KNOWN, typed=True, shown=False)
    assert habits.wait_ms(Spot.KNOWN, QUICK) > 300
    for _ in range(60):
        habits.note_gap(Spot.KNOWN, 1_200.0, deleted=False)
    assert habits.wait_ms(Spot.KNOWN, QUICK) < 100


def test_a_hand_that_takes_back_what_it_pauses_on_is_waited_for() -> None:
    habits = Habits()
    for _ in range(60):
        habits.note_gap(Spot.KNOWN, 100.0, deleted=False)
        habits.note_gap(Spot.KNOWN, 260.0, deleted=True)
    late = QUICK._replace(from_ms=150.0)

    assert Habits().wait_ms(Spot.KNOWN, late) < 180
    assert habits.wait_ms(Spot.KNOWN, late) > 260


def test_who_sends_suggestions_away_is_asked_for_less_and_who_takes_them_again_more() -> None:
    habits = Habits()
    assert habits.wait_ms(Spot.KNOWN, QUICK) < 100
    for _ in range(8):
        habits.note_taken(taken=False)
    assert habits.wait_ms(Spot.KNOWN, QUICK) > 300
    for _ in range(12):
        habits.note_taken(taken=True)
    assert habits.wait_ms(Spot.KNOWN, QUICK) < 100


def test_what_was_sent_away_is_forgotten_while_typing_goes_on() -> None:
    habits = Habits()
    for _ in range(6):
        habits.note_taken(taken=False)
    for _ in range(200):
        habits.note_gap(Spot.BETWEEN, 150.0, deleted=False)
    assert habits.wait_ms(Spot.BETWEEN, QUICK) == Habits().wait_ms(Spot.BETWEEN, QUICK)


@pytest.mark.parametrize(("dollars", "is_asked_soon"), [(0.0, True), (0.001, True), (0.05, False)])
def test_a_dear_question_needs_better_odds(dollars: float, is_asked_soon: bool) -> None:
    wait_ms = Habits().wait_ms(Spot.KNOWN, QUICK._replace(dollars=dollars))

    assert (wait_ms < QUICK.max_ms) is is_asked_soon


def test_a_slow_model_is_not_asked_later_where_the_hand_rests() -> None:
    assert Habits().wait_ms(Spot.ACCEPTED, SLOW) <= Habits().wait_ms(Spot.ACCEPTED, QUICK)


@pytest.mark.parametrize(
    ("changes", "wait_ms"),
    [
        ({"min_ms": 100.0, "max_ms": 100.0}, 100.0),
        ({"min_ms": 0.0, "max_ms": 0.0}, 0.0),
        ({"min_ms": 0.0}, 0.0),
        # The editor has waited itself.
        ({"from_ms": 200.0}, 200.0),
        ({"from_ms": 2_000.0}, 450.0),
        # No text can be in time: the sooner it is asked for, the sooner it is there for the next key.
        ({"waits_ms": (900.0,) * 5}, 0.0),
        ({"min_ms": 2_000.0, "max_ms": 2_000.0}, 630.0),
    ],
)
def test_the_bounds_of_the_settings_and_the_deadline_hold(changes: dict[str, Any], wait_ms: float) -> None:
    assert Habits().wait_ms(Spot.BETWEEN, QUICK._replace(**changes)) == wait_ms


@given(odds, st.sampled_from(Spot), st.lists(st.tuples(st.floats(0, 9_000), st.booleans()), max_size=30))
def test_a_wait_is_within_its_bounds_whatever_was_learnt(
    odds: Odds, spot: Spot, keys: list[tuple[float, bool]]
) -> None:
    habits = Habits()
    for gap_ms, flag in keys:
        habits.note_gap(spot, gap_ms, deleted=flag)
        habits.note_text(spot, typed=flag, shown=gap_ms > 300)
        habits.note_taken(taken=flag)
    wait_ms = habits.wait_ms(spot, odds)

    assert 0 <= wait_ms <= odds.max_ms
    assert wait_ms >= min(odds.min_ms, max(0.0, odds.deadline_ms - odds.waits_ms[0]))


@given(st.sampled_from(Spot), st.lists(st.tuples(st.floats(0, 9_000), st.booleans()), max_size=60))
def test_shares_of_gaps_fall_from_one_and_stay_shares(spot: Spot, keys: list[tuple[float, bool]]) -> None:
    habits = Habits()
    for gap_ms, deleted in keys:
        habits.note_gap(spot, gap_ms, deleted=deleted)
    longer, deletions = habits.gaps(spot)

    assert longer[0] == pytest.approx(1.0)
    assert list(longer) == sorted(longer, reverse=True)
    assert all(0 <= share <= 1 + 1e-9 for share in (*longer, *deletions))


def test_habits_of_a_hundred_thousand_keys_are_as_good_as_those_of_a_hundred() -> None:
    new, old = Habits(), Habits()
    for number in range(100_000):
        old.note_gap(Spot.KNOWN, 130.0, deleted=not number % 40)
    for number in range(400):
        new.note_gap(Spot.KNOWN, 130.0, deleted=not number % 40)

    assert old.gaps(Spot.KNOWN).longer == pytest.approx(new.gaps(Spot.KNOWN).longer, abs=0.01)
    assert old.gaps(Spot.KNOWN).longer[-1] > 0
    assert old.wait_ms(Spot.KNOWN, QUICK) == new.wait_ms(Spot.KNOWN, QUICK)


@pytest.mark.parametrize(
    ("ms", "share"), [(0, 1.0), (30, 0.75), (60, 0.5), (75, 0.25), (90, 0.0), (5_000, 0.0)]
)
def test_between_two_edges_the_shares_lie_on_a_line(ms: float, share: float) -> None:
    assert between([1.0, 0.5] + [0.0] * (len(EDGES_MS) - 2), ms) == pytest.approx(share)
