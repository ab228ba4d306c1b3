"""Which documents the engine remembers, by the gate's permits, and what happens when the gate's answer changes.

Changes of settings, switches, folders and ignore files come in here. Before a call returns, everything that is no longer
permitted is forgotten, and its streams are closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core import remembered
from typethrough.core.gate.rules import is_ignore_file
from typethrough.core.outcome.causes import StreamEnd
from typethrough.core.prompt.layout import PromptState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typethrough.core.gate.gate import Gate
    from typethrough.core.gate.rules import Folder
    from typethrough.core.outcome.causes import Refusal
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.answers import Answers
    from typethrough.engine.files import Files
    from typethrough.engine.local_lane import LocalLane
    from typethrough.engine.open_document import OpenDocument
    from typethrough.engine.ports import Clock
    from typethrough.engine.surroundings import Surroundings


class Admission:
    """Applies the gate to the open documents and the workspace's files."""

    def __init__(
        self,
        gate: Gate,
        documents: Mapping[str, OpenDocument],
        answers: Answers,
        files: Files,
        surroundings: Surroundings,
        local: LocalLane,
        clock: Clock,
    ) -> None:
        self._gate = gate
        self._documents = documents
        self._answers = answers
        self._files = files
        self._surroundings = surroundings
        self._local = local
        self._clock = clock

    def use(self, settings: Settings) -> None:
        """Take over new settings. All streams are closed, because they began under the old settings."""
        self._gate.use(settings)
        waiting = [*self._review(), *self._close_streams()]
        self._ask_again(waiting)

    def use_folders(self, folders: Sequence[Folder]) -> None:
        """Take over the workspace's new folders. Files get other names, and are read again."""
        self._gate.use_folders(folders)
        self._surroundings.use_folders()
        self._ask_again(self._review())
        self._files.read_again()

    def files_changed(self, uris: Sequence[str]) -> None:
        """Files, or whole folders, were added or changed on disk."""
        self._disk_changed(uris, has_moved=self._gate.folders_changed(uris))
        self._files.changed(uris)

    def files_gone(self, uris: Sequence[str]) -> None:
        """Files, or whole folders, were removed from disk. What an editor has open stays."""
        has_moved = self._gate.folders_changed(uris)
        self._files.gone(uris)
        self._disk_changed(uris, has_moved=has_moved)

    def _disk_changed(self, uris: Sequence[str], *, has_moved: bool) -> None:
        """`has_moved`: folders that may contain ignore files were added or removed."""
        with_ignore_files = any(map(is_ignore_file, uris))
        if with_ignore_files:
            self._gate.ignore_files_changed()
        if with_ignore_files or has_moved:
            self._ask_again(self._review())
        if with_ignore_files:
            self._files.read_again()

    def switched(self) -> None:
        """A switch was changed. Where suggestions are now off, waiting requests and running streams end."""
        for uri, document in self._documents.items():
            if refusal := self.refusal(uri):
                is_kept = self._gate.may_keep(uri) is not None
                end = StreamEnd.SWITCHED_OFF if is_kept else StreamEnd.NOT_PERMITTED
                document.hide()
                self._answers.stop(document, end, refusal)

    def refusal(self, uri: str) -> Refusal | None:
        """Why there are no suggestions in a document, or None. With an empty `uri`: why there are none anywhere."""
        document = self._documents.get(uri)
        language_id = document.document.language_id if document is not None else ""
        return self._gate.refusal(uri, language_id, self._clock.now())

    def opened(self, document: OpenDocument) -> None:
        """A document was opened. Its file is checked again, because it may have become a link."""
        self._files.forget(self._gate.review((document.uri,)))
        self._admit(document)

    def _review(self) -> list[OpenDocument]:
        """Ask the gate again about everything, and forget what is no longer permitted.

        That is the local index, the codebase, excerpts, frozen prompts, edit logs, sent prompts, cached answers, and whatever
        was computed from a text. Returns the documents whose waiting request lost its stream.
        """
        ended = self._gate.review()
        self.switched()
        waiting: list[OpenDocument] = []
        if ended:
            # A stream of another document may contain text that is no longer permitted, and may not have been sent yet.
            waiting = self._close_streams()
            self._answers.forget()
            self._files.forget(ended)
            remembered.forget()
        for uri, document in self._documents.items():
            if self._gate.may_keep(uri) is not document.permit:
                self._admit(document)
        return waiting

    def _close_streams(self) -> list[OpenDocument]:
        """Close all streams. Returns the documents whose waiting request lost its stream."""
        documents, end = list(self._documents.values()), StreamEnd.SETTINGS_CHANGED
        return [document for document in documents if self._answers.stop(document, end, None)]

    def _ask_again(self, waiting: Sequence[OpenDocument]) -> None:
        for document in waiting:
            self._answers.ask_again(document)

    def _admit(self, document: OpenDocument) -> None:
        """Remember a document from now on. Without a permit, forget all of it."""
        uri, permit = document.uri, self._gate.may_keep(document.uri)
        self._surroundings.closed(uri)
        if permit is None:
            document.admit(None)
            return
        language_id, snapshot = document.document.language_id, document.document.snapshot
        folder = self._gate.folder_of(uri) or next(iter(self._gate.folders), None)
        codebase = self._surroundings.codebase_for(uri)
        prompt = PromptState(permit, language_id, folder.name if folder else "", codebase)
        document.admit(prompt)
        self._local.opened(permit, snapshot)
        self._surroundings.opened(permit, language_id, snapshot, prompt)
