"""Whether asking ahead pays: prefetches cost a request each, and only some are ever looked at."""

from __future__ import annotations

# Below this share of prefetches that were shown, most of them are waste.
_WORTH_SHARE = 0.3
# Then one in so many goes out all the same, to notice when it begins to pay again.
_PROBE_EVERY = 5
_WEIGHT = 0.4


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
