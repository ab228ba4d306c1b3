"""What stays in memory: nothing of a document that may not be remembered, and of the others no more than is in use."""

from __future__ import annotations

import asyncio
import gc
import types
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from tests.support.engine_kit import URI, Asked, Bench, run, settle
from typethrough.core import remembered
from typethrough.core.document.document import Position
from typethrough.engine.pending import Request

if TYPE_CHECKING:
    from typethrough.engine.engine import Engine

MARK = "kept_to_myself"
OTHER = "file:///project/other.py"
TEXT = f"import os\n\n\ndef {MARK}(a, b):\n    '''{MARK}'''\n    return a\n\n\nvalue = {MARK}(1, 2)\n" * 3
_NOT_HELD = (
    types.FunctionType,
    type,
    types.ModuleType,
    types.FrameType,
    types.CodeType,
    types.BuiltinFunctionType,
    asyncio.BaseEventLoop,
)


def ways_to(mark: str, *roots: Any) -> set[str]:
    """How a text is reached from some objects, as the names of the types on the way."""
    came_from: dict[int, tuple[Any, str]] = {id(root): (None, type(root).__name__) for root in roots}
    waiting, kept, found = deque(roots), [], set[str]()
    while waiting:
        one = waiting.popleft()
        for held in _held_by(one):
            if id(held) in came_from or isinstance(held, _NOT_HELD):
                continue
            came_from[id(held)] = one, type(held).__name__
            kept.append(held)
            if isinstance(held, str | bytes | bytearray):
                is_it = mark in held if isinstance(held, str) else mark.encode() in held
                if is_it:
                    found.add(_way(held, came_from))
            else:
                waiting.append(held)
    return found


def _held_by(one: Any) -> list[Any]:
    held = gc.get_referents(one)
    # A function knows its whole module; what it was made with is in its closure.
    functions = [other for other in held if isinstance(other, types.FunctionType)]
    return held + [cell for function in functions for cell in function.__closure__ or ()]


def _way(held: Any, came_from: dict[int, tuple[Any, str]]) -> str:
    names = []
    while held is not None:
        held, name = came_from[id(held)]
        names.append(name)
    return " in ".join(names)


def kept_results() -> list[int]:
    """How many results of pure functions are kept."""
    caches = [cast("Any", clear).__self__ for clear in remembered._CLEARING]
    return [cache.cache_info().currsize for cache in caches]


async def use(bench: Bench) -> Engine:
    """Type and ask in a document whose every line has the mark, until everything that may remember it does."""
    engine = bench.engine
    engine.open(OTHER, "python", 1, TEXT)
    await engine.read_all()
    for line in (3, 5, 12):
        for text in (f"{MARK}_{line}(", "1", ")\n"):
            document = engine.document(OTHER)
            assert document is not None
            at = Position(line, document.snapshot.line_chars(line))
            engine.edit(OTHER, at, at, text)
            engine.changed(OTHER, document.version + 1)
            after = Position(line + 1, 0) if "\n" in text else Position(line, at.column + len(text))
            engine.begin(Request(OTHER, after, False, bench.clock.now()), Asked().ended)
            await bench.wait(300)
            if not bench.stream.closed and not bench.stream.end.done():
                await bench.say(f" + {MARK}_answer\n")
                bench.stream.finish()
            await bench.wait(5_000)
    await engine.read_all()
    return engine


def test_nothing_of_a_document_that_is_excluded_now_is_kept_anywhere() -> None:
    async def scenario() -> None:
        bench = Bench("$0", local_lane=True, warm_up="always")
        engine = await use(bench)
        # The scripted gateway stands outside.
        bench.gateway.streams.clear()
        bench.notes.outcomes.clear()
        assert len(ways_to(MARK, engine)) > 10
        assert sum(kept_results()) > 10
        engine.configure(replace(bench.settings, exclude=("other.py",)), bench.gateway)
        await engine.read_all()
        # The editor holds its text as long as it is open, and so do we.
        engine.close(OTHER)
        await bench.wait(400_000)
        del bench.clock._calls[:]
        assert ways_to(MARK, engine) == set()
        assert sum(kept_results()) == 0

    run(scenario)


def test_an_hour_of_edits_that_nobody_asks_about_adds_up_to_nothing() -> None:
    async def scenario() -> None:
        bench = Bench("\n".join(f"line {number}" for number in range(100)) + "$0")
        bench.ask(invoked=True)
        await settle()
        prompt = bench.engine._documents[URI].prompt
        assert len(prompt._log.messages) < 9
        for number in range(600):
            line = number * 37 % 100
            bench.edit(Position(line, 0), Position(line, 0), f"changed {number} ")
        assert sum(len(message.text) for message in prompt._log.messages) < 20_000
        # What was left out is told by freezing the file again.
        bench.ask(invoked=True)
        await settle()
        assert prompt.reason == "the log is long"
        assert "changed 599 " in "".join(message.text for message in bench.stream.prompt.messages)

    run(scenario)
