"""Notebooks: whatever becomes of their cells, the engine's text is all of them in order, and answers belong to one cell."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from tests.lsp.stage import INLINE, INLINE_CLIENT, Message, Stage, at
from tests.support.engine_kit import settle
from typethrough.core.outcome.causes import Cause
from typethrough.core.outcome.outcome import Ending

BOOK = "file:///project/book.ipynb"
CAPABLE = {**INLINE_CLIENT, "notebookDocument": {"synchronization": {"dynamicRegistration": True}}}
AREA = "def area(r):\n    return 3 * r"


def cell(name: str) -> str:
    return f"vscode-notebook-cell:/project/book.ipynb#{name}"


def item(name: str, text: str, language: str = "python", version: int = 1) -> Message:
    return {"uri": cell(name), "languageId": language, "version": version, "text": text}


def entry(name: str, kind: int = 2) -> Message:
    return {"kind": kind, "document": cell(name), "metadata": {"secret": "METADATA"}}


class Bench(Stage):
    """A client that synchronises notebooks."""

    @property
    def joined(self) -> str:
        assert self.session.engine is not None
        document = self.session.engine.document(BOOK)
        assert document is not None
        return document.snapshot.text()

    def start(self, *cells: tuple[str, str]) -> None:
        """Open a notebook of Python cells; a name that begins with `m` is a Markdown cell's."""
        self.initialize(CAPABLE)
        self.notify("initialized", {})
        self.open_book(*cells)

    def open_book(self, *cells: tuple[str, str]) -> None:
        array = [entry(name, 1 if name.startswith("m") else 2) for name, _ in cells]
        book = {"uri": BOOK, "notebookType": "jupyter-notebook", "version": 1, "cells": array}
        items = [item(name, text, "markdown" if name.startswith("m") else "python") for name, text in cells]
        self.notify("notebookDocument/didOpen", {"notebookDocument": book, "cellTextDocuments": items})

    def alter(self, **cells: Any) -> None:
        params = {"notebookDocument": {"uri": BOOK, "version": 2}, "change": {"cells": cells}}
        self.notify("notebookDocument/didChange", params)

    def write(self, name: str, *changes: Message, version: int = 2) -> None:
        document = {"uri": cell(name), "version": version}
        self.alter(textContent=[{"document": document, "changes": list(changes)}])

    def splice(self, start: int, count: int, *cells: Message, opened: Any = (), closed: Any = ()) -> None:
        array = {"start": start, "deleteCount": count, "cells": list(cells)}
        gone = [{"uri": cell(name)} for name in closed]
        self.alter(structure={"array": array, "didOpen": list(opened), "didClose": gone})

    def ask(self, name: str, line: int, character: int) -> Any:
        return self.request(INLINE, self.place(line, character, uri=cell(name)))


async def begun(*cells: tuple[str, str]) -> Bench:
    bench = Bench()
    bench.start(*cells)
    await settle()
    return bench


def test_cells_are_offered_to_be_told_to_who_can_tell_them() -> None:
    sync = {"notebookSelector": [{"notebook": "*"}], "save": True}
    assert Stage().initialize(CAPABLE)["capabilities"]["notebookDocumentSync"] == sync
    assert "notebookDocumentSync" not in Stage().initialize()["capabilities"]


def test_what_cell_one_defines_is_in_the_prompt_of_cell_two() -> None:
    async def scenario() -> None:
        bench = await begun(("a", AREA), ("m", "Now *use* it."), ("b", "size = "))
        message_id = bench.ask("b", 0, 7)
        await bench.wait(150)
        stream = bench.gateway.streams[-1]
        prompt = "\n".join(message.text for message in stream.prompt.messages)
        assert AREA in prompt
        assert "# %% [markdown]\n# Now *use* it.\n# %%\nsize = " in prompt
        assert "METADATA" not in prompt
        stream.say("area(2)\n")
        await settle()
        [answer] = bench.reply(message_id)["result"]["items"]
        assert answer["insertText"] == "size = area(2)"
        assert answer["range"] == at(0, 0, 0, 7)
        await bench.session.aclose()

    asyncio.run(scenario())


def test_a_suggestion_never_runs_into_the_next_cell() -> None:
    async def scenario() -> None:
        bench = await begun(("a", "def area(r):"), ("b", ")\nprint(area(2))"))
        message_id = bench.ask("a", 0, 12)
        await bench.wait(150)
        stream = bench.gateway.streams[-1]
        stream.say("\n    return (r * r)\n# %%\nprint(area(1))\n")
        await settle()
        [answer] = bench.reply(message_id)["result"]["items"]
        # The bracket is this cell's; the stray one of the next cell does not stand for it.
        assert answer["insertText"] == "def area(r):\n    return (r * r)"
        await bench.session.aclose()

    asyncio.run(scenario())


