"""How long models take until their first text. Pure: the waits are passed in."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# With fewer waits, the 95th percentile would be only the longest of them.
ENOUGH_WAITS = 20
# Assumed waits of a model, which count besides its own until this many are known.
_PRIOR_MS = (250.0, 400.0, 700.0)
_KNOWN_WAITS = 9
# The time from the first text to the end of its line: some ten tokens at 150 a second.
_LINE_MS = 70.0
_LIKELY = (0.1, 0.3, 0.5, 0.7, 0.9)


class Waits:
    """The last waits for a first text, in milliseconds. A wait that was given up counts as longer than its time.

    If those were left out, each hedge that wins and each key that closes a stream would remove a long wait from the figures.
    The estimate is Kaplan's and Meier's (doi.org/10.1080/01621459.1958.10501452).
    """

    __slots__ = ("_likely_ms", "_waits")

    def __init__(self, samples: int = 100) -> None:
        self._waits: deque[tuple[float, bool]] = deque(maxlen=samples)
        self._likely_ms: tuple[float, ...] = ()

    def note(self, waited_ms: float, *, spoke: bool) -> None:
        """The first text came after `waited_ms`. With `spoke` False, the wait was given up then."""
        self._waits.append((waited_ms, not spoke))
        self._likely_ms = ()

    def percentile_ms(self, share: float) -> float | None:
        """The wait that is not exceeded in `share` of all cases. None while too few are known."""
        if sum(not given_up for _, given_up in self._waits) < ENOUGH_WAITS:
            return None
        return _percentiles(self._waits, (share,))[0]

    def likely_ms(self) -> tuple[float, ...]:
        """Five equally likely waits for a text of one line, ascending."""
        if not self._likely_ms:
            priors = _PRIOR_MS if len(self._waits) < _KNOWN_WAITS else ()
            waits = [*self._waits, *((wait_ms, False) for wait_ms in priors)]
            self._likely_ms = tuple(wait_ms + _LINE_MS for wait_ms in _percentiles(waits, _LIKELY))
        return self._likely_ms

    def median_ms(self, default_ms: float = 400.0) -> float:
        """The median, or `default_ms` if nothing was measured yet."""
        return _percentiles(self._waits, (0.5,))[0] if self._waits else default_ms


def _percentiles(waits: Iterable[tuple[float, bool]], shares: Sequence[float]) -> list[float]:
    """The waits at these quantiles, given in ascending order. The longest wait where a quantile is unknown."""
    ordered = sorted(waits)
    found: list[float] = []
    longer = 1.0
    for index, (waited_ms, given_up) in enumerate(ordered):
        if not given_up:
            longer *= 1 - 1 / (len(ordered) - index)
            while len(found) < len(shares) and longer <= 1 - shares[len(found)] + 1e-9:
                found.append(waited_ms)
    return found + [ordered[-1][0]] * (len(shares) - len(found))
