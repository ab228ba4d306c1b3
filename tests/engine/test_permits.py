"""No road to the network goes round the gate: warm-ups, prefetches, settings that come late, files that change on disk."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.core.gate.test_rules import PaperDisk
from tests.support.engine_kit import ManualClock, Notes, ScriptedGateway, run, settle
from typethrough.core.codebase.choice import choose
from typethrough.core.document.document import Position
from typethrough.core.gate.gate import NotPermitted, TellPermit
from typethrough.core.gate.rules import Folder
from typethrough.core.outcome.outcome import Ending, Outcome
from typethrough.core.settings.schema import Settings
from typethrough.engine.engine import Engine
from typethrough.engine.pending import Request
from typethrough.engine.ports import TextsRead

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from typethrough.core.gate.gate import Gate

ENV = "file:///project/.env"
MAIN = "file:///project/main.py"
OTHER = "file:///project/lib/other.py"
_START = Position(1, 0)
TEXT = "SECRET = 1\n\n\n"


class _Disk(PaperDisk):
    """A disk with texts on it, too."""

    def __init__(self, **texts: str) -> None:
        super().__init__()
        self.texts_by_path = {f"/project/{name.replace('__', '/')}.py": text for name, text in texts.items()}
        self.read: list[str] = []

    async def files(self, gate: Gate, *_: float) -> AsyncIterator[tuple[TellPermit, str]]:
        for path, text in self.texts_by_path.items():
            if (permit := gate.may_tell(f"file://{path}")) is not None:
                yield permit, text

    async def texts(self, places: Sequence[str]) -> TextsRead:
        self.read += places
        texts = [self.texts_by_path.get(place) for place in places]
        folders = {path.rpartition("/")[0] for path in self.texts_by_path}
        return TextsRead(texts, has_folder=any(place in folders for place in places))


class _Scene:
    def __init__(self, disk: _Disk | None = None, **settings: Any) -> None:
        values = {"debounce_min_ms": 0, "debounce_max_ms": 0, "local_lane": False, **settings}
        self.settings = replace(Settings(), **values)
        self.clock, self.gateway, self.notes = ManualClock(), ScriptedGateway(), Notes()
        self.disk = disk or _Disk()
        self.outcomes: list[Outcome] = []
        self.engine = Engine(
            settings=self.settings,
            gateway=self.gateway,
            clock=self.clock,
            recorder=self.notes,
            folders=[Folder("/project", "project")],
            workspace=self.disk,
        )

    def use(self, **settings: Any) -> None:
        self.settings = replace(self.settings, **settings)
        self.engine.configure(self.settings, self.gateway)

    def type(self, uri: str, text: str = "x", at: Position = _START) -> None:
        self.engine.edit(uri, at, at, text)
        self.engine.changed(uri, 2)

    def ask(self, uri: str, at: Position = _START) -> None:
        self.engine.begin(
            Request(uri, at, False, self.clock.now()), lambda _, outcome: self.outcomes.append(outcome)
        )

    @property
    def sent(self) -> str:
        return "".join(message.text for stream in self.gateway.streams for message in stream.prompt.messages)


def _exclude(scene: _Scene) -> None:
    scene.use(exclude=(".env", "main.py"))


def _disable(scene: _Scene) -> None:
    scene.use(enabled=False)


def _pause(scene: _Scene) -> None:
    scene.engine.gate.switches.pause(5, scene.clock.now())
    scene.engine.admission.switched()


def _switch_language(scene: _Scene) -> None:
    scene.use(disabled_languages=("python",))


@pytest.mark.parametrize("forbid", [_exclude, _disable, _pause, _switch_language])
@pytest.mark.parametrize("road", ["key", "focus", "request", "acceptance"])
def test_no_road_leads_round_the_gate(forbid: Callable[[_Scene], None], road: str) -> None:
    async def scenario() -> None:
        scene = _Scene(warm_up="always")
        scene.engine.open(MAIN, "python", 1, TEXT)
        forbid(scene)
        await settle()
        begun = len(scene.gateway.streams)
        scene.clock.advance(60_000)
        if road == "key":
            scene.type(MAIN)
        elif road == "focus":
            scene.engine.focused(MAIN)
        elif road == "request":
            scene.ask(MAIN)
        else:
            # An acceptance that is noticed: the whole of what was shown, at once.
            scene.type(MAIN, "value = 1\n")
        await settle()
        scene.clock.advance(1_000)
        await settle()
        assert len(scene.gateway.streams) == begun
        assert all(stream.closed for stream in scene.gateway.streams)

    run(scenario)


def test_an_excluded_document_is_never_sent_whatever_is_done_in_it() -> None:
    async def scenario() -> None:
        scene = _Scene(warm_up="always", local_lane=True)
        scene.engine.open(ENV, "shellscript", 1, TEXT)
        for _ in range(3):
            scene.clock.advance(30_000)
            scene.type(ENV)
            scene.ask(ENV)
            scene.engine.focused(ENV)
            await settle()
        assert scene.gateway.streams == []
        assert {outcome.ending for outcome in scene.outcomes} == {Ending.SKIPPED}
        assert ENV not in scene.engine.local._index

    run(scenario)


def test_settings_that_come_after_the_document_take_its_text_out_of_every_prompt() -> None:
    async def scenario() -> None:
        scene = _Scene(
            _Disk(main="from lib.other import hidden_thing\n", lib__other="def hidden_thing(): pass\n")
        )
        scene.engine.open(OTHER, "python", 1, "def hidden_thing(): pass\n\n")
        scene.engine.open(MAIN, "python", 1, "from lib.other import hidden_thing\n\nhidden_thing()\n")
        scene.engine.files.read_workspace(10.0)
        scene.type(OTHER, "hidden_edit = 2\n")
        await scene.engine.read_all()
        scene.clock.advance(3_000)
        await scene.engine.read_all()
        scene.ask(MAIN)
        await settle()
        assert "def hidden_thing" in scene.sent
        assert "hidden_edit" in scene.sent

        scene.gateway.streams.clear()
        scene.use(exclude=("lib/",))
        scene.clock.advance(10_000)
        scene.ask(MAIN)
        await settle()
        await scene.engine.read_all()
        scene.ask(MAIN, Position(2, 15))
        await settle()

        assert scene.sent
        assert "def hidden_thing" not in scene.sent
        assert "hidden_edit" not in scene.sent
        assert OTHER not in scene.engine.local._index
        await scene.engine.aclose()

    run(scenario)


async def _told_of_other(scene: _Scene) -> None:
    """Have both documents open, and the one told of the other."""
    scene.engine.open(OTHER, "python", 1, "def hidden_thing(): pass\n\n")
    scene.engine.open(MAIN, "python", 1, "from lib.other import hidden_thing\n\nhidden_thing()\n")
    await _read(scene)


def test_a_prompt_that_has_not_left_yet_does_not_leave_when_what_it_tells_is_forbidden() -> None:
    async def scenario() -> None:
        scene = _Scene()
        await _told_of_other(scene)
        scene.ask(MAIN)
        scene.disk.ignored["/project/.cursorignore"] = "lib/"
        scene.engine.admission.files_changed(["file:///project/.cursorignore"])
        await settle()
        assert len(scene.gateway.streams) == 1
        assert "hidden_thing()" in scene.sent
        assert "def hidden_thing" not in scene.sent
        await scene.engine.aclose()

    run(scenario)


def test_a_choice_that_was_begun_before_a_file_was_forbidden_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    to_thread = asyncio.to_thread

    async def slowly(work: Any, *arguments: Any, **named: Any) -> Any:
        done = await to_thread(work, *arguments, **named)
        if work is choose and done:
            begun.set()
            await go_on.wait()
        return done

    async def scenario() -> None:
        scene = _Scene()
        monkeypatch.setattr(asyncio, "to_thread", slowly)
        reading = asyncio.ensure_future(_told_of_other(scene))
        await begun.wait()
        scene.use(exclude=("lib/",))
        go_on.set()
        while not reading.done():
            assert scene.engine._documents[MAIN].prompt.related.files == ()
            await asyncio.sleep(0)
        await scene.engine.read_all()
        assert scene.engine._documents[MAIN].prompt.related.files == ()
        await scene.engine.aclose()

    run(scenario)


def test_what_was_shown_before_it_was_excluded_is_not_followed_by_a_prefetch() -> None:
    async def scenario() -> None:
        scene = _Scene()
        scene.engine.open(MAIN, "python", 1, TEXT)
        scene.ask(MAIN)
        await settle()
        scene.gateway.streams[-1].say("value = 1\n")
        await settle()
        (suggestion,) = scene.outcomes[-1].suggestions
        scene.use(exclude=("main.py",))
        begun = len(scene.gateway.streams)
        scene.type(MAIN, suggestion.text)
        scene.engine.reports.accepted(suggestion.id)
        await settle()
        assert len(scene.gateway.streams) == begun

    run(scenario)


def test_a_waiting_request_is_told_that_its_document_is_excluded_now() -> None:
    async def scenario() -> None:
        scene = _Scene()
        scene.engine.open(MAIN, "python", 1, TEXT)
        scene.ask(MAIN)
        await settle()
        scene.use(exclude=("main.py",))
        await settle()
        assert [(one.ending, one.reason) for one in scene.outcomes] == [
            (Ending.SKIPPED, "the file is excluded")
        ]
        assert scene.notes.streams == ["not permitted"]
        assert scene.gateway.streams[-1].closed

    run(scenario)


def test_a_document_that_is_permitted_again_is_remembered_from_then_on() -> None:
    async def scenario() -> None:
        scene = _Scene(exclude=("main.py",))
        scene.engine.open(MAIN, "python", 1, TEXT)
        scene.type(MAIN, "typed_while_excluded = 1\n")
        with pytest.raises(NotPermitted):
            _ = scene.engine._documents[MAIN].prompt
        scene.use(exclude=())
        scene.ask(MAIN, Position(2, 0))
        await settle()
        assert "typed_while_excluded" in scene.sent

    run(scenario)


def _codebase(scene: _Scene) -> set[str]:
    return set(scene.engine.surroundings.codebase.paths())


async def _read(scene: _Scene) -> None:
    scene.engine.files.read_workspace(10.0)
    await scene.engine.read_all()


def test_files_that_change_come_and_go_are_known_as_they_are() -> None:
    async def scenario() -> None:
        scene = _Scene(_Disk(a="def one(): pass\n", lib__b="def two(): pass\n"), local_lane=True)
        await _read(scene)
        assert _codebase(scene) == {"a.py", "lib/b.py"}

        scene.disk.texts_by_path |= {
            "/project/a.py": "def three(): pass\n",
            "/project/c.py": "def four(): pass\n",
        }
        scene.engine.admission.files_changed(["file:///project/a.py", "file:///project/c.py"])
        await scene.engine.read_all()
        codebase = scene.engine.surroundings.codebase
        assert [codebase.defining(name) for name in ("one", "three", "four")] == [(), ("a.py",), ("c.py",)]

        scene.engine.admission.files_gone(["file:///project/lib", "file:///project/a.py"])
        await scene.engine.read_all()
        assert _codebase(scene) == {"c.py"}
        assert "file:///project/lib/b.py" not in scene.engine.local._index

    run(scenario)


def test_a_folder_that_comes_has_the_workspace_read_again() -> None:
    async def scenario() -> None:
        scene = _Scene(_Disk(a="def one(): pass\n"))
        await _read(scene)
        scene.disk.texts_by_path["/project/new/b.py"] = "def two(): pass\n"
        scene.engine.admission.files_changed(["file:///project/new"])
        await scene.engine.read_all()
        await scene.engine.read_all()
        assert _codebase(scene) == {"a.py", "new/b.py"}

    run(scenario)


def test_a_checkout_of_thousands_of_files_is_one_reading() -> None:
    async def scenario() -> None:
        scene = _Scene(_Disk(a="def one(): pass\n"))
        await _read(scene)
        scene.disk.texts_by_path["/project/b.py"] = "def two(): pass\n"
        scene.engine.admission.files_changed([f"file:///project/f{number}.py" for number in range(10_000)])
        await scene.engine.read_all()
        assert scene.disk.read == []
        assert _codebase(scene) == {"a.py", "b.py"}

    run(scenario)


@pytest.mark.parametrize(
    ("saved", "defines"), [("def one(): pass\n", "one"), ("def typed(): pass\n", "typed"), (None, "")]
)
def test_text_that_was_closed_without_saving_is_known_no_more(saved: str | None, defines: str) -> None:
    async def scenario() -> None:
        scene = _Scene(_Disk(**({"a": saved} if saved else {})), local_lane=True)
        uri = "file:///project/a.py"
        scene.engine.open(uri, "python", 1, "def one(): pass\n\n")
        scene.type(uri, "def typed(): pass\n")
        scene.clock.advance(3_000)
        await scene.engine.read_all()
        assert scene.engine.surroundings.codebase.defining("typed") == ("a.py",)

        scene.engine.close(uri)
        await scene.engine.read_all()

        codebase = scene.engine.surroundings.codebase
        known = {name for name in ("one", "typed") if codebase.defining(name)}
        assert known == ({defines} if defines else set())
        assert (uri in scene.engine.local._index) is (saved is not None)

    run(scenario)


def test_an_ignore_file_that_comes_while_the_server_runs_holds_at_once() -> None:
    async def scenario() -> None:
        scene = _Scene(_Disk(a="def one(): pass\n", b="def two(): pass\n"))
        await _read(scene)
        scene.engine.open("file:///project/b.py", "python", 1, TEXT)
        scene.disk.ignored |= {"/project/.gitignore": "a.py", "/project/.cursorignore": "b.py"}
        scene.engine.admission.files_changed(["file:///project/.gitignore", "file:///project/.cursorignore"])
        scene.ask("file:///project/b.py")
        await scene.engine.read_all()
        assert _codebase(scene) == set()
        assert scene.outcomes[-1].reason == "the file is named in .cursorignore"

        scene.disk.ignored.clear()
        scene.engine.admission.files_gone(["file:///project/.gitignore", "file:///project/.cursorignore"])
        await scene.engine.read_all()
        await scene.engine.read_all()
        assert "a.py" in _codebase(scene)

    run(scenario)


def test_folders_come_and_go_and_their_files_with_them() -> None:
    async def scenario() -> None:
        scene = _Scene(_Disk(a="def one(): pass\n"))
        scene.disk.texts_by_path["/lib/b.py"] = "def two(): pass\n"
        await _read(scene)
        assert _codebase(scene) == {"a.py"}

        scene.engine.admission.use_folders([Folder("/project", "project"), Folder("/lib", "lib")])
        await scene.engine.read_all()
        assert _codebase(scene) == {"project/a.py", "lib/b.py"}

        scene.engine.admission.use_folders([Folder("/lib", "lib")])
        await scene.engine.read_all()
        assert _codebase(scene) == {"b.py"}

    run(scenario)


def test_a_private_document_is_completed_from_itself_and_helps_no_other() -> None:
    async def scenario() -> None:
        scene = _Scene(local_lane=True, model_lane=False)
        scene.engine.configure(scene.settings, None)
        repeated = "counter.increment(by_amount)\n" * 3 + "\n"
        elsewhere = "file:///elsewhere/diary.py"
        scene.engine.open(elsewhere, "python", 1, repeated)
        scene.engine.open(MAIN, "python", 1, "x = 1\ncounter.inc\n")
        scene.engine.open("file:///elsewhere/second.py", "python", 1, "x = 1\ncounter.inc\n")
        await scene.engine.read_all()
        for uri in (MAIN, "file:///elsewhere/second.py"):
            scene.ask(uri, Position(1, 11))
        scene.clock.advance(1_000)
        assert not any(outcome.suggestions for outcome in scene.outcomes)

        scene.type(elsewhere, "counter.inc", Position(3, 0))
        scene.ask(elsewhere, Position(3, 11))
        assert [one.text for one in scene.outcomes[-1].suggestions] == ["rement(by_amount)"]

    run(scenario)


def test_reading_is_over_when_the_engine_is() -> None:
    async def scenario() -> None:
        scene = _Scene(_Disk(a="x"))
        scene.engine.admission.files_changed(["file:///project/a.py"])
        await scene.engine.aclose()
        assert len(asyncio.all_tasks()) == 1

    run(scenario)


@pytest.mark.parametrize("setting", ["local_lane", "other_files", "exclude"])
def test_what_a_setting_kept_from_being_read_is_read_once_it_may_be(setting: str) -> None:
    async def scenario() -> None:
        off: Any = ("*.py",) if setting == "exclude" else False
        scene = _Scene(_Disk(a="def one(): pass\n"), **{"local_lane": True, setting: off})
        await _read(scene)
        scene.use(**{setting: () if setting == "exclude" else True})
        await scene.engine.read_all()
        assert _codebase(scene) == {"a.py"}
        assert "file:///project/a.py" in scene.engine.local._index

    run(scenario)
