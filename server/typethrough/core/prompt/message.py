"""What is sent to a model, in words that no provider's API owns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.secrets.placeholders import restored

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; `role` is "system", "user" or "assistant"."""

    role: str
    text: str


class Unsealed(NamedTuple):
    """A whole question as it was put together. The first `stable` messages are the same objects from one keystroke to the next.

    `cache_key` names the prompt-cache shard it belongs to; it holds no text and no path. With `raw` the messages' texts, joined,
    are the prompt of a text completion (fill-in-the-middle marks and all), and their roles say nothing.
    """

    messages: tuple[Message, ...]
    stable: int
    stop: tuple[str, ...]
    max_output_tokens: int
    cache_key: str
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question that may be sent, made by `Vault.seal` alone. The fields are those of `Unsealed`.

    `kept_back` names what was hidden, a placeholder for each; `secrets` maps those that can be put back to what they stand for.
    """

    messages: tuple[Message, ...]
    stable: int
    stop: tuple[str, ...]
    max_output_tokens: int
    cache_key: str
    raw: bool = False
    kept_back: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def restored(self, answer: str, *, growing: bool) -> str:
        """An answer with the user's own secrets in their places; see `placeholders.restored`."""
        return restored(answer, self.secrets, growing=growing) if self.kept_back else answer
