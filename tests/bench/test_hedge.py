"""The hedge's benchmark says what it measures: no share, no hedge; a share, a shorter tail for no more than that."""

from __future__ import annotations

import asyncio

import pytest

from tests.bench.hedge import FIRST, SECOND, Figures, day, table

REQUESTS = 600
BUDGET_MS = 1_480.0


@pytest.fixture(scope="module")
def plain() -> Figures:
    return asyncio.run(day(SECOND, 0, BUDGET_MS, 1.0, REQUESTS))


def test_without_a_share_nothing_is_hedged(plain: Figures) -> None:
    assert (plain.hedges, plain.hedge_dollars) == (0, 0.0)
    assert len(plain.waits_ms) == REQUESTS


@pytest.mark.parametrize("second", [FIRST, SECOND])
def test_hedges_shorten_the_tail_and_cost_no_more_than_their_share(plain: Figures, second: str) -> None:
    hedged = asyncio.run(day(second, 10, BUDGET_MS, 1.0, REQUESTS))
    assert hedged.percentile_ms(0.99) < 0.7 * plain.percentile_ms(0.99)
    assert hedged.percentile_ms(0.5) == plain.percentile_ms(0.5)
    assert 0 < hedged.hedge_dollars <= 0.101 * hedged.dollars
    assert 0 < hedged.hedges < 0.1 * REQUESTS


def test_the_table_has_a_column_for_each(plain: Figures) -> None:
    rows = table([("one", plain), ("two", plain)], BUDGET_MS).splitlines()
    assert rows[0] == "| figure | one | two |"
    assert all(row.count("|") == 4 for row in rows)
    assert "1,480 ms" in "\n".join(rows)
