"""What the parts of a prompt cost: when to freeze the file again, how much context to send, and which cache key to use.

A token from the provider's cache costs a fraction of a new token, but it costs that with every request. So a long edit log is
like rent: each request pays for it again until a new anchor replaces it. A new anchor is like a purchase: its tokens that are
not in the cache are paid in full, once. Nobody knows how many requests will follow. The rule is: rent until the rent paid
equals the price. Its cost is at most twice the cost of the best choice made with knowledge of the future (Karlin et al.,
"Competitive snoopy caching", Algorithmica 3, 1988).
"""

from __future__ import annotations

from collections import deque
from sys import maxsize
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typethrough.core.models import ModelProfile
    from typethrough.core.outcome.outcome import Usage

# A model without a price costs waiting time instead. For tokens that its server has already read, that is almost nothing.
_FREE_PRICES = (1.0, 0.02)
# The usual price of a cached token, as a share of the price of a new token.
_USUAL_CACHED_SHARE_OF_PRICE = 0.25


class Terms(NamedTuple):
    """The limits for one prompt.

    `context_chars` is how many characters of files it may hold, and `max_output_tokens` how long the answer may be.
    `limit_tokens` is how many tokens of files the model's context can take. `hides_secrets` says whether secrets are hidden.
    """

    profile: ModelProfile
    context_chars: int
    max_output_tokens: int
    limit_tokens: int = maxsize
    hides_secrets: bool = True


def prices(profile: ModelProfile) -> tuple[float, float]:
    """The prices of a new token and of a cached token, in the same unit and never 0."""
    fresh = profile.input_price
    if fresh <= 0:
        return _FREE_PRICES
    # When the price list has no price for cached tokens, they cost as much as new ones.
    cached = profile.cached_price if 0 < profile.cached_price < fresh else fresh
    return fresh, cached


class Lease:
    """Compares the cost of one anchor's edit log so far with the price of a new anchor.

    Both are counted in characters instead of tokens.
    """

    __slots__ = ("_paid",)

    def __init__(self) -> None:
        self._paid = 0.0

    def pay(self, profile: ModelProfile, log_chars: int) -> None:
        """Add the cost of one request that was sent with a log of `log_chars` characters."""
        self._paid += log_chars * prices(profile)[1]

    def is_up(self, profile: ModelProfile, fresh_chars: int) -> bool:
        """Whether the log has cost as much as a new anchor with `fresh_chars` characters that are not in the cache."""
        fresh, cached = prices(profile)
        return self._paid > 0 and self._paid >= fresh_chars * (fresh - cached)


class Shards:
    """Prompt-cache keys for one document.

    A provider sends requests with the same key to one machine, up to about 15 a minute, and the rest to machines without
    this cache (OpenAI, prompt caching guide). So above that rate we use a second key, then a third. The order of keys is
    fixed, so the cache of each one stays filled.
    """

    __slots__ = ("_key", "_sent_s")

    _PER_MINUTE = 15
    # A new machine must read the whole document. A few requests above the limit are cheaper than that.
    _MAX_PER_MINUTE = 20
    _MOST = 8

    def __init__(self, key: str) -> None:
        self._key = key
        self._sent_s: list[deque[float]] = []

    @property
    def busy(self) -> int:
        """How many keys were used in the last minute, which is how many machines must read a new text."""
        return max(1, sum(1 for sent_s in self._sent_s if sent_s))

    def take(self, now_s: float) -> str:
        """The key for a request sent now."""
        for sent_s in self._sent_s:
            while sent_s and now_s - sent_s[0] > 60.0:
                sent_s.popleft()
        number = self._number()
        self._sent_s[number].append(now_s)
        return f"{self._key}-{number}" if number else self._key

    def _number(self) -> int:
        loads = [len(sent_s) for sent_s in self._sent_s]
        for most in (self._PER_MINUTE, self._MAX_PER_MINUTE):
            for number, load in enumerate(loads):
                if load < most:
                    return number
        if len(loads) < self._MOST:
            self._sent_s.append(deque())
            return len(loads)
        return loads.index(min(loads))


