"""What the question to a second model may cost, which is asked when the first is late. Pure: dollars are handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.models import ModelProfile
from typethrough.core.outcome.outcome import Usage

if TYPE_CHECKING:
    from typethrough.core.prompt.message import Prompt
    from typethrough.core.prompt.sent import TokenRatio

LATE_SHARE = 0.95
# Where no model has a known price, money is counted in these, whose proportions are the usual ones.
_NOMINAL = ModelProfile(input_price=1.0, cached_price=0.25, output_price=4.0)


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
