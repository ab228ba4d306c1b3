"""What the gateway says later about a generation: `GET /v1/generation?id=gen_…`, only with the key that asked for it.

Owns the answers, and when they are available: some seconds after the generation's end, whether it was read to its end or
closed. Tokens that were never sent count as never generated.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from tests.support.gateway_simulator import http11
from tests.support.gateway_simulator.faults import JSON, error_answer
from tests.support.gateway_simulator.prompt_cache import Usage
from tests.support.gateway_simulator.wire import cost, dumps

if TYPE_CHECKING:
    from tests.support.gateway_simulator.chat import Chat
    from tests.support.gateway_simulator.http11 import Request
    from tests.support.gateway_simulator.log import Record

LAG_S: Final = 9.0


def answer(request: Request, chat: Chat) -> bytes:
    """The whole HTTP answer."""
    settings = chat.settings
    if settings.key is not None and request.headers.get("authorization") != f"Bearer {settings.key}":
        return error_answer("authentication_error", {}, {}) or b""
    asked = request.query.get("id", "")
    record = next((one for one in chat.log.records if asked and one.generation_id == asked), None)
    if (
        settings.style != "vercel"
        or record is None
        or not _is_on_the_books(record, settings.generation_misses)
    ):
        message = f"No usage event found for {asked}"
        return http11.response(
            404, JSON, dumps({"error": "Usage event not found", "id": asked, "message": message})
        )
    return http11.response(200, JSON, dumps({"data": _told(record)}))


def _is_on_the_books(record: Record, misses: int | None) -> bool:
    record.generation_asked += 1
    ended_at = record.finished_at or record.disconnected_at
    if ended_at is None:
        return False
    return record.generation_asked > misses if misses is not None else time.monotonic() - ended_at >= LAG_S


def _told(record: Record) -> dict[str, Any]:
    spent = cost(Usage(record.prompt_tokens, record.cached_tokens), record.sent_tokens)
    return {
        "id": record.generation_id,
        "total_cost": spent,
        "upstream_inference_cost": spent,
        "usage": spent,
        "created_at": "2026-11-24T12:00:00.000Z",
        "model": record.model,
        "is_byok": False,
        "provider_name": "openai",
        "streamed": record.stream,
        "finish_reason": "stop" if record.finished_at else None,
        "latency": 350,
        "generation_time": 500,
        "tokens_prompt": record.prompt_tokens,
        "tokens_completion": record.sent_tokens,
        "native_tokens_prompt": record.prompt_tokens,
        "native_tokens_completion": record.sent_tokens,
        "native_tokens_reasoning": 0,
        "native_tokens_cached": record.cached_tokens,
        "native_tokens_cache_creation": 0,
        "billable_web_search_calls": 0,
    }
