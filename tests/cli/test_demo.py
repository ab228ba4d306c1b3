"""The demo: a person types a file to its letter, whatever the engine says; the stage and the screen tell what happened."""

from __future__ import annotations

import asyncio
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from tests.bench.code_bases import CodeFile
from tests.bench.local_typing import Editor as LaneEditor
from tests.support.neovim_picture import SCENE, SUGGESTED, TYPED
from typethrough.cli.demo.editor import DemoEditor, Event, Score
from typethrough.cli.demo.paint import cell_width, clipped
from typethrough.cli.demo.screen import Screen, View, frame
from typethrough.cli.demo.stage import Stage
from typethrough.cli.demo.stretch import NothingToType, stretch_of
from typethrough.cli.demo.typist import Act, Typist, keystroke, keystrokes
from typethrough.cli.demo.verb import summary, type_out
from typethrough.core.document.document import Document, Position
from typethrough.core.outcome.outcome import Ending, Outcome, Source, Suggestion
from typethrough.core.settings.access import endpoint_of
from typethrough.core.settings.schema import Settings
from typethrough.local.index import LocalIndex
from typethrough.local.predictor import USABLE, best, predict
from typethrough.telemetry.recorder import Counters

if TYPE_CHECKING:
    from typethrough.engine.pending import Request

REPOSITORY = Path(__file__).parents[2]
URI = "file:///demo/module.py"
TEXT = "def double(value: int) -> int:\n    return value * 2\n\n\ndef triple(value: int) -> int:\n    return value * 3\n"


class Oracle:
    """An engine that knows the text, and is wrong at every `wrong_every`-th request."""

    def __init__(self, text: str, wrong_every: int) -> None:
        self.text = text
        self.wrong_every = wrong_every
        self.asked = 0
        self.accepted_ids: list[str] = []
        self.document = Document(URI, "python", 1, "")

    def open(self, uri: str, language_id: str, version: int, text: str) -> None:
        self.document = Document(uri, language_id, version, text)

    def edit(self, uri: str, start: Position, end: Position, text: str) -> None:
        self.document.replace(start, end, text)

    def changed(self, uri: str, version: int) -> None:
        assert version == self.document.version + 1
        self.document.version = version

    async def complete(self, request: Request) -> Outcome:
        self.asked += 1
        typed = self.document.snapshot.text()
        line = self.text[len(typed) :].partition("\n")[0]
        if not line:
            return Outcome(Ending.EMPTY, "nothing here")
        text = "wrong" if self.asked % self.wrong_every == 0 else line
        suggestion = Suggestion(str(self.asked), text, request.position, Source.LOCAL)
        return Outcome(Ending.ANSWERED, "local", Source.LOCAL, (suggestion,))

    @property
    def reports(self) -> Self:
        return self

    def accepted(self, suggestion_id: str) -> None:
        self.accepted_ids.append(suggestion_id)


def typed_out(seed: int, wrong_every: int = 3) -> tuple[Oracle, DemoEditor, list[Event]]:
    async def run() -> tuple[Oracle, DemoEditor, list[Event]]:
        oracle, events = Oracle(TEXT, wrong_every), list[Event]()
        editor = DemoEditor(oracle, lambda: 0.0, events.append, URI)
        editor.open("python", "")
        await type_out(editor, TEXT, Typist(seed), lambda: False, lambda _seconds: asyncio.sleep(0))
        await editor.aclose()
        return oracle, editor, events

    return asyncio.run(run())


@pytest.mark.parametrize("seed", range(5))
def test_the_person_ends_with_the_text_they_wanted(seed: int) -> None:
    oracle, editor, events = typed_out(seed)
    assert "\n".join(editor.lines) == oracle.document.snapshot.text() == TEXT
    assert editor.score.typed_keys_worth == keystrokes(TEXT)
    assert editor.score.keys < editor.score.typed_keys_worth
    assert editor.score.accepts == len(oracle.accepted_ids) > 0
    assert editor.score.diverged == sum(event.kind == "diverge" for event in events) > 0


