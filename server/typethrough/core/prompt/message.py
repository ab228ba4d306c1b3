"""What is sent to a model, in words that no provider's API owns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; `role` is "system", "user" or "assistant"."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A whole question. The first `stable` messages are the same objects from one keystroke to the next.

    `cache_key` names the prompt-cache shard it belongs to; it holds no text and no path. With `raw` the messages' texts, joined,
    are the prompt of a text completion (fill-in-the-middle marks and all), and their roles say nothing.
    """

    messages: tuple[Message, ...]
    stable: int
    stop: tuple[str, ...]
    max_output_tokens: int
    cache_key: str
    raw: bool = False