def test_a_line_that_would_begin_a_cell_is_not_suggested_in_one() -> None:
    async def scenario() -> None:
        bench = await begun(("a", AREA), ("b", "x = 1\n"))
        message_id = bench.ask("b", 1, 0)
        await bench.wait(150)
        bench.gateway.streams[-1].say("# %%\ny = 2\n")
        await bench.wait(2_000)
        assert bench.reply(message_id)["result"] == {"items": []}
        await bench.session.aclose()

    asyncio.run(scenario())


def test_the_headings_of_cells_are_nothing_that_the_local_lane_has_learnt() -> None:
    async def scenario() -> None:
        bench = Bench(local_lane=True)
        bench.start(
            *((f"c{number}", "total = compute(total)") for number in range(12)),
            ("b", "total = compute(total)\n"),
        )
        assert bench.session.engine is not None
        await bench.session.engine.read_all()
        message_id = bench.ask("b", 1, 0)
        await bench.wait(150)
        bench.gateway.streams[-1].say("print(total)\n")
        await settle()
        [answer] = bench.reply(message_id)["result"]["items"]
        assert answer["insertText"] == "print(total)"
        await bench.session.aclose()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("name", "language", "cause"),
    [("m", "markdown", Cause.MARKDOWN_CELL), ("s", "sql", Cause.OTHER_LANGUAGE_CELL)],
)
def test_where_there_is_no_code_nothing_is_suggested_and_why_says_so(
    name: str, language: str, cause: Cause
) -> None:
    async def scenario() -> None:
        bench = await begun(("a", AREA))
        kind = 1 if name == "m" else 2
        bench.splice(1, 0, entry(name, kind), opened=[item(name, "select ", language)])
        message_id = bench.ask(name, 0, 7)
        assert bench.reply(message_id)["result"] == {"items": []}
        bench.session.notices.pass_on()
        outcome = bench.notes.outcomes[-1]
        assert (outcome.ending, outcome.reason) == (Ending.SKIPPED, cause.sentence)
        await bench.wait(500)
        assert bench.gateway.streams == []
        await bench.session.aclose()

    asyncio.run(scenario())


def test_a_change_anywhere_in_the_notebook_makes_a_request_moot() -> None:
    async def scenario() -> None:
        bench = await begun(("a", AREA), ("b", "x = "))
        message_id = bench.ask("b", 0, 4)
        bench.write("a", {"range": at(0, 0, 0, 0), "text": "# first\n"})
        assert bench.reply(message_id)["result"] is None
        again = bench.ask("b", 0, 4)
        bench.notify("$/cancelRequest", {"id": again})
        assert bench.reply(again)["error"]["code"] == -32800
        await bench.session.aclose()

    asyncio.run(scenario())


def test_an_answer_is_for_the_version_of_the_cell_that_was_asked() -> None:
    async def scenario() -> None:
        bench = await begun(("a", AREA), ("b", "x = "))
        bench.write("b", {"range": at(0, 4, 0, 4), "text": "a"}, version=7)
        place = bench.place(0, 5, uri=cell("b"))
        for version, moot in ((6, True), (7, False)):
            place["textDocument"]["version"] = version
            message_id = bench.request(INLINE, place)
            assert bool(bench.replies(message_id)) is moot
        await bench.session.aclose()

    asyncio.run(scenario())


def test_a_cell_that_is_also_told_of_as_a_text_is_the_notebooks() -> None:
    bench = Bench()
    bench.initialize(CAPABLE)
    bench.open("stale", uri=cell("a"))
    bench.open("{}", uri=BOOK)
    bench.open_book(("a", "x = 1"))
    bench.open("stale", uri=cell("a"))
    bench.change({"text": "stale"}, uri=cell("a"))
    bench.change({"text": "stale"}, uri=BOOK)
    bench.notify("textDocument/didClose", {"textDocument": {"uri": cell("a")}})
    bench.notify("textDocument/didClose", {"textDocument": {"uri": BOOK}})
    assert bench.joined == "# %%\nx = 1\n"
    assert bench.session.engine is not None
    assert bench.session.engine.document(cell("a")) is None
    bench.notify("notebookDocument/didClose", {"notebookDocument": {"uri": BOOK}, "cellTextDocuments": []})
    assert bench.session.engine.document(BOOK) is None
    # And once the notebook is closed, it is a text like any other.
    bench.open("x = 2", uri=cell("a"))
    assert bench.session.engine.document(cell("a")) is not None