def test_the_same_seed_is_the_same_person() -> None:
    assert typed_out(4)[2] == typed_out(4)[2]
    assert typed_out(4)[2] != typed_out(5)[2]


def test_with_useless_suggestions_every_key_is_struck() -> None:
    _, editor, events = typed_out(1, wrong_every=1)
    assert editor.score.saved_share == 0.0
    assert "accept" not in {event.kind for event in events}


def test_an_answer_for_an_older_version_is_dropped() -> None:
    async def run() -> DemoEditor:
        editor = DemoEditor(Oracle(TEXT, 99), lambda: 0.0, lambda _event: None, URI)
        editor.open("python", "")
        editor.type("d")
        editor.type("e")
        await asyncio.sleep(0)
        await editor.aclose()
        return editor

    editor = asyncio.run(run())
    assert [ms for _source, ms in editor.score.first_ms] == [0.0]


@pytest.mark.parametrize(
    ("upcoming", "key"),
    [("abc", "a"), ("\n    x", "\n    "), ("\n\n  y", "\n"), ("\n", "\n"), ("\n   \nz", "\n"), ("", "")],
)
def test_one_key_brings_a_character_or_a_line_end_with_its_indentation(upcoming: str, key: str) -> None:
    assert keystroke(upcoming) == key


@pytest.mark.parametrize("ghost", ["", "ab", "wrong", "value: in", "valu", "value: ", "value"])
def test_ghost_text_that_is_not_worth_it_is_not_taken(ghost: str) -> None:
    assert all(Typist(seed).step(ghost, "value: int, other)").act is Act.TYPE for seed in range(20))


@pytest.mark.parametrize("ghost", ["value: int", "value: int,", "value: int, other)"])
def test_ghost_text_that_is_long_or_ends_the_line_is_taken(ghost: str) -> None:
    assert any(Typist(seed).step(ghost, "value: int, other)\n").act is Act.ACCEPT for seed in range(20))
    assert any(Typist(seed).step("er)", "er)\n").act is Act.ACCEPT for seed in range(20))


def test_the_summary_counts_in_words_that_need_no_explanation_and_says_what_comes_next() -> None:
    score = Score(keys=1, typed_keys_worth=1, through_chars=1, first_ms=[(Source.LOCAL, 1.0)])
    choice = endpoint_of(Settings(), {})
    rows = summary("a.py", score, Counters(), choice, [], plain=True)
    text = "\n".join(rows)
    assert re.findall(r"\b1 (?:keys|suggestions|characters|requests)", text) == []
    assert "1 key:" in text
    assert "diverged" not in text
    assert "OPENAI_API_KEY" in text
    assert rows[-1].startswith("next ")
    assert "README.md" in rows[-1]


def test_a_page_of_ghost_text_takes_longer_to_read_than_a_word() -> None:
    def reading_s(ghost: str) -> float:
        steps = (Typist(seed).step(ghost, ghost) for seed in range(20))
        return min(step.wait_s for step in steps if step.act is Act.ACCEPT)

    assert reading_s("line\n" * 5 + "end") > 2 * reading_s("word")


def test_the_default_stretch_is_where_it_is_meant_to_be() -> None:
    stretch = stretch_of(None)
    assert stretch.before.endswith(
        "def _common_suffix(a: str, b: str, limit: int) -> int:\n    low, high = 0, limit"
    )
    assert stretch.before + stretch.to_type == stretch.path.read_text("utf-8")
    assert stretch.folder in stretch.path.parents


