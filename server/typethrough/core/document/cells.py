"""A notebook's cells as one text, in the percent format: each cell stands under a line such as `# %%` or `# %% [markdown]`.

The format is Jupytext's, and editors know it in plain files too. Cells without code of the notebook's language become comments.
Outputs and metadata are never read.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from typethrough.core.document.document import bare_lines
from typethrough.core.document.scan import comment_marks

if TYPE_CHECKING:
    from collections.abc import Sequence

MARKDOWN: Final = "markdown"
SIGNS: Final = ("#", "//", "--")
"""The comment marks with which a heading may begin."""

_HEADING: Final = re.compile(rf"(?m)^(?:{'|'.join(SIGNS)}) %%")
_KIND_CHARS: Final = 30
_SUFFIX: Final = ".ipynb"


def rendered(lines: Sequence[str], language_id: str, kind: str = "") -> str:
    """One cell as text: its heading and its lines, each with a line end. `kind` is empty for code, else says what the cell
    holds.
    """
    sign = _sign_of(language_id)
    # The kind comes from an editor or a file, so remove what could end the line.
    known = "".join(char for char in kind if char.isalnum() or char in "+#-_.")[:_KIND_CHARS]
    heading = f"{sign} %% [{known}]" if known else f"{sign} %%"
    before = comment_before(language_id, kind)
    return "\n".join([heading, *(before + line for line in lines), ""])


def comment_before(language_id: str, kind: str) -> str:
    """The text before each line of a cell of this kind. Empty for the notebook's own code."""
    return f"{_sign_of(language_id)} " if kind else ""


def heading_in(text: str, start: int = 0) -> int:
    """Where the first heading at or after `start` begins. A heading begins at the start of a line. −1 when there is none."""
    found = _HEADING.search(text, start)
    return found.start() if found else -1


def is_notebook(path: str) -> bool:
    """Whether a file of this name is a Jupyter notebook."""
    return path.lower().endswith(_SUFFIX)


def text_of_notebook(content: str) -> str | None:
    """The cells of a Jupyter notebook's file (nbformat 4) as one text. None when the content is not such a file."""
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):
        return None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        return None
    language_id = _language_of(notebook.get("metadata"))
    return "".join(_from_file(cell, language_id) for cell in cells if isinstance(cell, dict))


def _from_file(cell: dict[str, Any], language_id: str) -> str:
    source, kind = cell.get("source"), cell.get("cell_type")
    pieces = source if isinstance(source, list) else [source]
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    return rendered(bare_lines(text), language_id, "" if kind == "code" else str(kind))


def _language_of(metadata: Any) -> str:
    """The language of the notebook's code as its file says, or "python" when it says nothing."""
    for part in ("language_info", "kernelspec"):
        value = metadata.get(part) if isinstance(metadata, dict) else None
        name = (
            value.get("name" if part == "language_info" else "language") if isinstance(value, dict) else None
        )
        if isinstance(name, str) and name:
            return name.lower()
    return "python"


def _sign_of(language_id: str) -> str:
    return next((mark for mark in comment_marks(language_id) if mark in SIGNS), SIGNS[0])
