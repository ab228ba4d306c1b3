"""Requests for suggestions through the protocol: one answer each, of the right kind, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from tests.lsp.stage import INLINE, URI, Stage, at, ready
from tests.support.engine_kit import settle
from typethrough.engine.ports import GatewayUnavailable


def test_a_suggestion_comes_in_the_shape_that_every_client_shows() -> None:
    async def scenario() -> None:
        stage = await ready("def area(r):\n    return \n")
        message_id = stage.request(INLINE, stage.place(1, 11))
        await stage.wait(150)
        stage.gateway.streams[-1].say("3.14 * r * r\n")
        await settle()
        [item] = stage.reply(message_id)["result"]["items"]
        assert item["insertText"] == "return 3.14 * r * r"
        assert item["range"] == at(1, 4, 1, 11)
        accepted = {"command": item["command"]["command"], "arguments": item["command"]["arguments"]}
        assert stage.call("workspace/executeCommand", accepted) is None
        await stage.session.aclose()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("text", "line", "character", "span"),
    [
        # Within the line's indentation an empty range would have lsp-mode move the cursor.
        ("r = 2\nif r:\n    \n    print(r)\n", 2, 4, (0, 4)),
        ("def area(r):\n    return \n", 1, 11, (0, 11)),
        # In the middle of a line the text is an insertion, as for everybody.
        ("x = f()\n", 0, 6, (6, 6)),
    ],
)
def test_lsp_mode_gets_whole_lines(text: str, line: int, character: int, span: tuple[int, int]) -> None:
    async def scenario() -> None:
        stage = Stage()
        stage.initialize({"textDocument": {"inlineCompletion": None}}, clientInfo={"name": "emacs"})
        stage.notify("initialized", {})
        stage.open(text)
        await settle()
        message_id = stage.request(INLINE, stage.place(line, character))
        await stage.wait(150)
        stage.gateway.streams[-1].say("3.14\n")
        await settle()
        [item] = stage.reply(message_id)["result"]["items"]
        assert item["range"] == at(line, span[0], line, span[1])
        assert item["insertText"] == text.split("\n")[line][span[0] : span[1]] + "3.14"
        await stage.session.aclose()

    asyncio.run(scenario())


def test_the_completion_menu_gets_the_same_suggestion_when_that_is_all_a_client_has() -> None:
    async def scenario() -> None:
        stage = Stage()
        stage.initialize({"textDocument": {"completion": {}}})
        stage.notify("initialized", {})
        stage.open("def area(r):\r\n    return \r\n")
        await settle()
        params = {"textDocument": {"uri": URI}, "position": {"line": 1, "character": 11}}
        message_id = stage.request("textDocument/completion", params)
        await stage.wait(150)
        stage.gateway.streams[-1].say("3.14 * r * r\n")
        await settle()
        result = stage.reply(message_id)["result"]
        assert result["isIncomplete"] is True
        assert [item["label"] for item in result["items"]] == ["3.14 * r * r"]
        assert [item["documentation"] for item in result["items"]] == ["return 3.14 * r * r"]
        await stage.session.aclose()

    asyncio.run(scenario())


def test_a_cancelled_request_gets_its_error_and_nothing_else() -> None:
    async def scenario() -> None:
        stage = await ready("x = \n")
        message_id = stage.request(INLINE, stage.place(0, 4), "a")
        await stage.wait(150)
        stage.notify("$/cancelRequest", {"id": "a"})
        stage.notify("$/cancelRequest", {"id": "a"})
        stage.gateway.streams[-1].say("1\n")
        await stage.wait(2_000)
        assert stage.reply(message_id)["error"]["code"] == -32800
        await stage.session.aclose()

    asyncio.run(scenario())


def test_an_id_that_is_in_use_is_refused_and_the_first_request_still_answered() -> None:
    async def scenario() -> None:
        stage = await ready("x = \n")
        stage.open("y = \n", uri="file:///other.py")
        stage.request(INLINE, stage.place(0, 4), 7)
        stage.request(INLINE, stage.place(0, 4, uri="file:///other.py"), 7)
        [refused] = stage.replies(7)
        assert refused["error"]["code"] == -32600
        await stage.wait(2_000)
        assert len(stage.replies(7)) == 2
        assert stage.replies(7)[1]["result"] == {"items": []}
        await stage.session.aclose()

    asyncio.run(scenario())


@pytest.mark.parametrize("how", ["newer request", "edit", "close", "reopen", "shutdown"])
def test_what_makes_a_request_moot_answers_it_at_once_with_null(how: str) -> None:
    async def scenario() -> None:
        stage = await ready("x = \n")
        message_id = stage.request(INLINE, stage.place(0, 4), "first")
        match how:
            case "newer request":
                stage.request(INLINE, stage.place(0, 4))
            case "edit":
                stage.change({"range": at(0, 4, 0, 4), "text": "1"})
            case "close":
                stage.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
            case "reopen":
                stage.open("x = \n")
            case _:
                stage.call("shutdown")
        reply = stage.reply(message_id)
        assert "error" not in reply
        assert reply["result"] is None
        await stage.session.aclose()
        assert stage.reply(message_id) == reply

    asyncio.run(scenario())


def test_nothing_to_suggest_is_an_empty_list_which_clears_the_screen() -> None:
    async def scenario() -> None:
        stage = await ready("x = \n")
        stage.gateway.reason = "no key"
        message_id = stage.request(INLINE, stage.place(0, 4))
        await stage.wait(2_000)
        assert stage.reply(message_id)["result"] == {"items": []}
        await stage.session.aclose()

    asyncio.run(scenario())


def test_a_menu_whose_choice_does_not_fit_is_answered_with_null_at_once() -> None:
    stage = Stage()
    stage.initialize()
    stage.open("os.pa\n")
    menu = {"range": at(0, 3, 0, 5), "text": "getcwd"}
    assert stage.call(INLINE, stage.place(0, 5, selectedCompletionInfo=menu)) is None


def test_a_kind_of_zero_makes_later_ones_count_as_automatic() -> None:
    async def scenario() -> None:
        stage = await ready("x = \n")
        stage.request(INLINE, stage.place(0, 4, triggerKind=1))
        await settle()
        assert len(stage.gateway.streams) == 1, "by hand: asked with no debounce"
        stage.change({"range": at(0, 4, 0, 4), "text": "("})
        stage.request(INLINE, stage.place(0, 5, triggerKind=0))
        await settle()
        stage.change({"range": at(0, 5, 0, 5), "text": "["})
        asked = len(stage.gateway.streams)
        stage.request(INLINE, stage.place(0, 6, triggerKind=1))
        await settle()
        assert len(stage.gateway.streams) == asked, "automatic: waits for a pause"
        await stage.session.aclose()

    asyncio.run(scenario())


class Storm:
    """Random messages of an editor that does everything at once, and a gateway that does too."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.random = random.Random(seed)
        self.uris = [URI, "file:///project/other.py"]
        self.asked: list[int | str] = []
        self.version = 1

    async def step(self) -> None:
        """One thing happens."""
        chance, stage = self.random, self.stage
        uri = chance.choice(self.uris)
        act = chance.choices(
            ("ask", "edit", "cancel", "close", "open", "wait", "say", "end", "garbage"),
            (8, 6, 3, 1, 2, 4, 5, 2, 1),
        )[0]
        match act:
            case "ask":
                self._ask(uri)
            case "edit":
                self.version += 1
                where = at(0, 0, 0, chance.randrange(3))
                text = chance.choice(["", "x", "f(", "\n", "return 1"])
                stage.change({"range": where, "text": text}, version=self.version, uri=uri)
            case "cancel" if self.asked:
                stage.notify("$/cancelRequest", {"id": chance.choice(self.asked)})
            case "close":
                stage.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
            case "open":
                stage.open(chance.choice(["", "x = \n", "def f(a):\n    return \n"]), uri=uri)
            case "wait":
                await stage.wait(chance.choice([0, 20, 150, 1_000]))
            case "say":
                self._say()
            case "end":
                self._end()
            case _:
                stage.receive(chance.choice([None, [], {"id": None}, {"method": "x"}, 3]))
        if chance.random() < 0.5:
            await settle()

    def _ask(self, uri: str) -> None:
        number = len(self.asked)
        message_id: int | str = 1_000 + number if self.random.random() < 0.5 else str(number)
        place = self.stage.place(self.random.randrange(3), self.random.randrange(12), uri=uri)
        place["context"]["triggerKind"] = self.random.choice([1, 2, 2, 2])
        self.asked.append(message_id)
        self.stage.request(INLINE, place, message_id)

    def _running(self) -> list[Any]:
        return [s for s in self.stage.gateway.streams if not s.closed and not s.end.done()]

    def _say(self) -> None:
        if running := self._running():
            self.random.choice(running).say(self.random.choice(["a", "b)", "\n", "    pass\n", "```", ""]))

    def _end(self) -> None:
        if running := self._running():
            stream = self.random.choice(running)
            stream.fail(GatewayUnavailable("lost")) if self.random.random() < 0.3 else stream.finish()


@pytest.mark.parametrize("seed", range(12))
def test_every_request_is_answered_exactly_once_in_any_disorder(seed: int) -> None:
    async def scenario() -> None:
        stage = await ready("x = \n")
        storm = Storm(stage, seed)
        for _ in range(300):
            await storm.step()
        await stage.wait(5_000)
        await stage.session.aclose()
        assert len(storm.asked) > 20
        for message_id in storm.asked:
            reply = stage.reply(message_id)
            assert ("result" in reply) != ("error" in reply)
            if "error" in reply:
                assert reply["error"]["code"] == -32800

    asyncio.run(scenario())