def test_without_a_key_the_first_suggestions_of_the_demo_are_whole_lines_that_are_right() -> None:
    stretch = stretch_of(None)
    text = stretch.before + stretch.to_type
    first = stretch.before.count("\n") + 1
    file = CodeFile(stretch.path.name, "python", text.split("\n"))
    editor = LaneEditor(LocalIndex(), file, [*file.lines[:first], ""])
    shown = []
    for number, line in enumerate(file.lines[first : first + 2], first):
        indent = line[: len(line) - len(line.lstrip())]
        editor.replace(number, indent)
        guess = best(predict(editor.index, editor.view(number, len(indent)), editor.imported), USABLE)
        shown.append(indent + guess.text if guess else "")
        editor.replace(number, line + "\n")
    assert shown == file.lines[first : first + 2]
    assert shown[0] == "    while low < high:"


def test_the_suggestion_in_readmes_pictures_is_the_local_lanes_own() -> None:
    text = SCENE + TYPED.replace("\n", "\n    ")
    lines = text.split("\n")
    editor = LaneEditor(LocalIndex(), CodeFile("invoices.py", "python", lines), lines)
    guess = best(predict(editor.index, editor.view(len(lines) - 1, len(lines[-1]))), USABLE)
    assert guess is not None
    assert guess.text == SUGGESTED


def test_the_status_fits_a_terminal_of_80_columns() -> None:
    _, editor, _ = typed_out(1)
    editor.score = Score(keys=234, typed_keys_worth=400, accepts=29, through_chars=158, diverged=17)
    status = Stage("a.py", "no key").view(editor).status
    assert status.startswith("234 keys · ")
    assert cell_width(status) < 80


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe" * 40])
def test_a_file_with_nothing_to_type_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(content)
    with pytest.raises(NothingToType):
        stretch_of(path)


def plain(row: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", row)


@pytest.mark.parametrize("size", [(100, 26), (60, 12), (40, 9), (200, 60)])
def test_no_row_is_wider_than_the_terminal_and_there_are_no_more_than_fit(size: tuple[int, int]) -> None:
    lines = [f"line {number} " + "wide 字 " * 30 for number in range(40)] + ["    value = "]
    view = View(
        "a title " * 20,
        "a lane " * 20,
        lines,
        "one\n" * 30,
        3,
        {40: "⇥ local 0.3 ms"},
        "model 412 ms",
        "s" * 300,
    )
    rows = [plain(row) for row in frame(view, *size)]
    assert max(map(cell_width, rows)) <= size[0]
    assert len(rows) <= size[1]
    assert any("value = one" in row for row in rows)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("字字", 3, "字…"),
        ("a\tb", 3, "a b"),
        ("\x1b[31m", 9, "·[31m"),
        ("ab", 0, ""),
    ],
)
def test_text_is_clipped_by_columns_and_cannot_steer_the_terminal(
    text: str, width: int, expected: str
) -> None:
    assert clipped(text, width) == expected


def test_the_screen_writes_only_what_changed() -> None:
    out = io.StringIO()
    with Screen(out) as screen:
        screen.draw(View("title", "lane", ["one", "two"]))
        first = out.tell()
        screen.draw(View("title", "lane", ["one", "two"]))
        assert out.tell() == first
        screen.draw(View("title", "lane", ["one", "two!"]))
        assert "two!" in out.getvalue()[first:]
        assert "one" not in out.getvalue()[first:]


def test_the_screen_gives_the_terminal_back_when_it_is_interrupted() -> None:
    out = io.StringIO()

    def interrupted() -> None:
        with Screen(out):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert out.getvalue().endswith("\x1b[?25h\x1b[?1049l")


@pytest.mark.e2e
def test_the_command_types_through_the_real_engine_and_sums_up(tmp_path: Path) -> None:
    kept = {
        name: value for name, value in os.environ.items() if "KEY" not in name and "TYPETHROUGH" not in name
    }
    environment = {**kept, "PYTHONPATH": str(REPOSITORY / "server"), "XDG_CONFIG_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "typethrough", "demo", "--plain", "--speed", "50", "--seconds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=25)
    assert done.stdout.startswith("typing document.py: no key: local lane only\n")
    assert "0 requests, 0 tokens" in done.stdout
    assert done.stderr == ""
