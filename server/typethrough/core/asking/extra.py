"""How much a hedge may cost: the question to a second model when the first is late. Pure: dollars are passed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.models import ModelProfile
from typethrough.core.outcome.outcome import Usage

if TYPE_CHECKING:
    from typethrough.core.prompt.message import Prompt
    from typethrough.core.prompt.sent import TokenRatio

LATE_SHARE = 0.95
# If no model has a known price, these count. Only their proportions matter, which are usual ones.
_NOMINAL = ModelProfile(input_price=1.0, cached_price=0.25, output_price=4.0)


class HedgeLedger:
    """Dollars spent in all and on hedges. Hedges stay within `share_percent` of all."""

    def __init__(self, share_percent: float) -> None:
        self.dollars = 0.0
        self.hedge_dollars = 0.0
        self._share = share_percent / 100

    def allows(self, dollars: float) -> bool:
        """Whether a hedge that costs up to this much may be sent."""
        return self.hedge_dollars + dollars <= self._share * (self.dollars + dollars)

    def spend(self, dollars: float, *, on_hedge: bool) -> None:
        """Add dollars that were spent or reserved. What was not needed is returned as a negative amount."""
        self.dollars += dollars
        if on_hedge:
            self.hedge_dollars += dollars


def estimated(prompt: Prompt, profile: ModelProfile, ratio: TokenRatio, *, is_warm: bool) -> Usage:
    """The probable token counts of a prompt. A warm cache has its stable part, in steps of the cache; a cold one stores it."""
    stable_chars = sum(len(message.text) for message in prompt.messages[: prompt.stable])
    chars = sum(len(message.text) for message in prompt.messages)
    kept_tokens = ratio.tokens(stable_chars) // profile.cache_step_tokens * profile.cache_step_tokens
    if kept_tokens < profile.cache_min_tokens:
        kept_tokens = 0
    if is_warm:
        return Usage(ratio.tokens(chars), kept_tokens)
    # Some models charge extra for tokens written to the cache. For others, none are counted.
    written_tokens = kept_tokens if profile.cache_write_price else 0
    return Usage(ratio.tokens(chars), cache_write_tokens=written_tokens)


def priced(profile: ModelProfile, other: ModelProfile) -> ModelProfile:
    """A profile with prices. A model without known prices is assumed to cost as much as the other one."""
    return next((one for one in (profile, other) if one.input_price or one.output_price), _NOMINAL)
