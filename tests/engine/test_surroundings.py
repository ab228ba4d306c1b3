"""What prompts know of other files, as the engine gathers it: when, of what, and that no keystroke waits for it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.engine_kit import ManualClock, Notes, ScriptedGateway
from tests.support.permits import tell
from typethrough.core.codebase.codebase import digest
from typethrough.core.document.document import Position
from typethrough.core.document.uris import place_of
from typethrough.core.gate.gate import SendPermit, TellPermit
from typethrough.core.gate.rules import Folder
from typethrough.core.models import profile_of
from typethrough.core.outcome.causes import Cause
from typethrough.core.prompt.economist import Terms
from typethrough.core.settings.schema import Settings
from typethrough.engine import surroundings as module
from typethrough.engine.engine import Engine
from typethrough.engine.pending import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping

    from typethrough.core.gate.gate import Gate
    from typethrough.core.prompt.related import Related
    from typethrough.engine.ports import Gateway


def on_a_loop(scenario: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that is a coroutine, run on a loop of its own."""

    @wraps(scenario)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(scenario(*arguments, **named))

    return run


ROOT = "file:///project"
MAIN = f"{ROOT}/main.py"
FILES = {
    "lib/shop.py": 'class Shop:\n    """Sells."""\n\n    def sell(self, item):\n        return item\n',
    "main.py": "from lib.shop import Shop\n",
}
TEXT = "from lib.shop import Shop\n\nshop = Shop()\n"


async def files(contents: Mapping[str, str], gate: Gate) -> AsyncIterator[tuple[TellPermit, str]]:
    for path, text in contents.items():
        if (permit := gate.may_tell(f"{ROOT}/{path}")) is not None:
            yield permit, text


class Scene:
    """An engine in a workspace of one folder."""

    def __init__(self, gateway: Gateway | None = None, *, root: str = ROOT, **settings: Any) -> None:
        self.clock = ManualClock()
        self.gateway = gateway or ScriptedGateway()
        self.settings = replace(Settings(), **settings)
        self.engine = Engine(
            settings=self.settings,
            gateway=gateway,
            clock=self.clock,
            recorder=Notes(),
            folders=[Folder(place_of(root), "project")] if root else (),
        )

    async def read(self, contents: Mapping[str, str] = FILES) -> None:
        self.engine.files.read(files(contents, self.engine.gate))
        await self.engine.read_all()

    def open(self, uri: str = MAIN, text: str = TEXT, language: str = "python") -> None:
        self.engine.open(uri, language, 1, text)

    def type(self, text: str, uri: str = MAIN, line: int = 0) -> None:
        self.engine.edit(uri, Position(line, 0), Position(line, 0), text)

    def related(self, uri: str = MAIN) -> Related:
        return self.engine._documents[uri].prompt.related

    async def pause(self, ms: float) -> None:
        self.clock.advance(ms)
        await self.engine.read_all()


def with_model(**settings: Any) -> Scene:
    return Scene(ScriptedGateway(), **settings)


@on_a_loop
async def test_an_open_documents_related_part_is_there_once_the_workspace_is_read() -> None:
    scene = with_model()
    scene.open()
    assert scene.related().files == ()

    await scene.read()

    assert scene.related().files == (("lib/shop.py", "class Shop:\n    # Sells.\n    def sell(self, item):"),)


@on_a_loop
async def test_a_document_opened_after_that_has_it_without_another_reading() -> None:
    scene = with_model()
    await scene.read()

    scene.open()
    await scene.engine.read_all()

    assert [path for path, _ in scene.related().files] == ["lib/shop.py"]


@on_a_loop
async def test_an_empty_file_can_be_begun_beside_others_and_not_alone() -> None:
    scene = with_model(local_lane=False)
    uri = f"{ROOT}/lib/orders.py"
    scene.open(uri, "")
    request = Request(uri, Position(0, 0), invoked=False, arrived_s=scene.clock.now())
    assert (await scene.engine.complete(request)).cause is Cause.EMPTY_FILE

    await scene.read()
    asked = scene.engine.begin(request, lambda *_: None)
    assert asked is not None
    asked.end(Cause.CANCELLED)


@on_a_loop
async def test_edits_are_looked_at_after_two_seconds_of_quiet_and_not_before() -> None:
    scene = with_model()
    scene.open(text="x = 1\n")
    await scene.read()
    assert scene.related().files == ()

    scene.type("from lib.shop import Shop\n")
    for _ in range(4):
        await scene.pause(1_500)
        scene.type("y")
        assert scene.related().files == ()
    await scene.pause(1_900)
    assert scene.related().files == ()
    await scene.pause(200)

    assert [path for path, _ in scene.related().files] == ["lib/shop.py"]


@on_a_loop
async def test_what_a_document_defines_now_is_what_others_are_told() -> None:
    scene = with_model()
    scene.open()
    scene.open(f"{ROOT}/lib/shop.py", FILES["lib/shop.py"])
    await scene.read()

    scene.type("def wholesale(): pass\n", f"{ROOT}/lib/shop.py")
    await scene.pause(2_100)

    assert scene.engine.surroundings.codebase.defining("wholesale") == ("lib/shop.py",)


