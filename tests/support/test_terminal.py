"""Reading the cells of a screen from tmux's output."""

from tests.support.terminal import Cell, Style, cells_of

PLAIN = Style()


def test_plain_text_is_plain() -> None:
    assert cells_of("aé😀") == [Cell("a", PLAIN), Cell("é", PLAIN), Cell("😀", PLAIN)]
    assert cells_of("") == []


def test_colours_and_attributes_hold_until_they_are_taken_back() -> None:
    row = "\x1b[1;38;2;1;2;3ma\x1b[22mb\x1b[39;48;5;9mc\x1b[2;93md\x1b[0me\x1b[mf"
    assert [cell.style for cell in cells_of(row)] == [
        Style("2;1;2;3", frozenset({"bold"})),
        Style("2;1;2;3"),
        PLAIN,
        Style("93", frozenset({"dim"})),
        PLAIN,
        PLAIN,
    ]
    assert "".join(cell.character for cell in cells_of(row)) == "abcdef"


def test_line_drawing_switches_are_no_characters() -> None:
    assert cells_of("\x0eq\x0f") == [Cell("q", PLAIN)]
