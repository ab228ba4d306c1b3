"""Documents, requests, streams, settings and time in any order; `python -m tests.soak.machine` takes many more steps."""

from __future__ import annotations

import pytest

from tests.soak.machine import Machine, live


def test_what_must_hold_holds_after_any_steps() -> None:
    before = Machine.prompts
    live(120, steps_a_life=40, derandomize=True)
    assert Machine.prompts > before


@pytest.mark.e2e
@pytest.mark.timeout(300)
def test_what_must_hold_holds_after_many_steps() -> None:
    live(5_000, derandomize=True)
