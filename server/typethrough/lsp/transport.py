"""Converts bytes to messages and back: LSP's framing over asyncio streams. Accepts headers of different spelling.

Pipes are read and written by the event loop. Where that is not possible (on Windows, or if stdin is a regular file), a thread
reads, and writing blocks. Stdin and stdout belong to this module while it serves; other output goes to stderr.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import stat
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable

# No message has a length of more than nine digits. A longer number is not a length.
_LENGTH = re.compile(rb"^content-length:[ \t]*([0-9]{1,9})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
# A longer message is not an edit of a source file. Reading it would only use memory.
_MAX_BODY_BYTES = 256 * 1024 * 1024
_MAX_HEADER_BYTES = 64 * 1024
_BLOCK_BYTES = 64 * 1024
# A client that has not read this many bytes has stopped reading.
MAX_UNREAD_BYTES = 64 * 1024 * 1024
_CLOSE_S = 1.0


class FramingError(Exception):
    """The stream is not valid LSP, so nothing after this point can be read."""


class Reader(Protocol):
    """A source of bytes."""

    async def read(self, n: int) -> bytes:
        """Return at most `n` bytes. Empty at the end."""
        ...


class Writer(Protocol):
    """A destination for bytes. Nothing here raises, and `write` does not wait until the client reads."""

    lost: asyncio.Event
    """Set when the client can no longer receive anything."""

    def write(self, data: bytes) -> None:
        """Send or queue bytes. Does nothing if the client is lost."""
        ...

    async def aclose(self) -> None:
        """Send what is queued, but do not wait long for a client that does not read."""
        ...


class Incoming(asyncio.Protocol):
    """Passes bytes on directly when the loop receives them. A `read` in a task would cost one more turn of the loop per key."""

    def __init__(self) -> None:
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sink: Callable[[bytes], None] | None = None
        self._early: list[bytes] = []

    async def hand_on(self, sink: Callable[[bytes], None]) -> None:
        """Give every block to `sink` until the stream ends. If `sink` raises, raises the same and stops."""
        self._sink = sink
        early, self._early = self._early, []
        for block in early:
            sink(block)
        await self._ended

    def data_received(self, data: bytes) -> None:
        """Called by asyncio with received bytes."""
        if self._sink is None:
            self._early.append(data)
        elif not self._ended.done():
            try:
                self._sink(data)
            except Exception as error:
                # The exception goes to the task that waits in `hand_on`. The loop would only log it.
                self._ended.set_exception(error)

    def eof_received(self) -> None:
        """Called by asyncio when the client sends no more."""
        if not self._ended.done():
            self._ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Called by asyncio when the client is gone. It is treated as the end of the stream."""
        self.eof_received()


class _Messages:
    """Divides blocks of bytes into messages."""

    def __init__(self, on_message: Callable[[Any], None], on_bad_json: Callable[[], None]) -> None:
        self._on_message = on_message
        self._on_bad_json = on_bad_json
        self._buffer = bytearray()
        self._body_bytes = -1

    def feed(self, block: bytes) -> None:
        """Add bytes, and pass on each complete message. Raises FramingError if they are not valid LSP."""
        buffer = self._buffer
        buffer += block
        while True:
            if self._body_bytes < 0:
                end = buffer.find(b"\r\n\r\n")
                if end < 0:
                    if len(buffer) > _MAX_HEADER_BYTES:
                        raise FramingError("a header without an end")
                    return
                self._body_bytes = _body_bytes(bytes(buffer[:end]))
                del buffer[: end + 4]
            if len(buffer) < self._body_bytes:
                return
            body = bytes(buffer[: self._body_bytes])
            del buffer[: self._body_bytes]
            self._body_bytes = -1
            try:
                message = _DECODE(body.decode("utf-8", "surrogatepass"))
            except (ValueError, RecursionError):
                self._on_bad_json()
            else:
                self._on_message(message)


async def read_messages(
    reader: Reader | Incoming, on_message: Callable[[Any], None], on_bad_json: Callable[[], None]
) -> None:
    """Call `on_message` with each decoded message until the stream ends. Raises FramingError if it is not valid LSP."""
    messages = _Messages(on_message, on_bad_json)
    if isinstance(reader, Incoming):
        await reader.hand_on(messages.feed)
        return
    while block := await reader.read(_BLOCK_BYTES):
        messages.feed(block)


