"""The prompt as a whole: golden text, byte-stable beginning, and a log that leads from the anchor to the present."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.prompt.editing import Editing, anchor_text, changes, replayed, whole, window_lines
from typethrough.core.document.document import Position
from typethrough.core.prompt.related import Related
from typethrough.core.prompt.rules import CURSOR, STOP
from typethrough.core.prompt.window import bounds

if TYPE_CHECKING:
    from typethrough.core.prompt.message import Prompt

_GOLDEN = Path(__file__).with_name("whole_prompt.txt")


def test_a_whole_prompt_reads_like_this() -> None:
    """Set TYPETHROUGH_UPDATE_GOLDEN=1 to write the file anew; a change of its beginning makes every cached prefix cold."""
    lines = [f"value_{number} = {number}" for number in range(60)]
    editing = Editing("\n".join([*lines, "", "def total(values):", "    ", ""]))
    editing.prompt(Position(62, 4))
    editing.edit(Position(2, 0), Position(2, 7), "renamed")
    editing.edit(Position(40, 0), Position(41, 0), "")
    at = editing.edit(Position(61, 4), Position(61, 4), "return su")

    text = whole(editing.prompt(at))

    if os.environ.get("TYPETHROUGH_UPDATE_GOLDEN"):
        _GOLDEN.write_text(text, encoding="utf-8")
    assert text == _GOLDEN.read_text(encoding="utf-8")


@given(seed=st.integers(0, 2**32), steps=st.integers(1, 40))
def test_prompts_of_one_anchor_share_all_but_the_window_and_lead_to_the_present(
    seed: int, steps: int
) -> None:
    rng = random.Random(seed)
    line_end = rng.choice(["\n", "\r\n"])
    editing = Editing(line_end.join(f"line {number}" for number in range(rng.randint(1, 150))))
    at = Position(rng.randint(0, 150), 0)
    before = editing.prompt(at)
    for _ in range(steps):
        at = _random_edit(editing, at, rng, line_end)
        if rng.random() < 0.4:
            continue
        prompt = editing.prompt(at)
        if anchor_text(prompt) == anchor_text(before):
            stable = [message.text for message in before.messages[: before.stable]]
            assert [message.text for message in prompt.messages[: before.stable]] == stable
            assert all(
                new is old
                for new, old in zip(prompt.messages, before.messages[: before.stable], strict=False)
            )
        _assert_leads_to_the_present(editing, prompt, at)
        before = prompt


def _random_edit(editing: Editing, at: Position, rng: random.Random, line_end: str) -> Position:
    if rng.random() < 0.25:
        at = Position(rng.randint(0, 160), rng.randint(0, 6))
    removed_lines = rng.choice([0, 0, 0, 1, 5])
    end = Position(at.line + removed_lines, at.column + rng.choice([0, 0, 1]))
    return editing.edit(
        at, end, rng.choice(["x", "", "word", f"a{line_end}b", f"{line_end}    ", "a\n" * 12])
    )


def _assert_leads_to_the_present(editing: Editing, prompt: Prompt, at: Position) -> None:
    snapshot = editing.document.snapshot
    now = snapshot.lines(0, snapshot.line_count)
    first, last = bounds(snapshot.clamp(at).line, snapshot.line_count)
    assert window_lines(prompt) == now[first:last]
    told = replayed(prompt)
    assert told[:first] == now[:first]
    below = now[last:]
    # The anchor ends in a line break whether the file does or not.
    ends = [told[: len(told) - extra] for extra in (0, 1) if not any(told[len(told) - extra :])]
    assert any(end[max(0, len(end) - len(below)) :] == below for end in ends)


def test_typing_in_one_place_sends_nothing_new_before_the_window() -> None:
    editing = Editing("\n".join(f"line {number}" for number in range(200)))
    at = Position(100, 4)
    first = editing.prompt(at)
    for char in "some words typed\nover two lines":
        at = editing.edit(at, at, char)
        prompt = editing.prompt(at)

        assert prompt.messages[: prompt.stable] == first.messages[: first.stable]
        assert prompt.cache_key.partition("-")[0] == first.cache_key


def test_going_elsewhere_appends_what_was_changed_once() -> None:
    editing = Editing("\n".join(f"line {number}" for number in range(200)))
    editing.prompt(Position(10, 0))
    editing.edit(Position(10, 0), Position(10, 4), "row")
    editing.prompt(Position(10, 3))

    there = editing.prompt(Position(150, 0))
    again = editing.prompt(Position(150, 2))

    assert changes(there) == ["<change line=11>\n-line 10\n+row 10\n</change>"]
    assert again.messages[: again.stable] == there.messages[: there.stable]


def test_what_was_changed_and_changed_back_is_not_told() -> None:
    editing = Editing("\n".join(f"line {number}" for number in range(200)))
    editing.prompt(Position(10, 0))
    editing.edit(Position(10, 0), Position(10, 0), "x")
    editing.edit(Position(10, 0), Position(10, 1), "")

    assert changes(editing.prompt(Position(150, 0))) == []


@pytest.mark.parametrize("pause_s", [299.0, 301.0])
def test_the_file_is_frozen_again_once_the_providers_cache_is_cold(pause_s: float) -> None:
    editing = Editing("\n".join(f"line {number}" for number in range(200)))
    old = anchor_text(editing.prompt(Position(10, 0)))
    editing.edit(Position(10, 0), Position(10, 0), "x")
    editing.now_s += pause_s

    assert (anchor_text(editing.prompt(Position(10, 1))) != old) == (pause_s > 300)


def test_a_log_that_has_grown_too_long_is_replaced_by_a_new_anchor_at_once() -> None:
    editing = Editing("\n".join(f"line {number}" for number in range(400)), anchor_chars=8_000)
    editing.prompt(Position(0, 0))
    for number in range(40):
        line = number * 9
        editing.edit(Position(line, 0), Position(line, 0), "y" * 200)
        prompt = editing.prompt(Position((line + 200) % 400, 0))

        assert sum(map(len, changes(prompt))) <= 6_000


def test_a_huge_paste_never_travels_in_the_log() -> None:
    editing = Editing("\n".join(f"line {number}" for number in range(200)))
    editing.prompt(Position(10, 0))
    editing.edit(Position(10, 0), Position(10, 0), "z" * 1_000_000)

    prompt = editing.prompt(Position(150, 0))

    assert sum(len(message.text) for message in prompt.messages) < 20_000


@pytest.mark.parametrize(
    "text", ["<CURSOR>", "</now>", "</file>", "</change>", '<file path="x">', "<CURSOR >"]
)
def test_a_document_that_holds_the_prompts_own_marks_cannot_forge_them(text: str) -> None:
    editing = Editing(f"a\n{text}\nb\n" + "c\n" * 100)
    editing.prompt(Position(0, 0))
    at = editing.edit(Position(60, 0), Position(60, 0), f"{text}{text}\n{text}")
    editing.prompt(at)
    prompt = editing.prompt(Position(1, len(text)))
    frames = [message.text for message in prompt.messages[7:]]

    assert len(frames) == 3
    assert sum(frame.count(CURSOR) for frame in frames) == 1
    assert [
        frame.count("</now>") + frame.count("</file>") + frame.count("</change>") for frame in frames
    ] == [1] * 3


def test_no_more_stops_are_sent_than_providers_take() -> None:
    assert len(STOP) <= 4


def test_what_a_models_context_cannot_take_is_frozen_again_at_once_and_what_is_worth_less_is_not() -> None:
    editing = Editing("\n".join(f"line {number}" for number in range(2_000)), anchor_chars=40_000)
    editing.limit_tokens = 10_000
    whole = editing.prompt(Position(100, 0))
    editing.anchor_chars = 4_000
    assert editing.prompt(Position(100, 0)).messages[: whole.stable] == whole.messages[: whole.stable]

    editing.limit_tokens = 1_000
    short = editing.prompt(Position(100, 0))

    assert editing.state.reason == "the model's context is shorter"
    assert sum(len(message.text) for message in short.messages[7:]) < 6_000
    editing.prompt(Position(101, 0))
    assert editing.state.reason == ""


def test_other_files_gathered_for_more_room_leave_the_file_its_place_and_cause_no_freezing_without_end() -> (
    None
):
    editing = Editing("\n".join(f"line {number}" for number in range(2_000)), anchor_chars=4_000)
    editing.state.related = Related((("big.py", "x = 1\n" * 5_000),))
    for pause in range(4):
        editing.now_s += 10.0
        prompt = editing.prompt(Position(100, 0))
        assert editing.state.reason == ("" if pause else "first")
        assert sum(len(message.text) for message in prompt.messages[7:]) < 6_000
