"""The plots of the statistics page: which ones there are, their titles, and the figures behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from typethrough.core.outcome.outcome import Source
from typethrough.telemetry import figures
from typethrough.telemetry.figures import Table, count, dollars, ms, percent
from typethrough.telemetry.page import plots
from typethrough.telemetry.page.plots import Bar, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typethrough.telemetry.report import Acceptance, Day, Period, Quantiles, Report

_STEPS = (("whole", "first"), ("mostly", "soft"), ("in parts", "softer"), ("gone", "gone"))
# A title should not report chance. A group needs this many suggestions, and this share of all of them, to be named in one.
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
    """A plot with its title, a note on how to read it, and a table of its figures."""

    title: str
    note: str
    svg: str
    table: Table
    legend: Sequence[tuple[str, str]] = ()


def charts(report: Report) -> Iterator[Chart]:
    """The plots for which there are figures."""
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
    whole = report.periods[-1].ghost_ms
    title = f"Half of new ghost text is there within {ms(whole.p50)}, 95 % within {ms(whole.p95)}"
    note = "From the request to text that was not on the screen yet; the scale is logarithmic"
    return _times("Time to ghost text", title, note, report, lambda day: day.ghost_ms, decades=True)


def _first_token(report: Report) -> Chart:
    title = f"The model's first token takes {ms(report.periods[-1].ttft_ms.p50)} at the median"
    note = "From the question to the first piece of the answer, where there was one"
    return _times("Time to the first token", title, note, report, lambda day: day.ttft_ms)


def _times(
    label: str,
    title: str,
    note: str,
    report: Report,
    times: Callable[[Day], Quantiles],
    *,
    decades: bool = False,
) -> Chart:
    values = [times(day) for day in report.days]
    series = [
        Series("p50", "first", [one.p50 if one.count else None for one in values]),
        Series("p95", "second", [one.p95 if one.count else None for one in values]),
    ]
    what = f"{label} by day, 50th and 95th percentile"
    svg = plots.lines(what, [day.day for day in report.days], series, _ms_tick, decades=decades)
    cells = [(ms(one.p50), ms(one.p95), count(one.count)) if one.count else None for one in values]
    return Chart(title, note, svg, _by_day(report, label, ("p50", "p95", "Number"), cells))


def _by_day(report: Report, title: str, heads: Sequence[str], cells: Sequence[Sequence[str] | None]) -> Table:
    """The figures behind a plot: one row for each day that has any."""
    named = zip((plots.day_name(day.day) for day in report.days), cells, strict=True)
    return Table(title, ("Day", *heads), [(day, *row) for day, row in named if row is not None])


def _answers(month: Period) -> Chart:
    whole = sum(month.answers.values())
    asked = month.answers.get(Source.MODEL, 0) / whole
    title = f"{percent(1 - asked)} of answers came at once, without a wait for the model"
    rows = [
        Bar(name, amount / whole, f"{percent(amount / whole)}, {count(amount)}")
        for name, amount in month.answers.items()
    ]
    svg = plots.bars("Answers by source", rows, "first")
    cells = [(row.name, count(month.answers[row.name]), percent(row.value)) for row in rows]
    table = Table("Answers", ("Source", "Answers", "Share"), cells)
    return Chart(title, "Requests answered in 30 days, by what answered them", svg, table)


def _cache(report: Report) -> Chart:
    costs = [day.cost for day in report.days]
    values = [one.cache_share if one.usage.prompt_tokens else None for one in costs]
    what, days = "Share of prompt tokens from the cache by day", [day.day for day in report.days]
    svg = plots.lines(what, days, [Series("cached", "first", values)], _share_tick, top=1.0)
    cells = [(percent(value),) if value is not None else None for value in values]
    title = f"{percent(report.periods[-1].cost.cache_share)} of prompt tokens came from the provider's cache"
    note = "Share of prompt tokens by day; a cached token costs a fraction and is read at once"
    return Chart(title, note, svg, _by_day(report, "Cache share", ("Cached",), cells))


def _cost(report: Report) -> Chart:
    whole, costs = report.periods[-1].cost, [day.cost for day in report.days]
    looks = (("paid", "first"), ("saved by the cache", "softer"))
    values = ([one.dollars for one in costs], [one.saved_dollars for one in costs])
    svg = _stacks("Dollars by day, paid and saved by the cache", report, looks, values, _dollars_tick)
    cells = [
        (dollars(one.dollars), dollars(one.saved_dollars), count(one.streams)) if one.streams else None
        for one in costs
    ]
    title = f"{dollars(whole.dollars)} paid in 30 days; the cache spared {dollars(whole.saved_dollars)} more"
    table = _by_day(report, "Cost", ("Paid", "Saved", "Streams"), cells)
    return Chart(title, "Dollars by day, by published prices", svg, table, looks)


def _tokens(report: Report) -> Chart:
    whole, usages = report.periods[-1].cost, [day.cost.usage for day in report.days]
    looks = (("prompt, cached", "softer"), ("prompt, read afresh", "first"), ("output", "second"))
    values = (
        [one.cached_tokens for one in usages],
        [one.prompt_tokens - one.cached_tokens for one in usages],
        [one.output_tokens for one in usages],
    )
    svg = _stacks("Tokens by day, cached, read afresh and output", report, looks, values, _tokens_tick)
    cells = [tuple(map(count, amounts)) if sum(amounts) else None for amounts in zip(*values, strict=True)]
    asked = count(whole.usage.prompt_tokens / whole.streams)
    afresh = count((whole.usage.prompt_tokens - whole.usage.cached_tokens) / whole.streams)
    title = f"A question sends {asked} tokens, of which {afresh} are read afresh"
    table = _by_day(report, "Tokens", ("Cached", "Afresh", "Output"), cells)
    return Chart(title, "Tokens by day, as the provider counts them", svg, table, looks)


def _stacks(
    label: str,
    report: Report,
    looks: Sequence[tuple[str, str]],
    values: Sequence[Sequence[float]],
    unit: Callable[[float], str],
) -> str:
    series = [Series(name, look, column) for (name, look), column in zip(looks, values, strict=True)]
    return plots.stacks(label, [day.day for day in report.days], series, unit)


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
    """The label of a time on an axis."""
    return f"{value:,.0f} ms" if value >= 10 or value == int(value) else f"{value:.2g} ms"


def _share_tick(value: float) -> str:
    """The label of a share on an axis."""
    return percent(value)


def _dollars_tick(value: float) -> str:
    """The label of an amount of money on an axis, without unneeded digits."""
    return f"${value:,.2f}" if value >= 0.1 else f"${value:.6f}".rstrip("0")


def _tokens_tick(value: float) -> str:
    """The label of a number of tokens on an axis."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:g} M"
    return f"{value / 1_000:g} k" if value >= 1_000 else f"{value:g}"


def _named(one: Acceptance) -> str:
    return one.name or "not known"
