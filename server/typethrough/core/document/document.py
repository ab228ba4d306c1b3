"""An open document: incremental edits and immutable snapshots. The cost of both does not grow with the file.

Lines are kept with their line ends, in chunks of a few hundred. An edit rebuilds one chunk and the short list of chunks.
A snapshot is a reference to that list. Only ``\\n``, ``\\r\\n`` and ``\\r`` end a line (LSP 3.18, "Text Documents"): form
feeds and U+2028 are ordinary characters. Columns count code points; `lsp/` converts other encodings.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from sys import maxsize
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

# At 512, copying the edited chunk and copying the list of chunks of a 50,000-line file (about 100) each take about 2 µs.
_CHUNK_LINES = 512

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class Position(NamedTuple):
    """A place between two characters: zero-based line, and column in code points."""

    line: int
    column: int

    def moved(self, end: Position, new_end: Position) -> Position:
        """This place after an edit that ended at `end`, at or before it, and whose new text ends at `new_end`."""
        if self.line > end.line:
            return Position(self.line + new_end.line - end.line, self.column)
        return Position(new_end.line, new_end.column + self.column - end.column)


@dataclass(frozen=True, slots=True)
class Edit:
    """One applied replacement. Places are those of the document before it, except `new_end`, where the inserted text ends.

    In whole lines: those from `first_line` to `first_line + removed_lines` (not included) were replaced by `inserted_lines`
    lines.
    """

    start: Position
    end: Position
    new_end: Position
    removed: str
    inserted: str
    first_line: int
    removed_lines: int
    inserted_lines: int


def split_lines(text: str) -> list[str]:
    """Split after ``\\n``, ``\\r\\n`` and ``\\r`` only, and keep the line ends. No empty last line is added."""
    if "\r" in text:
        return _LINE.findall(text)
    lines = text.split("\n")
    last = lines.pop()
    kept = [line + "\n" for line in lines]
    if last:
        kept.append(last)
    return kept


def bare_lines(text: str) -> list[str]:
    """The lines of a text without their ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def content_length(line: str) -> int:
    """The number of characters in a line, without its line end."""
    if line.endswith("\n"):
        return len(line) - (2 if line.endswith("\r\n") else 1)
    return len(line) - 1 if line.endswith("\r") else len(line)


class Snapshot:
    """The text of a document at one moment. It is immutable, and taking one costs nothing."""

    __slots__ = ("_chunks", "_starts", "char_count", "line_count")

    def __init__(self, chunks: list[list[str]], starts: list[int], char_count: int) -> None:
        # Snapshots share these lists, so no list is ever changed. Lists are the fastest type to copy and to replace slices
        # in.
        self._chunks = chunks
        # The first line of each chunk, and at the end the number of lines.
        self._starts = starts
        self.line_count = starts[-1]
        self.char_count = char_count

    def raw_line(self, index: int) -> str:
        """The line with its line end. Raises IndexError outside the document."""
        if not 0 <= index < self.line_count:
            raise IndexError(index)
        chunk = bisect_right(self._starts, index) - 1
        return self._chunks[chunk][index - self._starts[chunk]]

    def line(self, index: int) -> str:
        """The line without its line end."""
        raw = self.raw_line(index)
        return raw[: content_length(raw)]

    def part(self, index: int, start: int, stop: int) -> str:
        """The characters from column `start` to `stop` (not included) of a line, as far as the line has them.

        The cost depends on the length of the part, not of the line.
        """
        raw = self.raw_line(index)
        return raw[start : min(stop, content_length(raw))]

    def line_chars(self, index: int) -> int:
        """The number of characters in a line, without its line end."""
        return content_length(self.raw_line(index))

    def lines(self, start: int, stop: int, most_chars: int = maxsize) -> list[str]:
        """The lines from `start` to `stop` (not included), without line ends, each cut at `most_chars` characters.

        Lines outside the document are ignored.
        """
        raws = self.raw_lines(start, stop)
        if most_chars < max(map(len, raws), default=0):
            return [raw[: min(content_length(raw), most_chars)] for raw in raws]
        text = "".join(raws)
        if "\r" in text:
            return [raw[: content_length(raw)] for raw in raws]
        # Splitting one text is several times faster than slicing each line, and most requests read dozens of lines.
        return text.split("\n")[: len(raws)]

    def raw_lines(self, start: int, stop: int) -> list[str]:
        """The lines from `start` to `stop` (not included), with their line ends. Lines outside the document are ignored."""
        index = max(0, start)
        stop = min(stop, self.line_count)
        chunk = bisect_right(self._starts, index) - 1
        found: list[str] = []
        while index < stop:
            first = self._starts[chunk]
            part = self._chunks[chunk][index - first : stop - first]
            index += len(part)
            if found:
                found += part
            else:
                found = part
            chunk += 1
        return found

    def clamp(self, position: Position) -> Position:
        """The nearest position that exists. It is never inside or after a line end, and never after the last line."""
        line, column = position
        if 0 <= line < self.line_count and 0 <= column <= self.line_chars(line):
            return position
        if line < 0:
            return Position(0, 0)
        if line >= self.line_count:
            last = self.line_count - 1
            return Position(last, self.line_chars(last))
        return Position(line, max(0, min(column, content_length(self.raw_line(line)))))

    def slice(self, start: Position, end: Position) -> str:
        """The text between two positions. Empty when `end` is not after `start`."""
        if start.line == end.line and 0 <= start.line < self.line_count:
            return self.part(start.line, max(0, start.column), max(0, end.column))
        start, end = self.clamp(start), self.clamp(end)
        if end <= start:
            return ""
        if start.line == end.line:
            return self.raw_line(start.line)[start.column : end.column]
        middle = "".join(self.raw_lines(start.line + 1, end.line))
        return self.raw_line(start.line)[start.column :] + middle + self.raw_line(end.line)[: end.column]

    def text(self) -> str:
        """The whole text. The cost grows with the document, so this is never called for a keystroke."""
        return "".join(self.raw_lines(0, self.line_count))

    def spliced(self, first: int, removed: int, inserted: Sequence[str], char_delta: int) -> Snapshot:
        """A new snapshot in which `inserted` (lines with their ends) replaces `removed` lines from `first` on; `removed` is
        at least 1.
        """
        chunks, starts = self._chunks, self._starts
        low = bisect_right(starts, first) - 1
        high = bisect_right(starts, first + removed - 1, low) - 1
        lines = chunks[low][: first - starts[low]]
        lines += inserted
        lines += chunks[high][first + removed - starts[high] :]
        if len(lines) < _CHUNK_LINES // 4 and high + 1 < len(chunks):
            # Join a small chunk with the next one. Else many deletions could leave thousands of tiny chunks.
            high += 1
            lines += chunks[high]
        fresh = _chunked(lines)
        shift = len(inserted) - removed
        if shift or low != high:
            # Most edits stay inside one line and skip this. Then both snapshots share the list of starts.
            starts = starts[:low]
            starts += accumulate(map(len, fresh), initial=self._starts[low])
            starts += [start + shift for start in self._starts[high + 2 :]]
        chunks = chunks.copy()
        chunks[low : high + 1] = fresh
        return Snapshot(chunks, starts, self.char_count + char_delta)


