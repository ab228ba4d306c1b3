"""The times at which an answer's tokens are sent. Draws are seeded per request, so that two runs have the same times.

Owns the distributions. Knows no clock: it returns offsets from the request's arrival in seconds. The figures of `nano` are
assumptions fitted to published measurements of small models behind a gateway. So are those of `luna`, its successor.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

_P95_SIGMAS: Final = 1.6449
_PREFILL_FRESH_MS: Final = 0.012
_PREFILL_CACHED_MS: Final = 0.003
_JITTER: Final = 0.3


@dataclass(frozen=True)
class _Waits:
    median_ms: float
    p95_ms: float
    tokens_per_s: float

    @property
    def sigma(self) -> float:
        return math.log(self.p95_ms / self.median_ms) / _P95_SIGMAS


_WAITS: Final = {"nano": _Waits(350.0, 800.0, 150.0), "luna": _Waits(740.0, 1_500.0, 130.0)}
MODELS: Final = ("none", *_WAITS)


@dataclass(frozen=True)
class Latency:
    """The times to simulate. A fixed `ttft_ms` replaces the draw and the prefill. `tokens_per_s` of 0 means all at once."""

    model: str = "none"
    ttft_ms: float | None = None
    tokens_per_s: float | None = None

    def offsets_s(self, *, seed: int, number: int, fresh: int, cached: int, tokens: int) -> list[float]:
        """For each output token its offset from the arrival. The list has at least one entry, the first token's."""
        draw = random.Random(f"latency:{seed}:{number}")
        offset_s = self._ttft_ms(draw, fresh, cached) / 1000
        rate = self.tokens_per_s
        if rate is None:
            rate = _WAITS[self.model].tokens_per_s if self.model in _WAITS else 0.0
        offsets = [offset_s]
        for _ in range(tokens - 1):
            if rate > 0:
                offset_s += draw.uniform(1 - _JITTER, 1 + _JITTER) / rate
            offsets.append(offset_s)
        return offsets

    def _ttft_ms(self, draw: random.Random, fresh: int, cached: int) -> float:
        if self.ttft_ms is not None:
            return self.ttft_ms
        waits = _WAITS.get(self.model)
        if waits is None:
            return 0.0
        drawn = draw.lognormvariate(math.log(waits.median_ms), waits.sigma)
        return drawn + _PREFILL_FRESH_MS * fresh + _PREFILL_CACHED_MS * cached
