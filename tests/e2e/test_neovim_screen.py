"""The screen that the editor tests read, fed with redraw events by hand: it must not see what is not there."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.support.neovim_picture import svg
from tests.support.neovim_screen import Screen

GHOST, PLAIN, FILLER = 7, 0, 9


def screen_of(*rows: str, width: int = 12) -> Screen:
    """Return a screen of these rows; what stands between ‹ and › is drawn as ghost text."""
    screen = Screen()
    feed(
        screen,
        ["grid_resize", [1, width, len(rows)]],
        ["hl_attr_define", [GHOST, {"foreground": 0x808080}, {}, [{"hi_name": "NonText"}]]],
        [
            "hl_attr_define",
            [FILLER, {"foreground": 0x808080}, {}, [{"hi_name": "NonText"}, {"hi_name": "EndOfBuffer"}]],
        ],
    )
    for number, row in enumerate(rows):
        cells: list[list[Any]] = []
        looks = PLAIN
        for character in row:
            if character in "‹›":
                looks = GHOST if character == "‹" else PLAIN
            else:
                cells.append([character, looks])
        feed(screen, ["grid_line", [1, number, 0, cells, False]])
    feed(screen, ["flush", []])
    return screen


def feed(screen: Screen, *events: list[Any]) -> None:
    screen.apply(events)


def test_ghost_text_is_what_is_drawn_as_such_and_rows_are_joined() -> None:
    screen = screen_of("def f‹(x):›", "‹    return x›", "plain")
    assert screen.ghost() == "(x):\n    return x"
    assert screen.lines() == ["def f(x):", "    return x", "plain"]


def test_the_filler_below_the_text_is_not_ghost_text() -> None:
    screen = screen_of("a", "")
    feed(screen, ["grid_line", [1, 1, 0, [["~", FILLER]], False]])
    assert screen.lines() == ["a", "~"]
    assert screen.ghost() == ""


def test_a_cell_without_looks_takes_those_before_it_and_a_count_repeats_it() -> None:
    screen = screen_of("", "")
    feed(screen, ["grid_line", [1, 0, 2, [["a", GHOST], ["b"], ["c", PLAIN, 3], ["d"]], False]])
    assert screen.lines()[0] == "  abcccd"
    assert screen.ghost() == "ab"


@pytest.mark.parametrize(
    ("top", "bottom", "by", "expected"),
    [
        (0, 4, 1, ["b", "c", "d", "d"]),
        (0, 4, 2, ["c", "d", "c", "d"]),
        (0, 4, -1, ["a", "a", "b", "c"]),
        (1, 3, 1, ["a", "c", "c", "d"]),
        (1, 4, -2, ["a", "b", "c", "b"]),
    ],
)
def test_scrolling_moves_the_rows_of_the_region_only(
    top: int, bottom: int, by: int, expected: list[str]
) -> None:
    screen = screen_of("a", "b", "c", "d")
    feed(screen, ["grid_scroll", [1, top, bottom, 0, 12, by, 0]])
    assert screen.lines() == expected


def test_every_ghost_text_that_was_on_screen_is_remembered_once() -> None:
    screen = screen_of("a‹bc›")
    feed(screen, ["flush", []])
    feed(screen, ["grid_line", [1, 0, 1, [["b", PLAIN]], False]], ["flush", []])
    feed(screen, ["grid_line", [1, 0, 2, [["c", PLAIN]], False]], ["flush", []])
    assert screen.ghosts == ["", "bc", "c", ""]


def test_a_resize_keeps_what_fits() -> None:
    screen = screen_of("abcdef", "x")
    feed(screen, ["grid_resize", [1, 4, 3]])
    assert screen.lines() == ["abcd", "x", ""]


def test_the_picture_is_well_formed_and_shows_ghost_text_in_its_colour() -> None:
    screen = screen_of('if a < "b"‹ & c:›', width=20)
    root = ET.fromstring(svg(screen))  # noqa: S314 -- the document is our own
    texts = {element.text: element.attrib for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert set(texts) == {'if a < "b"', "& c:"}
    assert texts["& c:"]["fill"] == "#808080"
    assert texts["& c:"]["font-style"] == "italic"
    assert "font-style" not in texts['if a < "b"']
