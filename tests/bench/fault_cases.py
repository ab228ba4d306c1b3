"""The faults of the table, each as a gateway on loopback shows it, and what its user must be told.

Owns the list. `tests.bench.faults` runs them.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.support.faulty_gateway import TEXT, delta, well

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tests.support.faulty_gateway import Visit

    Serve = Callable[[Visit], Awaitable[None]]

NANO: Final = "openai/gpt-4.1-nano"


@dataclass(frozen=True)
class Case:
    """One fault: how it is served (None: nobody listens), and words of the one message that is told of it (empty: none is).

    `is_borne`: there is text all the same. `back_s` is the time within which there is text once the cause is gone and the user
    looks again; `waits_s` is what the gateway asked for. `tells_back`: a message says that all is well again.
    """

    name: str
    serve: Serve | None
    says: str
    is_borne: bool = False
    back_s: float = 3.0
    waits_s: float = 0.0
    tells_back: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    models: Any = None
    is_short: bool = False


def refusal(status: int, body: Any = b"", **headers: str) -> Serve:
    """A server that answers every question so."""

    async def serve(visit: Visit) -> None:
        await visit.answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})

    return serve


def error(message: str, kind: str = "", code: Any = None, **more: Any) -> dict[str, Any]:
    """An error as OpenAI has it."""
    return {"error": {"message": message, "type": kind, "code": code, **more}}


def stream(*events: Any, ends: bool = True) -> Serve:
    """A server that streams these events for every question."""

    async def serve(visit: Visit) -> None:
        await visit.stream(*events, ends=ends)

    return serve


def unless(takes: Callable[[dict[str, Any]], bool], otherwise: Serve) -> Serve:
    """A server that answers the questions it takes."""

    async def serve(visit: Visit) -> None:
        await (well(visit) if takes(visit.json) else otherwise(visit))

    return serve


def raw(*pieces: bytes) -> Serve:
    """A server that sends these bytes and closes."""

    async def serve(visit: Visit) -> None:
        await visit.send(*pieces)
        visit.writer.close()

    return serve


async def reset(visit: Visit) -> None:
    """Reset the connection."""
    visit.writer.transport.abort()


async def silence(visit: Visit) -> None:
    """Say nothing."""
    del visit
    await asyncio.sleep(60)


async def silence_midway(visit: Visit) -> None:
    """Begin an answer, and say no more."""
    await visit.stream(delta("", None, role="assistant"), ends=False)
    await asyncio.sleep(60)


def _roles(body: dict[str, Any]) -> list[str]:
    return [message["role"] for message in body["messages"]]


def _in_turns(body: dict[str, Any]) -> bool:
    roles = _roles(body)
    return roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]


PAGE: Final = b"<!DOCTYPE html><html><body>Checking your browser</body></html>"
_SSE: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
_GONE: Final = refusal(404, error("The model `x` does not exist", "invalid_request_error", "model_not_found"))
_NAMED: Final = {"TYPETHROUGH_MODEL": NANO}
_LUNA: Final = unless(lambda body: "luna" in body["model"], _GONE)


def _event(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


CASES: Final = (
    # The way there.
    Case("nobody listens", None, "nothing listens there", is_short=True),
    Case("reset before an answer", reset, "broke off"),
    Case("closed before an answer", raw(), "broke off"),
    Case("not HTTP", raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "HTTP"),
    Case(
        "a name that nobody knows",
        None,
        "cannot be resolved",
        environment={
            "TYPETHROUGH_BASE_URL": "http://gateway.invalid/v1",
            "TYPETHROUGH_API_KEY": "sk-1234567890abcdef",
        },
        back_s=0.0,
    ),
    Case("silence", silence, "", back_s=5.0),
    Case("silence after the head", silence_midway, "", back_s=5.0),
    # Who asks.
    Case(
        "key refused",
        refusal(401, error("Invalid key", "authentication_error")),
        "does not accept the key",
        tells_back=True,
        is_short=True,
    ),
    Case("key refused, no body", refusal(401), "does not accept the key", tells_back=True),
    Case(
        "key refused with 400",
        refusal(400, [error("API key not valid. Please pass a valid API key.", status="INVALID_ARGUMENT")]),
        "does not accept the key",
        tells_back=True,
    ),
    Case(
        "not allowed",
        refusal(403, error("Denied by rule", "forbidden")),
        "does not allow this request",
        tells_back=True,
    ),
    Case("a web filter's page", refusal(403, PAGE), "web filter", tells_back=True, is_short=True),
    Case("a bot check's page with 503", refusal(503, PAGE), "not working"),
    Case("a hotel's login page", refusal(511, PAGE), "login page", tells_back=True),
    Case("a login page with 200", refusal(200, PAGE), "login page", tells_back=True),
    Case("a redirect", refusal(302, b"", Location="https://login.example/"), "redirects", tells_back=True),
    Case(
        "a card is wanted",
        refusal(403, error("", "customer_verification_required")),
        "card on file",
        tells_back=True,
    ),
    Case(
        "no provider",
        refusal(403, error("Restricted", "no_providers_available")),
        "No provider",
        tells_back=True,
    ),
    Case(
        "no balance",
        refusal(402, error("Insufficient credits", "insufficient_funds")),
        "no balance",
        tells_back=True,
    ),
    Case(
        "a budget is spent",
        refusal(402, error("Project budget exceeded.", "quota_for_entity_exceeded")),
        "spending limit",
        tells_back=True,
    ),
    Case(
        "no quota with 429",
        refusal(429, error("You exceeded your quota", "insufficient_quota", "insufficient_quota")),
        "no balance",
        tells_back=True,
    ),
    # What is asked.
    Case(
        "a model somebody named is gone",
        _GONE,
        "does not know the model",
        tells_back=True,
        environment=_NAMED,
        is_short=True,
    ),
    Case(
        "a model before it is pulled",
        refusal(404, error("model 'qwen' not found, try pulling it first", "not_found_error")),
        "does not know the model",
        tells_back=True,
        environment={"TYPETHROUGH_MODEL": "qwen"},
    ),
    Case("the default model is gone", _LUNA, "gpt-6-luna is used instead", is_borne=True, is_short=True),
    Case(
        "the default model is not listed",
        _LUNA,
        "gpt-6-luna is used instead",
        is_borne=True,
        models={"data": [{"id": "openai/gpt-6-luna"}, {"id": "other"}]},
    ),
    Case("no completions here", refusal(404, {"detail": "Not Found"}), "ends in /v1", tells_back=True),
    Case("wrong method", refusal(405), "ends in /v1", tells_back=True),
    Case(
        "a parameter is refused",
        unless(
            lambda body: "stream_options" not in body,
            refusal(400, error("Unknown parameter: 'stream_options'")),
        ),
        "",
        is_borne=True,
        is_short=True,
    ),
    Case(
        "a parameter is refused in a list",
        unless(
            lambda body: "temperature" not in body,
            refusal(
                422, {"detail": [{"loc": ["body", "temperature"], "msg": "Extra inputs are not permitted"}]}
            ),
        ),
        "",
        is_borne=True,
    ),
    Case(
        "no role called system",
        unless(lambda body: "system" not in _roles(body), refusal(400, error("System role not supported"))),
        "",
        is_borne=True,
        is_short=True,
    ),
    Case(
        "roles in turn",
        unless(
            _in_turns,
            refusal(500, error("Jinja Exception: Conversation roles must alternate user/assistant")),
        ),
        "",
        is_borne=True,
    ),
    Case(
        "one message",
        unless(
            lambda body: len(body["messages"]) == 1, refusal(400, error("Only a single message is supported"))
        ),
        "",
        is_borne=True,
    ),
    Case(
        "roles, said in the stream",
        unless(_in_turns, stream(error("Error rendering prompt with jinja template"))),
        "",
        is_borne=True,
    ),
    Case(
        "the prompt is too long",
        refusal(
            400, error("This model's maximum context length is 512 tokens.", code="context_length_exceeded")
        ),
        "longer than the model's context",
    ),
    Case(
        "the text is filtered",
        refusal(400, error("Filtered due to our content management policy.", code="content_filter")),
        "content filter refused",
    ),
    Case("another refusal", refusal(400, error("Bad stop")), "Bad stop"),
    Case("a refusal as plain text", refusal(400, b"out of cheese"), "out of cheese"),
    Case("a body that is too large", refusal(413), "HTTP 413"),
    # How busy it is.
    Case(
        "limited",
        refusal(429, error("Rate limit exceeded"), Retry_After="2"),
        "limits requests",
        waits_s=2.0,
        is_short=True,
    ),
    Case("limited, no time said", refusal(429, b"Too many requests"), "limits requests", waits_s=2.0),
    Case(
        "limited, by OpenAI's headers",
        refusal(
            429,
            error("Rate limit"),
            **{"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1s"},
        ),
        "limits requests",
        waits_s=1.0,
    ),
    Case("its provider is late", refusal(504), "waited too long for its provider"),
    Case("408", refusal(408, error("", "timeout_error")), "waited too long for its provider"),
    Case("500", refusal(500, error("Upstream failed")), "not working", is_short=True),
    Case("502 with a page", refusal(502, PAGE), "not working"),
    Case("503, no body", refusal(503), "not working"),
    Case("529", refusal(529, error("Overloaded", "overloaded_error")), "not working"),
    Case("424", refusal(424, error("", "failed_dependency")), "not working"),
    # What comes back.
    Case(
        "broken off",
        raw(_SSE + b"\r\n" + _event(delta("", None, role="assistant"))),
        "broke off",
    ),
    Case(
        "broken off in a chunk",
        raw(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nda"
        ),
        "broke off",
    ),
    Case("an error in the stream", stream(error("Provider exploded", "server_error", 502)), "not working"),
    Case(
        "event: error",
        raw(_SSE + b'\r\nevent: error\ndata: {"message": "Provider exploded"}\n\n'),
        "Provider exploded",
    ),
    Case("it says that it failed", stream(delta("", "error")), "failed while it was answering"),
    Case(
        "a limit in the stream",
        stream(error("Slow down", "rate_limit_error", 429)),
        "limits requests",
        waits_s=2.0,
    ),
    Case(
        "an error with status 200",
        refusal(200, error("Provider exploded", "server_error")),
        "Provider exploded",
    ),
    Case("JSON of something else", refusal(200, {"hello": "world"}), "completion stream"),
    Case("no JSON", stream(b"{nonsense"), "not a JSON object"),
    Case("an event without end", raw(_SSE + b"\r\ndata: " + b"x" * 1_200_000), "more than a mebibyte"),
    Case("compressed in a way not asked for", raw(_SSE + b"Content-Encoding: br\r\n\r\nxxxx"), "compressed"),
    Case(
        "compressed, and broken",
        raw(_SSE + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"data")[:4] + b"\xff" * 40),
        "compression",
    ),
    Case(
        "the answer is filtered",
        stream(delta("", "content_filter"), b"[DONE]"),
        "content filter kept the answer back",
        is_short=True,
    ),
    Case("the model loads", stream(delta("", "load"), b"[DONE]"), "loading the model"),
    Case(
        "only reasoning",
        stream(delta("", None, reasoning_content="Hm."), delta("", "stop"), b"[DONE]"),
        "all its tokens for reasoning",
        is_short=True,
    ),
    Case(
        "only reasoning, to the limit",
        stream(delta("", None, reasoning="Hm."), delta("", "length"), b"[DONE]"),
        "all its tokens for reasoning",
    ),
    # What looks like a fault and is none.
    Case(
        "a whole answer as JSON",
        refusal(
            200,
            {
                "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
                ]
            },
        ),
        "",
        is_borne=True,
    ),
    Case("no [DONE]", stream(delta(TEXT), delta("", "stop")), "", is_borne=True),
    Case("no finish", stream(delta(TEXT), b"[DONE]"), "", is_borne=True),
    Case(
        "one line feed between events",
        raw(
            _SSE
            + b"\r\n"
            + (_event(delta(TEXT)) + _event(delta("", "stop"))).replace(b"\n\n", b"\n")
            + b"data: [DONE]\n\n"
        ),
        "",
        is_borne=True,
    ),
    Case(
        "gzip",
        raw(
            _SSE
            + b"Content-Encoding: gzip\r\n\r\n"
            + gzip.compress(_event(delta(TEXT)) + _event(delta("", "stop")))
        ),
        "",
        is_borne=True,
    ),
    # Our own side.
    Case(
        "an address that is none",
        None,
        "TYPETHROUGH_BASE_URL must begin",
        environment={"TYPETHROUGH_BASE_URL": "gateway"},
        back_s=0.0,
    ),
    Case(
        "no key for it",
        None,
        "",
        environment={"TYPETHROUGH_BASE_URL": "https://gateway.example/v1", "TYPETHROUGH_API_KEY": ""},
        back_s=0.0,
    ),
)
