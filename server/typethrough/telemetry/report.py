"""Statistics from the record: figures for a day, a week and a month, for each day, and by language, source and model.

SQLite does the adding, so a thread that makes a report does not block others in the process. The time to *ghost text* counts
only new text, because typed-through text was on the screen already.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from typethrough.core.outcome.outcome import Ending, Usage
from typethrough.telemetry.rows import is_number

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

PERIOD_DAYS: Final = (1, 7, 30)
# Limits for the steps of survival: all of it, most, some, and nearly nothing.
KEPT_STEPS: Final = (0.995, 0.5, 0.05)

# Computed once and used often. It is in memory, because the record is only read. Some clients never report what they show;
# for these, each suggestion counts as shown.
_SEEN: Final = """
CREATE TEMP TABLE seen AS
WITH telling AS MATERIALIZED (SELECT DISTINCT process FROM suggestion WHERE shown)
SELECT day, language, source, file, total_ms, chars, accepted, accepted_chars, survived_30s, survived_300s,
    accepted OR accepted_chars > 0 AS taken,
    shown OR accepted OR accepted_chars > 0 OR process NOT IN telling AS was_shown
FROM suggestion WHERE day BETWEEN ? AND ?
"""


@dataclass(frozen=True, slots=True)
class Quantiles:
    """The median and the 95th percentile of `count` times, in milliseconds."""

    p50: float = 0.0
    p95: float = 0.0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How many suggestions were shown, and how many were accepted, whole or in part. `name` is the group, such as a language."""

    name: str
    shown: int = 0
    accepted: int = 0
    partly: int = 0
    chars: int = 0

    @property
    def rate(self) -> float:
        """The share of the shown suggestions that was accepted, 0 to 1."""
        return self.accepted / self.shown if self.shown else 0.0


@dataclass(frozen=True, slots=True)
class Survived:
    """How much of accepted text was kept: the share of its characters, and `steps`, how many suggestions were kept whole,
    mostly, partly and not at all.
    """

    share: float = 0.0
    steps: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def count(self) -> int:
        """How many suggestions were checked."""
        return sum(self.steps)


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens and cost of streams. `saved_dollars` is what the provider's cache saved, `estimated_dollars` a part of
    `dollars`.
    """

    name: str = ""
    streams: int = 0
    usage: Usage = field(default_factory=Usage)
    dollars: float = 0.0
    saved_dollars: float = 0.0
    estimated_dollars: float = 0.0

    @property
    def cache_share(self) -> float:
        """The share of the prompt tokens that came from the cache, 0 to 1."""
        return self.usage.cached_tokens / self.usage.prompt_tokens if self.usage.prompt_tokens else 0.0

    @property
    def estimated_share(self) -> float:
        """The share of the dollars that is our estimate, 0 to 1."""
        return self.estimated_dollars / self.dollars if self.dollars else 0.0


@dataclass(frozen=True, slots=True)
class Day:
    """The figures of one day."""

    day: str
    ghost_ms: Quantiles
    ttft_ms: Quantiles
    cost: Cost


@dataclass(frozen=True, slots=True)
class Period:
    """The figures of the last `days` days, including today."""

    days: int
    requests: Mapping[str, int]
    answers: Mapping[str, int]
    ghost_ms: Quantiles
    ttft_ms: Quantiles
    ghost_ms_by_source: Mapping[str, Quantiles]
    cost: Cost
    accepted: Acceptance
    after_30s: Survived
    after_300s: Survived
    by_language: Sequence[Acceptance]
    by_source: Sequence[Acceptance]
    by_file: Sequence[Acceptance]
    by_model: Sequence[Cost]
    by_purpose: Sequence[Cost]

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened in this period."""
        return not self.requests and not self.cost.streams and not self.accepted.shown


@dataclass(frozen=True, slots=True)
class Report:
    """One period for each of `PERIOD_DAYS`, and the days of the longest period, from the first day with any data."""

    today: str
    periods: Sequence[Period]
    days: Sequence[Day]


def report(connection: sqlite3.Connection, today: date) -> Report:
    """Compute the statistics from the record. Raises sqlite3.Error, and ValueError if a damaged row has no number or name."""
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("DROP TABLE IF EXISTS temp.seen")
    connection.execute(_SEEN, _span(today, PERIOD_DAYS[-1]))
    periods = [_period(connection, today, days) for days in PERIOD_DAYS]
    return Report(today.isoformat(), periods, _days(connection, today))


def _span(today: date, days: int) -> tuple[str, str]:
    """The first and the last day of a period."""
    return (today - timedelta(days=days - 1)).isoformat(), today.isoformat()


def _period(connection: sqlite3.Connection, today: date, days: int) -> Period:
    span = _span(today, days)
    ghost_ms = _quantiles(connection, "seen", "total_ms", "''", span)
    ttft_ms = _quantiles(connection, "stream", "ttft_ms", "''", span)
    (accepted,) = _accepted(connection, "''", span) or [Acceptance("")]
    (cost,) = _costs(connection, "''", span) or [Cost()]
    return Period(
        days,
        _counts(connection, "ending", "ending != ''", span),
        _counts(connection, "source", f"ending = '{Ending.ANSWERED}'", span),
        ghost_ms.get("", Quantiles()),
        ttft_ms.get("", Quantiles()),
        _quantiles(connection, "seen", "total_ms", "source", span),
        cost,
        accepted,
        _survived(connection, "survived_30s", span),
        _survived(connection, "survived_300s", span),
        _accepted(connection, "language", span),
        _accepted(connection, "source", span),
        [one for one in _accepted(connection, "file", span) if one.name],
        _costs(connection, "model", span),
        _costs(connection, "purpose", span),
    )


