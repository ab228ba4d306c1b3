"""Hedging: when the first model is late, ask a second one. The first that answers is used, and the other is closed at once.

A request is late when it takes longer than 95 % of the first model's requests, as measured. A hedge is sent only if it
can still help before the deadline, and while hedges stay within their share of the cost. This module does not know how
requests are sent.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from typethrough.core.asking.extra import LATE_SHARE, HedgeLedger, estimated, priced
from typethrough.core.asking.waits import Waits
from typethrough.core.outcome.causes import StreamEnd
from typethrough.core.outcome.outcome import Usage
from typethrough.core.prompt.sent import TokenRatio
from typethrough.engine.ports import Finish, GatewayError, Previews, Upstream

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.core.models import ModelProfile
    from typethrough.core.prompt.message import Prompt
    from typethrough.engine.ports import Clock, Gateway, OnCounted, Preview

_KEPT_CACHES = 64


class _Side:
    """A gateway and what was learned about it: waits, characters per token, and which prompt caches it has filled."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.waits = Waits()
        self.ratio = TokenRatio()
        self._asked_s: dict[str, float] = {}

    def estimate(self, prompt: Prompt, now_s: float) -> Usage:
        profile = self.gateway.profile
        # Without a cache key we do not know which prompt it is, so assume the more expensive case.
        is_warm = (
            bool(prompt.cache_key)
            and now_s - self._asked_s.get(prompt.cache_key, -math.inf) < profile.cache_ttl_s
        )
        return estimated(prompt, profile, self.ratio, is_warm=is_warm)

    def asked(self, prompt: Prompt, now_s: float) -> None:
        self._asked_s.pop(prompt.cache_key, None)
        self._asked_s[prompt.cache_key] = now_s
        if len(self._asked_s) > _KEPT_CACHES:
            del self._asked_s[next(iter(self._asked_s))]


class Hedging:
    """What the hedged gateways of one endpoint share: the second gateway, the measurements, and the ledger."""

    def __init__(self, second: Gateway, clock: Clock, *, share_percent: float) -> None:
        self.second = _Side(second)
        self.clock = clock
        self.ledger = HedgeLedger(share_percent)
        self._sides = {second.model: self.second}

    def around(self, first: Gateway) -> HedgedGateway:
        """A gateway that asks `first`, and also the second one when `first` is late."""
        # One model has one prompt cache, whichever connection asks. So the first model's requests also fill it for the
        # second.
        side = self._sides.setdefault(first.model, _Side(first))
        return HedgedGateway(first, self, side)


class HedgedGateway:
    """A `Gateway` that asks its first gateway, and also the second one when the first is late."""

    def __init__(self, first: Gateway, hedging: Hedging, side: _Side) -> None:
        self._first = first
        self._hedging = hedging
        self._side = side

    @property
    def model(self) -> str:
        """The first gateway's model."""
        return self._first.model

    @property
    def profile(self) -> ModelProfile:
        """The profile of the first gateway's model."""
        return self._first.profile

    def refusal(self) -> str:
        """Why the first gateway cannot be asked, or the empty string."""
        return self._first.refusal()

    @property
    def most_at_once(self) -> float:
        """How many questions the first gateway takes at once."""
        return self._first.most_at_once

    def try_again(self) -> None:
        """Let both gateways try again."""
        self._first.try_again()
        self._hedging.second.gateway.try_again()

    def preview(self, prompt: Prompt) -> Preview:
        """What the first gateway would send."""
        if not isinstance(self._first, Previews):
            raise GatewayError("this gateway does not tell what it would send")
        return self._first.preview(prompt)

    def race(self) -> HedgeRace:
        """A race for one stream. Its hedge is sent only if it can help while the stream is wanted."""
        return HedgeRace(self._hedging, self._first, self._side)

    async def stream(
        self, prompt: Prompt, on_text: Callable[[str], None], on_counted: OnCounted | None = None
    ) -> Finish:
        """The first gateway's stream, counted but not hedged, because no deadline is known here. Raises GatewayError."""
        return await self.race().stream(prompt, on_text, on_counted)

    async def warm(self) -> None:
        """Prepare both. The transport's spare connection is for the second."""
        await self._first.warm()
        await self._hedging.second.gateway.warm()

    async def aclose(self) -> None:
        """Close both."""
        await self._first.aclose()
        await self._hedging.second.gateway.aclose()


