"""Over random sessions of editing, with other files that come and change: what was sent stays the beginning of what is sent."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.permits import put, send, tell
from typethrough.core.codebase.choice import choose
from typethrough.core.codebase.codebase import Codebase, digest
from typethrough.core.document.document import Document, Position
from typethrough.core.document.view import View
from typethrough.core.models import profile_of
from typethrough.core.outline import definitions
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.layout import PromptState
from typethrough.core.prompt.related import render
from typethrough.core.settings.schema import DEFAULT_MODEL

if TYPE_CHECKING:
    from typethrough.core.prompt.message import Prompt

_PATH = "src/main.py"
_NAMES = [f"{word}_{number}" for word in ("make", "find", "Shop") for number in range(8)]


class Sitting:
    """A document with its prompt, in a codebase of a few files."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.codebase = Codebase("project")
        lines = [rng.choice([f"def {name}(): pass" for name in _NAMES[:3]] + ["x = 1", "    y = 2", ""])] * 3
        lines += [f"line {number} = {rng.choice(_NAMES)}()" for number in range(rng.choice([5, 60, 900]))]
        imported = "from lib.a import " + ", ".join(rng.sample(_NAMES, 3))
        self.document = Document("file:///project/src/main.py", "python", 1, "\n".join([imported, *lines]))
        self.state = PromptState(tell(_PATH), "python", "project", self.codebase)
        self.chars = rng.choice([2_000, 8_000, 40_000])
        self.now_s = 0.0
        self.at = Position(rng.randint(0, len(lines)), 0)
        for path in ("lib/a.py", "lib/b.py"):
            self.change_file(path)

    def change_file(self, path: str) -> None:
        names = self.rng.sample(_NAMES, self.rng.randint(0, 8))
        text = "".join(f"def {name}(a={self.rng.randint(0, 9)}):\n    pass\n" for name in names)
        put(self.codebase, digest(path, text, "python"))

    def look(self) -> None:
        """What the engine does when edits pause."""
        text = self.document.snapshot.text()
        put(self.codebase, digest(_PATH, text, "python"))
        self.state.outline = definitions(text, "python")
        room = self.state.related_chars(self.document.snapshot, self.chars)
        used = dict.fromkeys(_NAMES, 1)
        self.state.related = render(choose(self.codebase, _PATH, used=used, max_chars=room))

    def edit(self) -> None:
        rng = self.rng
        if rng.random() < 0.2:
            self.at = Position(rng.randint(0, self.document.snapshot.line_count + 3), rng.randint(0, 8))
        text = rng.choice(
            ["x", " ", "", rng.choice(_NAMES), "a\nb", "\n    ", "pasted\n" * rng.choice([4, 400])]
        )
        removed = rng.choice([0, 0, 0, 1, 6])
        before = self.document.snapshot
        edit = self.document.replace(self.at, Position(self.at.line + removed, self.at.column), text)
        self.state.note(edit, before)
        self.at = edit.new_end

    def prompt(self) -> Prompt:
        view = View.at(self.document.snapshot, self.at, language_id="python", uri=self.document.uri)
        return self.state.build(
            send(_PATH), view, Terms(profile_of(DEFAULT_MODEL), self.chars, 64), self.now_s
        )


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32), steps=st.integers(2, 30))
def test_of_one_anchor_each_prompt_begins_with_all_of_the_one_before_but_its_window(
    seed: int, steps: int
) -> None:
    rng = random.Random(seed)
    sitting = Sitting(rng)
    sent_s: dict[str, list[float]] = defaultdict(list)
    before: Prompt | None = None
    for _ in range(steps):
        for _ in range(rng.choice([0, 1, 1, 3])):
            sitting.edit()
        if rng.random() < 0.1:
            sitting.change_file(rng.choice(["lib/a.py", "lib/b.py", f"lib/new_{rng.randint(0, 3)}.py"]))
        if rng.random() < 0.2:
            sitting.look()
        sitting.now_s += rng.choice([0.2, 0.2, 0.2, 1.0, 5.0, 30.0, 400.0])
        prompt = sitting.prompt()

        assert prompt.stable == len(prompt.messages) - 1
        if before is not None and not sitting.state.reason:
            kept = before.messages[: before.stable]
            assert prompt.messages[: before.stable] == kept
        elif before is not None:
            # Even a new anchor leaves the rules and examples as they are, which every document shares.
            assert prompt.messages[:7] == before.messages[:7]
        times = sent_s[prompt.cache_key]
        times.append(sitting.now_s)
        assert sum(sitting.now_s - at_s <= 60.0 for at_s in times) <= 20
        before = prompt


def test_a_related_part_that_changes_waits_until_the_file_is_frozen_anew() -> None:
    sitting = Sitting(random.Random(5))
    sitting.chars = 40_000
    sitting.look()
    first = sitting.prompt()
    shown = first.messages[7].text
    assert shown.startswith('<known path="lib/a.py">')
    for path in ("lib/a.py", "lib/b.py"):
        sitting.change_file(path)
    sitting.look()
    assert sitting.state.related.text != shown

    sitting.now_s += 100.0
    assert sitting.prompt().messages[7].text == shown
    sitting.now_s += 301.0

    assert sitting.prompt().messages[7].text == sitting.state.related.text
    assert sitting.state.reason == "the cache is cold"


def test_other_files_that_become_known_are_a_reason_to_freeze_but_not_in_a_burst() -> None:
    sitting = Sitting(random.Random(5))
    sitting.prompt()
    sitting.look()
    sitting.now_s += 3.9
    sitting.prompt()
    assert sitting.state.reason == ""

    sitting.now_s += 4.1
    sitting.prompt()

    assert sitting.state.reason == "other files are known now"


def test_names_near_the_cursor_are_explained_but_not_the_one_being_typed() -> None:
    codebase = Codebase("project")
    put(codebase, digest("lib/a.py", "def make_it(a): pass\ndef make_more(b): pass\n", "python"))
    put(codebase, digest("lib/b.py", "class ShopOfAll:\n    def sell(self): pass\n", "python"))
    document = Document("file:///project/src/main.py", "python", 1, "ShopOfAll()\nx = make_it(make_more\n")
    state = PromptState(tell(_PATH), "python", "project", codebase)
    at = View.at(document.snapshot, Position(1, 20), language_id="python", uri=document.uri)
    prompt = state.build(send(_PATH), at, Terms(profile_of(DEFAULT_MODEL), 8_000, 64), 0.0)

    assert [message.text for message in prompt.messages[8:-1]] == [
        '<known path="lib/a.py">\ndef make_it(a):\n</known>',
        '<known path="lib/b.py">\nclass ShopOfAll:\n    def sell(self):\n</known>',
    ]
