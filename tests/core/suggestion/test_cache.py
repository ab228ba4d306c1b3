"""Completions found again by forward match: what must hit, what must not, and what a look-up costs."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.counting import CountingSnapshot
from tests.core.typist import Typist
from tests.support.cursor import parse, view_at
from typethrough.core.document.document import Position, snapshot_of
from typethrough.core.document.view import View
from typethrough.core.suggestion.cache import CompletionCache, Entry


def _filed(
    cache: CompletionCache, marked: str, text: str, *, complete: bool = True, uri: str = "file:///a.py"
) -> Entry:
    view = view_at(marked, uri=uri)
    entry = Entry(view, text, complete=complete)
    cache.add(view, entry)
    return entry


def _found(cache: CompletionCache, marked: str, uri: str = "file:///a.py") -> list[str]:
    return [hit.remainder for hit in cache.look_up(view_at(marked, uri=uri))]


_HERE = "import os\n\ndef f(x):\n    y = $0\n    return y\n"


@pytest.mark.parametrize(
    ("now", "remainders"),
    [
        (_HERE, ["foo(bar)\n    z = 1"]),
        (_HERE.replace("$0", "fo$0"), ["o(bar)\n    z = 1"]),
        (_HERE.replace("$0", "foo(bar)$0"), ["\n    z = 1"]),
        (_HERE.replace("$0", "foo(bar)\n    $0"), ["z = 1"]),
        (_HERE.replace("$0", "foo(bar)\n    z = 1$0"), [""]),
        (_HERE.replace("$0", "foo($0)"), ["bar)\n    z = 1"]),
        (_HERE.replace("y = $0", "y$0"), []),
        (_HERE.replace("$0", "fa$0"), []),
        (_HERE.replace("$0", "$0 + 1"), []),
        (_HERE.replace("return y", "return z"), []),
        (_HERE.replace("return y", "  return y  "), ["foo(bar)\n    z = 1"]),
        (_HERE.replace("    return", "\n\n    return"), ["foo(bar)\n    z = 1"]),
        (_HERE.replace("def f(x)", "def g(x)"), []),
        (_HERE.replace("import os", "import os\nimport sys\n"), ["foo(bar)\n    z = 1"]),
        (_HERE + "more = 1\n", ["foo(bar)\n    z = 1"]),
        (_HERE.replace("\n", "\r\n").replace("$0", "foo(bar)\r\n    z$0"), [" = 1"]),
        (_HERE.replace("\n", "\r").replace("$0", "foo(bar)\r    z$0"), [" = 1"]),
    ],
)
def test_a_hit_is_the_same_question_a_little_later(now: str, remainders: list[str]) -> None:
    cache = CompletionCache()
    _filed(cache, _HERE, "foo(bar)\n    z = 1")

    assert _found(cache, now) == remainders


@pytest.mark.parametrize(
    ("then", "text", "now", "remainders"),
    [
        ("f($0)", "x)\ny", "f(x$0)", [")\ny"]),
        ("f($0)", "x)\ny", "f(x)$0", ["\ny"]),
        ("f(g($0))", "x)) + 1", "f(g(x))$0", [" + 1"]),
        ("f($0)", "x", "f(x)$0", []),
        ("f($0)", "xyz", "f(x$0", []),
        ("f($0", "x)", "f($0)", ["x)"]),
        ("if x $0\nafter()", "{\n  y;\n}", "if x {\n  $0\n}\nafter()", ["y;\n}"]),
        ("if x $0\nafter()", "{\n  y;\n}", "if x {\n  $0\n}\nother()", []),
        ("if x $0\n}\nafter()", "{\n  y;\n}", "if x {\n  $0\n}\n}\nafter()", ["y;\n}"]),
    ],
)
def test_what_the_editor_closed_and_what_was_typed_over_is_the_same_place(
    then: str, text: str, now: str, remainders: list[str]
) -> None:
    cache = CompletionCache()
    _filed(cache, then, text)

    assert _found(cache, now) == remainders


def test_another_file_with_the_same_lines_is_another_place() -> None:
    cache = CompletionCache()
    _filed(cache, _HERE, "foo", uri="file:///a.py")

    assert _found(cache, _HERE, uri="file:///b.py") == []


def test_backspace_and_every_undo_find_the_completion_again() -> None:
    cache, typist = CompletionCache(), Typist(_HERE)
    cache.add(typist.view, Entry(typist.view, "foo(bar)\n    z = 1", complete=True))
    typist.type("foo(ba")
    for left in ("a", "b", "(", "o", "o", "f"):
        typist.backspace()
        (hit,) = cache.look_up(typist.view)
        assert hit.remainder.startswith(left)


@given(text=st.text("ab(\n {}é", min_size=1, max_size=60), line_end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_whole_completion_typed_through_is_found_at_every_key(text: str, line_end: str) -> None:
    text = text[: -len(text.lstrip("\n")) or None] if text.count("\n") > 20 else text
    cache = CompletionCache()
    typist = Typist(f"one{line_end}two{line_end}x = $0{line_end}after()", line_end=line_end)
    cache.add(typist.view, Entry(typist.view, text, complete=True))
    for at, char in enumerate(text):
        assert text[at:] in [hit.remainder for hit in cache.look_up(typist.view)]
        typist.insert(char)


def test_the_nearest_origin_comes_first_and_of_one_place_the_newest() -> None:
    cache = CompletionCache()
    _filed(cache, "a\n$0", "x = 1\ny = 2")
    _filed(cache, "a\nx$0", " = 1\ny = 3")
    _filed(cache, "a\nx = 1\n$0", "y = 4")

    assert _found(cache, "a\nx = 1\ny = $0") == ["4", "3", "2"]


def test_a_new_answer_replaces_the_old_one_of_the_same_question_but_not_one_that_still_grows() -> None:
    cache = CompletionCache()
    _filed(cache, "a\n$0", "old")
    growing = _filed(cache, "a\n$0", "gro", complete=False)
    _filed(cache, "a\n$0", "new")
    assert _found(cache, "a\n$0") == ["new", "gro"]

    growing.text += "wn"

    assert _found(cache, "a\ngrow$0") == ["n"]


def test_what_is_typed_ahead_of_a_growing_answer_waits_for_it() -> None:
    cache = CompletionCache()
    entry = _filed(cache, "a\n$0", "", complete=False)
    assert [hit.typed for hit in cache.look_up(view_at("a\nfoo$0", uri="file:///a.py"))] == ["foo"]

    entry.text = "bar"

    assert _found(cache, "a\nfoo$0") == []


def test_a_discarded_answer_is_gone_and_leaves_its_neighbours() -> None:
    cache = CompletionCache()
    _filed(cache, "a\nx$0", "1")
    wrong = _filed(cache, "a\n$0", "x2")

    cache.discard(wrong)

    assert _found(cache, "a\nx$0") == ["1"]


def test_a_place_keeps_the_newest_and_the_cache_the_places_used_last() -> None:
    cache = CompletionCache(places=2, per_place=2)
    for text in ("1", "2", "3"):
        _filed(cache, f"a\n{'x' * int(text)}$0", text)
    assert _found(cache, "a\nx$0") == []
    assert _found(cache, "a\nxxx$0") == ["3"]

    _filed(cache, "b\n$0", "b")
    _found(cache, "a\nxxx$0")
    _filed(cache, "c\n$0", "c")

    assert _found(cache, "a\nxxx$0") == ["3"]
    assert _found(cache, "b\n$0") == []


def _characters_read(cache: CompletionCache, text: str, at: Position) -> int:
    snapshot = CountingSnapshot.of(text)
    view = View.at(snapshot, at, uri="file:///a.py")
    snapshot.read = 0
    list(cache.look_up(view))
    return snapshot.read


@pytest.mark.parametrize("lines", [200, 50_000])
@pytest.mark.parametrize("entries", [0, 3_000])
def test_a_look_up_reads_the_same_however_large_the_file_and_the_cache(lines: int, entries: int) -> None:
    cache, rng = CompletionCache(), random.Random(1)
    text = "value = compute(1)\n" * lines
    snapshot = snapshot_of(text)
    for _ in range(entries):
        view = View.at(snapshot, Position(rng.randrange(lines), rng.randrange(8)), uri="file:///a.py")
        cache.add(view, Entry(view, "nothing that fits", complete=True))

    assert _characters_read(cache, text, Position(lines // 2, 5)) < 24 * 4 * 20


def test_lines_of_a_megabyte_above_end_the_look_up() -> None:
    text = ("x" * 1_000_000 + "\n") * 30 + "y"

    assert _characters_read(CompletionCache(), text, Position(30, 1)) < 6_000_000


def test_the_place_is_the_one_the_cursor_marks() -> None:
    text, position = parse(_HERE)
    view = View.at(snapshot_of(text), position, uri="file:///a.py")
    cache = CompletionCache()
    cache.add(view, Entry(view, "foo", complete=True))

    assert [hit.typed for hit in cache.look_up(view)] == [""]
