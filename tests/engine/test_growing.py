"""Suggestions that are shown while they grow: what has been handed out is only ever extended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.engine.test_life_of_a_keystroke import CODE
from tests.support.cursor import view_at
from tests.support.engine_kit import URI, Bench, run
from typethrough.core.document.document import Position
from typethrough.core.filters import Fit, fitted
from typethrough.core.outcome.causes import Cause
from typethrough.core.outcome.outcome import Ending, Feedback, Source, Usage
from typethrough.engine.pending import Request
from typethrough.engine.ports import Finish, GatewayUnavailable

if TYPE_CHECKING:
    from typethrough.core.document.view import View
    from typethrough.core.outcome.outcome import Outcome, Suggestion


class Growing:
    """A request whose suggestions are shown as they grow."""

    def __init__(self, bench: Bench, *, invoked: bool = False) -> None:
        self.partial: list[Suggestion] = []
        self.outcomes: list[Outcome] = []
        request = Request(URI, bench.cursor, invoked, bench.clock.now())
        bench.engine.begin(request, self._ended, self._grown)

    def _grown(self, _: View, suggestion: Suggestion) -> None:
        self.partial.append(suggestion)

    def _ended(self, _: View, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.partial]

    @property
    def outcome(self) -> Outcome:
        (outcome,) = self.outcomes
        return outcome


async def asked(bench: Bench, *, invoked: bool = False) -> Growing:
    """Type `return `, and ask in a way that shows the text as it grows."""
    bench.insert("return ")
    growing = Growing(bench, invoked=invoked)
    await bench.wait(100)
    return growing


def test_whole_words_are_handed_out_as_they_come_and_the_answer_extends_them() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        growing = await asked(bench)
        for piece in ("wid", "th", " * hei", "ght", " + 1", "\n"):
            await bench.say(piece)
        assert growing.texts == ["width *", "width * height +"]
        assert growing.outcome.suggestions[0].text == "width * height + 1"
        assert {one.id for one in growing.partial} == {growing.outcome.suggestions[0].id}
        assert "first_shown" in growing.outcome.stages_ms

    run(scenario)


def test_what_is_on_screen_in_part_is_not_taken_back_by_the_grammar() -> None:
    pieces = ("size(", "width", ") + heig", "ht) * 2", "\n")

    async def at_once() -> None:
        growing = await asked(bench := Bench(CODE))
        await bench.say("".join(pieces))
        bench.stream.finish()
        await bench.wait(10)
        assert growing.outcome.cause is Cause.SYNTAX

    async def in_pieces() -> None:
        growing = await asked(bench := Bench(CODE))
        for piece in pieces:
            await bench.say(piece)
        assert growing.texts
        assert growing.outcome.suggestions[0].text.startswith(growing.texts[-1])

    run(at_once)
    run(in_pieces)


def test_of_a_block_whole_lines_are_handed_out() -> None:
    async def scenario() -> None:
        bench = Bench("def area(width, height):$0\n\nprint(area(2, 3))\n")
        growing = Growing(bench, invoked=True)
        await bench.wait(100)
        for piece in ("\n    scale", " = 2\n    ret", "urn width", " * scale\n\nprint(1)\n"):
            await bench.say(piece)
        assert growing.texts[0] == "\n    scale = 2"
        assert growing.outcome.suggestions[0].text == "\n    scale = 2\n    return width * scale"

    run(scenario)


def test_who_does_not_show_growing_text_gets_one_answer_as_before() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        request = await bench.type("return ")
        await bench.wait(100)
        await bench.say("width", " * ")
        assert request.open

    run(scenario)


def test_what_was_handed_out_is_the_answer_when_the_stream_fails() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        growing = await asked(bench)
        await bench.say("width", " * height", " - ")
        bench.stream.fail(GatewayUnavailable("gone"))
        await bench.wait(0)
        assert growing.outcome.ending is Ending.ANSWERED
        assert growing.outcome.suggestions == (growing.partial[-1],)

    run(scenario)


def test_what_was_handed_out_is_the_answer_when_the_time_is_up() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        growing = await asked(bench)
        await bench.say("width", " * height", " - ")
        await bench.wait(2_000)
        assert growing.outcome.suggestions == (growing.partial[-1],)
        assert bench.engine.document(URI) is not None
        again = bench.ask()
        assert again.outcome.source is Source.SHOWN
        assert again.text == growing.partial[-1].text

    run(scenario)


def test_the_local_lane_does_not_contradict_what_a_stream_has_put_on_the_screen() -> None:
    async def scenario() -> None:
        code = "total = width + depth\n" * 3 + "$0\n"
        bench = Bench(code, local_lane=True)
        bench.insert("total = ")
        assert bench.ask().outcome.source is Source.LOCAL, (
            "the lane must be sure for the test to mean anything"
        )
        bench = Bench(code)
        bench.insert("total = ")
        growing = Growing(bench)
        await bench.wait(100)
        await bench.say("height", " * 3", " ")
        bench.engine._sources.settings = replace(bench.settings, local_lane=True)
        later = Growing(bench)
        assert later.texts == growing.texts[-1:] == ["height * 3"]
        assert later.outcomes == []

    run(scenario)


def test_typing_into_growing_text_goes_on_with_what_is_left_of_it() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        growing = await asked(bench)
        await bench.say("width", " * ", "hei")
        assert growing.texts == ["width *"]
        bench.insert("w")
        assert growing.outcome.ending is Ending.SUPERSEDED
        later = Growing(bench)
        assert later.texts == ["idth *"]
        await bench.say("ght\n")
        assert later.outcome.suggestions[0].text == "idth * height"
        assert len(bench.gateway.streams) == 1

    run(scenario)


def test_a_line_that_may_turn_out_to_be_the_next_one_waits() -> None:
    async def scenario() -> None:
        bench = Bench("def area(width, height):\n    $0\n    return width * height\n")
        growing = Growing(bench)
        await bench.wait(200)
        for piece in ("return", " width", " * height", "\n"):
            await bench.say(piece)
        assert growing.texts == []

    run(scenario)


# --- sent away


def test_a_dismissed_suggestion_does_not_come_back_while_the_text_leads_into_it() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        request = await bench.type("return ")
        await bench.wait(100)
        await bench.say("width * height\n")
        bench.engine.reports.dismissed(request.outcome.suggestions[0].id)
        for char in "wid":
            request = await bench.type(char)
            assert (request.outcome.ending, request.outcome.reason) == (Ending.SKIPPED, "dismissed here")
        request = await bench.type("x")
        assert request.open, "other text is another question"
        assert bench.notes.feedbacks == [(Feedback.DISMISSED, "1", 0)]

    run(scenario)


def test_asking_by_hand_brings_a_dismissed_suggestion_back() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        request = await bench.type("return ")
        await bench.wait(100)
        await bench.say("width * height\n")
        bench.engine.reports.dismissed(request.outcome.suggestions[0].id)
        assert bench.ask().outcome.ending is Ending.SKIPPED
        assert bench.ask(invoked=True).text == "width * height"
        assert bench.ask().text == "width * height"

    run(scenario)


def test_growing_text_can_be_dismissed() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        growing = await asked(bench)
        await bench.say("width", " * ", "hei")
        bench.engine.reports.dismissed(growing.partial[-1].id)
        assert growing.outcome.ending is Ending.SUPERSEDED
        assert bench.ask().outcome.reason == "dismissed here"

    run(scenario)


# --- switches


def test_switching_off_ends_what_waits_and_what_runs() -> None:
    async def scenario() -> None:
        bench = Bench(CODE)
        request = await bench.type("return ")
        await bench.wait(100)
        bench.engine.gate.switches.set_file(URI, on=False)
        bench.engine.admission.switched()
        await bench.wait(0)
        assert request.outcome.reason == "switched off for this file"
        assert bench.notes.streams == ["switched off"]
        assert bench.ask(invoked=True).outcome.reason == "switched off for this file"
        bench.engine.gate.switches.set_file(URI, on=True)
        assert bench.ask().open

    run(scenario)


def test_the_step_of_indentation_is_the_editors_where_the_file_has_none() -> None:
    async def scenario() -> None:
        bench = Bench("def area(width, height):$0\n")
        document = bench.engine.document(URI)
        assert document is not None
        document.usual_unit = "\t"
        request = bench.ask(invoked=True)
        await bench.wait(100)
        await bench.say("\n    return width * height\n")
        bench.stream.finish()
        await bench.wait(0)
        assert request.text == "\n\treturn width * height"
        assert document.snapshot.clamp(Position(9, 9)) == Position(1, 0)

    run(scenario)


# --- spending


def test_over_the_days_limit_the_model_is_not_asked_and_the_status_says_so() -> None:
    async def scenario() -> None:
        bench = Bench(CODE, daily_limit_cents=1)
        await bench.type("return ")
        await bench.wait(100)
        assert len(bench.gateway.streams) == 1
        bench.notes.spent = type(bench.notes.spent)(dollars=0.0101)
        bench.stream.say("width * height\n")
        bench.stream.finish()
        await bench.wait(0)
        assert bench.notes.statuses[-1] == "over_limit"
        request = await bench.type("x, ", ms=50)
        await bench.wait(200)
        assert request.outcome.ending is Ending.FAILED
        assert "daily_limit_cents" in request.outcome.reason
        assert len(bench.gateway.streams) == 1
        # The next day.
        bench.notes.spent = type(bench.notes.spent)()
        await bench.type("y", ms=50)
        await bench.wait(300)
        assert len(bench.gateway.streams) == 2
        assert "ready" in bench.notes.statuses[-3:]

    run(scenario)


def test_a_limit_that_another_process_has_spent_is_told_before_anything_is_asked() -> None:
    async def scenario() -> None:
        bench = Bench(CODE, daily_limit_cents=1)
        bench.notes.spent = type(bench.notes.spent)(dollars=0.02)
        for _ in range(3):
            await bench.type("a", ms=500)
        assert bench.gateway.streams == []
        assert bench.notes.statuses[-1] == "over_limit"
        assert len(bench.notes.notices) == 1
        assert "daily_limit_cents" in bench.notes.notices[0]

    run(scenario)


def test_a_stream_that_we_close_costs_about_what_its_prompt_costs() -> None:
    async def scenario() -> None:
        bench = Bench(CODE + "# a line of text that makes the prompt long enough to cost something\n" * 40)
        await bench.type("return ")
        await bench.wait(100)
        await bench.say("width")
        bench.insert("x")
        await bench.wait(0)
        assert bench.notes.streams == ["diverged"]
        assert 500 < bench.notes.spent.usage.prompt_tokens < 2_000
        assert bench.notes.spent.dollars > 0

    run(scenario)


# --- several


def test_who_asks_by_hand_can_look_through_what_else_is_known() -> None:
    async def scenario() -> None:
        code = "total = width + depth\n" * 3 + "$0\n"
        bench = Bench(code)
        bench.insert("total = ")
        bench.ask()
        await bench.wait(100)
        await bench.say("height * 3\n")
        assert [one.text for one in bench.ask(invoked=True).outcome.suggestions] == ["height * 3"]
        bench.engine._sources.settings = replace(bench.settings, local_lane=True)
        several = bench.ask(invoked=True).outcome.suggestions
        assert [(one.text, one.source) for one in several] == [
            ("height * 3", Source.JOIN),
            ("width + depth", Source.LOCAL),
        ]
        assert len({one.id for one in several}) == 2
        assert len(bench.ask().outcome.suggestions) == 1

    run(scenario)


def test_asking_by_hand_for_more_than_the_line_that_is_shown_gives_the_block() -> None:
    async def scenario() -> None:
        bench = Bench("def area(width, height):$0\n\nprint(area(2, 3))\n", max_lines=1)
        bench.ask()
        await bench.wait(100)
        await bench.say("\n    scale = 2\n    return width * scale\n\nprint(1)\n")
        assert bench.ask().text == "\n    scale = 2"
        assert bench.ask(invoked=True).text == "\n    scale = 2\n    return width * scale"

    run(scenario)


def test_asking_by_hand_with_a_guess_on_the_screen_asks_the_model() -> None:
    async def scenario() -> None:
        bench = Bench("total = width + depth\n" * 3 + "$0\n", local_lane=True)
        bench.insert("total = ")
        assert bench.ask().outcome.source is Source.LOCAL
        request = bench.ask(invoked=True)
        await bench.wait(0)
        await bench.say("height * 3\n")
        assert [one.text for one in request.outcome.suggestions] == ["height * 3", "width + depth"]

    run(scenario)


def test_a_language_that_nobody_knows_is_read_off_the_files_name() -> None:
    async def scenario() -> None:
        bench = Bench("x = $0", language="prog")
        document = bench.engine.document(URI)
        assert document is not None
        assert document.language_id == "python"
        bench = Bench("x = $0", language="lua")
        document = bench.engine.document(URI)
        assert document is not None
        assert document.language_id == "lua"

    run(scenario)


# --- closers that the editor has put behind the cursor


@pytest.mark.parametrize(
    ("typed", "behind", "rest", "shown", "replaces"),
    [
        ("print(", ")", "area(2, 3))\n", "area(2, 3)", 0),
        ("def depth(", ")", "a, b):\n", "a, b):", 1),
        ("def depth(a, b", ")", "):\n", "):", 1),
        ("first = areas[0", "]", "].owner, areas[-1].owner\n", "].owner, areas[-1].owner", 1),
        ('names = {"', '"}', 'a": 1, "b": two}\n', 'a": 1, "b": two}', 2),
        ('print(f"{wid', '}")', 'th} by {height}", "in all")\n', 'th} by {height}", "in all")', 3),
        ("print(f(", "))", "width))\n", "width", 0),
    ],
)
def test_the_line_is_right_whatever_the_editor_has_closed(
    typed: str, behind: str, rest: str, shown: str, replaces: int
) -> None:
    async def scenario() -> None:
        bench = Bench(f"width = 2\n{typed}$0{behind}\n")
        request = bench.ask()
        await bench.wait(100)
        await bench.say(rest)
        assert (request.text, request.outcome.suggestions[0].replaces) == (shown, replaces)
        again = bench.ask()
        assert again.outcome.source is Source.SHOWN
        assert again.outcome.suggestions[0].replaces == replaces
        bench.insert(shown[0])
        through = bench.ask().outcome.suggestions[0]
        assert (through.text, through.replaces) == (shown[1:], replaces)

    run(scenario)


def test_a_text_cut_off_at_the_limit_of_tokens_ends_at_its_last_whole_line() -> None:
    async def scenario() -> None:
        bench = Bench("def area(width, height):$0\n\nprint(area(2, 3))\n")
        request = bench.ask(invoked=True)
        await bench.wait(100)
        await bench.say("\n    scale = 2\n    weight =")
        bench.stream.end.set_result(Finish("length", Usage()))
        await bench.wait(0)
        assert request.text == "\n    scale = 2"
        assert bench.notes.streams == ["length"]

    run(scenario)


def test_moving_the_cursor_about_asks_when_it_rests() -> None:
    async def scenario() -> None:
        bench = Bench("a = 1\n" * 40 + "$0")
        bench.insert("b = ")
        await bench.wait(1_000)
        for line in range(20):
            bench.cursor = Position(line, 5)
            bench.ask()
            await bench.wait(30)
        # The first request comes a second after the edit, when nothing says yet that the cursor is on its way.
        assert len(bench.gateway.streams) <= 1
        await bench.wait(200)
        assert len(bench.gateway.streams) <= 2

    run(scenario)


def test_the_local_lane_goes_round_what_the_editor_has_closed() -> None:
    async def scenario() -> None:
        known = "with open(path, encoding=code) as handle:\n    total += handle.size\n" * 12
        bench = Bench(known + "with open($0)\n", local_lane=True)
        (suggestion,) = bench.ask().outcome.suggestions
        assert (suggestion.text, suggestion.source) == ("path, encoding=code) as handle:", Source.LOCAL)
        assert suggestion.replaces == 1

    run(scenario)


def test_a_line_full_of_closers_is_not_read_once_for_each() -> None:
    view = view_at("f($0" + ")" * 1_900)
    fit = fitted("a))))))))))))", view)
    assert isinstance(fit, Fit)
    assert fit.replaces <= 9


BODY = "def area(width, height):\n    $0\n\n\nprint(area(2, 3))\n"


def test_a_body_that_comes_slowly_answers_with_its_first_lines_and_the_rest_is_kept() -> None:
    async def scenario() -> None:
        bench = Bench(BODY)
        request = bench.ask()
        await bench.wait(100)
        await bench.say("scale = 2\n    width *= scale\n    height")
        assert request.open
        await bench.wait(300)
        await bench.say(" *= sc")
        assert request.text == "scale = 2\n    width *= scale"
        await bench.say("ale\n    return width * height\n")
        bench.insert(request.text)
        assert bench.ask().text == "\n    height *= scale"

    run(scenario)


def test_a_body_that_comes_fast_answers_whole() -> None:
    async def scenario() -> None:
        bench = Bench(BODY)
        request = bench.ask()
        await bench.wait(100)
        await bench.say("scale = 2\n")
        await bench.say("    return width * scale\n\n\nprint(1)\n")
        assert request.text == "scale = 2\n    return width * scale"

    run(scenario)


def test_a_body_grows_in_few_steps_and_ends_with_itself() -> None:
    async def scenario() -> None:
        bench = Bench(BODY)
        growing = Growing(bench)
        await bench.wait(100)
        for line in (
            "scale = 2\n",
            "    width *= 2\n",
            "    height *= 2\n",
            "    scale -= 1\n",
            "    x = 1\n",
        ):
            await bench.say(line)
        await bench.wait(400)
        await bench.say("    y = 1\n\n\ndef next():\n")
        lines = ["scale = 2", "    width *= 2", "    height *= 2", "    scale -= 1", "    x = 1", "    y = 1"]
        assert growing.texts == ["\n".join(lines[:count]) for count in (1, 2, 4)]
        assert growing.outcome.suggestions[0].text == "\n".join(lines)

    run(scenario)


def test_what_is_typed_of_a_body_keeps_the_rest_of_it() -> None:
    async def scenario() -> None:
        bench = Bench(BODY)
        bench.ask()
        await bench.wait(100)
        await bench.say("scale = 2\n    return width * scale\n\n\nprint(1)\n")
        for char in "scale = 2\n    re":
            bench.insert(char)
            assert bench.ask().outcome.source is Source.SHOWN
        assert bench.ask().text == "turn width * scale"

    run(scenario)


def test_a_stream_that_has_come_to_what_stands_below_is_closed() -> None:
    async def scenario() -> None:
        bench = Bench("func f() {\n\tif ready {\n\t\t$0\n\t}\n\tstop()\n}\n", language="go")
        request = bench.ask()
        await bench.wait(100)
        await bench.say("start()\n\t\tlog()\n\t}\n\tstop()\n")
        assert request.text == "start()\n\t\tlog()"
        assert bench.gateway.streams[-1].closed

    run(scenario)
