"""What a person who types in a real Neovim sees: ghost text that comes, stays while it is typed, and is accepted."""

import pytest

from tests.e2e.conftest import HEAD, TAIL, StartNeovim
from tests.support.neovim import Neovim
from tests.support.simulator import Simulator

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

TYPED = "def lab"
REST = TAIL.removeprefix(TYPED).rstrip("\n")


def open_and_type(editor: Neovim, typed: str = TYPED, content: str | bytes = HEAD) -> str:
    """Open the known file without its last function, begin to type that, and return the ghost text that appears."""
    editor.open("labels.py", content)
    editor.attach()
    editor.keys("Go")
    editor.type(typed)
    return editor.wait_for_ghost()


def at_rest(editor: Neovim, gateway: Simulator) -> int:
    """Wait until the editor has asked about what it holds and nothing is under way; return the upstream requests."""

    def settled() -> bool:
        asked = editor.requests()
        last = editor.lua("return vim.b.changedtick")
        return (
            bool(asked)
            and all("ended_ms" in request for request in asked)
            and asked[-1]["tick"] == last
            and all(record["ending"] for record in gateway.log())
        )

    editor.wait_for(settled, 10, "all requests to be answered")
    return len(gateway.log())


def test_typing_shows_the_models_text_as_ghost_text_and_leaves_the_file_alone(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    ghost = open_and_type(editor)
    assert REST.startswith(ghost)
    assert ghost == editor.ghost_marks()
    assert ghost.startswith("el_for(weekday):")
    assert editor.buffer()[-1] == TYPED
    assert len(gateway.log()) == 1
    assert editor.messages() == ""


def test_typing_through_it_never_removes_it_and_asks_the_model_for_nothing(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    ghost = open_and_type(editor)
    asked = at_rest(editor, gateway)
    seen = len(editor.ghosts())
    for count in range(1, len("el_for(weekday)") + 1):
        editor.type(ghost[count - 1])
        editor.wait_for_ghost(REST[count : len(ghost)], timeout_s=5)
    assert at_rest(editor, gateway) == asked
    # The text may be extended under way, never shortened except by what was typed, never taken away.
    for before, after in zip(editor.ghosts()[seen - 1 :], editor.ghosts()[seen:], strict=False):
        assert after, "the ghost text vanished while it was being typed"
        assert after.startswith((before[1:], before))


def test_typing_something_else_takes_it_away_and_closes_the_upstream_stream(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    # One token and then silence: the stream stays open until somebody closes it.
    gateway.control(latency={"ttft_ms": 0.0, "tokens_per_s": 0.5})
    editor = neovim(gateway)
    editor.open("labels.py", HEAD)
    editor.attach()
    editor.keys("Go")
    editor.type(TYPED)
    gateway.wait("first_text", 1)
    editor.type("yrinth")
    record = gateway.wait("disconnect", 1)
    assert record["ending"] == "disconnected"
    editor.wait_for(lambda: editor.buffer()[-1] == "def labyrinth", 5, "the text typed")


def test_ghost_text_that_no_longer_fits_is_gone_with_the_key_that_left_it(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    ghost = open_and_type(editor)
    seen = len(editor.ghosts())
    editor.type("y")
    editor.wait_for(lambda: len(editor.ghosts()) > seen, 5, "the screen to follow the key")
    assert editor.ghosts()[seen] == ""
    assert ghost not in editor.ghosts()[seen:]


def test_tab_inserts_exactly_what_is_shown_and_undo_takes_exactly_that_back(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    ghost = open_and_type(editor)
    before = editor.buffer()
    editor.keys("<Tab>")
    accepted = [*before[:-1], *(TYPED + ghost).split("\n")]
    editor.wait_for_buffer(accepted)
    editor.keys("<Esc>u")
    editor.wait_for_buffer(before)
    editor.keys("<C-r>")
    editor.wait_for_buffer(accepted)


def test_after_tab_the_next_suggestion_comes_without_waiting_for_the_gateway(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    ghost = open_and_type(editor)
    at_rest(editor, gateway)
    if ghost == REST:
        pytest.fail("the whole function came at once, so nothing is left to suggest")
    gateway.fault("stall_before_headers")
    editor.keys("<Tab>")
    editor.wait_for(lambda: editor.ghost() not in ("", ghost), 5, "the next ghost text")
    following = editor.ghost()
    assert editor.buffer()[-1] != TYPED
    assert REST[len(ghost) :].lstrip("\n").startswith(following.lstrip("\n"))


def test_accepting_tells_the_server(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway)
    editor.lua("""
        _G.commands = {}
        vim.api.nvim_create_autocmd('LspRequest', { callback = function(event)
          if event.data.request.method == 'workspace/executeCommand' then
            table.insert(_G.commands, event.data.request.type)
          end
        end })
    """)
    open_and_type(editor)
    editor.keys("<Tab>")
    editor.wait_for(
        lambda: bool(editor.lua("return _G.commands") == ["pending", "complete"]),
        5,
        "the command of the item to be answered",
    )
    assert editor.messages() == ""


def test_a_key_typed_right_after_tab_is_neither_lost_nor_doubled(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    ghost = open_and_type(editor)
    before = editor.buffer()
    # One write, so that the editor has the second key in hand before it can act on the first.
    editor.keys("<Tab># end")
    whole = [*before[:-1], *(TYPED + ghost).split("\n")]
    whole[-1] += "# end"
    left_alone = [*before[:-1], TYPED + "# end"]
    editor.wait_for(lambda: editor.buffer() in (whole, left_alone), 5, "the text with the key typed after it")


def test_an_automatically_closed_bracket_is_not_doubled(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway, init_lua="vim.keymap.set('i', '(', '()<Left>')")
    editor.open("labels.py", HEAD)
    editor.attach()
    editor.keys("Go")
    editor.type("def label_for(")
    ghost = editor.wait_for_ghost()
    assert ghost == editor.ghost_marks()
    editor.keys("<Tab>")
    editor.wait_for(lambda: "weekday" in "\n".join(editor.buffer()), 5, "the text to be accepted")
    accepted = "\n".join(editor.buffer()).removeprefix(HEAD)
    assert accepted.startswith("def label_for(weekday)")
    assert accepted.count("(") == accepted.count(")")


@pytest.mark.parametrize("line", ["# 😀 naïve 漢字", "s = '😀😀' + "])
def test_characters_outside_ascii_before_the_cursor_shift_nothing(
    neovim: StartNeovim, gateway: Simulator, line: str
) -> None:
    editor = neovim(gateway)
    ghost = open_and_type(editor, content=HEAD + line + "\n\n\n")
    editor.keys("<Tab>")
    editor.wait_for_buffer([*(HEAD + line + "\n\n").split("\n"), *(TYPED + ghost).split("\n")])


def test_a_file_with_crlf_keeps_its_line_ends(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway)
    content = HEAD.replace("\n", "\r\n")
    ghost = open_and_type(editor, content=content.encode())
    editor.keys("<Tab>")
    editor.wait_for(lambda: editor.buffer()[-1] != TYPED, 5, "the text to be accepted")
    editor.keys("<Esc>:w<CR>")
    expected = (HEAD + TYPED + ghost + "\n").replace("\n", "\r\n").encode()
    editor.wait_for(
        lambda: (editor.work / "labels.py").read_bytes() == expected, 5, "the file as it should be written"
    )


def test_switched_off_nothing_is_shown_or_asked_and_switched_on_it_is_back(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    open_and_type(editor)
    asked = at_rest(editor, gateway)
    editor.keys("<C-o>:Typethrough toggle<CR>")
    editor.wait_for_ghost("")
    assert editor.lua("return require('typethrough').status()") == "TT off"
    requests = len(editor.requests())
    editor.type("el")
    editor.wait_for(lambda: editor.buffer()[-1] == TYPED + "el", 5, "the text typed")
    assert editor.ghost() == ""
    editor.keys("<C-o>:Typethrough toggle<CR>")
    editor.type("_")
    assert REST.startswith("el_" + editor.wait_for_ghost())
    assert len(gateway.log()) >= asked
    assert len(editor.requests()) > requests