def _days(connection: sqlite3.Connection, today: date) -> list[Day]:
    span = _span(today, PERIOD_DAYS[-1])
    ghost_ms = _quantiles(connection, "seen", "total_ms", "day", span)
    ttft_ms = _quantiles(connection, "stream", "ttft_ms", "day", span)
    costs = {cost.name: cost for cost in _costs(connection, "day", span)}
    known = ghost_ms.keys() | ttft_ms.keys() | costs.keys()
    if not known:
        return []
    day, found = date.fromisoformat(min(known)), list[Day]()
    while day <= today:
        name = day.isoformat()
        nothing = Quantiles()
        found.append(
            Day(name, ghost_ms.get(name, nothing), ttft_ms.get(name, nothing), costs.get(name, Cost(name)))
        )
        day += timedelta(days=1)
    return found


# These queries are built only from names in this module. Values are passed as parameters.


def _rows(connection: sqlite3.Connection, query: str, span: tuple[str, str]) -> Iterator[Any]:
    """Yield a query's rows: a name and numbers, or None for unknown ones. Raises ValueError if a row is otherwise."""
    for name, *values in connection.execute(query, span):
        if not isinstance(name, str) or not all(value is None or is_number(value) for value in values):
            raise ValueError("a row is damaged")
        yield name, *values


def _quantiles(
    connection: sqlite3.Connection, table: str, column: str, key: str, span: tuple[str, str]
) -> dict[str, Quantiles]:
    """Quantiles by nearest rank, for each value of `key`."""
    query = f"""
        WITH ranked AS (
            SELECT {key} AS name, {column} AS value, ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY {column}) AS place,
                COUNT(*) OVER (PARTITION BY {key}) AS count
            FROM {table} WHERE {column} IS NOT NULL AND day BETWEEN ? AND ?
        )
        SELECT name, MAX(CASE WHEN place = MIN(count, count / 2 + 1) THEN value END),
            MAX(CASE WHEN place = MIN(count, count * 95 / 100 + 1) THEN value END), MAX(count)
        FROM ranked GROUP BY name
    """  # noqa: S608
    return {name: Quantiles(*values) for name, *values in _rows(connection, query, span)}


def _counts(
    connection: sqlite3.Connection, key: str, condition: str, span: tuple[str, str]
) -> dict[str, int]:
    query = f"""
        SELECT {key}, SUM(requests) AS count FROM request WHERE {condition} AND day BETWEEN ? AND ? GROUP BY {key}
        HAVING count > 0 ORDER BY count DESC
    """  # noqa: S608
    return dict(_rows(connection, query, span))


def _accepted(connection: sqlite3.Connection, key: str, span: tuple[str, str]) -> list[Acceptance]:
    """The acceptance for each value of `key`, most shown first."""
    query = f"""
        SELECT {key} AS name, SUM(was_shown) AS count, SUM(taken), SUM(taken AND NOT accepted), SUM(accepted_chars)
        FROM seen WHERE day BETWEEN ? AND ? GROUP BY name ORDER BY count DESC, name
    """  # noqa: S608
    return [Acceptance(*row) for row in _rows(connection, query, span)]


def _survived(connection: sqlite3.Connection, column: str, span: tuple[str, str]) -> Survived:
    whole, most, some = KEPT_STEPS
    query = f"""
        SELECT '', SUM({column} * chars) / SUM(chars), TOTAL({column} >= {whole}),
            TOTAL({column} >= {most} AND {column} < {whole}), TOTAL({column} >= {some} AND {column} < {most}),
            TOTAL({column} < {some})
        FROM seen WHERE {column} IS NOT NULL AND day BETWEEN ? AND ?
    """  # noqa: S608
    ((_, share, *steps),) = _rows(connection, query, span)
    kept, mostly, partly, gone = map(int, steps)
    return Survived(share or 0.0, (kept, mostly, partly, gone))


def _costs(connection: sqlite3.Connection, key: str, span: tuple[str, str]) -> list[Cost]:
    """The cost for each value of `key`, highest first."""
    query = f"""
        SELECT {key} AS name, COUNT(*), SUM(prompt_tokens), SUM(cached_tokens), SUM(output_tokens), TOTAL(dollars) AS money,
            TOTAL(saved_dollars), TOTAL(CASE WHEN is_estimated THEN dollars END)
        FROM stream WHERE day BETWEEN ? AND ? GROUP BY name ORDER BY money DESC, name
    """  # noqa: S608
    return [_cost(row) for row in _rows(connection, query, span)]


def _cost(row: Any) -> Cost:
    name, streams, prompt, cached, output, *money = row
    return Cost(name, streams, Usage(prompt, cached, output), *money)
