"""What a prompt's parts cost, and what is therefore sent: when to freeze a file anew, how much context pays, which cache shard.

A token read from the provider's cache costs a fraction of one read afresh, but it costs it with every request. So a long edit
log is rent, paid as long as the anchor stands; a new anchor is bought once, for as many tokens as it has that the cache does not
know. Nobody knows how many requests will follow, so the rule is the one that is never worse than twice the best one could have
done knowing it: rent until the rent paid equals the price (Karlin et al., "Competitive snoopy caching", Algorithmica 3, 1988).
"""

from __future__ import annotations

from collections import deque
from sys import maxsize
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typethrough.core.models import ModelProfile
    from typethrough.core.outcome.outcome import Usage

# A model that costs nothing is paid in waiting, and what its server has read already costs next to nothing of that.
_FREE_PRICES = (1.0, 0.02)
# What a vendor's cache spares when its price list does not say.
_USUAL_CACHED_SHARE_OF_PRICE = 0.25


class Terms(NamedTuple):
    """What one prompt may be: the model behind it, how much of files it may hold, how much may come back; and how many tokens of
    files the model's context takes at most, whatever they are worth; and whether secrets are hidden in it.
    """

    profile: ModelProfile
    context_chars: int
    max_output_tokens: int
    limit_tokens: int = maxsize
    hides_secrets: bool = True


def prices(profile: ModelProfile) -> tuple[float, float]:
    """What a token costs afresh and from the cache; of one scale, and never free."""
    fresh = profile.input_price
    if fresh <= 0:
        return _FREE_PRICES
    # A price list without a price for cached tokens means that they cost like others.
    cached = profile.cached_price if 0 < profile.cached_price < fresh else fresh
    return fresh, cached


class Lease:
    """The rent paid for one anchor's edit log, against the price of a new anchor. Characters stand for tokens on both sides."""

    __slots__ = ("_paid",)

    def __init__(self) -> None:
        self._paid = 0.0

    def pay(self, profile: ModelProfile, log_chars: int) -> None:
        """A request was sent with a log of `log_chars`."""
        self._paid += log_chars * prices(profile)[1]

    def is_up(self, profile: ModelProfile, fresh_chars: int) -> bool:
        """Whether the rent paid would have bought an anchor of which `fresh_chars` are not in the cache."""
        fresh, cached = prices(profile)
        return self._paid > 0 and self._paid >= fresh_chars * (fresh - cached)


class Shards:
    """Prompt-cache keys for one document.

    A provider keeps what shares a key on one machine up to about 15 requests a minute, and sends the rest to a machine whose
    cache is cold (OpenAI, prompt caching guide). So what goes beyond that gets the next key, always the same ones in the same
    order, and each of them stays warm.
    """

    __slots__ = ("_key", "_sent_s")

    _PER_MINUTE = 15
    # A machine that does not know the document yet has to read all of it: a few requests too many are cheaper than that.
    _PER_MINUTE_RATHER_THAN_COLD = 20
    _MOST = 8

    def __init__(self, key: str) -> None:
        self._key = key
        self._sent_s: list[deque[float]] = []

    @property
    def busy(self) -> int:
        """How many of them were used in the last minute: so many machines a new text is read by."""
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
        for most in (self._PER_MINUTE, self._PER_MINUTE_RATHER_THAN_COLD):
            for number, load in enumerate(loads):
                if load < most:
                    return number
        if len(loads) < self._MOST:
            self._sent_s.append(deque())
            return len(loads)
        return loads.index(min(loads))


class Allowance:
    """How much context is worth its price with one model, from what its streams report."""

    __slots__ = ("_cached_share", "_most", "_ms_per_token", "_samples", "_timed")

    _ENOUGH_SAMPLES = 8
    # With a cache that works as it should, and with a little less luck than that.
    _EXPECTED_SHARE = 0.9
    _TOLERANCE = 1.25
    _LEAST_TOKENS = 1_500
    # A free model is slow at home: nobody waits longer than this for a cold context to be read.
    _COLD_READ_MS = 4_000.0
    _UNMEASURED_TOKENS = 2_000
    _LEAST_FREE_TOKENS = 600
    _TIMED_TOKENS = 300
    # What was too long for the model's context is asked for with so much of it, down to the lines round the cursor.
    _SHRINKING = 0.6
    _STEADILY = 0.9

    def __init__(self) -> None:
        self._cached_share = self._EXPECTED_SHARE
        self._samples = 0
        self._ms_per_token = 0.0
        self._timed = 0
        self._most = maxsize

    def overflowed(self, context_tokens: int, sent_tokens: int, limit_tokens: int) -> None:
        """A prompt with `context_tokens` of files, about `sent_tokens` in all and with room for its answer, did not fit into the
        model's context, which is `limit_tokens`, 0 when nobody said.
        """
        shorter = context_tokens * self._SHRINKING
        if limit_tokens:
            # Our count is an estimate, so that a tenth stays free.
            shorter = min(
                context_tokens - (sent_tokens - 0.9 * limit_tokens), context_tokens * self._STEADILY
            )
        self._most = min(self._most, max(0, int(shorter)))

    def note(self, usage: Usage, ttft_ms: float | None, profile: ModelProfile) -> None:
        """A stream was counted by the provider."""
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
        """How many tokens of files the model's context takes: half of it, and less once a prompt was too long."""
        return min(profile.context_tokens // 2, self._most)

    def tokens(self, profile: ModelProfile, wanted_tokens: int) -> int:
        """How many of the tokens that the user allows are worth sending."""
        room = min(wanted_tokens, self.limit_tokens(profile))
        if profile.input_price <= 0:
            # An answer may come at once, and a clock may be coarse.
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
    """Whether a request that only fills the cache is worth sending: always where it is free, else when the user says so.

    `how` is the setting `warm_up`. What it costs is the context once more at the cached price, and what it spares is waiting.
    """
    return how == "always" or (how == "auto" and profile.input_price <= 0 and profile.is_local)
