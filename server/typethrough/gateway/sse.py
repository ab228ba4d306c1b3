"""Server-sent events, from bytes that arrive in any pieces. Pure, and as tolerant as the standard demands.

It works on bytes up to the end of a line, so a piece may end inside a character. It does not know what an event means.
"""

from __future__ import annotations

MAX_EVENT_BYTES = 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class EventTooLarge(ValueError):
    """An event or a line was larger than `MAX_EVENT_BYTES`."""


class ErrorEvent(bytes):
    """The data of an event named `error`."""


class EventParser:
    """Splits a stream into the `data` of its events.

    Lines may end with LF, CR or CRLF. Comments and fields other than `data` and `event` are ignored. The space after the colon
    is optional. Several `data` lines of one event are joined with a line feed (WHATWG HTML, 9.2.6).

    Some servers omit the blank line between events. JSON never has a "}" at the end of a line and a "{" at the start of the
    next, so there one event ends and another begins. From then on, each line with a complete object is an event.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._name = b""
        self._name_before = b""
        self._is_one_a_line = False
        self._after_cr = False
        self._started = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that `chunk` completes, in order. Raises EventTooLarge."""
        if not chunk:
            return []
        if b"\r" in chunk or self._after_cr:
            chunk = self._unix_line_ends(chunk)
        if (
            chunk.startswith(b"data: ")
            and chunk.endswith(b"\n\n")
            and chunk.count(b"\n") == 2
            and not (self._line_bytes or self._data or self._name)
            and len(chunk) <= self._max
        ):
            # One complete event. Nearly all chunks are like this.
            self._started = True
            return [chunk[6:-2]]
        if b"\n" not in chunk:
            self._line_bytes += len(chunk)
            self._check()
            self._line.append(chunk)
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

    def finish(self) -> list[bytes]:
        """The data of events that ended without their blank line. The last one may be incomplete."""
        line = b"".join(self._line)
        events: list[bytes] = []
        if line:
            self._take(line, events)
            self._line = []
        if self._data:
            self._end(events, self._name)
        return events

    def _take(self, line: bytes, events: list[bytes]) -> None:
        if not self._started:
            self._started = True
            line = line.removeprefix(_BOM)
        if not line:
            if self._data:
                self._end(events, self._name)
            elif self._name:
                self._name = self._name_before = b""
        elif line.startswith(b"data:"):
            value = line[6:] if line[5:6] == b" " else line[5:]
            if self._data and not self._goes_on(value, events):
                return
            self._data.append(value)
            self._data_bytes += len(value)
            if self._name:
                self._name_before = self._name
            self._check()
            if self._is_one_a_line and _is_whole(value):
                self._end(events, self._name)
        elif line.startswith(b"event:"):
            self._name = line[6:].strip()

    def _goes_on(self, value: bytes, events: list[bytes]) -> bool:
        """Whether a line of data should be taken; a comment should not. Ends the event before if this line begins another
        one.
        """
        last, new = self._data[-1].strip(), value.lstrip()
        if last.startswith(b":") and len(self._data) == 1:
            self._data, self._data_bytes = [], 0
        elif last.endswith(b"}") and new.startswith(b":"):
            return False
        elif last.endswith(b"}") and new.startswith((b"{", b"[DONE]")):
            name, before, self._is_one_a_line = self._name, self._name_before, True
            self._end(events, before)
            # A name between the two lines belongs to the second event.
            self._name = name if name != before else b""
        return True

    def _end(self, events: list[bytes], name: bytes) -> None:
        data = b"\n".join(self._data)
        events.append(ErrorEvent(data) if name == b"error" else data)
        self._data = []
        self._data_bytes = 0
        if self._name:
            self._name = self._name_before = b""

    def _unix_line_ends(self, chunk: bytes) -> bytes:
        # A CR at the end of a piece already ends its line, so that nothing waits for an LF that may never come.
        ends_in_cr = chunk.endswith(b"\r")
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = ends_in_cr
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _check(self) -> None:
        if self._line_bytes + self._data_bytes > self._max:
            raise EventTooLarge


def _is_whole(value: bytes) -> bool:
    value = value.strip()
    return (value.startswith(b"{") and value.endswith(b"}")) or value == b"[DONE]"
