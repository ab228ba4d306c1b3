"""Text synchronisation: whatever an editor sends, the engine's text is the editor's."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lsp.stage import INLINE, URI, Stage, at, ready
from typethrough.core.document.document import split_lines
from typethrough.lsp import documents

PIECES = st.text(st.sampled_from("ab é😀\u0301\n\x0c\u2028"), max_size=6)
CHANGE = st.tuples(st.integers(0, 30), st.integers(0, 30), PIECES, st.booleans())
UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


class Buffer:
    """An editor's text, kept in the simplest way, and its words for places."""

    def __init__(self, text: str, encoding: str) -> None:
        self.text = text
        self._codec, self._unit = UNITS[encoding]

    def place(self, offset: int) -> dict[str, int]:
        lines = self.text[:offset].split("\n")
        return {"line": len(lines) - 1, "character": len(lines[-1].encode(self._codec)) // self._unit}

    def replace(self, start: int, end: int, text: str) -> dict[str, Any]:
        """Replace, and the change that says so."""
        change = {"range": {"start": self.place(start), "end": self.place(end)}, "text": text}
        self.text = self.text[:start] + text + self.text[end:]
        return change


@given(
    first=PIECES,
    notifications=st.lists(st.lists(CHANGE, min_size=1, max_size=3), max_size=5),
    encoding=st.sampled_from(sorted(UNITS)),
)
def test_after_any_changes_the_engine_has_the_editors_text(
    first: str, notifications: list[list[tuple[int, int, str, bool]]], encoding: str
) -> None:
    stage, buffer = Stage(), Buffer(first, encoding)
    assert stage.initialize(encoding=encoding)["capabilities"]["positionEncoding"] == encoding
    stage.open(first)
    for version, edits in enumerate(notifications, 2):
        changes = []
        for a, b, text, whole in edits:
            if whole:
                buffer.text = text
                changes.append({"text": text})
            else:
                start, end = sorted((a % (len(buffer.text) + 1), b % (len(buffer.text) + 1)))
                changes.append(buffer.replace(start, end, text))
        stage.change(*changes, version=version)
        assert stage.text == buffer.text
    assert stage.session.engine is not None
    document = stage.session.engine.document(URI)
    assert document is not None
    assert document.version == 1 + len(notifications)
    assert document.snapshot.line_count == len(split_lines(buffer.text + "."))


def test_a_form_feed_does_not_end_a_line() -> None:
    stage = Stage()
    stage.initialize()
    stage.open("a\x0cb\nfoo\nbar\n")
    stage.change({"range": at(1, 3, 1, 3), "text": "X"})
    assert stage.text == "a\x0cb\nfooX\nbar\n"


@pytest.mark.parametrize(
    "bad",
    [
        None,
        7,
        {"text": None},
        {"range": at(0, 0, 0, 0)},
        {"range": {"start": {}}, "text": "x"},
        {"range": [1, 2, 3], "text": "x"},
        {"range": {"start": {"line": True, "character": 0}}, "text": "x"},
    ],
)
def test_a_malformed_change_leaves_the_earlier_ones_in_place_and_says_nothing(bad: Any) -> None:
    stage = Stage()
    stage.initialize()
    stage.open("one\n")
    before = len(stage.wire.messages)
    stage.change({"range": at(0, 3, 0, 3), "text": "!"}, bad, {"text": "never"}, version=9)
    assert stage.text == "one!\n"
    assert len(stage.wire.messages) == before


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (at(0, 1, 0, 999), "oX\ntwo"),
        (at(99, 0, 99, 5), "one\ntwoX"),
        (at(-5, -5, 0, 1), "Xne\ntwo"),
        (at(0, 2**70, 0, 2**70), "oneX\ntwo"),
        (at(1, 1, 0, 1), "oXwo"),
    ],
)
def test_a_range_out_of_bounds_or_backwards_is_clamped_into_the_document(where: Any, text: str) -> None:
    stage = Stage()
    stage.initialize()
    stage.open("one\ntwo")
    stage.change({"range": where, "text": "X"})
    assert stage.text == text


def test_a_second_open_replaces_the_document() -> None:
    stage = Stage()
    stage.initialize()
    stage.open("old")
    stage.open("new")
    assert stage.text == "new"


def test_documents_that_are_not_open_are_left_alone() -> None:
    stage = Stage()
    stage.initialize()
    stage.change({"text": "x"}, uri="file:///elsewhere.py")
    stage.notify("textDocument/didClose", {"textDocument": {"uri": "file:///elsewhere.py"}})
    stage.notify("textDocument/didSave", {"textDocument": {"uri": "file:///elsewhere.py"}})
    assert stage.call("textDocument/inlineCompletion", stage.place(0, 0)) is None
    assert [message for message in stage.wire.messages if "error" in message] == []


@pytest.mark.parametrize("version", [None, "3", 2.5, True])
def test_a_missing_or_odd_version_does_not_lose_the_edit(version: Any) -> None:
    stage = Stage()
    stage.initialize()
    stage.open("one")
    stage.change({"range": at(0, 3, 0, 3), "text": "!"}, version=version)
    assert stage.text == "one!"


@pytest.mark.parametrize(
    "document",
    [None, [], {"uri": 7}, {"uri": URI}, {"uri": URI, "text": 5}, {"uri": URI, "text": "x", "languageId": 1}],
)
def test_a_malformed_open_opens_nothing_and_says_nothing(document: Any) -> None:
    stage = Stage()
    stage.initialize()
    before = len(stage.wire.messages)
    stage.notify("textDocument/didOpen", {"textDocument": document})
    assert stage.session.engine is not None
    assert stage.session.engine.document(URI) is None
    assert len(stage.wire.messages) == before


def test_a_document_too_long_to_be_kept_is_passed_over_until_it_is_short(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(documents, "_MOST_CHARS", 100)

    async def scenario() -> None:
        stage = await ready("x" * 101)
        engine = stage.session.engine
        assert engine is not None
        for number, change in enumerate(({"text": "x" * 200}, {"range": at(0, 0, 0, 0), "text": "y"})):
            assert engine.document(URI) is None
            assert stage.call(INLINE, stage.place(0, 0)) is None
            stage.change(change, version=2 + number)
        stage.open("short")
        assert stage.text == "short"
        stage.change({"range": at(0, 0, 0, 0), "text": "y"}, {"range": at(0, 0, 0, 0), "text": "z" * 101})
        assert engine.document(URI) is None
        stage.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
        await stage.session.aclose()

    with caplog.at_level(logging.WARNING, "typethrough"):
        asyncio.run(scenario())
    assert len([record for record in caplog.records if "is passed over" in record.getMessage()]) == 1
