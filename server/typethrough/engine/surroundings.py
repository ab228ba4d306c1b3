"""What prompts contain of other files. It is gathered in the background, and ready when a file is frozen.

Each file that is read for the local lane passes through here, and its outline is kept. Each open document is read again
when its edits pause. Reading and parsing run in a thread, so no keystroke waits for them. Without a model none of it is
done.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from typethrough.core.codebase.choice import choose
from typethrough.core.codebase.codebase import Codebase, digest
from typethrough.core.document.uris import language_of
from typethrough.core.gate.gate import TellPermit
from typethrough.core.prompt.related import Excerpt, render
from typethrough.core.secrets.detector import redacted
from typethrough.engine.loop import Background, fault_of
from typethrough.engine.neighbours import READ_CHARS, Neighbour, just_edited, read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from typethrough.core.codebase.codebase import Digest
    from typethrough.core.document.document import Edit, Snapshot
    from typethrough.core.gate.gate import Gate, KeepPermit, Permit
    from typethrough.core.prompt.layout import PromptState
    from typethrough.engine.ports import Clock

logger = logging.getLogger(__name__)
# A document is read again this long after its last edit.
_QUIET_S = 2.0
# A file that takes longer to parse was made to do so. Its indentation is used instead.
_PARSE_S = 0.5
_NOTES = ("AGENTS.md", "CLAUDE.md", "README.md", "README.rst", "README.txt", "README")
_NOTES_CHARS = 2_000


class Surroundings:
    """The codebase of one workspace, and for each open document the part of it that its prompt contains.

    `context_chars` returns how much a prompt may hold now. `on_ready` is called with a document's URI when its part is ready.
    """

    def __init__(
        self, clock: Clock, gate: Gate, context_chars: Callable[[], int], on_ready: Callable[[str], None]
    ) -> None:
        self._on_ready = on_ready
        self._with_others = True
        self._with_notes = False
        self._clock = clock
        self._gate = gate
        self.codebase = Codebase(_root_name(gate))
        self._context_chars = context_chars
        self._documents: dict[str, Neighbour] = {}
        # The last used document is last.
        self._recent: dict[str, None] = {}
        self._notes: dict[str, Excerpt] = {}
        # Counts how often something was forgotten. Work that began before may still contain it.
        self._forgettings = 0
        self._reading: object | None = None
        self.has_passed_over = False
        # Faults that were logged, so that each is logged once for all files.
        self._faults: set[str] = set()
        self._changing = asyncio.Lock()
        self.background = Background()

    def use(self, *, others: bool, notes: bool) -> None:
        """Set whether other files and the project's notes may be used in prompts. What may not is forgotten at once."""
        if self._with_others and not others:
            self._forget()
            self.background.start(self._clear())
        self._with_others, self._with_notes = others, notes

    async def _clear(self) -> None:
        # A thread may be choosing from it at this moment.
        async with self._changing:
            if not self._with_others:
                self.codebase.clear()
                self._forget()

    def _forget(self) -> None:
        self._forgettings += 1
        for document in self._documents.values():
            document.prompt.forget()

    def use_folders(self) -> None:
        """The workspace has other folders, so files have other names. Forget everything; it will be read again."""
        self.codebase = Codebase(_root_name(self._gate))
        self._notes.clear()
        self._recent.clear()
        self._forget()

    def revoke(self, ended: Sequence[Permit]) -> None:
        """Forget what these permits were for. Nothing of it is used in prompts from now on, whatever a thread is doing."""
        if not ended:
            return
        for permit in ended:
            self._recent.pop(permit.name, None)
            self._notes.pop(permit.name, None)
        self._forget()
        self.background.start(
            self._discard([permit.name for permit in ended if isinstance(permit, TellPermit)])
        )

    async def _discard(self, names: Sequence[str]) -> None:
        async with self._changing:
            for name in names:
                if self.codebase.get(name) is None:
                    self.codebase.discard(name)
        if self._reading is None:
            await self._all_read()

    def codebase_for(self, uri: str) -> Codebase:
        """The codebase for a document's prompts. For a document outside the workspace it is empty."""
        return self.codebase if self._gate.folder_of(uri) is not None else Codebase()

    def opened(self, permit: KeepPermit, language_id: str, snapshot: Snapshot, prompt: PromptState) -> None:
        """A document was opened."""
        permit.check(permit.uri)
        document = Neighbour(permit, language_id, snapshot, prompt)
        self._documents[permit.uri] = document
        self._touch(document)
        self.background.start(self._look(document))

    def edited(self, uri: str, edit: Edit, after: Snapshot) -> None:
        """An open document was edited. This costs almost nothing."""
        document = self._documents.get(uri)
        if document is None:
            return
        document.snapshot = after
        document.edited_line = edit.new_end.line
        document.edited_s = self._clock.now()
        if document.timer is None:
            self._touch(document)
            self._later(document)

    def closed(self, uri: str) -> None:
        """A document was closed. Its definitions stay known."""
        document = self._documents.pop(uri, None)
        if document is not None and document.timer is not None:
            document.timer.cancel()

    def focused(self, uri: str) -> None:
        """The user has moved to a document."""
        if (document := self._documents.get(uri)) is not None:
            self._touch(document)

    async def passing(
        self, files: AsyncIterator[tuple[TellPermit, str]], *, hand_on: bool = True
    ) -> AsyncIterator[tuple[TellPermit, str]]:
        """Pass the texts of workspace files through, and take note of each. With `hand_on` False none comes out."""
        # A reading that was replaced may end after the next one has begun.
        reading = self._reading = object()
        self.has_passed_over = False
        try:
            async for permit, text in files:
                if self._context_chars() and (self._with_others or self._with_notes):
                    await self.take(permit, text)
                else:
                    self.has_passed_over = True
                if hand_on and not permit.is_void:
                    yield permit, text
        finally:
            if self._reading is reading:
                self._reading = None
        if self._reading is None:
            self.background.start(self._all_read())

    async def take(self, permit: TellPermit, text: str) -> None:
        """Take note of one file, unless it is open: then the open document counts."""
        uri, path = permit.uri, permit.name
        if path in _NOTES:
            # Remove secrets before cutting, because the cut may be in the middle of one.
            self._notes[path] = Excerpt(permit, redacted(text[: 2 * _NOTES_CHARS])[:_NOTES_CHARS])
        if not self._with_others or uri in self._documents or len(text) > READ_CHARS:
            return
        try:
            found = await asyncio.to_thread(digest, path, text, language_of(uri), self._late())
        except Exception as error:
            # A boundary: one file that cannot be read must not stop the others.
            if (fault := fault_of(error)) not in self._faults:
                self._faults.add(fault)
                logger.warning("a file of the workspace is passed over, no others are told of it: %s", fault)
            return
        if uri not in self._documents and self._with_others:
            await self._add(permit, found)

    def _late(self) -> Callable[[], bool]:
        until_s = self._clock.now() + _PARSE_S
        return lambda: self._clock.now() > until_s

    def refresh(self) -> None:
        """There is another model, or the first one. Put the parts for all prompts together again."""
        for document in self._documents.values():
            self.background.start(self._look(document))

    def stop(self) -> None:
        """Stop working in the background."""
        for document in self._documents.values():
            if document.timer is not None:
                document.timer.cancel()
        self.background.stop()

    def _touch(self, document: Neighbour) -> None:
        permit = document.telling
        if permit is None:
            return
        self._recent.pop(permit.name, None)
        self._recent[permit.name] = None
        if len(self._recent) > 50:
            del self._recent[next(iter(self._recent))]

    def _later(self, document: Neighbour) -> None:
        """Read a document once its edits pause. The timer is not moved with each edit, but set again if it fired too early."""

        def due() -> None:
            document.timer = None
            if self._clock.now() < document.edited_s + _QUIET_S:
                self._later(document)
            else:
                self.background.start(self._look(document))

        document.timer = self._clock.call_at(document.edited_s + _QUIET_S, due)

    async def _look(self, document: Neighbour) -> None:
        """Read a document's text, and put the part for its prompt together again."""
        if not self._context_chars():
            return
        snapshot, permit, language_id = document.snapshot, document.permit, document.language_id
        seen = await asyncio.to_thread(read, permit.name, language_id, snapshot, self._late())
        if permit.is_void:
            return
        document.seen = seen
        if self._with_others and (telling := document.telling) is not None:
            await self._add(telling, seen.digest)
        document.prompt.outline = seen.definitions
        if self._reading is None:
            await self._ready(document)

    async def _all_read(self) -> None:
        """All files are read, so the parts for all open documents can be put together."""
        for document in list(self._documents.values()):
            await self._ready(document)

    async def _ready(self, document: Neighbour) -> None:
        uri = document.permit.uri
        if self._gate.folder_of(uri) is not None:
            await self._gather(document)
        if document.seen is not None and self._documents.get(uri) is document:
            self._on_ready(uri)

    async def _gather(self, document: Neighbour) -> None:
        seen, forgettings = document.seen, self._forgettings
        if seen is None or document.permit.is_void:
            return
        room = document.prompt.related_chars(document.snapshot, self._context_chars())
        others = self._documents.values() if self._with_others else ()
        excerpts = just_edited(document, seen, others, self._clock.now())
        if self._with_notes:
            excerpts = [*[self._notes[name] for name in _NOTES if name in self._notes][:1], *excerpts]
        room -= sum(len(one.text) for one in excerpts)
        # A definition that an excerpt shows is not shown again.
        present = seen.lines.union(line.strip() for one in excerpts for line in one.text.split("\n"))
        recent = [path for path in reversed(self._recent) if path != document.permit.name]
        async with self._changing:
            chosen = await asyncio.to_thread(
                choose,
                self.codebase,
                document.permit.name,
                used=seen.used,
                present=present,
                recent=recent,
                max_chars=max(0, room),
            )
        if forgettings != self._forgettings:
            # Something was forgotten meanwhile, and may be in the result.
            await self._gather(document)
            return
        document.prompt.related = render(chosen if self._with_others else (), excerpts)

    async def _add(self, permit: TellPermit, found: Digest) -> None:
        async with self._changing:
            if not permit.is_void:
                self.codebase.add(permit, found)


def _root_name(gate: Gate) -> str:
    """The name of the workspace folder. With several folders it is empty, because each file's name begins with its folder's."""
    return gate.folders[0].name if len(gate.folders) == 1 else ""
