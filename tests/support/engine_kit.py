"""An engine for tests: with a clock moved by hand, a gateway whose answers the test writes, and methods for typing."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from typethrough.core.asking.hand import Spot
from typethrough.core.document.document import Position
from typethrough.core.models import profile_of
from typethrough.core.outcome.history import History
from typethrough.core.outcome.outcome import Ending, Feedback, Outcome, Spent, StreamRecord, Usage
from typethrough.core.settings.schema import DEFAULTS, Settings
from typethrough.engine.engine import Engine
from typethrough.engine.gateways import Gateways
from typethrough.engine.pending import Request
from typethrough.engine.ports import Finish

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from typethrough.core.asking.routes import RoutePurpose
    from typethrough.core.document.view import View
    from typethrough.core.outcome.history import KeptOutcome
    from typethrough.core.prompt.message import Prompt
    from typethrough.engine.pending import Pending
    from typethrough.engine.ports import Gateway, GatewayError, OnCounted

URI = "file:///project/module.py"


class _Call:
    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when = when
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """A clock in seconds that moves only when `advance` is called."""

    def __init__(self) -> None:
        self.time_s = 1_000.0
        self._calls: list[_Call] = []

    def now(self) -> float:
        return self.time_s

    def local_time(self) -> datetime:
        return datetime.fromtimestamp(self.time_s, UTC)

    def call_at(self, when: float, callback: Callable[[], None]) -> _Call:
        call = _Call(when, callback)
        self._calls.append(call)
        return call

    @property
    def is_idle(self) -> bool:
        """Whether no call is scheduled."""
        return not any(call.callback for call in self._calls)

    def advance(self, ms: float) -> None:
        """Move the clock forward. Calls that become due run at their own times, in order."""
        until = self.time_s + ms / 1_000
        while True:
            due = sorted(
                (call for call in self._calls if call.callback and call.when <= until + 1e-9),
                key=lambda call: call.when,
            )
            if not due:
                break
            call, callback = due[0], due[0].callback
            self._calls.remove(call)
            self.time_s = max(self.time_s, call.when)
            if callback:
                callback()
        self.time_s = until


class Stream:
    """One stream that the engine has asked for. The test decides its text and its end."""

    def __init__(
        self,
        prompt: Prompt,
        on_text: Callable[[str], None],
        on_counted: OnCounted | None = None,
    ) -> None:
        self.prompt = prompt
        self.say = on_text
        self.on_counted = on_counted
        self.closed = False
        self.end: asyncio.Future[Finish] = asyncio.get_running_loop().create_future()

    @property
    def question(self) -> str:
        """The last message of the prompt, which contains the window."""
        return self.prompt.messages[-1].text

    def finish(self, usage: Usage | None = None) -> None:
        self.end.set_result(Finish("stop", usage or Usage()))

    def fail(self, error: GatewayError) -> None:
        self.end.set_exception(error)


class ScriptedGateway:
    """A gateway that keeps all streams, so that the test can write their answers."""

    def __init__(self, model: str = DEFAULTS.model) -> None:
        self.streams: list[Stream] = []
        self.reason = ""
        self.room = math.inf
        self.closed = False
        self.warmed = 0
        self.model = model
        self.profile = profile_of(self.model)

    def refusal(self) -> str:
        return self.reason

    @property
    def most_at_once(self) -> float:
        return self.room

    def try_again(self) -> None:
        pass

    async def stream(
        self,
        prompt: Prompt,
        on_text: Callable[[str], None],
        on_counted: OnCounted | None = None,
    ) -> Finish:
        stream = Stream(prompt, on_text, on_counted)
        self.streams.append(stream)
        try:
            return await stream.end
        except asyncio.CancelledError:
            stream.closed = True
            raise

    def race(self) -> None:
        return None

    async def warm(self) -> None:
        self.warmed += 1

    async def aclose(self) -> None:
        self.closed = True


@dataclass
class Notes:
    """A recorder that keeps everything it receives."""

    outcomes: list[Outcome] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    records: list[StreamRecord] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    feedbacks: list[tuple[Feedback, str, int]] = field(default_factory=list)
    survivals: list[tuple[str, float, float]] = field(default_factory=list)
    spent: Spent = field(default_factory=Spent)
    history: History = field(default_factory=lambda: History(lambda: ""))

    def request_ended(self, uri: str, outcome: Outcome) -> KeptOutcome | None:
        self.outcomes.append(outcome)
        return self.history.note(uri, outcome)

    def stream_ended(self, stream: StreamRecord) -> None:
        self.streams.append(stream.end)
        self.records.append(stream)
        self.spent = Spent(stream.usage, self.spent.dollars + stream.dollars)

    def feedback(self, kind: Feedback, suggestion_id: str, chars: int = 0) -> None:
        self.feedbacks.append((kind, suggestion_id, chars))

    def survived(self, suggestion_id: str, after_s: float, share: float) -> None:
        self.survivals.append((suggestion_id, after_s, share))

    def today(self) -> Spent:
        return self.spent

    def notice(self, key: str, message: str, *, is_good: bool = False) -> None:
        self.notices.append(message)

    def status(self, kind: str, message: str) -> None:
        self.statuses.append(kind)


class Asked:
    """A request made by the bench, and its outcome when there is one."""

    def __init__(self) -> None:
        self.pending: Pending | None = None
        self.outcomes: list[Outcome] = []

    def ended(self, _: View, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    @property
    def outcome(self) -> Outcome:
        assert len(self.outcomes) == 1, f"a request ends exactly once, this one: {self.outcomes}"
        return self.outcomes[0]

    @property
    def open(self) -> bool:
        return not self.outcomes

    @property
    def text(self) -> str:
        """The suggestion's text. Fails if there is none."""
        assert self.outcome.ending is Ending.ANSWERED, f"{self.outcome.ending}: {self.outcome.reason}"
        return self.outcome.suggestions[0].text


