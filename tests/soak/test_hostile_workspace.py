"""A folder that holds what no project should, under the real process: nothing keeps it waiting, nothing leads out of it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
import time
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.soak.raw_client import RawClient, notification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

INLINE: Final = "textDocument/inlineCompletion"
MARK: Final = "outside_of_it"


def _pipes(root: Path) -> None:
    for name in ("a.py", ".gitignore", ".ignore", ".cursorignore", ".aiignore", "README.md", ".git"):
        os.mkfifo(root / name)


def _pipes_for_git(root: Path) -> None:
    (root / ".git" / "info").mkdir(parents=True)
    os.mkfifo(root / ".git" / "info" / "exclude")


def _pipes_for_libraries(root: Path) -> None:
    for folder in (".venv/lib/python3.11/site-packages/foo", "node_modules/foo"):
        (root / folder).mkdir(parents=True)
    for name in (
        ".venv/pyvenv.cfg",
        ".venv/lib/python3.11/site-packages/foo/__init__.py",
        "node_modules/foo/package.json",
    ):
        os.mkfifo(root / name)


def _devices(root: Path) -> None:
    for name, target in (
        ("z.py", "/dev/zero"),
        ("m.py", "/proc/self/mem"),
        ("dev", "/dev"),
        (".gitignore", "/dev/zero"),
    ):
        (root / name).symlink_to(target)


def _sockets(root: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "s.py"))


def _links(root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text(f"{MARK} = 1\n" * 5)
    (root / "inside").mkdir()
    targets: dict[str, str | Path] = {
        "loop": root,
        "a": "b",
        "b": "a",
        "self": "self",
        "up": "../..",
        "out": outside,
        "inside/again": root / "inside",
    }
    for name, target in {**targets, "s.py": outside / "secret.py", ".gitignore": ".gitignore"}.items():
        (root / name).symlink_to(target)


def _closed(root: Path) -> None:
    (root / "no").mkdir()
    for name in ("no/a.py", "f.py"):
        (root / name).write_text("x = 1\n")
    (root / "f.py").chmod(0)
    (root / "no").chmod(0)


def _many(root: Path) -> None:
    for folder in range(60):
        (root / f"d{folder}").mkdir()
        for number in range(1_000):
            os.mknod(root / f"d{folder}" / f"f{number}.py")


def _large(root: Path) -> None:
    for number in range(3):
        (root / f"big{number}.py").write_bytes(b"def f(a, b):\n    return a\n" * 2_000_000)


def _names(root: Path) -> None:
    (root / os.fsdecode(b"\xfe")).mkdir()
    odd = (
        b"\xff.py",
        b"\xc3(.py",
        b"a\nb.py",
        b"%2e%2e.py",
        b"a#b.py",
        b"\x1b[31m.py",
        b"a\\b.py",
        b" ",
        b"\xfe/a.py",
    )
    for name in (*odd, b"x" * 250):
        (root / os.fsdecode(name)).write_text("def f(a):\n    return a\n")


def _deep(root: Path) -> None:
    here = os.open(root, os.O_RDONLY)
    for _ in range(600):
        os.mkdir("d" * 20, dir_fd=here)
        here, above = os.open("d" * 20, os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)


def _patterns(root: Path) -> None:
    odd = ["**/" * 50 + "a*" * 30, "[a-", "[!", "\\", "*" * 5_000, "(" * 500, "a" * 50_000]
    (root / ".gitignore").write_text("\n".join(odd + ["**/**/*a*b*c*"] * 300))
    (root / ("a" * 200)).mkdir()
    (root / ("a" * 200) / ("a" * 200 + ".py")).write_text("x = 1\n")


def _texts(root: Path) -> None:
    texts: dict[str, bytes] = {
        "nul.py": b"x\0y",
        "utf16.py": "x = 1".encode("utf-16"),
        "latin.py": b"x = '\xfc'\n",
        "round.py": b"(" * 200_000,
        "curly.ts": b"{" * 200_000,
        "nested.c": b"if(a)" * 40_000,
        "refs.rs": b"&" * 200_000,
        "ends.py": b"\r" * 200_000,
        "deep.ipynb": b"[" * 200_000,
        "odd.ipynb": b'{"cells":[{"cell_type":3,"source":{"a":1}}]}',
        "holes.js": b"`${" * 60_000,
    }
    for name, raw in texts.items():
        (root / name).write_bytes(raw)


def _vanishes(root: Path) -> None:
    (root / "a.py").write_text("x = 1\n")


def _is_gone(root: Path) -> None:
    root.rmdir()


def _is_a_file(root: Path) -> None:
    root.rmdir()
    root.write_text("x\n")


KINDS: Final[tuple[Callable[[Path], None], ...]] = (
    _pipes, _pipes_for_git, _pipes_for_libraries, _devices, _sockets, _links, _closed, _many, _large, _names, _deep, _patterns,
    _texts, _vanishes, _is_gone, _is_a_file,
)  # fmt: skip
# What the log says beside what is usual.
SAID: Final = {
    "_large": "files too large: 3",
    "_deep": "files or folders that cannot be read: 1",
    "_texts": "files that are no text: 2",
}


def _place(uri: str) -> dict[str, Any]:
    context = {"triggerKind": 2}
    return {"textDocument": {"uri": uri}, "position": {"line": 3, "character": 6}, "context": context}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.strip("_"))
def test_nothing_in_a_folder_keeps_the_server_waiting(tmp_path: Path, kind: Callable[[Path], None]) -> None:
    root, name = tmp_path / "root", kind.__name__
    root.mkdir()
    kind(root)
    try:
        with RawClient(tmp_path) as client:
            _use(client, root, vanishes=name == "_vanishes")
            client.until(lambda: SAID.get(name, "") in client.log.read_text())
            assert client.rss_mib() < 400
            assert client.end() == 0
            log = client.log.read_text()
    finally:
        _make_removable(root)
    assert not re.search(r"Traceback|CRITICAL|failed", log)
    shown = [one for one in client.messages if one.get("method") == "window/showMessage"]
    assert len(shown) <= 1
    assert MARK not in str(client.messages)


def _use(client: RawClient, root: Path, *, vanishes: bool) -> None:
    """Ask while the folder is read, tell of changes in it, and open what lies there."""
    uri = (root / "new.py").as_uri()
    client.begin(rootUri=root.as_uri(), workspaceFolders=[{"uri": root.as_uri(), "name": "root"}])
    client.open(uri, "import foo\nfrom foo import bar\nvalue = 1\nprint(\n")
    for number in range(20):
        if vanishes and number == 5:
            shutil.rmtree(root)
        if number == 10:
            changes = [
                {"uri": one, "type": 2}
                for one in (*_uris(root), root.as_uri(), "file:///", "file:///dev/zero")
            ]
            client.send(notification("workspace/didChangeWatchedFiles", {"changes": changes}))
        assert "result" in client.ask(number, INLINE, _place(uri))
        until_s = time.monotonic() + 0.05
        client.until(lambda until_s=until_s: time.monotonic() > until_s)  # type: ignore[misc]
    for number, one in enumerate(_uris(root)):
        client.open(one, "import foo\n\nvalue = 1\nprint(\n")
        assert "result" in client.ask(f"o{number}", INLINE, _place(one))
        for method in ("textDocument/didSave", "textDocument/didClose"):
            client.send(notification(method, {"textDocument": {"uri": one}}))


def _uris(root: Path) -> list[str]:
    return [one.as_uri() for one in islice(root.iterdir(), 20)] if root.is_dir() else []


def _make_removable(root: Path) -> None:
    """Take away what the test's own tidying could not, or would take long for."""
    if root.is_dir() and not root.is_symlink():
        for path in root.iterdir():
            if not path.is_symlink() and stat.S_ISDIR(path.lstat().st_mode):
                path.chmod(0o700)
        shutil.rmtree(root, ignore_errors=True)
