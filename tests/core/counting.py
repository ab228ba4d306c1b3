"""A snapshot that counts what is read of it, for tests of what a request costs."""

from __future__ import annotations

from sys import maxsize

from typethrough.core.document.document import Snapshot, snapshot_of


class CountingSnapshot(Snapshot):
    """A snapshot that counts the characters it hands out."""

    __slots__ = ("read",)
    read: int

    @classmethod
    def of(cls, text: str) -> CountingSnapshot:
        plain = snapshot_of(text)
        counting = cls(plain._chunks, plain._starts, plain.char_count)
        counting.read = 0
        return counting

    def raw_line(self, index: int) -> str:
        line = super().raw_line(index)
        self.read += len(line)
        return line

    def raw_lines(self, start: int, stop: int) -> list[str]:
        lines = super().raw_lines(start, stop)
        self.read += sum(map(len, lines))
        return lines

    def part(self, index: int, start: int, stop: int) -> str:
        before = self.read
        part = super().part(index, start, stop)
        self.read = before + len(part)
        return part

    def line_chars(self, index: int) -> int:
        before = self.read
        chars = super().line_chars(index)
        self.read = before
        return chars

    def lines(self, start: int, stop: int, most_chars: int = maxsize) -> list[str]:
        before = self.read
        lines = super().lines(start, stop, most_chars)
        # Of a line that is cut no more is read than is handed out.
        self.read = before + sum(map(len, lines))
        return lines
