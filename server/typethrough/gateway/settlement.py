"""Asks for the real token counts of a stream that was closed early, once the gateway has them.

A stream that is closed early reports no counts, but its prompt was read and is paid for. The Vercel AI Gateway reports
them later, by the id in the stream's chunks: `GET /generation?id=gen_…`, after about nine seconds, 404 before that. If no
counts come, our estimate stays.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typethrough.core.outcome.outcome import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from typethrough.engine.ports import Cancellable, Clock
    from typethrough.gateway.errands import Errands

# The waits after the end of a stream, and after each answer without the counts.
WAITS_S = (10.0, 10.0, 20.0)
# A fast typist closes one or two streams a second. More waiting ids mean that the gateway does not keep up.
MAX_WAITING = 64
MAX_AT_ONCE = 2
# After this many ids without any counts, a gateway is not asked again.
_FRUITLESS = 6


@dataclass(slots=True)
class _Claim:
    generation_id: str
    on_counted: Callable[[Usage], None]
    tries: int = 0
    timer: Cancellable | None = None


class Settlement:
    """Asks for counts in the background, a few at a time. `address` returns the URL for a generation's id."""

    def __init__(self, errands: Errands, clock: Clock, address: Callable[[str], httpx.URL]) -> None:
        self._errands = errands
        self._clock = clock
        self._address = address
        self._waiting: set[str] = set()
        self._timers: set[Cancellable] = set()
        self._due: deque[_Claim] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._fruitless = 0
        self._is_closed = False

    def claim(self, generation_id: str, on_counted: Callable[[Usage], None]) -> None:
        """Call `on_counted` with the counts of a stream that was just closed, if the gateway has them."""
        is_full = len(self._waiting) >= MAX_WAITING or self._fruitless >= _FRUITLESS
        if not (self._is_closed or is_full or generation_id in self._waiting):
            self._waiting.add(generation_id)
            self._wait(_Claim(generation_id, on_counted))

    async def aclose(self) -> None:
        """Drop everything that is waiting, at once."""
        self._is_closed = True
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._due.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _wait(self, claim: _Claim) -> None:
        claim.timer = self._clock.call_at(
            self._clock.now() + WAITS_S[claim.tries], lambda: self._ready(claim)
        )
        self._timers.add(claim.timer)

    def _ready(self, claim: _Claim) -> None:
        if claim.timer is not None:
            self._timers.discard(claim.timer)
        self._due.append(claim)
        self._start()

    def _start(self) -> None:
        while self._due and len(self._tasks) < MAX_AT_ONCE and not self._is_closed:
            task = asyncio.ensure_future(self._ask(self._due.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._asked)

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._start()

    async def _ask(self, claim: _Claim) -> None:
        answer = await self._errands.get(self._address(claim.generation_id), with_key=True)
        usage = usage_of(answer.value) if answer is not None and answer.status == 200 else None
        if self._is_closed:
            return
        claim.tries += 1
        if usage is None and claim.tries < len(WAITS_S):
            self._wait(claim)
            return
        self._waiting.discard(claim.generation_id)
        if usage is None:
            self._fruitless += 1
        else:
            self._fruitless = 0
            claim.on_counted(usage)


def usage_of(answer: Any) -> Usage | None:
    """The counts in an answer to `/generation`, the provider's own if there are any. None if it has none."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict):
        return None

    def count(*names: str) -> int:
        found = (data.get(name) for name in names)
        return next((n for n in found if isinstance(n, int) and not isinstance(n, bool) and 0 < n < 10**9), 0)

    usage = Usage(
        prompt_tokens=count("native_tokens_prompt", "tokens_prompt"),
        cached_tokens=count("native_tokens_cached"),
        output_tokens=count("native_tokens_completion", "tokens_completion"),
        cache_write_tokens=count("native_tokens_cache_creation"),
    )
    return usage if usage.prompt_tokens else None
