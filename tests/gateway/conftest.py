"""One simulator process for this folder's tests, set back for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.simulator import Simulator, start

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def process() -> Iterator[Simulator]:
    with start(seed=3) as simulator:
        yield simulator


@pytest.fixture
def simulator(process: Simulator) -> Simulator:
    process.reset()
    process.control(latency="none", style="vercel", key=None)
    return process
