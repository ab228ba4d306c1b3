"""Messages and prompts, independent of any provider's API."""

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
    """A prompt before its secrets are checked. The first `stable` messages are the same objects from one keystroke to the next.

    `cache_key` names its part of the provider's prompt cache; it contains no text and no path. With `raw`, the joined texts of
    the messages are the prompt of a text completion, marks included, and the roles have no meaning.
    """

    messages: tuple[Message, ...]
    stable: int
    stop: tuple[str, ...]
    max_output_tokens: int
    cache_key: str
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt that may be sent. Only `Vault.seal` makes one. The fields are those of `Unsealed`.

    `kept_back` has a placeholder for each hidden secret. `secrets` maps a placeholder to its secret, if it can be put back.
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
        """The answer with the user's own secrets in place of the placeholders; see `placeholders.restored`."""
        return restored(answer, self.secrets, growing=growing) if self.kept_back else answer
