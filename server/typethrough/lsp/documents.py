"""Text synchronisation: didOpen, didChange, didClose, into the engine's own documents; and where to find what is open."""

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
# A longer text is data, and to cut it into lines would keep every other document waiting for seconds.
_MOST_CHARS: Final = 20_000_000


class Opened(NamedTuple):
    """What is open under a URI of the client's: a document of the engine's, or a part of one.

    `uri` and `document` are the engine's. `snapshot` and `version` are what the client has under its own URI, which begins at
    the line `first_line` of the engine's document. `unwanted` says why nothing is suggested in it, `is_cell` that it ends where
    the notebook's next cell begins.
    """

    uri: str
    document: Document
    snapshot: Snapshot
    version: int
    first_line: int = 0
    unwanted: Cause | None = None
    is_cell: bool = False

    def place(self, position: Position) -> Position:
        """A place of the client's as one of the engine's."""
        return Position(position.line + self.first_line, position.column)


class Documents:
    """All that one client has open. What belongs to a notebook is the notebook's, whatever else a client says of it.

    `watching` hears what was saved and closed: then the files count.
    """

    def __init__(self, engine: Engine, encoding: Encoding, notebooks: Notebooks, watching: Watching) -> None:
        self._engine = engine
        self._encoding = encoding
        self._notebooks = notebooks
        self._watching = watching
        self._unsaved: set[str] = set()
        self._too_long: set[str] = set()

    def find(self, uri: str) -> Opened | None:
        """What is open under a URI; None when nothing is."""
        if (cell := self._notebooks.find(uri)) is not None:
            return cell
        document = self._engine.document(uri)
        if document is None or self._notebooks.owns(uri):
            return None
        return Opened(uri, document, document.snapshot, document.version)

    def engine_uri(self, uri: str) -> str:
        """The URI of the engine's document that a URI of the client's belongs to; a cell's is its notebook's."""
        cell = self._notebooks.find(uri)
        return cell.uri if cell is not None else uri

    def did_open(self, params: dict[str, Any]) -> None:
        """A document was opened. One that is too long is not kept, and requests in it get nothing."""
        item = text_item(params.get("textDocument"))
        if self._notebooks.owns(item.uri):
            return
        self._unsaved.discard(item.uri)
        if self._is_too_long(item.uri, item.text):
            self._engine.close(item.uri)
        else:
            self._engine.open(*item)

    def did_change(self, params: dict[str, Any]) -> None:
        """A document changed. Each change is read against the text that the one before it left."""
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
            # Even when a later change was malformed, the earlier ones are in: what was asked of the old text is moot.
            self._engine.changed(uri, version_of(params["textDocument"]))

    def _is_too_long(self, uri: str, text: str) -> bool:
        """Whether a text is too long to be kept, which is logged once a document."""
        if len(text) <= _MOST_CHARS:
            return False
        if uri not in self._too_long:
            self._too_long.add(uri)
            logger.warning("a document of %d million characters is passed over", len(text) // 1_000_000)
        return True

    def did_save(self, params: dict[str, Any]) -> None:
        """A document was saved."""
        uri = uri_of(params)
        self._unsaved.discard(uri)
        self._watching.saved(uri)

    def did_close(self, params: dict[str, Any]) -> None:
        """A document was closed. What was not saved of it is dropped."""
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
    """LSP's TextDocumentContentChangeEvent; `where` is the range as it was sent, None for the whole text."""

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
    """Read content changes one by one, so that those before a malformed one are still made. Raises InvalidParams."""
    for value in values:
        if not isinstance(value, dict):
            raise InvalidParams("contentChanges must hold objects")
        yield Change(value.get("range"), text_of(value.get("text"), "contentChanges.text"))
