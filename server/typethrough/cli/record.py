"""The verbs that read this machine's record.

`typethrough stats`: what suggestions saved and cost, in the terminal, as a page, or as JSON. `typethrough why`: the last
outcomes, why there was no suggestion, and what to do about it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from typethrough.cli import UsageError, write_for_user
from typethrough.cli.user_file import record_path
from typethrough.core.document.uris import printable
from typethrough.core.outcome.history import why_lines
from typethrough.engine.loop import AsyncioClock
from typethrough.telemetry import figures
from typethrough.telemetry.page.statistics import page
from typethrough.telemetry.report import report
from typethrough.telemetry.store import Unreadable, read_outcomes, record

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from datetime import date

    from typethrough.telemetry.figures import Table
    from typethrough.telemetry.report import Report


def run_stats(options: argparse.Namespace) -> int:
    """Print the statistics, or write the page. Returns exit code 1 if the record is empty. Raises UsageError."""
    found = read_report(AsyncioClock().local_time().date())
    longest = found.periods[-1]
    if options.html is not None:
        write_for_user(options.html, page(found))
        print(f"{options.html} is written.", file=sys.stderr)
    elif options.json:
        print(json.dumps(as_json(found), indent=2))
    elif longest.is_empty:
        print(figures.EMPTY)
    else:
        tables = [figures.summary(found), *figures.tables(longest)]
        print("\n\n".join("\n".join(_lines(table, longest.days)) for table in tables))
    return 1 if longest.is_empty else 0


def run_why(options: argparse.Namespace) -> int:
    """Print the last outcomes. Returns exit code 1 if the record is empty. Raises UsageError."""
    try:
        entries = read_outcomes(record_path(), options.limit)
    except Unreadable as error:
        raise UsageError(str(error)) from None
    print("\n".join(why_lines(entries)))
    return 0 if entries else 1


def read_report(today: date) -> Report:
    """The report on this machine's record. Raises UsageError."""
    try:
        with record(record_path()) as connection:
            return report(connection, today)
    except Unreadable as error:
        raise UsageError(str(error)) from None


def as_json(found: Report) -> dict[str, Any]:
    """A report for programs: its fields, and the shares computed from them."""
    values = asdict(found)
    for period, made in zip(found.periods, values["periods"], strict=True):
        made["acceptance_rate"] = period.accepted.rate
        made["cache_share"] = period.cost.cache_share
        made["estimated_share"] = period.cost.estimated_share
    return values


def _lines(table: Table, days: int) -> Iterator[str]:
    """Yield a table's lines. The first column is aligned to the left, the others to the right."""
    if table.title:
        yield f"{table.title}, {days} days"
    rows = [tuple(map(printable, row)) for row in (table.head, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells]).rstrip()
