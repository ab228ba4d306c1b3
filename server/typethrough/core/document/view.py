"""What one request may read: the lines around the cursor as they were when the request came.

A view is made once per request and is bounded: `REACH_LINES` lines on each side, each up to `LINE_CHARS` characters. So a
request costs the same in a large document, or in one with long lines. Values that are derived from the lines, such as the
state at the cursor, are computed when first needed, then kept.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from typethrough.core.document.document import content_length
from typethrough.core.document.indentation import indent_of, indentation_unit
from typethrough.core.document.scan import State, family_of, indents_by_tabs, scan
from typethrough.core.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.document.document import Position, Snapshot
    from typethrough.core.syntax.syntax import Syntax

REACH_LINES: Final = 300
# The limit for all lines of one side together. Ordinary code stays far below.
SIDE_CHARS: Final = 32_000
# How much of each line the prompt shows and the local lane learns. Of a longer line only the start is read.
LINE_CHARS: Final = 400
# More is kept of the cursor's own line, on each side of the cursor. In lines longer than that no suggestion is wanted.
CURSOR_LINE_CHARS: Final = 4_000

# Lines are read in blocks of these sizes. Most requests need only the first.
_BLOCKS_LINES: Final = (40, 160, REACH_LINES)
_STATE_LINES: Final = 120
# How far most filters look.
_FILTER_LINES: Final = 60
_STATE_CHARS: Final = 12_000
_WORD_CHARS: Final = 100
_NEIGHBOUR_LINES: Final = 20
# Used when neither the file nor the editor tells the step of indentation.
_COMMON_UNIT: Final = "    "
_DEFINITION: Final = re.compile(
    r"\s*(?:(?:async )?def \w+\(|class \w+[(:]|@\w)|(?:import [\w., ]+|from [\w.]+ import .*)$|# %%"
)


class View:
    """A frozen, bounded view of the document around the cursor.

    `line_prefix` and `line_suffix` are the cursor's line before and after the cursor, `line_chars` is the line's length.
    `deleted` are texts that the user deleted recently near the cursor, newest last. `usual_unit` is the editor's step of
    indentation, empty if unknown; it is used when the file shows none. `snapshot` is only for code that builds a prompt.
    When the cursor is in an embedded language (`core/document/embedded.py`), `first_line` is the first line of that part and
    `host_language` the document's own language. `syntax` checks texts for syntax errors; it may be None. `assumed` is the
    text selected in an open completion menu; this view treats it as already typed (`ahead`).
    """

    def __init__(
        self,
        snapshot: Snapshot,
        position: Position,
        *,
        uri: str,
        language_id: str,
        version: int,
        deleted: tuple[str, ...],
        usual_unit: str,
        first_line: int = 0,
        host_language: str = "",
        syntax: Syntax | None = None,
    ) -> None:
        self.uri = uri
        self.language_id = language_id
        self.version = version
        self.snapshot = snapshot
        self.position = position
        self.deleted = deleted
        self.usual_unit = usual_unit
        self.first_line = first_line
        self.host_language = host_language or language_id
        self.syntax = syntax
        self.assumed = ""
        self._base: View | None = None
        raw, column = snapshot.raw_line(position.line), position.column
        self.line_chars = content_length(raw)
        self.line_prefix = raw[max(0, column - CURSOR_LINE_CHARS) : column]
        self.line_suffix = raw[column : min(self.line_chars, column + CURSOR_LINE_CHARS)]
        self._lines = _Lines(snapshot, position.line)

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
        first_line: int = 0,
        host_language: str = "",
        syntax: Syntax | None = None,
    ) -> View:
        """The view at a position. A position outside the document is clamped."""
        return View(
            snapshot,
            snapshot.clamp(position),
            uri=uri,
            language_id=language_id,
            version=version,
            deleted=deleted,
            usual_unit=usual_unit,
            first_line=first_line,
            host_language=host_language,
            syntax=syntax,
        )

    def prepare(self) -> None:
        """Compute now what nearly every answer needs, so that it takes no time when an answer comes."""
        self.lines_before(_FILTER_LINES)
        self.lines_after(_FILTER_LINES)
        _ = self.unit, self.state, self.next_line(), self.previous_line()

    def ahead(self, text: str) -> View:
        """The view as it would be with `text`, which is one line, inserted at the cursor."""
        line, column = self.position
        raw = self.snapshot.raw_line(line)
        snapshot = self.snapshot.spliced(line, 1, [raw[:column] + text + raw[column:]], len(text))
        other = View(
            snapshot,
            self.position._replace(column=column + len(text)),
            uri=self.uri,
            language_id=self.language_id,
            version=self.version,
            usual_unit=self.usual_unit,
            deleted=self.deleted,
            first_line=self.first_line,
            host_language=self.host_language,
            syntax=self.syntax,
        )
        other.assumed, other._base = text, self
        return other

    @property
    def base(self) -> View:
        """The view of the real document, without `assumed`."""
        return self._base or self

    @property
    def host(self) -> View:
        """The view in the document's own language."""
        if self.host_language == self.language_id:
            return self
        other = View.__new__(View)
        other.__dict__.update(self.__dict__)
        for name in ("state", "state_above", "unit"):
            other.__dict__.pop(name, None)
        other.language_id, other.first_line = self.host_language, 0
        return other

    def with_suffix(self, line_suffix: str) -> View:
        """The same view with another text after the cursor. What was computed from the lines is shared."""
        other = View.__new__(View)
        other.__dict__.update(self.__dict__)
        other.line_suffix = line_suffix
        return other

    @property
    def file_chars(self) -> int:
        """The number of characters in the file."""
        return self.snapshot.char_count

    @cached_property
    def shown_unit(self) -> str:
        """One step of indentation near the cursor, from the file or its language. Empty when neither tells."""
        if indents_by_tabs(self.language_id):
            return "\t"
        return indentation_unit(self.snapshot, self.position.line)

    @property
    def unit(self) -> str:
        """One step of indentation, in spaces or a tab. If the file shows none: the editor's, else four spaces."""
        return self.shown_unit or self.usual_unit or _COMMON_UNIT

    @property
    def indent(self) -> str:
        """The spaces and tabs at the start of the cursor's line, up to the cursor."""
        return indent_of(self.line_prefix)

    @cached_property
    def state_above(self) -> State:
        """What is open at the start of the cursor's line, from up to 120 lines above."""
        own_lines = min(_STATE_LINES, self.position.line - self.first_line)
        lines = _nearest(self.lines_before(own_lines), _STATE_CHARS)
        return _state_after(tuple(lines), self.language_id, from_start=len(lines) == self.position.line)

    @cached_property
    def state(self) -> State:
        """What is open at the cursor."""
        return scan(self.line_prefix, self.language_id, self.state_above)

    @cached_property
    def word(self) -> str:
        """The letters, digits and underscores directly before the cursor: a name or a number, perhaps unfinished."""
        tail = self.line_prefix[-_WORD_CHARS:]
        start = len(tail)
        while start and (tail[start - 1].isalnum() or tail[start - 1] == "_"):
            start -= 1
        return tail[start:]

    def lines_before(self, count: int) -> list[str]:
        """Up to `count` lines above the cursor's line, oldest first, without line ends."""
        return self._lines.above(count)

    def lines_after(self, count: int) -> list[str]:
        """Up to `count` lines below the cursor's line, without line ends."""
        return self._lines.below(count)

    def first_lines(self, count: int) -> list[str]:
        """Up to `count` lines from the start of the document, without line ends."""
        return self.snapshot.lines(0, count, LINE_CHARS)

    def near(self, reach: int = 30) -> str:
        """The cursor's line and up to `reach` lines on each side of it, as one text."""
        return self._lines.near(reach)

    @cached_property
    def _next_line(self) -> str:
        return next((line for line in self.lines_after(_NEIGHBOUR_LINES) if line.strip()), "")

    @cached_property
    def _previous_line(self) -> str:
        return next((line for line in reversed(self.lines_before(_NEIGHBOUR_LINES)) if line.strip()), "")

    def next_line(self, within: int = _NEIGHBOUR_LINES) -> str:
        """The next line below that is not blank, or the empty string."""
        if within == _NEIGHBOUR_LINES:
            return self._next_line
        return next((line for line in self.lines_after(within) if line.strip()), "")

    def previous_line(self, within: int = _NEIGHBOUR_LINES) -> str:
        """The nearest line above that is not blank, or the empty string."""
        if within == _NEIGHBOUR_LINES:
            return self._previous_line
        return next((line for line in reversed(self.lines_before(within)) if line.strip()), "")


