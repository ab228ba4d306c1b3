"""The local lane at work: indexing gives way to whoever asks for something meanwhile."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.support.permits import tell
from typethrough.core.document.document import Document, Position, snapshot_of
from typethrough.core.document.view import View
from typethrough.engine import local_lane
from typethrough.engine.libraries import Libraries
from typethrough.engine.local_lane import LocalLane
from typethrough.engine.workspace import LocalDisk
from typethrough.local.index import LocalIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

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


_BEGUN = "import shlex\n\n\ndef run(text):\n    return shlex.quo"


def _typed(lane: LocalLane, document: Document, text: str) -> list[str]:
    """What the lane proposes at the end of a document once a text was typed there."""
    for character in text:
        end = document.snapshot.clamp(Position(10_000, 10_000))
        lane.edited(document.uri, document.replace(end, end, character), document.snapshot)
    end = document.snapshot.clamp(Position(10_000, 10_000))
    view = View.at(document.snapshot, end, uri=document.uri, language_id="python")
    return [guess.text for guess in lane.guesses(view)]


def test_what_an_import_brings_is_known_once_it_is_written_and_until_the_document_is_forgotten() -> None:
    async def scenario() -> None:
        lane = LocalLane(libraries=Libraries(LocalDisk(lambda: 0.0), lambda _uri: None))
        permit = tell("new.py")
        document = Document(permit.uri, "python", 1, "")
        lane.opened(permit, document.snapshot)
        assert _typed(lane, document, _BEGUN) == []
        await lane.idle()
        assert _typed(lane, document, "t") == ["e("]
        lane.forget(permit.uri)
        await lane.idle()
        assert _typed(lane, document, "") == []

    asyncio.run(scenario())


def test_of_a_document_that_was_closed_meanwhile_no_imports_are_known() -> None:
    async def scenario() -> None:
        lane = LocalLane(libraries=Libraries(LocalDisk(lambda: 0.0), lambda _uri: None))
        permit = tell("new.py")
        document = Document(permit.uri, "python", 1, _BEGUN)
        lane.opened(permit, document.snapshot)
        lane.closed(permit.uri)
        await lane.idle()
        assert not lane._imported

    asyncio.run(scenario())


def test_a_document_too_long_to_be_indexed_is_followed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_lane, "_INDEXED_CHARS", 50)

    async def scenario() -> None:
        lane, document = LocalLane(), Document("file:///project/a.py", "python", 1, "value = 1\n" * 6)
        lane.opened(tell("a.py"), document.snapshot)
        edit = document.replace(Position(0, 0), Position(0, 0), "x")
        lane.edited(document.uri, edit, document.snapshot)
        await lane.idle()
        assert lane._index.entries == 0
        lane.closed(document.uri)

    asyncio.run(scenario())
