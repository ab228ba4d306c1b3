"""A record written through the real keeper by a seeded user over several days, and the plain list of what was told to it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from typethrough.core.document.document import Position
from typethrough.core.outcome.causes import StreamEnd
from typethrough.core.outcome.outcome import (
    Ending,
    Feedback,
    Outcome,
    Purpose,
    Source,
    StreamRecord,
    Suggestion,
    Usage,
)
from typethrough.core.suggestion.accepted import LATER_S, SOON_S
from typethrough.telemetry.keeper import Keeper
from typethrough.telemetry.recorder import LogRecorder
from typethrough.telemetry.store import Store

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 24)
_LANGUAGES = ("python", "typescript", "go")
_SOURCES = (Source.CACHE, Source.LOCAL, Source.MODEL)
_MODELS = ("openai/gpt-4.1-nano", "mistral/codestral")


@dataclass
class Told:
    """One suggestion as the user had it."""

    day: date
    language: str
    source: str
    total_ms: float
    shown: bool
    accepted: bool
    chars: int
    survived: dict[float, float] = field(default_factory=dict)


@dataclass
class Seeded:
    """What happened, day by day."""

    suggestions: list[Told] = field(default_factory=list)
    streams: list[tuple[date, StreamRecord]] = field(default_factory=list)
    superseded: list[date] = field(default_factory=list)

    def within(self, days: int) -> Seeded:
        """The same of the last days alone."""
        first = TODAY - timedelta(days=days - 1)
        return Seeded(
            [one for one in self.suggestions if one.day >= first],
            [one for one in self.streams if one[0] >= first],
            [one for one in self.superseded if one >= first],
        )


def seed(path: Path, number: int = 1, *, telling: bool = True) -> Seeded:
    """Write a record of 40 days, with empty ones among them. With `telling` the client says what it shows."""
    draw, made = random.Random(number), Seeded()
    for back in (39, 29, 28, 20, 12, 6, 5, 3, 1, 0):
        now = datetime.combine(TODAY - timedelta(days=back), datetime.min.time(), UTC) + timedelta(hours=9)
        store = Store(path, lambda now=now: now.date().isoformat())  # type: ignore[misc]
        keeper = Keeper(LogRecorder(lambda now=now: now), store, lambda now=now: now)  # type: ignore[misc]
        for index in range(draw.randrange(20, 60)):
            made.suggestions.append(_suggestion(draw, keeper, now.date(), str(index), telling=telling))
            for _ in range(draw.randrange(3)):
                keeper.request_ended(
                    "file:///p/a.py", Outcome(Ending.SUPERSEDED, "typed on", language_id="python")
                )
                made.superseded.append(now.date())
        for index in range(draw.randrange(5, 25)):
            stream = _stream(draw, str(index))
            keeper.stream_ended(stream)
            made.streams.append((now.date(), stream))
        store.close()
    return made


def _suggestion(draw: random.Random, keeper: Keeper, day: date, name: str, *, telling: bool) -> Told:
    language, source = draw.choice(_LANGUAGES), draw.choice(_SOURCES)
    chars = draw.randrange(3, 40)
    total_ms = round(draw.lognormvariate(4, 1.5), 1)
    shown = not telling or draw.random() < 0.9
    accepted = shown and draw.random() < 0.35
    told = Told(day, language, source.value, total_ms, shown, accepted, chars if accepted else 0)
    suggestion = Suggestion(name, "x" * chars, Position(0, 0), source)
    stages_ms = {"asked": 0.1, "total": total_ms}
    keeper.request_ended(
        "file:///p/a.py", Outcome(Ending.ANSWERED, source.value, source, (suggestion,), stages_ms, language)
    )
    if shown and telling:
        keeper.feedback(Feedback.SHOWN, name)
    if accepted:
        keeper.feedback(Feedback.ACCEPTED, name)
        for after_s in (SOON_S, LATER_S):
            if draw.random() < 0.8:
                told.survived[after_s] = draw.choice((1.0, 1.0, 0.75, 0.25, 0.0))
                keeper.survived(name, after_s, told.survived[after_s])
    return told


def _stream(draw: random.Random, name: str) -> StreamRecord:
    prompt = draw.randrange(500, 20_000)
    usage = Usage(prompt, draw.randrange(prompt), draw.randrange(60))
    ttft_ms = None if draw.random() < 0.1 else round(draw.uniform(200, 900), 1)
    return StreamRecord(
        name,
        draw.choice(_MODELS),
        draw.choice(list(Purpose)),
        StreamEnd.ENOUGH,
        usage,
        draw.random() < 0.3,
        ttft_ms,
        prompt * 1e-7,
        usage.cached_tokens * 0.75e-7,
    )
