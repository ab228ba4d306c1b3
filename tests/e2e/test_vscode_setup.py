"""A real VS Code in which nothing is set up, or where a project tries to: what a new user and a careful one see."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import HEAD, StartVSCode
from tests.e2e.test_neovim_trouble import REPEATED
from tests.e2e.test_vscode_trouble import READY, REPEATED_GHOST
from tests.e2e.test_vscode_typing import REST, TYPED
from tests.support import simulator
from tests.support.simulator import Simulator
from tests.support.vscode import VSCode

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def answer(editor: VSCode, message: str, button: str) -> None:
    """Wait for a question and click one of its buttons."""
    editor.wait_for(
        lambda: any(message in told for told in editor.notifications()), 20, f"the question {message!r}"
    )
    editor.click(f".notification-toast .monaco-button:text-is({button!r})")


def test_with_no_key_and_no_server_it_installs_its_own_and_the_local_lane_answers(
    vscode: StartVSCode,
) -> None:
    python = Path(sys.base_prefix) / "bin"
    editor = vscode(path=(python,), environment={"PIP_CACHE_DIR": _pip_cache()})
    editor.open("invoices.py", REPEATED.rstrip("\n"))
    answer(editor, "no language server was found", "Install")
    editor.wait_for(
        lambda: any("installing its server" in told for told in editor.told()),
        20,
        "the installation's progress",
    )
    editor.wait_for(
        lambda: editor.status() == "typethrough: Local lane only: no key", 120, "the server to run"
    )
    (server,) = editor.server.processes("typethrough --stdio")
    assert Path(f"/proc/{server}/cwd").readlink() == editor.home
    command = Path(f"/proc/{server}/cmdline").read_bytes().split(b"\0")[0].decode()
    assert Path(command).is_relative_to(editor.home)
    editor.type("\nwith ")
    assert editor.wait_for_ghost().startswith(REPEATED_GHOST)
    assert editor.notifications() == []


def test_a_project_that_is_not_trusted_sets_nothing_and_gets_ghost_text(
    vscode: StartVSCode, model: Simulator, tmp_path: Path
) -> None:
    mark = tmp_path / "started"
    program = tmp_path / "evil"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n", encoding="utf-8")
    program.chmod(0o755)
    with simulator.start() as elsewhere:
        settings = {
            "typethrough.command": [str(program)],
            "typethrough.baseUrl": elsewhere.base_url,
            "typethrough.enabled": False,
            "typethrough.disabledLanguages": ["python"],
        }
        project = {".vscode/settings.json": json.dumps(settings)}
        editor = vscode(model, trust=True, project=project)
        editor.attach()
        assert editor.js("return vscode.workspace.isTrusted") is False
        assert editor.status() == READY
        editor.open("labels.py", HEAD)
        editor.type(TYPED)
        assert REST.startswith(editor.wait_for_ghost())
        assert not mark.exists()
        assert elsewhere.log() == []
        # Trusted, what a project may say counts; what runs and where code goes it may not say even then.
        editor.run("workbench.trust.manage")
        editor.click(".workspace-trust-editor .monaco-button:text-is('Trust')")
        editor.wait_for(lambda: bool(editor.js("return vscode.workspace.isTrusted")), 10, "trust")
        editor.wait_for(
            lambda: editor.status() == "typethrough: Off here", 20, "the project's own switch to count"
        )
        assert not mark.exists()
        assert elsewhere.log() == []


def test_a_server_that_cannot_be_started_is_one_clear_message(vscode: StartVSCode) -> None:
    editor = vscode(machine={"typethrough.command": ["no-such-typethrough"]})
    editor.wait_for(lambda: editor.told() != [], 20, "the message")
    editor.open("one.py", "x = 1\n")
    editor.open("two.py", "y = 2\n")
    editor.type("z = 3\n")
    editor.wait_for_text("y = 2\nz = 3\n")
    (message,) = editor.told()
    assert "no-such-typethrough" in message
    assert editor.status() == "typethrough: Stopped"


def _pip_cache() -> str:
    """The packages that the tests' own environment was made from need not be fetched again."""
    return os.environ.get("PIP_CACHE_DIR") or str(Path.home() / ".cache" / "pip")
