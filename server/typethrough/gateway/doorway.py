"""Limits how many questions run at an endpoint at once: as many as it answers without delay, the newest first.

The bound grows while answers stay fast. It shrinks when the gateway reports a limit, says that little is left, or gets
slower. A question that has waited longer than anybody waits for an answer is not sent.
"""

from __future__ import annotations

import asyncio
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.engine.ports import Clock

# One user has one to four questions running. This bounds a client that asks for all its documents at once.
FIRST_BOUND = 16.0
# A model on this machine reads one text after another.
FIRST_BOUND_LOCAL = 4.0
LEAST_BOUND, MOST_BOUND = 2.0, 64.0
PATIENCE_S = 1.0
# An endpoint that is slower than its best by this much has more to do than it can handle.
_SLOWER, _SLOWER_MS = 3.0, 250.0
_LEARNING = 0.2
# The best wait is slowly forgotten, because models and networks change.
_FORGETTING = 1.01
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNIT_S = {"h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


class Crowded(Exception):
    """Too many questions are running, and this one has waited too long."""


class Doorway:
    """Lets questions in. Call `enter` before one is sent, and `leave` when it has ended in any way."""

    def __init__(self, clock: Clock, *, is_local: bool = False) -> None:
        self._clock = clock
        self.bound = FIRST_BOUND_LOCAL if is_local else FIRST_BOUND
        self._inside = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._has_shrunk = False
        self._shrunk_s = -math.inf
        self._best_ms = self._usual_ms = 0.0
        # How many requests the gateway says are left, and until when that number is valid.
        self._left, self._left_until_s = math.inf, -math.inf

    async def enter(self) -> None:
        """Wait for a place. Returns at once if one is free. Raises Crowded."""
        if self._inside < self.allowed:
            self._inside += 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        timer = self._clock.call_at(self._clock.now() + PATIENCE_S, lambda: _give_up(waiter))
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                # The place was given in the same turn, so pass it on.
                self.leave()
            raise
        finally:
            timer.cancel()
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def leave(self) -> None:
        """A question has ended. The newest waiting one gets its place."""
        self._inside -= 1
        while self._waiting and self._inside < self.allowed:
            waiter = self._waiting.pop()
            if not waiter.done():
                self._inside += 1
                waiter.set_result(None)

    def answered(self, wait_ms: float, headers: Mapping[str, str]) -> None:
        """An answer has begun, `wait_ms` after its question was sent."""
        self._best_ms = min(wait_ms, self._best_ms * _FORGETTING) if self._best_ms else wait_ms
        self._usual_ms = (
            self._usual_ms + _LEARNING * (wait_ms - self._usual_ms) if self._usual_ms else wait_ms
        )
        if left := _left_of(headers):
            self._left, self._left_until_s = left[0] + self._inside, self._clock.now() + left[1]
        # Learn only when the bound is used.
        if self._usual_ms > _SLOWER * self._best_ms + _SLOWER_MS:
            if self._inside > self.bound / 2:
                self._shrink(0.7)
        elif self._inside >= self.allowed - 1:
            self.bound = min(MOST_BOUND, self.bound + (1 / self.bound if self._has_shrunk else 1.0))

    def limited(self) -> None:
        """The gateway has reported too many requests."""
        self._shrink(0.5)

    def _shrink(self, factor: float) -> None:
        """Lower the bound, but only once for the questions that were already running."""
        now_s = self._clock.now()
        if now_s - self._shrunk_s < max(0.1, self._usual_ms / 1_000):
            return
        self._shrunk_s, self._has_shrunk = now_s, True
        self.bound = max(LEAST_BOUND, min(self.bound, self._inside) * factor)

    @property
    def allowed(self) -> float:
        """How many questions may run now."""
        if self._clock.now() < self._left_until_s:
            return max(1.0, min(self.bound, self._left))
        return self.bound


def seconds_of(text: str) -> float | None:
    """A time in the form of OpenAI's headers: "1s", "6m0s", "250ms", or plain seconds. None for anything else."""
    parts = _PART.findall(text.strip())
    if parts and "".join(number + unit for number, unit in parts) == text.strip():
        return sum(float(number) * _UNIT_S[unit] for number, unit in parts)
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _left_of(headers: Mapping[str, str]) -> tuple[float, float] | None:
    """How many more questions the gateway's limit allows, and for how many seconds that holds. None if it does not say."""
    said = headers.get("x-ratelimit-remaining-requests", "")
    reset_s = seconds_of(headers.get("x-ratelimit-reset-requests", ""))
    if not said.strip().isdecimal() or reset_s is None:
        return None
    return float(said), min(reset_s, 60.0)


def _give_up(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(Crowded())
