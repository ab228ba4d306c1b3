"""Questions beside the one that is waited for, and what they may cost: a second model is asked when the first is late, and what
follows an acceptance is asked ahead. Pure: waits and dollars are handed in.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from typethrough.core.models import ModelProfile
from typethrough.core.outcome.outcome import Usage

if TYPE_CHECKING:
    from typethrough.core.prompt.message import Prompt
    from typethrough.core.prompt.sent import TokenRatio

# With fewer the 95th percentile is but the longest of them.
ENOUGH_WAITS = 20
LATE_SHARE = 0.95
# Where no model has a known price, money is counted in these, whose proportions are the usual ones.
_NOMINAL = ModelProfile(input_price=1.0, cached_price=0.25, output_price=4.0)
# Below this share of prefetches that were shown, most of them are waste.
_WORTH_SHARE = 0.3
# Then one in so many goes out all the same, to notice when it begins to pay again.
_PROBE_EVERY = 5
_WEIGHT = 0.4


class Waits:
    """The last waits for a first text, in milliseconds. Those given up early count as what they are: longer than that.

    Were they left out, each hedge that wins would take a long wait out of the figures, and "late" would come ever earlier. The
    estimate is Kaplan's and Meier's (doi.org/10.1080/01621459.1958.10501452).
    """

    __slots__ = ("_waits",)

    def __init__(self, samples: int = 100) -> None:
        self._waits: deque[tuple[float, bool]] = deque(maxlen=samples)

    def note(self, waited_ms: float, *, spoke: bool) -> None:
        """After `waited_ms` the first text came, or with `spoke` false nobody waited any longer."""
        self._waits.append((waited_ms, not spoke))

    def percentile_ms(self, share: float) -> float | None:
        """The wait that `share` of all stay within; None before there are enough of them."""
        if sum(not given_up for _, given_up in self._waits) < ENOUGH_WAITS:
            return None
        waits = sorted(self._waits)
        longer = 1.0
        for index, (waited_ms, given_up) in enumerate(waits):
            if not given_up:
                longer *= 1 - 1 / (len(waits) - index)
                if longer <= 1 - share + 1e-9:
                    return waited_ms
        return waits[-1][0]


class HedgeLedger:
    """Dollars spent, and how many of them on hedges, which stay within `share_percent` of all."""

    def __init__(self, share_percent: float) -> None:
        self.dollars = 0.0
        self.hedge_dollars = 0.0
        self._share = share_percent / 100

    def allows(self, dollars: float) -> bool:
        """Whether a hedge may be sent that costs up to so much."""
        return self.hedge_dollars + dollars <= self._share * (self.dollars + dollars)

    def spend(self, dollars: float, *, on_hedge: bool) -> None:
        """So much was spent, or is set aside; what turns out not to be needed comes back as a negative sum."""
        self.dollars += dollars
        if on_hedge:
            self.hedge_dollars += dollars


def estimated(prompt: Prompt, profile: ModelProfile, ratio: TokenRatio, *, is_warm: bool) -> Usage:
    """What a prompt will be counted as: a warm cache has its stable part, in the cache's own steps, and a cold one gets it."""
    stable_chars = sum(len(message.text) for message in prompt.messages[: prompt.stable])
    chars = sum(len(message.text) for message in prompt.messages)
    kept_tokens = ratio.tokens(stable_chars) // profile.cache_step_tokens * profile.cache_step_tokens
    if kept_tokens < profile.cache_min_tokens:
        kept_tokens = 0
    if is_warm:
        return Usage(ratio.tokens(chars), kept_tokens)
    # Writing has a price of its own with some models; the others count nothing for it.
    written_tokens = kept_tokens if profile.cache_write_price else 0
    return Usage(ratio.tokens(chars), cache_write_tokens=written_tokens)


def priced(profile: ModelProfile, other: ModelProfile) -> ModelProfile:
    """A profile that has prices: a model without known ones is taken to cost what the other does."""
    return next((one for one in (profile, other) if one.input_price or one.output_price), _NOMINAL)


class Prefetching:
    """The share of late prefetches whose text was shown, as a moving average that begins in the middle."""

    __slots__ = ("_share", "_skipped")

    def __init__(self) -> None:
        self._share = 0.4
        self._skipped = 0

    def worth_it(self) -> bool:
        """Whether to ask ahead this time."""
        if self._share >= _WORTH_SHARE:
            return True
        self._skipped += 1
        return self._skipped % _PROBE_EVERY == 0

    def note(self, *, shown: bool) -> None:
        """A prefetch was shown, or turned out to be for nothing."""
        self._share += _WEIGHT * (shown - self._share)
