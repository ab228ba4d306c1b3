"""`typethrough why`: the last outcomes of the servers on this machine, why nothing came, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.cli import UsageError
from typethrough.cli.user_file import record_path
from typethrough.core.outcome import why
from typethrough.telemetry.reading import Unreadable, read_outcomes

if TYPE_CHECKING:
    import argparse


def run_why(options: argparse.Namespace) -> int:
    """Print; exit code 1 when there is nothing on record. Raises UsageError."""
    try:
        entries = read_outcomes(record_path(), options.limit)
    except Unreadable as error:
        raise UsageError(str(error)) from None
    print("\n".join(why.lines(entries)))
    return 0 if entries else 1