class Bench:
    """An engine with one open document and a cursor."""

    def __init__(
        self,
        text: str,
        *,
        language: str = "python",
        routed: Mapping[RoutePurpose, Gateway] | None = None,
        **settings: Any,
    ) -> None:
        before, mark, after = text.partition("$0")
        assert mark, "the text needs a $0 where the cursor is"
        self.clock = ManualClock()
        self.gateway = ScriptedGateway()
        self.notes = Notes()
        values: dict[str, Any] = {"local_lane": False, "debounce_min_ms": 100, "debounce_max_ms": 100}
        self.settings = replace(Settings(), **{**values, **settings})
        gateway = Gateways(self.gateway, routed) if routed else self.gateway
        self.engine = Engine(settings=self.settings, gateway=gateway, clock=self.clock, recorder=self.notes)
        self.engine.open(URI, language, 1, before + after)
        lines = before.split("\n")
        self.cursor = Position(len(lines) - 1, len(lines[-1]))

    @property
    def text(self) -> str:
        document = self.engine.document(URI)
        assert document is not None
        text, cursor = document.snapshot.text(), document.snapshot.slice(Position(0, 0), self.cursor)
        return cursor + "$0" + text[len(cursor) :]

    def edit(self, start: Position, end: Position, text: str) -> None:
        """Make one change, as an editor sends it. The cursor is then at the end of the new text."""
        document = self.engine.document(URI)
        assert document is not None
        self.engine.edit(URI, start, end, text)
        self.engine.changed(URI, document.version + 1)
        lines = text.split("\n")
        column = len(lines[-1]) + (start.column if len(lines) == 1 else 0)
        self.cursor = Position(start.line + len(lines) - 1, column)

    def expect_more(self) -> None:
        """Let the engine believe that text after an acceptance is usually shown, so that it asks for it in advance."""
        for _ in range(5):
            self.engine._sources.habits.note_text(Spot.ACCEPTED, typed=False, shown=True)

    def insert(self, text: str) -> None:
        """Insert text at the cursor in one change."""
        self.edit(self.cursor, self.cursor, text)

    def backspace(self, count: int = 1) -> None:
        start = Position(self.cursor.line, self.cursor.column - count)
        self.edit(start, self.cursor, "")

    def ask(self, *, invoked: bool = False, expected: str = "") -> Asked:
        asked = Asked()
        request = Request(URI, self.cursor, invoked, self.clock.now(), expected)
        asked.pending = self.engine.begin(request, asked.ended)
        return asked

    async def type(self, text: str, ms: float = 0) -> Asked:
        """Type a text one character at a time. Asks after each, as VS Code does, and returns the last request."""
        asked = Asked()
        for char in text:
            self.clock.advance(ms)
            self.insert(char)
            asked = self.ask()
            await settle()
        return asked

    async def wait(self, ms: float) -> None:
        """Move the clock forward, and let the tasks that this starts run."""
        self.clock.advance(ms)
        await settle()

    @property
    def stream(self) -> Stream:
        """The newest stream."""
        return self.gateway.streams[-1]

    async def say(self, *pieces: str) -> None:
        """Let the newest stream send text."""
        for piece in pieces:
            self.stream.say(piece)
        await settle()


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario on an event loop of its own, and cancel what still runs at its end."""

    async def whole() -> None:
        await scenario()
        leftover = asyncio.all_tasks() - {asyncio.current_task()}
        for task in leftover:
            task.cancel()
        await asyncio.gather(*leftover, return_exceptions=True)

    asyncio.run(whole())


async def settle() -> None:
    """Let every task run until it waits for something from outside."""
    for _ in range(10):
        await asyncio.sleep(0)
