"""What is not offered again: text that was deleted a moment ago, and suggestions that were sent away."""

from __future__ import annotations

import pytest

from tests.support.cursor import parse
from typethrough.core.document.document import Document, Position
from typethrough.core.document.view import View
from typethrough.core.suggestion.trail import Shown
from typethrough.core.suggestion.unwanted import Unwanted


class Desk:
    """A document with a cursor, and what is unwanted in it."""

    def __init__(self, marked: str) -> None:
        text, self.cursor = parse(marked)
        self.document = Document("file:///p/a.py", "python", 1, text)
        self.unwanted = Unwanted()
        self.now_s = 0.0

    def edit(self, start: Position, text: str) -> bool:
        edit = self.document.replace(start, self.cursor, text)
        self.cursor = edit.new_end
        return self.unwanted.after(edit, self.document.snapshot, self.now_s)

    def type(self, text: str) -> bool:
        return self.edit(self.cursor, text)

    def backspace(self, count: int) -> bool:
        return self.edit(Position(self.cursor.line, self.cursor.column - count), "")

    @property
    def view(self) -> View:
        return View.at(self.document.snapshot, self.cursor)

    @property
    def deleted(self) -> tuple[str, ...]:
        return self.unwanted.deleted(self.now_s)


def test_backspace_held_down_is_one_deletion_and_takes_back_once_it_is_more_than_a_slip() -> None:
    desk = Desk("return width * height$0\n")
    assert [desk.backspace(1) for _ in range(10)] == [False] * 9 + [True]
    assert desk.deleted == ("h * height",)


def test_a_deletion_is_forgotten_after_half_a_minute() -> None:
    desk = Desk("return width * height$0\n")
    desk.backspace(15)
    kept = {}
    for desk.now_s in (29.0, 31.0):
        kept[desk.now_s] = desk.deleted
    assert kept == {29.0: (" width * height",), 31.0: ()}


@pytest.mark.parametrize(
    ("typed", "is_forgotten"), [("wi", False), ("wid", True), ("hei", False), ("", False)]
)
def test_a_deletion_whose_beginning_is_typed_again_is_wanted_after_all(
    typed: str, *, is_forgotten: bool
) -> None:
    desk = Desk("return width * height$0\n")
    desk.backspace(14)
    for char in typed:
        desk.type(char)
    assert (desk.deleted == ()) is is_forgotten


def test_only_the_last_few_deletions_are_kept() -> None:
    desk = Desk("$0\n")
    for number in range(20):
        desk.type(f"{number:02}x")
        desk.backspace(3)
        desk.type("\n")
    assert len(desk.deleted) <= 8


def test_what_was_sent_away_stays_away_while_the_text_leads_into_it() -> None:
    desk = Desk("return $0\n")
    desk.unwanted.dismiss(Shown.of("1", "width * height", desk.cursor, ""), "return ")
    assert desk.unwanted.is_dismissed(desk.view)
    desk.type("wid")
    assert desk.unwanted.is_dismissed(desk.view)
    desk.type("x")
    assert not desk.unwanted.is_dismissed(desk.view)


@pytest.mark.parametrize(
    ("steps", "text", "is_away"),
    [
        ((), "width * height", True),
        ((), "width", True),
        ((), "height * width", False),
        (("type x", "backspace 1"), "width * height", True),
        (("type w",), "idth * height", True),
        (("type  ",), "width * height", True),
        (("type \n",), "return width * height", True),
        (("type \n\n\n\n",), "return width * height", False),
        (("type compute(width, height)\n",), "return width * height", False),
        (("backspace 7",), "return width * height", True),
        (("backspace 7",), "\n    return width * height", True),
    ],
)
def test_it_stays_away_near_its_place_until_something_else_is_written_there(
    steps: tuple[str, ...], text: str, *, is_away: bool
) -> None:
    desk = Desk("return $0\n")
    desk.unwanted.dismiss(Shown.of("1", "width * height", desk.cursor, ""), "return ")
    for step in steps:
        verb, _, rest = step.partition(" ")
        _ = desk.type(rest) if verb == "type" else desk.backspace(int(rest))
    assert desk.unwanted.is_sent_away(text, desk.view) is is_away


def test_an_accepted_text_that_is_taken_out_again_is_sent_away() -> None:
    desk = Desk("a\nreturn w$0\n")
    shown, before = Shown.of("1", "width * height", Position(1, 7), ""), desk.document.snapshot
    desk.type("idth * height")
    desk.unwanted.accepted(shown, before)
    above = desk.document.replace(Position(0, 0), Position(0, 0), "b\n")
    desk.unwanted.after(above, desk.document.snapshot, desk.now_s)
    desk.cursor = Position(2, desk.cursor.column)
    assert not desk.unwanted.is_dismissed(desk.view)
    assert desk.backspace(13), "with it goes what is shown"
    assert desk.unwanted.is_dismissed(desk.view)
    desk.type("i")
    assert not desk.unwanted.is_dismissed(desk.view)
    assert desk.unwanted.is_sent_away("dth * height", desk.view)


def test_who_asks_by_hand_forgives_what_was_sent_away_there() -> None:
    desk = Desk("return $0\n")
    desk.unwanted.dismiss(Shown.of("1", "width * height", desk.cursor, ""), "return ")
    desk.unwanted.forgive(desk.view)
    assert not desk.unwanted.is_dismissed(desk.view)
