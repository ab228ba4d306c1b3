"""Clients that were written for Copilot's language server, unmodified, with typethrough in its place.

Emacs' lsp-mode ships one. Neovim's is the built-in client, told what nvim-lspconfig tells it. Both are set up as
editors/README.md says.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import HEAD, TAIL
from tests.support import wiretap
from tests.support.emacs import Emacs
from tests.support.neovim import Neovim
from tests.support.simulator import Simulator
from tests.support.snippets import snippet
from tests.support.terminal_editor import serving_from

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ACCEPTED = "github.copilot.didAcceptCompletionItem"
TYPED = "def lab"
FIRST_LINE = TAIL.split("\n", maxsplit=1)[0]

LSP_COPILOT = snippet("lsp-mode's lsp-copilot", "elisp") + (
    '(define-key lsp-inline-completion-active-map (kbd "TAB") #\'lsp-inline-completion-accept)\n'
    "(setq lsp-inline-completion-idle-delay 0.1 lsp-auto-guess-root t lsp-enable-snippet nil)\n"
)

# What nvim-lspconfig's `copilot` has the client say, besides the command: the shape that Copilot's server documents.
NVIM_LSPCONFIG = """
local info = { name = 'Neovim', version = tostring(vim.version()) }
vim.lsp.config('copilot', {
  cmd = { 'copilot-language-server', '--stdio' },
  root_markers = { '.git' },
  init_options = { editorInfo = info, editorPluginInfo = info },
  settings = { telemetry = { telemetryLevel = 'all' } },
})
_G.statuses = {}
vim.lsp.handlers['didChangeStatus'] = function(_, status) table.insert(_G.statuses, status) end
"""


def test_lsp_copilot_shows_ghost_text_and_its_acceptance_reaches_the_server(
    tmp_path: Path, gateway: Simulator
) -> None:
    editor = Emacs(
        tmp_path / "emacs",
        init=LSP_COPILOT,
        file="labels.py",
        content=HEAD.encode(),
        environment=serving_from(gateway),
    )
    with editor:
        editor.wait_for_sent("textDocument/didOpen", timeout_s=30)
        assert "editorPluginInfo" in editor.sent("initialize")[0]["params"]["initializationOptions"]
        editor.keys("M->")
        editor.type(TYPED)
        editor.wait_for_text(FIRST_LINE)
        editor.keys("Tab")
        command = editor.wait_for_sent("workspace/executeCommand")["params"]
        assert command["command"] == ACCEPTED
        shown = [
            item["command"]
            for answer in editor.answers("textDocument/inlineCompletion")
            for item in answer["items"]
        ]
        assert command["arguments"] in [one["arguments"] for one in shown]
        assert {one["command"] for one in shown} == {ACCEPTED}
        editor.wait_for(lambda: len(editor.answers("workspace/executeCommand")) == 1, 10, "its answer")
        # By itself it asks some seconds after the start who is signed in, and offers to sign in when nobody is.
        editor.wait_for_sent("checkStatus", timeout_s=20)
        editor.wait_for(lambda: len(editor.answers("checkStatus")) == 1, 10, "its answer")
        editor.keys("C-g")
        editor.keys("M-x")
        editor.type("lsp-copilot-check-status\n")
        editor.wait_for_text("Authenticated as typethrough")
        editor.keys("M-x")
        editor.type("lsp-copilot-login\n")
        editor.wait_for_text("Already signed in as typethrough")
        assert len(editor.sent("signInInitiate")) == 1
        # An unknown notification or a failed request would be a warning here.
        said = editor.messages()
        assert "Warning (lsp-mode)" not in said
        assert "Could not" not in said


@pytest.fixture
def start_neovim(tmp_path: Path, gateway: Simulator) -> Callable[[str], Neovim]:
    """Start a Neovim without our plugin, whose `typethrough` writes down what is said."""

    def start(init_lua: str) -> Neovim:
        programs = tmp_path / "bin"
        programs.mkdir()
        wiretap.install(programs, tmp_path / "wire.jsonl")
        path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
        return Neovim(
            tmp_path / "neovim",
            environment=serving_from(gateway) | {"PATH": path},
            init_lua=init_lua,
            plugin=False,
        )

    return start


def test_neovim_as_a_client_of_copilots_server(start_neovim: Callable[[str], Neovim], tmp_path: Path) -> None:
    def sent(method: str) -> list[dict[str, Any]]:
        wire = wiretap.messages(tmp_path / "wire.jsonl", sent_by="client")
        return [message["params"] for message in wire if message.get("method") == method]

    with start_neovim(NVIM_LSPCONFIG + snippet("Neovim with nvim-lspconfig's copilot", "lua")) as editor:
        (editor.work / ".git").mkdir()
        editor.open("labels.py", HEAD)
        attached = "return #vim.lsp.get_clients({ bufnr = 0, name = 'copilot' }) > 0"
        editor.wait_for(lambda: bool(editor.lua(attached)), 15, "the client to attach")
        editor.keys("Go")
        editor.type(TYPED)
        ghost = editor.wait_for_ghost()
        assert TAIL.startswith(TYPED + ghost.split("\n")[0])
        editor.keys("<Tab>")
        editor.wait_for_buffer([*HEAD.split("\n")[:-1], FIRST_LINE])
        editor.wait_for(lambda: bool(sent("workspace/executeCommand")), 10, "the acceptance")
        [accepted] = sent("workspace/executeCommand")
        assert accepted["command"] == ACCEPTED
        # What its commands for signing in and out ask.
        ask = """
        local client = vim.lsp.get_clients({ name = 'copilot' })[1]
        local answer = client:request_sync(..., vim.empty_dict(), 5000)
        return answer.err or answer.result
        """
        assert editor.lua(ask, "signIn") == {"status": "AlreadySignedIn", "user": "typethrough"}
        assert editor.lua(ask, "signOut")["status"] == "NotSignedIn"
        # No complaint about settings that are Copilot's, and a status of Copilot's kinds.
        assert editor.messages() == ""
        statuses = editor.lua("return _G.statuses")
        assert statuses
        assert {one["kind"] for one in statuses} == {"Normal"}
        assert not [one["message"] for one in statuses if one["message"]]
