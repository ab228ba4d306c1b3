"""The engine from keystroke to outcome, with time by hand and a gateway that says what the test says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.engine_kit import URI, Bench, run, settle
from typethrough.core.document.document import Position
from typethrough.core.outcome.causes import Cause
from typethrough.core.outcome.outcome import Ending, Source
from typethrough.engine.ports import CredentialsRejected, GatewayUnavailable, PromptTooLong

CODE = "def area(width, height):\n    $0\n\nprint(area(2, 3))\n"


def test_a_pause_asks_the_model_once_and_the_first_line_is_the_answer() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        asked = await bench.type("return ", ms=20)
        assert bench.gateway.streams == []
        await bench.wait(100)
        assert len(bench.gateway.streams) == 1
        await bench.say("width", " * ")
        assert asked.open
        await bench.say("height", "\n")
        assert (asked.text, asked.outcome.source) == ("width * height", Source.MODEL)

    run(scenario)


def test_typing_through_a_suggestion_costs_no_request_and_never_changes_it() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        await bench.type("return ")
        await bench.wait(100)
        await bench.say("width * height\n")
        for index, char in enumerate("width * heigh", start=1):
            asked = await bench.type(char, ms=80)
            assert (asked.text, asked.outcome.source) == ("width * height"[index:], Source.SHOWN)
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_diverging_closes_the_upstream_at_the_edit() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        await bench.type("return ")
        await bench.wait(100)
        await bench.say("width * height\n")
        bench.insert("x")
        await settle()
        assert bench.gateway.streams[0].closed
        assert bench.notes.streams == ["diverged"]

    run(scenario)


def test_requests_made_while_a_stream_is_under_way_join_it() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        await bench.type("return ")
        await bench.wait(100)
        asked = await bench.type("wid", ms=100)
        assert len(bench.gateway.streams) == 1
        await bench.say("width * height\n")
        assert asked.text == "th * height"
        assert not bench.stream.closed

    run(scenario)


def test_a_stream_whose_text_does_not_fit_what_was_typed_meanwhile_is_closed_and_asked_again_in_time() -> (
    None
):
    async def scenario() -> None:
        bench = Bench(CODE)
        await bench.type("return ")
        await bench.wait(100)
        asked = await bench.type("hei", ms=100)
        await bench.say("width")
        assert bench.gateway.streams[0].closed
        assert len(bench.gateway.streams) == 1, "the next key may come as soon as ever"
        await bench.wait(100)
        assert len(bench.gateway.streams) == 2
        await bench.say("ght * width\n")
        assert asked.text == "ght * width"

    run(scenario)


def test_a_stream_that_nobody_waits_for_is_closed_when_its_text_turns_out_not_to_fit() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        await bench.type("return ")
        await bench.wait(100)
        bench.insert("hei")
        await bench.say("width")
        assert bench.stream.closed

    run(scenario)


def test_the_editors_cancel_ends_the_request_and_not_the_stream() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        asked = await bench.type("return ")
        await bench.wait(100)
        assert asked.pending is not None
        asked.pending.end(Cause.CANCELLED)
        assert asked.outcome.ending is Ending.CANCELLED
        await bench.say("width * height\n")
        assert not bench.stream.closed
        assert bench.ask().text == "width * height"
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_a_newer_request_supersedes_the_older_one_at_once() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        older = await bench.type("return ")
        newer = bench.ask()
        assert older.outcome.ending is Ending.SUPERSEDED
        assert newer.open

    run(scenario)


def test_an_edit_ends_the_request_for_the_old_version() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        asked = await bench.type("return ")
        bench.insert("w")
        assert asked.outcome.ending is Ending.SUPERSEDED

    run(scenario)


def test_the_deadline_answers_with_the_best_line_so_far_and_the_stream_goes_on_for_the_cache() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        asked = await bench.type("return ")
        await bench.wait(100)
        await bench.say("max(width, height)")
        await bench.wait(700)
        assert asked.open
        await bench.wait(100)
        assert asked.text == "max(width, height)"
        assert not bench.stream.closed

    run(scenario)


@pytest.mark.parametrize("budget_ms", [100, 500, 900])
def test_a_silent_gateway_never_delays_an_answer_past_the_budget(budget_ms: int) -> None:
    async def scenario() -> None:
        bench = Bench(CODE, budget_ms=budget_ms)
        asked = await bench.type("return ")
        await bench.wait(budget_ms)
        assert asked.outcome.ending is Ending.DEADLINE
        assert asked.outcome.stages_ms["total"] <= budget_ms

    run(scenario)


def test_the_lines_that_follow_are_served_from_the_cache() -> None:
    async def scenario() -> None:
        bench = Bench("def area(width, height):\n    $0\n")
        await bench.type("product = ")
        await bench.wait(100)
        await bench.say("width * height\n", "    print(product)\n", "    return product\n")
        bench.stream.finish()
        await settle()
        bench.insert("width * height")
        assert bench.ask().text.lstrip("\n") == "    print(product)"
        bench.insert("\n    print(product)\n    ")
        asked = bench.ask()
        assert (asked.text, asked.outcome.source) == ("return product", Source.CACHE)
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_backspacing_into_what_was_asked_before_is_served_from_the_cache() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        await bench.type("return ")
        await bench.wait(100)
        await bench.say("width * height\n")
        bench.stream.finish()
        await settle()
        await bench.type("wx")
        bench.backspace(2)
        asked = bench.ask()
        assert (asked.text, asked.outcome.source) == ("width * height", Source.CACHE)

    run(scenario)


def test_accepting_asks_for_what_follows_with_no_debounce() -> None:
    async def scenario() -> None:
        bench = Bench("def area(width, height):\n    $0\n")
        bench.expect_more()
        await bench.type("product = ")
        await bench.wait(100)
        await bench.say("width * height")
        bench.stream.finish()
        await settle()
        bench.insert("width * height")
        await settle()
        assert len(bench.gateway.streams) == 2
        asked = bench.ask()
        await bench.say("\n    return product\n")
        assert asked.text == "\n    return product"
        assert asked.outcome.source in (Source.MODEL, Source.JOIN)

    run(scenario)


def test_the_accept_command_prefetches_too_and_only_once() -> None:
    async def scenario() -> None:
        bench = Bench("def area(width, height):\n    $0\n")
        bench.expect_more()
        await bench.type("product = ")
        await bench.wait(100)
        asked = bench.ask()
        await bench.say("width * height")
        bench.stream.finish()
        await settle()
        suggestion = asked.outcome.suggestions[0]
        bench.insert(suggestion.text)
        bench.engine.reports.accepted(suggestion.id)
        await settle()
        assert len(bench.gateway.streams) == 2

    run(scenario)


def test_what_follows_an_acceptance_is_asked_for_ahead_only_where_that_has_paid() -> None:
    async def accepts(bench: Bench, line: str, more: str) -> bool:
        """Whether it was asked ahead; `more` is what the model says to that, or else to the usual question."""
        await bench.type(line)
        await bench.wait(100)
        await bench.say("width * height")
        bench.stream.finish()
        await settle()
        streams = len(bench.gateway.streams)
        bench.insert("width * height")
        await settle()
        is_ahead = len(bench.gateway.streams) > streams
        bench.ask()
        await bench.wait(100)
        await bench.say(more)
        bench.stream.finish()
        await settle()
        return is_ahead

    async def scenario() -> None:
        bench = Bench("def area(width, height):\n    $0\n")
        assert not await accepts(bench, "product = ", "\n    done()\n"), "nobody knows yet"
        assert not await accepts(bench, "\n    sum = ", "\n    done()\n"), "once may be chance"
        assert await accepts(bench, "\n    size = ", ""), "it has paid"
        assert not await accepts(bench, "\n    area = ", ""), "and does so no more"

    run(scenario)


def test_prefetch_is_off_when_the_user_says_so() -> None:
    async def scenario() -> None:
        bench = Bench("def area(width, height):\n    $0\n", prefetch=False)
        bench.expect_more()
        await bench.type("product = ")
        await bench.wait(100)
        await bench.say("width * height")
        bench.stream.finish()
        await settle()
        bench.insert("width * height")
        await settle()
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_the_debounce_counts_from_the_last_edit() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        bench.insert("return ")
        bench.clock.advance(200)
        bench.ask()
        await settle()
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_what_the_user_invoked_is_asked_at_once() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        bench.insert("return ")
        bench.ask(invoked=True)
        await settle()
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_a_failing_gateway_ends_the_request_with_its_reason_and_one_notice() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        asked = await bench.type("return ")
        await bench.wait(100)
        bench.stream.fail(CredentialsRejected("The key was refused.", status=401))
        await settle()
        assert (asked.outcome.ending, asked.outcome.reason) == (Ending.FAILED, "The key was refused.")
        assert bench.notes.notices == ["The key was refused."]

    run(scenario)


def test_after_a_failure_the_same_place_is_asked_again() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        await bench.type("return ")
        await bench.wait(100)
        bench.stream.fail(GatewayUnavailable("The gateway is down."))
        await settle()
        bench.ask()
        await settle()
        assert len(bench.gateway.streams) == 2

    run(scenario)


def test_a_gateway_that_refuses_beforehand_is_not_asked() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        bench.gateway.reason = "Rate limited for 20 s."
        asked = await bench.type("return ")
        await bench.wait(100)
        assert bench.gateway.streams == []
        assert (asked.outcome.ending, asked.outcome.reason) == (Ending.FAILED, "Rate limited for 20 s.")

    run(scenario)


def test_an_empty_answer_is_remembered_for_its_place() -> None:
    async def scenario() -> None:
        bench = Bench("x = 1$0\n")
        asked = bench.ask()
        await bench.wait(100)
        bench.stream.finish()
        await settle()
        assert asked.outcome.ending is Ending.EMPTY
        assert bench.ask().outcome.ending is Ending.EMPTY
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_a_bracket_that_the_editor_closes_does_not_make_the_suggestion_vanish() -> None:
    async def scenario() -> None:
        bench = Bench("$0\n\nprint(1)\n")
        bench.insert("result = area")
        bench.ask()
        await bench.wait(100)
        await bench.say("(width, height)\n")
        at = bench.cursor
        bench.edit(at, at, "()")
        bench.cursor = Position(at.line, at.column + 1)
        asked = bench.ask()
        assert (asked.text, asked.outcome.source) == ("width, height", Source.SHOWN)

    run(scenario)


def test_a_suggestion_survives_an_import_added_above() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        await bench.type("return ")
        await bench.wait(100)
        await bench.say("width * height\n")
        bench.engine.edit(URI, Position(0, 0), Position(0, 0), "import math\n")
        bench.engine.changed(URI, 99)
        bench.cursor = Position(bench.cursor.line + 1, bench.cursor.column)
        assert bench.ask().outcome.source is Source.SHOWN
        assert not bench.stream.closed

    run(scenario)


def test_an_open_completion_menu_gets_only_what_extends_its_selection() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        await bench.type("return ")
        await bench.wait(100)
        await bench.say("width * height\n")
        await bench.type("wi")
        assert bench.ask(expected="dth").text == "dth * height"
        asked = bench.ask(expected="ndow")
        await bench.wait(100)
        assert "return window" in bench.stream.question
        await bench.say(".width\n")
        assert asked.text == "ndow.width"


def test_who_takes_the_menus_item_has_the_rest_at_once() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        bench.insert("return wi")
        bench.ask(expected="ndow")
        await bench.wait(100)
        await bench.say(".width\n")
        start = Position(bench.cursor.line, bench.cursor.column - 2)
        bench.edit(start, bench.cursor, "window")
        assert bench.ask().text == ".width"
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_a_stream_that_says_something_else_than_the_menu_is_left_for_another() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        bench.insert("return ")
        bench.ask()
        await bench.wait(100)
        asked = bench.ask(expected="height")
        first = bench.stream
        first.say("width\n")
        await settle()
        assert asked.open
        assert bench.stream is not first
        await bench.say(" * 2\n")
        assert asked.text == "height * 2"

    run(scenario)


def test_the_local_lane_goes_on_from_the_menus_selection() -> None:
    async def scenario() -> None:
        bench = Bench("a.sort(key=first)\nb.sort(key=first)\nc.so$0\n", local_lane=True, model_lane=False)
        await bench.engine.read_all()
        assert bench.ask(expected="rt").text == "rt(key=first)"
        assert bench.ask(expected="me").outcome.ending is not Ending.ANSWERED

    run(scenario)

    run(scenario)


def test_closing_a_document_ends_its_request_and_its_streams() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        asked = await bench.type("return ")
        await bench.wait(100)
        bench.engine.close(URI)
        await settle()
        assert asked.outcome.ending is Ending.SUPERSEDED
        assert bench.stream.closed

    run(scenario)


def test_closing_the_engine_closes_every_stream_and_the_gateway() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        await bench.type("return ")
        await bench.wait(100)
        await bench.engine.aclose()
        assert bench.stream.closed
        assert bench.gateway.closed

    run(scenario)


def test_a_stream_is_closed_when_it_has_said_enough_for_the_cache() -> None:
    async def scenario() -> None:
        bench = Bench("$0\n")
        bench.insert("numbers = [")
        bench.ask()
        await bench.wait(100)
        await bench.say("1, 2]\n", *(f"print({number})\n" for number in range(100)))
        assert bench.stream.closed
        assert bench.notes.streams == ["enough"]

    run(scenario)


def test_a_stalled_stream_is_not_joined_for_ever() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        await bench.type("return ")
        await bench.wait(100)
        await bench.wait(5_000)
        bench.ask()
        await settle()
        assert [stream.closed for stream in bench.gateway.streams] == [True, False]

    run(scenario)


@pytest.mark.parametrize(
    ("is_local", "waited_ms", "is_closed"),
    [(False, 1_500, False), (False, 2_500, True), (True, 5_000, False), (True, 11_000, True)],
)
def test_a_fast_server_that_reads_a_long_prompt_again_is_waited_for(
    is_local: bool, waited_ms: float, is_closed: bool
) -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        bench.gateway.profile = replace(bench.gateway.profile, is_local=is_local)
        for _ in range(24):
            bench.engine._model.waits(None).note(40.0, spoke=True)
        await bench.type("return ")
        await bench.wait(500)
        await bench.wait(waited_ms)
        bench.ask()
        await settle()
        assert bench.gateway.streams[0].closed is is_closed

    run(scenario)


def test_in_the_middle_of_a_line_nothing_is_asked() -> None:
    async def scenario() -> None:
        bench = Bench("x = foo($0bar + 1)\n")
        asked = bench.ask()
        assert asked.outcome.ending is Ending.SKIPPED
        await bench.wait(1_000)
        assert bench.gateway.streams == []

    run(scenario)


def test_enter_on_an_indented_blank_line_takes_the_question_one_line_down() -> None:
    async def scenario() -> None:
        bench = Bench("def area(width, height):\n    $0\n\nprint(area(2, 3))\n")
        bench.ask()
        await bench.wait(100)
        bench.edit(Position(1, 0), bench.cursor, "\n    ")
        asked = bench.ask()
        await bench.say("return width * height")
        bench.stream.finish()
        await settle()
        assert asked.text == "return width * height"
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_what_was_deleted_is_not_offered_until_it_is_typed_again() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        await bench.type("return ")
        await bench.wait(100)
        await bench.say("width * height")
        bench.stream.finish()
        await settle()
        bench.insert("width * height")
        bench.backspace(len("width * height"))
        assert bench.ask().outcome.reason == "dismissed here"
        asked = await bench.type("wid")
        assert asked.text == "th * height"

    run(scenario)


def test_a_model_that_ended_after_several_lines_is_not_asked_again_for_more() -> None:
    async def scenario() -> None:
        bench = Bench("def area(width, height):\n    $0\n")
        await bench.type("product = ")
        await bench.wait(100)
        await bench.say("width * height\n    return product")
        bench.stream.finish()
        await settle()
        bench.insert("width * height\n    return product")
        assert bench.ask().outcome.ending is Ending.EMPTY
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_a_stream_is_joined_across_lines_in_a_file_with_crlf() -> None:
    async def scenario() -> None:
        bench = Bench("def area(width, height):\r\n    $0\r\n\r\nprint(1)\r\n")
        await bench.type("product = ")
        await bench.wait(100)
        await bench.say("width")
        bench.insert("width * height\r\n    ")
        bench.stream.say(" * height\n    return product\n")
        await settle()
        assert not bench.stream.closed

    run(scenario)


def test_a_prompt_that_is_too_long_for_the_model_is_shorter_the_next_time() -> None:
    async def scenario() -> None:
        bench = Bench("x = 1\n" * 5_000 + CODE)
        await bench.type("r")
        await bench.wait(200)
        first = bench.stream
        first.fail(PromptTooLong("Too long.", status=400))
        await settle()
        bench.clock.advance(1_000)
        await bench.type("e")
        await bench.wait(200)
        sizes = [
            sum(len(message.text) for message in stream.prompt.messages) for stream in (first, bench.stream)
        ]
        assert bench.stream is not first
        assert sizes[1] < 0.75 * sizes[0]

    run(scenario)


LOOP = "def f(a):\n    for b in a:\n        g(b)$0\n\nx = 1\n"


def test_a_line_that_stands_further_out_is_there_when_a_level_is_taken_back() -> None:
    async def scenario() -> None:
        bench = Bench(LOOP)
        bench.ask()
        await bench.wait(100)
        bench.insert("\n        ")
        assert not bench.stream.closed
        bench.backspace(4)
        asked = bench.ask()
        await bench.say("\n    return a\n")
        assert asked.text == "return a"
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_a_stream_goes_on_when_a_level_is_taken_back_before_it_has_said_anything() -> None:
    async def scenario() -> None:
        bench = Bench(LOOP)
        bench.insert("\n        ")
        bench.ask()
        await bench.wait(100)
        bench.backspace(4)
        asked = bench.ask()
        await bench.say("return a\n")
        assert asked.text == "return a"
        bench.insert("re")
        assert bench.ask().text == "turn a"
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_a_stream_is_closed_when_its_answer_does_not_fit_the_level_that_was_taken_back() -> None:
    async def scenario() -> None:
        bench = Bench(LOOP)
        bench.insert("\n        ")
        bench.ask()
        await bench.wait(100)
        await bench.say("h(b)")
        bench.backspace(4)
        await settle()
        assert bench.stream.closed

    run(scenario)


def test_a_blank_typed_or_taken_back_before_an_answer_needs_no_other_question() -> None:
    async def scenario() -> None:
        bench = Bench("a = 1\nb =$0\n")
        bench.ask()
        await bench.wait(100)
        bench.insert(" ")
        asked = bench.ask()
        await bench.say("a + 1")
        bench.stream.finish()
        await settle()
        assert asked.text == "a + 1"
        bench.backspace(1)
        assert bench.ask().text == "a + 1"
        assert len(bench.gateway.streams) == 1

    run(scenario)
