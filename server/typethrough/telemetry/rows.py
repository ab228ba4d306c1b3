"""What goes on record, and how it is written: suggestions with what became of them, streams with what they cost, counts a day."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from typethrough.core.outcome.causes import Cause
from typethrough.core.outcome.history import KeptOutcome
from typethrough.core.outcome.outcome import Ending

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from typethrough.core.outcome.outcome import Outcome, StreamRecord


class Row(Protocol):
    """Something that goes on record."""

    def write(self, connection: sqlite3.Connection, process: str) -> None:
        """Put it there, in place of what this process wrote about the same thing before."""
        ...


class OutcomeRow(NamedTuple):
    """An outcome for who asks why nothing came, and the name of its file on record where that is another."""

    entry: KeptOutcome
    file: str = ""

    def write(self, connection: sqlite3.Connection, process: str) -> None:  # noqa: ARG002 - nobody asks which process it was
        """Add it."""
        entry = self.entry
        values = (entry.at, self.file or entry.file, entry.ending.value, entry.reason, entry.source)
        more = (
            _stages(entry.stages_ms),
            entry.overtaken,
            entry.cause.name if entry.cause is not None else "",
            entry.kept_back,
        )
        connection.execute(
            "INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", _storable(*values, *more)
        )


@dataclass(slots=True)
class SuggestionRow:
    """A suggestion and its life. `at` is a local time in ISO 8601; `chars` is the text's length when it was new. `total_ms` is
    None for one that came along with another: nobody waited for it.

    `survived_30s` and `survived_300s` are the shares of it that stood in their place so long after it was accepted; None when
    nobody knows.
    """

    id: str
    at: str
    language: str
    source: str
    file: str = ""
    total_ms: float | None = None
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    chars: int = 0
    shown: bool = False
    accepted: bool = False
    accepted_chars: int = 0
    dismissed: bool = False
    survived_30s: float | None = None
    survived_300s: float | None = None

    def write(self, connection: sqlite3.Connection, process: str) -> None:
        """Add it, or bring what was written of it up to date."""
        made = (process, self.id, self.at[:10], self.at, self.language, self.file, self.source)
        total_ms = None if self.total_ms is None else round(self.total_ms, 1)
        size = (total_ms, _stages(self.stages_ms), self.chars)
        life = (self.shown, self.accepted, self.accepted_chars, self.dismissed)
        after = (self.survived_30s, self.survived_300s)
        connection.execute(
            "INSERT INTO suggestion (process, id, day, at, language, file, source, total_ms, stages_ms, chars, shown, accepted,"
            " accepted_chars, dismissed, survived_30s, survived_300s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (process, id) DO UPDATE SET shown = excluded.shown, accepted = excluded.accepted,"
            " accepted_chars = excluded.accepted_chars, dismissed = excluded.dismissed, survived_30s = excluded.survived_30s,"
            " survived_300s = excluded.survived_300s",
            _storable(*made, *size, *life, *after),
        )


class StreamRow(NamedTuple):
    """An upstream stream; `at` is the local time of its first report, whose date is the day that it counts for."""

    at: str
    stream: StreamRecord

    @property
    def day(self) -> str:
        """The date."""
        return self.at[:10]

    def write(self, connection: sqlite3.Connection, process: str) -> None:
        """Add it; a later count takes the place of an estimate, on the day that the estimate was booked for."""
        stream, usage = self.stream, self.stream.usage
        tokens = (usage.prompt_tokens, usage.cached_tokens, usage.output_tokens)
        money = (stream.dollars, stream.saved_dollars, stream.is_estimated)
        what = (process, stream.id, stream.model, stream.purpose.value, stream.end.value, stream.ttft_ms)
        connection.execute(
            "INSERT INTO stream (day, at, process, id, model, purpose, ending, ttft_ms, prompt_tokens, cached_tokens,"
            " output_tokens, dollars, saved_dollars, is_estimated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (process, id) DO UPDATE SET model = excluded.model, ending = excluded.ending,"
            " ttft_ms = excluded.ttft_ms, prompt_tokens = excluded.prompt_tokens, cached_tokens = excluded.cached_tokens,"
            " output_tokens = excluded.output_tokens, dollars = excluded.dollars, saved_dollars = excluded.saved_dollars,"
            " is_estimated = excluded.is_estimated",
            _storable(self.day, self.at, *what, *tokens, *money),
        )


class CountRow(NamedTuple):
    """One more request that ended this way; those that typing overtook are by far the most, and a number says all of them."""

    day: str
    language: str
    ending: str
    source: str

    @classmethod
    def of(cls, day: str, outcome: Outcome) -> CountRow:
        """The count that an outcome adds to."""
        answered = outcome.ending is Ending.ANSWERED and outcome.source is not None
        source = outcome.source.value if answered and outcome.source else ""
        return cls(day, outcome.language_id, outcome.ending.value, source)

    def write(self, connection: sqlite3.Connection, process: str) -> None:  # noqa: ARG002 - all processes count together
        """Count it."""
        connection.execute(
            "INSERT INTO request VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET requests = requests + 1",
            _storable(*self),
        )


def outcome_of(row: Any) -> KeptOutcome:
    """An outcome as it was kept."""
    at, file, ending, reason, source, stages, overtaken, name, kept_back = row
    # A later version may know other causes.
    cause = Cause.__members__.get(name)
    return KeptOutcome(
        at, file, Ending(ending), reason, source, json.loads(stages), overtaken, cause, kept_back
    )


def _storable(*values: Any) -> tuple[Any, ...]:
    """The values as SQLite takes them: text that a client sent may hold half a surrogate pair, which no encoding has."""
    return tuple(
        value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in values
    )


def _stages(stages_ms: Mapping[str, float]) -> str:
    return json.dumps({name: round(ms, 1) for name, ms in stages_ms.items()})
