"""The local lane's memory: the text of open documents and workspace files, found again by context.

It keeps the texts, an address for each byte of them, and sorted keys from contexts to addresses. The number of entries is
bounded, removal is exact, and everything is only in memory. It does not know what makes a continuation likely, or where
texts come from.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from typethrough.core.document.document import bare_lines
from typethrough.local.keys import KeyMap
from typethrough.local.tokens import line_keys, trim

DEFAULT_MAX_ENTRIES: Final = 1_600_000
_BLANK: Final = 0
_SLICE_CHARACTERS: Final = 1_500
_SLICE_REMOVALS: Final = 64

Place = tuple[bytes, int, str]
"""A place where a context occurs: its segment's text, the byte offset after the context, and the name of the source."""


@dataclass(slots=True, eq=False)
class _Segment:
    """A run of trimmed lines at consecutive addresses. The first line is only the context of the second, and is not indexed."""

    base: int
    text: bytes
    source: str
    live_lines: int
    private: bool


@dataclass(slots=True, eq=False)
class _Source:
    """One file: the address of each line (``_BLANK`` if it is not indexed), and the line that the user is writing."""

    open: bool
    private: bool = False
    addresses: "array[int]" = field(default_factory=lambda: array("Q"))
    segments: dict[int, _Segment] = field(default_factory=dict)
    pending_line: int = -1
    pending_text: str = ""
    indexing: bool = True
    waiting: list[tuple[int, int, Sequence[str]]] = field(default_factory=list)


