from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.gateway.stage import (
    NANO,
    PROMPT,
    HandClock,
    endpoint,
    play,
)
from typethrough.engine.ports import (
    CredentialsRejected,
    GatewayError,
    GatewayProtocolError,
    GatewayRejected,
    GatewayTimeout,
    GatewayUnavailable,
    ModelNotFound,
    PaymentRequired,
    RateLimited,
)
from typethrough.gateway.http_gateway import open_gateway

if TYPE_CHECKING:
    from tests.support.simulator import Simulator

_FORMS: list[tuple[str, type[GatewayError] | None]] = [
    *(
        (mode, None)
        for mode in ("close_after", "close_on_next", "reset_on_next", "comments", "split", "crlf")
    ),
    *((mode, None) for mode in ("double_done", "usage_both", "wrong_content_type", "json_for_stream")),
    *((mode, GatewayUnavailable) for mode in ("truncated", "truncated_close", "reset_before", "reset_mid")),
    *((mode, GatewayUnavailable) for mode in ("stream_error", "stream_error_openrouter", "string_error")),
    *((mode, GatewayUnavailable) for mode in ("server_error", "unavailable", "empty_body", "html_body")),
    ("failed_dependency", GatewayUnavailable),
    ("garbage_frame", GatewayProtocolError),
    *(
        (mode, CredentialsRejected)
        for mode in ("authentication_error", "authentication_error_openai", "forbidden")
    ),
    *((mode, CredentialsRejected) for mode in ("customer_verification_required", "no_providers_available")),
    *((mode, PaymentRequired) for mode in ("insufficient_funds", "quota_exceeded")),
    *((mode, ModelNotFound) for mode in ("model_not_found", "model_not_found_openai")),
    *((mode, RateLimited) for mode in ("rate_limit", "rate_limit_free_tier", "rate_limit_openai")),
    *((mode, GatewayRejected) for mode in ("not_found", "invalid_request", "too_large")),
    ("timeout", GatewayTimeout),
]


@pytest.mark.parametrize("style", ["vercel", "openai"])
@pytest.mark.parametrize(("mode", "kind"), _FORMS)
def test_every_form_of_a_gateway_ends_in_text_or_the_right_error(
    simulator: Simulator, style: str, mode: str, kind: type[GatewayError] | None
) -> None:
    simulator.control(style=style)

    async def scene() -> None:
        client = open_gateway(endpoint(simulator.base_url), HandClock())
        pieces: list[str] = []
        end = await client.stream(PROMPT, pieces.append)
        assert (end.finish_reason, bool("".join(pieces)), end.usage.prompt_tokens > 0) == ("stop", True, True)
        simulator.fault(mode)
        if kind is None:
            assert (await client.stream(PROMPT, pieces.append)).finish_reason == "stop"
        else:
            with pytest.raises(kind) as caught:
                await client.stream(PROMPT, pieces.append)
            assert type(caught.value) is kind
            assert NANO not in str(caught.value) or kind in (ModelNotFound, RateLimited)
        await client.aclose()

    play(scene())


def test_the_simulator_sees_a_cancelled_stream_disconnect(simulator: Simulator) -> None:
    simulator.fault("stall_mid")

    async def scene() -> None:
        client = open_gateway(endpoint(simulator.base_url), HandClock())
        heard = asyncio.Event()
        task = asyncio.create_task(client.stream(PROMPT, lambda _: heard.set()))
        await heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(simulator.wait, "disconnect", 1)
        await client.aclose()

    play(scene())
