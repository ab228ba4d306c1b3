"""The user's file and the key's command: whatever is wrong with them is one problem without a secret in it."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from typethrough.cli.compose import Composition
from typethrough.cli.user_file import (
    administrator_file_path,
    catalogue_path,
    key_from_command,
    read_administrator_file,
    read_user_file,
    record_path,
    user_file_path,
)
from typethrough.core.settings.layers import Layer, Origin, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "vck_s3cret"


def test_no_file_is_no_problem(tmp_path: Path) -> None:
    layer, problems = read_user_file(tmp_path / "config.toml")
    assert (layer.values, problems) == ({}, ())


def test_the_file_is_a_layer_of_its_own_origin(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("budget_ms = 700\n[debounce]\nmin_ms = 10\n", "utf-8")
    layer, problems = read_user_file(path)
    assert layer.origin is Origin.USER_FILE
    assert (layer.values, problems) == ({"budget_ms": 700, "debounce": {"min_ms": 10}}, ())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"model = ", "is not TOML"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"#" * 1_000_001, "is larger than"),
    ],
)
def test_an_administrators_file_that_cannot_be_understood_closes_the_model_lane(
    content: bytes, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    layer = read_administrator_file(path)
    assert layer.unread.startswith(f"administrator's file: {says}")
    assert layer.unread.endswith(f"mend {path}")
    settings, _ = resolve([layer])
    assert settings.closed


def test_one_that_is_gone_or_a_folder_by_now_closes_it_too_and_none_at_all_does_not(tmp_path: Path) -> None:
    for path in (tmp_path / "config.toml", tmp_path):
        assert read_administrator_file(path).unread.startswith("administrator's file: cannot be read (")
    assert resolve([read_administrator_file(None)])[0].closed == ""


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_one_that_everybody_may_change_closes_it_too(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("model_lane = true\nexclude = ['*.key']", "utf-8")
    for mode, is_closed in ((0o644, False), (0o664, False), (0o646, True)):
        path.chmod(mode)
        settings, _ = resolve([read_administrator_file(path)])
        assert ("can be changed by everybody" in settings.closed) is is_closed
        assert "*.key" in settings.exclude


def test_files_that_change_take_their_own_places_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, own = tmp_path / "held.toml", tmp_path / "typethrough" / "config.toml"
    own.parent.mkdir()
    held.write_text("context_tokens = 2000", "utf-8")
    own.write_text("context_tokens = 900", "utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("typethrough.cli.user_file._administrator_places", lambda: (held,))
    parts = Composition.from_process(argparse.Namespace())

    def in_force() -> int:
        parts.files_changed(parts.settings()[0])
        return parts.settings()[0].context_tokens

    assert in_force() == 900
    own.write_text("context_tokens = 90000", "utf-8")
    assert in_force() == 2000
    held.write_text("context_tokens = 500", "utf-8")
    assert in_force() == 500
    held.write_text("context_tokens =", "utf-8")
    assert in_force() == 90_000
    assert parts.settings()[0].closed.startswith("administrator's file: is not TOML")


def test_no_variable_says_where_the_administrators_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = administrator_file_path()
    (tmp_path / "typethrough").mkdir()
    (tmp_path / "typethrough" / "config.toml").write_text("", "utf-8")
    for name in ("XDG_CONFIG_DIRS", "XDG_CONFIG_HOME", "HOME", "ProgramData"):
        monkeypatch.setenv(name, str(tmp_path))
    assert administrator_file_path() == before


@pytest.mark.parametrize(
    "content",
    [
        f'api_key = "{SECRET}\n'.encode(),
        f"{SECRET} {SECRET}".encode(),
        b"\xff\xfe\x00",
        b"a = " + b"[" * 5_000,
        b"#" * 1_000_001,
    ],
)
def test_a_file_that_cannot_be_understood_is_one_problem_without_its_text(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    layer, problems = read_user_file(path)
    assert (layer.values, problems) == ({}, ())
    assert layer.unread.startswith("user file: is ")
    assert SECRET not in layer.unread
    assert "\n" not in layer.unread


@pytest.mark.skipif(os.name != "posix", reason="the variables are those of XDG")
@pytest.mark.parametrize(
    ("variable", "path_of"),
    [
        ("XDG_CONFIG_HOME", user_file_path),
        ("XDG_STATE_HOME", record_path),
        ("XDG_CACHE_HOME", catalogue_path),
    ],
)
def test_a_relative_folder_of_the_user_is_none_for_it_would_be_the_projects(
    variable: str, path_of: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, ".")
    path = path_of()
    assert path.is_absolute()
    assert not path.is_relative_to(tmp_path)


@pytest.mark.parametrize("folder", ["~/.config", "", "."])
def test_a_user_without_a_home_has_no_settings_file(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: Path(folder, "typethrough"))
    layer, problems = read_user_file(user_file_path())
    assert (layer.values, layer.unread, problems) == ({}, "", ())


def test_a_folder_in_its_place_is_one_problem(tmp_path: Path) -> None:
    layer, _ = read_user_file(tmp_path)
    assert layer.unread.startswith("user file: cannot be read")


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize("table", ["", "[typethrough]\n"])
@pytest.mark.parametrize(("mode", "count"), [(0o600, 0), (0o640, 1), (0o644, 1)])
def test_a_key_that_others_can_read_is_reported_and_still_used(
    table: str, mode: int, count: int, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'{table}api_key = "{SECRET}"\n', "utf-8")
    path.chmod(mode)
    layer, problems = read_user_file(path)
    assert resolve([layer])[0].access[0].api_key == SECRET
    assert len(problems) == count
    assert SECRET not in "".join(problem.message for problem in problems)


FOR_EVER = "import threading; threading.Event().wait()"


def key_of(code: str, limit_s: float = 10.0) -> tuple[str, str]:
    key, problem = asyncio.run(key_from_command([sys.executable, "-c", code], limit_s))
    return key, problem.message if problem else ""


def test_the_first_line_of_the_commands_output_is_the_key() -> None:
    assert key_of("print(' k1 ')\nprint('more')") == ("k1", "")


@pytest.mark.parametrize("printed", ['"k1"', "Bearer k1", "'Bearer k1'"])
def test_what_a_password_manager_puts_round_a_key_is_left_out(printed: str) -> None:
    assert key_of(f"print({printed!r})") == ("k1", "")


def test_a_command_that_goes_on_after_its_first_line_is_not_waited_for() -> None:
    assert key_of(f"print('k1', flush=True)\n{FOR_EVER}") == ("k1", "")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("pass", "printed no key"),
        ("print('sk-\\u201c')", "printed no key"),
        ("print('two words')", "printed no key"),
        ("print('x' * 100_000)", "printed no key"),
        ("raise SystemExit(3)", "ended with status 3"),
    ],
)
def test_a_command_without_a_key_is_a_problem(code: str, says: str) -> None:
    key, message = key_of(code)
    assert key == ""
    assert says in message


def test_a_command_that_hangs_is_ended() -> None:
    assert key_of(FOR_EVER, limit_s=0.05) == (
        "",
        "user file: api_key_command gave no key within 0.05 seconds.",
    )


def test_a_command_that_does_not_exist_is_a_problem() -> None:
    key, problem = asyncio.run(key_from_command(["/nonexistent/command"]))
    assert key == ""
    assert problem is not None
    assert "could not be started" in problem.message


def test_the_commands_key_is_used_for_the_endpoint_of_the_user_file() -> None:
    command = [sys.executable, "-c", f"print('{SECRET}')"]
    layer = Layer(
        "user file", Origin.USER_FILE, {"base_url": "https://x.example/v1", "api_key_command": command}
    )
    composition = Composition(environment={}, user_layer=layer)
    settings, problems = asyncio.run(composition.ready_settings())
    assert problems == ()
    assert composition.endpoint(settings).api_key == SECRET
    assert SECRET not in repr(settings)
