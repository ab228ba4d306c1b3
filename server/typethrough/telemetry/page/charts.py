"""The plots of the page: which there are, what each of them says in its title, and the figures behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from typethrough.core.outcome.outcome import Source
from typethrough.telemetry import figures
from typethrough.telemetry.figures import Table, count, dollars, ms, percent
from typethrough.telemetry.page import plots
from typethrough.telemetry.page.plots import Bar, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from typethrough.telemetry.report import Acceptance, Period, Quantiles, Report

_STEPS = (("whole", "first"), ("mostly", "soft"), ("in parts", "softer"), ("gone", "gone"))
# What is said in a title should not be chance: a group needs so many suggestions, and such a share of all of them.
_ENOUGH_SHOWN = 20
_ENOUGH_SHARE = 0.1
_MOST_BARS = 6
_SOURCES = {
    Source.SHOWN: "that were on the screen",
    Source.CACHE: "from the cache",
    Source.JOIN: "from a stream under way",
    Source.LOCAL: "from the local lane",
    Source.MODEL: "from the model",
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot, what it says, how it is to be read, and the figures behind it."""

    title: str
    note: str
    svg: str
    table: Table
    legend: Sequence[tuple[str, str]] = ()


def charts(report: Report) -> Iterator[Chart]:
    """The plots there is something to show in."""
    month = report.periods[-1]
    if month.ghost_ms.count:
        yield _ghost(report)
    if month.ttft_ms.count:
        yield _first_token(report)
    if month.answers:
        yield _answers(month)
    if month.cost.streams:
        yield from (_cache(report), _cost(report), _tokens(report))
    if any(one.shown for one in month.by_language):
        yield _accepted("language", month.by_language)
        yield _accepted("source", month.by_source)
    if month.after_30s.count:
        yield _survival(month)


def _ghost(report: Report) -> Chart:
    month = report.periods[-1]
    title = f"Half of new ghost text is there within {ms(month.ghost_ms.p50)}, 95 % within {ms(month.ghost_ms.p95)}"
    note = "From the request to text that was not on the screen yet; the scale is logarithmic"
    times = [day.ghost_ms for day in report.days]
    return _times("Time to ghost text", title, note, report, times, decades=True)


def _first_token(report: Report) -> Chart:
    half = ms(report.periods[-1].ttft_ms.p50)
    title = f"The model's first token takes {half} at the median"
    note = "From the question to the first piece of the answer, where there was one"
    return _times("Time to the first token", title, note, report, [day.ttft_ms for day in report.days])


def _times(
    label: str, title: str, note: str, report: Report, values: Sequence[Quantiles], *, decades: bool = False
) -> Chart:
    days = [day.day for day in report.days]
    series = [
        Series("p50", "first", [one.p50 if one.count else None for one in values]),
        Series("p95", "second", [one.p95 if one.count else None for one in values]),
    ]
    rows = [
        (plots.day_name(day), ms(one.p50), ms(one.p95), count(one.count))
        for day, one in zip(days, values, strict=True)
        if one.count
    ]
    svg = plots.lines(f"{label} by day, 50th and 95th percentile", days, series, _ms_tick, decades=decades)
    return Chart(title, note, svg, Table(label, ("Day", "p50", "p95", "Number"), rows))


def _answers(month: Period) -> Chart:
    whole = sum(month.answers.values())
    asked = month.answers.get(Source.MODEL, 0) / whole
    title = f"{percent(1 - asked)} of answers had nobody wait for the model"
    rows = [
        Bar(name, amount / whole, f"{percent(amount / whole)}, {count(amount)}")
        for name, amount in month.answers.items()
    ]
    svg = plots.bars("Answers by source", rows, "first")
    cells = [(row.name, count(month.answers[row.name]), percent(row.value)) for row in rows]
    table = Table("Answers", ("Source", "Answers", "Share"), cells)
    return Chart(title, "Requests answered in 30 days, by what answered them", svg, table)


def _cache(report: Report) -> Chart:
    days = [day.day for day in report.days]
    values = [day.cost.cache_share if day.cost.usage.prompt_tokens else None for day in report.days]
    svg = plots.lines(
        "Share of prompt tokens from the cache by day",
        days,
        [Series("cached", "first", values)],
        _share_tick,
        top=1.0,
    )
    rows = [
        (plots.day_name(day), percent(value))
        for day, value in zip(days, values, strict=True)
        if value is not None
    ]
    title = f"{percent(report.periods[-1].cost.cache_share)} of prompt tokens came from the provider's cache"
    note = "Share of prompt tokens by day; a cached token costs a fraction and is read at once"
    return Chart(title, note, svg, Table("Cache share", ("Day", "Cached"), rows))


