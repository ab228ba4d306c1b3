"""The local lane at work: keeps the index up with open documents and workspace files, in slices, off the keystroke path."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from typethrough.local.index import LocalIndex
from typethrough.local.predictor import predict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from typethrough.core.document.document import Edit, Snapshot
    from typethrough.core.document.view import View
    from typethrough.core.gate.gate import KeepPermit, TellPermit
    from typethrough.local.predictor import Guess

_TURNS = 8


class LocalLane:
    """Guesses from text the user has: open documents as they are now, and what was read of the workspace."""

    def __init__(self, index: LocalIndex | None = None) -> None:
        self._index = index or LocalIndex()
        self._open: set[str] = set()
        self._work: deque[Iterator[None]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None

    def opened(self, permit: KeepPermit, snapshot: Snapshot) -> None:
        """A document was opened; the first slice is indexed at once, so that edits from now on are noted."""
        uri = permit.uri
        permit.check(uri)
        self._open.add(uri)
        slices = self._index.indexing(uri, snapshot.text(), is_open=True, is_private=permit.is_private)
        if next(slices, self) is not self:
            self._later(slices)

    def edited(self, uri: str, edit: Edit, after: Snapshot) -> None:
        """An open document was edited; costs what the edit holds, not what the document holds."""
        if uri in self._open:
            lines = after.lines(edit.first_line, edit.first_line + edit.inserted_lines)
            self._index.replace_lines(uri, edit.first_line, edit.removed_lines, lines)

    def closed(self, uri: str) -> None:
        """A document was closed; what it held stays known until the index needs the room."""
        self._open.discard(uri)
        self._index.set_open(uri, is_open=False)

    def forget(self, uri: str) -> None:
        """What a document or a file holds is proposed no more, from now on."""
        self._open.discard(uri)
        self._later(self._index.removing(uri))

    def guesses(self, view: View) -> list[Guess]:
        """What may follow the cursor, and how likely each of it is right. Takes well under a millisecond."""
        return predict(self._index, view)

    def read(self, files: AsyncIterator[tuple[TellPermit, str]]) -> None:
        """Index the texts of files in the background; replaces a reading that is under way."""
        if self._reader is not None:
            self._reader.cancel()
        self._reader = asyncio.ensure_future(self._read(files))

    async def idle(self) -> None:
        """Wait until everything known of by now is indexed."""
        while self._busy(self._reader) or self._busy(self._worker):
            await asyncio.gather(
                *(task for task in (self._reader, self._worker) if task is not None), return_exceptions=True
            )

    def stop(self) -> None:
        """Stop working in the background."""
        for task in (self._reader, self._worker):
            if task is not None:
                task.cancel()
        self._work.clear()

    async def _read(self, files: AsyncIterator[tuple[TellPermit, str]]) -> None:
        async for permit, text in files:
            await self.take(permit, text)

    async def take(self, permit: KeepPermit, text: str) -> None:
        """Index one file, unless it is open: then its document says what it holds."""
        uri = permit.uri
        if uri in self._open or permit.is_void:
            return
        for _ in self._index.indexing(uri, text, is_private=permit.is_private):
            await _give_way()
            if uri in self._open or permit.is_void:
                return

    def _later(self, slices: Iterator[None]) -> None:
        self._work.append(slices)
        if not self._busy(self._worker):
            self._worker = asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        while self._work:
            if next(self._work[0], self) is self:
                self._work.popleft()
            await _give_way()

    @staticmethod
    def _busy(task: asyncio.Task[None] | None) -> bool:
        return task is not None and not task.done()


async def _give_way() -> None:
    """Let a few turns of the loop pass. A request takes some six of them, and a slice of indexing is as long as all of it."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
