"""Notebooks: the cells of a notebook form one document in the engine, which does not know about cells.

This document has the notebook's URI. Its text is that of all cells in their order, each as `core.document.cells` renders it. An
edit in a cell becomes an edit of this document, some lines further down. Any other change builds the whole text anew. Text
synchronisation messages for a cell are ignored.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from typethrough.core.document.cells import MARKDOWN, comment_before, rendered
from typethrough.core.document.document import Document, Position, bare_lines
from typethrough.core.document.uris import PLAIN_TEXT
from typethrough.core.outcome.causes import Cause
from typethrough.lsp.convert import range_in
from typethrough.lsp.documents import Opened, changes_in, text_item
from typethrough.lsp.fields import array_of, count_of, object_of, text_of, version_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typethrough.engine.engine import Engine
    from typethrough.lsp.convert import Encoding, Range
    from typethrough.lsp.watching import Watching

_MARKUP = 1
# Documents with other schemes are earlier versions of a file, shown in a comparison. They must not replace the file's text.
_SCHEMES = ("file:", "untitled:", "vscode-interactive:")


class _Cell:
    """One cell. Its document has the cell's own text, which is empty until the client has sent it."""

    __slots__ = ("document", "is_markup")

    def __init__(self, document: Document, *, is_markup: bool) -> None:
        self.document = document
        self.is_markup = is_markup

    def kind(self, language_id: str) -> str:
        """The language of the cell, or `MARKDOWN`. Empty if the cell has code in the notebook's language."""
        if self.is_markup:
            return MARKDOWN
        own = self.document.language_id
        return "" if own == language_id else own or PLAIN_TEXT

    def rendered(self, language_id: str) -> str:
        """The cell's part of the notebook's text. It has one line more than the cell, its heading."""
        return rendered(bare_lines(self.document.snapshot.text()), language_id, self.kind(language_id))


class _Notebook:
    """One open notebook: the client's array of cells, and their texts by URI. LSP adds and removes the two separately."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.version = 0
        self.is_saved = True
        self.language_id = PLAIN_TEXT
        self.cells: list[_Cell] = []
        self.texts: dict[str, Document] = {}

    def cell(self, value: Any) -> _Cell:
        """The cell for LSP's NotebookCell. Raises InvalidParams."""
        uri, is_markup = _cell_in(value)
        document = self.texts.setdefault(uri, Document(uri, "", 0, ""))
        return _Cell(document, is_markup=is_markup)

    def find(self, uri: str) -> tuple[_Cell, int] | None:
        """The cell with this URI, and the line of the notebook's text where its text begins. None if there is no such cell."""
        line = 1
        for cell in self.cells:
            if cell.document.uri == uri:
                return cell, line
            line += cell.document.snapshot.line_count + 1
        return None

    def choose_language(self) -> None:
        """Choose the language of most code cells (of equals, the first). The present one is kept while any code cell has it."""
        codes = Counter(cell.document.language_id for cell in self.cells if not cell.is_markup)
        if self.language_id not in codes:
            self.language_id = max(codes, key=lambda one: codes[one], default=PLAIN_TEXT)

    def text(self) -> str:
        """The text of all cells."""
        return "".join(cell.rendered(self.language_id) for cell in self.cells)


