"""What was learned from the streams of one model: waits, characters per token, and how well its cache works."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from typethrough.core.asking.waits import Waits
from typethrough.core.outcome.outcome import Purpose, StreamRecord, Usage
from typethrough.core.prompt.economist import Allowance
from typethrough.core.prompt.sent import Memory, TokenRatio
from typethrough.engine.ports import PromptTooLong

if TYPE_CHECKING:
    from typethrough.core.prompt.economist import Terms
    from typethrough.core.prompt.message import Prompt
    from typethrough.core.prompt.sent import Sent
    from typethrough.engine.flight import Flight
    from typethrough.engine.ports import Recorder, Upstream


_LEARNING = 0.2
# Only a few, so that they show the model's current speed.
_WAITS = 24


class Experience:
    """What was learned about one model. It does not apply to other models."""

    def __init__(self) -> None:
        self.waits = Waits(_WAITS)
        # A moving average of a question's cost.
        self.dollars = 0.0
        self.ratio = TokenRatio()
        self.allowance = Allowance()
        self._memory = Memory()
        # How much of what the provider's cache should hold it really held.
        self._held_share = 1.0

    def forget(self) -> None:
        """Forget the sent prompts, because a text in them may no longer be remembered."""
        self._memory = Memory()

    def send(self, prompt: Prompt, terms: Terms, now_s: float) -> Sent:
        """Note a prompt that is sent to this model."""
        return self._memory.send(prompt, terms, now_s, self.ratio)

    def learn(self, flight: Flight, heard: Upstream, sent: Sent) -> None:
        """Learn from a stream that has ended. The provider may have counted its prompt."""
        usage = flight.usage
        if isinstance(flight.error, PromptTooLong):
            sent_tokens = self.ratio.tokens(sent.chars) + sent.answer_tokens
            context_tokens = self.ratio.tokens(sent.context_chars)
            self.allowance.overflowed(context_tokens, sent_tokens, flight.error.limit_tokens)
        if usage.prompt_tokens:
            self.ratio.note(sent.chars, usage.prompt_tokens)
            self.allowance.note(usage, _ttft_ms(flight, heard), heard.profile)
            if sent.cached_tokens:
                held = min(1.0, usage.cached_tokens / sent.cached_tokens)
                self._held_share += _LEARNING * (held - self._held_share)

    def record(self, record_id: str, flight: Flight, heard: Upstream, sent: Sent) -> StreamRecord:
        """The record of an ended stream whose text came from `heard`."""
        usage, is_estimated = self._usage(flight, heard, sent)
        dollars = heard.profile.cost_dollars(usage)
        self.dollars += _LEARNING * (dollars - self.dollars)
        return StreamRecord(
            record_id,
            heard.model,
            Purpose.HEDGE if heard.is_hedge else flight.purpose,
            flight.end,
            usage,
            is_estimated,
            _ttft_ms(flight, heard),
            dollars,
            heard.profile.saved_dollars(usage),
            flight.age_ms - heard.delay_ms,
            is_chat=heard.profile.fim is None,
        )

    def _usage(self, flight: Flight, heard: Upstream, sent: Sent) -> tuple[Usage, bool]:
        """Returns (usage, is_estimated). A stream that we closed has no provider's count, but its prompt was read and is paid
        for.
        """
        if flight.usage.prompt_tokens or flight.error is not None:
            return flight.usage, False
        if heard.is_hedge:
            # The last prompts did not warm this model's cache. The race has an estimate for it.
            return heard.usage, True
        prompt_tokens = self.ratio.tokens(sent.chars)
        cached_tokens = min(prompt_tokens, round(sent.cached_tokens * self._held_share))
        return Usage(prompt_tokens, cached_tokens, self.ratio.tokens(flight.received_chars)), True


def _ttft_ms(flight: Flight, heard: Upstream) -> float | None:
    """The time to first token of the model that was heard, counted from its own request."""
    return None if flight.ttft_ms is None else flight.ttft_ms - heard.delay_ms


def record_unheard(record_id: str, flight: Flight, unheard: Upstream) -> StreamRecord:
    """The record of the request in a race that was not heard, so it gave no text."""
    usage, profile = unheard.usage, unheard.profile
    return StreamRecord(
        record_id,
        unheard.model,
        Purpose.HEDGE if unheard.is_hedge else flight.purpose,
        unheard.end or flight.end,
        usage,
        is_estimated=bool(usage.prompt_tokens),
        dollars=profile.cost_dollars(usage),
        saved_dollars=profile.saved_dollars(usage),
        is_chat=profile.fim is None,
    )


class Counts:
    """The records of one stream's requests, corrected when the gateway later counts a stream that was closed early. An
    `OnCounted`.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._kept: dict[bool, tuple[StreamRecord, Upstream]] = {}

    def record(self, stream: StreamRecord, upstream: Upstream) -> None:
        """Record a request."""
        self._kept[upstream.is_hedge] = (stream, upstream)
        self._recorder.stream_ended(stream)

    def __call__(self, usage: Usage, *, is_hedge: bool = False) -> None:
        """The count of one request has come. It replaces the estimate that has the same id."""
        kept = self._kept.get(is_hedge)
        if kept is None:
            return
        stream, upstream = kept
        self._recorder.stream_ended(
            replace(
                stream,
                usage=usage,
                is_estimated=False,
                dollars=upstream.profile.cost_dollars(usage),
                saved_dollars=upstream.profile.saved_dollars(usage),
            )
        )
