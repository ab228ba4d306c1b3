"""The person of the benchmark types what is true, the same each time, and judges only what is on screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import score
from tests.bench.holes import cut_holes
from tests.bench.human import PAUSE_S, Person
from tests.bench.strokes import Hole, Stroke, apply, next_stroke, strokes_alone

TEXT = Path(score.__file__).read_text()


def typed_alone(person: Person, hole: Hole) -> tuple[str, list[Stroke]]:
    typed, after, strokes, slipped = "", "", list[Stroke](), set[int]()
    while (pressed := next_stroke(person, hole, typed, after, slipped)) is not None:
        stroke, slip = pressed
        if slip:
            slipped.add(hole.offset + len(typed))
        typed, after = apply(stroke, typed, after)
        strokes.append(stroke)
    assert after == ""
    return typed, strokes


@pytest.mark.parametrize("closes_brackets", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_the_true_text_comes_out_of_the_keys(seed: int, *, closes_brackets: bool) -> None:
    person = Person(seed, "score.py", closes_brackets)
    left, holes = cut_holes(TEXT, person, 600)
    assert holes
    for hole in holes:
        typed, strokes = typed_alone(person, hole)
        assert typed == hole.text == TEXT[hole.offset : hole.offset + len(hole.text)]
        assert len(strokes) == strokes_alone(person, hole)
        left = left[: hole.offset] + typed + left[hole.offset :]
    assert left == TEXT


def test_the_same_person_is_the_same_again_and_another_is_not() -> None:
    def rhythm(seed: int) -> list[float]:
        person, hole = Person(seed, "a.py"), Hole(40, "return total + first", 4)
        return [person.gap_s(hole, hole.text[:i], Stroke("type", hole.text[i]), "type") for i in range(20)]

    assert rhythm(1) == rhythm(1)
    assert rhythm(1) != rhythm(2)


def test_people_pause_more_often_where_a_statement_starts() -> None:
    hole = Hole(0, "x = 1\ny = 2", 0)
    people = [Person(seed, "a.py") for seed in range(200)]
    starting = [person.gap_s(hole, "x = 1\n", Stroke("type", "y"), "enter") for person in people]
    within = [person.gap_s(hole, "x", Stroke("type", " "), "type") for person in people]
    assert sum(gap >= PAUSE_S for gap in starting) > 5 * sum(gap >= PAUSE_S for gap in within)


@pytest.mark.parametrize(
    ("typed", "after", "stroke"),
    [
        ("", "", Stroke("type", "i")),
        ("if x:", "", Stroke("enter", "\n        ")),  # the editor indents
        ("if x:\n        y()", "", Stroke("enter", "\n        ")),
        ("if x:\n        y()\n        ", "", Stroke("enter", "\n        ", remove_before=8)),  # a blank line
        ("if x:\n        y()\n\n        ", "", Stroke("backspace", remove_before=4)),  # a level back
        ("if x:\n        y()\n\n    z = wrong + 1", "", Stroke("word", remove_before=2)),
        ("if x:\n        y", "", Stroke("pair", "()", back=1)),
        ("if x:\n        y(", ")", Stroke("over", ")", remove_after=1)),
        ("if x:\n        y()", ")", Stroke("delete", remove_after=1)),  # a doubled bracket
    ],
)
def test_the_next_key_is_the_one_an_editor_asks_for(typed: str, after: str, stroke: Stroke) -> None:
    hole = Hole(4, "if x:\n        y()\n\n    z = [1]", 4)
    never_slips = Person(3, "none", closes_brackets=True)
    pressed = next_stroke(never_slips, hole, typed, after, set(range(100)))
    assert pressed == (stroke, False)


@pytest.mark.parametrize(
    ("shown", "taken_by_somebody"),
    [
        ("total = a + b", True),
        ("total = a + wrong", True),  # who checks two words is taken in
        ("other = a + b", False),
        ("\n    total = a + b", False),  # they are not done with this line
        ("t", False),  # not worth a key
        ("total = a + b\n    wrong = 1", True),  # nobody reads to the end
    ],
)
def test_what_looks_right_is_taken_whatever_comes_later(shown: str, *, taken_by_somebody: bool) -> None:
    wanted = "total = a + b\n    return total"
    people = [Person(seed, "a.py") for seed in range(60)]
    taken = [person.takes(7, shown, wanted, in_pause=True) for person in people]
    assert any(taken) == taken_by_somebody
    assert not all(taken)
