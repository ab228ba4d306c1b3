"""When to ask a model. A question is a bet on the next keys: ask when the expected gain is larger than the expected waste.

A text is shown if it arrives before the next key and in time, or if it still fits what was typed meanwhile. Else the
question was wasted. How soon the next key comes, and how often a text fits, depends on the spot: inside a word people
type on, after a statement they pause. Both are learned from this user and these models, starting with a prior for each
spot.

Pure: times, waits and dollars are passed in. Milliseconds count from the last key.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from typethrough.core.asking.hand import EDGES_MS, Spot

if TYPE_CHECKING:
    from collections.abc import Sequence

# Values relative to a text that is shown while the user pauses. The first: a text shown while the user types on, of which people
# accept one in three. The second: the cost of a wasted question (the stake). A smaller stake shows more and wastes more: in 48
# sessions of the tuning group, 0.45, 0.3 and 0.15 wasted 32, 39 and 48 % of the questions. They had text on the screen at 65,
# 68 and 70 % of the keys, and at the end of 93, 95 and 95 % of the pauses. In real time 0.45 and 0.3 missed a quarter and
# a fifth of the pauses.
_WORTH_RUNNING = 0.35
_STAKE = 0.25
# Each text that went wrong on a line multiplies the chance that the next one fits there by this. Of 770 texts, 91, 70, 58 and
# 50 % fitted after none, one, two and three wrong ones.
_AGAIN = 0.8
# A shown text is usually right, and then saves about ten keys of 150 ms. This is the value of that time at 60 dollars an hour.
_WORTH_DOLLARS = 0.02

# The prior counts as much as this many observed gaps, and always stays. An observed gap counts half after this many newer
# ones.
_PRIOR_GAPS = 20.0
_HALF_LIFE_GAPS = 45.0
# Each text moves the estimate for its spot by this share. Each key moves it back to the prior by the second share.
_LEARNING = 0.2
_FORGETTING = 0.01
# How acceptances and dismissals change the worth of all texts: the rate, and the bound.
_TAKEN, _SENT_AWAY = (0.1, 1.2), (0.2, 0.1)
# A computed wait is reused for this many keys. It hardly changes meanwhile, and computing it takes 30 microseconds.
_KEYS_BETWEEN = 16


class Odds(NamedTuple):
    """What a bet is made on.

    `waits_ms`: equally likely waits for a text, ascending. `deadline_ms`: when the request ends. `from_ms`: how much time has
    passed. `min_ms` and `max_ms`: bounds of a wait from the settings. `dollars`: the price of a question. `strays`: how many
    texts have already gone wrong on the line.
    """

    waits_ms: tuple[float, ...]
    deadline_ms: float
    from_ms: float
    min_ms: float
    max_ms: float
    dollars: float = 0.0
    strays: int = 0


class Gaps(NamedTuple):
    """For each of `EDGES_MS`: the share of gaps at least that long, and the share of those that end with a deletion."""

    longer: tuple[float, ...]
    deletions: tuple[float, ...]


class _Learnt:
    """What was learned about one spot."""

    __slots__ = ("_deletions", "_ends", "_gaps", "_prior", "_weight", "bets", "fits", "keys", "rests")

    def __init__(self, spot: Spot) -> None:
        prior = spot.value
        shares = zip(prior.longer, (*prior.longer[1:], 0), strict=True)
        ended = [(longer - next_longer) * _PRIOR_GAPS / 100 for longer, next_longer in shares]
        # For each bin, the gaps in it, and those that ended with a deletion. The last bin of a prior is never empty.
        self._prior = [(ends, ends * share / 100) for ends, share in zip(ended, prior.deletions, strict=True)]
        self._ends = [0.0] * len(EDGES_MS)
        self._deletions = [0.0] * len(EDGES_MS)
        self._weight = 1.0
        self._gaps: Gaps | None = None
        self.fits, self.rests = prior.fits / 100, prior.rests / 100
        self.bets: dict[Odds, float] = {}
        self.keys = 0

    def note_gap(self, gap_ms: float, *, deleted: bool) -> None:
        # Newer gaps get a larger weight, which has the same effect as a smaller weight for older ones.
        self._weight *= 2 ** (1 / _HALF_LIFE_GAPS)
        index = bisect_right(EDGES_MS, max(0.0, gap_ms)) - 1
        self._ends[index] += self._weight
        self._deletions[index] += self._weight * deleted
        self._gaps = None
        if self._weight > 1e6:
            self._ends = [ends / self._weight for ends in self._ends]
            self._deletions = [deletions / self._weight for deletions in self._deletions]
            self._weight = 1.0

    def gaps(self) -> Gaps:
        if self._gaps is None:
            left = gone = 0.0
            found: list[tuple[float, float]] = []
            noted = zip(self._prior, self._ends, self._deletions, strict=True)
            for (prior_ends, prior_deletions), ends, deletions in reversed(list(noted)):
                left += prior_ends + ends / self._weight
                gone += prior_deletions + deletions / self._weight
                found.append((left, gone / left))
            found.reverse()
            self._gaps = Gaps(tuple(longer / left for longer, _ in found), tuple(share for _, share in found))
        return self._gaps


class Habits:
    """What was learned about one user's typing and about how the models' texts fit it. For all documents together."""

    def __init__(self) -> None:
        self._learnt = {spot: _Learnt(spot) for spot in Spot}
        self._liking = 1.0

    def note_gap(self, spot: Spot, gap_ms: float, *, deleted: bool) -> None:
        """The next key after a spot has come. `deleted`: it was a deletion."""
        learnt, prior = self._learnt[spot], spot.value
        learnt.note_gap(gap_ms, deleted=deleted)
        # Move back towards the prior, so that a spot where texts failed is tried again some time.
        learnt.fits += _FORGETTING * (prior.fits / 100 - learnt.fits)
        learnt.rests += _FORGETTING * (prior.rests / 100 - learnt.rests)
        self._liking += _FORGETTING * (1.0 - self._liking)
        learnt.keys += 1
        if learnt.keys % _KEYS_BETWEEN == 0:
            learnt.bets.clear()

    def note_text(self, spot: Spot, *, typed: bool, shown: bool, strays: int = 0) -> None:
        """A text asked for at a spot was shown, or was wasted. `typed`: keys came before its first word. `strays`: see `Odds`."""
        learnt = self._learnt[spot]
        if typed:
            learnt.fits = min(1.0, learnt.fits + _LEARNING * (shown - learnt.fits * _AGAIN**strays))
        else:
            learnt.rests += _LEARNING * (shown - learnt.rests)
        learnt.bets.clear()

    def note_taken(self, *, taken: bool) -> None:
        """A suggestion was accepted (`taken`), or dismissed."""
        rate, bound = _TAKEN if taken else _SENT_AWAY
        self._liking += rate * (bound - self._liking)
        for learnt in self._learnt.values():
            learnt.bets.clear()

    def fits(self, spot: Spot) -> float:
        """The share of texts that fit what was typed before they came."""
        return self._learnt[spot].fits

    def rests(self, spot: Spot) -> float:
        """Of the texts that came before the next key, the share with something to show."""
        return self._learnt[spot].rests

    def gaps(self, spot: Spot) -> Gaps:
        """How long the next key takes after this spot."""
        return self._learnt[spot].gaps()

    def wait_ms(self, spot: Spot, odds: Odds) -> float:
        """How long after the last key to ask a model."""
        bets = self._learnt[spot].bets
        wait_ms = bets.get(odds)
        if wait_ms is None:
            bets[odds] = wait_ms = self._best_wait_ms(spot, odds)
        return wait_ms

    def _best_wait_ms(self, spot: Spot, odds: Odds) -> float:
        """The wait with the best prospect. If none is worth it, the longest wait after which a text can still be in time."""
        latest_ms = max(0.0, min(odds.max_ms, odds.deadline_ms - odds.waits_ms[0]))
        best_ms, best = latest_ms, 0.0
        soonest_ms = max(odds.min_ms, odds.from_ms)
        # Within a bin the shares are interpolated linearly, so the best wait is probably at one of its ends.
        for at_ms in (soonest_ms, *(edge_ms for edge_ms in EDGES_MS if soonest_ms < edge_ms)):
            if at_ms > latest_ms:
                break
            prospect = self._prospect(spot, odds, at_ms)
            if prospect > best:
                best_ms, best = at_ms, prospect
        return best_ms

    def _prospect(self, spot: Spot, odds: Odds, at_ms: float) -> float:
        """The expected gain of asking at a time: worth of the text minus the stake, if no key has come until then."""
        learnt = self._learnt[spot]
        gaps = learnt.gaps()
        waiting = between(gaps.longer, at_ms)
        if waiting <= 0.0:
            return 0.0
        in_time = (at_ms + wait_ms for wait_ms in odds.waits_ms if at_ms + wait_ms <= odds.deadline_ms)
        rests = sum(between(gaps.longer, ms) for ms in in_time) / (len(odds.waits_ms) * waiting)
        # The longer no key comes inside a word, the more likely the next key is a deletion.
        kept = (1 - between(gaps.deletions, at_ms)) / (1 - gaps.deletions[0])
        fits = learnt.fits * _AGAIN**odds.strays * min(1.0, kept)
        shown_resting, shown_running = rests * learnt.rests, (1 - rests) * fits
        worth = self._liking * (shown_resting + shown_running * _WORTH_RUNNING)
        stake = _STAKE + odds.dollars / _WORTH_DOLLARS
        return waiting * (worth - stake * (1 - shown_resting - shown_running))


def between(shares: Sequence[float], ms: float) -> float:
    """The share at a time, interpolated linearly between the edges around it."""
    index = bisect_right(EDGES_MS, ms) - 1
    if index + 1 >= len(EDGES_MS):
        return shares[-1]
    low_ms, high_ms = EDGES_MS[index], EDGES_MS[index + 1]
    return shares[index] + (shares[index + 1] - shares[index]) * (ms - low_ms) / (high_ms - low_ms)
