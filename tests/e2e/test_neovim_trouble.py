"""What a person in a real Neovim sees when something is wrong: little, once, and never late."""

import os
import signal
from functools import partial

import pytest

from tests.e2e.conftest import HEAD, StartNeovim
from tests.e2e.neovim_steps import REST, open_and_type
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


def has_answers(editor: Neovim, wanted: int) -> bool:
    return len([request for request in editor.requests() if "ended_ms" in request]) >= wanted


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
    took_ms = [
        request["ended_ms"] - request["sent_ms"] for request in editor.requests() if "ended_ms" in request
    ]
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
        assert editor.lua("return require('typethrough').status()") in ("TT error", "TT no key", "TT local")


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
    assert editor.lua("return require('typethrough').status()") in ("TT local", "TT no key")


def test_a_killed_server_leaves_no_ghost_text_and_one_message_and_can_be_started_again(
    neovim: StartNeovim, gateway: Simulator
) -> None:
    # The editor's own message is longer than the screen is wide and would wait for Enter.
    editor = neovim(gateway, init_lua="vim.o.messagesopt = 'wait:0,history:500'")
    ghost = open_and_type(editor)
    (server,) = editor.server_pids()
    os.kill(server, signal.SIGKILL)
    editor.wait_for_ghost("")
    editor.wait_for(
        lambda: editor.lua("return require('typethrough').status()") == "TT stopped", 5, "the status"
    )
    editor.type(ghost[:3])
    editor.wait_for(lambda: editor.buffer()[-1].endswith(ghost[:3]), 5, "typing to go on")
    assert len(editor.messages().splitlines()) == 1
    editor.keys("<C-o>:Typethrough restart<CR>")
    editor.attach()
    editor.type(ghost[3:5])
    # It fits what was typed while no server ran, so the new one knows of that.
    assert REST[5:].startswith(editor.wait_for_ghost())
    assert editor.lua("return require('typethrough').status()") != "TT stopped"


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
