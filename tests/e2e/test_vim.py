"""What a person who types in a real Vim with ALE sees: a completion menu. The configuration is the one in editors/README.md."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import HEAD, TAIL
from tests.support.simulator import Simulator
from tests.support.snippets import snippet
from tests.support.terminal_editor import serving_from
from tests.support.vim import Vim

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

VIMRC = "set nocompatible\nfiletype plugin indent on\n" + snippet("Vim with ALE", "vim")
FIRST_LINE = TAIL.split("\n", maxsplit=1)[0]


@pytest.fixture
def vim(tmp_path: Path, gateway: Simulator) -> Iterator[Vim]:
    """A Vim whose server uses `gateway`, in Insert mode on a new last line of the known file."""
    editor = Vim(
        tmp_path / "vim",
        vimrc=VIMRC,
        file="labels.py",
        content=HEAD.encode(),
        environment=serving_from(gateway),
    )
    with editor:
        editor.wait_for_sent("textDocument/didOpen")
        editor.keys("G", "o")
        editor.wait_for_text("-- INSERT --")
        yield editor


def test_typing_brings_up_a_menu_and_its_entry_completes_the_word(vim: Vim) -> None:
    for key in "def lab":
        vim.type(key)
    vim.wait_for_text("label_for v typethrough")
    vim.keys("C-n", "C-y")
    vim.wait_for_text("def label_for")
    vim.keys("Escape")
    vim.wait_until_gone("-- INSERT --")
    vim.type(":w\n")
    # As far as ALE takes any server's text: up to the bracket.
    vim.wait_for_file(vim.file, (HEAD + FIRST_LINE.partition("(")[0] + "\n").encode())
    [*_, answer] = vim.answers("textDocument/completion")
    assert [item["textEdit"]["newText"] for item in answer["items"]] == [FIRST_LINE.removeprefix("def ")]
