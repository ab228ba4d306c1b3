"""Server-sent events from bytes that arrive in any pieces. Pure, and as lenient as the standard asks.

Works on bytes to the end of a line, so a piece may end inside a character. Must not know what an event means.
"""

from __future__ import annotations

MAX_EVENT_BYTES = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class EventTooLarge(ValueError):
    """One event, or one line, grew beyond `MAX_EVENT_BYTES`."""


class EventParser:
    """Splits a stream into the `data` of its events.

    Lines may end in LF, CR or CRLF; comments and fields other than `data` are ignored; the space after the colon is
    optional; several `data` lines join with a line feed (WHATWG HTML, 9.2.6).
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._after_cr = False
        self._started = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that `chunk` completes, in order. Raises EventTooLarge."""
        if not chunk:
            return []
        if b"\r" in chunk or self._after_cr:
            chunk = self._unix_line_ends(chunk)
        head, newline, _ = chunk.partition(b"\n")
        if not newline:
            self._line_bytes += len(head)
            self._check()
            self._line.append(head)
            return []
        self._line.append(chunk)
        lines = b"".join(self._line).split(b"\n")
        self._line = [lines[-1]]
        self._line_bytes = len(lines[-1])
        events: list[bytes] = []
        for line in lines[:-1]:
            self._take(line, events)
        self._check()
        return events

    def finish(self) -> bytes:
        """What stood in an event that the stream broke off without its blank line; may be empty or half an event."""
        line = b"".join(self._line)
        if line:
            self._take(line, [])
            self._line = []
        rest, self._data = b"\n".join(self._data), []
        return rest

    def _take(self, line: bytes, events: list[bytes]) -> None:
        if not self._started:
            self._started = True
            line = line.removeprefix(_BOM)
        if not line:
            if self._data:
                events.append(b"\n".join(self._data))
                self._data = []
                self._data_bytes = 0
        elif line.startswith(b"data:"):
            value = line[6:] if line[5:6] == b" " else line[5:]
            self._data.append(value)
            self._data_bytes += len(value)
            self._check()

    def _unix_line_ends(self, chunk: bytes) -> bytes:
        # A CR that ends a piece has already ended its line, so that nothing waits for a LF that may never come.
        ends_in_cr = chunk.endswith(b"\r")
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = ends_in_cr
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _check(self) -> None:
        if self._line_bytes + self._data_bytes > self._max:
            raise EventTooLarge
