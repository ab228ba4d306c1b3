"""A report's figures in readable form, the same in the terminal and on the page: numbers with units, and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.outcome.outcome import Ending, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from typethrough.telemetry.report import Acceptance, Period, Report, Survived

NONE = "–"
EMPTY = (
    "Nothing is on record yet. Type a while in an editor with typethrough, then look again. With the setting `record` off,"
    " nothing is recorded."
)
_PERIODS = {1: "Today", 7: "7 days", 30: "30 days"}


class Table(NamedTuple):
    """A table: a title, column heads and rows. The first cell of a row says what the row is about."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def ms(value: float) -> str:
    """A time as text: `0.4 ms`, `350 ms`, `12.5 s`."""
    if value >= 10_000:
        return f"{value / 1_000:.1f} s"
    return f"{value:.1f} ms" if value < 9.95 else f"{value:.0f} ms"


def dollars(value: float) -> str:
    """An amount of money as text, with enough digits for small amounts: `$12.30`, `$0.045`, `$0.0021`."""
    if value <= 0:
        return "$0"
    if value >= 1:
        return f"${value:,.2f}"
    return f"${value:.3f}" if value >= 0.0995 else f"${value:.4f}" if value >= 0.000_1 else "under $0.0001"


def percent(share: float) -> str:
    """A share (0 to 1) as a percentage, with one decimal where it matters."""
    whole = 100 * share
    return f"{whole:.1f} %" if 99 < whole < 99.95 or 0 < whole < 9.95 else f"{whole:.0f} %"


def count(value: float) -> str:
    """A number with separators between thousands."""
    return f"{value:,.0f}"


def summary(report: Report) -> Table:
    """One table with a column for each period."""
    periods = report.periods
    rows: list[Sequence[str]] = []

    def row(label: str, cells: Iterable[str]) -> None:
        told = zip(periods, cells, strict=True)
        rows.append((label, *(NONE if period.is_empty else cell for period, cell in told)))

    costs, accepted = [one.cost for one in periods], [one.accepted for one in periods]
    row("Requests", (count(sum(one.requests.values())) for one in periods))
    for name, endings in _ENDINGS.items():
        row(f"  {name}", (count(sum(one.requests.get(ending, 0) for ending in endings)) for one in periods))
    for source in Source:
        row(f"  from: {source.value}", (count(one.answers.get(source, 0)) for one in periods))
    for name, times in (
        ("New ghost text", [one.ghost_ms for one in periods]),
        ("Model's first token", [one.ttft_ms for one in periods]),
    ):
        row(f"{name}, p50", (ms(one.p50) if one.count else NONE for one in times))
        row("  p95", (ms(one.p95) if one.count else NONE for one in times))
    row("Prompt tokens", (count(one.usage.prompt_tokens) for one in costs))
    row("  from the provider's cache", (percent(one.cache_share) if one.streams else NONE for one in costs))
    row("Output tokens", (count(one.usage.output_tokens) for one in costs))
    row("Cost", (dollars(one.dollars) for one in costs))
    row("  of it estimated", (percent(one.estimated_share) if one.dollars else NONE for one in costs))
    row("Saved by the cache", (dollars(one.saved_dollars) for one in costs))
    row("Suggestions shown", (count(one.shown) for one in accepted))
    row("  accepted", (count(one.accepted) for one in accepted))
    row("  of them in part", (count(one.partly) for one in accepted))
    row("  acceptance rate", (_rate(one) for one in accepted))
    row("Characters accepted", (count(one.chars) for one in accepted))
    row("  still there after 30 s", (_kept(one.after_30s) for one in periods))
    row("  still there after 5 min", (_kept(one.after_300s) for one in periods))
    return Table("", ("", *(_PERIODS[period.days] for period in periods)), rows)


_ENDINGS = {
    "answered": (Ending.ANSWERED,),
    "overtaken by typing": (Ending.SUPERSEDED, Ending.CANCELLED),
    "nothing to suggest": (Ending.SKIPPED, Ending.EMPTY, Ending.FILTERED),
    "no answer in time": (Ending.DEADLINE,),
    "failed": (Ending.FAILED,),
}


def tables(period: Period) -> list[Table]:
    """The details of a period, as tables. Empty tables are left out."""
    made = [
        by_kind("language", period.by_language, "Language"),
        by_source(period),
        by_kind("file", period.by_file[:20], "File"),
        _costs("model", period, "Model"),
        _costs("purpose", period, "Asked"),
    ]
    return [table for table in made if table.rows]


def by_kind(name: str, groups: Sequence[Acceptance], head: str) -> Table:
    """A table of acceptance, one row for each group, such as each language."""
    rows = [
        (one.name or "not known", count(one.shown), count(one.accepted), _rate(one), count(one.chars))
        for one in groups
    ]
    return Table(f"By {name}", (head, "Shown", "Accepted", "Rate", "Characters"), rows)


def by_source(period: Period) -> Table:
    """A table of acceptance and speed, one row for each source of suggestions."""
    table = by_kind("source", period.by_source, "Source")
    times = period.ghost_ms_by_source
    rows = [
        (*row, *((ms(times[one.name].p50), ms(times[one.name].p95)) if one.name in times else (NONE, NONE)))
        for row, one in zip(table.rows, period.by_source, strict=True)
    ]
    return Table(table.title, (*table.head, "p50", "p95"), rows)


def _costs(name: str, period: Period, head: str) -> Table:
    rows = [
        (
            one.name or "not known",
            count(one.streams),
            count(one.usage.prompt_tokens),
            percent(one.cache_share),
            count(one.usage.output_tokens),
            dollars(one.dollars),
            dollars(one.saved_dollars),
        )
        for one in (period.by_model if name == "model" else period.by_purpose)
    ]
    return Table(f"By {name}", (head, "Streams", "Prompt", "Cached", "Output", "Cost", "Saved"), rows)


def _rate(one: Acceptance) -> str:
    return percent(one.rate) if one.shown else NONE


def _kept(survived: Survived) -> str:
    return percent(survived.share) if survived.count else NONE
