"""The rows of the record and how they are written: outcomes, suggestions, streams with their cost, and daily counts."""

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

# No sum of tokens, milliseconds or dollars comes near this. What is beyond it was not written by us.
MOST = 1e15


class Row(Protocol):
    """Something that is written to the record."""

    def write(self, connection: sqlite3.Connection, process: str) -> None:
        """Write it. It replaces what this process wrote about the same thing before."""
        ...


class OutcomeRow(NamedTuple):
    """An outcome, to answer why no suggestion came. `file` is the name for the record, if it differs from the entry's."""

    entry: KeptOutcome
    file: str = ""

    def write(self, connection: sqlite3.Connection, process: str) -> None:  # noqa: ARG002 - one list for all processes
        """Insert it."""
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
    """A suggestion and what became of it.

    `at` is the local time in ISO 8601, `chars` the length of the text when it was new. `total_ms` is None for a further
    suggestion of the same answer, because nobody waited for it. `survived_30s` and `survived_300s` are the shares of the
    text that were still in place that long after the acceptance, None if unknown.
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
        """Insert it, or update the row that was written before."""
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
    """A model's stream. `at` is the local time of its first report; its date is the day that the stream counts for."""

    at: str
    stream: StreamRecord

    @property
    def day(self) -> str:
        """The day that the stream counts for."""
        return self.at[:10]

    def write(self, connection: sqlite3.Connection, process: str) -> None:
        """Insert the row. A later count replaces an estimate, and stays on the day of the estimate."""
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
    """Adds one to the number of requests with this ending. Most requests are overtaken by typing, so only a number is kept."""

    day: str
    language: str
    ending: str
    source: str

    @classmethod
    def of(cls, day: str, outcome: Outcome) -> CountRow:
        """The counter for an outcome."""
        answered = outcome.ending is Ending.ANSWERED and outcome.source is not None
        source = outcome.source.value if answered and outcome.source else ""
        return cls(day, outcome.language_id, outcome.ending.value, source)

    def write(self, connection: sqlite3.Connection, process: str) -> None:  # noqa: ARG002 - all processes count together
        """Add one to the counter."""
        connection.execute(
            "INSERT INTO request VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET requests = requests + 1",
            _storable(*self),
        )


def outcome_of(row: Any) -> KeptOutcome | None:
    """An outcome from its row. None if the row has what this version cannot read, because the file was damaged."""
    at, file, ending, reason, source, stages, overtaken, name, kept_back = row
    try:
        stages_ms = json.loads(stages)
        ending = Ending(ending)
    except (ValueError, TypeError, RecursionError):
        return None
    if not all(isinstance(text, str) for text in (at, file, reason, source, name)):
        return None
    if not isinstance(stages_ms, dict) or not all(
        map(is_number, (*stages_ms.values(), overtaken, kept_back))
    ):
        return None
    # A later version may have written a cause that is unknown here.
    cause = Cause.__members__.get(name)
    return KeptOutcome(at, file, ending, reason, source, stages_ms, overtaken, cause, kept_back)


def is_number(value: object) -> bool:
    """Whether a value from the record is a number that can be shown and added. SQLite keeps any value in any column."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST


def _storable(*values: Any) -> tuple[Any, ...]:
    """The values in a form that SQLite accepts. A client's text may contain half a surrogate pair, which cannot be encoded."""
    return tuple(
        value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in values
    )


def _stages(stages_ms: Mapping[str, float]) -> str:
    return json.dumps({name: round(ms, 1) for name, ms in stages_ms.items()})
