"""Runs the local lane: keeps the index up to date with open documents and workspace files, in slices between keystrokes."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import TYPE_CHECKING

from typethrough.core.document.uris import language_of
from typethrough.engine.loop import Background
from typethrough.local.index import LocalIndex
from typethrough.local.predictor import predict
from typethrough.local.scene import Scene

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from typethrough.core.document.document import Edit, Snapshot
    from typethrough.core.document.view import View
    from typethrough.core.gate.gate import KeepPermit, TellPermit
    from typethrough.engine.libraries import Libraries
    from typethrough.local.imported import Imported
    from typethrough.local.predictor import Guess

_TURNS = 8
# A longer document is data, not code. Indexing it would take seconds, and as much memory as a whole workspace.
_INDEXED_CHARS = 2_000_000
# Imports stand near the top of a file.
_HEAD_LINES = 400
_IMPORTS = re.compile(r"\b(?:import|require|from)\b")


class LocalLane:
    """Suggests from the user's own text: open documents as they are now, and what was read of the workspace."""

    def __init__(self, index: LocalIndex | None = None, libraries: Libraries | None = None) -> None:
        self._index = index or LocalIndex()
        self._libraries = libraries
        self._imported: dict[str, Imported] = {}
        self._scenes: dict[str, Scene] = {}
        # Documents whose imports have changed since they were read.
        self._changed_imports: set[str] = set()
        self._looking = Background()
        self._indexing = Background()
        self._open: dict[str, KeepPermit] = {}
        self._work: deque[Iterator[None]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None

    def opened(self, permit: KeepPermit, snapshot: Snapshot) -> None:
        """A document was opened. Its first slice is indexed at once, so that edits can be followed from now on."""
        uri = permit.uri
        permit.check(uri)
        self._open[uri] = permit
        if snapshot.char_count <= _INDEXED_CHARS:
            slices = self._index.indexing(uri, snapshot.text(), is_open=True, is_private=permit.is_private)
            if next(slices, self) is not self:
                self._later(slices)
        self._look_at_imports(permit, snapshot)

    def edited(self, uri: str, edit: Edit, after: Snapshot) -> None:
        """An open document was edited. The cost depends on the edit, not on the document's size."""
        if uri in self._open:
            lines = after.lines(edit.first_line, edit.first_line + edit.inserted_lines)
            self._index.replace_lines(uri, edit.first_line, edit.removed_lines, lines)
            if edit.first_line < _HEAD_LINES and any(map(_IMPORTS.search, lines[:_HEAD_LINES])):
                self._changed_imports.add(uri)
            elif uri in self._changed_imports:
                # Read imports when the user has left the import line. Half a name could be that of another library.
                self._look_at_imports(self._open[uri], after)

    def _look_at_imports(self, permit: KeepPermit, snapshot: Snapshot) -> None:
        self._changed_imports.discard(permit.uri)
        if self._libraries is not None:
            self._looking.start(self._look(self._libraries, permit, snapshot))

    async def _look(self, libraries: Libraries, permit: KeepPermit, snapshot: Snapshot) -> None:
        head = "\n".join(snapshot.lines(0, _HEAD_LINES))
        found = await libraries.imported(permit.uri, language_of(permit.uri), head)
        if self._open.get(permit.uri) is permit and not permit.is_void:
            if found is None:
                self._imported.pop(permit.uri, None)
            else:
                self._imported[permit.uri] = found

    def closed(self, uri: str) -> None:
        """A document was closed. Its text stays in the index until the room is needed."""
        self._leave(uri)
        self._index.set_open(uri, is_open=False)

    def _leave(self, uri: str) -> None:
        self._open.pop(uri, None)
        self._imported.pop(uri, None)
        self._scenes.pop(uri, None)
        self._changed_imports.discard(uri)

    def forget(self, uri: str) -> None:
        """Suggest nothing more from a document's or file's text."""
        self._leave(uri)
        self._later(self._index.removing(uri))

    def guesses(self, view: View) -> list[Guess]:
        """What may follow at the cursor, each with the probability that it is right. Takes well under a millisecond."""
        uri = view.uri
        scene = Scene.of(view, self._scenes.get(uri))
        if uri in self._open:
            self._scenes[uri] = scene
        return predict(self._index, view, self._imported.get(uri), scene)

    def read(self, files: AsyncIterator[tuple[TellPermit, str]]) -> None:
        """Index these files in the background. It replaces a reading that is still running."""
        if self._reader is not None:
            self._reader.cancel()
        self._reader = self._indexing.start(self._read(files))

    async def idle(self) -> None:
        """Wait until everything that is known now is indexed."""
        await self._looking.idle()
        await self._indexing.idle()

    def stop(self) -> None:
        """Stop background work."""
        self._indexing.stop()
        self._looking.stop()
        self._work.clear()

    async def _read(self, files: AsyncIterator[tuple[TellPermit, str]]) -> None:
        async for permit, text in files:
            await self.take(permit, text)

    async def take(self, permit: KeepPermit, text: str) -> None:
        """Index one file, unless it is open: then the open document counts."""
        uri = permit.uri
        if uri in self._open or permit.is_void:
            return
        for _ in self._index.indexing(uri, text, is_private=permit.is_private):
            await _give_way()
            if uri in self._open or permit.is_void:
                return

    def _later(self, slices: Iterator[None]) -> None:
        self._work.append(slices)
        if self._worker is None or self._worker.done():
            self._worker = self._indexing.start(self._drain())

    async def _drain(self) -> None:
        while self._work:
            if next(self._work[0], self) is self:
                self._work.popleft()
            await _give_way()


async def _give_way() -> None:
    """Let a few turns of the loop pass. A request needs about six, and one slice of indexing takes as long as a request."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
