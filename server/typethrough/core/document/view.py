"""What one request may know: the lines round the cursor as they were when the request came, and what they show together.

A view is made once for a request and is bounded: `REACH_LINES` lines to each side, each of them up to `LINE_CHARS` characters, so
that no document, however large or long its lines, makes a request cost more than another. What is worked out of the lines (the
state at the cursor, the step of indentation) is worked out when it is first asked for, and kept.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from typethrough.core.document.document import content_length
from typethrough.core.document.indentation import indent_of, indentation_unit
from typethrough.core.document.scan import State, family_of, indents_by_tabs, scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.core.document.document import Position, Snapshot
    from typethrough.core.syntax.syntax import Syntax

REACH_LINES: Final = 300
# All the lines of one side together, which ordinary lines stay far below.
SIDE_CHARS: Final = 32_000
# As much of a line as the prompt shows and the local lane learns. A longer one is seen by its beginning.
LINE_CHARS: Final = 400
# Of the cursor's own line more is kept, to each side of the cursor. Where this cuts, no suggestion is wanted.
CURSOR_LINE_CHARS: Final = 4_000

# Lines are read so many at a time: most requests need no more than the first.
_BLOCKS_LINES: Final = (40, 160, REACH_LINES)
_STATE_LINES: Final = 120
# As far as most filters look.
_FILTER_LINES: Final = 60
_STATE_CHARS: Final = 12_000
_WORD_CHARS: Final = 100
_NEIGHBOUR_LINES: Final = 20
# Where neither the file nor the editor says anything.
_COMMON_UNIT: Final = "    "
_DEFINITION: Final = re.compile(
    r"\s*(?:(?:async )?def \w+\(|class \w+[(:]|@\w)|(?:import [\w., ]+|from [\w.]+ import .*)$|# %%"
)


class View:
    """A frozen, bounded view of the document round the cursor.

    `line_prefix` and `line_suffix` are the cursor's line, `line_chars` is how long it is and `file_chars` how long the file is.
    `deleted` holds texts the user removed lately near the cursor, newest last. `usual_unit` is the editor's step of indentation,
    empty when the editor gave none; it is used where the file shows none. Only what builds a prompt reads `snapshot`.
    `first_line` is the first line of the cursor's language, where the document is in another one, `host_language`
    (`core/document/embedded.py`).
    `syntax` judges texts for the document; None where nobody does.
    `assumed` is text that an open completion menu has selected and that stands here as if it were typed (`ahead`).
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
        """The view of a place, clamped into the document."""
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
        """Work out what nearly every answer is asked about, so that it need not be done when one has come."""
        self.lines_before(_FILTER_LINES)
        self.lines_after(_FILTER_LINES)
        _ = self.unit, self.state, self.next_line(), self.previous_line()

    def ahead(self, text: str) -> View:
        """The view as it will be when `text`, of one line, has been put in at the cursor."""
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
        """The view of the document as it is, without what is assumed."""
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
        """The same view with something else right of the cursor; what is known of the lines is shared."""
        other = View.__new__(View)
        other.__dict__.update(self.__dict__)
        other.line_suffix = line_suffix
        return other

    @property
    def file_chars(self) -> int:
        """How many characters the file has."""
        return self.snapshot.char_count

    @cached_property
    def shown_unit(self) -> str:
        """One step of indentation as the file, or its language, uses it near the cursor; empty when that does not show."""
        if indents_by_tabs(self.language_id):
            return "\t"
        return indentation_unit(self.snapshot, self.position.line)

    @property
    def unit(self) -> str:
        """One step of indentation, spaces or a tab: the editor's or the common one where the file shows none."""
        return self.shown_unit or self.usual_unit or _COMMON_UNIT

    @property
    def indent(self) -> str:
        """The spaces and tabs that begin the cursor's line, up to the cursor."""
        return indent_of(self.line_prefix)

    @cached_property
    def state_above(self) -> State:
        """What is open where the cursor's line begins, seen from up to 120 lines above."""
        own_lines = min(_STATE_LINES, self.position.line - self.first_line)
        lines = _nearest(self.lines_before(own_lines), _STATE_CHARS)
        return _state_after(tuple(lines), self.language_id, from_start=len(lines) == self.position.line)

    @cached_property
    def state(self) -> State:
        """What is open at the cursor."""
        return scan(self.line_prefix, self.language_id, self.state_above)

    @cached_property
    def word(self) -> str:
        """The letters, digits and underscores right before the cursor: a name, a number, or the beginning of one."""
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
        """Up to `count` lines that begin the document, without line ends."""
        return self.snapshot.lines(0, count, LINE_CHARS)

    def near(self, reach: int = 30) -> str:
        """Up to `reach` lines to each side of the cursor's and that line itself, as one text."""
        return self._lines.near(reach)

    @cached_property
    def _next_line(self) -> str:
        return next((line for line in self.lines_after(_NEIGHBOUR_LINES) if line.strip()), "")

    @cached_property
    def _previous_line(self) -> str:
        return next((line for line in reversed(self.lines_before(_NEIGHBOUR_LINES)) if line.strip()), "")

    def next_line(self, within: int = _NEIGHBOUR_LINES) -> str:
        """The first line below that is not blank, or the empty string."""
        if within == _NEIGHBOUR_LINES:
            return self._next_line
        return next((line for line in self.lines_after(within) if line.strip()), "")

    def previous_line(self, within: int = _NEIGHBOUR_LINES) -> str:
        """The nearest line above that is not blank, or the empty string."""
        if within == _NEIGHBOUR_LINES:
            return self._previous_line
        return next((line for line in reversed(self.lines_before(within)) if line.strip()), "")


class _Lines:
    """The lines round one line of a snapshot, read when they are asked for, each of them once or twice."""

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
        """The lines of both sides and the one between them."""
        text = self._near.get(reach)
        if text is None:
            here = self._snapshot.part(self._line, 0, CURSOR_LINE_CHARS)
            text = "\n".join((*self.above(reach), here, *self.below(reach)))
            self._near[reach] = text
        return text


def _nearest(lines: list[str], most_chars: int) -> list[str]:
    """The last lines, as many as have so many characters together."""
    left = most_chars - sum(map(len, lines))
    first = 0
    while left < 0:
        left += len(lines[first])
        first += 1
    return lines[first:] if first else lines


def _to_read(count: int) -> int:
    return next((block for block in _BLOCKS_LINES if count <= block), REACH_LINES)


@lru_cache(maxsize=4)
def _state_after(lines: tuple[str, ...], language_id: str, *, from_start: bool) -> State:
    # As long as one line is typed, those above it are the same with each key.
    if family_of(language_id) == "python" and not from_start:
        # A view that begins inside a docstring would turn strings and code round; a definition or a cell is a safe start.
        lines = lines[_safe_start(lines) :]
    return scan("".join([line + "\n" for line in lines]), language_id)


def _safe_start(lines: Sequence[str]) -> int:
    for index in range(len(lines) - 1, -1, -1):
        if _DEFINITION.match(lines[index]):
            return index
    quoted = next((index for index, line in enumerate(lines) if '"""' in line), None)
    if quoted is None:
        return 0
    # With no definition in sight the shape of the first delimiter tells: one that ends its line closes what began above.
    line = lines[quoted].strip()
    ends = (
        line.count('"""') == 1
        and line.endswith('"""')
        and not line.startswith(('r"""', "@"))
        and "=" not in line
    )
    return quoted + 1 if ends else 0
