"""A short day, for every landing; `python -m tests.soak` lives through a long one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.soak import day

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_a_short_day_leaves_nothing_behind_and_nobody_waiting(tmp_path: Path) -> None:
    lived = day.live(tmp_path, keys=4_000, documents=20, on_mark=lambda _: None)
    # What grows is seen in a long day only.
    assert lived.problems(most_growth=1.0) == []
    assert lived.requests > 4_000
    assert lived.accepted > 100
    assert len(lived.questions) > 1
