"""What a person in a real Neovim sees when something is wrong: little, once, and never late."""

import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import HEAD, StartNeovim
from tests.e2e.neovim_steps import OWN, REST, TYPED, at_rest, open_and_type, press
from tests.support import simulator
from tests.support.neovim import Neovim
from tests.support.simulator import Simulator

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

# A file that answers for itself: the third block can only go on as the two before it.
REPEATED = """\
def read_invoice(path: str) -> Invoice:
    with open(path, encoding="utf-8") as handle:
        return parse_invoice(handle.read())


def read_invoice_again(path: str) -> Invoice:
    with open(path, encoding="utf-8") as handle:
        return parse_invoice(handle.read())


def read_invoice_once_more(path: str) -> Invoice:
"""
REPEATED_TYPED = "with open("  # the editor indents it
REPEATED_GHOST = 'path, encoding="utf-8") as handle:'

BUDGET_MS = 500
# The editor's own time round a request (its loop, the pipe, a busy machine); the server's share is the budget.
EDITOR_MS = 250


def status(editor: Neovim) -> str:
    return str(editor.lua("return require('typethrough').status()"))


def answered(editor: Neovim) -> list[dict[str, Any]]:
    """Return the requests that were answered, not those that the editor took back."""
    return [request for request in editor.requests() if request.get("how") == "complete"]


def has_answers(editor: Neovim, wanted: int) -> bool:
    return len(answered(editor)) >= wanted


@pytest.mark.parametrize("fault", ["stall_before_headers", "stall_after_headers", "stall_mid"])
def test_a_stalled_gateway_delays_no_answer_past_the_budget(
    neovim: StartNeovim, gateway: Simulator, fault: str
) -> None:
    gateway.fault(fault)
    editor = neovim(gateway, environment={"TYPETHROUGH_BUDGET_MS": str(BUDGET_MS)})
    editor.open("labels.py", HEAD)
    editor.attach()
    editor.keys("Go")
    for wanted, word in enumerate(("def lab", "yrinth", "(of"), start=1):
        editor.type(word)
        editor.wait_for(partial(has_answers, editor, wanted), 10, "an answer")
    took_ms = [request["ended_ms"] - request["sent_ms"] for request in answered(editor)]
    assert gateway.log(), "the gateway was never asked"
    assert max(took_ms) <= BUDGET_MS + EDITOR_MS
    assert editor.messages() == ""


def test_a_wrong_key_is_one_clear_message_and_the_local_lane_goes_on(neovim: StartNeovim) -> None:
    with simulator.start(key="right") as gateway:
        editor = neovim(gateway, environment={"TYPETHROUGH_API_KEY": "sk-wrong-0123456789"})
        editor.open("invoices.py", REPEATED)
        editor.attach()
        editor.keys("Go")
        editor.type("qqq zzz")
        gateway.wait("finished", 1)
        editor.wait_for(lambda: editor.messages() != "", 10, "the message")
        editor.keys("<C-u>")
        editor.type(REPEATED_TYPED)
        assert editor.wait_for_ghost().startswith(REPEATED_GHOST)
        told = editor.messages()
        assert len(told.splitlines()) == 1
        assert "key" in told
        assert "wrong-0123456789" not in told
        editor.wait_for(lambda: status(editor) == "TT error", 5, "the status")


def test_with_no_key_the_local_lane_shows_ghost_text_and_says_so(neovim: StartNeovim) -> None:
    editor = neovim()
    editor.open("invoices.py", REPEATED)
    editor.attach()
    editor.keys("Go")
    editor.type(REPEATED_TYPED)
    assert editor.wait_for_ghost().startswith(REPEATED_GHOST)
    editor.keys("<Tab>")
    editor.wait_for(
        lambda: "    " + REPEATED_TYPED + REPEATED_GHOST in editor.buffer(), 5, "the text to be accepted"
    )
    editor.wait_for(lambda: status(editor) == "TT no key", 5, "the status")


def kill_server(editor: Neovim) -> None:
    """Kill the server and wait until it is gone, or another runs in its place."""
    (server,) = editor.server_pids()
    os.kill(server, signal.SIGKILL)
    editor.wait_for(lambda: server not in editor.server_pids(), 5, "the server to end")


