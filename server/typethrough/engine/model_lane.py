"""The model lane: whether the model can be asked now, how a question is put together, and what streams teach."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

from typethrough.core.outcome import Purpose, StreamRecord, Usage
from typethrough.core.prompt.economist import Allowance, Terms
from typethrough.core.prompt.tokens import TokenRatio
from typethrough.core.rhythm import Latency
from typethrough.engine.inflight import Flight
from typethrough.engine.ports import RateLimited

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from typethrough.core.context import Context
    from typethrough.core.models import ModelProfile
    from typethrough.core.settings import Settings
    from typethrough.engine.ports import Clock, Gateway, Recorder
    from typethrough.engine.session import Session

# Two questions at a time for one document: where the cursor was, and where it is.
_MAX_FLIGHTS = 2
# A stream that has said nothing for this many typical waits is not worth joining.
_STALLED_WAITS = 4.0


class ModelLane:
    """Streams to one gateway. Without a gateway, or switched off, it is `absent`."""

    def __init__(self, gateway: Gateway | None, settings: Settings, clock: Clock, recorder: Recorder) -> None:
        self.latency = Latency()
        self._gateway = gateway
        self._settings = settings
        self._clock = clock
        self._recorder = recorder
        self._ratio = TokenRatio()
        self._allowance = Allowance()
        self._cached_share = 0.0
        self._warned = ""
        self._ids = count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def absent(self) -> bool:
        """Whether there is no model to ask at all."""
        return self._gateway is None or not self._settings.model_lane

    def refusal(self) -> str:
        """Why the model cannot be asked now, or the empty string."""
        if self._gateway is None or self.absent:
            return "there is no model lane"
        return self._gateway.refusal() or self._over_limit()

    def use(self, gateway: Gateway | None, settings: Settings) -> None:
        """Ask another gateway from now on; the old one is closed in the background."""
        if self._gateway is not None and gateway is not self._gateway:
            self._spawn(self._gateway.aclose())
        self._gateway, self._settings = gateway, settings

    def launch(
        self,
        session: Session,
        context: Context,
        on_text: Callable[[Flight], None],
        on_end: Callable[[Flight], None],
        *,
        purpose: Purpose,
    ) -> Flight:
        """Send the question of a context. Only when `refusal` is empty."""
        if self._gateway is None:
            raise RuntimeError("a stream needs a gateway")
        model, profile = self._gateway.model, self._gateway.profile
        if profile.warning and profile.warning != self._warned:
            self._warned = profile.warning
            self._recorder.notice("model", profile.warning)
        prompt = session.prompt.build(context, self._terms(self._gateway), self._clock.now())
        while len(session.flights) >= _MAX_FLIGHTS:
            session.flights[0].close("diverged")
        sent_chars = sum(len(message.text) for message in prompt.messages)

        def ended(flight: Flight) -> None:
            self._learn(flight, sent_chars, profile)
            usage, is_estimated = self._usage(flight, sent_chars)
            record = StreamRecord(
                stream_id,
                model,
                purpose,
                flight.ending,
                usage,
                is_estimated,
                flight.ttft_ms,
                profile.cost_dollars(usage),
                profile.saved_dollars(usage),
            )
            self._recorder.stream_ended(record)
            self._report(flight)
            on_end(flight)

        flight = Flight(context, self._clock, on_text, ended, prefetch=purpose is Purpose.PREFETCH)
        stream_id = str(next(self._ids))
        session.flights.append(flight)
        flight.start(self._gateway, prompt)
        self._recorder.status("busy", "")
        return flight

    def stalled(self, flight: Flight) -> bool:
        """Whether a stream has been silent for so long that it is not worth waiting for."""
        waited_ms = (self._clock.now() - flight.started_s) * 1_000
        return flight.ttft_ms is None and waited_ms > _STALLED_WAITS * self.latency.median_ms()

    def warm(self) -> None:
        """Have the next question find an open connection."""
        if self._gateway is not None and not self.refusal():
            self._spawn(self._gateway.warm())

    async def aclose(self) -> None:
        """Close the gateway, and wait for what runs in the background."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._gateway is not None:
            await self._gateway.aclose()

    def context_chars(self) -> int:
        """How much a prompt may hold of files just now; nothing without a model."""
        return 0 if self._gateway is None or self.absent else self._terms(self._gateway).context_chars

    def _terms(self, gateway: Gateway) -> Terms:
        settings, profile = self._settings, gateway.profile
        context_tokens = self._allowance.tokens(profile, settings.context_tokens)
        return Terms(profile, self._ratio.chars(context_tokens), settings.max_output_tokens, gateway.model)

    def _learn(self, flight: Flight, sent_chars: int, profile: ModelProfile) -> None:
        if flight.ttft_ms is not None:
            self.latency.note(flight.ttft_ms)
        usage = flight.usage
        if usage.prompt_tokens:
            self._ratio.note(sent_chars, usage.prompt_tokens)
            self._allowance.note(usage, flight.ttft_ms, profile)
            self._cached_share = usage.cached_tokens / usage.prompt_tokens

    def _usage(self, flight: Flight, sent_chars: int) -> tuple[Usage, bool]:
        """The provider's count, or else our estimate, which is true: a stream that we closed had its prompt read all the same."""
        if flight.usage.prompt_tokens or flight.error is not None:
            return flight.usage, False
        prompt_tokens = self._ratio.tokens(sent_chars)
        cached_tokens = round(prompt_tokens * self._cached_share)
        return Usage(prompt_tokens, cached_tokens, self._ratio.tokens(flight.received_chars)), True

    def _report(self, flight: Flight) -> None:
        """Tell the user what state a stream has left the lane in."""
        error = flight.error
        if error is not None:
            self._recorder.notice(type(error).__name__, str(error))
            self._recorder.status("rate_limited" if isinstance(error, RateLimited) else "error", str(error))
        elif limit := self._over_limit():
            self._recorder.notice("over_limit", limit)
            self._recorder.status("over_limit", limit)
        else:
            self._recorder.status("ready", "")

    def _over_limit(self) -> str:
        """Why nothing more is spent today, or the empty string."""
        limit_cents = self._settings.daily_limit_cents
        if not limit_cents or self._recorder.today().dollars * 100 < limit_cents:
            return ""
        return (
            f"today's limit of ${limit_cents / 100:.2f} is spent (setting daily_limit_cents): local lane only"
        )

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
