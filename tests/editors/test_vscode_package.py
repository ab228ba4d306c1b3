"""The VS Code extension's manifest against the server: its settings are the server's, and no project can say what runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from typethrough import __version__
from typethrough.cli.settings import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "editors" / "vscode"
PACKAGE: dict[str, Any] = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
SETTINGS: dict[str, dict[str, Any]] = PACKAGE["contributes"]["configuration"]["properties"]
SERVERS: list[dict[str, Any]] = json.loads(as_json())
# Settings of the extension itself.
OWN = {"typethrough.command"}


def key_of(name: str) -> str:
    first, *others = name.split("_")
    return "typethrough." + first + "".join(word.capitalize() for word in others)


def offered() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each row of the server's list that is a setting of the extension, with that."""
    return ((row, SETTINGS[key_of(row["name"])]) for row in SERVERS if key_of(row["name"]) in SETTINGS)


def sources() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted((FOLDER / "src").glob("*.ts")))


def test_the_settings_are_the_servers_and_one_of_the_extensions_own() -> None:
    may_be_offered = {
        key_of(row["name"]) for row in SERVERS if row["reach"] != "user_file" and not row["secret"]
    }
    assert set(SETTINGS) == may_be_offered | OWN


def test_every_setting_says_what_the_server_says() -> None:
    rows = list(offered())
    assert len(rows) >= 15
    for row, setting in rows:
        assert setting["default"] == row["default"], row["name"]
        assert setting["markdownDescription"].startswith(row["description"]), row["name"]
        values = setting.get("enum", [])
        words, numbers = row["choices"], values[len(row["choices"]) :]
        assert values[: len(words)] == words, row["name"]
        # A setting that is a word or a number has a list of both in place of bounds.
        bounds = (numbers[0], numbers[-1]) if numbers else (setting.get("minimum"), setting.get("maximum"))
        assert bounds == (row["minimum"], row["maximum"]), row["name"]


def test_what_decides_where_code_goes_and_what_runs_is_the_machines_alone() -> None:
    for row, setting in offered():
        assert setting["scope"] == ("window" if row["reach"] == "anywhere" else "machine"), row["name"]
    assert {SETTINGS[key]["scope"] for key in ("typethrough.command", "typethrough.baseUrl")} == {"machine"}


def test_no_key_is_a_setting() -> None:
    # The file of one may be named: what is in it is not sent.
    assert [key for key in SETTINGS if "key" in key.lower()] == ["typethrough.clientKey"]


def test_in_an_untrusted_workspace_no_setting_of_ours_counts() -> None:
    trust = PACKAGE["capabilities"]["untrustedWorkspaces"]
    assert trust["supported"] == "limited"
    assert trust["restrictedConfigurations"] == list(SETTINGS)


def test_the_generator_would_change_nothing() -> None:
    check = [sys.executable, str(FOLDER / "scripts" / "settings.py"), "--check"]
    assert subprocess.run(check, check=False).returncode == 0


def test_the_extension_has_the_servers_version() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    assert PACKAGE["version"] == lock["version"] == __version__


def test_the_lock_file_names_no_address() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


def test_every_command_is_registered_and_every_registered_one_is_declared() -> None:
    declared = {command["command"] for command in PACKAGE["contributes"]["commands"]}
    registered = {f"typethrough.{name}" for name in re.findall(r'\bcommand\("(\w+)"', sources())}
    assert declared == registered


def test_no_key_is_taken_but_the_one_that_asks_now_where_no_suggestion_is_on_the_screen() -> None:
    asks, takes = PACKAGE["contributes"]["keybindings"]
    assert asks["command"] == "editor.action.inlineSuggest.trigger"
    assert "!inlineSuggestionVisible" in asks["when"]
    # Beside the suggest widget Tab takes the widget's entry.
    assert takes["command"] == "editor.action.inlineSuggest.commit"
    assert "&& inlineSuggestionVisible && suggestWidgetVisible" in takes["when"]
    assert asks["key"] == takes["key"] == "alt+\\"


def test_the_server_is_told_nothing_that_makes_it_speak_another_dialect() -> None:
    assert "editorPluginInfo" not in sources()
    assert "editorInfo" in sources()


@pytest.mark.parametrize(
    "step", PACKAGE["contributes"]["walkthroughs"][0]["steps"], ids=lambda step: str(step["id"])
)
def test_every_step_of_the_walkthrough_has_its_picture_and_knows_its_commands(step: dict[str, Any]) -> None:
    assert (FOLDER / step["media"]["svg"]).is_file()
    declared = {command["command"] for command in PACKAGE["contributes"]["commands"]}
    mentioned = re.findall(r"command:(typethrough\.\w+)", step["description"])
    assert set(mentioned) <= declared


def test_the_client_stays_thin() -> None:
    assert len(sources().splitlines()) <= 900
