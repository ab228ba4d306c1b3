"""Bytes to messages and back: LSP's framing over asyncio streams, tolerant of what clients do to headers.

pygls reads each header line in a thread; on pipes an asyncio reader halves the time a known answer takes. Where pipes cannot
be read asynchronously (Windows, a regular file as stdin) reading happens in a thread, a block at a time.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_LENGTH = re.compile(rb"^content-length:\s*(\d+)\s*$", re.IGNORECASE | re.MULTILINE)
# A message longer than this is not an edit of a source file; reading it would only fill the memory.
_MAX_BODY_BYTES = 256 * 1024 * 1024
_MAX_HEADER_BYTES = 64 * 1024
_BLOCK_BYTES = 64 * 1024


class Reader(Protocol):
    """Where bytes come from."""

    async def read(self, n: int) -> bytes:
        """At most `n` bytes; empty at the end."""
        ...


class FramingError(Exception):
    """The stream is not LSP any more: nothing that follows can be trusted."""


async def read_messages(
    reader: Reader, on_message: Callable[[Any], None], on_bad_json: Callable[[], None]
) -> None:
    """Call `on_message` with each decoded message until the stream ends. Raises FramingError when it makes no sense."""
    buffer = bytearray()
    body_bytes = -1
    while True:
        if body_bytes < 0:
            end = buffer.find(b"\r\n\r\n")
            if end >= 0:
                body_bytes = _body_bytes(bytes(buffer[:end]))
                del buffer[: end + 4]
                continue
            if len(buffer) > _MAX_HEADER_BYTES:
                raise FramingError("a header without an end")
        elif len(buffer) >= body_bytes:
            body = bytes(buffer[:body_bytes])
            del buffer[:body_bytes]
            body_bytes = -1
            try:
                message = json.loads(body)
            except (ValueError, RecursionError):
                on_bad_json()
            else:
                on_message(message)
            continue
        block = await reader.read(_BLOCK_BYTES)
        if not block:
            return
        buffer += block


def _body_bytes(header: bytes) -> int:
    match = _LENGTH.search(header)
    if match is None:
        raise FramingError("a header without Content-Length")
    length = int(match[1])
    if length > _MAX_BODY_BYTES:
        raise FramingError("a message that is too long")
    return length


def frame(message: Any) -> bytes:
    """A message with its header."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


class _BlockingReader:
    """Reads a binary file in a thread, whatever it is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    async def read(self, n: int) -> bytes:
        read1 = getattr(self._file, "read1", self._file.read)
        return await asyncio.to_thread(read1, n)


class _BlockingWriter:
    """Writes a binary file at once; for outputs that are not pipes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._file.flush()

    def close(self) -> None:
        self._file.flush()


class Writer(Protocol):
    """Where bytes go; never waits."""

    def write(self, data: bytes) -> None:
        """Send, or queue, bytes."""
        ...

    def close(self) -> None:
        """Send what is queued, and stop."""
        ...


async def stdio() -> tuple[Reader, Writer]:
    """This process' stdin and stdout. A client that stops reading then delays nobody but itself."""
    loop = asyncio.get_running_loop()
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    reader: Reader
    writer: Writer
    try:
        stream = asyncio.StreamReader(limit=2**20)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), stdin)
        reader = stream
    except (ValueError, OSError, NotImplementedError):
        reader = _BlockingReader(stdin)
    try:
        transport, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, stdout)
        writer = transport
    except (ValueError, OSError, NotImplementedError):
        writer = _BlockingWriter(stdout)
    return reader, writer
