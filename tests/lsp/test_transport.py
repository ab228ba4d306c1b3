"""Framing: headers in every form that clients send, cut anywhere; and an end, not a hang, when it makes no sense."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.lsp import transport
from typethrough.lsp.transport import FileWriter, FramingError, StreamWriter, frame, read_messages

if TYPE_CHECKING:
    from collections.abc import Iterable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


class Blocks:
    """A reader that gives out these blocks, one a read."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)

    async def read(self, n: int) -> bytes:
        return next(self._blocks, b"")


def read(*blocks: bytes) -> list[Any]:
    """What the blocks say; "bad" for what is no JSON."""
    messages = list[Any]()
    asyncio.run(read_messages(Blocks(blocks), messages.append, lambda: messages.append("bad")))
    return messages


@given(st.lists(JSON, max_size=4), st.integers(1, 50))
def test_messages_arrive_however_the_stream_is_cut(messages: list[Any], size: int) -> None:
    stream = b"".join(map(frame, messages))
    assert read(*(stream[at : at + size] for at in range(0, len(stream), size))) == messages


def test_a_cut_at_every_byte_changes_nothing() -> None:
    stream = frame({"a": "é😀"}) + frame([1]) + frame({})
    for cut in range(1, len(stream)):
        assert read(stream[:cut], stream[cut:]) == [{"a": "é😀"}, [1], {}]


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 2",
        b"content-length: 2",
        b"CONTENT-LENGTH:2",
        b"Content-Length:   2  ",
        b"Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8",
        b"Content-Type: application/vscode-jsonrpc; charset=utf8\r\ncontent-Length: 2",
        b"X-Thing: Content-Length: 9\r\nContent-Length: 2\r\nY: 1",
    ],
)
def test_headers_come_in_any_case_and_order(header: bytes) -> None:
    assert read(header + b"\r\n\r\n{}" + frame(1)) == [{}, 1]


@pytest.mark.parametrize(
    "stream",
    [
        b"garbage\r\n\r\n{}",
        b"\r\n\r\n",
        b"Content-Length: -2\r\n\r\n{}",
        b"Content-Length: two\r\n\r\n{}",
        b"Content-Length: 2 3\r\n\r\n{}",
        b"Content-Length:\r\n\r\n{}",
        b"Content-Length: 999999999\r\n\r\n{}",
        b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n{}",
        b"x" * 100_000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_a_stream_that_is_not_lsp_is_given_up(stream: bytes) -> None:
    with pytest.raises(FramingError) as error:
        read(stream[:70_000], stream[70_000:])
    assert len(str(error.value)) < 80


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe\xfa", b"[" * 100_000, b"nul", b'{"a": 1}x', b"9" * 5_000, b"\xc3"]
)
def test_what_is_no_json_is_said_so_and_the_next_message_still_read(body: bytes) -> None:
    assert read(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) + frame({"b": 1})) == ["bad", {"b": 1}]


def test_half_a_message_at_the_end_is_no_message() -> None:
    assert read(frame({"a": 1}), frame({"b": 1})[:-1]) == [{"a": 1}]


def test_a_lone_surrogate_can_be_sent() -> None:
    assert json.loads(frame("\ud800").partition(b"\r\n\r\n")[2]) == "\ud800"


async def pipe_writer() -> tuple[StreamWriter, int]:
    reading, writing = os.pipe()
    file = os.fdopen(writing, "wb", 0)
    _, writer = await asyncio.get_running_loop().connect_write_pipe(StreamWriter, file)
    return writer, reading


def test_a_client_that_does_not_read_delays_nothing_until_it_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "MAX_UNREAD_BYTES", 500_000)

    async def scenario() -> None:
        writer, reading = await pipe_writer()
        for _ in range(4):
            writer.write(b"x" * 100_000)
        assert not writer.lost.is_set()
        for _ in range(10):
            writer.write(b"x" * 100_000)
        assert writer.lost.is_set()
        await writer.aclose()
        os.close(reading)

    asyncio.run(scenario())


def test_a_client_that_has_gone_is_noticed_and_what_is_written_to_it_forgotten() -> None:
    async def scenario() -> None:
        writer, reading = await pipe_writer()
        os.close(reading)
        await writer.lost.wait()
        writer.write(b"x")
        await writer.aclose()

    asyncio.run(scenario())


def test_what_is_queued_at_the_end_is_still_sent() -> None:
    async def scenario() -> bytes:
        writer, reading = await pipe_writer()
        writer.write(b"x" * 300_000)
        loop = asyncio.get_running_loop()
        stream = asyncio.StreamReader(limit=2**20)
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb", 0)
        )
        data, _ = await asyncio.gather(stream.read(), writer.aclose())
        return data

    assert asyncio.run(scenario()) == b"x" * 300_000


def test_a_plain_file_is_written_at_once_and_a_closed_one_is_a_lost_client() -> None:
    async def scenario() -> None:
        with tempfile.TemporaryFile(buffering=0) as file:
            writer = FileWriter(file)
            writer.write(b"abc")
            assert os.pread(file.fileno(), 9, 0) == b"abc"
        writer.write(b"def")
        assert writer.lost.is_set()
        writer.write(b"ghi")
        await writer.aclose()

    asyncio.run(scenario())