def _body_bytes(header: bytes) -> int:
    match = _LENGTH.search(header)
    if match is None:
        raise FramingError("a header without a Content-Length that makes sense")
    length = int(match[1])
    if length > _MAX_BODY_BYTES:
        raise FramingError("a message that is too long")
    return length


def frame(message: Any) -> bytes:
    """The bytes of a message with its header."""
    body = _ENCODE(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


_DECODE = json.JSONDecoder().decode
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


class StreamWriter(asyncio.Protocol):
    """Writes to an asyncio transport of a pipe or a socket. Either it is the transport's protocol, or gets the transport."""

    def __init__(self, transport: asyncio.WriteTransport | None = None) -> None:
        self.lost = asyncio.Event()
        self._transport = transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio with the transport to write to."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Called by asyncio when the client no longer reads, or when everything has been sent."""
        self.lost.set()

    def write(self, data: bytes) -> None:
        """Queue bytes. They are sent at once if the client reads."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            transport.abort()
            self.lost.set()

    async def aclose(self) -> None:
        """Send what is queued, then close."""
        transport = self._transport
        if transport is None or self.lost.is_set():
            return
        transport.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                # A socket's transport tells its end to the reader's protocol and not to this object, so we check it.
                while transport.get_write_buffer_size() and not self.lost.is_set():  # noqa: ASYNC110
                    await asyncio.sleep(_CLOSE_S / 100)
        if transport.get_write_buffer_size():
            transport.abort()


class FileWriter:
    """Writes to a binary file and blocks meanwhile. For outputs that are not pipes."""

    def __init__(self, file: BinaryIO) -> None:
        self.lost = asyncio.Event()
        self._file = file

    def write(self, data: bytes) -> None:
        """Write the bytes now."""
        if self.lost.is_set():
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except (OSError, ValueError):
            # Whatever the cause is, the client will receive neither this nor anything later.
            self.lost.set()

    async def aclose(self) -> None:
        """Nothing to do, because everything has been written."""


class Streams(NamedTuple):
    """Copies of stdin and stdout under file descriptors that no other code in the process uses."""

    stdin: BinaryIO
    stdout: BinaryIO


def take_stdio() -> Streams | None:
    """Reserve stdin and stdout for LSP. None if one of them is closed. Call it before an event loop can take their numbers.

    After this, what code or a child process prints to stdout goes to stderr, and no child process can read the client's
    messages.
    """
    if _closed(sys.stdin) or _closed(sys.stdout):
        return None
    sys.stdout.flush()
    nothing = os.open(os.devnull, os.O_RDWR)
    stdin, stdout = os.dup(0), os.dup(1)
    os.dup2(nothing, 0)
    os.dup2(nothing if _closed(sys.stderr) else 2, 1)
    os.close(nothing)
    return Streams(
        cast("BinaryIO", os.fdopen(stdin, "rb", 0)),
        cast("BinaryIO", os.fdopen(stdout, "wb", 0)),
    )


def _closed(stream: object) -> bool:
    """Whether a standard stream was closed at the start. Then Python sets it to None, and another file may get its number."""
    return stream is None


async def connect(streams: Streams) -> tuple[Incoming, Writer]:
    """Connect the streams to the running loop. Where that is not possible, a thread reads and writing blocks."""
    loop = asyncio.get_running_loop()
    reader = Incoming()
    if _on_loop(streams.stdin):
        await loop.connect_read_pipe(lambda: reader, streams.stdin)
    else:
        threading.Thread(target=_read_all, args=(streams.stdin, reader, loop), daemon=True).start()
    if not _on_loop(streams.stdout):
        return reader, FileWriter(streams.stdout)
    _, writer = await loop.connect_write_pipe(StreamWriter, streams.stdout)
    return reader, writer


def _on_loop(file: BinaryIO) -> bool:
    """Whether the event loop can wait for this file: only pipes and sockets, and not on Windows."""
    mode = os.fstat(file.fileno()).st_mode
    return os.name == "posix" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def _read_all(file: BinaryIO, reader: Incoming, loop: asyncio.AbstractEventLoop) -> None:
    """Read until the end, in a thread. It may still be in a read when the process ends."""
    # Raised if the loop is closed. Then nobody waits for the data.
    with suppress(RuntimeError):
        while block := _block(file):
            loop.call_soon_threadsafe(reader.data_received, block)
        loop.call_soon_threadsafe(reader.eof_received)


def _block(file: BinaryIO) -> bytes:
    try:
        return file.read(_BLOCK_BYTES) or b""
    except OSError:
        return b""