class Notebooks:
    """The notebooks that one client has open. `watching` is told when one is closed, because then its file counts."""

    def __init__(self, engine: Engine, encoding: Encoding, watching: Watching) -> None:
        self._watching = watching
        self._engine = engine
        self._encoding = encoding
        self._notebooks: dict[str, _Notebook] = {}
        self._notebook_of: dict[str, _Notebook] = {}

    def owns(self, uri: str) -> bool:
        """Whether a URI is that of an open notebook or of one of its cells."""
        return uri in self._notebook_of or uri in self._notebooks

    def find(self, uri: str) -> Opened | None:
        """The cell with this URI, as a part of its notebook. None if there is none."""
        notebook = self._notebook_of.get(uri)
        found = notebook.find(uri) if notebook is not None else None
        document = self._engine.document(notebook.uri) if notebook is not None else None
        if notebook is None or found is None or document is None:
            return None
        cell, first_line = found
        kind = cell.kind(notebook.language_id)
        unwanted = None
        if kind:
            unwanted = Cause.MARKDOWN_CELL if cell.is_markup else Cause.OTHER_LANGUAGE_CELL
        own = cell.document
        return Opened(notebook.uri, document, own.snapshot, own.version, first_line, unwanted, is_cell=True)

    def did_open(self, params: dict[str, Any]) -> None:
        """The client opened a notebook. If it was open, this replaces it. Raises InvalidParams."""
        described = object_of(params.get("notebookDocument"), "notebookDocument")
        notebook = _Notebook(text_of(described.get("uri"), "notebookDocument.uri"))
        notebook.texts = _texts(params.get("cellTextDocuments"), "cellTextDocuments")
        notebook.cells = [notebook.cell(one) for one in array_of(described.get("cells"), "cells")]
        self._close(notebook.uri)
        self._notebooks[notebook.uri] = notebook
        self._take(notebook, notebook.texts)
        self._join(notebook)

    def did_change(self, params: dict[str, Any]) -> None:
        """The client changed the cells of a notebook: first which cells exist, then their kinds, then their texts."""
        described = object_of(params.get("notebookDocument"), "notebookDocument")
        notebook = self._notebooks.get(text_of(described.get("uri"), "notebookDocument.uri"))
        cells = object_of(params.get("change"), "change").get("cells")
        if notebook is None or cells is None:
            # Other changes concern only metadata.
            return
        notebook.is_saved = False
        cells = object_of(cells, "change.cells")
        if (structure := cells.get("structure")) is not None:
            self._restructure(notebook, object_of(structure, "structure"))
        turned = [_turn(notebook, value) for value in array_of(cells.get("data"), "data")]
        if any(turned):
            self._join(notebook)
        for content in array_of(cells.get("textContent"), "textContent"):
            self._edit_cell(notebook, object_of(content, "textContent"))

    def did_save(self, params: dict[str, Any]) -> None:
        """The client saved a notebook."""
        described = object_of(params.get("notebookDocument"), "notebookDocument")
        notebook = self._notebooks.get(text_of(described.get("uri"), "notebookDocument.uri"))
        if notebook is not None:
            notebook.is_saved = True

    def did_close(self, params: dict[str, Any]) -> None:
        """The client closed a notebook with its cells."""
        described = object_of(params.get("notebookDocument"), "notebookDocument")
        uri = text_of(described.get("uri"), "notebookDocument.uri")
        notebook = self._notebooks.get(uri)
        self._close(uri)
        if notebook is not None:
            self._watching.closed(uri, is_saved=notebook.is_saved)

    def _close(self, uri: str) -> None:
        if (notebook := self._notebooks.pop(uri, None)) is not None:
            self._drop(notebook, notebook.texts)
            self._engine.close(uri)

    def _take(self, notebook: _Notebook, uris: Iterable[str]) -> None:
        """Assign these URIs to the notebook. If the client also opened a document under one of them, close that."""
        for uri in uris:
            self._notebook_of[uri] = notebook
            self._engine.close(uri)

    def _drop(self, notebook: _Notebook, uris: Iterable[str]) -> None:
        for uri in uris:
            if self._notebook_of.get(uri) is notebook:
                del self._notebook_of[uri]

    def _restructure(self, notebook: _Notebook, structure: dict[str, Any]) -> None:
        """Insert, remove or move cells. A text is kept until `didClose` names it, because a moved cell keeps its text."""
        opened = _texts(structure.get("didOpen"), "didOpen")
        notebook.texts |= opened
        array = object_of(structure.get("array"), "structure.array")
        start = count_of(array.get("start"), "structure.array.start")
        count = count_of(array.get("deleteCount"), "structure.array.deleteCount")
        fresh = [notebook.cell(one) for one in array_of(array.get("cells"), "structure.array.cells")]
        notebook.cells[start : start + count] = fresh
        for cell in notebook.cells:
            # A cell that stays may have a new text.
            cell.document = notebook.texts[cell.document.uri]
        there = {cell.document.uri for cell in notebook.cells}
        for value in array_of(structure.get("didClose"), "didClose"):
            uri = text_of(object_of(value, "didClose").get("uri"), "didClose.uri")
            if uri not in there and notebook.texts.pop(uri, None) is not None:
                self._drop(notebook, (uri,))
        self._take(notebook, (uri for uri in notebook.texts if self._notebook_of.get(uri) is not notebook))
        self._join(notebook)

    def _edit_cell(self, notebook: _Notebook, content: dict[str, Any]) -> None:
        described = object_of(content.get("document"), "textContent.document")
        uri = text_of(described.get("uri"), "textContent.document.uri")
        document = notebook.texts.get(uri)
        changes = array_of(content.get("changes"), "textContent.changes")
        if document is None:
            return
        try:
            for change in changes_in(changes):
                if change.where is None:
                    document.set_text(change.text)
                    self._put_together(notebook)
                else:
                    where = range_in(document.snapshot, change.where, self._encoding)
                    self._edit(notebook, document, where, change.text)
        finally:
            document.version = version_of(described)
            self._changed(notebook)

    def _edit(self, notebook: _Notebook, document: Document, where: Range, text: str) -> None:
        """Make an edit in a cell's text and in the notebook's text."""
        start, end = sorted(where)
        lines_before = document.snapshot.line_count
        document.replace(start, end, text)
        found = notebook.find(document.uri)
        if found is None:
            return
        cell, first_line = found
        before = comment_before(notebook.language_id, cell.kind(notebook.language_id))
        lines = bare_lines(text)
        if document.snapshot.line_count - lines_before != len(lines) - 1 - (end.line - start.line):
            # The edit joined or split a \r\n. The notebook's text has \n instead, so the lines do not match.
            self._put_together(notebook)
            return
        self._engine.edit(
            notebook.uri,
            Position(start.line + first_line, start.column + len(before)),
            Position(end.line + first_line, end.column + len(before)),
            f"\n{before}".join(lines),
        )

    def _join(self, notebook: _Notebook) -> None:
        """Build the notebook's text after its cells have changed. If the language changed, the document is opened anew."""
        spoken = notebook.language_id
        notebook.choose_language()
        if not notebook.uri.startswith(_SCHEMES):
            return
        if self._engine.document(notebook.uri) is None or notebook.language_id != spoken:
            self._engine.open(notebook.uri, notebook.language_id, notebook.version, notebook.text())
        else:
            self._put_together(notebook)
            self._changed(notebook)

    def _put_together(self, notebook: _Notebook) -> None:
        self._engine.replace(notebook.uri, notebook.text())

    def _changed(self, notebook: _Notebook) -> None:
        notebook.version += 1
        self._engine.changed(notebook.uri, notebook.version)


def _turn(notebook: _Notebook, value: Any) -> bool:
    """Set the kind of a cell from LSP's NotebookCell. Returns whether it was another kind."""
    uri, is_markup = _cell_in(value)
    turned = [cell for cell in notebook.cells if cell.document.uri == uri and cell.is_markup != is_markup]
    for cell in turned:
        cell.is_markup = is_markup
    return bool(turned)


def _cell_in(value: Any) -> tuple[str, bool]:
    described = object_of(value, "cells")
    return text_of(described.get("document"), "cells.document"), described.get("kind") == _MARKUP


def _texts(values: Any, field: str) -> dict[str, Document]:
    items = map(text_item, array_of(values, field))
    return {item.uri: Document(*item) for item in items}
