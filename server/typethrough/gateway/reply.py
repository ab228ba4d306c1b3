"""What a stream of completion chunks says, chat or text: text, an ending, token counts, or an error. Pure.

Takes every form seen in the wild: both first chunks, usage with the finish and after it, errors in the stream, an
answer that is no stream at all. Must not know where the bytes come from.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from typethrough.core.outcome.outcome import Usage
from typethrough.engine.ports import Finish, GatewayError, GatewayProtocolError, GatewayUnavailable
from typethrough.gateway.deltas import Deltas
from typethrough.gateway.refusals import error_in_stream
from typethrough.gateway.sse import EventParser, EventTooLarge

if TYPE_CHECKING:
    from typethrough.core.prompt.message import Prompt
    from typethrough.gateway.endpoint import Endpoint

_DECODE = json.JSONDecoder().decode
_DONE = b"[DONE]"
# The Vercel AI Gateway's: "gen_" and a ULID.
_GENERATION = re.compile(r"gen_[0-9A-Za-z_-]{1,80}")
_SAID = frozenset(("text", "output_text", None))
_HEAD_BYTES = 64 * 1024
_BROKEN_OFF = "The gateway's answer broke off before its end."
_NOT_A_STREAM = (
    "The gateway's answer was not a completion stream: check the setting `base_url` (TYPETHROUGH_BASE_URL)."
)


class Reply:
    """Reads one answer. After each `feed`, look at `error` and `is_done`; at the end of the bytes call `end`."""

    def __init__(self, endpoint: Endpoint, prompt: Prompt) -> None:
        self._endpoint = endpoint
        self._prompt = prompt
        self._events = EventParser()
        self._deltas = Deltas()
        self._has_deltas = False
        self._head = b""
        self._seen_frame = False
        self._seen_usage = False
        self._usage = Usage()
        self._finish_reason = ""
        self._id = ""
        self.is_done = False
        self.error: GatewayError | None = None

    def feed(self, chunk: bytes) -> str:
        """The text that `chunk` brings; never raises: an error in the stream is left in `error`, after its text."""
        if not self._seen_frame and len(self._head) < _HEAD_BYTES:
            self._head += chunk[:_HEAD_BYTES]
        try:
            events = self._events.feed(chunk)
        except EventTooLarge:
            self.error = GatewayProtocolError("The gateway sent an event of more than a mebibyte.")
            return ""
        text = ""
        for event in events:
            text += self._frame(event)
            if self._is_over():
                break
        return text

    def end(self) -> str:
        """The bytes have ended: the text still held back. Afterwards `error` or `is_done` is set."""
        if self._is_over():
            return ""
        rest = self._events.finish().strip()
        if not rest and not self._seen_frame:
            rest = self._head.strip()
        text = self._frame(rest) if rest == _DONE or _is_whole_object(rest) else ""
        text += self._deltas.end()
        if self._is_over():
            return text
        if self._finish_reason:
            self.is_done = True
        elif (
            self._seen_frame or self._head.lstrip().startswith((b"data:", b":", b"event:")) or not self._head
        ):
            self.error = GatewayUnavailable(_BROKEN_OFF)
        else:
            self.error = GatewayProtocolError(_NOT_A_STREAM)
        return text

    def stream_end(self) -> Finish:
        """How the stream ended; valid once `is_done`."""
        return Finish(self._finish_reason or "stop", self._usage)

    @property
    def uncounted_id(self) -> str:
        """The id under which a gateway tells the counts afterwards, when the stream has not brought them; mostly empty."""
        return "" if self._seen_usage else self._id

    def _is_over(self) -> bool:
        return self.is_done or self.error is not None

    def _frame(self, event: bytes) -> str:
        event = event.strip()
        if not event:
            return ""
        if event == _DONE:
            self._seen_frame = self.is_done = True
            return self._deltas.end()
        try:
            frame = _DECODE(event.decode())
        except (ValueError, RecursionError):
            frame = None
        if not isinstance(frame, dict):
            self.error = GatewayProtocolError("The gateway sent an event that is not a JSON object.")
            return ""
        self._seen_frame = self._seen_frame or "choices" in frame
        if frame.get("error"):
            self.error = error_in_stream(frame["error"], self._endpoint, self._prompt)
            return ""
        if not self._id and isinstance(frame.get("id"), str) and _GENERATION.fullmatch(frame["id"]):
            self._id = frame["id"]
        text = self._choice(frame.get("choices"))
        if isinstance(frame.get("usage"), dict):
            self._usage = _usage(frame["usage"], frame.get("timings"))
            self._seen_usage = True
        # Nothing of worth can follow the ending and the counts, and a gateway may be slow to say [DONE].
        self.is_done = bool(self._finish_reason) and self._seen_usage and self.error is None
        return text

    def _choice(self, choices: Any) -> str:
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict) or choice.get("index"):
            return ""
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._finish_reason = reason
            if reason == "error":
                self.error = GatewayUnavailable(
                    "The provider behind the gateway failed while it was answering."
                )
        delta = _content(choice.get("delta"))
        text = self._said(delta, _content(choice.get("message")), choice.get("text"))
        return text + self._deltas.end(in_last=bool(delta)) if self._finish_reason else text

    def _said(self, delta: str, message: str, text: Any) -> str:
        """What a choice adds. A server that does not stream sends one `message` where others send many a `delta`."""
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
        # Among the parts may be a model's reasoning.
        parts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") in _SAID)
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _usage(usage: dict[str, Any], timings: Any) -> Usage:
    details = _members(usage.get("prompt_tokens_details"))
    # DeepSeek counts what came from its cache beside the rest, and older llama.cpp servers among their timings.
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


def _is_whole_object(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False
