"""The statistics as one web page. It loads nothing and runs nothing, so it can be stored and passed on as a file.

Each plot has a title that says what it shows, and a table with its figures. Names (languages, models, files) are escaped. A
report contains no document text.
"""

from __future__ import annotations

from datetime import date
from html import escape
from typing import TYPE_CHECKING

from typethrough.telemetry import figures
from typethrough.telemetry.figures import count, dollars, ms, percent
from typethrough.telemetry.page.charts import charts
from typethrough.telemetry.page.document import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.telemetry.figures import Table
    from typethrough.telemetry.page.charts import Chart
    from typethrough.telemetry.report import Report


_HOW_TO_READ = (
    "New ghost text is text that was not on the screen before. Dollars are computed from the models' published prices. If a"
    " provider reported no tokens for a stream that was closed early, they are estimated. Survival is checked half a minute and"
    " five minutes after a suggestion was accepted."
)


def page(report: Report) -> str:
    """The whole page."""
    longest = report.periods[-1]
    if longest.is_empty:
        return message(figures.EMPTY)
    header = (
        f'<h1>What typethrough cost, and what it saved</h1>\n<p class="sub">30 days to {_long_date(report.today)}. From the'
        " record on this machine, which holds no text and goes nowhere.</p>"
    )
    content = [
        _keys(report),
        '<div class="plots">',
        *map(_figure, charts(report)),
        "</div>",
        '<div class="tables"><section><h2>Today, 7 and 30 days</h2>',
        _scrolled(figures.summary(report)),
        "</section><section><h2>The last 30 days in parts</h2>",
        *map(_scrolled, figures.tables(longest)),
        "</section></div>",
        f"<footer><p>{_HOW_TO_READ}</p></footer>",
    ]
    return document("typethrough: statistics", header, "".join(content))


def message(text: str) -> str:
    """A page with only one sentence."""
    return document("typethrough: statistics", "<h1>Statistics</h1>", f"<p>{escape(text)}</p>")


def _keys(report: Report) -> str:
    """The most important figures, at the top of the page."""
    today, _, month = report.periods
    cost, accepted, kept = month.cost, month.accepted, month.after_300s
    tiles = [
        ("Cost, 30 days", dollars(cost.dollars), f"{dollars(today.cost.dollars)} today"),
        (
            "Saved by the provider's cache",
            dollars(cost.saved_dollars),
            f"{percent(cost.cache_share)} of prompt tokens" if cost.streams else "no prompt yet",
        ),
        ("New ghost text, median", ms(month.ghost_ms.p50), f"19 of 20 within {ms(month.ghost_ms.p95)}"),
        ("Accepted", percent(accepted.rate), f"{count(accepted.accepted)} of {count(accepted.shown)} shown"),
        (
            "Still there after 5 minutes",
            percent(kept.share) if kept.count else figures.NONE,
            f"{count(kept.count)} looked at again",
        ),
    ]
    made = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(more)}</small></dd></div>"
        for name, value, more in tiles
    )
    return f'<dl class="keys">{"".join(made)}</dl>'


def _figure(chart: Chart) -> str:
    keys = "".join(
        f'<span><svg viewBox="0 0 12 12" aria-hidden="true"><rect class="mark {look}" width="12" height="12" rx="2"/></svg>'
        f"{escape(name)}</span>"
        for name, look in chart.legend
    )
    legend = f'<div class="legend">{keys}</div>' if keys else ""
    return (
        f'<figure><figcaption><h2>{escape(chart.title)}</h2><p class="note">{escape(chart.note)}</p>{legend}</figcaption>'
        f"{chart.svg}<details><summary>Figures</summary>{_scrolled(chart.table, caption=False)}</details></figure>"
    )


def _scrolled(table: Table, *, caption: bool = True) -> str:
    """A table that scrolls by itself in a narrow window, also by keyboard (the Tab key reaches it)."""
    title = escape(table.title or "Periods side by side")
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
    rows = "".join(_row(row) for row in table.rows)
    named = f"<caption>{title}</caption>" if caption and table.title else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}"><table>{named}<thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(row: Sequence[str]) -> str:
    first, *rest = row
    under = ' class="under"' if first.startswith("  ") else ""
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
    return f'<tr><th scope="row"{under}>{escape(first.strip())}</th>{cells}</tr>'


def _long_date(day: str) -> str:
    when = date.fromisoformat(day)
    return f"{when.day} {when:%B %Y}"