@on_a_loop
async def test_the_disk_does_not_overrule_an_open_document() -> None:
    scene = with_model()
    scene.open(f"{ROOT}/lib/shop.py", "def only_in_the_editor(): pass\n")

    await scene.read()

    codebase = scene.engine.surroundings.codebase
    assert codebase.defining("only_in_the_editor") == ("lib/shop.py",)
    assert codebase.defining("Shop") == ()


@on_a_loop
async def test_closing_a_document_cancels_its_timer() -> None:
    scene = with_model()
    scene.open()
    await scene.read()
    scene.type("def late(): pass\n")

    scene.engine.close(MAIN)
    await scene.pause(10_000)

    assert scene.engine.surroundings.codebase.defining("late") == ()
    assert not scene.engine.surroundings.background._tasks


@on_a_loop
async def test_an_excluded_document_is_never_read() -> None:
    scene = with_model(exclude=("**/secret.py",))
    scene.open(f"{ROOT}/secret.py", "def secret(): pass\n")
    scene.type("def more(): pass\n", f"{ROOT}/secret.py")
    await scene.read({"main.py": ""})
    await scene.pause(10_000)

    assert scene.engine.surroundings.codebase.paths() == ("main.py",)


@on_a_loop
async def test_a_place_just_changed_elsewhere_is_shown_unless_it_repeats_the_file() -> None:
    scene = with_model()
    other = f"{ROOT}/other.py"
    scene.open()
    scene.open(other, "first = 1\nsecond = 2\n")
    await scene.read({})
    scene.type("third = 3\n", other)
    await scene.pause(2_100)
    scene.type("\n")
    await scene.pause(2_100)
    assert ("other.py", "third = 3\nfirst = 1\nsecond = 2\n") in scene.related().files

    scene.type("third = 3\nfirst = 1\nsecond = 2\n")
    await scene.pause(2_100)
    assert [path for path, _ in scene.related().files] == []

    scene.engine.replace(MAIN, "x = 1\n")
    await scene.pause(2_100)
    assert scene.related().files == (("other.py", "third = 3\nfirst = 1\nsecond = 2\n"),)
    await scene.pause(600_000)
    scene.type("\n")
    await scene.pause(2_100)
    # What was changed ten minutes ago is a file like any other.
    assert scene.related().files == (("other.py", "third = 3\nfirst = 1\nsecond = 2"),)


@pytest.mark.parametrize("asked", [True, False])
@on_a_loop
async def test_the_projects_notes_come_when_they_are_asked_for(*, asked: bool) -> None:
    scene = with_model(project_notes=asked)
    scene.open()
    await scene.read({"README.md": "# Project\nAbout shops.\n"})

    assert (("README.md", "# Project\nAbout shops.\n") in scene.related().files) is asked


@on_a_loop
async def test_without_a_model_nothing_happens_and_with_one_it_is_made_up_for() -> None:
    scene = Scene()
    scene.open()
    await scene.read()
    scene.type("\n")
    await scene.pause(10_000)
    surroundings = scene.engine.surroundings
    assert (len(surroundings.codebase), scene.related().files) == (0, ())
    assert surroundings.has_passed_over

    scene.engine.configure(scene.settings, ScriptedGateway())
    await scene.engine.read_all()
    assert surroundings.codebase.paths() == ("main.py",)
    await scene.read()

    assert not surroundings.has_passed_over
    assert [path for path, _ in scene.related().files] == ["lib/shop.py"]


@on_a_loop
async def test_a_file_that_cannot_be_made_sense_of_does_not_keep_others_from_being_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(path: str, *arguments: Any) -> Any:
        if path == "bad.py":
            raise RecursionError
        return digest(path, *arguments)

    monkeypatch.setattr(module, "digest", failing)
    scene = with_model()
    await scene.read({"bad.py": "bad = 1\n", "good.py": "good = 1\n"})

    assert scene.engine.surroundings.codebase.paths() == ("good.py",)
    assert all(f"{ROOT}/{name}.py" in scene.engine.local._index for name in ("bad", "good"))


