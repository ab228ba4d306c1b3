"""Cells as one text: from an editor's lines, and from a notebook's file, whatever stands in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.document.cells import heading_in, is_notebook, rendered, text_of_notebook
from typethrough.core.document.document import bare_lines, snapshot_of


@pytest.mark.parametrize(
    ("language", "kind", "expected"),
    [
        ("python", "", "# %%\na\n\nb\n"),
        ("python", "markdown", "# %% [markdown]\n# a\n# \n# b\n"),
        ("javascript", "", "// %%\na\n\nb\n"),
        ("sql", "python", "-- %% [python]\n-- a\n-- \n-- b\n"),
        ("julia", "", "# %%\na\n\nb\n"),
        # A kind cannot end its line, whatever a client calls a language.
        ("python", "x]\n import os\r", "# %% [ximportos]\n# a\n# \n# b\n"),
    ],
)
def test_a_cell_stands_under_its_heading(language: str, kind: str, expected: str) -> None:
    assert rendered(["a", "", "b"], language, kind) == expected
    assert heading_in(expected) == 0


@pytest.mark.parametrize(
    ("text", "start", "place"),
    [
        ("x = 1\n# %%\ny", 0, 6),
        ("x = 1  # %%\n", 0, -1),
        ("    # %%\n", 0, -1),
        ("# %%", 1, -1),
        ("# %% [markdown]", 0, 0),
        ("", 0, -1),
    ],
)
def test_a_heading_begins_a_line(text: str, start: int, place: int) -> None:
    assert heading_in(text, start) == place


def notebook(*cells: Any, **metadata: Any) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": cells, "metadata": metadata})


CODE = {
    "cell_type": "code",
    "source": ["def area(r):\n", "    return r"],
    "metadata": {"tags": ["METADATA"]},
    "outputs": [{"output_type": "stream", "text": ["OUTPUT\n"]}],
}
WORDS = {"cell_type": "markdown", "source": "# Circles\nare round"}


def test_a_file_is_its_cells_and_never_their_outputs() -> None:
    text = text_of_notebook(notebook(CODE, WORDS, language_info={"name": "python"}))
    assert text == "# %%\ndef area(r):\n    return r\n# %% [markdown]\n# # Circles\n# are round\n"


@pytest.mark.parametrize(
    ("metadata", "sign"),
    [
        ({}, "#"),
        ({"kernelspec": {"language": "JavaScript"}}, "//"),
        ({"kernelspec": {"language": "sql"}, "language_info": {"name": "python"}}, "#"),
        ({"kernelspec": 3, "language_info": {"name": None}}, "#"),
    ],
)
def test_the_comments_are_the_kernels(metadata: dict[str, Any], sign: str) -> None:
    assert text_of_notebook(notebook(CODE, **metadata)) == f"{sign} %%\ndef area(r):\n    return r\n"


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"cells": 3}', "[" * 100_000, '{"cells": {}}'])
def test_what_is_no_notebook(content: str) -> None:
    assert text_of_notebook(content) is None


@pytest.mark.parametrize("cell", [3, None, {}, {"source": 7}, {"source": [1, None]}, {"cell_type": []}])
def test_an_odd_cell_loses_no_other(cell: Any) -> None:
    text = text_of_notebook(notebook(cell, CODE))
    assert text is not None
    assert text.endswith("# %%\ndef area(r):\n    return r\n")


@given(st.text(st.sampled_from("ab\r\n\x0c\u2028 ")))
def test_a_cell_has_as_many_lines_as_an_editor_counts(text: str) -> None:
    assert bare_lines(text) == [snapshot_of(text).line(line) for line in range(snapshot_of(text).line_count)]


def test_notebooks_are_known_by_their_names() -> None:
    assert is_notebook("/a/b.ipynb")
    assert is_notebook("B.IPYNB")
    assert not is_notebook("a.py")