class _Runner:
    """One request of a race: when it was sent, when its text came, and how it ended."""

    def __init__(self, side: _Side, gateway: Gateway, *, is_hedge: bool) -> None:
        self.side = side
        self.gateway = gateway
        self.is_hedge = is_hedge
        self.task: asyncio.Task[Finish | None] | None = None
        self.on_counted: OnCounted | None = None
        self.sent_s: float | None = None
        self.spoke_s: float | None = None
        self.given_up_s: float | None = None
        self.estimate = Usage()
        self.reserved_dollars = 0.0
        self.received_chars = 0
        self.end: Finish | None = None
        self.error: GatewayError | None = None

    def usage(self) -> Usage:
        """The provider's count, or an estimate. Zero if the request was refused or not sent."""
        if self.end is not None and self.end.usage.prompt_tokens:
            return self.end.usage
        if self.error is not None or self.sent_s is None:
            return Usage()
        return replace(self.estimate, output_tokens=self.side.ratio.tokens(self.received_chars))

    def give_up(self, now_s: float) -> None:
        """Close it now, if it is running."""
        if self.task is not None and not self.task.done():
            self.given_up_s = now_s if self.given_up_s is None else self.given_up_s
            self.task.cancel()


class HedgeRace:
    """One stream from the first gateway, and also from the second when the first is late or fails before its text comes."""

    def __init__(self, hedging: Hedging, first: Gateway, side: _Side) -> None:
        self._hedging = hedging
        self._clock = hedging.clock
        self._first = _Runner(side, first, is_hedge=False)
        self._second = _Runner(hedging.second, hedging.second.gateway, is_hedge=True)
        self._deadline_s = -math.inf
        self._winner: _Runner | None = None
        self._due = asyncio.Event()

    @property
    def heard(self) -> Upstream:
        """The request whose text the stream has: the first one, unless the second answers first."""
        return self._upstream(self._winner or self._first, None)

    @property
    def unheard(self) -> Upstream | None:
        """The other request, if it was sent."""
        other = self._first if self._winner is self._second else self._second
        if other.sent_s is None:
            return None
        if other.error is not None:
            return self._upstream(other, other.error.end)
        return self._upstream(other, None if self._winner is None else StreamEnd.LOST)

    def wanted_until(self, deadline_s: float) -> None:
        """A request waits for the stream until this time. Others may wait too; the latest counts."""
        self._deadline_s = max(self._deadline_s, deadline_s)

    async def stream(
        self, prompt: Prompt, on_text: Callable[[str], None], on_counted: OnCounted | None = None
    ) -> Finish:
        """The stream of the first gateway that answers. Cancelling closes both. Raises the first one's error if both fail."""
        first, second = self._first, self._second
        if on_counted is not None:
            first.on_counted, second.on_counted = on_counted, partial(on_counted, is_hedge=True)
        first.task = asyncio.ensure_future(self._run(first, prompt, on_text))
        second.task = asyncio.ensure_future(self._hedge(prompt, on_text))
        late_ms = first.side.waits.percentile_ms(LATE_SHARE)
        timer = None if late_ms is None else self._clock.call_at(self._in(late_ms), self._due.set)
        try:
            return await self._decide(first.task, second.task)
        finally:
            if timer is not None:
                timer.cancel()
            now_s = self._clock.now()
            first.give_up(now_s)
            second.give_up(now_s)
            await asyncio.gather(first.task, second.task, return_exceptions=True)
            self._settle(first, prompt)
            self._settle(second, prompt)

    async def _decide(
        self, first: asyncio.Task[Finish | None], second: asyncio.Task[Finish | None]
    ) -> Finish:
        """Wait for the end of the stream whose text is used."""
        waiting = {first, second}
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for runner, task in ((self._first, first), (self._second, second)):
                if task not in done or task.cancelled():
                    continue
                end = task.result()
                if end is not None and self._winner in (None, runner):
                    self._winner = runner
                    return end
            if self._first.error is not None:
                self._due.set()
        error = self._winner.error if self._winner is not None else self._first.error
        raise error or GatewayError("the gateway client was cancelled from within")

    async def _hedge(self, prompt: Prompt, on_text: Callable[[str], None]) -> Finish | None:
        """Wait until the first is late or has failed, then ask the second if that is allowed."""
        await self._due.wait()
        return await self._run(self._second, prompt, on_text) if self._may_hedge(prompt) else None

    async def _run(self, runner: _Runner, prompt: Prompt, on_text: Callable[[str], None]) -> Finish | None:
        """Ask one gateway. Returns None if it failed; the error is stored."""
        now_s = runner.sent_s = self._clock.now()
        runner.estimate = runner.side.estimate(prompt, now_s)
        runner.side.asked(prompt, now_s)
        try:
            runner.end = await runner.gateway.stream(
                prompt, lambda text: self._heard(runner, text, on_text), runner.on_counted
            )
        except GatewayError as error:
            runner.error = error
        return runner.end

    def _heard(self, runner: _Runner, text: str, on_text: Callable[[str], None]) -> None:
        if self._winner is None:
            self._winner = runner
            runner.spoke_s = self._clock.now()
            (self._first if runner is self._second else self._second).give_up(runner.spoke_s)
        if self._winner is runner:
            runner.received_chars += len(text)
            on_text(text)

    def _may_hedge(self, prompt: Prompt) -> bool:
        second = self._second
        if not self._in_time() or second.gateway.refusal() or not self._understands():
            return False
        usage = second.side.estimate(prompt, self._clock.now())
        most = replace(usage, output_tokens=prompt.max_output_tokens)
        dollars = self._prices(second).cost_dollars(most)
        if not self._hedging.ledger.allows(dollars):
            return False
        second.reserved_dollars = dollars
        self._hedging.ledger.spend(dollars, on_hedge=True)
        return True

    def _understands(self) -> bool:
        """Whether one prompt fits both models, because fill-in-the-middle marks differ between models."""
        return self._first.gateway.profile.fim == self._second.gateway.profile.fim

    def _in_time(self) -> bool:
        """Whether a hedge sent now will probably answer while a request still waits for it."""
        waits = (self._second.side.waits, self._first.side.waits)
        typical_ms = next((ms for side in waits if (ms := side.percentile_ms(0.5)) is not None), 0.0)
        return self._in(typical_ms) < self._deadline_s

    def _in(self, wait_ms: float) -> float:
        return self._clock.now() + wait_ms / 1_000

    def _prices(self, runner: _Runner) -> ModelProfile:
        other = self._first if runner is self._second else self._second
        return priced(runner.gateway.profile, other.gateway.profile)

    def _settle(self, runner: _Runner, prompt: Prompt) -> None:
        """Learn from a request that has ended, and note its cost."""
        if runner.sent_s is None:
            return
        heard_s = runner.given_up_s if runner.spoke_s is None else runner.spoke_s
        if heard_s is not None and runner.error is None:
            runner.side.waits.note((heard_s - runner.sent_s) * 1_000, spoke=runner.spoke_s is not None)
        usage = runner.usage()
        if runner.end is not None and runner.end.usage.prompt_tokens:
            runner.side.ratio.note(sum(len(message.text) for message in prompt.messages), usage.prompt_tokens)
        dollars = self._prices(runner).cost_dollars(usage) - runner.reserved_dollars
        self._hedging.ledger.spend(dollars, on_hedge=runner.is_hedge)

    def _upstream(self, runner: _Runner, end: StreamEnd | None) -> Upstream:
        first_s, sent_s = self._first.sent_s, runner.sent_s
        delay_ms = 0.0 if first_s is None or sent_s is None else (sent_s - first_s) * 1_000
        model, profile = runner.gateway.model, runner.gateway.profile
        return Upstream(model, profile, runner.is_hedge, delay_ms, runner.usage(), end, runner.error)