def _chunked(lines: list[str]) -> list[list[str]]:
    """Split lines into chunks of nearly equal length, at most twice the usual one, so that most edits split no chunk."""
    if len(lines) <= 2 * _CHUNK_LINES:
        return [lines]
    count = len(lines) // _CHUNK_LINES
    cuts = [len(lines) * index // count for index in range(count + 1)]
    return [lines[start:stop] for start, stop in pairwise(cuts)]


def snapshot_of(text: str) -> Snapshot:
    """A snapshot of `text`. It has an empty last line when the text is empty or ends with a line end."""
    lines = split_lines(text)
    if not lines or content_length(lines[-1]) != len(lines[-1]):
        lines.append("")
    chunks = _chunked(lines)
    return Snapshot(chunks, list(accumulate(map(len, chunks), initial=0)), len(text))


class Document:
    """One open document: its URI, language, version, and the current snapshot. Each edit makes a new snapshot.

    `usual_unit` is one step of indentation as the editor inserts it, empty when the editor has not said so.
    """

    __slots__ = ("language_id", "snapshot", "uri", "usual_unit", "version")

    def __init__(self, uri: str, language_id: str, version: int, text: str) -> None:
        self.uri = uri
        self.language_id = language_id
        self.version = version
        self.usual_unit = ""
        self.snapshot = snapshot_of(text)

    def replace(self, start: Position, end: Position, inserted: str) -> Edit:
        """Replace the text between two positions and return the change. Positions outside the document are clamped."""
        old = self.snapshot
        start, end = sorted((old.clamp(start), old.clamp(end)))
        first, last = start.line, end.line
        head = old.raw_line(first)[: start.column]
        tail = old.raw_line(last)[end.column :]
        if first > 0 and not head and (inserted or tail).startswith("\n"):
            above = old.raw_line(first - 1)
            if above.endswith("\r"):
                # The edit completes a line end (\r, then \n), so the line above changes too.
                first -= 1
                head = above
        lines = split_lines(head + inserted + tail)
        if last == old.line_count - 1 and (not lines or content_length(lines[-1]) != len(lines[-1])):
            lines.append("")
        removed = old.slice(start, end) if start < end else ""
        self.snapshot = old.spliced(first, last - first + 1, lines, len(inserted) - len(removed))
        return Edit(
            start=start,
            end=end,
            new_end=_place(first, lines, len(head) + len(inserted)),
            removed=removed,
            inserted=inserted,
            first_line=first,
            removed_lines=last - first + 1,
            inserted_lines=len(lines),
        )

    def set_text(self, text: str) -> Edit:
        """Replace the whole text. The returned edit covers only the part that differs.

        So an editor that sends whole documents, or a formatter that rewrites one, looks like a small edit.
        """
        old = self.snapshot.text()
        limit = min(len(old), len(text))
        head = _common_prefix(old, text, limit)
        tail = _common_suffix(old, text, limit - head)
        # No position exists inside a \r\n. If a cut falls there, move the first cut before it and the second cut after it.
        if old[max(0, head - 1) : head + 1] == "\r\n":
            head -= 1
        cut = len(old) - tail
        if old[max(0, cut - 1) : cut + 1] == "\r\n":
            tail -= 1
        start = _position_at(old, head)
        end = _position_at(old, len(old) - tail)
        return self.replace(start, end, text[head : len(text) - tail])


def _common_prefix(a: str, b: str, limit: int) -> int:
    """The length of the common prefix, found by bisection, because comparing slices is much faster than comparing characters."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_suffix(a: str, b: str, limit: int) -> int:
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _position_at(text: str, offset: int) -> Position:
    lines = split_lines(text[:offset])
    if not lines or content_length(lines[-1]) != len(lines[-1]):
        return Position(len(lines), 0)
    return Position(len(lines) - 1, len(lines[-1]))


def _place(first: int, lines: Sequence[str], offset: int) -> Position:
    """The position of the character at `offset` in these lines; `first` is the number of the first line.

    A character of a line end counts as the place before the line end.
    """
    for index, line in enumerate(lines):
        if offset < len(line):
            return Position(first + index, min(offset, content_length(line)))
        offset -= len(line)
    return Position(first + len(lines) - 1, len(lines[-1]))
