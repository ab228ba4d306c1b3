"""The tap passes on everything, and notices when a stream has ended."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from tests.support.http_tap import tap
from tests.support.raw_chat import TRUE_TEXT

if TYPE_CHECKING:
    from tests.support.simulator import Simulator


async def _ask(base_url: str, *, leave_after: bytes | None = None) -> bytes:
    """Ask for a completion. Read to the end of the stream, or disconnect after `leave_after` has come."""
    port = int(base_url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    question = {"role": "user", "content": TRUE_TEXT}
    body = json.dumps({"model": "m", "stream": True, "messages": [question]}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = b""
    while (leave_after or b"[DONE]") not in answer:
        answer += await reader.read(4096)
    writer.close()
    return answer


def test_what_was_asked_and_answered_is_kept(simulator: Simulator) -> None:
    async def run() -> None:
        async with tap(simulator.base_url) as wire:
            answer = await _ask(wire.base_url)
            await wire.idle()
        (kept,) = wire.completions()
        assert bytes(kept.answer).startswith(answer)
        assert kept.status == 200
        assert kept.is_read_to_end
        assert kept.headers["host"] == "h"
        assert kept.body["model"] == "m"
        (row,) = simulator.log()
        assert kept.last("usage")["prompt_tokens"] == row["prompt_tokens"] > 0

    asyncio.run(run())


def test_who_leaves_is_gone_for_the_server_too(simulator: Simulator) -> None:
    simulator.fault("stall_mid")

    async def run() -> None:
        async with tap(simulator.base_url) as wire:
            await _ask(wire.base_url, leave_after=b"data:")
            await wire.idle()
            await asyncio.to_thread(simulator.wait, "disconnect", 1)
        assert not wire.completions()[0].is_read_to_end

    asyncio.run(run())