@pytest.mark.parametrize("view", OWN, indirect=True, ids=str)
def test_a_killed_server_comes_back_by_itself_and_has_the_right_text(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    ghost = open_and_type(editor)
    kill_server(editor)
    editor.type(ghost[:3])
    editor.attach()
    editor.type(ghost[3:5])
    # It fits what was typed while no server ran, so the new one knows of that.
    editor.wait_for(
        lambda: editor.ghost() != "" and REST[5:].startswith(editor.ghost()), 10, "ghost text that fits"
    )
    editor.keys("<Tab>")
    editor.wait_for(
        lambda: "\n".join(editor.buffer()).endswith("def lab" + ghost), 5, "the text to be accepted"
    )
    assert editor.messages() == ""
    assert len(editor.server_pids()) == 1


@pytest.mark.parametrize("view", OWN, indirect=True, ids=str)
def test_a_server_that_keeps_ending_is_given_up_with_one_message_and_started_again_by_hand(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    ghost = open_and_type(editor)
    for _ in range(3):
        kill_server(editor)
        editor.wait_for(lambda: len(editor.server_pids()) == 1, 5, "another server")
        editor.attach()
    kill_server(editor)
    editor.wait_for(lambda: status(editor) == "TT stopped", 5, "the status")
    assert editor.server_pids() == []
    (message,) = editor.messages().splitlines()
    assert "signal 9" in message
    assert ":Typethrough log" in message
    assert len(message) < 90, "a longer one would wait for Enter"
    editor.type(ghost[:3])
    editor.wait_for(lambda: editor.buffer()[-1].endswith(ghost[:3]), 5, "typing to go on")
    assert editor.ghost() == ""
    editor.keys("<C-o>:Typethrough restart<CR>")
    editor.attach()
    editor.type(ghost[3:5])
    editor.wait_for(
        lambda: editor.ghost() != "" and REST[5:].startswith(editor.ghost()), 10, "ghost text that fits"
    )


def test_a_running_server_can_be_restarted(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway)
    open_and_type(editor)
    before = editor.server_pids()
    editor.keys("<C-o>:Typethrough restart<CR>")
    editor.wait_for(
        lambda: bool(editor.server_pids()) and editor.server_pids() != before, 10, "another server"
    )
    editor.attach()
    # Leaving and entering insert mode asks anew, as does typing: whichever the new client is ready for first.
    editor.keys("<Esc>a")
    editor.type("e")
    editor.wait_for_ghost()
    assert len(editor.server_pids()) == 1


def test_a_server_that_is_not_installed_is_one_clear_message(neovim: StartNeovim) -> None:
    editor = neovim(init_lua="require('typethrough').setup({ cmd = { 'no-such-typethrough', '--stdio' } })")
    editor.open("one.py", "x = 1\n")
    editor.open("two.py", "y = 2\n")
    editor.wait_for(lambda: editor.messages() != "", 5, "the message")
    (message,) = editor.messages().splitlines()
    assert "no-such-typethrough" in message
    assert ":help typethrough-install" in message
    assert editor.lua("return #vim.lsp.get_clients()") == 0
    assert editor.lua("return require('typethrough').status()") == ""


@pytest.mark.parametrize(
    ("view", "scope"),
    [(OWN[0], scope) for scope in ("", " language", " file", " pause 5")] + [(old, "") for old in OWN[1:]],
    indirect=["view"],
    ids=str,
)
def test_switched_off_nothing_is_shown_or_asked_and_switched_on_it_is_back(
    neovim: StartNeovim, gateway: Simulator, scope: str
) -> None:
    editor = neovim(gateway)
    open_and_type(editor)
    asked = at_rest(editor, gateway)
    editor.keys(f"<C-o>:Typethrough disable{scope}<CR>")
    editor.wait_for_ghost("")
    editor.wait_for(lambda: status(editor) == "TT off", 5, "the status")
    editor.type("el")
    editor.wait_for(lambda: editor.buffer()[-1] == TYPED + "el", 5, "the text typed")
    assert at_rest(editor, gateway) == asked
    assert editor.ghost() == ""
    message = editor.messages()
    assert message.startswith("typethrough: ")
    assert len(message.splitlines()) == 1
    editor.keys(f"<C-o>:Typethrough enable{scope.removesuffix(' 5')}<CR>")
    press(editor, "_", TYPED + "el_")
    editor.wait_for(lambda: REST.startswith("el_" + (editor.ghost() or "?")), 5, "ghost text that fits")
    editor.wait_for(lambda: status(editor) == "TT", 5, "the status")


def test_a_file_or_language_switched_off_leaves_the_others_alone(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    open_and_type(editor)
    editor.keys("<Esc>:Typethrough toggle file<CR>")
    editor.wait_for(lambda: status(editor) == "TT off", 5, "the status")
    editor.open("other.py", HEAD)
    editor.wait_for(lambda: status(editor) == "TT", 5, "the status of another file")
    editor.keys(":Typethrough toggle language<CR>")
    editor.wait_for(lambda: status(editor) == "TT off", 5, "the status")
    editor.open("notes.txt", "")
    editor.wait_for(lambda: status(editor) == "TT", 5, "the status in another language")


def test_what_is_switched_off_stays_so_when_the_server_comes_back(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    open_and_type(editor)
    editor.keys("<C-o>:Typethrough toggle<CR>")
    editor.wait_for(lambda: status(editor) == "TT off", 5, "the status")
    kill_server(editor)
    editor.attach()
    editor.wait_for(lambda: status(editor) == "TT off", 5, "the status of the next server")
    editor.keys("<C-o>:Typethrough toggle<CR>")
    editor.wait_for(lambda: status(editor) == "TT", 5, "the status")


def test_why_there_was_nothing_is_said_in_a_window_that_q_closes(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    open_and_type(editor)
    editor.keys("<Esc>:Typethrough why<CR>")
    editor.wait_for(lambda: editor.lua("return vim.bo.filetype") == "typethrough", 5, "the window")
    assert any("labels.py" in line and "suggested" in line for line in editor.buffer())
    assert any("labels.py" in row for row in editor.screen())
    editor.keys("q")
    editor.wait_for(lambda: editor.buffer()[-1] == TYPED, 5, "the file again")
    # The server tells of figures once a second at most.
    figures = "return (require('typethrough.status').report(0) or {}).last ~= nil"
    editor.wait_for(lambda: editor.lua(figures) is True, 5, "the figures")
    editor.keys(":Typethrough<CR>")
    editor.wait_for(lambda: editor.lua("return vim.bo.filetype") == "typethrough", 5, "the window")
    assert editor.buffer()[0].startswith("TT  ")
    assert any(line.startswith("Last suggestion: model, ") for line in editor.buffer())
    editor.keys("<Esc>")
    editor.wait_for(lambda: editor.buffer()[-1] == TYPED, 5, "the file again")
    assert editor.messages() == ""


FLOATS = """
local is_float = function(window) return vim.api.nvim_win_get_config(window).relative ~= '' end
return vim.iter(vim.api.nvim_list_wins()):filter(is_float):map(vim.api.nvim_win_get_height):totable()
"""


def shows(editor: Neovim, text: str) -> bool:
    return text in "\n".join(editor.buffer())


@pytest.mark.parametrize("view", OWN, indirect=True, ids=str)
def test_a_command_in_our_own_window_is_about_the_file_behind_it(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway, init_lua=OPENED_LUA)
    open_and_type(editor)
    editor.keys("<Esc>")
    for command, expected in (
        ("", "TT  "),
        ("status", "TT  "),
        ("why", "labels.py"),
        ("doctor", "All that is needed works."),
        ("why", "labels.py"),
        ("", "TT  "),
    ):
        editor.keys(f":Typethrough {command}<CR>")
        editor.wait_for(partial(shows, editor, expected), 30, f"the window of {command!r}")
        assert len(editor.lua(FLOATS)) == 1
    editor.keys(":Typethrough stats<CR>")
    editor.wait_for(lambda: bool(editor.lua("return _G.opened")), 10, "the page to be opened")
    assert editor.lua(FLOATS) == []
    assert editor.buffer()[-1] == TYPED
    assert "Error" not in editor.messages()


def test_our_window_has_the_size_of_its_text_also_beside_a_small_one(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    editor = neovim(gateway)
    open_and_type(editor)
    editor.keys("<Esc>:split<CR>:resize 1<CR>:Typethrough why<CR>")
    editor.wait_for(lambda: editor.lua("return vim.bo.filetype") == "typethrough", 5, "the window")
    assert len(editor.buffer()) > 1
    assert editor.lua(FLOATS)[0] >= len(editor.buffer())


@pytest.mark.parametrize("view", OWN, indirect=True, ids=str)
def test_a_message_that_comes_while_you_type_is_seen_when_you_stop_and_kept_whole(
    neovim: StartNeovim,
) -> None:
    with simulator.start(key="right") as gateway:
        editor = neovim(gateway, environment={"TYPETHROUGH_API_KEY": "sk-wrong-0123456789"})
        editor.open("labels.py", HEAD)
        editor.attach()
        editor.keys("Go")
        editor.type("def lab")
        editor.wait_for(lambda: editor.messages() != "", 10, "the message")
        told = editor.messages()
        assert "…" not in told
        assert len(told) > 90, "longer than a line"
        editor.keys("<Esc>")
        editor.wait_for(lambda: editor.screen()[-1].startswith("typethrough: "), 5, "the message on screen")
        assert editor.screen()[-1].endswith(" … :Typethrough")
        assert editor.lua("return vim.api.nvim_get_mode().mode") == "n", "nothing waits for Enter"
        assert editor.messages() == told


def test_a_message_goes_whole_to_the_function_that_another_plugin_has_put_in_place(
    neovim: StartNeovim,
) -> None:
    notify = "vim.notify = function(text, level) _G.told = { text, level } end\n"
    missing = "no-such-" + "long-" * 20 + "typethrough"
    editor = neovim(init_lua=notify + f"require('typethrough').setup({{ cmd = {{ '{missing}' }} }})")
    editor.open("one.py", "x = 1\n")
    editor.wait_for(lambda: bool(editor.lua("return _G.told")), 5, "the message")
    text, level = editor.lua("return _G.told")
    assert text == f"typethrough: `{missing}` not found, see :help typethrough-install"
    assert level == editor.lua("return vim.log.levels.WARN")
    assert editor.messages() == ""


OPENED_LUA = """
vim.ui.open = function(path)
  _G.opened = path
  return nil, _G.problem
end
"""


def test_the_statistics_are_a_page_that_the_system_opens(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway, init_lua=OPENED_LUA)
    ghost = open_and_type(editor)
    editor.keys("<Tab>")
    editor.wait_for(lambda: "\n".join(editor.buffer()).endswith(TYPED + ghost), 5, "the accepted text")

    def opened() -> str:
        editor.keys("<Esc>:Typethrough stats<CR>")
        editor.wait_for(lambda: bool(editor.lua("return _G.opened")), 10, "the page to be opened")
        path = Path(editor.lua("local path = _G.opened; _G.opened = nil; return path"))
        return path.read_text(encoding="utf-8")

    # The record is written a second later.
    editor.wait_for(lambda: "<figure>" in opened(), 20, "the figures on the page")
    page = opened()
    kept = Path(editor.lua("return vim.fn.stdpath('cache')")) / "typethrough-stats.html"
    assert kept.read_text(encoding="utf-8") == page, "it is there when Neovim has ended"
    assert page.startswith("<!DOCTYPE html>\n<html")
    assert page.rstrip().endswith("</html>")
    assert "python" in page
    editor.lua("_G.problem = 'no program to open it with'")
    opened()
    editor.wait_for(lambda: "no program to open it with: " in editor.messages(), 5, "what went wrong")


def test_the_command_completes_its_words_and_names_a_wrong_one(neovim: StartNeovim) -> None:
    editor = neovim()
    complete = "return vim.fn.getcompletion(..., 'cmdline')"
    assert editor.lua(complete, "Typethrough ") == sorted(
        ["disable", "doctor", "enable", "log", "pause", "restart", "stats", "status", "toggle", "why"]
    )
    assert editor.lua(complete, "Typethrough toggle ") == ["everywhere", "file", "language", "pause"]
    assert editor.lua(complete, "Typethrough enable l") == ["language"]
    editor.keys(":Typethrough toggle sideways<CR>")
    editor.wait_for(
        lambda: editor.messages() == "typethrough: no such command: toggle sideways", 5, "the message"
    )


def test_servers_of_two_projects_are_restarted_together(neovim: StartNeovim, gateway: Simulator) -> None:
    editor = neovim(gateway)
    for project in ("one", "two"):
        editor.write(f"{project}/package.json", "{}")
        editor.open(f"{project}/labels.py", HEAD)
        editor.attach()
    before = editor.server_pids()
    assert len(before) == 2
    editor.keys(":Typethrough restart<CR>")
    editor.wait_for(
        lambda: len(editor.server_pids()) == 2 and not set(before) & set(editor.server_pids()),
        10,
        "two others",
    )
    editor.attach()
    editor.keys("Go")
    editor.type(TYPED)
    editor.wait_for_ghost()
