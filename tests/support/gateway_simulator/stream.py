"""A streamed answer on the wire: server-sent events in HTTP chunks, each at its time, spoilt if a fault says so.

Owns timing on the wire and every fault inside a stream. Tokens that are due together are written at once, each in its own
chunk, so that a run without delays is fast.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any, Final

from tests.support.gateway_simulator import http11
from tests.support.gateway_simulator.faults import stream_error
from tests.support.gateway_simulator.prompt_cache import Usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.gateway_simulator.connection import Connection
    from tests.support.gateway_simulator.faults import Plan
    from tests.support.gateway_simulator.log import Record, RequestLog
    from tests.support.gateway_simulator.wire import Frames

_DEFAULT_AFTER_TOKENS: Final = 3
_BREAKS: Final = (
    "stream_error",
    "stream_error_openrouter",
    "truncated",
    "truncated_close",
    "reset_mid",
    "stall_mid",
    "garbage_frame",
    "huge_event",
)


class EndedError(Exception):
    """A fault ended the answer. `mode` is its name."""

    def __init__(self, mode: str) -> None:
        super().__init__(mode)
        self.mode = mode


class Stream:
    """Writes one answer."""

    def __init__(
        self,
        connection: Connection,
        log: RequestLog,
        record: Record,
        plan: Plan,
        stall: Callable[[Record, dict[str, Any]], Awaitable[None]],
    ) -> None:
        self._connection = connection
        self._log = log
        self._record = record
        self._plan = plan
        self._stall = stall
        self._cuts = random.Random(f"cuts:{record.number}")

    @property
    def usage(self) -> Usage:
        """The prompt's tokens as counted on arrival."""
        return Usage(self._record.prompt_tokens, self._record.cached_tokens)

    async def until(self, offset_s: float) -> None:
        """Wait until `offset_s` seconds after the request's arrival."""
        delay_s = self._record.arrived_at + offset_s - time.monotonic()
        if delay_s > 0:
            await asyncio.sleep(delay_s)

    async def run(
        self, frames: Frames, tokens: list[str], finish_reason: str, offsets_s: list[float]
    ) -> None:
        """Stream the whole answer. Raises EndedError if a fault ends it early."""
        if "stall_after_headers" in self._plan:
            self._send_head()
            await self._stall(self._record, self._plan["stall_after_headers"])
        if "comments" in self._plan:
            self._send_head()
            await self._send(self._comment())
        await self.until(offsets_s[0])
        self._send_head()
        if frames.opening:
            await self._send(self._event(frames.opening))
        await self._send_tokens(frames, tokens, offsets_s)
        await self._break_at(len(tokens), frames, last=True)
        ending = frames.last(finish_reason, self.usage, len(tokens), twice="usage_both" in self._plan)
        done = [b"[DONE]"] * (2 if "double_done" in self._plan else 1)
        await self._send(b"".join(map(self._event, [*ending, *done])), end=True)

    async def _send_tokens(self, frames: Frames, tokens: list[str], offsets_s: list[float]) -> None:
        sent = 0
        while sent < len(tokens):
            await self.until(offsets_s[sent])
            elapsed_s = time.monotonic() - self._record.arrived_at
            due = sent + 1
            while due < len(tokens) and offsets_s[due] <= elapsed_s and not self._breaks_at(due):
                due += 1
            await self._break_at(sent, frames)
            if sent and "comments" in self._plan:
                await self._send(self._comment())
            events = [self._event(frames.text(token)) for token in tokens[sent:due]]
            self._log.sent_text(self._record, "".join(tokens[sent:due]), due - sent)
            await self._send(*events)
            sent = due

    def _breaks_at(self, sent: int) -> bool:
        return any(self._after(mode) == sent for mode in _BREAKS if mode in self._plan)

    def _after(self, mode: str) -> int:
        return int(self._plan[mode].get("after_tokens", _DEFAULT_AFTER_TOKENS))

    async def _break_at(self, sent: int, frames: Frames, *, last: bool = False) -> None:
        """Carry out the faults that are due after `sent` tokens. In a shorter answer they are due at its end."""
        for mode in _BREAKS:
            if mode in self._plan and (self._after(mode) == sent or (last and self._after(mode) > sent)):
                await self._break(mode, frames)

    async def _break(self, mode: str, frames: Frames) -> None:
        options = self._plan[mode]
        if mode == "stall_mid":
            await self._stall(self._record, options)
            return
        if mode == "garbage_frame":
            await self._send(self._event(b'{"id": "gen_", "choices": [{"delta": {"content": '))
            return
        if mode == "huge_event":
            await self._send(b": " + b"x" * int(options.get("bytes", 1_000_000)) + b"\n\n")
            return
        if mode in ("stream_error", "stream_error_openrouter"):
            frame = {
                "id": frames.id,
                "object": "chat.completion.chunk",
                "created": frames.created,
                "model": frames.model,
            }
            error = stream_error(openrouter=mode == "stream_error_openrouter", frame=frame)
            await self._send(self._event(error), end=True)
        elif mode == "truncated":
            self._connection.write(http11.LAST_CHUNK)
        elif mode == "truncated_close":
            self._connection.close()
        else:
            self._connection.reset()
        raise EndedError(mode)

    def _send_head(self) -> None:
        if self._record.headers_at is not None:
            return
        wrong = self._plan.get("wrong_content_type", {}).get("content_type", "text/plain; charset=utf-8")
        headers = {
            "content-type": wrong
            if "wrong_content_type" in self._plan
            else "text/event-stream; charset=utf-8",
            "cache-control": "no-cache",
            "transfer-encoding": "chunked",
        }
        self._record.status, self._record.headers_at = 200, time.monotonic()
        self._connection.write(http11.head(200, headers))
        self._log.notify()

    def _event(self, data: bytes) -> bytes:
        return b"data: " + data + (b"\r\n\r\n" if "crlf" in self._plan else b"\n\n")

    def _comment(self) -> bytes:
        return b": ping\r\n\r\n" if "crlf" in self._plan else b": ping\n\n"

    async def _send(self, *events: bytes, end: bool = False) -> None:
        """Write events, each as one chunk. With `end`, also write the chunk that ends the body."""
        tail = http11.LAST_CHUNK if end else b""
        if "drip" in self._plan:
            options = self._plan["drip"]
            for piece in self._pieces(b"".join(events), options.get("bytes", 4)):
                self._connection.write(http11.chunk(piece))
                await asyncio.sleep(options.get("interval_ms", 5) / 1000)
            self._connection.write(tail)
        elif "split" in self._plan:
            pieces = self._pieces(b"".join(events), self._plan["split"].get("bytes"))
            self._connection.write(b"".join(map(http11.chunk, pieces)) + tail)
        else:
            self._connection.write(b"".join(map(http11.chunk, events)) + tail)

    def _pieces(self, data: bytes, size: int | None) -> list[bytes]:
        """Cut bytes every `size` bytes, or at seeded random places if there is no size."""
        pieces, start = [], 0
        while start < len(data):
            end = start + (size or self._cuts.randint(1, 24))
            pieces.append(data[start:end])
            start = end
        return pieces
