"""Folders and files that come and go: what is gone is passed on at once, what changed in one piece, however much is told."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.engine_kit import ManualClock
from typethrough.lsp.fields import InvalidParams
from typethrough.lsp.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from typethrough.core.gate.rules import Folder

CREATED, CHANGED, DELETED = 1, 2, 3


def uri(name: str) -> str:
    return f"file:///project/{name}"


class Heard:
    """A listener that keeps what it hears, in order."""

    def __init__(self) -> None:
        self.folders: list[list[str]] = []
        self.files: list[tuple[str, list[str]]] = []

    def use_folders(self, folders: Sequence[Folder]) -> None:
        self.folders.append([folder.name for folder in folders])

    def files_changed(self, uris: Sequence[str]) -> None:
        self.files.append(("changed", list(uris)))

    def files_gone(self, uris: Sequence[str]) -> None:
        self.files.append(("gone", list(uris)))


class Bench:
    def __init__(self, *folders: Path) -> None:
        self.heard = Heard()
        self.clock = ManualClock()
        self.watching = Watching(self.heard, self.clock, folders)

    def tell(self, *events: tuple[str, int]) -> None:
        changes = [{"uri": uri(name), "type": kind} for name, kind in events]
        self.watching.did_change_watched({"changes": changes})


def test_what_changed_is_told_once_it_pauses() -> None:
    bench = Bench()
    for number in range(20):
        bench.tell((f"{number % 4}.py", CHANGED))
        bench.clock.advance(100)
    assert bench.heard.files == []
    bench.clock.advance(500)
    assert bench.heard.files == [("changed", [uri(f"{number}.py") for number in range(4)])]
    bench.clock.advance(60_000)
    assert len(bench.heard.files) == 1
    assert bench.clock.is_idle


def test_changes_without_a_pause_are_told_every_few_seconds() -> None:
    bench = Bench()
    for _ in range(100):
        bench.tell(("log.txt", CHANGED))
        bench.clock.advance(100)
    assert len(bench.heard.files) == 3


def test_what_is_gone_is_told_at_once_and_is_not_read_any_more() -> None:
    bench = Bench()
    bench.tell(("a.py", CHANGED), ("b.py", CREATED))
    bench.tell(("a.py", DELETED))
    assert bench.heard.files == [("gone", [uri("a.py")])]
    bench.clock.advance(1_000)
    assert bench.heard.files[1:] == [("changed", [uri("b.py")])]


@pytest.mark.parametrize("events", [[DELETED, CREATED], [CREATED, DELETED], [CHANGED, DELETED, CREATED]])
def test_the_last_word_about_a_file_counts_in_one_message_too(events: list[int]) -> None:
    bench = Bench()
    bench.tell(*(("a.py", kind) for kind in events))
    bench.clock.advance(1_000)
    assert bench.heard.files == [("gone" if events[-1] == DELETED else "changed", [uri("a.py")])]


def test_a_client_that_does_not_watch_has_files_looked_for_until_it_stops() -> None:
    bench = Bench()
    looks: list[float] = []
    bench.watching.look_now_and_then(lambda: looks.append(bench.clock.now()))
    bench.clock.advance(60_000)
    assert [look - looks[0] for look in looks] == [0, 15, 30, 45, 60]
    bench.watching.stop()
    assert bench.clock.is_idle


def test_a_rename_is_the_old_name_gone_and_the_new_one_there() -> None:
    bench = Bench()
    bench.watching.did_rename({"files": [{"oldUri": uri("old"), "newUri": uri("new")}]})
    bench.watching.did_create({"files": [{"uri": uri("made.py")}]})
    bench.watching.did_delete({"files": [{"uri": uri("dropped")}]})
    bench.clock.advance(1_000)
    gone = [("gone", [uri("old")]), ("gone", [uri("dropped")])]
    assert bench.heard.files == [*gone, ("changed", [uri("new"), uri("made.py")])]


def test_the_file_of_a_closed_document_is_read_again() -> None:
    bench = Bench()
    bench.watching.closed(uri("a.py"), is_saved=True)
    bench.watching.closed("untitled:Untitled-1", is_saved=False)
    bench.clock.advance(1_000)
    assert bench.heard.files == [("changed", [uri("a.py")])]
    bench.watching.closed(uri("a.py"), is_saved=False)
    bench.clock.advance(1_000)
    assert bench.heard.files[1:] == [("gone", [uri("a.py")]), ("changed", [uri("a.py")])]


@pytest.mark.parametrize("name", [".gitignore", "sub/.typethroughignore", ".cursorignore"])
def test_what_an_ignore_file_says_now_holds_at_once(name: str) -> None:
    bench = Bench()
    bench.tell(("a.py", CHANGED), (name, CHANGED))
    assert bench.heard.files == [("changed", [uri(name)])]
    # A client that watches nothing says at least what it has saved.
    bench.watching.saved(uri(name))
    bench.watching.saved(uri("b.py"))
    assert bench.heard.files[1:] == [("changed", [uri(name)])]


def test_thousands_of_files_at_once_are_one_piece_and_bounded() -> None:
    bench = Bench()
    bench.tell(*((f"{number}.py", CREATED) for number in range(10_000)))
    bench.tell(*((f"{number}.py", DELETED) for number in range(9_990, 20_000)))
    assert [len(uris) for _, uris in bench.heard.files] == [10_010]
    bench.clock.advance(1_000)
    assert bench.heard.files[1][0] == "changed"
    assert len(bench.heard.files[1][1]) == 1_000


@pytest.mark.parametrize(
    "name",
    [
        ".git/index",
        "node_modules/a/b.js",
        "sub/.venv/lib/a.py",
        "build/a.o",
        "sub/__pycache__/a.pyc",
        ".npmrc",
    ],
)
def test_what_the_workspace_is_not_read_from_is_passed_over(tmp_path: Path, name: str) -> None:
    bench = Bench(tmp_path / ".hidden" / "build")
    root = (tmp_path / ".hidden" / "build").as_uri()
    names = (name, "a.py")
    bench.watching.did_change_watched({"changes": [{"uri": f"{root}/{one}", "type": 1} for one in names]})
    bench.clock.advance(1_000)
    assert bench.heard.files == [("changed", [f"{root}/a.py"])]
    # What an editor had open is known all the same: it is forgotten when it goes, and read when the editor has closed it.
    bench.watching.did_change_watched({"changes": [{"uri": f"{root}/{name}", "type": 3}]})
    bench.watching.closed(f"{root}/{name}", is_saved=True)
    bench.clock.advance(1_000)
    assert bench.heard.files[1:] == [("gone", [f"{root}/{name}"]), ("changed", [f"{root}/{name}"])]


def folder(path: Path) -> dict[str, str]:
    return {"uri": path.as_uri(), "name": path.name}


def test_folders_come_and_go(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    for path in (one, two):
        path.mkdir()
    bench = Bench(one)
    for added, removed in (([two], []), ([two], []), ([three], [one]), ([], [two]), ([], [two])):
        event = {"added": [folder(path) for path in added], "removed": [folder(path) for path in removed]}
        bench.watching.did_change_folders({"event": event})
    # The third is not there, and what changes nothing is not told.
    assert bench.heard.folders == [["one", "two"], ["two"], []]


def test_a_folder_that_is_no_more_can_still_be_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "gone"
    bench = Bench(path)
    bench.watching.did_change_folders({"event": {"added": [], "removed": [folder(path)]}})
    assert bench.heard.folders == [[]]


ODD: list[Any] = [None, 3, "x", [], {}, [None], [3], [{"uri": 3}], [{"type": 1}], [{"uri": "http://host/a"}]]


@pytest.mark.parametrize("value", ODD)
def test_malformed_news_is_no_news(value: Any) -> None:
    bench = Bench()
    bench.watching.did_change_watched({"changes": value})
    bench.watching.did_create({"files": value})
    bench.watching.did_rename({"files": value})
    bench.watching.did_delete({"files": value})
    if isinstance(value, dict):
        bench.watching.did_change_folders({"event": value})
    else:
        with pytest.raises(InvalidParams):
            bench.watching.did_change_folders({"event": value})
    bench.watching.did_change_folders({"event": {"added": value, "removed": value}})
    bench.clock.advance(5_000)
    assert bench.heard.files == []
    assert bench.heard.folders == []


@pytest.mark.parametrize("seed", range(10))
def test_after_any_news_each_file_has_been_told_of_as_it_is(seed: int) -> None:
    dice, bench = random.Random(seed), Bench()
    there: dict[str, bool] = {}
    for _ in range(200):
        name, kind = f"{dice.randrange(8)}.py", dice.choice([CREATED, CHANGED, DELETED])
        there[uri(name)] = kind != DELETED
        bench.tell((name, kind))
        bench.clock.advance(dice.choice([0, 50, 700]))
    bench.clock.advance(5_000)
    told = {one: kind == "changed" for kind, uris in bench.heard.files for one in uris}
    assert told == there
