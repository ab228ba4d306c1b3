"""`typethrough settings` says where code really goes and with whose key, and what to mend; it never prints a key."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from typethrough.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-9fQx7ZtLmW2Rb8Kd"
ONE = "https://one.example/v1"


@pytest.mark.skipif(os.name != "posix", reason="the user's folder is found by XDG's variables")
@pytest.mark.parametrize(
    ("user", "environment", "status", "lines", "errors"),
    [
        ("", {}, 0, ["model lane: no key: local lane only", "model openai/gpt-4.1-nano (default)"], ""),
        (
            "",
            {"TYPETHROUGH_BASE_URL": ONE, "TYPETHROUGH_API_KEY": KEY},
            0,
            [f"base_url {ONE}", "api_key (set: TYPETHROUGH_API_KEY)"],
            "",
        ),
        (
            f'base_url = "{ONE}"',
            {"TYPETHROUGH_API_KEY": KEY},
            1,
            ["model lane: no key for one.example: local lane only", "base_url (none in force)", "api_key (none in force)"],
            "TYPETHROUGH_API_KEY is for ai-gateway.vercel.sh and not sent to one.example, which base_url in the user file names",
        ),
        (
            "",
            {"TYPETHROUGH_BASE_URL": "myhost:8443/v1", "TYPETHROUGH_API_KEY": KEY},
            1,
            ["base_url (none in force)", "api_key (none in force)"],
            "TYPETHROUGH_BASE_URL must begin with https:// or http://",
        ),
        (
            f'base_url = "{ONE}"\napi_key_command = ["echo", "{KEY}"]',
            {},
            0,
            ["api_key (set: api_key_command in the user file)", "api_key_command (set)"],
            "",
        ),
        ("base_url = ", {"AI_GATEWAY_API_KEY": KEY}, 1, ["api_key (none in force)"], "user file: is not TOML"),
        (
            "",
            {"AI_GATEWAY_API_KEY": KEY, "HTTPS_PROXY": "http://proxy:port"},
            1,
            ["nothing is sent: HTTPS_PROXY holds no address of a proxy; write it like http://host:3128, or unset it."],
            "",
        ),
        (
            f'base_url = "{ONE}"\napi_key = "{KEY}"\nzero_data_retention = true',
            {},
            1,
            ["nothing is sent: The setting `zero_data_retention` is a promise that only the Vercel AI Gateway makes,"],
            "",
        ),
    ],
)  # fmt: skip
def test_the_page_says_what_is_so(
    user: str,
    environment: dict[str, str],
    status: int,
    lines: list[str],
    errors: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in list(os.environ):
        if name.upper().endswith(("_PROXY", "_API_KEY", "_TOKEN", "_BASE_URL")):
            monkeypatch.delenv(name)
    for name, value in {**environment, "XDG_CONFIG_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    # The tests' own process keeps its signals.
    monkeypatch.setattr("signal.signal", lambda *_: None)
    (tmp_path / "typethrough").mkdir()
    file = tmp_path / "typethrough" / "config.toml"
    file.write_text(user, "utf-8")
    file.chmod(0o600)
    assert main(["settings"]) == status
    out, error = capsys.readouterr()
    said = [" ".join(line.split()) for line in out.splitlines()]
    assert all(any(one.startswith(line) for one in said) for line in lines), out
    assert errors in error
    assert KEY not in out + error


@pytest.mark.skipif(os.name != "posix", reason="the user's folder is found by XDG's variables")
def test_what_the_administrator_has_set_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "administrator.toml"
    file.write_text(f'base_url = "{ONE}"\ncontext_tokens = 2000\nbudget_ms = 800\n', "utf-8")
    monkeypatch.setattr("typethrough.cli.user_file._administrator_places", lambda: (tmp_path / "none", file))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    for name, value in {
        "TYPETHROUGH_CONTEXT_TOKENS": "9000",
        "TYPETHROUGH_BUDGET_MS": "600",
        "TYPETHROUGH_BASE_URL": ONE,
        "TYPETHROUGH_API_KEY": KEY,
        "XDG_CONFIG_HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    assert main(["settings"]) == 1
    out, error = capsys.readouterr()
    said = [" ".join(line.split()) for line in out.splitlines()]
    assert f"administrator's file: {file}" in said
    assert "context_tokens 2000 tokens (set by your administrator)" in said
    assert "budget_ms 600 ms" in said
    assert f"base_url {ONE} (set by your administrator)" in said
    assert error.splitlines() == [
        "environment: TYPETHROUGH_CONTEXT_TOKENS is set by your administrator; others may only lower it. This is ignored."
    ]
