"""`typethrough complete`: a place as editors show it, a completion on stdout, the rest on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from typethrough.cli.complete import NoSuchPlace, place_of_argument
from typethrough.cli.compose import workspace_of
from typethrough.cli.main import main
from typethrough.core.document.document import Position

if TYPE_CHECKING:
    from pathlib import Path

REPEATED = "def area(width: int, height: int) -> int:\n    return width * height\n\n\n"


@pytest.mark.parametrize(
    ("text", "place", "position"),
    [
        ("abc", "1:1", (0, 0)),
        ("abc", "1:4", (0, 3)),
        ("abc\n", "2:1", (1, 0)),
        ("", "1:1", (0, 0)),
        ("a\r\nb\rc", "3:2", (2, 1)),
        ("x\fy\u2028z", "1:6", (0, 5)),
    ],
)
def test_lines_and_columns_count_from_one(
    text: str, place: str, position: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / "with:colon.py"
    path.write_bytes(text.encode())
    assert place_of_argument(f"{path}:{place}").position == Position(*position)


@pytest.mark.parametrize(
    ("name", "raw", "text"),
    [
        ("old.py", b"caf\xe9 = 1", "caf\xe9 = 1"),
        (
            "book.ipynb",
            b'{"cells": [{"cell_type": "code", "source": "x = 1", "outputs": ["OUT"]}]}',
            "# %%\nx = 1\n",
        ),
        ("a.png", b"\x89PNG\0", None),
        ("book.ipynb", b"{", None),
    ],
)
def test_a_file_is_read_as_the_workspace_is(name: str, raw: bytes, text: str | None, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    if text is None:
        with pytest.raises(NoSuchPlace, match="holds no text"):
            place_of_argument(f"{path}:1:1")
    else:
        assert place_of_argument(f"{path}:1:1").text == text


@pytest.mark.parametrize("place", ["0:1", "2:1", "1:0", "1:5", "x:1", "1", "-1:1", "²:1"])
def test_a_place_outside_the_file_does_not_exist(place: str, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"abc")
    with pytest.raises(NoSuchPlace):
        place_of_argument(f"{path}:{place}")


@pytest.mark.parametrize(
    ("repository", "expected"),
    [("", None), ("home/me/code/project", "home/me/code/project"), ("home/me", None), ("home", None)],
)
def test_the_workspace_is_the_repository_and_never_a_whole_home(
    repository: str, expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "home" / "me" / "code" / "project" / "deep" / "a.py"
    path.parent.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "me"))
    if repository:
        (tmp_path / repository / ".git").mkdir()
    assert workspace_of(path) == (tmp_path.resolve() / expected if expected else None)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "TYPETHROUGH_BASE_URL",
        "TYPETHROUGH_API_KEY",
        "AI_GATEWAY_API_KEY",
        "VERCEL_OIDC_TOKEN",
        "OPENAI_API_KEY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_the_local_lane_completes_from_the_files_own_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.py"
    path.write_text(REPEATED + REPEATED.replace("area", "room") + "def hall(width: int, ", "utf-8")
    code = main(["complete", f"{path}:9:22"])
    out, error = capsys.readouterr()
    assert (code, out) == (0, "height: int) -> int:\n")
    assert "source    local" in error
    assert "no key: local lane only" in error


def test_no_completion_is_exit_code_one_with_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / ".env"
    path.write_text(REPEATED * 2 + "def area(width: int, ", "utf-8")
    code = main(["complete", f"{path}:9:22"])
    out, error = capsys.readouterr()
    assert (code, out) == (1, "")
    assert "skipped (the file is excluded)" in error


@pytest.mark.parametrize(("arguments", "times"), [([], 1), (["--log-level", "info"], 3)])
def test_a_failure_is_told_once(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    times: int,
) -> None:
    monkeypatch.setenv("TYPETHROUGH_BASE_URL", "http://127.0.0.1:9/v1")
    path = tmp_path / "a.py"
    path.write_text("x = ", "utf-8")
    assert main(["complete", *arguments, f"{path}:1:5"]) == 1
    assert capsys.readouterr().err.count("nothing listens there") == times


def test_a_device_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(NoSuchPlace, match="too large"):
        place_of_argument("/dev/zero:1:1")


def test_outside_a_repository_no_other_file_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(REPEATED * 2, "utf-8")
    path = tmp_path / "a.py"
    path.write_text(REPEATED.replace("area", "room") + "def area(width: int, ", "utf-8")
    place = f"{path}:5:22"
    monkeypatch.setenv("HOME", str(tmp_path.parent / "nobody"))
    assert main(["complete", place]) == 1
    (tmp_path / ".git").mkdir()
    assert main(["complete", place]) == 0
    assert capsys.readouterr().out == "height: int) -> int:\n"
