"""Work in the background: waited for when asked, cancelled at the end, and never silent when it fails."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from tests.support.engine_kit import run
from typethrough.engine.loop import Background

if TYPE_CHECKING:
    import pytest


def test_what_work_begins_is_waited_for_too() -> None:
    done: list[str] = []

    async def scenario() -> None:
        background = Background()

        async def second() -> None:
            done.append("second")

        async def first() -> None:
            done.append("first")
            background.start(second())

        background.start(first())
        await background.idle()
        assert done == ["first", "second"]

    run(scenario)


def test_work_that_has_just_ended_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        background, waits = Background(), list[int]()

        def gather(*tasks: asyncio.Task[None], return_exceptions: bool) -> asyncio.Future[list[None]]:
            """As from Python 3.12 on: what has ended is not waited for."""
            assert len(waits) < 10
            waits.append(len(tasks))
            gathered = asyncio.get_running_loop().create_future()
            gathered.set_result([None])
            return gathered

        async def work() -> None:
            """End at once."""

        background.start(work())
        await asyncio.sleep(0)
        monkeypatch.setattr(asyncio, "gather", gather)
        await background.idle()
        assert waits == [1]

    run(scenario)


def test_at_the_end_what_runs_is_cancelled() -> None:
    async def scenario() -> None:
        background, ended = Background(), asyncio.Event()

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        background.start(work())
        await asyncio.sleep(0)
        await background.aclose()
        assert ended.is_set()

    run(scenario)


def test_a_failure_is_logged_by_its_name_and_kind_and_the_rest_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        background = Background()

        async def failing() -> None:
            raise ValueError("text of a document")

        background.start(failing())
        await background.idle()

    with caplog.at_level(logging.ERROR):
        run(scenario)
    [said] = [record.getMessage() for record in caplog.records]
    name, _, fault = said.removeprefix("work in the background failed: ").rpartition(": ")
    assert name.endswith("failing")
    assert fault.startswith("ValueError in failing:")
    assert "text" not in said
