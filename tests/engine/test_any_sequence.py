"""Whatever happens to a document, in whatever order: one outcome a request, in time, and no stream without an owner."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from tests.support.engine_kit import URI, Asked, Bench, ScriptedGateway, run, settle
from typethrough.core.document.document import Position
from typethrough.core.outcome.causes import Cause
from typethrough.core.outcome.outcome import Ending
from typethrough.engine.ports import GatewayUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.engine_kit import Stream

CODE = "def area(width, height):\n    $0\n\nprint(area(2, 3))\n"
PIECES = (
    "width",
    " * ",
    "height",
    "\n",
    "    return area\n",
    "x",
    "(",
    ")",
    "",
    "# your code here\n",
    "```\n",
)
BUDGET_S = 0.9


class Anything:
    """A bench to which anything may happen."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.bench = Bench(CODE, local_lane=seed % 2 == 0)
        self.gateways = [self.bench.gateway]
        self.asked: list[tuple[float, Asked]] = []
        self.steps: tuple[Callable[[], object], ...] = (
            self.type, self.type, self.type, self.paste, self.backspace, self.move, self.ask, self.ask, self.invoke,
            self.say, self.say, self.say, self.finish, self.fail, self.wait, self.wait, self.long, self.report,
            self.switch, self.configure, self.reopen,
            self.look_round, self.cancel,
        )  # fmt: skip

    @property
    def streams(self) -> list[Stream]:
        return [stream for gateway in self.gateways for stream in gateway.streams]

    def running(self) -> Stream | None:
        running = [stream for stream in self.streams if not stream.closed and not stream.end.done()]
        return self.dice.choice(running) if running else None

    def type(self) -> None:
        self.bench.insert(self.dice.choice("widthe *\n("))
        if self.dice.random() < 0.8:
            self.ask()

    def paste(self) -> None:
        self.bench.insert("width * height")

    def backspace(self) -> None:
        if self.bench.cursor.column:
            self.bench.backspace()

    def move(self) -> None:
        self.bench.cursor = self.dice.choice([Position(0, 0), Position(0, 24), Position(1, 4)])

    def look_round(self) -> None:
        """Ask by hand in several places, so that there are more questions than may be in flight."""
        for _ in range(3):
            self.move()
            self.ask(invoked=True)

    def ask(self, *, invoked: bool = False) -> None:
        expected = self.dice.choice(["", "", "", "wid"])
        now_s = self.bench.clock.now()
        self.asked.append((now_s, self.bench.ask(invoked=invoked, expected=expected)))

    def invoke(self) -> None:
        self.ask(invoked=True)

    def say(self) -> None:
        if (stream := self.running()) is not None:
            stream.say(self.dice.choice(PIECES))

    def finish(self) -> None:
        if (stream := self.running()) is not None:
            stream.finish()

    def fail(self) -> None:
        if (stream := self.running()) is not None:
            stream.fail(GatewayUnavailable("It is down."))

    def wait(self) -> None:
        self.bench.clock.advance(self.dice.randrange(200))

    def long(self) -> None:
        self.bench.clock.advance(3_000)

    def report(self) -> None:
        shown = self.bench.engine._documents[URI].shown
        if shown is not None:
            reports = self.bench.engine.reports
            self.dice.choice([reports.accepted, reports.dismissed])(shown.id)

    def switch(self) -> None:
        self.bench.engine.gate.switches.set_file(URI, on=self.dice.random() < 0.8)
        self.bench.engine.admission.switched()

    def configure(self) -> None:
        others: tuple[dict[str, Any], ...] = ({}, {}, {}, {"exclude": ("*.py",)}, {"enabled": False})
        settings = replace(self.bench.settings, **self.dice.choice(others))
        self.gateways.append(ScriptedGateway())
        self.bench.engine.configure(settings, self.gateways[-1])

    def reopen(self) -> None:
        self.bench.engine.open(URI, "python", 1, CODE.replace("$0", ""))
        self.bench.cursor = Position(1, 4)

    def cancel(self) -> None:
        pending = self.bench.engine._documents[URI].pending
        if pending is not None and self.asked:
            pending.end(Cause.CANCELLED)

    def check(self) -> None:
        document = self.bench.engine._documents[URI]
        assert len(document.questions) <= 2
        assert all(flight.open for flight in document.questions)
        waiting = [asked for _, asked in self.asked if asked.open]
        assert len(waiting) == (document.pending is not None)
        if document.pending is not None and document.pending.flight is not None:
            assert document.pending.flight in document.questions
        late_s = self.bench.clock.now() - BUDGET_S
        assert not any(asked.open for arrived_s, asked in self.asked if arrived_s < late_s)
        running = [stream for stream in self.streams if not stream.closed and not stream.end.done()]
        assert len(running) <= len(document.questions)


def test_each_request_ends_once_and_in_time_and_no_stream_is_forgotten() -> None:
    reached: set[Ending] = set()

    async def scenario(seed: int) -> None:
        anything = Anything(seed)
        for _ in range(150):
            anything.dice.choice(anything.steps)()
            await settle()
            anything.check()
        await anything.bench.engine.aclose()
        await settle()
        assert all(len(asked.outcomes) == 1 for _, asked in anything.asked)
        assert all(stream.closed or stream.end.done() for stream in anything.streams)
        reached.update(asked.outcome.ending for _, asked in anything.asked)

    for seed in range(10):
        run(partial(scenario, seed))
    assert reached >= set(Ending) - {Ending.EMPTY, Ending.FILTERED}
