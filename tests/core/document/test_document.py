"""The document against a naive model: one string, split anew by another regular expression after each edit."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.cursor import parse
from typethrough.core.document import document
from typethrough.core.document.document import (
    Document,
    Edit,
    Position,
    Snapshot,
    content_length,
    snapshot_of,
    split_lines,
)

_SETTINGS = settings(max_examples=250, deadline=None, derandomize=True)


def _naive_lines(text: str) -> list[tuple[str, str]]:
    """Every line as (content, line end); the last one has no end, and there always is a last one."""
    parts = re.split(r"(\r\n|\r|\n)", text)
    return list(zip(parts[0::2], [*parts[1::2], ""], strict=True))


def _naive_raw_lines(text: str) -> list[str]:
    return [content + end for content, end in _naive_lines(text)]


def _naive_clamp(text: str, position: Position) -> Position:
    lines = _naive_lines(text)
    if position.line < 0:
        return Position(0, 0)
    if position.line >= len(lines):
        return Position(len(lines) - 1, len(lines[-1][0]))
    return Position(position.line, max(0, min(position.column, len(lines[position.line][0]))))


def _naive_offset(text: str, position: Position) -> int:
    line, column = _naive_clamp(text, position)
    return sum(len(raw) for raw in _naive_raw_lines(text)[:line]) + column


def _naive_position(text: str, offset: int) -> Position:
    """The place of an offset; of one inside a `\\r\\n`, the place before it."""
    for line, (content, end) in enumerate(_naive_lines(text)):
        if offset < len(content) + len(end) or not end:
            return Position(line, min(offset, len(content)))
        offset -= len(content) + len(end)
    raise AssertionError("the last line has no end")


def _check_snapshot(snapshot: Snapshot, text: str) -> None:
    raw = _naive_raw_lines(text)
    assert snapshot.text() == text
    assert snapshot.char_count == len(text)
    assert snapshot.line_count == len(raw)
    assert [snapshot.raw_line(index) for index in range(len(raw))] == raw
    assert [snapshot.line(index) for index in range(len(raw))] == [
        content for content, _ in _naive_lines(text)
    ]


def _check_chunks(snapshot: Snapshot) -> None:
    sizes = [len(chunk) for chunk in snapshot._chunks]
    assert all(0 < size <= 2 * document._CHUNK_LINES for size in sizes)
    assert snapshot._starts == [sum(sizes[:count]) for count in range(len(sizes) + 1)]


def _check_edit(edit: Edit, before: str, after: str) -> None:
    """An edit says truly how `before` became `after`, by characters and by whole lines."""
    start, end = _naive_offset(before, edit.start), _naive_offset(before, edit.end)
    assert (edit.start, edit.end) == (_naive_position(before, start), _naive_position(before, end))
    assert edit.removed == before[start:end]
    assert before[:start] + edit.inserted + before[end:] == after
    assert edit.new_end == _naive_position(after, start + len(edit.inserted))

    old, new = _naive_raw_lines(before), _naive_raw_lines(after)
    first, removed, inserted = edit.first_line, edit.removed_lines, edit.inserted_lines
    assert first <= edit.start.line
    assert edit.end.line < first + removed <= len(old)
    assert old[:first] == new[:first]
    assert old[first + removed :] == new[first + inserted :]
    assert len(old) - removed == len(new) - inserted


_PIECES = ["\n", "\r\n", "\r", "\n\r", "a", "bc ", "\t", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]
_PIECES += ["e\u0301", "\u0301", "😀", "👩‍💻", "\ud800", "\udc00", "\ufeff", "\0"]

_texts = st.lists(st.sampled_from(_PIECES), max_size=40).map("".join)
_inserts = st.lists(st.sampled_from(_PIECES), max_size=6).map("".join)
_positions = st.builds(Position, st.integers(-2, 30), st.integers(-2, 12))
_chunk_limits = st.sampled_from([1, 2, 4, 8, 256])


class _Replace(NamedTuple):
    start: Position
    end: Position
    inserted: str


class _Set(NamedTuple):
    text: str


class _SetLike(NamedTuple):
    """A full-text change that leaves most of the text: what an editor without incremental changes sends."""

    at: int
    length: int
    inserted: str


_steps = st.one_of(
    st.builds(_Replace, _positions, _positions, _inserts),
    st.builds(_SetLike, st.integers(0, 60), st.integers(0, 6), _inserts),
    st.builds(_Set, _texts),
)


def _apply(doc: Document, text: str, step: _Replace | _Set | _SetLike) -> tuple[Edit, str]:
    """The document's account of a step, and the text that the naive model says it leaves."""
    if isinstance(step, _Replace):
        start, end = sorted((_naive_offset(text, step.start), _naive_offset(text, step.end)))
        after = text[:start] + step.inserted + text[end:]
        return doc.replace(step.start, step.end, step.inserted), after
    if isinstance(step, _Set):
        return doc.set_text(step.text), step.text
    after = text[: step.at] + step.inserted + text[step.at + step.length :]
    return doc.set_text(after), after


