"""The command line: quick where it can be, one clear line where it cannot go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from typethrough import __version__
from typethrough.cli.main import main
from typethrough.core.settings.schema import DEFAULTS, SPECS

REPOSITORY = Path(__file__).parents[2]


def python(code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "server")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout


def test_version_is_printed_without_importing_what_a_server_needs() -> None:
    code = (
        "import sys\nfrom typethrough.cli.main import main\n"
        "try:\n    main(['--version'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'pygls', 'lsprotocol', 'httpx', 'httpcore', 'asyncio', 'platformdirs'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert python(code).splitlines() == [f"typethrough {__version__}", "[]"]


@pytest.mark.parametrize("arguments", [["settings"], ["doctor"], []])
def test_the_text_of_an_unexpected_error_is_not_printed(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_options: object) -> int:
        raise ValueError("Port could not be cast to integer value as 'hunter22secret'")

    for verb in ("settings.run_settings", "doctor.verb.run_doctor", "serve.run_serve"):
        monkeypatch.setattr(f"typethrough.cli.{verb}", fail)
    assert main(arguments) == 1
    out, error = capsys.readouterr()
    assert "ended by an unexpected error: ValueError at test_main.py" in error
    assert "hunter22secret" not in out + error


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--bogus"], "unrecognized arguments"),
        (["--tcp", "0.0.0.0:80"], "only a loopback address"),
        (["--tcp", "example.org:80"], "only a loopback address"),
        (["--tcp", "9257"], "expected HOST:PORT"),
        (["--tcp", "127.0.0.1:99999"], "expected HOST:PORT"),
        (["--stdio", "--tcp", "127.0.0.1:1"], "not allowed with"),
        (["--log-level", "loud"], "invalid choice"),
        (["wat"], "invalid choice"),
        (["complete"], "FILE:LINE:COL"),
        (["demo", "--speed", "0"], "from 0.1 to 50"),
        (["demo", "--seconds", "soon"], "from 1 to 600"),
    ],
)
def test_wrong_usage_is_one_line_on_stderr(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, error = capsys.readouterr()
    assert ended.value.code == 2
    assert out == ""
    assert error.count("\n") == 1
    assert says in error


def test_a_place_that_does_not_exist_is_one_line_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["complete", f"{tmp_path / 'none.py'}:1:1"]) == 2
    out, error = capsys.readouterr()
    assert (out, error.count("\n")) == ("", 1)
    assert error.startswith("typethrough complete: ")


def test_settings_as_markdown_are_the_file_in_the_repository(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--markdown"]) == 0
    written = (REPOSITORY / "server" / "SETTINGS.md").read_text("utf-8")
    assert capsys.readouterr().out == written, (
        "run: python -m typethrough settings --markdown > server/SETTINGS.md"
    )


def test_settings_as_json_hold_every_setting_with_what_a_settings_page_needs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["settings", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == list(SPECS)
    assert rows["budget_ms"] == {
        "name": "budget_ms",
        "env": "TYPETHROUGH_BUDGET_MS",
        "kind": "number",
        "default": DEFAULTS.budget_ms,
        "minimum": SPECS["budget_ms"].minimum,
        "maximum": SPECS["budget_ms"].maximum,
        "choices": [],
        "unit": "ms",
        "reach": "anywhere",
        "secret": False,
        "others": "lower",
        "description": SPECS["budget_ms"].description,
    }
    assert (rows["base_url"]["reach"], rows["api_key"]["secret"]) == ("environment", True)
    assert (rows["api_key_command"]["reach"], rows["api_key_command"]["env"]) == ("user_file", None)
