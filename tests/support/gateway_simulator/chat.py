"""Handles one completion, chat or text, from the request to its end.

Owns the order of the steps: checks, faults, the answer, its timing, and its frames. Each end is recorded in the log.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.support.gateway_simulator import http11
from tests.support.gateway_simulator.answer import answer_at, cursors, message_text
from tests.support.gateway_simulator.defects import Defects
from tests.support.gateway_simulator.faults import JSON, Faults, error_answer, error_response
from tests.support.gateway_simulator.holes import hole
from tests.support.gateway_simulator.latency import Latency
from tests.support.gateway_simulator.log import Record, RequestLog
from tests.support.gateway_simulator.prompt_cache import PromptCache
from tests.support.gateway_simulator.stream import EndedError, Stream
from tests.support.gateway_simulator.tokens import tokenize
from tests.support.gateway_simulator.wire import Frames, TextFrames

if TYPE_CHECKING:
    from tests.support.gateway_simulator.connection import Connection
    from tests.support.gateway_simulator.faults import Plan
    from tests.support.gateway_simulator.http11 import Request
    from tests.support.gateway_simulator.truth import Truth

_LOGGED_HEADERS: Final = (
    "x-session-affinity",
    "user-agent",
    "http-referer",
    "x-title",
    "accept",
    "content-type",
)
_NOT_PARAMETERS: Final = frozenset({"messages", "prompt", "model", "stream"})
TEXT_PATH: Final = "/v1/completions"


@dataclass
class Settings:
    """The settings of a run. All can be changed while the simulator runs."""

    seed: int = 0
    style: str = "vercel"
    key: str | None = None
    latency: Latency = field(default_factory=Latency)
    defects: Defects = field(default_factory=Defects)
    # How many queries for a generation fail before it is available. None: it becomes available after some time, as in
    # reality.
    generation_misses: int | None = None


@dataclass(frozen=True)
class _Reply:
    frames: Frames
    tokens: list[str]
    finish_reason: str
    offsets_s: list[float]


class Chat:
    """Answers chat completions, and text completions if the style has them (Vercel's gateway does not)."""

    def __init__(self, settings: Settings, truth: Truth) -> None:
        self.settings = settings
        self.faults = Faults()
        self.log = RequestLog()
        self.released = asyncio.Event()
        self._truth = truth
        self._cache = PromptCache()

    def reset(self) -> None:
        """Clear the log, prompts and faults. Request numbers, and so all random draws, start again."""
        self.log.records.clear()
        self.faults.set(None)
        self._cache.clear()
        self.release()

    def release(self) -> None:
        """Let all answers that a fault has stalled continue."""
        self.released.set()
        self.released = asyncio.Event()

    async def handle(self, request: Request, connection: Connection) -> None:
        """Answer one `POST /v1/chat/completions` or `/v1/completions`."""
        headers: dict[str, str | bool | None] = {name: request.headers.get(name) for name in _LOGGED_HEADERS}
        headers["authorization"] = "authorization" in request.headers
        record = self.log.open(
            connection.number, reused=connection.requests > 1, headers=headers, body=request.body
        )
        connection.on_gone = lambda at_s: self.log.disconnect(record, at_s)
        body, refusal = self._read(request)
        if refusal is not None:
            _send_whole(connection, record, refusal)
            self.log.finish(record, f"refused:{record.status}")
            return
        _describe(record, body)
        plan = self.faults.pick(body, seed=self.settings.seed, number=record.number)
        record.faults = list(plan)
        record.raw = request.path == TEXT_PATH
        try:
            await self._answer(body, plan, record, connection)
            self.log.finish(record, "complete")
        except EndedError as ended:
            self.log.finish(record, f"fault:{ended.mode}")
        _end_connection(plan, connection)

    def _read(self, request: Request) -> tuple[dict[str, Any], bytes | None]:
        """The request's JSON body and, if it cannot be answered, the error to send."""
        try:
            body = json.loads(request.body)
        except ValueError:
            body = None
        return (body, self._refusal(request, body)) if isinstance(body, dict) else ({}, _not_json())

    def _refusal(self, request: Request, body: dict[str, Any]) -> bytes | None:
        key = self.settings.key
        if key is not None and request.headers.get("authorization") != f"Bearer {key}":
            return error_answer("authentication_error", {}, {})
        if "model" not in body:
            return error_answer("invalid_request", {}, body)
        if request.path == TEXT_PATH:
            if self.settings.style == "vercel":
                return error_answer("not_found", {}, body)
            return None if isinstance(body.get("prompt"), str) else _missing("prompt")
        if not isinstance(body.get("messages"), list) or not body["messages"]:
            return _missing("messages")
        return None

    async def _answer(self, body: dict[str, Any], plan: Plan, record: Record, connection: Connection) -> None:
        if "reset_before" in plan:
            connection.reset()
            raise EndedError("reset_before")
        if "stall_before_headers" in plan:
            await self._stall(record, plan["stall_before_headers"])
        for mode, options in plan.items():
            error = error_answer(mode, options, body)
            if error is not None:
                await asyncio.sleep(options.get("delay_ms", 0) / 1000)
                _send_whole(connection, record, error)
                raise EndedError(mode)
        reply = self._compose(body, record)
        stream = Stream(connection, self.log, record, plan, self._stall)
        if record.stream and "json_for_stream" not in plan:
            await stream.run(reply.frames, reply.tokens, reply.finish_reason, reply.offsets_s)
            return
        await stream.until(reply.offsets_s[-1])
        text = "".join(reply.tokens)
        usage = stream.usage
        whole = reply.frames.whole(text, reply.finish_reason, usage, len(reply.tokens))
        _send_whole(connection, record, http11.response(200, JSON, whole))
        self.log.sent_text(record, text, len(reply.tokens))

    def _compose(self, body: dict[str, Any], record: Record) -> _Reply:
        settings, number = self.settings, record.number
        marked = [hole(body["prompt"])] if record.raw else cursors(body["messages"])
        said = answer_at(marked, self._truth, settings.defects, seed=settings.seed, number=number)
        record.defect, record.place, record.right_lines = said.defect, said.place, said.right_lines
        usage = self._cache.admit(_parts(body), time.monotonic())
        record.prompt_tokens, record.cached_tokens = usage.prompt_tokens, usage.cached_tokens
        tokens = tokenize(_before_stop(said.text, body.get("stop")))
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or len(tokens)
        finish_reason = "length" if len(tokens) > limit else "stop"
        tokens = tokens[:limit]
        record.output_tokens = len(tokens)
        offsets_s = settings.latency.offsets_s(
            seed=settings.seed,
            number=number,
            fresh=usage.prompt_tokens - usage.cached_tokens,
            cached=usage.cached_tokens,
            tokens=max(1, len(tokens)),
        )
        options = body.get("stream_options") or {}
        frames = (TextFrames if record.raw else Frames)(
            settings.style,
            str(body["model"]),
            int(time.time()),
            random.Random(f"frames:{settings.seed}:{number}"),
            include_usage=bool(options.get("include_usage")),
            obfuscate=options.get("include_obfuscation", True) is not False,
        )
        record.generation_id = frames.id
        return _Reply(frames, tokens, finish_reason, offsets_s)

    async def _stall(self, record: Record, options: dict[str, Any]) -> None:
        """Wait as long as the fault says. Without a time, wait until `release` or until the client disconnects."""
        released = self.released
        self.log.stalled(record)
        try:
            async with asyncio.timeout(options.get("seconds")):
                await released.wait()
        except TimeoutError:
            return


def _not_json() -> bytes:
    return error_response(
        400, {"message": "Invalid request: not a JSON object", "type": "invalid_request_error"}
    )


def _missing(parameter: str) -> bytes:
    return error_response(
        400,
        {
            "message": f"Invalid request: {parameter}",
            "type": "invalid_request_error",
            "param": parameter,
        },
    )


def _describe(record: Record, body: dict[str, Any]) -> None:
    record.model = str(body["model"])
    record.stream = bool(body.get("stream"))
    record.parameters = {name: value for name, value in body.items() if name not in _NOT_PARAMETERS}
    record.prompt_chars = (
        len(body["prompt"]) if "prompt" in body else sum(map(len, map(message_text, body["messages"])))
    )


def _parts(body: dict[str, Any]) -> list[str]:
    """The parts of the prompt as the model reads it. Parts that are repeated unchanged are tokenised only once."""
    if "prompt" in body:
        return [body["prompt"]]
    return [part for message in body["messages"] for part in _as_prompt(message)]


def _as_prompt(message: Any) -> tuple[str, str, str]:
    role = message.get("role") if isinstance(message, dict) else None
    return f"<{role}>\n", message_text(message), "\n"


def _before_stop(text: str, stop: Any) -> str:
    for sequence in [stop] if isinstance(stop, str) else stop or []:
        text = text.partition(sequence)[0] if sequence else text
    return text


def _send_whole(connection: Connection, record: Record, answer_bytes: bytes) -> None:
    record.status = int(answer_bytes[9:12])
    record.headers_at = time.monotonic()
    connection.write(answer_bytes)


def _end_connection(plan: Plan, connection: Connection) -> None:
    if "close_after" in plan:
        connection.close()
    for mode in ("close_on_next", "reset_on_next"):
        if mode in plan:
            connection.on_next = mode