@on_a_loop
async def test_a_look_that_fails_leaves_what_was_known(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = with_model()
    scene.open()
    await scene.read()

    def failing(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(module, "read", failing)
    scene.type("\n")
    await scene.pause(2_100)

    assert [path for path, _ in scene.related().files] == ["lib/shop.py"]


@on_a_loop
async def test_a_reading_that_is_replaced_does_not_end_the_one_that_replaces_it() -> None:
    scene = with_model()
    surroundings = scene.engine.surroundings
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[tuple[TellPermit, str]]:
        begun.set()
        await go_on.wait()
        yield tell("old.py"), "old = 1\n"

    first = surroundings.passing(slow())
    waiting = asyncio.ensure_future(anext(first))
    await begun.wait()
    second = surroundings.passing(files(FILES, scene.engine.gate))
    await anext(second)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert surroundings._reading is not None
    async for _ in second:
        pass
    assert surroundings._reading is None


@on_a_loop
async def test_without_the_local_lane_the_model_still_hears_of_the_workspace() -> None:
    scene = with_model(local_lane=False)
    scene.open()
    await scene.read()

    assert [path for path, _ in scene.related().files] == ["lib/shop.py"]
    assert f"{ROOT}/lib/shop.py" not in scene.engine.local._index


@on_a_loop
async def test_a_keystroke_waits_for_nothing() -> None:
    scene = with_model()
    scene.open()
    scene.engine.files.read(
        files({f"f{number}.py": FILES["lib/shop.py"] for number in range(50)}, scene.engine.gate)
    )
    for _ in range(50):
        scene.type("x")
        scene.engine.changed(MAIN, 2)

    document = scene.engine.document(MAIN)
    assert document is not None
    assert document.snapshot.text().startswith("x" * 50)
    assert len(scene.engine.surroundings.codebase) == 0
    await scene.engine.aclose()


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("file:///project/a/b.py", "a/b.py"),
        ("file:///elsewhere/deep/down/b.py", "down/b.py"),
        ("file:///projector/b.py", "projector/b.py"),
        ("untitled:Untitled-1", "Untitled-1"),
    ],
)
@on_a_loop
async def test_a_document_is_named_by_its_path_in_the_workspace(uri: str, name: str) -> None:
    assert with_model().engine.gate.name_of(uri) == name


def _told(scene: Scene, uri: str) -> str:
    """What a document's prompt says of other files."""
    return "".join(re.findall(r"<known .*?</known>", _prompt(scene, uri), re.DOTALL))


def _prompt(scene: Scene, uri: str = MAIN) -> str:
    """What a model would be asked at the beginning of a document."""
    session = scene.engine._documents[uri]
    view = session.view(Position(2, 11), scene.clock.now())
    terms = Terms(profile_of(scene.settings.model), 20_000, 256)
    permit = scene.engine.gate.may_send(uri, "python", scene.clock.now())
    assert isinstance(permit, SendPermit)
    prompt = session.prompt.build(permit, view, terms, scene.clock.now())
    own = session.prompt._opening
    return "".join(message.text for message in prompt.messages[len(own) :])


@on_a_loop
async def test_other_files_can_be_kept_out_of_every_part_of_the_prompt() -> None:
    scene = with_model(other_files=False)
    scene.open(f"{ROOT}/other.py", "def sell_all(shop):\n    pass\n")
    scene.type("x = 1\n", f"{ROOT}/other.py")
    scene.open()
    await scene.read()
    await scene.pause(3_000)

    assert len(scene.engine.surroundings.codebase) == 0
    assert "<known" not in _prompt(scene)


@on_a_loop
async def test_what_may_not_be_told_any_more_is_not_told_again() -> None:
    scene = with_model()
    scene.open()
    await scene.read()
    assert "def sell" in _prompt(scene)

    scene.engine.configure(replace(scene.settings, other_files=False), scene.gateway)

    assert "def sell" not in _prompt(scene)
    await scene.engine.read_all()
    assert "def sell" not in _prompt(scene)


@on_a_loop
async def test_a_projects_notes_are_told_when_they_are_asked_for_even_alone() -> None:
    contents = {"AGENTS.md": "Use tabs.\n", "README.md": "# Shop\n", **FILES}
    for asked in (False, True):
        scene = with_model(other_files=False, project_notes=asked)
        scene.open()
        await scene.read(contents)

        assert ("Use tabs." in _prompt(scene)) is asked
        assert "# Shop" not in _prompt(scene)
        assert "def sell" not in _prompt(scene)


@on_a_loop
async def test_a_file_from_elsewhere_is_told_to_nobody_and_told_of_nothing() -> None:
    elsewhere = "file:///home/someone/notes/shop.py"
    scene = with_model()
    await scene.read()
    scene.open(elsewhere, "from lib.shop import Shop\nclass Diary:\n    pass\n")
    scene.type("def dear_diary(): pass\n", elsewhere)
    scene.open(text="from notes.shop import Diary\nimport shop\nDiary, dear_diary\n")
    await scene.pause(3_000)

    assert scene.related(elsewhere).files == ()
    assert "Diary" not in _told(scene, MAIN)
    assert "dear_diary" not in _told(scene, MAIN)
    assert "def sell" not in _told(scene, elsewhere)


@on_a_loop
async def test_without_a_workspace_each_file_stands_alone() -> None:
    scene = with_model(root="")
    scene.open(f"{ROOT}/lib/shop.py", FILES["lib/shop.py"])
    scene.type("# Changed.\n", f"{ROOT}/lib/shop.py")
    scene.open()
    await scene.pause(3_000)

    assert _told(scene, MAIN) == ""
