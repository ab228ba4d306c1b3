"""Text synchronisation: applies didOpen, didChange and didClose to the engine's documents, and finds open documents."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from typethrough.core.document.document import Position
from typethrough.lsp.convert import range_in
from typethrough.lsp.fields import InvalidParams, text_of, uri_of, version_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typethrough.core.document.document import Document, Snapshot
    from typethrough.core.outcome.causes import Cause
    from typethrough.engine.engine import Engine
    from typethrough.lsp.convert import Encoding
    from typethrough.lsp.notebooks import Notebooks
    from typethrough.lsp.watching import Watching


logger = logging.getLogger(__name__)
# A longer text is data, not code. Dividing it into lines would delay requests in all documents for seconds.
_MOST_CHARS: Final = 20_000_000


class Opened(NamedTuple):
    """What is open under a client's URI: an engine document, or a part of one (a notebook cell).

    `uri` and `document` are the engine's. `snapshot` and `version` are those of the client's own document, which begins at line
    `first_line` of the engine's. `unwanted` says why nothing is suggested in it. `is_cell`: it is a notebook cell, so its text
    ends where the next cell begins.
    """

    uri: str
    document: Document
    snapshot: Snapshot
    version: int
    first_line: int = 0
    unwanted: Cause | None = None
    is_cell: bool = False

    def place(self, position: Position) -> Position:
        """The position in the engine's document for a position in the client's."""
        return Position(position.line + self.first_line, position.column)


class Documents:
    """All documents that one client has open. For the URIs of notebooks and their cells, only the notebook messages count.

    `watching` is told what was saved and closed, because then the file on the disk counts.
    """

    def __init__(self, engine: Engine, encoding: Encoding, notebooks: Notebooks, watching: Watching) -> None:
        self._engine = engine
        self._encoding = encoding
        self._notebooks = notebooks
        self._watching = watching
        self._unsaved: set[str] = set()
        self._too_long: set[str] = set()

    def find(self, uri: str) -> Opened | None:
        """The document that is open under a URI. None if there is none."""
        if (cell := self._notebooks.find(uri)) is not None:
            return cell
        document = self._engine.document(uri)
        if document is None or self._notebooks.owns(uri):
            return None
        return Opened(uri, document, document.snapshot, document.version)

    def engine_uri(self, uri: str) -> str:
        """The engine's URI for a client's URI. For a cell it is the notebook's."""
        cell = self._notebooks.find(uri)
        return cell.uri if cell is not None else uri

    def did_open(self, params: dict[str, Any]) -> None:
        """The client opened a document. A text that is too long is not kept, and requests in it get no suggestions."""
        item = text_item(params.get("textDocument"))
        if self._notebooks.owns(item.uri):
            return
        self._unsaved.discard(item.uri)
        if self._is_too_long(item.uri, item.text):
            self._engine.close(item.uri)
        else:
            self._engine.open(*item)

    def did_change(self, params: dict[str, Any]) -> None:
        """The client changed a document. Each change refers to the text after the change before it."""
        uri = uri_of(params)
        changes = params.get("contentChanges")
        if not isinstance(changes, list):
            raise InvalidParams("contentChanges must be an array")
        document = self._engine.document(uri)
        if document is None or self._notebooks.owns(uri):
            return
        self._unsaved.add(uri)
        try:
            for change in changes_in(changes):
                if self._is_too_long(uri, change.text):
                    self._engine.close(uri)
                    return
                if change.where is None:
                    self._engine.replace(uri, change.text)
                else:
                    start, end = range_in(document.snapshot, change.where, self._encoding, _RANGE)
                    self._engine.edit(uri, start, end, change.text)
        finally:
            # Run this even if a later change was malformed: the earlier ones were made, so requests for the old text are
            # outdated.
            self._engine.changed(uri, version_of(params["textDocument"]))

    def _is_too_long(self, uri: str, text: str) -> bool:
        """Whether a text is too long to be kept. If so, this is logged once per document."""
        if len(text) <= _MOST_CHARS:
            return False
        if uri not in self._too_long:
            self._too_long.add(uri)
            logger.warning("a document of %d million characters is passed over", len(text) // 1_000_000)
        return True

    def did_save(self, params: dict[str, Any]) -> None:
        """The client saved a document."""
        uri = uri_of(params)
        self._unsaved.discard(uri)
        self._watching.saved(uri)

    def did_close(self, params: dict[str, Any]) -> None:
        """The client closed a document. Its unsaved text is dropped."""
        uri = uri_of(params)
        if not self._notebooks.owns(uri):
            self._engine.close(uri)
            self._watching.closed(uri, is_saved=uri not in self._unsaved)
            self._unsaved.discard(uri)
            self._too_long.discard(uri)


_RANGE = "contentChanges.range"


class TextItem(NamedTuple):
    """LSP's TextDocumentItem."""

    uri: str
    language_id: str
    version: int
    text: str


class Change(NamedTuple):
    """LSP's TextDocumentContentChangeEvent. `where` is the range as received, or None if `text` is the whole text."""

    where: Any
    text: str


def text_item(value: Any) -> TextItem:
    """Read a TextDocumentItem. Raises InvalidParams."""
    return TextItem(
        uri_of({"textDocument": value}),
        text_of(value.get("languageId", ""), "textDocument.languageId"),
        version_of(value),
        text_of(value.get("text"), "textDocument.text"),
    )


def changes_in(values: list[Any]) -> Iterator[Change]:
    """Yield the content changes one by one, so that those before a malformed one are still made. Raises InvalidParams."""
    for value in values:
        if not isinstance(value, dict):
            raise InvalidParams("contentChanges must hold objects")
        yield Change(value.get("range"), text_of(value.get("text"), "contentChanges.text"))
