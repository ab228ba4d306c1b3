"""Streams that are reported twice: our estimate when one was closed early, and the provider's count when that is known.

And sums of what streams have cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.outcome.outcome import Spent, Usage

if TYPE_CHECKING:
    from typethrough.core.outcome.outcome import StreamRecord

# A provider's count comes within a minute or so; until then there are not so many streams.
_REMEMBERED = 1_000


class Reported:
    """The streams of one process that have been reported, as they were reported last and at what time first; bounded."""

    def __init__(self) -> None:
        self._streams: dict[str, tuple[str, StreamRecord]] = {}

    def note(self, at: str, stream: StreamRecord) -> tuple[str, StreamRecord | None]:
        """Take a report; the time that the stream is booked for, and the report that this one takes the place of."""
        first_at, before = self._streams.pop(stream.id, (at, None))
        self._streams[stream.id] = (first_at, stream)
        if len(self._streams) > _REMEMBERED:
            del self._streams[next(iter(self._streams))]
        return first_at, before


def added(one: Spent, other: Spent, sign: int = 1) -> Spent:
    """Two sums together, or, with `sign` -1, one without the other."""
    usage = Usage(
        one.usage.prompt_tokens + sign * other.usage.prompt_tokens,
        one.usage.cached_tokens + sign * other.usage.cached_tokens,
        one.usage.output_tokens + sign * other.usage.output_tokens,
    )
    return Spent(usage, one.dollars + sign * other.dollars)


def cost_of(stream: StreamRecord | None) -> Spent:
    """What a stream has cost; nothing for none."""
    return Spent(stream.usage, stream.dollars) if stream is not None else Spent()