class _Lines:
    """The lines around one line of a snapshot. They are read on demand, each at most twice or three times."""

    __slots__ = ("_above", "_below", "_line", "_near", "_snapshot")

    def __init__(self, snapshot: Snapshot, line: int) -> None:
        self._snapshot = snapshot
        self._line = line
        self._above: tuple[int, list[str]] = (0, [])
        self._below: tuple[int, list[str]] = (0, [])
        self._near: dict[int, str] = {}

    def above(self, count: int) -> list[str]:
        """Up to `count` lines above, oldest first."""
        read, lines = self._above
        if count > read:
            read = _to_read(count)
            lines = _nearest(self._snapshot.lines(self._line - read, self._line, LINE_CHARS), SIDE_CHARS)
            self._above = (read, lines)
        return lines[max(0, len(lines) - count) :]

    def below(self, count: int) -> list[str]:
        """Up to `count` lines below."""
        read, lines = self._below
        if count > read:
            read = _to_read(count)
            below = self._snapshot.lines(self._line + 1, self._line + 1 + read, LINE_CHARS)
            lines = _nearest(below[::-1], SIDE_CHARS)[::-1]
            self._below = (read, lines)
        return lines[: max(0, count)]

    def near(self, reach: int) -> str:
        """The lines of both sides with the line between them, as one text."""
        text = self._near.get(reach)
        if text is None:
            here = self._snapshot.part(self._line, 0, CURSOR_LINE_CHARS)
            text = "\n".join((*self.above(reach), here, *self.below(reach)))
            self._near[reach] = text
        return text