@_SETTINGS
@given(_texts, st.lists(_steps, max_size=12), _chunk_limits)
def test_any_sequence_of_edits_gives_what_the_naive_model_gives(
    text: str, steps: list[_Replace | _Set | _SetLike], chunk_lines: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "_CHUNK_LINES", chunk_lines)
        doc = Document("file:///a", "python", 1, text)
        _check_snapshot(doc.snapshot, text)
        _check_chunks(doc.snapshot)
        past = [(doc.snapshot, text)]
        for step in steps:
            edit, after = _apply(doc, text, step)
            _check_edit(edit, text, after)
            _check_snapshot(doc.snapshot, after)
            _check_chunks(doc.snapshot)
            text = after
            past.append((doc.snapshot, text))
        for snapshot, as_it_was in past:
            _check_snapshot(snapshot, as_it_was)


@_SETTINGS
@given(_texts, st.integers(-3, 30), st.integers(-3, 30), _chunk_limits)
def test_a_range_of_lines_is_clamped_to_the_document(
    text: str, start: int, stop: int, chunk_lines: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "_CHUNK_LINES", chunk_lines)
        snapshot = snapshot_of(text)
        wanted = range(max(0, start), min(stop, snapshot.line_count))
        assert list(snapshot.raw_lines(start, stop)) == [_naive_raw_lines(text)[index] for index in wanted]
        assert snapshot.lines(start, stop) == [_naive_lines(text)[index][0] for index in wanted]


@_SETTINGS
@given(_texts, _positions, _positions, _chunk_limits)
def test_clamp_and_slice_agree_with_the_naive_model(
    text: str, start: Position, end: Position, chunk_lines: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "_CHUNK_LINES", chunk_lines)
        snapshot = snapshot_of(text)
        assert snapshot.clamp(start) == _naive_clamp(text, start)
        assert snapshot.clamp(snapshot.clamp(start)) == snapshot.clamp(start)
        assert snapshot.slice(start, end) == text[_naive_offset(text, start) : _naive_offset(text, end)]


