"""What a person who types in a real Kate gets: a completion menu. The configuration is the one in editors/README.md."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import HEAD, TAIL
from tests.support import wiretap
from tests.support.debian_editors import KATE, installed
from tests.support.simulator import Simulator
from tests.support.snippets import snippet
from tests.support.terminal_editor import serving_from
from tests.support.virtual_screen import VirtualScreen

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

FIRST_LINE = TAIL.split("\n", maxsplit=1)[0]
# A menu of one entry covers some six thousand pixels; what typing a few letters changes is some hundreds.
MENU_PIXELS = 3000


def wait_for(predicate: Callable[[], bool], what: str, timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not predicate():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s for {what}"
        time.sleep(0.05)


@pytest.fixture
def screen() -> Iterator[VirtualScreen]:
    with VirtualScreen() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which Kate has the set-up of the guide, and has been told that it may start the server."""
    programs, configuration = tmp_path / "bin", tmp_path / "config"
    programs.mkdir()
    wiretap.install(programs, tmp_path / "wire.jsonl")
    servers = configuration / "kate" / "lspclient" / "settings.json"
    servers.parent.mkdir(parents=True)
    servers.write_text(snippet("Kate", "json"), encoding="utf-8")
    (configuration / "katerc").write_text(
        "[Kate Plugins]\nlspclientplugin=true\n"
        f"[lspclient]\nAllowedServerCommandLines={programs}/typethrough --stdio\n"
        "[General]\nShow welcome view for new window=false\n",
        encoding="utf-8",
    )
    (tmp_path / "work" / ".git").mkdir(parents=True)
    (tmp_path / "work" / "labels.py").write_text(HEAD, encoding="utf-8")
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def kate(home: Path, screen: VirtualScreen, gateway: Simulator) -> Iterator[None]:
    """A Kate on the screen that has opened the file and told the server of it."""
    root = installed(KATE)
    libraries = next((root / "usr" / "lib").glob("*-linux-gnu*"))
    environment = {
        "DISPLAY": screen.name,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join([str(home / "bin"), os.defpath]),
        "QT_PLUGIN_PATH": str(libraries / "qt6" / "plugins"),
        "QT_QPA_PLATFORM": "xcb",
        **serving_from(gateway),
        "TYPETHROUGH_MAX_LINES": "10",
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_DIRS": str(root / "usr" / "share"),
        "XDG_RUNTIME_DIR": str(home),
    }
    with (home / "kate.log").open("w") as log:
        process = subprocess.Popen(
            [root / "usr" / "bin" / "kate", "--new", "--block", home / "work" / "labels.py"],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            wait_for(
                lambda: bool(sent(home, "textDocument/didOpen")), "the server to be told of the file", 40
            )
            yield
        finally:
            process.kill()
            process.wait(10)


def sent(home: Path, method: str) -> list[dict[str, Any]]:
    wire = wiretap.messages(home / "wire.jsonl", sent_by="client")
    return [message for message in wire if message.get("method") == method]


def told(home: Path) -> str:
    """The text as Kate last told the server; it always tells the whole."""
    changes = sent(home, "textDocument/didChange")
    return str(changes[-1]["params"]["contentChanges"][-1]["text"]) if changes else ""


def answered(home: Path) -> bool:
    """Whether the server has answered all that it was asked for the menu, and something."""
    asked = {message["id"] for message in sent(home, "textDocument/completion")}
    replies = {message.get("id") for message in wiretap.messages(home / "wire.jsonl", sent_by="server")}
    return bool(asked) and asked <= replies


def test_typing_brings_up_a_menu_and_a_block_is_inserted_with_its_indentation(
    kate: None, home: Path, screen: VirtualScreen
) -> None:
    file = home / "work" / "labels.py"
    screen.keys("ctrl+End")
    before = screen.settled()
    screen.type("def lab")
    wait_for(lambda: answered(home) and screen.changed(before) > MENU_PIXELS, "the menu")
    # Kate takes the key for a line break until its menu is at rest.
    screen.settled(for_s=1.0)
    screen.keys("Return")
    wait_for(lambda: told(home).endswith("\n" + FIRST_LINE), "the line in the text")
    before, asked = screen.settled(), len(sent(home, "textDocument/completion"))
    # Elsewhere than after a letter the menu has to be asked for.
    screen.keys("ctrl+space")
    wait_for(
        lambda: len(sent(home, "textDocument/completion")) > asked and answered(home), "the server's answer"
    )
    wait_for(lambda: screen.changed(before) > MENU_PIXELS, "the menu")
    screen.settled(for_s=1.0)
    screen.keys("Return")
    wait_for(lambda: told(home) == HEAD + TAIL.rstrip("\n"), "the block in the text")
    screen.keys("ctrl+s")
    wait_for(lambda: file.read_text(encoding="utf-8") == HEAD + TAIL, "the block in the file")