def _nearest(lines: list[str], most_chars: int) -> list[str]:
    """The last lines, as many as fit into `most_chars` characters."""
    left = most_chars - sum(map(len, lines))
    first = 0
    while left < 0:
        left += len(lines[first])
        first += 1
    return lines[first:] if first else lines


def _to_read(count: int) -> int:
    return next((block for block in _BLOCKS_LINES if count <= block), REACH_LINES)


@remembered(4)
def _state_after(lines: tuple[str, ...], language_id: str, *, from_start: bool) -> State:
    # While the user types in one line, the lines above it stay the same, so the result is cached.
    if family_of(language_id) == "python" and not from_start:
        # If the lines begin inside a docstring, strings and code would be mixed up. A definition or a cell is a safe start.
        lines = lines[_safe_start(lines) :]
    return scan("".join([line + "\n" for line in lines]), language_id)


def _safe_start(lines: Sequence[str]) -> int:
    for index in range(len(lines) - 1, -1, -1):
        if _DEFINITION.match(lines[index]):
            return index
    quoted = next((index for index, line in enumerate(lines) if '"""' in line), None)
    if quoted is None:
        return 0
    # Without a definition, look at the first delimiter: if it ends its line, it closes a string that began above.
    line = lines[quoted].strip()
    ends = (
        line.count('"""') == 1
        and line.endswith('"""')
        and not line.startswith(('r"""', "@"))
        and "=" not in line
    )
    return quoted + 1 if ends else 0
