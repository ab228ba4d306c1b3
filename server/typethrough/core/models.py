"""Model profiles: what differs between models, as data. The model is a setting; nothing else in the code names one.

Figures are the vendors' published ones as of 2026-11 (prices in US dollars per million tokens).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typethrough.core.outcome import Usage

_PER_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """How to speak to one family of models, what its cache does, and what it costs."""

    token_limit_field: str = "max_tokens"
    reasoning_effort: str = ""
    supports_temperature: bool = True
    supports_stop: bool = True
    sends_cache_key: bool = True
    context_tokens: int = 128_000
    cache_min_tokens: int = 1_024
    cache_step_tokens: int = 128
    cache_ttl_s: float = 300.0
    input_price: float = 0.0
    cached_price: float = 0.0
    output_price: float = 0.0
    successor: str = ""
    shutdown: str = ""

    def cost_dollars(self, usage: Usage) -> float:
        """What these tokens cost."""
        fresh_tokens = max(0, usage.prompt_tokens - usage.cached_tokens)
        return (
            fresh_tokens * self.input_price
            + usage.cached_tokens * self.cached_price
            + usage.output_tokens * self.output_price
        ) / _PER_MILLION

    def saved_dollars(self, usage: Usage) -> float:
        """What the provider's prompt cache spared of that."""
        return usage.cached_tokens * (self.input_price - self.cached_price) / _PER_MILLION


_NANO = ModelProfile(
    context_tokens=1_047_576,
    input_price=0.10,
    cached_price=0.025,
    output_price=0.40,
    successor="openai/gpt-6-luna",
    shutdown="2026-10-23",
)

# From GPT-5 on: the limit has another name, reasoning is on by default and must be turned off, sampling is fixed.
_REASONING = ModelProfile(
    token_limit_field="max_completion_tokens",
    reasoning_effort="none",
    supports_temperature=False,
    supports_stop=False,
    context_tokens=400_000,
)

_LUNA_6 = ModelProfile(
    token_limit_field="max_completion_tokens",
    reasoning_effort="none",
    supports_temperature=False,
    supports_stop=False,
    context_tokens=1_050_000,
    input_price=0.10,
    cached_price=0.01,
    output_price=0.50,
)

# Anything unknown gets the plainest dialect: what every OpenAI-compatible server has understood for years.
_PLAIN = ModelProfile(sends_cache_key=False, context_tokens=8_192)

_BY_NAME: tuple[tuple[str, ModelProfile], ...] = (
    ("gpt-4.1-nano", _NANO),
    (
        "gpt-4.1-mini",
        ModelProfile(context_tokens=1_047_576, input_price=0.40, cached_price=0.10, output_price=1.60),
    ),
    ("gpt-4.1", ModelProfile(context_tokens=1_047_576, input_price=2.0, cached_price=0.50, output_price=8.0)),
    ("gpt-4o", ModelProfile()),
    ("gpt-6-luna", _LUNA_6),
    ("gpt-5", _REASONING),
    ("gpt-6", _REASONING),
)


def profile_of(model: str) -> ModelProfile:
    """The profile for a model's name, with or without its provider ("openai/gpt-4.1-nano", "gpt-4.1-nano-2025-04-14")."""
    name = model.rsplit("/", 1)[-1].lower()
    return next((profile for prefix, profile in _BY_NAME if name.startswith(prefix)), _PLAIN)
