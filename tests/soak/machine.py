"""Documents, requests, streams, settings and time in any order; what must hold after each step, and at the end.

`python -m tests.soak.machine --steps 1000000` takes many steps; the tests take few.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.bench.virtual_time import VirtualLoop
from tests.support.engine_kit import ManualClock, Notes, ScriptedGateway, Stream, settle
from typethrough.core.document.document import Position
from typethrough.core.gate.rules import Folder
from typethrough.core.outcome.causes import Cause
from typethrough.core.outcome.outcome import Ending, Usage
from typethrough.core.settings.schema import Settings
from typethrough.engine.engine import Engine
from typethrough.engine.pending import Request
from typethrough.engine.ports import (
    CredentialsRejected,
    GatewayProtocolError,
    GatewayTimeout,
    GatewayUnavailable,
    NothingSaid,
    RateLimited,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from typethrough.core.document.view import View
    from typethrough.core.outcome.outcome import Outcome, Suggestion
    from typethrough.core.prompt.message import Prompt
    from typethrough.engine.pending import Pending
    from typethrough.engine.ports import Finish, OnCounted

_NAMES: Final = ("a.py", "b.py", "c.ts", "d.md")
_MARK: Final = re.compile(r"mark_([abcd])_")
_TYPED: Final = ("x", "(", ")", "\n", "    ", "def f(", "é🙂", "\r\n", " = 1\n", "'", "import os\n", "")
_SAID: Final = ("x", "(1)", " = 1\n", "    return x\n", "\n\n", "```python\n", "é🙂", "x" * 900)
_FAULTS: Final = (
    GatewayUnavailable("it failed"),
    GatewayTimeout("it failed"),
    GatewayProtocolError("it failed"),
    NothingSaid("it failed"),
    RateLimited("it failed", status=429),
    CredentialsRejected("it failed", status=401),
)
_LATE_S: Final = 0.001


def _uri(name: str) -> str:
    return f"file:///work/{name}"


class _Asked:
    """One request, and every answer that it got."""

    def __init__(self, due_s: float) -> None:
        self.due_s = due_s
        self.pending: Pending | None = None
        self.outcomes: list[Outcome] = []
        self.parts: list[str] = []

    def grown(self, _: View, suggestion: Suggestion) -> None:
        assert not self.outcomes, "a part after the end"
        assert suggestion.text.startswith(self.parts[-1] if self.parts else ""), "a part takes back another"
        self.parts.append(suggestion.text)

    def ended(self, _: View, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if self.parts and outcome.ending is Ending.ANSWERED:
            assert outcome.suggestions[0].text.startswith(self.parts[-1]), (
                "the answer takes back what was shown"
            )


class _Gateway(ScriptedGateway):
    """A scripted gateway that reads each prompt as it is sent."""

    def __init__(self, check: Callable[[str], None]) -> None:
        super().__init__()
        self._check = check

    async def stream(
        self, prompt: Prompt, on_text: Callable[[str], None], on_counted: OnCounted | None = None
    ) -> Finish:
        self._check("".join(message.text for message in prompt.messages))
        return await super().stream(prompt, on_text, on_counted)


class Machine(RuleBasedStateMachine):
    """One engine and whoever uses it. `prompts` counts those that were read, in all lives."""

    prompts = 0

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.clock = ManualClock()
        self.gateway = _Gateway(self._read_prompt)
        self.settings = replace(Settings(), warm_up="always", exclude=(), catalogue=False)
        self.count = 0
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.asked: list[_Asked] = []
        self._do(self._begin())

    async def _begin(self) -> None:
        self.engine = Engine(
            settings=self.settings,
            gateway=self.gateway,
            clock=self.clock,
            recorder=Notes(),
            folders=[Folder("/work", "work")],
        )

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        async def whole() -> None:
            await work
            await settle()

        self.loop.run_until_complete(whole())

    def _read_prompt(self, text: str) -> None:
        Machine.prompts += 1
        for letter in _MARK.findall(text):
            name = next(name for name in _NAMES if name.startswith(letter))
            assert name not in self.settings.exclude, f"{name} is excluded, and in a prompt"

    def _at(self, name: str, place: int) -> tuple[int, Position]:
        """An offset, and the same place as the engine counts it; never inside a line end."""
        text = self.texts[name]
        offset = place % (len(text) + 1)
        if text[offset - 1 : offset + 1] == "\r\n" and offset:
            offset -= 1
        lines = re.split(r"\r\n|\r|\n", text[:offset])
        return offset, Position(len(lines) - 1, len(lines[-1]))

    @property
    def streams(self) -> list[Stream]:
        """Those that still run."""
        return [one for one in self.gateway.streams if not one.closed and not one.end.done()]

    @rule(name=st.sampled_from(_NAMES), again=st.booleans())
    def open(self, name: str, again: bool) -> None:
        if name in self.texts and not again:
            return
        self.count += 1
        text = f"def mark_{name[0]}_{self.count}(one, two):\n    return one\n\n\nvalue = mark_{name[0]}_{self.count}("
        self.texts[name], self.versions[name] = text, 1

        async def work() -> None:
            self.engine.open(_uri(name), "python" if name.endswith(".py") else "", 1, text)

        self._do(work())

    @precondition(lambda self: self.texts)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.texts)))
        del self.texts[name]

        async def work() -> None:
            self.engine.close(_uri(name))

        self._do(work())

    @precondition(lambda self: self.texts)
    @rule(
        data=st.data(),
        place=st.integers(0, 400),
        gone=st.integers(0, 6),
        typed=st.sampled_from(_TYPED),
        asks=st.booleans(),
        back=st.booleans(),
    )
    def edit(self, data: st.DataObject, place: int, gone: int, typed: str, asks: bool, back: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.texts)))
        text = self.texts[name]
        start, first = self._at(name, place)
        end, last = self._at(name, min(start + gone, len(text)))
        start, first, end, last = (start, first, end, last) if start <= end else (end, last, start, first)
        self.texts[name] = text[:start] + typed + text[end:]
        self.versions[name] += -1 if back else 1

        async def work() -> None:
            self.engine.edit(_uri(name), first, last, typed)
            self.engine.changed(_uri(name), self.versions[name])

        self._do(work())
        if asks:
            self._ask(name, start + len(typed), invoked=False, grows=False)

    @precondition(lambda self: self.texts)
    @rule(
        data=st.data(),
        place=st.integers(0, 400),
        invoked=st.booleans(),
        grows=st.booleans(),
        at_end=st.booleans(),
    )
    def ask(self, data: st.DataObject, place: int, invoked: bool, grows: bool, at_end: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.texts)))
        self._ask(name, len(self.texts[name]) if at_end else place, invoked=invoked, grows=grows)

    def _ask(self, name: str, place: int, *, invoked: bool, grows: bool) -> None:
        _, at = self._at(name, place)
        now_s = self.clock.now()
        asked = _Asked(now_s + self.settings.budget_ms / 1_000)
        self.asked.append(asked)

        async def work() -> None:
            request = Request(_uri(name), at, invoked, now_s)
            asked.pending = self.engine.begin(request, asked.ended, asked.grown if grows else None)

        self._do(work())

    @precondition(lambda self: any(not one.outcomes for one in self.asked))
    @rule()
    def cancel(self) -> None:
        one = next(one for one in self.asked if not one.outcomes)
        assert one.pending is not None
        one.pending.end(Cause.CANCELLED)

    @precondition(lambda self: self.streams)
    @rule(data=st.data(), said=st.lists(st.sampled_from(_SAID), min_size=1, max_size=4))
    def say(self, data: st.DataObject, said: list[str]) -> None:
        stream = data.draw(st.sampled_from(self.streams))

        async def work() -> None:
            for piece in said:
                stream.say(piece)

        self._do(work())

    @precondition(lambda self: self.streams)
    @rule(data=st.data(), how=st.sampled_from((None, *_FAULTS)))
    def end_stream(self, data: st.DataObject, how: Any) -> None:
        stream = data.draw(st.sampled_from(self.streams))

        async def work() -> None:
            stream.finish(Usage(500, 100, 5)) if how is None else stream.fail(how)

        self._do(work())

    @rule(ms=st.sampled_from((1, 30, 130, 300, 900, 2_100, 31_000, 400_000)))
    def wait(self, ms: int) -> None:
        async def work() -> None:
            self.clock.advance(ms)

        self._do(work())

    @rule(
        exclude=st.sets(st.sampled_from(_NAMES), max_size=2),
        change=st.fixed_dictionaries(
            {},
            optional={
                "local_lane": st.booleans(),
                "model_lane": st.booleans(),
                "budget_ms": st.sampled_from((300, 900)),
                "max_lines": st.sampled_from(("auto", 1, 8)),
                "enabled": st.booleans(),
                "prefetch": st.booleans(),
                "other_files": st.booleans(),
                "hide_secrets": st.booleans(),
            },
        ),
    )
    def configure(self, exclude: set[str], change: dict[str, Any]) -> None:
        self.settings = replace(self.settings, exclude=tuple(exclude), **change)

        async def work() -> None:
            self.engine.configure(self.settings, self.gateway)

        self._do(work())

    @precondition(lambda self: any(one.outcomes and one.outcomes[0].suggestions for one in self.asked[-3:]))
    @rule(how=st.sampled_from(("accept", "partly", "dismiss", "type")))
    def take(self, how: str) -> None:
        last = [one for one in self.asked[-3:] if one.outcomes and one.outcomes[0].suggestions][-1]
        suggestion = last.outcomes[0].suggestions[0]

        async def work() -> None:
            reports = self.engine.reports
            if how == "dismiss":
                reports.dismissed(suggestion.id)
            elif how == "partly":
                reports.partly_accepted(suggestion.id, 1, None)
            else:
                reports.accepted(suggestion.id)

        self._do(work())

    @precondition(lambda self: self.texts)
    @rule(data=st.data(), on=st.booleans())
    def switch(self, data: st.DataObject, on: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.texts)))

        async def work() -> None:
            self.engine.focused(_uri(name))
            self.engine.gate.switches.set_file(_uri(name), on=on)
            self.engine.admission.switched()

        self._do(work())

    @invariant()
    def each_request_has_one_answer_in_time(self) -> None:
        now_s = self.clock.now()
        for one in self.asked:
            assert len(one.outcomes) <= 1, "two answers"
            assert one.outcomes or now_s <= one.due_s + _LATE_S, "no answer in time"
        self.asked = [one for one in self.asked if not one.outcomes] + [
            one for one in self.asked if one.outcomes
        ][-3:]

    @invariant()
    def the_texts_are_those_of_the_editor(self) -> None:
        for name, text in self.texts.items():
            document = self.engine.document(_uri(name))
            assert document is not None
            assert document.snapshot.text() == text
            assert document.version == self.versions[name]
        assert self.engine._documents.keys() == {_uri(name) for name in self.texts}

    def teardown(self) -> None:
        async def work() -> None:
            await settle()
            for name in self.texts:
                self.engine.close(_uri(name))
            await settle()
            assert all(one.outcomes for one in self.asked), "a request without an answer"
            assert not self.streams, "a stream that nobody reads"
            # Perhaps the loop's own: what was read of a file, and what became of a suggestion.
            self.clock.advance(400_000)
            await settle()
            assert self.clock.is_idle, "a timer that belongs to nobody"
            await self.engine.aclose()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, f"a task is left: {left}"

        try:
            self.loop.run_until_complete(work())
        finally:
            self.loop.close()


def live(steps: int, *, steps_a_life: int = 50, derandomize: bool = False) -> None:
    """Take about so many steps, in lives of so many. Raises what the first life that fails raises, made as short as can be."""
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=max(1, steps // steps_a_life),
            stateful_step_count=steps_a_life,
            deadline=None,
            derandomize=derandomize,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def main() -> int:
    """Take many steps, and print how many."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=100_000)
    options = parser.parse_args()
    began_s = time.monotonic()
    live(options.steps)
    print(f"{options.steps} steps in {time.monotonic() - began_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
