"""What a person who types in a real Neovim sees, in every version and both ways of drawing: ghost text that comes, stays while
it is typed, and is accepted.
"""

import pytest

from tests.e2e.conftest import HEAD, StartNeovim
from tests.e2e.neovim_steps import ALL, REST, TYPED, at_rest, open_and_type, removals
from tests.support.simulator import Simulator

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(120),
    pytest.mark.parametrize("view", ALL, indirect=True, ids=str),
]


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
    assert removals(editor.ghosts()[seen - 1 :]) == []


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
    editor.wait_for_ghost("")


def test_tab_inserts_exactly_what_is_shown_and_tells_the_server(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    editor.lua("""
        _G.commands = {}
        vim.api.nvim_create_autocmd('LspRequest', { callback = function(event)
          if event.data.request.method == 'workspace/executeCommand' then
            table.insert(_G.commands, event.data.request.type)
          end
        end })
    """)
    ghost = open_and_type(editor)
    before = editor.buffer()
    editor.keys("<Tab>")
    editor.wait_for_buffer([*before[:-1], *(TYPED + ghost).split("\n")])
    editor.wait_for(
        lambda: bool(editor.lua("return _G.commands") == ["pending", "complete"]),
        5,
        "the command of the item to be answered",
    )
    assert editor.messages() == ""


@pytest.mark.parametrize("line", ["# 😀 naïve 漢字", "s = '😀😀' + "])
def test_characters_outside_ascii_before_the_cursor_shift_nothing(
    neovim: StartNeovim, gateway: Simulator, line: str
) -> None:
    editor = neovim(gateway)
    # The line stands above all that the model is known by, so that it answers with what belongs there.
    ghost = open_and_type(editor, content=line + "\n\n\n" + HEAD)
    editor.keys("<Tab>")
    editor.wait_for(lambda: editor.buffer()[-1] != TYPED, 5, "the text to be accepted")
    before = (line + "\n\n\n" + HEAD).split("\n")[:-1]
    editor.wait_for_buffer([*before, *(TYPED + ghost).split("\n")])


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
