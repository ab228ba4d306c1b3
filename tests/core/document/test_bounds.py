"""What a request reads of a document, and what it makes of it, has a bound that no document moves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.counting import CountingSnapshot
from typethrough.core.asking.hand import Hand
from typethrough.core.asking.place import unwanted_at
from typethrough.core.document.document import Position
from typethrough.core.document.scan import scan
from typethrough.core.document.view import LINE_CHARS, REACH_LINES, SIDE_CHARS, View
from typethrough.core.filters import finished, fitted, growing
from typethrough.core.suggestion.amount import Amount, empty_block
from typethrough.core.suggestion.cache import CompletionCache, Entry
from typethrough.core.suggestion.cut import best_so_far, certain, enough
from typethrough.local.index import LocalIndex
from typethrough.local.predictor import predict

# Both sides of the view, a block of them first and then all; the lines that a prompt or a filter takes from elsewhere are few.
MOST_CHARS = 2 * (REACH_LINES + 160 + 40) * LINE_CHARS + 60_000

_SIGNS = [
    "x",
    "    y = f(x)",
    "(",
    ")]",
    '"',
    "'",
    "#",
    "/[",
    "- ",
    "\t",
    "\u00e9",
    "\U0001f98a",
    "<code>",
    "`",
    "...",
    "$" + "{",
]


def _everything(view: View) -> None:
    """All that is asked of a view between a key and its answer."""
    unwanted_at(view, invoked=False)
    Hand().at(view)
    empty_block(view)
    cache = CompletionCache()
    cache.add(view, Entry(view, "return", complete=True))
    list(cache.look_up(view))
    answer = "\n    y = f(x)\n    return y  # <code>\n"
    text = growing(f"```\n{answer}```", view, complete=True)
    finished(text, view)
    finished("x" * 20, view)
    enough(text, view, amount=Amount(10), complete=True)
    best_so_far(text, view, amount=Amount(10))
    certain(answer, view, amount=Amount(10))
    fitted("f(x)", view)
    predict(LocalIndex(), view)


@pytest.mark.parametrize("language_id", ["python", "typescriptreact", "markdown"])
@given(
    above=st.lists(st.tuples(st.sampled_from(_SIGNS), st.integers(0, 4_000)), max_size=6),
    here=st.tuples(st.sampled_from(_SIGNS), st.integers(0, 400)),
    repeated=st.integers(1, 120),
)
@settings(max_examples=8, deadline=None)
def test_a_request_reads_no_more_however_hostile_the_document(
    language_id: str, above: list[tuple[str, int]], here: tuple[str, int], repeated: int
) -> None:
    lines = [sign * count for sign, count in above] * repeated
    text = "\n".join([*lines, here[0] * here[1], *lines])
    snapshot = CountingSnapshot.of(text)
    place = Position(len(lines), len(here[0] * here[1]))
    _everything(View.at(snapshot, place, language_id=language_id, uri="file:///a/b.py"))
    assert snapshot.read <= MOST_CHARS


@pytest.mark.parametrize("language_id", ["python", "javascript", "markdown"])
def test_lines_of_megabytes_beside_the_cursor_are_not_read(language_id: str) -> None:
    giant = 'x = ("a", ' * 350_000
    snapshot = CountingSnapshot.of(f"def f():\n{giant}\n    y = \n{giant}\n")
    _everything(View.at(snapshot, Position(2, 8), language_id=language_id, uri="file:///a/b.py"))
    assert snapshot.read < 30 * LINE_CHARS


def test_a_view_gives_out_a_bounded_part_of_many_long_lines() -> None:
    snapshot = CountingSnapshot.of(f"{'y' * 1_000}\n" * 2_000)
    view = View.at(snapshot, Position(1_000, 0))
    for lines in (view.lines_before(REACH_LINES), view.lines_after(REACH_LINES)):
        assert sum(map(len, lines)) == SIDE_CHARS
        assert set(map(len, lines)) == {LINE_CHARS}


@pytest.mark.parametrize("sign", ["(](", "/[", "((((]", "'", "a ", "rest of code."])
def test_a_long_text_is_scanned_once(sign: str) -> None:
    # At a cost that grows with the square of the length these would take minutes.
    text = sign * (60_000 // len(sign))
    for language_id in ("python", "typescript", "markdown"):
        scan(text, language_id)


@pytest.mark.parametrize(
    "sign", ["-", "# your code ", "rest of code.", " ", "_", "\nThis x", "</code>", "<|x|>"]
)
@pytest.mark.parametrize("marked", [("x = ", ""), ("    ", ""), ("", " " * 1_500 + ")")])
def test_an_answer_without_end_is_read_up_to_a_bound(sign: str, marked: tuple[str, str]) -> None:
    before, behind = marked
    snapshot = CountingSnapshot.of(f"def f():\n{before}{behind}\n")
    view = View.at(snapshot, Position(1, len(before)), language_id="python")
    assert unwanted_at(view, invoked=False) is None
    text = growing("# " + sign * (2_000_000 // len(sign)), view, complete=True)
    finished(text, view)
    enough(text, view, amount=Amount(10), complete=True)
    certain(text, view, amount=Amount(10))
