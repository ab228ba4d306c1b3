"""How much of a prompt was sent before. From that we estimate what the provider's cache holds when the provider does not say.

Tokens are estimated from characters, and corrected by the provider's counts. We ship no tokenizer.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typethrough.core.prompt.economist import Terms
    from typethrough.core.prompt.message import Prompt

# One for each document, for a user who goes back and forth between a few.
_REMEMBERED = 4
# Measured on code with tokenizers of 2024 and later: 3.2 (dense symbols) to 4.2 (like prose) characters a token.
_TYPICAL_CHARS_PER_TOKEN = 3.6


class TokenRatio:
    """Characters per token for one model, learned as answers come back."""

    __slots__ = ("chars_per_token",)

    def __init__(self) -> None:
        self.chars_per_token = _TYPICAL_CHARS_PER_TOKEN

    def note(self, chars: int, tokens: int) -> None:
        """Learn that a prompt of `chars` characters has `tokens` tokens. Implausible counts are ignored."""
        if tokens < 200:
            return
        ratio = chars / tokens
        if 1.0 < ratio < 8.0:
            self.chars_per_token += 0.2 * (ratio - self.chars_per_token)

    def tokens(self, chars: int) -> int:
        """About how many tokens `chars` characters are."""
        return round(chars / self.chars_per_token)

    def chars(self, tokens: int) -> int:
        """About how many characters fit into `tokens`."""
        return int(tokens * self.chars_per_token)


class Sent(NamedTuple):
    """What is known of a prompt that was sent.

    `chars` is its length, and `cached_tokens` how many of its tokens a working cache should hold. `context_chars` and
    `answer_tokens` are the limits that it was made with.
    """

    chars: int
    cached_tokens: int
    context_chars: int
    answer_tokens: int


class Memory:
    """The last prompts to one model."""

    def __init__(self) -> None:
        self._prompts: deque[tuple[float, Prompt]] = deque(maxlen=_REMEMBERED)

    def send(self, prompt: Prompt, terms: Terms, now_s: float, ratio: TokenRatio) -> Sent:
        """Remember a prompt that is sent now, and return what is known of it."""
        profile = terms.profile
        chars = sum([len(message.text) for message in prompt.messages])
        frozen_chars = sum([len(message.text) for message in prompt.messages[: prompt.stable]])
        known_chars = 0
        for sent_s, old in reversed(self._prompts):
            if now_s - sent_s <= profile.cache_ttl_s:
                known_chars = max(known_chars, shared_chars(prompt, old))
                if known_chars >= frozen_chars:
                    # Only the window is left, and the newest prompt shares most of it.
                    break
        self._prompts.append((now_s, prompt))
        step = max(1, profile.cache_step_tokens)
        known_tokens = ratio.tokens(known_chars) // step * step
        cached_tokens = known_tokens if known_tokens >= profile.cache_min_tokens else 0
        return Sent(chars, cached_tokens, terms.context_chars, terms.max_output_tokens)


def shared_chars(one: Prompt, other: Prompt) -> int:
    """How many characters two prompts have in common at the start. Frozen messages are the same objects, so this is quick."""
    frozen = min(one.stable, other.stable)
    if one.messages[:frozen] != other.messages[:frozen]:
        frozen = 0
    count = sum([len(message.text) for message in one.messages[:frozen]])
    for ours, theirs in zip(one.messages[frozen:], other.messages[frozen:], strict=False):
        if ours == theirs:
            count += len(ours.text)
            continue
        return count + (_common(ours.text, theirs.text) if ours.role == theirs.role else 0)
    return count


def _common(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one.startswith(other[:middle]):
            low = middle
        else:
            high = middle - 1
    return low