class Allowance:
    """How much context is worth its price with one model. It learns from the token counts of each stream."""

    __slots__ = ("_cached_share", "_most", "_ms_per_token", "_samples", "_timed")

    _ENOUGH_SAMPLES = 8
    # The share of a prompt that comes from a working cache. The tolerance allows for a cache that works a little worse.
    _EXPECTED_SHARE = 0.9
    _TOLERANCE = 1.25
    _LEAST_TOKENS = 1_500
    # A model on the user's own machine reads slowly. The context may take at most this long to read without a cache.
    _COLD_READ_MS = 4_000.0
    _UNMEASURED_TOKENS = 2_000
    _LEAST_FREE_TOKENS = 600
    _TIMED_TOKENS = 300
    # When a prompt was too long for the model, try again with this share of its context.
    _SHRINKING = 0.6
    # The same when the model's limit is known: shrink at least this much.
    _STEADILY = 0.9

    def __init__(self) -> None:
        self._cached_share = self._EXPECTED_SHARE
        self._samples = 0
        self._ms_per_token = 0.0
        self._timed = 0
        self._most = maxsize

    def overflowed(self, context_tokens: int, sent_tokens: int, limit_tokens: int) -> None:
        """Call this when a prompt did not fit into the model's context.

        `context_tokens` of it were text of files. `sent_tokens` is about its whole size, with the room for the answer.
        `limit_tokens` is the model's limit, or 0 when it is unknown.
        """
        shorter = context_tokens * self._SHRINKING
        if limit_tokens:
            # Our token count is an estimate, so leave a tenth free.
            shorter = min(
                context_tokens - (sent_tokens - 0.9 * limit_tokens), context_tokens * self._STEADILY
            )
        self._most = min(self._most, max(0, int(shorter)))

    def note(self, usage: Usage, ttft_ms: float | None, profile: ModelProfile) -> None:
        """Learn from the provider's token counts for one stream, and from its time to first token (None if it was not
        measured).
        """
        if usage.prompt_tokens < profile.cache_min_tokens + profile.cache_step_tokens:
            return
        self._samples += 1
        self._cached_share += 0.1 * (usage.cached_tokens / usage.prompt_tokens - self._cached_share)
        fresh_tokens = usage.prompt_tokens - usage.cached_tokens
        if ttft_ms is not None and fresh_tokens >= self._TIMED_TOKENS:
            self._timed += 1
            rate = ttft_ms / fresh_tokens
            self._ms_per_token += max(0.3, 1 / self._timed) * (rate - self._ms_per_token)

    def limit_tokens(self, profile: ModelProfile) -> int:
        """The most tokens of files that the model's context takes: half of it, or less after a prompt was too long."""
        return min(profile.context_tokens // 2, self._most)

    def tokens(self, profile: ModelProfile, wanted_tokens: int) -> int:
        """How many of the `wanted_tokens`, which the user allows, are worth sending."""
        room = min(wanted_tokens, self.limit_tokens(profile))
        if profile.input_price <= 0:
            # The time may be measured as 0: an answer can come at once, and a clock can be coarse.
            rate = max(self._ms_per_token, 0.001)
            patient = self._COLD_READ_MS / rate if self._timed else self._UNMEASURED_TOKENS
            return min(room, max(int(patient), self._LEAST_FREE_TOKENS))
        fresh, cached = prices(profile)
        share = self._cached_share if self._samples >= self._ENOUGH_SAMPLES else self._EXPECTED_SHARE
        expected = fresh - (fresh - fresh * _USUAL_CACHED_SHARE_OF_PRICE) * self._EXPECTED_SHARE
        real = fresh - (fresh - cached) * share
        worth = int(room * min(1.0, self._TOLERANCE * expected / real))
        return min(room, max(worth, self._LEAST_TOKENS))


def warm_up_pays(profile: ModelProfile, how: str) -> bool:
    """Whether to send a request that only fills the provider's cache.

    `how` is the setting `warm_up`: with "always" yes, with "auto" only for a model on this machine, which is free. It costs
    the context once more at the cached price, and saves waiting time.
    """
    return how == "always" or (how == "auto" and profile.input_price <= 0 and profile.is_local)