@_SETTINGS
@given(_texts)
def test_splitting_loses_nothing_and_splits_at_line_ends_only(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert lines == [raw for raw in _naive_raw_lines(text) if raw]
    assert all(not set(line[: content_length(line)]) & set("\r\n") for line in lines)


@_SETTINGS
@given(_texts, _texts)
def test_a_full_text_change_keeps_what_is_equal_at_both_ends_out_of_the_edit(before: str, after: str) -> None:
    doc = Document("file:///a", "python", 1, before)
    edit = doc.set_text(after)
    removed, inserted = edit.removed, edit.inserted
    if removed and inserted:
        # What both still begin or end with can only be half of a line end that the cut must not split.
        assert removed[0] != inserted[0] or removed.startswith("\r\n")
        assert removed[-1] != inserted[-1] or removed.endswith("\r\n")
    assert (removed, inserted) == ("", "") or before != after


class _Case(NamedTuple):
    before: str
    start: tuple[int, int]
    end: tuple[int, int]
    inserted: str
    after: str  # `$0` stands where the inserted text ends


_CASES = {
    "a character in a line": _Case("ab\ncd\n", (1, 1), (1, 1), "x", "ab\ncx$0d\n"),
    "into an empty document": _Case("", (0, 0), (0, 0), "a\nb", "a\nb$0"),
    "all of it away": _Case("a\nb\n", (0, 0), (9, 9), "", "$0"),
    "a line end at the end of the text": _Case("a", (0, 1), (0, 1), "\n", "a\n$0"),
    "the last line end away": _Case("a\n", (0, 1), (1, 0), "", "a$0"),
    "two lines joined": _Case("a\r\nb\r\n", (0, 1), (1, 0), "", "a$0b\r\n"),
    "start after end": _Case("abc", (0, 3), (0, 1), "x", "ax$0"),
    "start after end over lines": _Case("a\nb\nc", (2, 0), (0, 1), "-", "a-$0c"),
    "a negative line is the beginning": _Case("ab\ncd", (-1, 7), (0, 1), "x", "x$0b\ncd"),
    "a negative column is column 0": _Case("ab\ncd", (1, -5), (1, 0), "x", "ab\nx$0cd"),
    "a column past the end is the end": _Case("ab\r\ncd", (0, 99), (0, 99), "x", "abx$0\r\ncd"),
    "a line past the end is the end of the text": _Case("ab\ncd", (7, 0), (7, 0), "x", "ab\ncdx$0"),
    "a line past a last line end is after it": _Case("ab\n", (7, 3), (7, 3), "x", "ab\nx$0"),
    "a form feed is a character": _Case("a\fb\n", (0, 3), (0, 3), "x", "a\fbx$0\n"),
    "a line separator is a character": _Case("a\u2028b\n", (0, 3), (0, 3), "x", "a\u2028bx$0\n"),
    "a next-line control is a character": _Case("a\x85b\n", (0, 3), (0, 3), "x", "a\x85bx$0\n"),
    "an astral character is one column": _Case("😀b", (0, 1), (0, 1), "x", "😀x$0b"),
    "a combining mark is its own column": _Case("e\u0301b", (0, 1), (0, 2), "", "e$0b"),
    "lone surrogates stay as they are": _Case("\ud800|\udc00", (0, 1), (0, 2), "", "\ud800$0\udc00"),
    "a carriage return ends a line": _Case("a\rb\rc", (1, 1), (1, 1), "x", "a\rbx$0\rc"),
    "a \\n after a \\r completes one line end": _Case("a\rb", (1, 0), (1, 0), "\n", "a\r\n$0b"),
    "a \\n and more after a \\r": _Case("a\rb\nc", (1, 0), (1, 0), "\nx", "a\r\nx$0b\nc"),
    "a deletion brings \\r and \\n together": _Case("a\rxx\nb", (1, 0), (1, 2), "", "a$0\r\nb"),
    "a deletion over lines brings them together": _Case("a\rx\ny\nb", (1, 0), (2, 1), "", "a$0\r\nb"),
    "a \\r put before a \\n": _Case("a\nb", (0, 1), (0, 1), "\r", "a$0\r\nb"),
    "text and \\r put before a \\n": _Case("a\nb", (0, 1), (0, 1), "x\r", "ax$0\r\nb"),
    "a \\r put before a \\r\\n": _Case("a\r\nb", (0, 1), (0, 1), "\r", "a\r$0\r\nb"),
    "a \\n put before a \\r\\n": _Case("a\r\nb", (0, 1), (0, 1), "\n", "a\n$0\r\nb"),
    "a \\n put before a \\r": _Case("a\rb", (0, 1), (0, 1), "\n", "a\n$0\rb"),
    "\\n and \\r swapped do not join": _Case("a\nb", (1, 0), (1, 0), "\r", "a\n\r$0b"),
    "a \\r\\n is never cut in two": _Case("a\r\nb", (0, 2), (1, 0), "", "a$0b"),
}


@pytest.mark.parametrize("case", _CASES.values(), ids=_CASES.keys())
@pytest.mark.parametrize("chunk_lines", [1, 256])
def test_an_edit_in_an_awkward_place(case: _Case, chunk_lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_CHUNK_LINES", chunk_lines)
    doc = Document("file:///a", "python", 1, case.before)
    edit = doc.replace(Position(*case.start), Position(*case.end), case.inserted)
    before_mark, _, after_mark = case.after.partition("$0")
    _check_edit(edit, case.before, before_mark + after_mark)
    _check_snapshot(doc.snapshot, before_mark + after_mark)
    assert edit.new_end == parse(case.after)[1]


@pytest.mark.parametrize(
    ("before", "after", "removed", "inserted"),
    [
        ("a\nb\nc\n", "a\nb\nc\n", "", ""),
        ("a\nb\nc\n", "a\nbx\nc\n", "", "x"),
        ("", "a", "", "a"),
        ("a\nb", "", "a\nb", ""),
        ("aaaa", "aaa", "a", ""),
        ("a\r\nb", "a\nb", "\r\n", "\n"),
        ("a\r\nb", "a\rb", "\r\n", "\r"),
        ("a\nb", "a\r\nb", "", "\r"),
        ("a\rb", "a\r\nb", "", "\n"),
        # Both cuts fall inside a line end, and the lengths agree whichever way they are moved.
        ("a\r\nb\r\nc", "a\rX\nc", "\r\nb\r\n", "\rX\n"),
    ],
)
def test_a_full_text_change_is_the_small_edit_it_is(
    before: str, after: str, removed: str, inserted: str
) -> None:
    doc = Document("file:///a", "python", 1, before)
    edit = doc.set_text(after)
    assert (edit.removed, edit.inserted) == (removed, inserted)
    _check_edit(edit, before, after)
    _check_snapshot(doc.snapshot, after)


@pytest.mark.parametrize("index", [-1, 2, 1000])
def test_a_line_outside_the_document_is_an_error(index: int) -> None:
    snapshot = snapshot_of("a\nb")
    with pytest.raises(IndexError):
        snapshot.raw_line(index)
    with pytest.raises(IndexError):
        snapshot.line(index)


def test_a_new_document_has_what_it_was_opened_with() -> None:
    doc = Document("file:///a", "python", 7, "a\n")
    assert (doc.uri, doc.language_id, doc.version) == ("file:///a", "python", 7)
    assert doc.snapshot.text() == "a\n"


def test_an_edit_of_one_line_shares_all_other_chunks_with_the_snapshot_before() -> None:
    doc = Document("file:///a", "python", 1, "line\n" * 5_000)
    before = doc.snapshot
    doc.replace(Position(2_500, 4), Position(2_500, 4), "x")
    after = doc.snapshot
    fresh = [chunk for chunk in after._chunks if not any(chunk is old for old in before._chunks)]
    assert len(fresh) == 1
    assert after._starts is before._starts


def test_a_large_paste_is_split_into_chunks_of_nearly_equal_length() -> None:
    doc = Document("file:///a", "python", 1, "line\n" * 10)
    doc.replace(Position(5, 0), Position(5, 0), "pasted\n" * 2_000)
    sizes = [len(chunk) for chunk in doc.snapshot._chunks]
    assert sum(sizes) == 2_011
    assert max(sizes) <= 2 * document._CHUNK_LINES
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("backwards", [False, True])
def test_deleting_line_by_line_leaves_no_crowd_of_tiny_chunks(backwards: bool) -> None:
    doc = Document("file:///a", "python", 1, "line\n" * 20_000)
    # Of every sixteen lines one stays.
    stays = range(0, 20_000, 16)
    for index in reversed(stays) if backwards else range(len(stays)):
        first = index + 1
        doc.replace(Position(first, 0), Position(first + 15, 0), "")
    assert doc.snapshot.line_count <= len(stays) + 1
    smallest = document._CHUNK_LINES // 4
    assert sum(len(chunk) < smallest for chunk in doc.snapshot._chunks) <= 1
    _check_chunks(doc.snapshot)


def test_typing_many_lines_in_one_place_splits_chunks_and_loses_nothing() -> None:
    doc = Document("file:///a", "python", 1, "top\nbottom\n")
    for index in range(3_000):
        doc.replace(Position(1 + index, 0), Position(1 + index, 0), f"{index}\n")
    assert doc.snapshot.text() == "top\n" + "".join(f"{index}\n" for index in range(3_000)) + "bottom\n"
    _check_chunks(doc.snapshot)
