"""A proposed text is followed through edits: never kept when it does not fit, never lost when it was typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.counting import CountingSnapshot
from tests.core.typist import Typist
from typethrough.core.document.document import Document, Position
from typethrough.core.suggestion.trail import Trail, fits, follow, typed_between

Hand = Callable[[Typist], None]


@pytest.mark.parametrize(
    ("text", "hand", "typed"),
    [
        ("foo(bar)", lambda t: t.type("foo(b"), "foo(b"),
        ("foo(bar)", lambda t: t.insert("foo(bar)"), "foo(bar)"),
        ("foo(bar)", lambda t: (t.type("foo("), t.insert("bar")), "foo(bar"),
        ("foo(bar)", lambda t: (t.type("foo"), t.pair("()"), t.type("ba")), "foo(ba"),
        ("foo(bar)", lambda t: (t.type("foo"), t.pair_in_two("()"), t.type("ba")), "foo(ba"),
        ("foo(bar):", lambda t: (t.type("foo"), t.pair("()"), t.type("bar"), t.over(), t.type(":")), "foo(bar):"),
        ("f(g(x))", lambda t: (t.type("f"), t.pair("()"), t.type("g"), t.pair("()"), t.type("x"), t.over()), "f(g(x)"),
        ('f("x")', lambda t: (t.type("f"), t.pair("()"), t.pair('""'), t.type("x"), t.over(), t.over()), 'f("x")'),
        ("f() -> int", lambda t: t.type("f() ->"), "f() ->"),
        ("f() -> int", lambda t: (t.type("f"), t.pair("()"), t.over(), t.type(" -")), "f() -"),
        ("f() -> int", lambda t: (t.type("f"), t.pair_in_two("()"), t.over(), t.type(" -")), "f() -"),
        ("f([])", lambda t: (t.type("f"), t.pair("()"), t.pair("[]"), t.over(), t.over()), "f([])"),
        ("foo(bar)", lambda t: (t.type("foo"), t.pair("()"), t.backspace(1, behind=1)), "foo"),
        ("foo(bar)", lambda t: (t.type("foo("), t.backspace(3), t.type("oo")), "foo"),
        ("foo\n    bar\n", lambda t: (t.type("foo"), t.insert("\n    "), t.type("ba")), "foo\n    ba"),
        ("{\n  a;\n}", lambda t: (t.pair("{}"), t.insert("\n  \n"), t.replace(Position(2, 2), Position(2, 2), "a")), "{\n  a"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_what_is_typed_as_suggested_is_kept(text: str, hand: Hand, typed: str, line_end: str) -> None:
    typist = Typist(f"import os{line_end}x = $0{line_end}after()", text, line_end=line_end)

    hand(typist)

    assert typist.typed == typed


@pytest.mark.parametrize(
    ("text", "hand"),
    [
        ("foo(bar)", lambda t: t.type("fob")),
        ("foo(bar)", lambda t: t.type("foo(bar))")),
        ("foo(bar)", lambda t: (t.type("foo"), t.pair("()"), t.type("q"))),
        ("foo(bar)", lambda t: (t.type("foo"), t.pair("[]"))),
        ("foo", lambda t: t.backspace()),
        ("foo", lambda t: (t.type("fo"), t.replace(Position(1, 5), Position(1, 5), "x"))),
        ("foo", lambda t: t.replace(Position(1, 5), Position(1, 5), "z ")),
        ("foo", lambda t: t.replace(Position(1, 4), Position(2, 0), "")),
        ("foo\n    bar", lambda t: (t.type("foo"), t.insert("\n  x"))),
        ("{\n  a;\n}", lambda t: (t.pair("{}"), t.insert("\n\t\n"))),
    ],
)
def test_what_no_longer_fits_is_dropped_at_the_edit(text: str, hand: Hand) -> None:
    typist = Typist("import os\nx = $0 y\nafter()", text)

    hand(typist)

    assert typist.trail is None


@pytest.mark.parametrize(
    ("start", "end", "inserted", "moved"),
    [
        ((0, 0), (0, 0), "import sys\n", 1),
        ((0, 0), (1, 0), "", -1),
        ((0, 3), (0, 3), "x", 0),
        ((1, 0), (1, 0), "import sys\n", 1),
        ((0, 9), (0, 9), "\nimport sys", 1),
        ((2, 0), (3, 0), "", 0),
        ((2, 3), (2, 3), "new\n", 0),
    ],
)
def test_an_edit_above_or_below_moves_the_place_and_keeps_the_text(
    start: tuple[int, int], end: tuple[int, int], inserted: str, moved: int
) -> None:
    typist = Typist("import os\nx = $0\nbelow\nbelow", "foo(bar)")
    typist.type("foo")

    typist.replace(Position(*start), Position(*end), inserted)

    assert typist.trail == (Position(1 + moved, 4), Position(1 + moved, 7))
    assert typist.typed == "foo"


def test_a_word_completed_from_its_beginning_counts_as_its_end_typed() -> None:
    typist = Typist("x = pri$0", "nt(x)")

    typist.replace(Position(0, 4), Position(0, 7), "print")

    assert typist.typed == "nt"


def test_a_replacement_that_changes_what_stood_before_is_a_divergence() -> None:
    typist = Typist("x = pri$0", "nt(x)")

    typist.replace(Position(0, 4), Position(0, 7), "spent")

    assert typist.trail is None


def test_a_line_break_reported_behind_the_equal_one_it_was_typed_before_is_found() -> None:
    # Editors that compare lines cannot tell which of two empty lines is the new one.
    typist = Typist("x$0\n\ny", "\n\nz")

    typist.replace(Position(2, 0), Position(2, 0), "\n")
    typist.replace(Position(2, 0), Position(2, 0), "z")

    assert typist.typed == "\n\nz"


def test_undo_and_redo_of_what_was_typed_end_where_they_began() -> None:
    typist = Typist("x = $0", "foo(bar)")
    typist.insert("foo(")
    typist.backspace(4)
    assert typist.typed == ""

    typist.insert("foo(")

    assert typist.typed == "foo("


@pytest.mark.parametrize(
    ("hand", "arrives"),
    [
        (lambda t: t.type("foo"), "foo(bar)"),
        (lambda t: (t.type("f"), t.pair("()"), t.type("x")), "f(x, y)"),
        (lambda t: (t.type("f"), t.pair_in_two("()"), t.type("x")), "f(x, y)"),
        (lambda t: (t.pair("{}"), t.insert("\n  \n")), "{\n  a;\n}"),
        (lambda t: t.type("f() -"), "f() -> int"),
    ],
)
def test_a_text_that_has_not_arrived_yet_waits_inside_the_pair_that_was_closed(
    hand: Hand, arrives: str
) -> None:
    typist = Typist("x = $0", growing=True)

    hand(typist)

    assert fits(typist.typed, arrives, growing=True)


_TEXTS = st.text(alphabet="ab ([{\"'}])\n\t.é𝒳", min_size=1, max_size=30)
_CLOSER = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'"}


@settings(max_examples=20)
@given(
    text=_TEXTS,
    known=st.integers(0, 30),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    data=st.data(),
)
def test_a_text_typed_exactly_is_never_lost_however_the_editor_helps(
    text: str, known: int, line_end: str, data: st.DataObject
) -> None:
    known = min(known, len(text))
    typist = Typist(
        f"a{line_end}b $0{line_end}c{line_end}", text[:known], growing=known < len(text), line_end=line_end
    )
    origin, at = typist.cursor, 0
    closed: list[str] = []
    while at < len(text):
        char = text[at]
        if closed and closed[-1] == char and data.draw(st.booleans()):
            closed.pop()
            typist.over()
        elif char in _CLOSER and closed[-1:] != [char] and data.draw(st.booleans()):
            closed.append(_CLOSER[char])
            (typist.pair if data.draw(st.booleans()) else typist.pair_in_two)(char + _CLOSER[char])
        elif (
            at and not closed and char != "\n" and text[at - 1] != "\n" and data.draw(st.integers(0, 5)) == 0
        ):
            typist.backspace()
            at -= 2
        else:
            # With a bracket closed behind the cursor an editor sends key by key; else pieces of any size.
            size = 1 if closed else data.draw(st.integers(1, 4))
            typist.insert(text[at : at + size])
            at += len(text[at : at + size]) - 1
        at += 1
        assert typed_between(typist.document.snapshot, origin, typist.cursor) == text[:at]
        assert typist.trail is not None
        assert typist.trail.origin == origin
        # What arrives later is what is typed now: the trail must still fit it.
        assert text.startswith(typist.typed) or len(closed) > 0


@given(
    text=_TEXTS,
    edits=st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 4), st.text('ab()\n"', max_size=4)), max_size=12
    ),
    growing=st.booleans(),
)
def test_whatever_is_edited_a_trail_covers_only_what_fits(
    text: str, edits: list[tuple[int, int, str]], *, growing: bool
) -> None:
    typist = Typist("import a\nx = foo(b) $0) + c\nreturn x\n", text, growing=growing)
    for offset, removed, inserted in edits:
        start = _place_of(typist, offset)
        typist.replace(start, _place_of(typist, offset + removed), inserted)


def _place_of(typist: Typist, offset: int) -> Position:
    before = typist.document.snapshot.text()[:offset]
    return Position(before.count("\n"), len(before) - before.rfind("\n") - 1)


@pytest.mark.parametrize("pasted", ["x" * 3_000_000, "x\n" * 1_000_000])
@pytest.mark.parametrize("growing", [True, False])
def test_what_is_pasted_at_length_does_not_fit_and_is_not_read(pasted: str, growing: bool) -> None:
    doc = Document("file:///a.py", "python", 1, "a = 1\n")
    place = Position(0, 4)
    edit = doc.replace(place, place, pasted)
    after = CountingSnapshot.of(doc.snapshot.text())
    assert follow(Trail(place, place), edit, after, "x", growing=growing) is None
    assert after.read == 0
