"""Reading a workspace: what git would track and nothing else, within bounds, and never out of the folder."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest

from typethrough.core.gate.gate import Gate
from typethrough.core.settings.schema import Settings
from typethrough.engine.regular_file import read_regular
from typethrough.engine.workspace import LocalDisk, folder_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Bounds(NamedTuple):
    files: int
    bytes: int
    seconds: float = 10.0


PLENTY = Bounds(files=1_000, bytes=1_000_000)


def gate_at(root: Path, exclude: tuple[str, ...] = ()) -> Gate:
    return Gate(replace(Settings(), exclude=exclude), folders=[folder_at(root)], disk=LocalDisk(lambda: 0.0))


def tree(root: Path, **files: str | bytes) -> None:
    """Make files; in a name, `__` stands for a slash and `_dot_` for a dot at its beginning."""
    for age, (name, content) in enumerate(files.items()):
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(path, (1_000 + age, 1_000 + age))


def read(
    root: Path,
    bounds: Bounds = PLENTY,
    *,
    exclude: tuple[str, ...] = (),
    now_s: Callable[[], float] = lambda: 0.0,
) -> list[str]:
    """The names of the files read, in order."""

    async def scenario() -> list[str]:
        prefix = root.as_uri() + "/"
        found = LocalDisk(now_s).files(gate_at(root, exclude), *bounds)
        return [permit.uri.removeprefix(prefix) async for permit, _ in found]

    return asyncio.run(scenario())


def test_files_come_with_their_text_those_changed_last_first(tmp_path: Path) -> None:
    tree(tmp_path, old="one\r\n", src__new="zwei ä\n")

    async def scenario() -> list[tuple[str, str]]:
        found = LocalDisk(lambda: 0.0).files(gate_at(tmp_path), *PLENTY)
        return [(permit.uri, text) async for permit, text in found]

    assert asyncio.run(scenario()) == [
        ((tmp_path / "src" / "new").as_uri(), "zwei ä\n"),
        ((tmp_path / "old").as_uri(), "one\r\n"),
    ]


@pytest.mark.parametrize(
    ("ignores", "kept"),
    [
        ({"_dot_gitignore": ""}, {"a", "b", "sub/a", "sub/b", "sub/deep/a"}),
        ({"_dot_gitignore": "a\n"}, {"b", "sub/b"}),
        ({"_dot_gitignore": "/a\n"}, {"b", "sub/a", "sub/b", "sub/deep/a"}),
        ({"_dot_gitignore": "a\n!sub/a\n"}, {"b", "sub/a", "sub/b"}),
        ({"_dot_gitignore": "a\n", "sub___dot_gitignore": "!a\n"}, {"b", "sub/a", "sub/b", "sub/deep/a"}),
        ({"sub___dot_gitignore": "a\n"}, {"a", "b", "sub/b"}),
        ({"sub___dot_gitignore": "/a\n"}, {"a", "b", "sub/b", "sub/deep/a"}),
        ({"_dot_gitignore": "sub/\n"}, {"a", "b"}),
        ({"_dot_gitignore": "sub/\n!sub/a\n"}, {"a", "b"}),
        ({"_dot_gitignore": "sub/*\n!sub/deep/\n"}, {"a", "b", "sub/deep/a"}),
        ({"_dot_gitignore": "# a\n\nb  \n"}, {"a", "sub/a", "sub/deep/a"}),
        ({"_dot_gitignore": "**/deep\n"}, {"a", "b", "sub/a", "sub/b"}),
        (
            {"_dot_gitignore": "a\n", "sub___dot_gitignore": "!a\n", "sub__deep___dot_gitignore": "a\n"},
            {"b", "sub/a", "sub/b"},
        ),
        ({"_dot_git__info__exclude": "a\n", "_dot_gitignore": "!sub/a\n"}, {"b", "sub/a", "sub/b"}),
        ({"_dot_gitignore": b"\xff\xfe\n!\n[\na\n"}, {"b", "sub/b"}),
    ],
)
def test_gitignore_files_say_what_git_would_say(
    tmp_path: Path, ignores: dict[str, str | bytes], kept: set[str]
) -> None:
    tree(tmp_path, a="x", b="x", sub__a="x", sub__b="x", sub__deep__a="x", **ignores)
    assert set(read(tmp_path)) == kept


def test_hidden_generated_and_vendored_files_are_left_out(tmp_path: Path) -> None:
    tree(
        tmp_path,
        a="x",
        _dot_env="KEY=1",
        _dot_git__config="x",
        node_modules__m="x",
        sub__build__b="x",
        venv__v="x",
    )
    assert read(tmp_path) == ["a"]


def test_what_the_user_excludes_is_left_out(tmp_path: Path) -> None:
    tree(tmp_path, a="x", sub__secrets="x", sub__b="x")
    assert set(read(tmp_path, exclude=("**/secrets",))) == {"a", "sub/b"}


@pytest.mark.parametrize("content", [b"", b"a\0b", b"\xff\xfe\xfa", b"x" * 300_000])
def test_what_is_empty_or_large_or_no_text_is_left_out(tmp_path: Path, content: bytes) -> None:
    tree(tmp_path, a="x", b=content)
    assert read(tmp_path) == ["a"]


def test_links_are_not_followed_neither_out_of_the_folder_nor_within(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    tree(tmp_path, inside__a="x", outside__secret="x")
    (inside / "file").symlink_to(outside / "secret")
    (inside / "folder").symlink_to(outside)
    (inside / "loop").symlink_to(inside)
    (inside / "broken").symlink_to(inside / "nothing")
    assert read(inside) == ["a"]


@pytest.mark.parametrize("place", ["/a\0b.py", "/\ud800.py", "/" + "a/" * 3_000])
def test_a_path_that_none_can_have_leads_to_nothing(place: str) -> None:
    disk = LocalDisk(lambda: 0.0)
    assert disk.real_paths([place])[0].startswith("/")
    disk.ignore_files(place)
    assert asyncio.run(disk.texts([place])).texts == [None]


def test_links_are_followed_wherever_they_stand_in_a_path(tmp_path: Path) -> None:
    real = tmp_path.resolve()
    tree(real, there__deep__a="x", b="x")
    (real / "here").symlink_to(real / "there")
    (real / "there" / "c").symlink_to(real / "b")
    (real / "top").symlink_to("/")
    paths = ["there/deep/a", "here/deep/a", "here/c", "b", "nothing/d", f"top{real}/b", "top/e", "here/../b"]
    found = LocalDisk(lambda: 0.0).real_paths([f"{real}/{path}" for path in paths] + ["/x"])
    assert found == [os.path.realpath(real / path) for path in paths] + [os.path.realpath("/x")]


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    tree(tmp_path, a="x")
    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [PermissionError, FileNotFoundError])
def test_what_cannot_be_read_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[OSError]
) -> None:
    tree(tmp_path, a="x", b="x", sub__c="x", sub___dot_gitignore="a")
    read_bytes, scandir = type(tmp_path).read_bytes, os.scandir

    def reading(path: Path) -> bytes:
        if path.name == "b":
            raise error
        return read_bytes(path)

    def scanning(path: str) -> object:
        if path.endswith("/sub"):
            raise error
        return scandir(path)

    # Permissions would say nothing here: tests may run as root, who can read everything.
    monkeypatch.setattr(type(tmp_path), "read_bytes", reading)
    monkeypatch.setattr(os, "scandir", scanning)
    assert read(tmp_path) == ["a"]


@pytest.mark.parametrize(("name", "kept"), [(".gitignore", ["a"]), (".cursorignore", [])])
def test_an_ignore_file_that_cannot_be_read_ignores_nothing_but_one_that_forbids_forbids_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kept: list[str]
) -> None:
    tree(tmp_path, a="x")
    (tmp_path / name).write_text("a")

    def refusing(path: Path, most_bytes: int) -> object:
        if path.name == name:
            raise PermissionError
        return read_regular(path, most_bytes)

    monkeypatch.setattr("typethrough.engine.workspace.read_regular", refusing)
    assert read(tmp_path) == kept


@pytest.mark.parametrize("name", [".gitignore", ".cursorignore"])
def test_an_ignore_file_of_which_the_end_is_not_read_names_all(tmp_path: Path, name: str) -> None:
    tree(tmp_path, secret="x", b="x")
    (tmp_path / name).write_text("# \n" * 40_000 + "secret\n")
    assert read(tmp_path) == []


def test_an_ignore_file_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    tree(tmp_path, a="x")
    os.mkfifo(tmp_path / ".gitignore")
    assert read(tmp_path) == ["a"]


def test_what_a_file_for_assistants_names_is_left_out(tmp_path: Path) -> None:
    tree(tmp_path, a="x", secret__b="x", _dot_cursorignore="secret/\n", _dot_aiexclude="c", c="x")
    assert read(tmp_path) == ["a"]


@contextmanager
def deep(folder: Path, depth: int) -> Iterator[None]:
    """Folders within folders. They are taken away again, for pytest removes a tree with recursion and would leave this one.

    Each is made from the one above, because the system walks a whole path at each call.
    """
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        here = _moved(here, "d")
    try:
        yield
    finally:
        for _ in range(depth):
            here = _moved(here, "..")
            os.rmdir("d", dir_fd=here)
        os.close(here)


def _moved(here: int, to: str) -> int:
    there = os.open(to, os.O_RDONLY, dir_fd=here)
    os.close(here)
    return there


def test_a_tree_of_thousands_of_folders_is_walked_without_recursion(tmp_path: Path) -> None:
    tree(tmp_path, a="x")
    # Deeper than Python recurses.
    with deep(tmp_path, 1_100):
        assert read(tmp_path) == ["a"]


def test_empty_folders_do_not_keep_the_walk_from_its_clock(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"d{number}").mkdir()
    ticks = itertools.count()
    assert read(tmp_path, Bounds(10, 1_000, seconds=20.0), now_s=lambda: float(next(ticks))) == []
    # Once more when the reading begins, a few times when it ends, and else once a folder until the time is over.
    assert next(ticks) < 40


def test_a_reading_that_nobody_waits_for_ends_in_its_thread_too(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"d{number}").mkdir()
    looks = itertools.count()
    begun, go_on = threading.Event(), threading.Event()

    def now_s() -> float:
        # The first look is the reading's own; the others are the thread's.
        if next(looks) == 3:
            begun.set()
            go_on.wait(10)
        return 0.0

    async def scenario() -> None:
        found = LocalDisk(now_s).files(gate_at(tmp_path), *PLENTY)
        reading = asyncio.ensure_future(anext(found))
        await asyncio.to_thread(begun.wait, 10)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        go_on.set()

    asyncio.run(scenario())
    assert next(looks) < 10


def test_a_folder_that_is_not_there_is_an_empty_workspace(tmp_path: Path) -> None:
    assert read(tmp_path / "nothing") == []


def test_no_more_files_than_allowed_are_read(tmp_path: Path) -> None:
    tree(tmp_path, **{f"f{index}": "x" for index in range(20)})
    assert read(tmp_path, Bounds(files=3, bytes=1_000)) == ["f19", "f18", "f17"]


def test_no_more_text_than_allowed_is_read(tmp_path: Path) -> None:
    tree(tmp_path, **{f"f{index}": "x" * 100 for index in range(20)})
    assert len(read(tmp_path, Bounds(files=100, bytes=450))) == 4


def test_reading_ends_when_its_time_is_over(tmp_path: Path) -> None:
    tree(tmp_path, **{f"f{index:02}": "x" for index in range(40)})
    ticks = iter(range(10_000))
    found = read(tmp_path, Bounds(files=100, bytes=1_000, seconds=30.0), now_s=lambda: float(next(ticks)))
    assert 0 < len(found) < 40
    assert read(tmp_path, Bounds(files=100, bytes=1_000, seconds=0.5), now_s=lambda: float(next(ticks))) == []


def test_a_name_that_is_no_utf_8_harms_nothing(tmp_path: Path) -> None:
    tree(tmp_path, a="x")
    name = os.fsencode(tmp_path) + b"/\xff\xfe"
    with open(name, "wb") as file:  # noqa: PTH123 - a name in bytes is the point
        file.write(b"y")
    assert "a" in read(tmp_path)


def said(
    root: Path, caplog: pytest.LogCaptureFixture, bounds: Bounds = PLENTY, *, times: int = 1
) -> list[str]:
    """What is logged of a workspace that is read so many times."""

    async def scenario() -> None:
        disk = LocalDisk(lambda: 0.0)
        for _ in range(times):
            async for _ in disk.files(gate_at(root), *bounds):
                pass

    # What was logged before counts where an earlier test has left the level at that.
    caplog.clear()
    with caplog.at_level(logging.INFO, "typethrough"):
        asyncio.run(scenario())
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("files", "bounds", "words"),
    [
        ({"a": b"\xfc\n"}, PLENTY, None),
        ({"a": b"x\0y", "b": b"\0"}, PLENTY, "files that are no text: 2"),
        ({"a": "x" * 300_000}, PLENTY, "files too large: 1"),
        ({f"a{number}": "x" for number in range(40)}, Bounds(3, 1_000), "more files than are looked at"),
        ({"a": "x" * 1_000}, Bounds(3, 10), "more files than are looked at"),
    ],
)
def test_what_is_passed_over_is_said_once(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    files: dict[str, str | bytes],
    bounds: Bounds,
    words: str | None,
) -> None:
    tree(tmp_path, **files)
    expected = [] if words is None else [f"passed over in the workspace: {words}"]
    assert said(tmp_path, caplog, bounds, times=2) == expected


def test_a_tree_deeper_than_a_path_may_be_is_passed_over_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "near.py").write_text("x = 1\n")
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(20):
            os.mkdir("d" * 250, dir_fd=here)
            here, above = os.open("d" * 250, os.O_RDONLY, dir_fd=here), here
            os.close(above)
        assert read(tmp_path) == ["near.py"]
        assert said(tmp_path, caplog) == [
            "passed over in the workspace: files or folders that cannot be read: 1"
        ]
    finally:
        os.close(here)
