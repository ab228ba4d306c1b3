"""What a person in a real VS Code sees when something is wrong: little, once, and never the wrong text."""

import os
import signal

import pytest

from tests.e2e.conftest import HEAD, KEY
from tests.e2e.test_neovim_trouble import REPEATED
from tests.e2e.test_vscode_typing import REST, TYPED, open_and_type
from tests.support.simulator import Simulator
from tests.support.vscode import VSCode

REPEATED_GHOST = 'open(path, encoding="utf-8") as handle:'
READY = "typethrough: Ready"
STOPPED = "typethrough: Stopped"

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_a_wrong_key_is_one_clear_message_and_the_local_lane_goes_on(
    editor: VSCode, model: Simulator
) -> None:
    editor.set("typethrough.localLane", True)
    model.control(key="another one")
    editor.open("invoices.py", REPEATED.rstrip("\n"))
    editor.type("\nqqq zzz yyy")
    editor.wait_for(lambda: editor.told() != [], 10, "the message")
    editor.type(" xxx www vvv")
    editor.press("Shift+Home", "Delete")
    editor.type("with ")
    assert editor.wait_for_ghost().startswith(REPEATED_GHOST)
    (message,) = editor.told()
    assert "key" in message
    assert KEY not in message
    assert editor.status() == "typethrough: The model cannot be asked"


@pytest.mark.parametrize("fault", ["stall_before_headers", "stall_mid"])
def test_a_stalled_gateway_disturbs_nobody(editor: VSCode, model: Simulator, fault: str) -> None:
    model.fault(fault)
    editor.open("labels.py", HEAD)
    for word in ("def lab", "yrinth", "(of"):
        editor.type(word)
        model.wait("arrived", 1)
    editor.wait_for_text(HEAD + "def labyrinth(of)")
    assert editor.told() == []


def test_a_killed_server_comes_back_and_knows_the_text_as_it_is(editor: VSCode) -> None:
    open_and_type(editor)
    (server,) = editor.server_pids()
    os.kill(server, signal.SIGKILL)
    # Typed while there may be no server at all.
    editor.type("el_")
    editor.wait_for(lambda: editor.server_pids() not in ([], [server]), 20, "another server")
    editor.attach()
    editor.type("f")
    assert REST.startswith("el_f" + editor.wait_for_ghost())
    editor.press("Tab")
    editor.wait_for_text(HEAD + TYPED + REST.split("\n")[0])
    assert editor.saved() == (HEAD + TYPED + REST.split("\n")[0]).encode()
    assert editor.told() == []


def test_a_server_that_dies_again_and_again_is_given_up_with_one_message(editor: VSCode) -> None:
    editor.open("labels.py", HEAD)
    deaths = 0
    while editor.status() != STOPPED and deaths < 10:
        (server,) = editor.server_pids()
        os.kill(server, signal.SIGKILL)
        deaths += 1
        editor.wait_for(
            lambda died=server: (
                editor.status() == STOPPED  # type: ignore[misc]
                or (editor.server_pids() not in ([], [died]) and editor.status() == READY)
            ),
            20,
            "another server, or the end of it",
        )
    editor.wait_for(lambda: len(editor.told()) == 1, 10, "the message")
    editor.type(TYPED)
    editor.wait_for_text(HEAD + TYPED)
    editor.run("typethrough.restart")
    editor.attach()
    editor.type("e")
    # What was typed without a server may have opened the editor's own menu, which goes before ghost text.
    editor.run("hideSuggestWidget")
    editor.run("editor.action.inlineSuggest.trigger")
    assert REST.startswith("e" + editor.wait_for_ghost().splitlines()[0])
