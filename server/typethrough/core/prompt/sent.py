"""What of a prompt was sent before, so that what a provider's cache will have held can be told where nobody counts it for us.

Tokens are estimated from characters, and corrected by what the provider counts. No tokenizer is shipped.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typethrough.core.prompt.economist import Terms
    from typethrough.core.prompt.message import Prompt

# One a document that somebody goes back and forth between.
_REMEMBERED = 4
# Code in the tokenizers of 2024 and later: 3.2 (dense symbols) to 4.2 (prose-like) characters a token.
_TYPICAL_CHARS_PER_TOKEN = 3.6


class TokenRatio:
    """Characters per token for one model, learned as answers come back."""

    __slots__ = ("chars_per_token",)

    def __init__(self) -> None:
        self.chars_per_token = _TYPICAL_CHARS_PER_TOKEN

    def note(self, chars: int, tokens: int) -> None:
        """A prompt of `chars` characters was counted as `tokens`; implausible counts are ignored."""
        if tokens < 200:
            return
        ratio = chars / tokens
        if 1.0 < ratio < 8.0:
            self.chars_per_token += 0.2 * (ratio - self.chars_per_token)

    def tokens(self, chars: int) -> int:
        """How many tokens `chars` characters are."""
        return round(chars / self.chars_per_token)

    def chars(self, tokens: int) -> int:
        """How many characters fit into `tokens`."""
        return int(tokens * self.chars_per_token)


class Sent(NamedTuple):
    """A prompt's characters, how many of its tokens a cache that works should hold, and on what terms it was made: characters of
    files, tokens of an answer.
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
        """Remember a prompt that is sent now; what is known of it."""
        profile = terms.profile
        chars = sum([len(message.text) for message in prompt.messages])
        frozen_chars = sum([len(message.text) for message in prompt.messages[: prompt.stable]])
        known_chars = 0
        for sent_s, old in reversed(self._prompts):
            if now_s - sent_s <= profile.cache_ttl_s:
                known_chars = max(known_chars, shared_chars(prompt, old))
                if known_chars >= frozen_chars:
                    # What is left is the window, of which the newest prompt has most.
                    break
        self._prompts.append((now_s, prompt))
        step = max(1, profile.cache_step_tokens)
        known_tokens = ratio.tokens(known_chars) // step * step
        cached_tokens = known_tokens if known_tokens >= profile.cache_min_tokens else 0
        return Sent(chars, cached_tokens, terms.context_chars, terms.max_output_tokens)


def shared_chars(one: Prompt, other: Prompt) -> int:
    """The length of the common beginning of two prompts. What is frozen is the same object in both, so this is quick."""
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
