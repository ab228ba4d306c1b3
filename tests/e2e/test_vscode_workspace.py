"""The workspace as a real VS Code tells of it: notebooks, whose cells know each other, and files that come and go."""

import json

import pytest

from tests.e2e.conftest import HEAD
from tests.e2e.test_vscode_typing import REST, TYPED, at_rest
from tests.support.simulator import Simulator
from tests.support.vscode import VSCode

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

WORDS = "Labels for *days*."
OUTPUT = "the output of a cell"


def notebook() -> str:
    """The known file as a notebook, its second function still to be written in a cell of its own."""

    def code(text: str) -> dict[str, object]:
        output = {"output_type": "stream", "name": "stdout", "text": [OUTPUT]}
        cell = {"cell_type": "code", "execution_count": 1, "metadata": {}}
        return {**cell, "source": text.splitlines(keepends=True), "outputs": [output]}

    words = {"cell_type": "markdown", "metadata": {}, "source": [WORDS]}
    metadata = {"language_info": {"name": "python"}}
    cells = [code(HEAD.strip()), words, code(""), code("print(1)")]
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": cells})


def edit_cell(editor: VSCode, number: int) -> None:
    """Show the notebook and put the keyboard into one of its cells."""
    code = """
        const notebook = await vscode.workspace.openNotebookDocument(vscode.Uri.file(values[0]));
        const selections = [new vscode.NotebookRange(values[1], values[1] + 1)];
        await vscode.window.showNotebookDocument(notebook, { selections });
        await vscode.commands.executeCommand('notebook.cell.edit');
        """
    editor.js(code, [str(editor.work / "labels.ipynb"), number])
    wait_for_keyboard(editor)


def wait_for_keyboard(editor: VSCode) -> None:
    """Wait until a cell takes the keys."""
    here = "return vscode.window.activeTextEditor?.document.uri.scheme"
    editor.wait_for(lambda: editor.js(here) == "vscode-notebook-cell", 20, "the keyboard in the cell")
    typing = "document.activeElement?.closest('.notebookOverlay .monaco-editor') !== null"
    editor.wait_for(lambda: bool(editor.page(typing)), 20, "the cell to take keys")
    editor.wait_until_whole()


def told(model: Simulator) -> str:
    """What the model was told at last."""
    return "\n".join(message["content"] for message in model.log(full=True)[-1]["messages"])


def test_what_a_cell_defines_is_known_in_the_next_and_ghost_text_stays_in_it(
    editor: VSCode, model: Simulator
) -> None:
    editor.write("labels.ipynb", notebook())
    edit_cell(editor, 2)
    editor.type(TYPED)
    ghost = editor.wait_for_ghost()
    assert REST.startswith(ghost)
    at_rest(editor, model)
    prompt = told(model)
    assert "area_of_circle" in prompt
    assert WORDS in prompt
    assert OUTPUT not in prompt
    editor.press("Tab")
    editor.wait_for_text(TYPED + ghost)
    # A cell that is put in between is known in its place too.
    asked = at_rest(editor, model)
    editor.run("notebook.cell.insertCodeCellBelow")
    editor.wait_for(lambda: editor.text() == "", 10, "the new cell")
    wait_for_keyboard(editor)
    editor.type("monday = ")
    editor.wait_for(lambda: at_rest(editor, model) > asked, 10, "the model to be asked")
    assert f"# %%\n{TYPED}{ghost}\n# %%\nmonday = " in told(model)
    assert editor.told() == []


def test_a_file_is_told_of_as_it_stands_on_disk(editor: VSCode, model: Simulator) -> None:
    def prompt() -> str:
        """What the model is told for one more line."""
        asked = at_rest(editor, model)
        editor.type(f"value_{asked} = ")
        editor.wait_for(lambda: at_rest(editor, model) > asked, 10, "the model to be asked")
        editor.press("Escape")
        editor.type("\n")
        return told(model)

    helpers = editor.write("helpers.py", "def area_of(radius):\n    return radius\n")
    editor.open("user.py", "from helpers import area_of, volume_of\n\n")
    editor.wait_for(lambda: "area_of(radius)" in prompt(), 20, "the file to be known")
    helpers.unlink()
    editor.wait_for(lambda: "area_of(radius)" not in prompt(), 20, "the file to be forgotten")
    editor.write("helpers.py", "def volume_of(side):\n    return side\n")
    editor.open("another.py", "from helpers import area_of, volume_of\n\n")
    editor.wait_for(lambda: "volume_of(side)" in prompt(), 20, "the new file to be known")