def _cost(report: Report) -> Chart:
    cost, days = report.periods[-1].cost, [day.day for day in report.days]
    names = ("paid", "saved by the cache")
    series = [
        Series(names[0], "first", [day.cost.dollars for day in report.days]),
        Series(names[1], "softer", [day.cost.saved_dollars for day in report.days]),
    ]
    rows = [
        (
            plots.day_name(day.day),
            dollars(day.cost.dollars),
            dollars(day.cost.saved_dollars),
            count(day.cost.streams),
        )
        for day in report.days
        if day.cost.streams
    ]
    svg = plots.stacks("Dollars by day, paid and saved by the cache", days, series, _dollars_tick)
    title = f"{dollars(cost.dollars)} paid in 30 days; the cache spared {dollars(cost.saved_dollars)} more"
    table = Table("Cost", ("Day", "Paid", "Saved", "Streams"), rows)
    return Chart(
        title, "Dollars by day, by published prices", svg, table, ((names[0], "first"), (names[1], "softer"))
    )


def _tokens(report: Report) -> Chart:
    days, month = [day.day for day in report.days], report.periods[-1].cost
    looks = (("prompt, cached", "softer"), ("prompt, read afresh", "first"), ("output", "second"))
    usages = [day.cost.usage for day in report.days]
    values = (
        [one.cached_tokens for one in usages],
        [one.prompt_tokens - one.cached_tokens for one in usages],
        [one.output_tokens for one in usages],
    )
    series = [Series(name, look, column) for (name, look), column in zip(looks, values, strict=True)]
    rows = [
        (plots.day_name(day), *map(count, amounts))
        for day, *amounts in zip(days, *values, strict=True)
        if sum(amounts)
    ]
    fresh = month.usage.prompt_tokens - month.usage.cached_tokens
    whole, afresh = count(month.usage.prompt_tokens / month.streams), count(fresh / month.streams)
    title = f"A question sends {whole} tokens, of which {afresh} are read afresh"
    svg = plots.stacks("Tokens by day, cached, read afresh and output", days, series, _tokens_tick)
    table = Table("Tokens", ("Day", "Cached", "Afresh", "Output"), rows)
    return Chart(title, "Tokens by day, as the provider counts them", svg, table, looks)


def _accepted(kind: str, groups: Sequence[Acceptance]) -> Chart:
    shown = [one for one in groups if one.shown]
    enough = max(_ENOUGH_SHOWN, _ENOUGH_SHARE * sum(one.shown for one in shown))
    told = [one for one in shown if one.shown >= enough] or shown
    best = max(told, key=lambda one: one.rate)
    whence = {source.value: words for source, words in _SOURCES.items()}
    what = whence.get(best.name, best.name) if kind == "source" else f"in {_named(best)}"
    most = "are accepted" if len(told) < 2 else "are accepted most"
    title = f"Suggestions {what} {most}: {percent(best.rate)}"
    rows = [
        Bar(_named(one), one.rate, f"{percent(one.rate)} of {count(one.shown)}")
        for one in sorted(shown[:_MOST_BARS], key=lambda one: one.rate, reverse=True)
    ]
    note = "Share of the suggestions shown that were accepted, all or in part, in 30 days"
    svg = plots.bars(f"Acceptance by {kind}", rows, "first")
    return Chart(title, note, svg, figures.by_kind(kind, groups, kind.capitalize()))


def _survival(month: Period) -> Chart:
    times = [("After 30 seconds", month.after_30s), ("After 5 minutes", month.after_300s)]
    times = [(name, survived) for name, survived in times if survived.count]
    last = times[-1]
    title = f"{percent(last[1].share)} of accepted text is still there {last[0].lower()}"
    rows = [
        (
            f"{name}: {percent(survived.share)} of the characters",
            [(step, look, amount) for (step, look), amount in zip(_STEPS, survived.steps, strict=True)],
        )
        for name, survived in times
    ]
    table = Table(
        "Survival",
        ("", "Whole", "Mostly", "In parts", "Gone", "Characters"),
        [(name, *map(count, survived.steps), percent(survived.share)) for name, survived in times],
    )
    note = "Accepted suggestions by how much of them stayed in its place"
    svg = plots.shares("Accepted suggestions by what is left of them", rows)
    return Chart(title, note, svg, table, _STEPS)


def _ms_tick(value: float) -> str:
    """A time on an axis."""
    return f"{value:,.0f} ms" if value >= 10 or value == int(value) else f"{value:.2g} ms"


def _share_tick(value: float) -> str:
    """A share on an axis."""
    return percent(value)


def _dollars_tick(value: float) -> str:
    """Money on an axis, with no more digits than it needs."""
    return f"${value:,.2f}" if value >= 0.1 else f"${value:.6f}".rstrip("0")


def _tokens_tick(value: float) -> str:
    """Tokens on an axis."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:g} M"
    return f"{value / 1_000:g} k" if value >= 1_000 else f"{value:g}"


def _named(one: Acceptance) -> str:
    return one.name or "not known"