class LocalIndex:
    """A bounded memory of token contexts and the places where they occur.

    Addresses are never reused, so a key that outlives its text leads nowhere. Above ``max_entries``, the sources added first
    are dropped, open ones last. An entry with its share of the text takes about 15 bytes; 200,000 lines of Python take 23 MiB.
    """

    def __init__(self, max_entries: int = DEFAULT_MAX_ENTRIES) -> None:
        self._max_entries = max_entries
        self._keys = KeyMap()
        self._bases: list[int] = []
        self._segments: list[_Segment] = []
        self._next_base = 1
        self._sources: OrderedDict[str, _Source] = OrderedDict()

    @property
    def entries(self) -> int:
        """The number of keys, about eight for each line of code."""
        return len(self._keys)

    def __contains__(self, source: str) -> bool:
        return source in self._sources

    def add(self, source: str, text: str, *, is_open: bool = False) -> int:
        """Index a whole file, and replace what was known of it. Returns the number of entries in the index."""
        for _ in self.indexing(source, text, is_open=is_open):
            pass
        return len(self._keys)

    def indexing(
        self,
        source: str,
        text: str,
        slice_lines: int = 64,
        *,
        is_open: bool = False,
        is_private: bool = False,
    ) -> Generator[None, None, None]:
        """Index like ``add``, but yield after each slice, so that an event loop can run. Closing the iterator stops indexing.

        Edits that arrive meanwhile are applied at the end. A closed file never displaces an open one; what does not fit is left
        out. A private source is only used for suggestions in itself.
        """
        old = self._sources.pop(source, None)
        entry = self._sources[source] = _Source(is_open, is_private)
        steps = self._indexing(source, entry, old, text, slice_lines)
        # Run to the first yield, so that the clean-up happens even if the caller drops the iterator at once.
        next(steps)
        return steps

    def _indexing(
        self, source: str, entry: _Source, old: _Source | None, text: str, slice_lines: int
    ) -> Generator[None, None, None]:
        leaving = self._forgetting(old) if old is not None else iter(())
        try:
            yield
            yield from leaving
            lines = bare_lines(text)
            entry.addresses = array("Q", bytes(8 * len(lines)))
            start = 0
            while start < len(lines) and self._sources.get(source) is entry:
                stop, size = start, 0
                while stop < len(lines) and stop - start < slice_lines and size < _SLICE_CHARACTERS:
                    size += len(lines[stop])
                    stop += 1
                self._insert(source, entry, start, lines[start:stop])
                start = stop
                yield
                if len(self._keys) > self._max_entries:
                    yield from self._evicting(source, entry.open)
                    if len(self._keys) > self._max_entries:
                        break
        finally:
            entry.indexing = False
            if self._sources.get(source) is entry:
                for edit in entry.waiting:
                    self.replace_lines(source, *edit)
            entry.waiting.clear()

    def remove(self, source: str) -> None:
        """Forget a source. Nothing is proposed from it any more."""
        for _ in self.removing(source):
            pass

    def removing(self, source: str) -> Iterator[None]:
        """Like ``remove``. The source is gone at once; its memory is freed in slices, or when the iterator is dropped."""
        entry = self._sources.pop(source, None)
        return iter(()) if entry is None else self._forgetting(entry)

    def _forgetting(self, entry: _Source) -> Iterator[None]:
        for segment in entry.segments.values():
            self._drop_segment(segment)
        steps = self._deleting(_lines_in(entry.segments.values()))
        next(steps)
        return steps

    def _deleting(self, lines: Iterator[tuple[int, bytes, bytes]]) -> Iterator[None]:
        try:
            yield
            for number, (address, previous, line) in enumerate(lines, 1):
                self._keys.delete(address, line_keys(previous, line))
                if number % _SLICE_REMOVALS == 0:
                    yield
        finally:
            # If the iterator is closed early, delete the rest too. Otherwise nothing could find these keys again.
            for address, previous, line in lines:
                self._keys.delete(address, line_keys(previous, line))

    def set_open(self, source: str, is_open: bool) -> None:
        """Set whether an editor has the source open. Closed sources are dropped first."""
        entry = self._sources.get(source)
        if entry is not None:
            entry.open = is_open

    def replace_lines(self, source: str, start_line: int, removed: int, lines: Sequence[str]) -> None:
        """Apply an edit: ``lines`` replace ``removed`` lines from ``start_line`` on.

        The cost depends on these lines, not on the file's length. The last new line is assumed to be the cursor's. It is
        indexed only when an edit elsewhere shows that the user has left it. An unknown source is ignored.
        """
        entry = self._sources.get(source)
        if entry is None:
            return
        if entry.indexing:
            entry.waiting.append((start_line, removed, lines))
            return
        if removed == len(lines) == 1 and start_line == entry.pending_line:
            # Another key in the cursor's line, which is not indexed yet.
            entry.pending_text = lines[0]
            return
        start = min(max(start_line, 0), len(entry.addresses))
        end = min(max(start + removed, start), len(entry.addresses))
        if entry.pending_line >= 0 and not start <= entry.pending_line < end:
            self._insert(source, entry, entry.pending_line, [entry.pending_text])
        entry.pending_line = -1
        for address in entry.addresses[start:end]:
            self._forget_line(entry, address)
        entry.addresses[start:end] = array("Q", bytes(8 * len(lines)))
        if lines:
            if len(lines) > 1:
                self._insert(source, entry, start, lines[:-1])
            entry.pending_line = start + len(lines) - 1
            entry.pending_text = lines[-1]

    def places(self, context_hashes: Iterable[int], partial: bytes, reader: str = "") -> list[Place]:
        """The places where a context occurs and ``partial`` follows, the latest indexed last, at most 48 per context.

        ``reader`` is the source that asks. Of private sources, only itself is included.
        """
        found = []
        bases, segments = self._bases, self._segments
        for address in self._keys.addresses(context_hashes) if bases else ():
            segment = segments[bisect_right(bases, address) - 1]
            offset = address - segment.base
            # Keys of a source that is being removed may outlive its segments for a few slices.
            if not 0 < offset <= len(segment.text) or (segment.private and segment.source != reader):
                continue
            if segment.text.startswith(partial, offset):
                found.append((segment.text, offset, segment.source))
        return found

    def _segment_at(self, address: int) -> _Segment | None:
        position = bisect_right(self._bases, address) - 1
        if position < 0:
            return None
        segment = self._segments[position]
        return segment if address - segment.base <= len(segment.text) else None

    def _insert(self, source: str, entry: _Source, start: int, lines: Sequence[str]) -> None:
        """Index ``lines`` as one new segment. They begin at line ``start`` and must have no address yet."""
        previous = self._line_before(entry, start)
        parts = [previous]
        base = self._next_base
        address = base + len(previous) + 1
        live = 0
        for number, line in enumerate(map(trim, lines), start):
            if not line:
                continue
            self._keys.insert(address, line_keys(previous, line))
            entry.addresses[number] = address
            address += len(line) + 1
            parts.append(line)
            previous = line
            live += 1
        if live:
            text = b"\n".join(parts)
            segment = _Segment(base, text, source, live, entry.private)
            self._bases.append(base)
            self._segments.append(segment)
            entry.segments[base] = segment
            self._next_base = base + len(text) + 1

    def _line_before(self, entry: _Source, line: int) -> bytes:
        # A few blank lines may be between them. A line further above no longer counts as context.
        for number in range(line - 1, max(line - 4, -1), -1):
            address = entry.addresses[number]
            segment = self._segment_at(address) if address != _BLANK else None
            if segment is not None:
                return _line_at(segment, address)
        return b""

    def _forget_line(self, entry: _Source, address: int) -> None:
        segment = self._segment_at(address) if address != _BLANK else None
        if segment is None:
            return
        start = address - segment.base
        previous_start = segment.text.rfind(b"\n", 0, start - 1) + 1
        previous = segment.text[previous_start : start - 1]
        self._keys.delete(address, line_keys(previous, _line_at(segment, address)))
        segment.live_lines -= 1
        if segment.live_lines == 0:
            self._drop_segment(segment)
            del entry.segments[segment.base]

    def _drop_segment(self, segment: _Segment) -> None:
        position = bisect_left(self._bases, segment.base)
        del self._bases[position]
        del self._segments[position]

    def _evicting(self, keep: str, even_open: bool) -> Iterator[None]:
        """Drop the sources added first until the bound holds: closed ones, then with ``even_open`` open ones, never ``keep``."""
        for open_too in (False, True) if even_open else (False,):
            for source in [name for name, entry in self._sources.items() if open_too or not entry.open]:
                if len(self._keys) <= self._max_entries:
                    return
                if source != keep:
                    yield from self.removing(source)


def _line_at(segment: _Segment, address: int) -> bytes:
    start = address - segment.base
    end = segment.text.find(b"\n", start)
    return segment.text[start:] if end < 0 else segment.text[start:end]


def _lines_in(segments: Iterable[_Segment]) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield each indexed line, with its address and the line before it."""
    for segment in segments:
        previous, *lines = segment.text.split(b"\n")
        address = segment.base + len(previous) + 1
        for line in lines:
            yield address, previous, line
            address += len(line) + 1
            previous = line
