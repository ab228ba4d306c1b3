"""Why streams end: each cause has its own name on record, and tells the request that waits what is so."""

from __future__ import annotations

from dataclasses import replace

from tests.support.engine_kit import URI, Bench, ScriptedGateway, run, settle
from typethrough.core.document.document import Position
from typethrough.core.outcome.causes import Cause, StreamEnd
from typethrough.core.outcome.outcome import Ending

CODE = "def area(width, height):\n    $0\n\nprint(area(2, 3))\n"


async def waiting() -> Bench:
    """A bench with a stream in flight."""
    bench = Bench(CODE)
    await bench.type("return ")
    await bench.wait(100)
    return bench


def test_a_third_question_does_not_say_that_the_first_diverged() -> None:
    async def scenario() -> None:
        bench = await waiting()
        for bench.cursor in (Position(0, 24), Position(0, 0)):
            bench.ask(invoked=True)
            await settle()
        assert [stream.closed for stream in bench.gateway.streams] == [True, False, False]
        assert bench.notes.streams == [StreamEnd.SUPERSEDED]

    run(scenario)


def test_a_closed_document_is_no_shutdown() -> None:
    async def scenario() -> None:
        bench = await waiting()
        bench.engine.close(URI)
        assert bench.notes.streams == [StreamEnd.DOCUMENT_CLOSED]

    run(scenario)


def test_the_end_of_the_engine_is_one() -> None:
    async def scenario() -> None:
        bench = await waiting()
        await bench.engine.aclose()
        assert bench.notes.streams == [StreamEnd.SHUTDOWN]

    run(scenario)


def test_settings_that_switch_off_say_so_to_the_request_that_waits() -> None:
    async def scenario() -> None:
        bench = await waiting()
        asked = bench.ask()
        bench.engine.configure(replace(bench.settings, enabled=False), bench.gateway)
        assert (asked.outcome.ending, asked.outcome.cause) == (Ending.SKIPPED, Cause.SWITCHED_OFF)
        assert bench.notes.streams == [StreamEnd.SWITCHED_OFF]

    run(scenario)


def test_other_settings_close_streams_for_what_they_are() -> None:
    async def scenario() -> None:
        bench = await waiting()
        bench.engine.configure(bench.settings, ScriptedGateway())
        assert bench.notes.streams == [StreamEnd.SETTINGS_CHANGED]

    run(scenario)


def test_a_request_that_loses_its_stream_to_other_settings_asks_the_new_gateway() -> None:
    async def scenario() -> None:
        bench = await waiting()
        asked = bench.ask()
        other = ScriptedGateway()
        bench.engine.configure(bench.settings, other)
        await settle()
        assert asked.open
        other.streams[0].say("width * height\n")
        assert asked.text == "width * height"
        assert bench.notes.streams[0] is StreamEnd.SETTINGS_CHANGED

    run(scenario)


def test_room_for_another_question_is_not_made_by_closing_what_the_request_waits_for() -> None:
    async def scenario() -> None:
        bench = await waiting()
        places = (bench.cursor, Position(0, 24), bench.cursor)
        for bench.cursor in places:
            bench.ask(invoked=True)
            await settle()
        assert len(bench.gateway.streams) == 2
        bench.engine._documents[URI].make_room()
        await settle()
        assert [stream.closed for stream in bench.gateway.streams] == [False, True]

    run(scenario)


def test_a_file_that_is_excluded_meanwhile_is_neither_diverged_nor_switched_off() -> None:
    async def scenario() -> None:
        bench = await waiting()
        asked = bench.ask()
        bench.engine.configure(replace(bench.settings, exclude=("*.py",)), bench.gateway)
        assert asked.outcome.cause is Cause.EXCLUDED
        assert bench.notes.streams == [StreamEnd.NOT_PERMITTED]

    run(scenario)


def test_a_question_in_place_of_one_that_diverged_leaves_the_other_alone() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        at = bench.cursor
        bench.cursor = Position(0, 0)
        bench.ask(invoked=True)
        await settle()
        bench.cursor = at
        await bench.type("return ")
        await bench.wait(100)
        await bench.type("hei", ms=100)
        await bench.say("width")
        await bench.wait(100)
        assert [stream.closed for stream in bench.gateway.streams] == [False, True, False]
        assert bench.notes.streams == [StreamEnd.DIVERGED]

    run(scenario)
