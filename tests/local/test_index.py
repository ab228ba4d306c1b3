"""The index holds what stands in the sources now, and no more than it may."""

import random
from collections.abc import Sequence

import pytest

from typethrough.local.index import LocalIndex
from typethrough.local.tokens import cursor_at


def continuations(index: LocalIndex, line_prefix: str, lines_before: Sequence[str] = ()) -> list[str]:
    cursor = cursor_at(line_prefix, lines_before, 64)
    return [
        text[offset + len(cursor.partial) :].split(b"\n")[0].decode()
        for text, offset, _ in index.places(cursor.hashes, cursor.partial)
    ]


def test_what_was_added_is_found_with_the_newest_last() -> None:
    index = LocalIndex()
    index.add("a", "value = first(1)")
    index.add("b", "value = second(2)")
    assert continuations(index, "value = ") == ["first(1)", "second(2)"]


def test_adding_a_source_again_replaces_it() -> None:
    index = LocalIndex()
    index.add("a", "value = old()")
    held = index.add("a", "value = new()")
    assert continuations(index, "value = ") == ["new()"]
    assert held == LocalIndex().add("a", "value = new()")


def test_removing_a_source_leaves_no_entry_behind() -> None:
    index = LocalIndex()
    index.add("a", "def f(x):\n    return g(x)\n\n    # the end\n")
    index.remove("a")
    index.remove("never added")
    assert index.entries == 0
    assert "a" not in index
    assert sum(map(len, index._keys._shards)) == 0
    assert not index._segments


def test_a_source_being_removed_answers_nothing_even_before_its_memory_is_free() -> None:
    index = LocalIndex()
    index.add("a", "value = f(1)\n" * 40 + "other = g(2)\n" * 200)
    removal = index.removing("a")
    next(removal)
    assert index.entries > 0
    assert continuations(index, "other = ") == []


def test_a_removal_dropped_halfway_or_never_run_leaves_nothing_behind() -> None:
    index = LocalIndex()
    index.add("a", "value = f(1)\n" * 400)
    next(index.removing("a"))
    assert index.entries == 0
    index.add("a", "value = f(1)\n" * 400)
    index.removing("a")
    assert index.entries == 0


def test_indexing_that_is_never_run_empties_the_source_and_lets_it_take_edits() -> None:
    index = LocalIndex()
    index.add("a", "one = f(1)\n" * 400)
    index.indexing("a", "two = g(2)\n")
    assert index.entries == 0
    index.replace_lines("a", 0, 0, ["three = h(3)", ""])
    assert continuations(index, "three = ") == ["h(3)"]


def test_indexing_in_slices_ends_where_indexing_at_once_ends() -> None:
    text = "\n".join(f"name{number} = call({number})" for number in range(300))
    at_once, sliced = LocalIndex(), LocalIndex()
    at_once.add("a", text)
    steps = sum(1 for _ in sliced.indexing("a", text, slice_lines=7))
    assert steps >= 300 // 7
    assert sliced.entries == at_once.entries
    assert continuations(sliced, "name250 = ") == ["call(250)"]


def test_a_slice_is_bounded_in_characters_too() -> None:
    assert sum(1 for _ in LocalIndex().indexing("a", f"{'x, ' * 120}\n" * 40)) >= 8


def test_an_edit_that_comes_during_indexing_is_applied_at_its_end() -> None:
    index = LocalIndex()
    slices = index.indexing("a", "one = f(1)\ntwo = g(2)\n" * 50, slice_lines=5)
    next(slices)
    index.replace_lines("a", 0, 100, ["three = h(3)", ""])
    for _ in slices:
        pass
    assert continuations(index, "three = ") == ["h(3)"]
    assert continuations(index, "two = ") == []


def test_an_edit_during_the_replacement_of_a_large_source_is_not_lost() -> None:
    index = LocalIndex()
    index.add("a", "old = f(1)\n" * 500)
    slices = index.indexing("a", "new = g(2)\n" * 3)
    index.replace_lines("a", 0, 3, ["newest = h(3)", ""])
    for _ in slices:
        pass
    assert continuations(index, "newest = ") == ["h(3)"]
    assert continuations(index, "new = ") == []


def test_giving_up_in_the_middle_leaves_a_source_that_still_takes_edits() -> None:
    index = LocalIndex()
    slices = index.indexing("a", "one = f(1)\n" * 50, slice_lines=5)
    next(slices)
    slices.close()
    index.replace_lines("a", 0, 50, ["two = g(2)", ""])
    assert continuations(index, "two = ") == ["g(2)"]
    assert continuations(index, "one = ") == []


def test_a_source_removed_during_indexing_stays_removed() -> None:
    index = LocalIndex()
    slices = index.indexing("a", "one = f(1)\n" * 50, slice_lines=5)
    next(slices)
    index.remove("a")
    assert list(slices) == []
    assert index.entries == 0


