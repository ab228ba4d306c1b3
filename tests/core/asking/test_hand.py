"""Where the hand is: told by the text before the cursor, by the last edit, and by where a text of the model's went wrong."""

from __future__ import annotations

import pytest

from tests.support.cursor import view_at
from typethrough.core.asking.hand import EDGES_MS, Hand, Spot
from typethrough.core.document.document import Document, Edit, Position


def _edit(inserted: str, removed: str = "") -> Edit:
    document = Document("file:///a.py", "python", 1, removed)
    return document.replace(Position(0, 0), Position(0, len(removed)), inserted)


@pytest.mark.parametrize(
    ("marked", "spot"),
    [
        ("counter\ncountr$0", Spot.LEFT),
        ("countr$0\ncounter", Spot.LEFT),
        ("größer\ngrößx$0", Spot.LEFT),
        ("counter\ncounte$0", Spot.KNOWN),
        ("counter\nco$0", Spot.BEGUN),
        ("counter\ncou$0", Spot.KNOWN),
        ("counter\nother$0", Spot.UNKNOWN),
        ("counter\ncountr_$0", Spot.UNKNOWN),
        ("counter\nq$0", Spot.UNKNOWN),
        ("counter\n$0", Spot.BLANK),
        ("counter\n    $0", Spot.BLANK),
        ("1234\nx = 125$0", Spot.END),
        ("counter\nf($0", Spot.BETWEEN),
        ("x = $0", Spot.BETWEEN),
        ("first.$0", Spot.BETWEEN),
        ("f(x)$0", Spot.END),
        ("if x:$0", Spot.END),
    ],
)
def test_the_spot_is_told_by_the_text_before_the_cursor(marked: str, spot: Spot) -> None:
    assert Hand().at(view_at(marked)) is spot


@pytest.mark.parametrize(
    ("edit", "marked", "spot"),
    [
        (_edit("", "x"), "counter\ncounte$0", Spot.DELETED),
        (_edit("", "x"), "counter\n    $0", Spot.DELETED),
        (_edit("return total"), "return total$0", Spot.ACCEPTED),
        (_edit("\n    "), "if x:\n    $0", Spot.BLANK),
        (_edit("()"), "f($0)", Spot.BETWEEN),
        (_edit("e"), "counter\ncounte$0", Spot.KNOWN),
    ],
)
def test_the_spot_is_told_by_the_last_edit_too(edit: Edit, marked: str, spot: Spot) -> None:
    hand = Hand()
    hand.did(edit)

    assert hand.at(view_at(marked)) is spot


@pytest.mark.parametrize(
    ("strayed", "marked", "spot"),
    [
        (Position(1, 1), "counter\nc$0", Spot.STRAYED),
        (Position(1, 1), "counter\ncou$0", Spot.STRAYED),
        (Position(1, 1), "counter\ncoun$0", Spot.KNOWN),
        (Position(1, 4), "counter\nx = counter$0", Spot.KNOWN),
        (Position(0, 1), "counter\nc$0", Spot.BEGUN),
        (Position(1, 3), "counter\nx, c$0", Spot.BEGUN),
        (Position(1, 4), "counter\nx = $0", Spot.BETWEEN),
        # A word that no line has: two keys went another way than both expected.
        (Position(1, 1), "counter\nq$0", Spot.LEFT),
        (Position(1, 2), "counter\ncx$0", Spot.LEFT),
    ],
)
def test_a_text_that_went_wrong_in_a_word_counts_for_three_letters_of_it(
    strayed: Position, marked: str, spot: Spot
) -> None:
    hand = Hand()
    hand.strayed(strayed)

    assert hand.at(view_at(marked)) is spot


def test_texts_that_went_wrong_are_counted_a_line_up_to_three() -> None:
    hand = Hand()
    counts = []
    for column in range(5):
        counts.append(hand.strays(Position(1, column)))
        hand.strayed(Position(1, column))

    assert counts == [0, 1, 2, 3, 3]
    assert hand.strays(Position(2, 0)) == 0
    hand.strayed(Position(2, 0))
    assert (hand.strays(Position(1, 9)), hand.strays(Position(2, 9))) == (0, 1)


def test_the_spot_is_worked_out_once_a_key() -> None:
    hand = Hand()
    assert hand.at(view_at("x = $0")) is hand.at(view_at("    $0")) is Spot.BETWEEN

    hand.rest(7.0)

    assert (hand.last_edit_s, hand.spot) == (7.0, None)
    assert hand.at(view_at("    $0")) is Spot.BLANK


@pytest.mark.parametrize("spot", Spot)
def test_a_prior_has_a_share_for_each_bin_and_longer_gaps_are_fewer(spot: Spot) -> None:
    prior = spot.value
    assert len(prior.longer) == len(prior.deletions) == len(EDGES_MS)
    assert prior.longer[0] == 100
    assert list(prior.longer) == sorted(prior.longer, reverse=True)
    assert prior.longer[-1] > 0
    assert all(0 <= share <= 100 for share in (*prior.deletions, prior.fits, prior.rests))
