"""Typing a little under every fault that a gateway can show: is each request answered in time, and does the server live on?

Owns the list of faults and what is typed under them; the faults themselves are the simulator's.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.bench import process
from tests.bench.drills import running
from tests.support.fake_editor import Faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.drills import Place
    from tests.bench.process import Contestant
    from tests.support.fake_editor import Asked

# Faults that pass, met one after the other by the same server; and refusals, each of which may close the model lane for good and
# so meets a fresh one.
PASSING: Final = (
    "",
    "stall_before_headers",
    "stall_after_headers",
    "stall_mid",
    "drip",
    "reset_before",
    "reset_mid",
    "truncated",
    "truncated_close",
    "close_after",
    "close_on_next",
    "reset_on_next",
    "stream_error",
    "stream_error_openrouter",
    "garbage_frame",
    "huge_event",
    "json_for_stream",
    "wrong_content_type",
    "split",
    "comments",
    "crlf",
    "double_done",
    "usage_both",
)
REFUSING: Final = (
    "invalid_request",
    "authentication_error",
    "quota_exceeded",
    "insufficient_funds",
    "customer_verification_required",
    "no_providers_available",
    "forbidden",
    "model_not_found",
    "not_found",
    "timeout",
    "too_large",
    "failed_dependency",
    "rate_limit",
    "rate_limit_free_tier",
    "server_error",
    "unavailable",
    "string_error",
    "empty_body",
    "html_body",
    "authentication_error_openai",
    "model_not_found_openai",
    "rate_limit_openai",
    "unsupported_parameter",
)
_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "rate_limit": {"retry_after_s": 2},
    "unsupported_parameter": {"names": ["max_tokens", "stop", "temperature"]},
}
_BURSTS: Final = ("        tr", "y:")
# A line of `process` that is taken out and typed back, and what follows it.
_TYPED: Final = "        try:"
_NEXT: Final = "\n            spent"
_KEY_S: Final = 0.09
_LOOK_S: Final = 1.1


@dataclass(slots=True)
class Endured:
    """All requests made under one fault (the empty name: under none), and what went wrong on screen.

    `met` says that at least one request went upstream; `alive` that the server was still running afterwards.
    """

    mode: str
    asked: list[Asked]
    errors: list[str]
    messages: list[str]
    met: bool
    alive: bool


async def endure(contestant: Contestant, modes: Sequence[str]) -> list[Endured]:
    """Type two short bursts, each with a pause behind it, under each fault in turn, with one server."""
    truth = Path(process.__file__)
    text = (await asyncio.to_thread(truth.read_text)).replace(_TYPED + _NEXT, _NEXT)
    found = []
    async with running(contestant, truth=[truth], latency="nano", defects="default") as place:
        for number, mode in enumerate(modes):
            fault = {"mode": mode, **_OPTIONS.get(mode, {})} if mode else None
            await asyncio.to_thread(place.simulator.control, release=True, faults=fault)
            before = len(await asyncio.to_thread(place.simulator.log))
            found.append(await _type_under(place, mode, f"process{number}.py", text))
            found[-1].met = len(await asyncio.to_thread(place.simulator.log)) > before
    return found


async def _type_under(place: Place, mode: str, name: str, text: str) -> Endured:
    place.open(name, text)
    editor, screen = place.editor, Faults()
    editor.asked, editor.faults = [], screen
    editor.move_to((text.partition(_NEXT)[0].count("\n"), 0))
    editor.asks = True
    for burst in _BURSTS:
        for char in burst:
            editor.type(char)
            await asyncio.sleep(_KEY_S)
        await asyncio.sleep(_LOOK_S)
    editor.asks = False
    editor.close()
    return Endured(
        mode, editor.asked, screen.errors, screen.messages, False, not place.client.exited.is_set()
    )
