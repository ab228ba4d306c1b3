"""Reads a stream of completion chunks, chat or text: text, an end, token counts, or an error. Pure.

It accepts all forms that real servers send: both kinds of first chunk, usage with the finish or after it, errors in the
stream, and answers that are not a stream. It does not know where the bytes come from.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from typethrough.core.outcome.faults import Fault
from typethrough.core.outcome.outcome import Usage
from typethrough.engine.ports import (
    Finish,
    GatewayError,
    GatewayProtocolError,
    GatewayUnavailable,
    NothingSaid,
)
from typethrough.gateway.deltas import Deltas
from typethrough.gateway.encoding import unreadable
from typethrough.gateway.error_bodies import ErrorBody, is_error, may_be_error, read_error
from typethrough.gateway.refusals import error_in_stream, quoted_text
from typethrough.gateway.sse import ErrorEvent, EventParser, EventTooLarge

if TYPE_CHECKING:
    from typethrough.core.prompt.message import Prompt
    from typethrough.gateway.endpoint import Endpoint

_DECODE = json.JSONDecoder().decode
_DONE = b"[DONE]"
# The id of the Vercel AI Gateway: this prefix and a ULID.
_GENERATION_MARK = "gen_"
_GENERATION = re.compile(rf"{_GENERATION_MARK}[0-9A-Za-z_-]{{1,80}}")
_SAID = frozenset(("text", "output_text", None))
_HEAD_BYTES = 64 * 1024
# Names with which providers report that a filter stopped the answer.
_FILTERED = re.compile(
    r"filter|safety|refus|sensitive|blocked|blocklist|prohibited|recitation|guardrail|moderat", re.IGNORECASE
)
# An answer may go on without text for a while, for example as long as a model reasons. Without a limit it could cost a whole
# core, as no budget of time ends a stream that always has more to read.
_MAX_SILENT_EVENTS = 5_000
_MAX_SILENT_BYTES = 2 * 1024 * 1024
_SIGNS_OF_LIFE = frozenset({b"ping", b"[ping]", b"pong", b"keep-alive", b"keepalive", b"heartbeat"})
_REASONING = ("reasoning_content", "reasoning", "reasoning_details", "thinking")


class Reply:
    """Reads one answer. After each `feed`, check `error` and `is_done`. When the bytes have ended, call `end`."""

    def __init__(self, endpoint: Endpoint, prompt: Prompt) -> None:
        self._endpoint = endpoint
        self._prompt = prompt
        self._events = EventParser()
        self._deltas = Deltas()
        self._has_deltas = False
        self._head = b""
        self._silent_events = self._silent_bytes = 0
        self._seen_frame = False
        self._seen_usage = False
        self._usage = Usage()
        self._finish_reason = ""
        self._complaint: Any = None
        self._has_reasoned = self._has_refused = self._has_done = False
        self._id = ""
        self.is_done = False
        self.error: GatewayError | None = None
        # The error that came instead of an answer.
        self.refusal: ErrorBody | None = None

    def feed(self, chunk: bytes) -> str:
        """The text in `chunk`. Never raises; an error in the stream is stored in `error`, after its text."""
        if not self._seen_frame and len(self._head) < _HEAD_BYTES:
            self._head += chunk[:_HEAD_BYTES]
        try:
            events = self._events.feed(chunk)
        except EventTooLarge:
            self.error = unreadable("it has an event of more than a mebibyte")
            return ""
        text = ""
        self._silent_bytes += len(chunk)
        for event in events:
            said = self._frame(event)
            text += said
            if self._is_over():
                return text
            self._silent_events += 1
            if said:
                self._silent_events = self._silent_bytes = 0
            elif self._silent_events > _MAX_SILENT_EVENTS:
                break
        if self._silent_events > _MAX_SILENT_EVENTS or self._silent_bytes > _MAX_SILENT_BYTES:
            self.error = unreadable("it goes on for too long without any text")
        return text

    def end(self, *, may_lack_ending: bool = False, is_whole: bool = True) -> str:
        """The bytes have ended. Returns the text still held back. Afterwards `error` or `is_done` is set.

        `may_lack_ending`: the HTTP body is complete, and this gateway may be one that sends no other end.
        `is_whole`: the HTTP body is complete.
        """
        if self._is_over():
            return ""
        rests = self._events.finish()
        if not any(rests) and not self._seen_frame and self._complaint is None:
            rests = _objects(self._head)
        text = ""
        for rest in rests:
            if self._is_over():
                break
            if isinstance(rest, ErrorEvent) or rest.strip() == _DONE or _is_json(rest):
                text += self._frame(rest)
            else:
                may_lack_ending = False
        text += self._deltas.end()
        if self._is_over():
            return text
        if (
            self._finish_reason
            or (may_lack_ending and (self._deltas.has_words or self._seen_usage))
            or (self._complaint is not None and not self._deltas.has_words)
        ):
            self._finish()
        elif (
            not is_whole
            or self._seen_frame
            or self._head.lstrip().startswith((b"data:", b":", b"event:"))
            or not self._head
        ):
            self.error = GatewayUnavailable(Fault.BROKEN_OFF.told, fault=Fault.BROKEN_OFF)
        else:
            is_page = self._head.lstrip().startswith(b"<")
            fault = Fault.WEB_PAGE if is_page else Fault.NOT_A_STREAM
            quote = quoted_text(self._head, self._endpoint, self._prompt)
            told = fault.says(quote=quote, where="HTTP 200", host=self._endpoint.host)
            self.error = GatewayProtocolError(told, fault=fault)
        return text

    def stream_end(self) -> Finish:
        """How the stream ended. Valid once `is_done` is set."""
        return Finish(self._finish_reason or "stop", self._usage)

    @property
    def has_ending(self) -> bool:
        """Whether the gateway reported the end of the answer in any way."""
        return bool(self._finish_reason) or self._has_done

    @property
    def has_reasoned(self) -> bool:
        """Whether the model wrote reasoning before its answer or instead of one."""
        return self._has_reasoned

    @property
    def uncounted_id(self) -> str:
        """The id for asking for the token counts later, if the stream had none. Usually empty."""
        return "" if self._seen_usage else self._id

    def _is_over(self) -> bool:
        return self.is_done or self.error is not None

    def _frame(self, event: bytes) -> str:
        names_error = isinstance(event, ErrorEvent)
        event = event.strip()
        if not event:
            return ""
        if event == _DONE:
            text = self._deltas.end()
            self._seen_frame = self._has_done = True
            self._finish()
            return text
        frame: Any = None
        try:
            frame = _DECODE(event.decode())
        except (ValueError, RecursionError):
            if names_error:
                frame = event.decode(errors="replace")
            elif event.startswith(b":") or event.lower() in _SIGNS_OF_LIFE:
                # A comment that an intermediary turned into data.
                return ""
            elif event.startswith(b"data:") and not event.startswith(b"data:", 5):
                return self._frame(event[5:])
        choices = frame.get("choices") if isinstance(frame, dict) else None
        if names_error or ((not choices or "error" in frame) and is_error(frame)):
            self.error = error_in_stream(frame, self._endpoint, self._prompt)
            if not self._deltas.has_words:
                self.refusal = read_error(frame)
            return ""
        if not isinstance(frame, dict):
            self.error = unreadable("it has an event that is not a JSON object")
            return ""
        if choices is not None:
            self._seen_frame = True
        elif may_be_error(frame):
            self._complaint = frame
        if not self._id:
            known_as = frame.get("id")
            # The first test is faster, and most gateways have other ids.
            if isinstance(known_as, str) and known_as.startswith(_GENERATION_MARK):
                self._id = known_as if _GENERATION.fullmatch(known_as) else ""
        text = self._choice(choices)
        if isinstance(frame.get("usage"), dict):
            self._usage = _usage(frame["usage"], frame.get("timings"))
            self._seen_usage = True
        # Nothing useful can follow the end and the counts, and a gateway may be slow to send [DONE].
        if self._finish_reason and self._seen_usage and self.error is None:
            self._finish()
        return text

    def _finish(self) -> None:
        """The answer is complete. If a filter or the like stopped it, that is an error, since the model may have had more to
        say.
        """
        reason = self._finish_reason
        fault: Fault | None = None
        if not self._deltas.has_words:
            if self._has_refused or _FILTERED.search(reason):
                fault = Fault.ANSWER_FILTERED
            elif reason == "load":
                fault = Fault.LOADING
            elif self._has_reasoned or reason == "length":
                fault = Fault.ONLY_REASONED
            elif self._complaint is not None and not reason:
                self.error = error_in_stream(self._complaint, self._endpoint, self._prompt)
                return
        if fault is None:
            self.is_done = True
        else:
            named = reason[:40] if reason.isprintable() else ""
            self.error = NothingSaid(fault.says(reason=named or "refusal"), fault=fault)

    def _choice(self, choices: Any) -> str:
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict) or choice.get("index"):
            return ""
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._finish_reason = reason
            if reason == "error":
                self.error = GatewayUnavailable(Fault.FAILED_MIDWAY.told, fault=Fault.FAILED_MIDWAY)
        delta = _content(choice.get("delta"))
        if not delta:
            self._look_for_silence(choice.get("delta"))
            self._look_for_silence(choice.get("message"))
        text = self._said(delta, _content(choice.get("message")), choice.get("text"))
        return text + self._deltas.end(in_last=bool(delta)) if self._finish_reason else text

    def _look_for_silence(self, holder: Any) -> None:
        """Check what a delta without text contains instead."""
        if isinstance(holder, dict):
            self._has_refused = self._has_refused or bool(holder.get("refusal"))
            self._has_reasoned = self._has_reasoned or any(holder.get(key) for key in _REASONING)

    def _said(self, delta: str, message: str, text: Any) -> str:
        """The text that a choice adds. A server without streaming sends one `message` instead of many `delta`s."""
        if delta:
            self._has_deltas = True
            return self._deltas.add(delta)
        if message:
            return self._deltas.whole(message) if self._has_deltas else self._deltas.add(message)
        return "" if self._has_deltas else self._deltas.add(_text(text))


def _content(holder: Any) -> str:
    return _text(holder.get("content")) if isinstance(holder, dict) else ""


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        # The parts may include the model's reasoning.
        parts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") in _SAID)
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _usage(usage: dict[str, Any], timings: Any) -> Usage:
    details = _members(usage.get("prompt_tokens_details"))
    # DeepSeek counts cached tokens separately, and older llama.cpp servers list them in their timings.
    cached = (
        details.get("cached_tokens")
        or usage.get("prompt_cache_hit_tokens")
        or _members(timings).get("cache_n")
    )
    return Usage(
        prompt_tokens=_count(usage.get("prompt_tokens")),
        cached_tokens=min(_count(cached), _count(usage.get("prompt_tokens"))),
        output_tokens=_count(usage.get("completion_tokens")),
        cache_write_tokens=_count(
            details.get("cache_write_tokens") or usage.get("cache_creation_input_tokens")
        ),
    )


def _members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _is_json(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict | list)
    except (ValueError, RecursionError):
        return False


def _objects(body: bytes) -> list[bytes]:
    """The JSON values of a body that is not an event stream: one value, or one object per line. Empty if it is neither."""
    if _is_json(body):
        return [body]
    lines = [line for line in body.splitlines() if line.strip()]
    return lines if lines and all(_is_json(line) for line in lines) else []
