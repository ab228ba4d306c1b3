"""What a person who types in a real Emacs sees: ghost text with lsp-mode, a completion menu with eglot.

Each configuration is the one that editors/README.md gives.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.conftest import HEAD, TAIL
from tests.support import emacs as emacs_support
from tests.support.emacs import Emacs
from tests.support.simulator import Simulator
from tests.support.snippets import snippet
from tests.support.terminal_editor import serving_from

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

LSP_MODE = snippet("lsp-mode: ghost text", "elisp") + "(setq lsp-auto-guess-root t lsp-enable-snippet nil)\n"
EGLOT = snippet("eglot: completion menu", "elisp")
INLINE = "textDocument/inlineCompletion"
COMPLETION = "textDocument/completion"
EXECUTE = "workspace/executeCommand"

TYPED = "def lab"
FIRST_LINE = TAIL.split("\n", maxsplit=1)[0]
OVERLAY = "(and (overlayp lsp-inline-completion--overlay) (overlay-get lsp-inline-completion--overlay 'after-string))"

StartEmacs = Callable[..., Emacs]


@pytest.fixture
def emacs(tmp_path: Path, gateway: Simulator) -> Iterator[StartEmacs]:
    """Start an Emacs with a configuration, whose server uses `gateway`, and wait until it has connected."""
    with ExitStack() as running:

        def start(init: str, content: str | bytes = HEAD, **settings: str) -> Emacs:
            editor = Emacs(
                tmp_path / "emacs",
                init=init,
                file="labels.py",
                content=content.encode() if isinstance(content, str) else content,
                environment=serving_from(gateway) | settings,
            )
            running.enter_context(editor)
            editor.wait_for_sent("textDocument/didOpen", timeout_s=30)
            return editor

        yield start


def test_this_emacs_has_what_is_tested() -> None:
    assert emacs_support.version() >= (30,)
    assert any(path.name.startswith("lsp-mode-10.") for path in emacs_support.package_paths())


def test_lsp_mode_shows_ghost_text_and_tab_inserts_exactly_that(emacs: StartEmacs) -> None:
    editor = emacs(LSP_MODE)
    editor.keys("M->")
    editor.type(TYPED)
    editor.wait_for_text(FIRST_LINE)
    # Drawn otherwise than the text round it, and not a part of the file.
    assert editor.style_of(FIRST_LINE) != editor.style_of("def area_of_circle")
    assert editor.buffer() == HEAD + TYPED
    assert "el_for(weekday):" in editor.eval(OVERLAY)
    editor.keys("Tab")
    command = editor.wait_for_sent(EXECUTE)["params"]
    assert command["command"] == "typethrough.accepted"
    [shown, *_] = editor.answers(INLINE)[-1]["items"]
    assert command["arguments"] == shown["command"]["arguments"] or len(editor.answers(INLINE)) > 1
    editor.keys("C-x", "C-s")
    # Emacs ends a file of Python with a line break.
    editor.wait_for_file(editor.file, (HEAD + FIRST_LINE + "\n").encode())
    assert "Warning (lsp-mode)" not in editor.messages()


def test_lsp_mode_shows_the_rest_of_it_while_it_is_typed_and_asks_the_model_for_nothing(
    emacs: StartEmacs, gateway: Simulator
) -> None:
    editor = emacs(LSP_MODE)
    editor.keys("M->")
    editor.type(TYPED)
    editor.wait_for_text(FIRST_LINE)
    asked = len(gateway.log())
    for piece in ("el", "_for(", "week"):
        before = len(editor.sent(INLINE))
        editor.type(piece)
        editor.wait_for_sent(INLINE, before + 1)
        editor.wait_for_text(FIRST_LINE)
    assert len(gateway.log()) == asked
    assert editor.buffer() == HEAD + TYPED + "el_for(week"


def test_lsp_mode_shows_ghost_text_on_an_indented_empty_line_and_leaves_the_cursor_there(
    emacs: StartEmacs,
) -> None:
    editor = emacs(LSP_MODE, TYPETHROUGH_MAX_LINES="1")
    editor.keys("M->")
    editor.type(FIRST_LINE + "\n")
    second_line = TAIL.split("\n")[1]
    editor.wait_for_text(second_line)
    row = next(number for number, text in enumerate(editor.screen()) if second_line in text)
    at = editor.screen()[row].index("names")
    assert editor.cursor() == (at, row)
    assert editor.eval("(current-column)") == "4"
    editor.keys("Tab")
    editor.wait_for_sent(EXECUTE)
    editor.keys("C-x", "C-s")
    editor.wait_for_file(editor.file, (HEAD + FIRST_LINE + "\n" + second_line + "\n").encode())


def test_lsp_mode_in_a_file_with_emoji_and_crlf_inserts_at_the_right_place_and_one_undo_takes_it_back(
    emacs: StartEmacs,
) -> None:
    before = 'label = "👩‍🚀 é"\n' + HEAD
    editor = emacs(LSP_MODE, before.replace("\n", "\r\n").encode())
    editor.keys("M->")
    editor.type('x = "😀"; ')
    editor.keys("C-a", "C-k")
    editor.type(TYPED)
    editor.wait_for_text(FIRST_LINE)
    editor.keys("Tab")
    editor.wait_for_sent(EXECUTE)
    accepted = before + FIRST_LINE
    editor.wait_for(lambda: editor.buffer() == accepted, 10, "the accepted text")
    editor.keys("C-x", "C-s")
    editor.wait_for_file(editor.file, (accepted + "\n").replace("\n", "\r\n").encode())
    editor.keys("C-x", "u")
    editor.keys("C-x", "u")
    editor.wait_for(lambda: editor.buffer().startswith(before + TYPED), 10, "undo to take it back")
    assert FIRST_LINE not in editor.buffer()


def test_eglot_completes_the_line_and_then_the_block_with_its_indentation(emacs: StartEmacs) -> None:
    editor = emacs(EGLOT, TYPETHROUGH_MAX_LINES="10")
    editor.keys("M->")
    editor.type(TYPED)
    editor.keys("C-M-i")
    editor.wait_for(lambda: editor.buffer() == HEAD + FIRST_LINE, 10, "the line to be completed")
    editor.keys("C-M-i")
    whole = HEAD + TAIL.rstrip("\n")
    editor.wait_for(lambda: editor.buffer() == whole, 10, "the block to be completed")
    items = [item for answer in editor.answers(COMPLETION) for item in answer["items"]]
    assert [item["label"] for item in items] == ["label_for(weekday):", '↵ names = ["Mon", "Tue", "Wed"]']
    assert [item["detail"] for item in items] == ["typethrough", "typethrough, 4 lines"]
    assert items[1]["documentation"] == TAIL.rstrip("\n")


def test_eglot_with_corfu_brings_up_a_menu_as_one_types(emacs: StartEmacs) -> None:
    editor = emacs(EGLOT + "(setq corfu-auto t)\n(global-corfu-mode)\n(corfu-terminal-mode)\n")
    editor.keys("M->")
    for key in TYPED:
        editor.type(key)
    editor.wait_for_text("label_for(weekday): typethrough")
    assert editor.buffer() == HEAD + TYPED
    editor.keys("Enter")
    editor.wait_for(lambda: editor.buffer() == HEAD + FIRST_LINE, 10, "the line to be completed")
