"""The frames of a completion: of a chat in two dialects, and of a raw text.

Owns only JSON shapes. In `vercel`, one last chunk has finish reason, usage and metadata. In `openai`, usage is in a
separate chunk without choices. Knows nothing about time, sockets and SSE framing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import random

    from tests.support.gateway_simulator.prompt_cache import Usage

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_HOLE: Final = "\0"
_INPUT_PRICE: Final = 0.10e-6
_CACHED_PRICE: Final = 0.025e-6
_OUTPUT_PRICE: Final = 0.40e-6
_ULID_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_OBFUSCATION_SIGNS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def dumps(value: Any) -> bytes:
    """Compact JSON in UTF-8. Characters outside ASCII are not escaped."""
    return _ENCODER.encode(value).encode()


def cost(usage: Usage, output_tokens: int) -> float:
    """The price in US dollars of one request to the simulated model."""
    fresh = usage.prompt_tokens - usage.cached_tokens
    return fresh * _INPUT_PRICE + usage.cached_tokens * _CACHED_PRICE + output_tokens * _OUTPUT_PRICE


@dataclass
class Frames:
    """The frames of one answer."""

    style: str
    model: str
    created: int
    draw: random.Random
    include_usage: bool = False
    obfuscate: bool = True

    def __post_init__(self) -> None:
        if self.style == "vercel":
            self.id = "gen_" + "".join(self.draw.choices(_ULID_SIGNS, k=26))
        else:
            self.id = "chatcmpl-" + "".join(self.draw.choices(_OBFUSCATION_SIGNS, k=29))

    @property
    def opening(self) -> bytes:
        """The first frame: the role, with empty content in one dialect and without content in the other."""
        if self.style == "vercel":
            return dumps(self._chunk({"role": "assistant"}))
        return dumps(self._chunk({"role": "assistant", "content": "", "refusal": None}))

    def text(self, text: str) -> bytes:
        """The frame of one token."""
        if self.style == "openai" and self.obfuscate:
            return dumps(self._chunk({"content": text}, text=text))
        before, after = self._round_the_text
        return before + dumps(text) + after

    @cached_property
    def _round_the_text(self) -> tuple[bytes, bytes]:
        # Only the text differs between the frames of tokens, so the rest is built once per answer.
        before, _, after = dumps(self._chunk({"content": _HOLE})).partition(dumps(_HOLE))
        return before, after

    def last(
        self, finish_reason: str, usage: Usage, output_tokens: int, *, twice: bool = False
    ) -> list[bytes]:
        """The frames before `[DONE]`. With `twice`, usage is in both places where a dialect can have it."""
        counted = self._usage(usage, output_tokens)
        if self.style == "vercel":
            metadata = self._metadata(usage, output_tokens)
            end = self._chunk({"provider_metadata": metadata}, finish_reason)
            frames = [{**end, "usage": counted, "generationId": self.id}]
        else:
            frames = [self._chunk({}, finish_reason)]
            if twice:
                frames[0]["usage"] = counted
        if twice or (self.include_usage and self.style == "openai"):
            frames.append({**self._chunk({}), "choices": [], "usage": counted})
        return [dumps(frame) for frame in frames]

    def whole(self, text: str, finish_reason: str, usage: Usage, output_tokens: int) -> bytes:
        """The body of an answer that is not streamed."""
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        body: dict[str, Any] = {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
        }
        if self.style == "vercel":
            message = {
                "role": "assistant",
                "content": text,
                "provider_metadata": self._metadata(usage, output_tokens),
            }
            body["generationId"] = self.id
        body["choices"] = [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}]
        body["usage"] = self._usage(usage, output_tokens)
        return dumps(body)

    def _chunk(
        self, delta: dict[str, Any], finish_reason: str | None = None, *, text: str = ""
    ) -> dict[str, Any]:
        chunk: dict[str, Any] = {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
        }
        choice: dict[str, Any] = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        if self.style == "vercel":
            return {**chunk, "choices": [choice]}
        chunk |= {
            "service_tier": "default",
            "system_fingerprint": "fp_simulator",
            "choices": [{**choice, "logprobs": None}],
        }
        if self.include_usage:
            chunk["usage"] = None
        if self.obfuscate:
            padding = (10 - len(text)) % 16 or 16
            chunk["obfuscation"] = "".join(self.draw.choices(_OBFUSCATION_SIGNS, k=padding))
        return chunk

    def _usage(self, usage: Usage, output_tokens: int) -> dict[str, Any]:
        counted: dict[str, Any] = {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": usage.prompt_tokens + output_tokens,
            "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }
        if self.style == "vercel":
            spent = cost(usage, output_tokens)
            counted |= {
                "cost": spent,
                "is_byok": False,
                "market_cost": spent,
                "cost_details": {"upstream_inference_cost": spent},
                "cache_creation_input_tokens": 0,
                "prompt_tokens_details": {
                    "cached_tokens": usage.cached_tokens,
                    "audio_tokens": 0,
                    "video_tokens": 0,
                },
                "completion_tokens_details": {"reasoning_tokens": 0, "image_tokens": 0},
            }
        return counted

    def _metadata(self, usage: Usage, output_tokens: int) -> dict[str, Any]:
        spent = f"{cost(usage, output_tokens):.10f}"
        return {
            "gateway": {
                "routing": {
                    "originalModelId": self.model,
                    "resolvedProvider": "openai",
                    "resolvedProviderApiModelId": self.model.rsplit("/", 1)[-1],
                    "canonicalSlug": self.model,
                    "finalProvider": "openai",
                    "fallbacksAvailable": [],
                    "modelAttemptCount": 1,
                    "totalProviderAttemptCount": 1,
                },
                "cost": spent,
                "marketCost": spent,
                "generationId": self.id,
            }
        }


class TextFrames(Frames):
    """The frames of a text completion. It has no roles and begins with its first text."""

    @property
    def opening(self) -> bytes:
        """Empty, because the first text comes first."""
        return b""

    def text(self, text: str) -> bytes:
        """The frame of one token."""
        return dumps(self._text_chunk(text))

    def last(
        self, finish_reason: str, usage: Usage, output_tokens: int, *, twice: bool = False
    ) -> list[bytes]:
        """The frames before `[DONE]`. With `twice`, usage is in both places where a dialect can have it."""
        counted = self._usage(usage, output_tokens)
        end = self._text_chunk("", finish_reason)
        frames = [{**end, "usage": counted} if twice else end]
        if twice or self.include_usage:
            frames.append({**end, "choices": [], "usage": counted})
        return [dumps(frame) for frame in frames]

    def whole(self, text: str, finish_reason: str, usage: Usage, output_tokens: int) -> bytes:
        """The body of an answer that is not streamed."""
        return dumps({**self._text_chunk(text, finish_reason), "usage": self._usage(usage, output_tokens)})

    def _text_chunk(self, text: str, finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish_reason}
        return {
            "id": self.id.replace("chatcmpl", "cmpl"),
            "object": "text_completion",
            "created": self.created,
            "model": self.model,
            "choices": [choice],
        }
