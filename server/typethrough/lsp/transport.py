"""Bytes to messages and back: LSP's framing over asyncio streams, tolerant of what clients do to headers.

Pipes are read and written on the loop. Where they cannot be (Windows, a regular file as stdin) a thread of its own reads, and
writing waits. Owns stdin and stdout while it serves: what else prints there goes to stderr.
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

# Nine digits are more than any message has; a longer number is not a length.
_LENGTH = re.compile(rb"^content-length:[ \t]*([0-9]{1,9})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
# A message longer than this is not an edit of a source file; reading it would only fill the memory.
_MAX_BODY_BYTES = 256 * 1024 * 1024
_MAX_HEADER_BYTES = 64 * 1024
_BLOCK_BYTES = 64 * 1024
# A client that leaves this much unread has stopped reading for good.
MAX_UNREAD_BYTES = 64 * 1024 * 1024
_CLOSE_S = 1.0


class FramingError(Exception):
    """The stream is not LSP any more: nothing that follows can be trusted."""


class Reader(Protocol):
    """Where bytes come from."""

    async def read(self, n: int) -> bytes:
        """At most `n` bytes; empty at the end."""
        ...


class Writer(Protocol):
    """Where bytes go. Nothing here raises, and `write` does not wait for the client to read."""

    lost: asyncio.Event
    """Set when nothing that is written can arrive any more."""

    def write(self, data: bytes) -> None:
        """Send, or queue, bytes; nothing once the client is lost."""
        ...

    async def aclose(self) -> None:
        """Send what is queued, but do not wait long for a client that does not read."""
        ...


class Incoming(asyncio.Protocol):
    """Bytes that are handed on in the turn of the loop in which they come; waiting for them would take another for each key."""

    def __init__(self) -> None:
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sink: Callable[[bytes], None] | None = None
        self._early: list[bytes] = []

    async def hand_on(self, sink: Callable[[bytes], None]) -> None:
        """Give every block to `sink`, until there are no more. Raises what `sink` raises, and then stops."""
        self._sink = sink
        early, self._early = self._early, []
        for block in early:
            sink(block)
        await self._ended

    def data_received(self, data: bytes) -> None:
        """Asyncio's: bytes have come."""
        if self._sink is None:
            self._early.append(data)
        elif not self._ended.done():
            try:
                self._sink(data)
            except Exception as error:
                # Into the task that waits for the end: the loop would log it and go on.
                self._ended.set_exception(error)

    def eof_received(self) -> None:
        """Asyncio's: the client sends no more."""
        if not self._ended.done():
            self._ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Asyncio's: the client is gone, which is an end like any other."""
        self.eof_received()


class _Messages:
    """Cuts blocks of bytes into messages."""

    def __init__(self, on_message: Callable[[Any], None], on_bad_json: Callable[[], None]) -> None:
        self._on_message = on_message
        self._on_bad_json = on_bad_json
        self._buffer = bytearray()
        self._body_bytes = -1

    def feed(self, block: bytes) -> None:
        """Take the next bytes, and hand on what is whole. Raises FramingError when they make no sense."""
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
    """Call `on_message` with each decoded message until the stream ends. Raises FramingError when it makes no sense."""
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
    """A message with its header."""
    body = _ENCODE(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


_DECODE = json.JSONDecoder().decode
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


class StreamWriter(asyncio.Protocol):
    """Writes to an asyncio transport, a pipe's or a socket's, that has this as its protocol or is handed in."""

    def __init__(self, transport: asyncio.WriteTransport | None = None) -> None:
        self.lost = asyncio.Event()
        self._transport = transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's: this is where to write to."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Asyncio's: the client does not read any more, or all has been sent."""
        self.lost.set()

    def write(self, data: bytes) -> None:
        """Queue bytes, which are sent at once when the client reads."""
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
                # A socket's transport tells its reader's protocol of its end, not us: so we look.
                while transport.get_write_buffer_size() and not self.lost.is_set():  # noqa: ASYNC110
                    await asyncio.sleep(_CLOSE_S / 100)
        if transport.get_write_buffer_size():
            transport.abort()


class FileWriter:
    """Writes a binary file at once; for outputs that are not pipes."""

    def __init__(self, file: BinaryIO) -> None:
        self.lost = asyncio.Event()
        self._file = file

    def write(self, data: bytes) -> None:
        """Write bytes now."""
        if self.lost.is_set():
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except (OSError, ValueError):
            # Whatever the cause, the client will not get this, nor anything after it.
            self.lost.set()

    async def aclose(self) -> None:
        """Everything has been written."""


class Streams(NamedTuple):
    """Stdin and stdout, under descriptors that nothing else in the process knows."""

    stdin: BinaryIO
    stdout: BinaryIO


def take_stdio() -> Streams | None:
    """Take stdin and stdout for LSP alone, before an event loop can take their numbers; None when they are closed.

    What prints to stdout by mistake, here or in a child process, then reaches stderr, and no child reads what the client sends.
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
    """Whether a standard stream was closed at the start: Python leaves it None, and its number may stand for any other file."""
    return stream is None


async def connect(streams: Streams) -> tuple[Incoming, Writer]:
    """Read and write these on the running loop where that can be, else in a thread and at once."""
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
    """Whether the loop can wait for this: pipes and sockets, and not on Windows, nor devices or regular files anywhere."""
    mode = os.fstat(file.fileno()).st_mode
    return os.name == "posix" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def _read_all(file: BinaryIO, reader: Incoming, loop: asyncio.AbstractEventLoop) -> None:
    """Read in a thread, which may hang in a read when the process ends."""
    # A closed loop has nobody who waits for more.
    with suppress(RuntimeError):
        while block := _block(file):
            loop.call_soon_threadsafe(reader.data_received, block)
        loop.call_soon_threadsafe(reader.eof_received)


def _block(file: BinaryIO) -> bytes:
    try:
        return file.read(_BLOCK_BYTES) or b""
    except OSError:
        return b""
