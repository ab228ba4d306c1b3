"""What a person who types in a real Helix sees: a completion menu. The configuration is the one in editors/README.md."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.conftest import HEAD, TAIL
from tests.support.helix import Helix
from tests.support.simulator import Simulator
from tests.support.snippets import snippet
from tests.support.terminal_editor import serving_from

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

LANGUAGES = snippet("Helix", "toml")
COMPLETION = "textDocument/completion"
FIRST_LINE = TAIL.split("\n", maxsplit=1)[0]
ENTRY = FIRST_LINE.removeprefix("def ") + " text"

StartHelix = Callable[..., Helix]


@pytest.fixture
def helix(tmp_path: Path, gateway: Simulator) -> Iterator[StartHelix]:
    """Start a Helix whose server uses `gateway`, in insert mode on a new last line of the known file."""
    with ExitStack() as running:

        def start(content: str | bytes = HEAD, **settings: str) -> Helix:
            editor = Helix(
                tmp_path / "helix",
                languages=LANGUAGES,
                file="labels.py",
                content=content.encode() if isinstance(content, str) else content,
                environment=serving_from(gateway) | settings,
            )
            running.enter_context(editor)
            editor.wait_for_sent("textDocument/didOpen")
            editor.keys("g", "e", "o")
            editor.wait_for_text("INS")
            return editor

        yield start


def write(editor: Helix) -> None:
    editor.keys("Escape")
    # An escape with a key right after it is that key with Alt.
    editor.wait_for_text("NOR")
    editor.type(":w\n")


def test_typing_brings_up_a_menu_and_tab_enter_takes_its_entry(helix: StartHelix) -> None:
    editor = helix()
    editor.type("def ")
    for key in "lab":
        editor.type(key)
    editor.wait_for_text(ENTRY)
    # Nothing is in the file before it is chosen.
    assert not editor.shows(FIRST_LINE)
    editor.keys("Tab")
    editor.wait_for_text(FIRST_LINE, "typethrough")
    editor.keys("Enter")
    editor.wait_until_gone(ENTRY)
    write(editor)
    editor.wait_for_file(editor.file, (HEAD + FIRST_LINE + "\n").encode())


def test_a_block_is_inserted_with_its_indentation_and_shown_in_full_beside_the_menu(
    helix: StartHelix,
) -> None:
    editor = helix(TYPETHROUGH_MAX_LINES="10")
    editor.type(FIRST_LINE)
    editor.wait_for_text(FIRST_LINE)
    editor.keys("C-x")
    editor.wait_for_text('↵ names = ["Mon", "Tue", "Wed"] text')
    editor.keys("Tab")
    editor.wait_for_text("typethrough, 4 lines", "picked = names[weekday %")
    editor.keys("Enter")
    write(editor)
    editor.wait_for_file(editor.file, (HEAD + TAIL).encode())


def test_a_file_with_emoji_and_crlf_keeps_its_line_ends(helix: StartHelix) -> None:
    before = HEAD + 'label = "👩‍🚀 é"\n\n\n'
    editor = helix(before.replace("\n", "\r\n").encode(), TYPETHROUGH_MAX_LINES="10")
    editor.type(FIRST_LINE)
    editor.wait_for_text(FIRST_LINE)
    editor.keys("C-x")
    editor.wait_for_text('↵ names = ["Mon", "Tue", "Wed"] text')
    editor.keys("Tab", "Enter")
    editor.wait_for_text("return f")
    write(editor)
    editor.wait_for_file(editor.file, (before + TAIL).replace("\n", "\r\n").encode())
