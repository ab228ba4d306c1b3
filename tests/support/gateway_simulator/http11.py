"""HTTP/1.1 as bytes: parses requests, builds heads and chunks.

Owns parsing and framing. Knows no sockets and no routes. It is written by hand because the simulator must be able to send every
wrong form that a real server can: cut anywhere, promise more than it sends, or never end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD_END: Final = b"\r\n\r\n"
_MAX_HEAD_BYTES: Final = 65536
LAST_CHUNK: Final = b"0\r\n\r\n"


class BadRequestError(Exception):
    """The bytes are not an HTTP/1.1 request."""


@dataclass(frozen=True)
class Request:
    """One complete request. Header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def wants_close(self) -> bool:
        """Whether the client asked to close the connection after the answer."""
        return self.headers.get("connection", "").lower() == "close"


@dataclass
class RequestParser:
    """Collects bytes and returns complete requests."""

    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> None:
        """Add received bytes."""
        self._buffer += data

    def take(self) -> Request | None:
        """The next complete request, or None if more bytes are needed. Raises BadRequestError."""
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            if len(self._buffer) > _MAX_HEAD_BYTES:
                raise BadRequestError
            return None
        lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        headers = _headers(lines[1:])
        taken = self._body(end + len(_HEAD_END), headers)
        if taken is None:
            return None
        body, consumed = taken
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise BadRequestError
        del self._buffer[:consumed]
        url = urlsplit(words[1])
        return Request(words[0], url.path, dict(parse_qsl(url.query)), headers, body)

    def _body(self, start: int, headers: Mapping[str, str]) -> tuple[bytes, int] | None:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunked(start)
        try:
            length = int(headers.get("content-length", "0"))
        except ValueError as error:
            raise BadRequestError from error
        if len(self._buffer) < start + length:
            return None
        return bytes(self._buffer[start : start + length]), start + length

    def _chunked(self, start: int) -> tuple[bytes, int] | None:
        body = bytearray()
        while True:
            line_end = self._buffer.find(b"\r\n", start)
            if line_end < 0:
                return None
            try:
                size = int(bytes(self._buffer[start:line_end]).split(b";")[0], 16)
            except ValueError as error:
                raise BadRequestError from error
            after = line_end + 2 + size + 2
            if len(self._buffer) < after:
                return None
            if size == 0:
                return bytes(body), after
            body += self._buffer[line_end + 2 : line_end + 2 + size]
            start = after


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequestError
        headers[name.strip().lower()] = value.strip()
    return headers


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """The status line and header fields, including the blank line."""
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def response(status: int, content_type: str, body: bytes, extra: Mapping[str, str] | None = None) -> bytes:
    """A whole answer with its length. An empty body gets no content type."""
    headers = {"content-length": str(len(body)), **(extra or {})}
    if body:
        headers = {"content-type": content_type, **headers}
    return head(status, headers) + body


def chunk(data: bytes) -> bytes:
    """`data` as one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
