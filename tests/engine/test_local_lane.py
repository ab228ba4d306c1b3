"""The local lane at work: indexing gives way to whoever asks for something meanwhile."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.support.permits import tell
from typethrough.core.document.document import snapshot_of
from typethrough.engine.local_lane import LocalLane
from typethrough.local.index import LocalIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TURNS_OF_A_REQUEST = 6


class _Watched(LocalIndex):
    """An index that tells of each slice of its work."""

    def __init__(self, on_slice: Callable[[], None]) -> None:
        super().__init__()
        self._on_slice = on_slice

    def indexing(self, *args: object, **more: object) -> Iterator[None]:  # type: ignore[override]
        for _ in range(4):
            self._on_slice()
            yield


def test_a_request_meets_one_slice_of_indexing_at_most() -> None:
    async def scenario() -> None:
        turn, slices = 0, list[int]()
        lane = LocalLane(_Watched(lambda: slices.append(turn)))

        async def count() -> None:
            nonlocal turn
            while True:
                turn += 1
                await asyncio.sleep(0)

        counting = asyncio.ensure_future(count())
        lane.opened(tell("open.py"), snapshot_of("a = 1\n"))
        await lane.idle()
        counting.cancel()
        assert len(slices) == 4
        assert all(later - earlier >= _TURNS_OF_A_REQUEST for earlier, later in pairwise(slices[1:]))

    asyncio.run(scenario())
