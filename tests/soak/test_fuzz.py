"""Random bytes for what reads bytes from outside; `python -m tests.soak.fuzz` takes millions."""

from __future__ import annotations

import asyncio

import pytest

from tests.soak.fuzz import fuzz, targets


async def _fuzz(name: str, inputs: int, seed: int) -> int:
    return fuzz(targets()[name], inputs, seed)[0]


@pytest.mark.parametrize(("name", "ways"), [("stream", 20), ("error", 10), ("entry", 5)])
def test_no_input_is_read_as_it_should_not_be(name: str, ways: int) -> None:
    assert asyncio.run(_fuzz(name, 250, seed=5)) >= ways


@pytest.mark.e2e
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["stream", "error", "entry"])
def test_no_input_of_many_is_read_as_it_should_not_be(name: str) -> None:
    assert asyncio.run(_fuzz(name, 20_000, seed=6)) > 10
