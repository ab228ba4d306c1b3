"""A provider's side of the prompt cache: machines that each remember what they were sent, and who gets which request.

The simulator's cache is one machine's. A provider keeps requests of one key together up to about 15 a minute, and sends the rest
to further machines, which do not know the prompt yet (OpenAI, prompt caching guide).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from tests.support.gateway_simulator.prompt_cache import PromptCache
from typethrough.core.outcome.outcome import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

# "About 15": a machine that is at its limit does not turn the next one away at once.
_PER_MINUTE: Final = 20


class Provider:
    """Counts tokens, and of those the ones that the machine a request lands on has read before."""

    def __init__(self, *, limited: bool = True) -> None:
        self._limited = limited
        self._machines: dict[tuple[str, int], PromptCache] = {}
        self._sent_s: dict[tuple[str, int], deque[float]] = {}

    def admit(self, parts: Sequence[str], key: str, now_s: float, output_tokens: int) -> Usage:
        """One request under a cache key."""
        number = 0
        while self._limited and self._is_full((key, number), now_s):
            number += 1
        self._sent_s.setdefault((key, number), deque()).append(now_s)
        usage = self._machines.setdefault((key, number), PromptCache()).admit(parts, now_s)
        return Usage(usage.prompt_tokens, usage.cached_tokens, output_tokens)

    def _is_full(self, machine: tuple[str, int], now_s: float) -> bool:
        sent_s = self._sent_s.setdefault(machine, deque())
        while sent_s and now_s - sent_s[0] > 60.0:
            sent_s.popleft()
        return len(sent_s) >= _PER_MINUTE
