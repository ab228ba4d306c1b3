"""Reads a server's record of its streams from its SQLite file.

Owns which columns are read. They are named, so the record can have others. Read it after the server has ended, because it
writes with a delay.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_READ_TO_END = ("complete", "length")


class KeptStream(NamedTuple):
    """One upstream stream in the server's record."""

    ending: str
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    dollars: float

    @property
    def is_read_to_end(self) -> bool:
        """Whether the provider's own counts came at its end. For a stream that was closed early, the server estimates them."""
        return self.ending in _READ_TO_END

    @property
    def tokens(self) -> tuple[int, int, int]:
        """The tokens of the prompt, how many of them were cached, and those of the output."""
        return self.prompt_tokens, self.cached_tokens, self.output_tokens


def streams(home: Path) -> list[KeptStream]:
    """The streams in the record below a server's XDG_STATE_HOME, in the order in which they ended."""
    (path,) = home.rglob("record.sqlite3")
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        columns = ", ".join(KeptStream._fields)
        rows = connection.execute(f"SELECT {columns} FROM stream ORDER BY rowid")  # noqa: S608 - no value in it
        return [KeptStream(*row) for row in rows]


def endings(home: Path) -> dict[str, int]:
    """The number of requests for each ending in the record."""
    (path,) = home.rglob("record.sqlite3")
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return dict(connection.execute("SELECT ending, COUNT(*) FROM outcome GROUP BY ending"))