def test_an_earlier_version_of_a_notebook_that_is_shown_beside_it_is_passed_over() -> None:
    async def scenario() -> None:
        bench = await begun(("a", "x = "))
        old = {"uri": "git:/project/book.ipynb?HEAD", "cells": [entry("old")]}
        texts = [item("old", "removed = 1\n")]
        bench.notify("notebookDocument/didOpen", {"notebookDocument": old, "cellTextDocuments": texts})
        bench.open("removed = 1\n", uri=cell("old"))
        assert bench.reply(bench.ask("old", 1, 0))["result"] is None
        bench.ask("a", 0, 4)
        await bench.wait(150)
        [stream] = bench.gateway.streams
        assert "removed" not in "".join(message.text for message in stream.prompt.messages)
        await bench.session.aclose()

    asyncio.run(scenario())


def test_an_excluded_notebook_is_never_completed() -> None:
    async def scenario() -> None:
        bench = Bench(exclude=["*.ipynb"])
        bench.start(("a", AREA), ("b", "x = "))
        await settle()
        assert bench.reply(bench.ask("b", 0, 4))["result"] == {"items": []}
        bench.session.notices.pass_on()
        assert bench.notes.outcomes[-1].reason == Cause.EXCLUDED.sentence
        await bench.wait(500)
        assert bench.gateway.streams == []
        await bench.session.aclose()

    asyncio.run(scenario())


def test_cells_of_a_client_without_notebooks_are_documents_of_their_own() -> None:
    bench = Bench()
    bench.initialize()
    bench.open("x = 1", uri=cell("a"))
    assert bench.session.engine is not None
    assert bench.session.engine.document(cell("a")) is not None


def test_switches_and_focus_in_a_cell_are_about_its_notebook() -> None:
    async def scenario() -> None:
        bench = await begun(("a", AREA), ("b", "x = "))
        bench.notify("textDocument/didFocus", {"textDocument": {"uri": cell("a")}})
        status = bench.call("typethrough/switch", {"scope": "file", "on": False, "uri": cell("a")})
        assert status["kind"] == "off"
        assert bench.reply(bench.ask("b", 0, 4))["result"] == {"items": []}
        await bench.session.aclose()

    asyncio.run(scenario())


def test_the_notebooks_language_is_that_of_its_code_and_may_change() -> None:
    bench = Bench()
    bench.start(("m", "words"))
    bench.splice(1, 0, entry("a"), opened=[item("a", "let x = 1", "javascript")])
    assert bench.joined == "// %% [markdown]\n// words\n// %%\nlet x = 1\n"
    # The client closes the text and opens it anew in the other language.
    bench.splice(1, 1, closed=["a"])
    bench.splice(1, 0, entry("a"), opened=[item("a", "x = 1")])
    assert bench.joined == "# %% [markdown]\n# words\n# %%\nx = 1\n"
    bench.alter(data=[entry("a", 1)])
    assert bench.joined == "# %% [markdown]\n# words\n# %% [markdown]\n# x = 1\n"


@pytest.mark.parametrize(
    "cells",
    [
        {"structure": {"array": {"start": -1, "deleteCount": 0}}},
        {"structure": {"array": {"start": 0, "deleteCount": "1"}}},
        {"structure": {"array": {"start": 0, "deleteCount": 0, "cells": [{"kind": 2}]}}},
        {"structure": 3},
        {"structure": {"array": {"start": 0, "deleteCount": 0}, "didOpen": [{"uri": cell("a")}]}},
        {"data": [None]},
        {"textContent": [{"document": {"uri": cell("a")}, "changes": {}}]},
        {"textContent": [{"document": {"uri": cell("none")}, "changes": [{"text": "x"}]}]},
        {"textContent": [{"document": {"uri": cell("a"), "version": 2}, "changes": [{"text": 3}]}]},
    ],
)
def test_a_malformed_change_changes_nothing_and_says_nothing(cells: Any) -> None:
    bench = Bench()
    bench.start(("a", "x = 1"), ("b", "y = 2"))
    before = len(bench.wire.messages)
    bench.alter(**cells)
    assert bench.joined == "# %%\nx = 1\n# %%\ny = 2\n"
    assert len(bench.wire.messages) == before


# --- any changes


