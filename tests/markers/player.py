"""Plays a marker case through the real engine: what an editor sends, and what a model streams.

The model lane is alone and time is moved by hand. Requests are read and items are made by the LSP layer's own functions, so that
what is compared is what an editor gets. Frames go through the real gateway client, over a transport that has them at hand.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx

from tests.support.cursor import parse
from tests.support.engine_kit import ManualClock, Notes, ScriptedGateway
from typethrough.core.document.document import Position, split_lines
from typethrough.core.models import profile_of
from typethrough.core.settings.schema import Settings
from typethrough.engine.engine import Engine
from typethrough.engine.local_lane import LocalLane
from typethrough.engine.pending import Request
from typethrough.gateway.connections import GatewayTransport
from typethrough.gateway.endpoint import Endpoint
from typethrough.gateway.http_gateway import HttpGateway
from typethrough.lsp.convert import Encoding, Notation, asked, item, line_end, position_in, unit_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.markers.form import Case
    from typethrough.core.document.view import View
    from typethrough.core.outcome.outcome import Outcome, Suggestion
    from typethrough.engine.ports import Gateway

Split = Callable[[str], Iterable[str]]

_UNIT: Final = Encoding.UTF16
_STEP_MS: Final = 50
_MOST_ACCEPTED: Final = 12
_KEY_MS: Final = 150
_TURNS: Final = 3
_TURNS_OF_FRAMES: Final = 12
_LOCAL_LANE: Final = LocalLane()


class Item(NamedTuple):
    """What the editor has to show: the text, and the range that it takes the place of."""

    id: str
    text: str
    start: Position
    end: Position


class Played(NamedTuple):
    """What came of a case. `shown` is the first item's text of the last request in the steps, None for nothing; `after` the
    document when everything offered was accepted; `reason` how that request ended; `shrunk` says where shown text did not only
    grow.
    """

    shown: str | None
    after: str
    reason: str
    shrunk: str


def whole(text: str) -> Iterable[str]:
    """The answer in one piece."""
    return [text] if text else []


def characters(text: str) -> Iterable[str]:
    """The answer a character at a time."""
    return text


def pieces(seed: int | str) -> Split:
    """The answer in pieces of up to nine characters, drawn by a seed."""

    def split(text: str) -> Iterator[str]:
        draw, at = random.Random(seed), 0
        while at < len(text):
            count = draw.randint(1, 9)
            yield text[at : at + count]
            at += count

    return split


async def play(case: Case, split: Split, *, grows: bool = False) -> Played:
    """Play a case once. With `grows` the editor shows suggestions while they grow."""
    player = _Player(case, split, grows=grows)
    try:
        return await player.play()
    finally:
        await player.leave()


async def play_all_ways(case: Case) -> list[Played]:
    """Play a case in ways that must agree: the answer whole, and by characters or in pieces and shown while it grows.

    Which of the two the second is, is drawn by the case's name.
    """
    split = random.Random(case.name).choice([characters, pieces(case.name)])
    return [await play(case, whole), await play(case, split, grows=True)]


class _Player:
    def __init__(self, case: Case, split: Split, *, grows: bool) -> None:
        self._case, self._split, self._grows = case, split, grows
        self._clock = ManualClock()
        self._scripted = ScriptedGateway()
        self._answered = 0
        self._uri = f"file:///project/{case.path}"
        text, self._cursor = parse(case.document)
        # What is off, and one local lane for all: each takes time and changes no case.
        plain = Settings(local_lane=False, other_files=False, hide_secrets=False, exclude=())
        settings = replace(plain, **case.settings)
        gateway: Gateway | None = self._gateway()
        local = _LOCAL_LANE
        if case.is_local:
            settings, gateway, local = replace(settings, local_lane=True), None, LocalLane()
        self._engine = Engine(
            settings=settings, gateway=gateway, clock=self._clock, recorder=Notes(), local=local
        )
        self._engine.open(self._uri, case.language, 1, text)
        self._undo: list[tuple[str, Position]] = []
        self._shrunk = ""

    async def play(self) -> Played:
        shown = None
        for step in self._case.steps:
            shown = await self._step(step, shown)
        outcome, first = await self._ask(invoked=self._case.invoked, selected=self._case.selected)
        shown, count = first, 0
        while shown is not None and self._case.after is not None and count < _MOST_ACCEPTED:
            self._accept(shown)
            _, shown = await self._ask()
            count += 1
        text = first.text if first is not None else None
        return Played(text, self._text, outcome.reason, self._shrunk)

    async def leave(self) -> None:
        await self._engine.aclose()

    # --- what the editor does

    async def _step(self, step: str, shown: Item | None) -> Item | None:
        """Do one step, and return what is on screen after it."""
        verb, _, rest = step.partition(" ")
        if verb == "ask":
            return (await self._ask(invoked=rest == "by hand"))[1]
        if verb == "type":
            for char in rest:
                self._clock.advance(_KEY_MS)
                self._edit(self._cursor, self._cursor, char)
        elif verb == "insert":
            self._edit(self._cursor, self._cursor, rest)
        elif verb == "backspace":
            for _ in range(int(rest or "1")):
                self._clock.advance(_KEY_MS)
                self._edit(Position(self._cursor.line, self._cursor.column - 1), self._cursor, "")
        elif verb == "delete":
            self._edit(self._cursor, Position(self._cursor.line, self._cursor.column + int(rest or "1")), "")
        elif verb == "move":
            line, column = map(int, rest.split())
            self._cursor = Position(line, column)
        elif verb == "wait":
            self._clock.advance(int(rest))
            await self._settle()
        elif verb == "undo":
            text, self._cursor = self._undo.pop()
            self._engine.replace(self._uri, text)
            self._changed()
        elif verb in {"accept", "dismiss"}:
            assert shown is not None, f"{self._case.name}: nothing is shown to {verb}"
            if verb == "accept":
                self._accept(shown)
            else:
                self._engine.reports.dismissed(shown.id)
            return None
        else:
            raise ValueError(f"{self._case.name}: no such step: {step}")
        return shown

    def _accept(self, shown: Item) -> None:
        self._edit(shown.start, shown.end, shown.text)
        self._engine.reports.accepted(shown.id)

    def _edit(self, start: Position, end: Position, text: str) -> None:
        self._undo.append((self._text, self._cursor))
        self._engine.edit(self._uri, start, end, text)
        self._changed()
        lines = split_lines(text + "|")
        column = len(lines[-1]) - 1 + (start.column if len(lines) == 1 else 0)
        self._cursor = Position(start.line + len(lines) - 1, column)

    def _changed(self) -> None:
        self._engine.changed(self._uri, self._document.version + 1)

    async def _ask(self, *, invoked: bool = False, selected: str = "") -> tuple[Outcome, Item | None]:
        document, snapshot = self._document, self._document.snapshot
        document.usual_unit = unit_in(self._formatting) or document.usual_unit
        params: dict[str, Any] = {
            "position": self._lsp(self._cursor),
            "context": {"triggerKind": 2 - invoked},
        }
        if selected:
            start = self._word_start()
            where = {"start": self._lsp(start), "end": self._lsp(self._cursor)}
            params["context"]["selectedCompletionInfo"] = {"range": where, "text": selected}
        ask = asked(params, snapshot, _UNIT, draft_kinds=False)
        assert ask.expected is not None, f"{self._case.name}: the selected item does not fit what is typed"
        outcomes: list[tuple[View, Outcome]] = []
        grown: list[str] = []

        def grew(_: View, suggestion: Suggestion) -> None:
            self._grew(grown, suggestion.text)

        request = Request(self._uri, ask.position, ask.invoked, self._clock.now(), ask.expected)
        on_outcome, on_partial = lambda *ended: outcomes.append(ended), grew if self._grows else None
        self._engine.begin(request, on_outcome, on_partial)
        while not outcomes:
            await self._settle()
            self._speak()
            await self._settle()
            if not outcomes:
                self._clock.advance(_STEP_MS)
        self._speak()
        await self._settle()
        ((view, outcome),) = outcomes
        for suggestion in outcome.suggestions[:1]:
            if self._grows:
                self._grew(grown, suggestion.text)
            notation = Notation(_UNIT, line_end(snapshot, ask.position.line), "accepted")
            made = item(suggestion, view, notation, start=ask.start)
            bounds = (position_in(snapshot, made["range"][end], _UNIT) for end in ("start", "end"))
            return outcome, Item(suggestion.id, made["insertText"], *bounds)
        return outcome, None

    def _grew(self, grown: list[str], text: str) -> None:
        if grown and not text.startswith(grown[-1]):
            self._shrunk = f"{grown[-1]!r} was shown, then {text!r}"
        grown.append(text)

    @property
    def _document(self) -> Any:
        return self._engine.document(self._uri)

    @property
    def _text(self) -> str:
        text: str = self._document.snapshot.text()
        return text

    @property
    def _formatting(self) -> dict[str, Any]:
        indent = self._case.indent
        if not indent:
            return {}
        size = 4 if indent == "tab" else int(indent)
        return {"formattingOptions": {"tabSize": size, "insertSpaces": indent != "tab"}}

    def _lsp(self, position: Position) -> dict[str, int]:
        before = self._document.snapshot.line(position.line)[: position.column]
        return {"line": position.line, "character": len(before.encode("utf-16-le")) // 2}

    def _word_start(self) -> Position:
        before = self._document.snapshot.line(self._cursor.line)[: self._cursor.column]
        start = len(before)
        while start and (before[start - 1].isalnum() or before[start - 1] == "_"):
            start -= 1
        return Position(self._cursor.line, start)

    # --- what the model does

    async def _settle(self) -> None:
        """Let every task run until it waits for something; through the gateway's client that takes more turns."""
        for _ in range(_TURNS if self._case.frames is None else _TURNS_OF_FRAMES):
            await asyncio.sleep(0)

    def _speak(self) -> None:
        """Give every new stream its answer; after the last of the answers the model has nothing to say."""
        for stream in self._scripted.streams[self._answered :]:
            said = self._case.answers[self._answered : self._answered + 1]
            self._answered += 1
            for text in said:
                for piece in self._split(text):
                    if not stream.end.done():
                        stream.say(piece)
            if not stream.end.done():
                stream.finish()

    def _gateway(self) -> Gateway:
        if self._case.frames is None:
            return self._scripted
        model = self._scripted.model
        endpoint = Endpoint("https://gateway.example/v1", "key", model, profile_of(model))
        return HttpGateway(
            endpoint, self._clock, _Canned(self._case, self._case.frames.encode(), self._split)
        )


