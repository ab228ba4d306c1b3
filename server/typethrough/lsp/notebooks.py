"""Notebooks: the cells of one are one document of the engine's, which knows nothing of cells.

A notebook's document has its URI, and the cells in their order as `core.document.cells` renders them. An edit in a cell becomes
an edit of that document, some lines further down; every other change puts the text together anew. What a client also says of a
cell by way of text synchronisation is passed over.
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
# Other schemes are earlier versions of a file, shown beside it, and their text must not be told for that of the file.
_SCHEMES = ("file:", "untitled:", "vscode-interactive:")


class _Cell:
    """One cell: its text as the client counts it. A cell that was named before its text came has none yet."""

    __slots__ = ("document", "is_markup")

    def __init__(self, document: Document, *, is_markup: bool) -> None:
        self.document = document
        self.is_markup = is_markup

    def kind(self, language_id: str) -> str:
        """What the cell holds instead of the notebook's code; empty when it is that."""
        if self.is_markup:
            return MARKDOWN
        own = self.document.language_id
        return "" if own == language_id else own or PLAIN_TEXT

    def rendered(self, language_id: str) -> str:
        """The cell's part of the notebook's text: one line more than it has itself."""
        return rendered(bare_lines(self.document.snapshot.text()), language_id, self.kind(language_id))


class _Notebook:
    """One open notebook: the client's array of cells, and the texts by URI, which may come and go apart from it."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.version = 0
        self.is_saved = True
        self.language_id = PLAIN_TEXT
        self.cells: list[_Cell] = []
        self.texts: dict[str, Document] = {}

    def cell(self, value: Any) -> _Cell:
        """The cell that LSP's NotebookCell describes. Raises InvalidParams."""
        uri, is_markup = _cell_in(value)
        document = self.texts.setdefault(uri, Document(uri, "", 0, ""))
        return _Cell(document, is_markup=is_markup)

    def find(self, uri: str) -> tuple[_Cell, int] | None:
        """A cell, and the line of the notebook's text at which its own text begins."""
        line = 1
        for cell in self.cells:
            if cell.document.uri == uri:
                return cell, line
            line += cell.document.snapshot.line_count + 1
        return None

    def choose_language(self) -> None:
        """The language of most code cells, the first of equals; it stays while any cell is in it."""
        codes = Counter(cell.document.language_id for cell in self.cells if not cell.is_markup)
        if self.language_id not in codes:
            self.language_id = max(codes, key=lambda one: codes[one], default=PLAIN_TEXT)

    def text(self) -> str:
        """All cells as one text."""
        return "".join(cell.rendered(self.language_id) for cell in self.cells)


class Notebooks:
    """The notebooks that one client has open. `watching` hears of one that was closed: then its file counts."""

    def __init__(self, engine: Engine, encoding: Encoding, watching: Watching) -> None:
        self._watching = watching
        self._engine = engine
        self._encoding = encoding
        self._notebooks: dict[str, _Notebook] = {}
        self._notebook_of: dict[str, _Notebook] = {}

    def owns(self, uri: str) -> bool:
        """Whether a URI is an open notebook's or a cell's in one."""
        return uri in self._notebook_of or uri in self._notebooks

    def find(self, uri: str) -> Opened | None:
        """The cell of a URI, as a part of its notebook."""
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
        """A notebook was opened. Opening one twice replaces it."""
        described = object_of(params.get("notebookDocument"), "notebookDocument")
        notebook = _Notebook(text_of(described.get("uri"), "notebookDocument.uri"))
        notebook.texts = _texts(params.get("cellTextDocuments"), "cellTextDocuments")
        notebook.cells = [notebook.cell(one) for one in array_of(described.get("cells"), "cells")]
        self._close(notebook.uri)
        self._notebooks[notebook.uri] = notebook
        self._take(notebook, notebook.texts)
        self._join(notebook)

    def did_change(self, params: dict[str, Any]) -> None:
        """A notebook's cells changed: first which there are, then what they are, then their texts."""
        described = object_of(params.get("notebookDocument"), "notebookDocument")
        notebook = self._notebooks.get(text_of(described.get("uri"), "notebookDocument.uri"))
        cells = object_of(params.get("change"), "change").get("cells")
        if notebook is None or cells is None:
            # What else a change may tell of are metadata.
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
        """A notebook was saved."""
        described = object_of(params.get("notebookDocument"), "notebookDocument")
        notebook = self._notebooks.get(text_of(described.get("uri"), "notebookDocument.uri"))
        if notebook is not None:
            notebook.is_saved = True

    def did_close(self, params: dict[str, Any]) -> None:
        """A notebook was closed, and its cells with it."""
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
        """From now on these URIs are the notebook's; a document that a client has opened for one as well is none."""
        for uri in uris:
            self._notebook_of[uri] = notebook
            self._engine.close(uri)

    def _drop(self, notebook: _Notebook, uris: Iterable[str]) -> None:
        for uri in uris:
            if self._notebook_of.get(uri) is notebook:
                del self._notebook_of[uri]

    def _restructure(self, notebook: _Notebook, structure: dict[str, Any]) -> None:
        """Cells were put in, taken out or moved. A text stays until it is said to be closed, for a cell that moves keeps it."""
        opened = _texts(structure.get("didOpen"), "didOpen")
        notebook.texts |= opened
        array = object_of(structure.get("array"), "structure.array")
        start = count_of(array.get("start"), "structure.array.start")
        count = count_of(array.get("deleteCount"), "structure.array.deleteCount")
        fresh = [notebook.cell(one) for one in array_of(array.get("cells"), "structure.array.cells")]
        notebook.cells[start : start + count] = fresh
        for cell in notebook.cells:
            # A cell that stays may have been given another text.
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
        """Make an edit of a cell's text in the notebook's text too."""
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
            # A line end was put together or taken apart, \r and \n, of which there is one in the notebook's text.
            self._put_together(notebook)
            return
        self._engine.edit(
            notebook.uri,
            Position(start.line + first_line, start.column + len(before)),
            Position(end.line + first_line, end.column + len(before)),
            f"\n{before}".join(lines),
        )

    def _join(self, notebook: _Notebook) -> None:
        """Put the notebook's text together, after its cells have changed; another language makes it another document."""
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
    """Make a cell the kind that it is said to be; whether that was another."""
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