class Book:
    """A notebook kept in the simplest way: names of cells in order, and a kind, a language and a text for each."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.order: list[str] = []
        self.cells: dict[str, tuple[int, str, str]] = {}
        self.language = "plaintext"
        self.count = 0

    def text(self) -> str:
        return "".join(self.dice.choice(["ab", "\n", "\r\n", "\r", "😀", " ", "# %%", "é"]) for _ in range(5))

    def joined(self) -> str:
        codes = [self.cells[name][1] for name in self.order if self.cells[name][0] == 2]
        if self.language not in codes:
            self.language = max(codes, key=codes.count) if codes else "plaintext"
        mark = {"go": "//", "sql": "--"}.get(self.language, "#")
        found = ""
        for name in self.order:
            kind, language, text = self.cells[name]
            other = "markdown" if kind == 1 else language if language != self.language else ""
            lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            found += f"{mark} %% [{other}]\n" if other else f"{mark} %%\n"
            found += "".join(f"{mark} {line}\n" if other else f"{line}\n" for line in lines)
        return found

    def fresh(self) -> tuple[str, Message, Message]:
        self.count += 1
        name, kind = f"c{self.count}", self.dice.choice([1, 2, 2])
        language = "markdown" if kind == 1 else self.dice.choice(["python", "python", "go", "sql"])
        text = self.text()
        self.cells[name] = (kind, language, text)
        return name, entry(name, kind), item(name, text, language)


def place(text: str, offset: int) -> Message:
    # The lines before it, as LSP counts them; a place between \r and \n is none.
    before = text[:offset]
    if before.endswith("\r") and text[offset : offset + 1] == "\n":
        before = before[:-1]
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return {"line": len(lines) - 1, "character": len(lines[-1].encode("utf-16-le")) // 2}


def offset_of(text: str, offset: int) -> int:
    inside = text[:offset].endswith("\r") and text[offset : offset + 1] == "\n"
    return offset - 1 if inside else offset


def change(bench: Bench, book: Book) -> None:
    """One change of any kind, told to the server and made in the book."""
    dice = book.dice
    match dice.randrange(6):
        case 0:
            where = dice.randint(0, len(book.order))
            made = [book.fresh() for _ in range(dice.randint(1, 2))]
            bench.splice(where, 0, *(one[1] for one in made), opened=[one[2] for one in made])
            book.order[where:where] = [one[0] for one in made]
        case 1 if book.order:
            where = dice.randrange(len(book.order))
            name = book.order.pop(where)
            bench.splice(where, 1, closed=[name])
        case 2 if len(book.order) > 1:
            # A move: the part between both places is taken out and put back in another order, and no text is opened.
            first, last = sorted(dice.sample(range(len(book.order)), 2))
            part = book.order[first : last + 1]
            dice.shuffle(part)
            book.order[first : last + 1] = part
            bench.splice(first, len(part), *(entry(name, book.cells[name][0]) for name in part))
        case 3 if book.order:
            name = dice.choice(book.order)
            kind, language, text = book.cells[name]
            book.cells[name] = (3 - kind, language, text)
            bench.alter(data=[entry(name, 3 - kind)])
        case _ if book.order:
            name = dice.choice(book.order)
            kind, language, text = book.cells[name]
            changes = []
            for _ in range(dice.randint(1, 3)):
                start, end = sorted(offset_of(text, dice.randint(0, len(text))) for _ in range(2))
                fresh = book.text() if dice.random() < 0.5 else dice.choice(["x", "", "\n", "\r"])
                changes.append(
                    {"text": fresh}
                    if dice.random() < 0.1
                    else {"range": {"start": place(text, start), "end": place(text, end)}, "text": fresh}
                )
                text = text[:start] + fresh + text[end:] if "range" in changes[-1] else fresh
            book.cells[name] = (kind, language, text)
            bench.write(name, *changes)


@pytest.mark.parametrize("seed", range(12))
def test_after_any_changes_the_engine_has_the_naive_join_of_the_cells(seed: int) -> None:
    bench, book = Bench(), Book(random.Random(seed))
    bench.start()
    for _ in range(30):
        change(bench, book)
        assert bench.joined == book.joined()


@pytest.mark.parametrize("seed", range(6))
def test_an_answer_fits_the_cell_that_was_asked_about(seed: int) -> None:
    async def scenario() -> None:
        bench, book = Bench(), Book(random.Random(seed))
        bench.start()
        await settle()
        answered = 0
        for turn in range(25):
            change(bench, book)
            assert bench.joined == book.joined()
            codes = [name for name in book.order if book.cells[name][:2] == (2, book.language)]
            if not codes:
                continue
            name = book.dice.choice(codes)
            text = book.cells[name][2].replace("\r\n", "\n").replace("\r", "\n")
            where = place(text, len(text) - len(text.split("\n")[-1]) * book.dice.randrange(2))
            place_asked = bench.place(**where, uri=cell(name), triggerKind=1)
            asked = bench.request(INLINE, place_asked)
            await bench.wait(150)
            for stream in bench.gateway.streams:
                if not stream.end.done():
                    stream.say(f"result_{turn} = compute({turn})\n# %%\nother = 1\n")
                    stream.finish()
            await bench.wait(2_000)
            result = bench.reply(asked)["result"]
            for one in result["items"]:
                start, end = one["range"]["start"], one["range"]["end"]
                assert start["line"] == end["line"] == where["line"]
                line = text.split("\n")[where["line"]].encode("utf-16-le")
                before = line[2 * start["character"] : 2 * where["character"]].decode("utf-16-le")
                assert one["insertText"].startswith(before)
                assert "other" not in one["insertText"].removeprefix(before)
                answered += 1
        assert answered
        await bench.session.aclose()

    asyncio.run(scenario())
