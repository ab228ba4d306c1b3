"""The doctor's completions. They are built, sent, timed and recorded like suggestions, but for a small file of our own.

There are two. For the second, the connection is open and the provider has the prompt in its cache, as for nearly all requests
during typing. So its time is what a user waits for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typethrough.cli.doctor.findings import failure, ok, warning
from typethrough.core.document.document import Position, split_lines
from typethrough.core.outcome.causes import Cause, Refusal, StreamEnd
from typethrough.core.outcome.outcome import Purpose, StreamRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.cli.compose import Composition
    from typethrough.cli.doctor.findings import Finding
    from typethrough.core.outcome.outcome import Usage
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.gateways import Gateways
    from typethrough.engine.model_lane import Question
    from typethrough.engine.ports import Recorder

_LIMIT_S = 20.0
# If the first completion takes longer than this, a second one would only make the user wait.
_SLOW_MS = 6_000.0
_OUTPUT_TOKENS = 48
# If the text arrived in one piece, its speed cannot be computed.
_SHORTEST_S = 0.001
# About 5,000 characters. Most providers cache prompts of 1,024 tokens or more, so this one can be cached.
_SAMPLE = Path(__file__).with_name("machine.py")
_SAMPLE_URI = "file:///typethrough-doctor/sample.py"
_SAMPLE_END = "\n\ndef _is_even(number: int) -> bool:\n    return "


@dataclass(frozen=True, slots=True)
class Timed:
    """One completion. `first_ms` is None if no text came. `usage` are the tokens counted by the provider."""

    first_ms: float | None
    total_ms: float
    usage: Usage

    @property
    def tokens_a_second(self) -> float:
        """Tokens per second after the first text. 0.0 if the text was too short or too fast to measure."""
        seconds = (self.total_ms - (self.first_ms or 0.0)) / 1_000
        tokens = self.usage.output_tokens - 1
        return tokens / seconds if tokens > 0 and seconds > _SHORTEST_S else 0.0


async def completion(composition: Composition, settings: Settings, gateways: Gateways) -> Finding:
    """Ask for two completions, or one if that is slow. Does not close the gateways."""
    from typethrough.engine.engine import Engine
    from typethrough.engine.ports import GatewayError

    # This checks the gateway, so settings that switch off suggestions or a language must not count.
    settings = replace(
        settings, enabled=True, disabled_languages=(), warm_up="never", max_output_tokens=_OUTPUT_TOKENS
    )
    with composition.recorder(settings) as recorder:
        engine = Engine(settings=settings, gateway=gateways, clock=composition.clock, recorder=recorder)
        text = _SAMPLE.read_text("utf-8") + _SAMPLE_END
        lines = split_lines(text)
        engine.open(_SAMPLE_URI, "python", 1, text)
        question = engine.question(_SAMPLE_URI, Position(len(lines) - 1, len(lines[-1])))
        try:
            if isinstance(question, Refusal):
                text = f"nothing would be asked: {question.sentence}"
                return failure("completion", text, question.cause.advice)
            first = await _timed(composition, question, recorder, "doctor-1")
            second = None
            if first.total_ms < _SLOW_MS:
                second = await _timed(composition, question, recorder, "doctor-2")
        except TimeoutError:
            text = f"no whole answer within {_LIMIT_S:g} s"
            return failure("completion", text, StreamEnd.TIMED_OUT.cause.advice)
        except GatewayError as error:
            return failure("completion", str(error), error.end.cause.advice, end=error.end.value)
        finally:
            await engine.aclose()
    default = gateways.default
    return judged(first, second, settings.budget_ms, default.model, default.profile.cost_dollars)


async def _timed(composition: Composition, question: Question, recorder: Recorder, record_id: str) -> Timed:
    """Ask, and read the whole answer. Raises GatewayError and TimeoutError."""
    now = composition.clock.now
    began_s = now()
    first_s: float | None = None

    def on_text(_: str) -> None:
        nonlocal first_s
        first_s = now() if first_s is None else first_s

    async with asyncio.timeout(_LIMIT_S):
        finish = await question.gateway.stream(question.prompt, on_text)
    total_ms = (now() - began_s) * 1_000
    first_ms = (first_s - began_s) * 1_000 if first_s is not None else None
    gateway, usage = question.gateway, finish.usage
    recorder.stream_ended(
        StreamRecord(
            record_id,
            gateway.model,
            Purpose.INVOKED,
            StreamEnd.COMPLETE,
            usage,
            ttft_ms=first_ms,
            dollars=gateway.profile.cost_dollars(usage),
            saved_dollars=gateway.profile.saved_dollars(usage),
            total_ms=total_ms,
            is_chat=gateway.profile.fim is None,
        )
    )
    return Timed(first_ms, total_ms, usage)


def judged(
    first: Timed, second: Timed | None, budget_ms: int, model: str, cost: Callable[[Usage], float]
) -> Finding:
    """The finding for the completions. `second` is None if the first was slow. `cost` returns the dollars for tokens."""
    timed = [first] if second is None else [first, second]
    last = timed[-1]
    dollars = sum(cost(one.usage) for one in timed)
    figures: dict[str, Any] = {
        "first_text_ms": [round(one.first_ms, 1) if one.first_ms is not None else None for one in timed],
        "tokens_a_second": round(last.tokens_a_second, 1),
        "prompt_tokens": last.usage.prompt_tokens,
        "cached_tokens": last.usage.cached_tokens,
        "output_tokens": last.usage.output_tokens,
        "dollars": dollars,
        "model": model,
    }
    if last.first_ms is None:
        text = f"{model}: an answer came, and no text in it"
        return warning("completion", text, Cause.WITHHELD.advice, **figures)
    text = " and ".join(f"{one.first_ms:.0f} ms" for one in timed if one.first_ms is not None)
    text = f"{model}: first text after {text}"
    if last.tokens_a_second:
        text += f", then {last.tokens_a_second:.0f} tokens a second"
    if last.usage.prompt_tokens:
        text += f"; {last.usage.prompt_tokens} tokens in, {last.usage.cached_tokens} of them cached; ${dollars:.6f} in all"
    if last.first_ms > budget_ms:
        text += f". That is later than the budget of {budget_ms} ms, so no suggestion would be shown in time"
        return failure("completion", text, Cause.OUT_OF_TIME.advice, **figures)
    return ok("completion", text, **figures)
