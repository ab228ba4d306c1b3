"""What uses asyncio's loop directly: the real clock and background work. All other code gets a `Clock`."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from typethrough.engine.ports import Cancellable

logger = logging.getLogger(__name__)


class AsyncioClock:
    """Monotonic seconds. Calls are scheduled on the running loop."""

    def now(self) -> float:
        """Seconds on the monotonic clock that asyncio's loop uses."""
        return time.monotonic()

    def local_time(self) -> datetime:
        """The time of day with its zone, from the system."""
        return datetime.now().astimezone()

    def call_at(self, when: float, callback: Callable[[], None]) -> Cancellable:
        """Call `callback` on the running loop once `now()` reaches `when`."""
        loop = asyncio.get_running_loop()
        return loop.call_later(max(0.0, when - time.monotonic()), callback)


class Background:
    """Work that nobody waits for. An error is logged with its type and place, and other work goes on."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Start a piece of work. It runs from the next turn of the loop."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def idle(self) -> None:
        """Wait until all work is done, including work that starts meanwhile."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
            # `_done` runs in the next turn of the loop. From Python 3.12 on, `gather` does not wait for one if all have ended.
            await asyncio.sleep(0)

    def stop(self) -> None:
        """Cancel all work."""
        for task in self._tasks:
            task.cancel()

    async def aclose(self) -> None:
        """Cancel all work, and wait until it has ended."""
        self.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            name = getattr(task.get_coro(), "__qualname__", "")
            logger.error("work in the background failed: %s: %s", name, fault_of(error))


def fault_of(error: BaseException) -> str:
    """An exception as its type and place. Its text is left out, because it may contain a document's text."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    where = f"{step.tb_frame.f_code.co_name}:{step.tb_lineno}" if step is not None else "unknown"
    return f"{type(error).__name__} in {where}"
