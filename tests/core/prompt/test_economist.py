"""What prompts cost, and what is decided by it: leases, shards of the cache, how much context, warm-ups."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.models import ModelProfile
from typethrough.core.outcome.outcome import Usage
from typethrough.core.prompt.economist import Allowance, Lease, Shards, prices, warm_up_pays

PAID = ModelProfile(input_price=0.10, cached_price=0.025, context_tokens=100_000)
NO_CACHE_PRICE = ModelProfile(input_price=0.10, cached_price=0.0)
FREE = ModelProfile(context_tokens=100_000)


@pytest.mark.parametrize(
    ("profile", "fresh", "cached"),
    [
        (PAID, 0.10, 0.025),
        (NO_CACHE_PRICE, 0.10, 0.10),
        (ModelProfile(input_price=0.1, cached_price=0.2), 0.1, 0.1),
        (FREE, 1.0, 0.02),
    ],
)
def test_what_tokens_cost_is_never_nothing(profile: ModelProfile, fresh: float, cached: float) -> None:
    assert prices(profile) == (fresh, cached)


@given(logs=st.lists(st.integers(0, 5_000), min_size=1, max_size=300), anchor=st.integers(1, 50_000))
def test_renting_until_it_has_cost_a_purchase_is_at_most_twice_the_best_choice_in_hindsight(
    logs: list[int], anchor: int
) -> None:
    """The best fixed choice: buy before the first request, or never. One request's rent may be paid beyond it."""
    fresh, cached = prices(PAID)
    price = anchor * (fresh - cached)
    lease, paid, bought = Lease(), 0.0, False
    for log in logs:
        if not bought and lease.is_up(PAID, anchor):
            paid, bought = paid + price, True
        if not bought:
            lease.pay(PAID, log)
            paid += log * cached

    best = min(price, sum(logs) * cached)
    assert paid <= 2 * best + max(logs) * cached + 1e-9
    assert paid <= sum(logs) * cached + price + 1e-9


def test_a_lease_is_not_up_before_anything_was_paid_nor_where_the_cache_spares_nothing_sooner() -> None:
    lease = Lease()
    assert not lease.is_up(PAID, 0)

    lease.pay(PAID, 2_999)
    assert not lease.is_up(PAID, 1_000)
    lease.pay(PAID, 1)
    assert lease.is_up(PAID, 1_000)


