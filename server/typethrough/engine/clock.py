"""The real clock, on asyncio's loop. Everything else is handed a `Clock`."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.engine.ports import Cancellable


class AsyncioClock:
    """Monotonic seconds; calls are made on the running loop."""

    def now(self) -> float:
        """Seconds on the monotonic clock, the one asyncio's loop uses."""
        return time.monotonic()

    def local_time(self) -> datetime:
        """The system's wall clock and zone."""
        return datetime.now().astimezone()

    def call_at(self, when: float, callback: Callable[[], None]) -> Cancellable:
        """Call back on the running loop once `now()` reaches `when`."""
        loop = asyncio.get_running_loop()
        return loop.call_later(max(0.0, when - time.monotonic()), callback)
