"""What a hedge buys and what it costs: the tail of the time to first text, and dollars, without and with a second question.

Run `python -m tests.bench.hedge` in the project's root with `server` on PYTHONPATH. Time is virtual: a whole day takes seconds.
The waits are the simulator's (lognormal, median 350 ms, 95 % within 800 ms, and reading the prompt), with a spike of 2 to 6 s in
one of 67 requests; the two models' waits do not hang together. The prompt is as long as by default, a question comes every few
seconds in bursts of forty, and nobody joins a stream, which would give a hedge more time. Dollars are what the providers would
bill: a prompt is read afresh where its model was not asked within its cache's life, also for a stream that is given up.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import random
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Final

from tests.support.gateway_simulator.latency import Latency
from typethrough.core.models import profile_of
from typethrough.core.outcome.outcome import Usage
from typethrough.core.prompt.message import Message, Prompt
from typethrough.core.settings.schema import DEFAULTS
from typethrough.engine.ports import Finish
from typethrough.gateway.hedge import Hedging

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.engine.ports import OnCounted
    from typethrough.gateway.hedge import HedgedGateway

REQUESTS: Final = 2_500
MARGIN_MS: Final = 20
DEBOUNCE_MS: Final = 100
_STABLE_TOKENS: Final = 8_064
_WINDOW_TOKENS: Final = 600
_OUTPUT_TOKENS: Final = 30
_CHARS_PER_TOKEN: Final = 3.6
_SPIKE_SHARE: Final = 0.015
_PROMPT: Final = Prompt(
    (
        Message("user", "s" * int(_STABLE_TOKENS * _CHARS_PER_TOKEN)),
        Message("user", "w" * int(_WINDOW_TOKENS * _CHARS_PER_TOKEN)),
    ),
    1,
    (),
    DEFAULTS.max_output_tokens,
    "shard",
)
FIRST: Final = "openai/gpt-4.1-nano"
SECOND: Final = "openai/gpt-6-luna"


class VirtualClock:
    """Time that jumps to the next call."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._calls: list[tuple[float, int, _Call]] = []
        self._order = count()

    def now(self) -> float:
        return self._now_s

    def call_at(self, when: float, callback: Callable[[], None]) -> _Call:
        call = _Call(callback)
        heapq.heappush(self._calls, (when, next(self._order), call))
        return call

    def jump(self) -> None:
        """Go on to the next call and make it."""
        while True:
            when, _, call = heapq.heappop(self._calls)
            if not call.is_cancelled:
                self._now_s = max(self._now_s, when)
                call.callback()
                return

    def pause(self, seconds: float) -> None:
        self._now_s += seconds


@dataclass
class _Call:
    callback: Callable[[], None]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Provider:
    """A model with the simulator's waits and a prompt cache, which keeps an account."""

    def __init__(
        self, model: str, clock: VirtualClock, cache: dict[str, float], *, seed: int, pace: float
    ) -> None:
        self.model = model
        self.profile = profile_of(model)
        self.asked = 0
        self.dollars = 0.0
        self._clock = clock
        self._cache = cache
        self._seed = seed
        self._pace = pace

    def refusal(self) -> str:
        return ""

    @property
    def most_at_once(self) -> float:
        return math.inf

    def try_again(self) -> None:
        """It is always asked."""

    async def stream(
        self, prompt: Prompt, on_text: Callable[[str], None], on_counted: OnCounted | None = None
    ) -> Finish:
        del on_counted
        self.asked += 1
        now_s = self._clock.now()
        is_warm = now_s - self._cache.get(self.model, -math.inf) < self.profile.cache_ttl_s
        self._cache[self.model] = now_s
        cached_tokens = _STABLE_TOKENS if is_warm else 0
        prompt_tokens = _STABLE_TOKENS + _WINDOW_TOKENS
        written_tokens = _STABLE_TOKENS - cached_tokens if self.profile.cache_write_price else 0
        usage = Usage(prompt_tokens, cached_tokens, 0, written_tokens)
        self.dollars += self.profile.cost_dollars(usage)
        spoken = asyncio.get_running_loop().create_future()
        wait_s = self._wait_s(prompt_tokens - cached_tokens, cached_tokens)
        timer = self._clock.call_at(now_s + wait_s, lambda: spoken.set_result(None))
        try:
            await spoken
        finally:
            timer.cancel()
        on_text("x\n")
        self.dollars += self.profile.cost_dollars(Usage(0, 0, _OUTPUT_TOKENS))
        return Finish("stop", replace(usage, output_tokens=_OUTPUT_TOKENS))

    def race(self) -> None: ...

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...

    def _wait_s(self, fresh: int, cached: int) -> float:
        (wait_s,) = Latency("nano").offsets_s(
            seed=self._seed, number=self.asked, fresh=fresh, cached=cached, tokens=1
        )
        draw = random.Random(f"spike:{self._seed}:{self.asked}")
        return wait_s * self._pace + (draw.uniform(2, 6) if draw.random() < _SPIKE_SHARE else 0.0)