@given(gaps_s=st.lists(st.sampled_from([0.1, 0.5, 1.0, 2.0, 5.0, 59.0, 61.0, 400.0]), max_size=400))
def test_no_key_gets_more_requests_a_minute_than_its_machine_takes(gaps_s: list[float]) -> None:
    shards, now_s = Shards("key"), 0.0
    sent_s: dict[str, list[float]] = defaultdict(list)
    for gap_s in gaps_s:
        now_s += gap_s
        key = shards.take(now_s)
        sent_s[key] = [*(at_s for at_s in sent_s[key] if now_s - at_s <= 60.0), now_s]
        busiest = sum(len(times) for times in sent_s.values())
        # Eight machines take 160 requests a minute; beyond that there is no right choice.
        assert len(sent_s[key]) <= max(20, busiest // 8 + 1)


def test_what_is_below_the_limit_has_one_key_and_bursts_use_the_same_ones_in_the_same_order() -> None:
    slow = Shards("key")
    assert {slow.take(4.5 * number) for number in range(200)} == {"key"}

    def burst(shards: Shards, begin_s: float) -> list[str]:
        return [shards.take(begin_s + 0.5 * number) for number in range(60)]

    fast = Shards("key")
    first, again = burst(fast, 0.0), burst(fast, 1_000.0)
    assert first[0] == again[0] == "key"
    assert set(again) <= set(first)
    assert max(Counter(first).values()) <= 20
    assert fast.busy == len(set(again))


def test_a_shard_that_was_not_used_for_a_minute_is_not_busy() -> None:
    shards = Shards("key")
    assert shards.busy == 1
    for number in range(50):
        shards.take(0.1 * number)
    assert shards.busy == 3
    shards.take(1_000.0)
    assert shards.busy == 1


def noted(
    allowance: Allowance, profile: ModelProfile, times: int, *, cached: int, ttft_ms: float | None = None
) -> int:
    for _ in range(times):
        allowance.note(Usage(10_000, cached, 10), ttft_ms, profile)
    return allowance.tokens(profile, 20_000)


def test_context_shrinks_when_the_cache_does_not_hold_and_grows_back_when_it_does() -> None:
    allowance = Allowance()
    assert allowance.tokens(PAID, 20_000) == 20_000
    assert noted(allowance, PAID, 7, cached=0) == 20_000, "a few may be chance"

    shrunk = noted(allowance, PAID, 40, cached=0)
    assert 1_500 <= shrunk < 10_000
    assert shrunk < noted(allowance, PAID, 5, cached=9_900) < 20_000
    assert noted(allowance, PAID, 60, cached=9_900) == 20_000


def test_where_cached_tokens_cost_like_others_less_is_sent_from_the_start() -> None:
    assert Allowance().tokens(NO_CACHE_PRICE, 20_000) < 10_000


def test_a_prompt_that_was_too_long_is_followed_by_shorter_ones() -> None:
    allowance = Allowance()
    allowed = [allowance.tokens(PAID, 8_000)]
    for _ in range(4):
        allowance.overflowed(allowed[-1], 9_000, 0)
        allowed.append(allowance.tokens(PAID, 8_000))
    assert allowed == [8_000, 4_800, 2_880, 1_728, 1_036]
    assert Allowance().tokens(PAID, 8_000) == 8_000


def test_where_the_context_is_said_the_next_prompt_fits() -> None:
    allowance = Allowance()
    assert allowance.tokens(PAID, 8_000) == 8_000
    allowance.overflowed(8_000, 9_500, 4_096)
    assert allowance.tokens(PAID, 8_000) == 8_000 - 9_500 + int(0.9 * 4_096)
    # What is said cannot be so: still less is sent, and never less than nothing.
    allowance.overflowed(2_186, 100, 1_000_000)
    assert allowance.tokens(PAID, 8_000) == int(0.9 * 2_186)
    allowance.overflowed(1_967, 1_000_000, 100)
    assert allowance.tokens(PAID, 8_000) == 0


def test_an_answer_that_comes_at_once_is_no_division_by_nothing() -> None:
    assert noted(Allowance(), FREE, 10, cached=0, ttft_ms=0.0) == 20_000
    assert noted(Allowance(), FREE, 10, cached=0, ttft_ms=-5.0) == 20_000


def test_no_more_than_is_allowed_or_half_of_what_the_model_takes() -> None:
    assert Allowance().tokens(PAID, 200_000) == 50_000
    assert Allowance().tokens(PAID, 1_000) == 1_000
    assert Allowance().tokens(FREE, 500) == 500


def test_a_prompt_too_short_to_be_cached_teaches_nothing() -> None:
    allowance = Allowance()
    for _ in range(100):
        allowance.note(Usage(1_100, 0, 10), 100.0, PAID)

    assert allowance.tokens(PAID, 20_000) == 20_000


@pytest.mark.parametrize(("ttft_ms", "tokens"), [(1_000.0, 20_000), (10_000.0, 4_000), (1_000_000.0, 600)])
def test_a_free_model_is_sent_what_it_reads_in_four_seconds(ttft_ms: float, tokens: int) -> None:
    assert Allowance().tokens(FREE, 20_000) == 2_000
    assert noted(Allowance(), FREE, 10, cached=0, ttft_ms=ttft_ms) == tokens
    assert noted(Allowance(), FREE, 10, cached=9_900, ttft_ms=ttft_ms) == 2_000, "nothing fresh was read"


@pytest.mark.parametrize(
    ("how", "price", "is_local", "pays"),
    [
        ("always", 0.1, False, True),
        ("auto", 0.1, False, False),
        ("auto", 0.0, True, True),
        ("auto", 0.0, False, False),
        ("never", 0.0, True, False),
    ],
)
def test_when_a_warm_up_pays(how: str, price: float, *, is_local: bool, pays: bool) -> None:
    assert warm_up_pays(ModelProfile(input_price=price, is_local=is_local), how) is pays
