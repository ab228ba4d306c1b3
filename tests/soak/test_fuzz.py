"""Random bytes for what reads bytes from outside; `python -m tests.soak.fuzz` takes millions."""

from __future__ import annotations

import pytest

from tests.soak.fuzz import fuzz, targets


@pytest.mark.parametrize(("name", "ways"), [("stream", 15), ("error", 8), ("entry", 4)])
def test_no_input_is_read_as_it_should_not_be(name: str, ways: int) -> None:
    assert fuzz(targets()[name], 150, seed=5)[0] >= ways


@pytest.mark.e2e
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("name", "inputs"), [("stream", 20_000), ("error", 20_000), ("entry", 6_000)])
def test_no_input_of_many_is_read_as_it_should_not_be(name: str, inputs: int) -> None:
    assert fuzz(targets()[name], inputs, seed=6)[0] > 10