@dataclass
class Figures:
    """One day of questions."""

    waits_ms: list[float] = field(default_factory=list)
    hedges: int = 0
    dollars: float = 0.0
    hedge_dollars: float = 0.0

    def percentile_ms(self, share: float) -> float:
        return sorted(self.waits_ms)[math.ceil(share * len(self.waits_ms)) - 1]

    def within(self, ms: float) -> float:
        return sum(wait_ms <= ms for wait_ms in self.waits_ms) / len(self.waits_ms)


async def day(
    second_model: str, share_percent: int, budget_ms: float, pace: float, requests: int = REQUESTS
) -> Figures:
    """Ask in bursts; with a share of 0 there is no hedge. `pace` 0.5 is providers that are twice as fast."""
    clock, cache, figures = VirtualClock(), dict[str, float](), Figures()
    first = Provider(FIRST, clock, cache, seed=1, pace=pace)
    second = Provider(second_model, clock, cache, seed=2, pace=pace)
    gateway = Hedging(second, clock, share_percent=share_percent).around(first)
    draw = random.Random(7)
    for number in range(requests):
        # Forty questions a burst, then a pause in which caches may go cold.
        clock.pause(draw.uniform(30, 900) if number % 40 == 0 else draw.uniform(1, 6))
        task = asyncio.ensure_future(_wait_ms(gateway, clock, budget_ms))
        while not task.done():
            for _ in range(8):
                await asyncio.sleep(0)
            if not task.done():
                clock.jump()
        figures.waits_ms.append(task.result())
    figures.hedges = second.asked
    figures.dollars = first.dollars + second.dollars
    figures.hedge_dollars = second.dollars
    return figures


async def _wait_ms(gateway: HedgedGateway, clock: VirtualClock, budget_ms: float) -> float:
    began_s = clock.now()
    race = gateway.race()
    race.wanted_until(began_s + budget_ms / 1_000)
    heard_s: list[float] = []
    await race.stream(_PROMPT, lambda _: heard_s.append(clock.now()))
    return (heard_s[0] - began_s) * 1_000


CONTESTANTS: Final = (
    ("no hedge", SECOND, 0),
    ("5 %, other model", SECOND, 5),
    ("5 %, same model", FIRST, 5),
    ("2 %, other model", SECOND, 2),
    ("20 %, other model", SECOND, 20),
)


def table(columns: list[tuple[str, Figures]], room_ms: float) -> str:
    """The figures side by side."""
    rows: list[tuple[str, Callable[[Figures], str]]] = [
        ("first text, p50", lambda one: f"{one.percentile_ms(0.50):,.0f} ms"),
        ("first text, p90", lambda one: f"{one.percentile_ms(0.90):,.0f} ms"),
        ("first text, p95", lambda one: f"{one.percentile_ms(0.95):,.0f} ms"),
        ("first text, p99", lambda one: f"{one.percentile_ms(0.99):,.0f} ms"),
        (f"first text within {room_ms:,.0f} ms", lambda one: f"{100 * one.within(room_ms):.1f} %"),
        ("hedges, of requests", lambda one: f"{100 * one.hedges / len(one.waits_ms):.1f} %"),
        ("hedges, of dollars", lambda one: f"{100 * one.hedge_dollars / one.dollars:.1f} %"),
        ("dollars per 1,000 requests", lambda one: f"{1_000 * one.dollars / len(one.waits_ms):.3f}"),
    ]
    lines = ["| figure | " + " | ".join(name for name, _ in columns) + " |", "|---|" + "---:|" * len(columns)]
    lines += [f"| {name} | " + " | ".join(show(one) for _, one in columns) + " |" for name, show in rows]
    return "\n".join(lines)


def main() -> None:
    """Print a table for each budget."""
    by_itself_ms, by_hand_ms = DEFAULTS.budget_ms - MARGIN_MS - DEBOUNCE_MS, 1_500 - MARGIN_MS
    for title, budget_ms, pace in (
        (f"asked for by hand, budget 1,500 ms: {by_hand_ms} ms", by_hand_ms, 1.0),
        (f"that come by themselves, budget {DEFAULTS.budget_ms} ms: {by_itself_ms} ms", by_itself_ms, 1.0),
        (f"the same, providers twice as fast: {by_itself_ms} ms", by_itself_ms, 0.5),
    ):
        columns = [
            (name, asyncio.run(day(second, share, budget_ms, pace))) for name, second, share in CONTESTANTS
        ]
        print(f"{REQUESTS:,} requests {title} for the first text\n\n{table(columns, budget_ms)}\n")


if __name__ == "__main__":
    main()
