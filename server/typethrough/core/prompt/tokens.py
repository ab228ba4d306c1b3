"""Tokens estimated from characters, and corrected by what the provider counts. No tokenizer is shipped."""

from __future__ import annotations

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