class _Canned(GatewayTransport):
    """A transport that answers each request with the case's frames, or, where these refuse a parameter that is not there,
    with the case's answer.
    """

    def __init__(self, case: Case, body: bytes, split: Split) -> None:
        self._case, self._body, self._split = case, body, split

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        case = self._case
        if case.refuse_if and case.refuse_if not in json.loads(request.content):
            return httpx.Response(200, stream=_Body(_frames(case.answers[0]), whole))
        return httpx.Response(case.status, headers=case.headers, stream=_Body(self._body, self._split))


class _Body(httpx.AsyncByteStream):
    def __init__(self, body: bytes, split: Split) -> None:
        self._body, self._split = body, split

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # Latin-1 has a character for each byte, so that one way to split serves both.
        for piece in self._split(self._body.decode("latin-1")):
            yield piece.encode("latin-1")
        await asyncio.sleep(0)


def _frames(answer: str) -> bytes:
    told = {"index": 0, "delta": {"content": answer}, "finish_reason": "stop"}
    return b"data: " + json.dumps({"choices": [told]}).encode() + b"\n\ndata: [DONE]\n\n"


def wrong(case: Case, played: Sequence[Played]) -> str:
    """What is wrong with a case that was played in several ways, or the empty string."""
    for one in played:
        if one.shrunk:
            return one.shrunk
    results = {(one.shown, one.after if case.after is not None else "") for one in played}
    if len(results) > 1:
        return f"it depends on how the answer is cut: {sorted(map(str, results))}"
    first = played[0]
    if case.message:
        is_told = case.message.lower() in first.reason.lower()
        return "" if is_told else f"the reason {first.reason!r} does not hold {case.message!r}"
    if first.shown is None:
        is_right = case.or_nothing or (case.shown is not None and not case.shown)
        return "" if is_right else f"nothing is shown: {first.reason}"
    if case.shown is not None:
        return "" if first.shown in case.shown else f"shown is {first.shown!r}, and not one of {case.shown!r}"
    return (
        ""
        if first.after in (case.after or ())
        else f"after is {first.after!r}, and not one of {case.after!r}"
    )