def test_the_line_being_written_is_found_only_once_it_is_left() -> None:
    index = LocalIndex()
    index.add("a", "alpha = 1\n\n")
    for text in ("b", "beta = ", "beta = compute(alpha)"):
        index.replace_lines("a", 1, 1, [text])
    assert continuations(index, "beta = ") == []
    index.replace_lines("a", 1, 1, ["beta = compute(alpha)", "b"])
    assert continuations(index, "beta = ") == ["compute(alpha)"]


def test_leaving_a_line_by_an_edit_elsewhere_indexes_it() -> None:
    index = LocalIndex()
    index.add("a", "alpha = 1\n\nomega = 2")
    index.replace_lines("a", 1, 1, ["beta = compute(alpha)"])
    index.replace_lines("a", 2, 1, ["o"])
    assert continuations(index, "beta = ") == ["compute(alpha)"]
    assert continuations(index, "omega = ") == []


def test_a_deleted_line_is_never_offered_again() -> None:
    index = LocalIndex()
    index.add("a", "keep = 1\nsecret = 2\nkeep = 3")
    index.replace_lines("a", 1, 2, ["keep = 3"])
    assert continuations(index, "secret = ") == []


@pytest.mark.parametrize(("start", "removed"), [(-3, 1), (99, 5), (0, 99), (1, -2)])
def test_an_edit_outside_the_file_is_clamped(start: int, removed: int) -> None:
    index = LocalIndex()
    index.add("a", "one = 1\ntwo = 2")
    index.replace_lines("a", start, removed, ["three = 3"])
    index.replace_lines("unknown", 0, 1, ["four = 4"])
    assert "unknown" not in index
    index.remove("a")
    assert index.entries == 0


def test_random_edits_leave_exactly_the_lines_that_stand() -> None:
    rng = random.Random(7)
    for _ in range(30):
        index = LocalIndex()
        lines = [f"item{rng.randrange(9)} = load({rng.randrange(99)})" for _ in range(20)]
        index.add("a", "\n".join(lines))
        for _ in range(40):
            start = rng.randrange(len(lines) + 1)
            removed = rng.randrange(4)
            new = [f"item{rng.randrange(9)} = load({rng.randrange(99)})" for _ in range(rng.randrange(4))]
            index.replace_lines("a", start, removed, new)
            lines[start : start + removed] = new
        index.replace_lines("a", len(lines), 0, [""])
        for name in range(9):
            expected = sorted(line.split(" = ")[1] for line in lines if line.startswith(f"item{name} "))
            # Places come for the whole prefix and once only; few enough lines that none is crowded out.
            assert sorted(continuations(index, f"item{name} = ")) == expected
        index.remove("a")
        assert index.entries == 0
        assert not index._segments


def file_of(name: str) -> str:
    return "\n".join(f"{name}{number} = {name}call{number}({name}other)" for number in range(40))


def test_beyond_the_bound_the_oldest_closed_source_goes_first_and_open_ones_last() -> None:
    size = LocalIndex().add("open", file_of("open"))
    index = LocalIndex(max_entries=3 * size + size // 2)
    index.add("open", file_of("open"), is_open=True)
    for name in ("first", "second", "third"):
        index.add(name, file_of(name))
    assert [name for name in ("open", "first", "second", "third") if name in index] == [
        "open",
        "second",
        "third",
    ]
    index.set_open("second", True)
    index.set_open("open", False)
    index.add("fourth", file_of("fourth"))
    assert [name for name in ("open", "second", "third", "fourth") if name in index] == [
        "second",
        "third",
        "fourth",
    ]
    assert index.entries <= 3 * size + size // 2


def test_a_closed_source_never_drives_out_an_open_one_but_an_open_one_may() -> None:
    size = LocalIndex().add("one", file_of("one"))
    index = LocalIndex(max_entries=size)
    index.add("one", file_of("one"), is_open=True)
    index.add("two", file_of("two"))
    assert "one" in index
    assert continuations(index, "one7 = ") == ["onecall7(oneother)"]
    index.add("three", file_of("three"), is_open=True)
    assert "one" not in index


def test_a_source_larger_than_the_bound_is_indexed_up_to_it() -> None:
    index = LocalIndex(max_entries=500)
    index.add("a", "\n".join(f"word{number} = call({number})" for number in range(2_000)))
    assert 0 < index.entries < 1_500
    index.replace_lines("a", 1_999, 1, ["last = call(1)", ""])
    assert continuations(index, "last = ") == ["call(1)"]


def test_a_common_context_keeps_only_its_newest_places() -> None:
    index = LocalIndex()
    index.add("a", "\n".join(f"value = call{number}()" for number in range(100)))
    found = continuations(index, "value = ")
    assert found[-1] == "call99()"
    assert "call50()" not in found
    assert "call60()" in found
