"""Over real code: the truth passes unchanged, each defect comes off it, and more of an answer never takes text back."""

from __future__ import annotations

import random
from typing import Literal

import pytest

from tests.bench.filters import DEFECTS, cleaned, same, scenes
from typethrough.core.filters import growing
from typethrough.core.suggestion.amount import Amount, amount_at
from typethrough.core.suggestion.cache import Entry, Hit
from typethrough.core.suggestion.cut import enough
from typethrough.core.suggestion.offer import from_growing, from_hit

PLACES = scenes(300)

# The share that must come out whole. Lines aligned under a bracket keep no trace of a lost or doubled indentation, and a deeper
# line in a docstring or after a comment may be meant: those are measured by the benchmark and held here against decay. The
# corpus is the machine's own standard library, another with each Python, so the floors lie a few points below what 3.11 gives.
FLOORS = dict.fromkeys(DEFECTS, 0.93) | {
    "none": 0.985,
    "indentation lost": 0.84,
    "indentation doubled (×2)": 0.7,
    "indentation doubled (+)": 0.7,
    "last line repeated": 0.88,
}


@pytest.mark.parametrize("name", list(DEFECTS))
def test_the_truth_comes_out_from_under_each_defect(name: str) -> None:
    draw = random.Random(name)
    results = [
        same(cleaned(raw, scene.view), scene.truth, scene.view)
        for scene in PLACES
        if (raw := DEFECTS[name](scene, draw)) is not None
    ]
    assert len(results) >= 50
    assert sum(results) / len(results) >= FLOORS[name]


@pytest.mark.parametrize("name", list(DEFECTS))
def test_a_longer_answer_only_adds_and_an_early_cut_stays(name: str) -> None:
    draw = random.Random(name)
    for scene in PLACES[:40]:
        raw = DEFECTS[name](scene, draw)
        if raw is None:
            continue
        seen, early, place = "", None, 0
        while place < len(raw):
            place += draw.randint(1, 9)
            now = growing(raw[:place], scene.view)
            assert now.startswith(seen)
            assert growing(raw[:place], scene.view, complete=True).startswith(now)
            early = early or enough(now, scene.view, amount=Amount(6), complete=False)
            seen = now
        last = enough(growing(raw, scene.view, complete=True), scene.view, amount=Amount(6), complete=True)
        assert last is not None
        assert early is None or early.length == last.length


@pytest.mark.parametrize("frame", ['<now path="a.py" language="python">\n', '<file path="a.py">\n', "\n"])
def test_a_recited_document_is_never_shown(frame: str) -> None:
    asked = 0
    for scene in PLACES:
        lines = scene.view.snapshot.lines(0, 6)
        if scene.view.position.line < 20 or sum(map(str.isalnum, lines[0])) < 12:
            continue
        asked += 1
        assert cleaned(frame + "\n".join(lines), scene.view).startswith("(")
    assert asked >= 50


def test_white_space_and_control_characters_break_nothing() -> None:
    draw = random.Random(3)
    alphabet = "ab` \t\n<|>/{}()[]'\"#:.~*é\0\r"
    for scene in PLACES[:60]:
        raw = "".join(draw.choice(alphabet) for _ in range(60))
        seen = ""
        for place in range(len(raw) + 1):
            now = growing(raw[:place], scene.view)
            assert now.startswith(seen)
            seen = now
        cleaned(raw, scene.view)


@pytest.mark.parametrize("name", list(DEFECTS))
@pytest.mark.parametrize("max_lines", [1, 10, "auto"])
def test_what_is_shown_while_a_text_grows_is_what_the_whole_of_it_begins_with(
    name: str, max_lines: int | Literal["auto"]
) -> None:
    draw = random.Random(name)
    promises = 0
    for scene in PLACES[:80]:
        raw = DEFECTS[name](scene, draw)
        if raw is None:
            continue
        amount = amount_at(scene.view, max_lines, invoked=False)
        entry, promised, final, place = Entry(scene.view), "", "", 0
        while place < len(raw) and not final:
            place += draw.randint(1, 6)
            entry.text = growing(raw[:place], scene.view)
            final = from_hit(Hit(entry, ""), scene.view, amount).text
            now = from_growing(Hit(entry, ""), scene.view, amount)
            if not final and now:
                assert now.startswith(promised) or promised.startswith(now)
                promised = max(promised, now, key=len)
        if not final:
            entry.text, entry.complete = growing(raw, scene.view, complete=True), True
            final = from_hit(Hit(entry, ""), scene.view, amount).text
        promises += bool(promised)
        assert final.startswith(promised)
    assert promises >= 10
