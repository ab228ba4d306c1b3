"""What one request may know: the document as it was when the request came, and where the cursor stood."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typethrough.core.document.document import Position, Snapshot


# Where neither the file nor the editor says anything.
_COMMON_UNIT = "    "


@dataclass(frozen=True, slots=True)
class Context:
    """A frozen view of the document round the cursor. Everything it gives out is bounded by what the caller asks for.

    `deleted` holds texts the user removed lately near the cursor, newest last. `usual_unit` is the editor's step of indentation,
    which holds where the file shows none of its own; empty when the editor did not say.
    """

    uri: str
    language_id: str
    version: int
    snapshot: Snapshot
    position: Position
    line_prefix: str
    line_suffix: str
    deleted: tuple[str, ...] = ()
    usual_unit: str = ""

    @staticmethod
    def at(
        snapshot: Snapshot,
        position: Position,
        *,
        uri: str = "",
        language_id: str = "",
        version: int = 0,
        deleted: tuple[str, ...] = (),
        usual_unit: str = "",
    ) -> Context:
        """The context of a place, clamped into the document."""
        position = snapshot.clamp(position)
        line = snapshot.line(position.line)
        return Context(
            uri=uri,
            language_id=language_id,
            version=version,
            snapshot=snapshot,
            position=position,
            line_prefix=line[: position.column],
            line_suffix=line[position.column :],
            deleted=deleted,
            usual_unit=usual_unit,
        )

    @property
    def unit(self) -> str:
        """One step of indentation as the file uses it near the cursor, else as the editor does: spaces or a tab."""
        return _cached_unit(self.snapshot, self.position.line) or self.usual_unit or _COMMON_UNIT

    @property
    def indent(self) -> str:
        """The spaces and tabs that begin the cursor's line, up to the cursor."""
        return indent_of(self.line_prefix)

    def lines_before(self, count: int) -> list[str]:
        """Up to `count` lines above the cursor's line, oldest first, without line ends."""
        return self.snapshot.lines(self.position.line - count, self.position.line)

    def lines_after(self, count: int) -> list[str]:
        """Up to `count` lines below the cursor's line, without line ends."""
        return self.snapshot.lines(self.position.line + 1, self.position.line + 1 + count)

    def next_line(self, within: int = 20) -> str:
        """The first line below that is not blank, or the empty string."""
        return next((line for line in self.lines_after(within) if line.strip()), "")

    def previous_line(self, within: int = 20) -> str:
        """The nearest line above that is not blank, or the empty string."""
        return next((line for line in reversed(self.lines_before(within)) if line.strip()), "")


def indent_of(line: str) -> str:
    """The spaces and tabs that begin a line; other white space, a form feed say, is content."""
    return line[: len(line) - len(line.lstrip(" \t"))]


@lru_cache(maxsize=8)
def _cached_unit(snapshot: Snapshot, line: int) -> str:
    # Only an answer from a model needs it, then once a piece of text; what is typed through never asks.
    return indentation_unit(snapshot, line)


def indentation_unit(snapshot: Snapshot, line: int, reach: int = 60) -> str:
    """One step of indentation near a line: a tab, or the commonest step inwards in spaces; empty when there is none.

    Only steps inwards count, since a way out may leave several blocks, and only those up to eight: what goes further in is
    aligned with something. Of steps as common as each other the smallest is taken.
    """
    steps: Counter[int] = Counter()
    tabs = spaces = 0
    depth: int | None = None
    for text in snapshot.lines(line - reach, line + reach):
        if not text or text.isspace():
            continue
        indent = indent_of(text)
        tabs += indent.startswith("\t")
        spaces += indent.startswith(" ")
        if "\t" in indent:
            continue
        if depth is not None and 1 < len(indent) - depth <= 8:
            steps[len(indent) - depth] += 1
        depth = len(indent)
    if tabs > spaces:
        return "\t"
    return " " * max(steps, key=lambda step: (steps[step], -step), default=0)
