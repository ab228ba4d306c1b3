"""Fixtures of the tests in this folder: one simulator process per module, which is reset for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.raw_chat import TRUE_TEXT
from tests.support.simulator import Simulator, start

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    truth = tmp_path_factory.mktemp("truth") / "shapes.py"
    truth.write_text(TRUE_TEXT)
    with start(truth=[truth], seed=7) as simulator:
        yield simulator


@pytest.fixture
def simulator(process: Simulator) -> Simulator:
    process.reset()
    process.control(latency="none", defects="0", style="vercel", key=None, seed=7)
    return process
