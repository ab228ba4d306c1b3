"""Late, by measurement, and what asking twice may cost."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.asking.extra import HedgeLedger, estimated, priced
from typethrough.core.asking.waits import ENOUGH_WAITS, Waits
from typethrough.core.models import ModelProfile, profile_of
from typethrough.core.outcome.outcome import Usage
from typethrough.core.prompt.message import Message, Prompt
from typethrough.core.prompt.sent import TokenRatio

waits_ms = st.lists(st.floats(0, 5_000), min_size=ENOUGH_WAITS, max_size=100)


def waits_of(values_ms: list[float]) -> Waits:
    waits = Waits()
    for value_ms in values_ms:
        waits.note(value_ms, spoke=True)
    return waits


def test_few_waits_say_nothing_and_those_given_up_are_not_counted_among_them() -> None:
    waits = waits_of([100.0] * (ENOUGH_WAITS - 1))
    waits.note(500, spoke=False)
    assert waits.percentile_ms(0.95) is None
    waits.note(100, spoke=True)
    assert waits.percentile_ms(0.95) is not None


@given(waits_ms, st.sampled_from([0.5, 0.9, 0.95]))
def test_when_nobody_gave_up_it_is_the_nearest_rank(values_ms: list[float], share: float) -> None:
    rank = math.ceil(share * len(values_ms) - 1e-6)
    assert waits_of(values_ms).percentile_ms(share) == sorted(values_ms)[rank - 1]


@given(waits_ms, st.floats(1, 5_000))
def test_a_wait_given_up_never_makes_late_earlier(values_ms: list[float], given_up_ms: float) -> None:
    waits = waits_of(values_ms[:99])
    before_ms = waits.percentile_ms(0.95)
    waits.note(given_up_ms, spoke=False)
    after_ms = waits.percentile_ms(0.95)
    assert before_ms is not None
    assert after_ms is not None
    assert after_ms >= before_ms


def test_cutting_long_waits_short_again_and_again_does_not_move_what_is_late() -> None:
    draw, waits = random.Random(4), Waits()
    late_ms = []
    for _ in range(2_000):
        wait_ms = draw.lognormvariate(math.log(350), 0.5)
        limit_ms = waits.percentile_ms(0.95) or math.inf
        late_ms.append(limit_ms)
        waits.note(min(wait_ms, limit_ms + 200), spoke=wait_ms <= limit_ms + 200)
    true_ms = 350 * math.exp(0.5 * 1.6449)
    typical_ms = sorted(late_ms)[len(late_ms) // 2]
    assert 0.85 * true_ms < typical_ms < 1.15 * true_ms


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=50), st.integers(0, 50))
def test_hedges_stay_within_their_share_whatever_is_asked(
    spending: list[tuple[float, bool]], share: int
) -> None:
    ledger = HedgeLedger(share)
    for dollars, on_hedge in spending:
        if not on_hedge or ledger.allows(dollars):
            ledger.spend(dollars, on_hedge=on_hedge)
        assert ledger.hedge_dollars <= share / 100 * ledger.dollars + 1e-9


def test_what_was_set_aside_and_not_needed_comes_back() -> None:
    ledger = HedgeLedger(10)
    ledger.spend(1.0, on_hedge=False)
    assert ledger.allows(0.1)
    ledger.spend(0.1, on_hedge=True)
    assert not ledger.allows(0.1)
    ledger.spend(-0.1, on_hedge=True)
    assert ledger.allows(0.1)


def prompt_of(stable_chars: int, window_chars: int) -> Prompt:
    messages = (Message("system", "s" * stable_chars), Message("user", "w" * window_chars))
    return Prompt(messages, 1, (), 64, "shard")


@pytest.mark.parametrize(
    ("model", "stable_chars", "is_warm", "expected"),
    [
        ("gpt-4.1-nano", 36_000, False, Usage(10_100, 0)),
        ("gpt-4.1-nano", 36_000, True, Usage(10_100, 9_984)),
        ("gpt-4.1-nano", 3_600, True, Usage(1_100, 0)),
        ("gpt-6-luna", 36_000, False, Usage(10_100, 0, 0, 9_984)),
        ("gpt-6-luna", 36_000, True, Usage(10_100, 9_984)),
        ("gpt-6-luna", 3_600, False, Usage(1_100, 0)),
    ],
)
def test_a_cold_cache_is_read_and_written_and_a_warm_one_has_the_stable_part_in_its_steps(
    model: str, stable_chars: int, is_warm: bool, expected: Usage
) -> None:
    profile = profile_of(model)
    assert estimated(prompt_of(stable_chars, 360), profile, TokenRatio(), is_warm=is_warm) == expected


def test_a_model_without_known_prices_costs_what_the_other_does() -> None:
    nano, unknown = profile_of("gpt-4.1-nano"), ModelProfile()
    assert (priced(unknown, nano), priced(nano, unknown)) == (nano, nano)
    assert priced(unknown, unknown).cost_dollars(Usage(1_000, 0, 0)) > 0
