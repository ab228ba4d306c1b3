"""What a person who types in a real VS Code sees: ghost text that comes, stays while it is typed, and is accepted."""

import pytest

from tests.e2e.conftest import HEAD, TAIL
from tests.support.simulator import Simulator
from tests.support.vscode import VSCode

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

TYPED = "def lab"
REST = TAIL.removeprefix(TYPED).rstrip("\n")


def open_and_type(editor: VSCode, typed: str = TYPED, content: str | bytes = HEAD) -> str:
    """Open the known file without its last function, begin to type that, and return the ghost text that appears."""
    editor.open("labels.py", content)
    editor.type(typed)
    return editor.wait_for_ghost()


def at_rest(editor: VSCode, model: Simulator) -> int:
    """Wait until no answer of the model is under way; return how often it was asked."""
    editor.wait_for(lambda: all(record["ending"] for record in model.log()), 10, "all answers to end")
    return len(model.log())


def test_typing_shows_the_models_text_as_ghost_text_and_leaves_the_file_alone(
    editor: VSCode, model: Simulator
) -> None:
    ghost = open_and_type(editor)
    assert REST.startswith(ghost)
    assert ghost.startswith("el_for(weekday):")
    editor.wait_for_text(HEAD + TYPED)
    assert len(model.log()) == 1
    assert editor.told() == []
    assert editor.status() == "typethrough: Ready"


def test_ghost_text_that_no_longer_fits_is_gone_with_the_key_that_left_it(editor: VSCode) -> None:
    ghost = open_and_type(editor)
    editor.forget()
    editor.type("y")
    editor.wait_for(lambda: editor.changes() != [], 5, "the screen to follow the key")
    assert editor.changes()[0].ghost == ""
    editor.wait_for_text(HEAD + TYPED + "y")
    assert ghost not in [seen.ghost for seen in editor.changes()]


def test_typing_something_else_closes_the_upstream_stream(editor: VSCode, model: Simulator) -> None:
    # One token and then silence: the stream stays open until somebody closes it.
    model.control(latency={"ttft_ms": 0.0, "tokens_per_s": 0.5})
    editor.open("labels.py", HEAD)
    editor.type(TYPED)
    model.wait("first_text", 1)
    editor.type("yrinth")
    assert model.wait("disconnect", 1)["ending"] == "disconnected"
    editor.wait_for_text(HEAD + "def labyrinth")


def test_tab_inserts_exactly_what_is_shown_and_undo_takes_exactly_that_back(editor: VSCode) -> None:
    ghost = open_and_type(editor)
    editor.press("Tab")
    editor.wait_for_text(HEAD + TYPED + ghost)
    editor.press("Control+z")
    editor.wait_for_text(HEAD + TYPED)
    editor.press("Control+y")
    editor.wait_for_text(HEAD + TYPED + ghost)
    assert editor.saved() == (HEAD + TYPED + ghost).encode()


def test_after_tab_the_next_suggestion_comes_without_waiting_for_the_gateway(
    editor: VSCode, model: Simulator
) -> None:
    ghost = open_and_type(editor)
    at_rest(editor, model)
    model.fault("stall_before_headers")
    editor.press("Tab")
    editor.wait_for(lambda: editor.ghost() not in ("", ghost), 5, "the next ghost text")
    assert editor.text() == HEAD + TYPED + ghost
    assert REST[len(ghost) :].startswith(editor.ghost())


def test_a_key_typed_right_after_tab_is_neither_lost_nor_doubled(editor: VSCode) -> None:
    ghost = open_and_type(editor)
    editor.press("Tab")
    editor.type("# end")
    editor.wait_for_text(HEAD + TYPED + ghost + "# end")


def test_the_next_word_is_accepted_alone_and_the_rest_stays(editor: VSCode) -> None:
    ghost = open_and_type(editor)
    editor.forget()
    editor.press("Control+ArrowRight")
    editor.wait_for_text(HEAD + TYPED + "el_for")
    editor.wait_for_ghost(ghost.removeprefix("el_for"))
    assert "" not in [seen.ghost for seen in editor.changes()]
    editor.press("Control+ArrowRight")
    editor.wait_for_text(HEAD + TYPED + "el_for(")
    editor.press("Control+z", "Control+z")
    editor.wait_for_text(HEAD + TYPED)


@pytest.mark.parametrize("line", ["# 😀 naïve 漢字", "s = '😀😀' + "])
def test_characters_outside_ascii_before_the_cursor_shift_nothing(editor: VSCode, line: str) -> None:
    # The line stands above all that the model is known by, so that it answers with what belongs there.
    above = line + "\n\n\n" + HEAD
    ghost = open_and_type(editor, content=above)
    editor.press("Tab")
    editor.wait_for_text(above + TYPED + ghost)


def test_a_file_with_crlf_keeps_its_line_ends(editor: VSCode) -> None:
    content = HEAD.replace("\n", "\r\n")
    ghost = open_and_type(editor, content=content.encode())
    editor.press("Tab", "Enter")
    editor.wait_for(lambda: editor.text().count("\n") > content.count("\n"), 5, "the line break")
    expected = content + TYPED + ghost + "\r\n"
    assert editor.saved().decode().rstrip(" ") == expected
