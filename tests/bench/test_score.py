"""The figures, on traces small enough to count by hand."""

from __future__ import annotations

import math

import pytest

from tests.bench import score
from tests.bench.score import Upstream
from tests.bench.session import Accepted, Key, Trace
from tests.support.fake_editor import Asked, Display
from tests.support.lsp_client import Reply


def key(at_s: float, gap_s: float, shown: str = "", *, first: bool = False) -> Key:
    return Key(at_s, "type", gap_s, shown, first)


def asked(sent_s: float, answered_s: float | None, new: str = "", cancelled_s: float | None = None) -> Asked:
    reply = Reply(1, "textDocument/inlineCompletion", sent_s)
    return Asked(reply, 1, (0, 0), sent_s, answered_s, cancelled_s, new=new)


def upstream(text: str, *newlines_s: float, arrived_s: float = 0.0, first_s: float | None = 1.0) -> Upstream:
    last_s = max((*newlines_s, first_s or 0.0)) + 0.5
    return Upstream(
        arrived_s,
        ended_s=last_s,
        first_text_s=first_s,
        last_text_s=last_s if first_s else None,
        newlines_s=newlines_s,
        text=text,
        prompt_tokens=1000,
        cached_tokens=400,
        output_tokens=100,
    )


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert score.percentile([5.0, 1.0, 3.0], 0.5) == 3.0
    assert score.percentile([1.0, 2.0], 0.99) == 2.0
    assert math.isnan(score.percentile([], 0.5))


def test_only_gaps_of_half_a_second_inside_a_hole_are_pauses() -> None:
    keys = [key(0, 2.0, first=True), key(1, 0.49), key(2, 0.5, "x = 1"), key(3, 0.9)]
    assert score.pauses(keys) == keys[2:]
    assert score.on_screen_after_pause(keys) == 0.5


def test_the_first_key_of_a_hole_is_not_asked_what_it_found() -> None:
    keys = [key(0, 2.0, "seen", first=True), key(1, 0.1, "seen"), key(2, 0.1), key(3, 0.1)]
    assert score.on_screen_by_next_key(keys) == pytest.approx(1 / 3)


def test_time_to_ghost_text_is_zero_when_it_stood_there_already() -> None:
    keys = [key(10.0, 0.1), key(11.0, 1.0, "later"), key(12.0, 1.0, "kept"), key(13.0, 1.0)]
    displays = [Display(10.4, "later", asked(10.0, 10.4))]
    assert score.times_to_ghost_text_s(keys, displays) == [pytest.approx(0.4), 0.0]


def test_saved_keystrokes_are_against_typing_alone_and_wrong_text_against_all_accepted() -> None:
    trace = Trace(
        keys=[key(0, 0.1)] * 40, accepted=[Accepted(0, 30, 0), Accepted(0, 10, 10)], strokes_alone=100
    )
    assert score.keystrokes_saved([trace]) == pytest.approx(0.6)
    assert score.accepted_wrong([trace]) == pytest.approx(0.25)


def test_a_suggestion_is_not_wanted_once_when_the_last_key_that_met_it_says_otherwise() -> None:
    def met(ghost: int, *, wanted: bool) -> Key:
        return Key(0, "type", 0.1, "x", False, ghost, wanted)

    typed_through = [met(1, wanted=True), met(1, wanted=True), met(1, wanted=False)]
    keys = [*typed_through, met(2, wanted=True), key(0, 0.1), met(3, wanted=False), *[key(0, 0.1)] * 4]
    assert score.unwanted_per_100_keys([Trace(keys=keys)]) == pytest.approx(20.0)
    assert score.unwanted_of_shown([Trace(keys=keys)]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("shown", "at_s", "found"),
    [
        ("    return  total\n", 2.0, 1),  # the newest that had sent it, blanks aside
        ("return total", 1.2, 0),  # the newer one had sent nothing yet
        ("never sent", 9.0, None),
        ("\n  ", 9.0, None),
        ("more", 1.2, None),  # its line had not been sent by then
        ("more", 2.5, 0),
    ],
)
def test_a_display_is_traced_to_the_newest_request_that_had_sent_its_first_line(
    shown: str, at_s: float, found: int | None
) -> None:
    requests = [upstream("return total\nx\nmore", 2.1, 2.2), upstream("return total", first_s=1.5)]
    traced = score.trace_to_upstream(shown, at_s, requests)
    assert traced is (None if found is None else requests[found])


def test_a_request_whose_text_came_on_screen_is_not_waste() -> None:
    requests = [upstream("a = 1"), upstream("b = 2"), upstream("", first_s=None), upstream("c = 3")]
    displays = [Display(5.0, " = 1", asked(4.0, 5.0)), Display(6.0, "c = 3", asked(4.0, 5.0))]
    assert score.never_shown(requests, displays) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("text", "at_s"),
    [
        ("a = 1", 1.1),
        ("a = 1\nb = 2", 1.2),
        ("a = 1\nb = 2\nc", 1.7),  # the last line has no break: its last token counts
        ("b = 2", 1.2),
        ("elsewhere", None),
    ],
)
def test_text_is_ready_when_its_last_line_had_been_sent(text: str, at_s: float | None) -> None:
    assert score.ready_s(text, upstream("a = 1\nb = 2\nc = 3", 1.1, 1.2)) == (
        None if at_s is None else pytest.approx(at_s)
    )


def test_overhead_counts_only_answers_that_waited_for_their_text() -> None:
    request = upstream("a = 1\nb = 2\n", 1.1, 1.2)
    answers = [asked(0.5, 1.103, "a = 1"), asked(3.0, 3.001, "a = 1"), asked(0.5, 1.2, "", 0.6)]
    assert score.overheads_s(answers, [request]) == [pytest.approx(0.003)]


def test_an_answer_is_free_when_its_text_was_there_and_nothing_was_asked_meanwhile() -> None:
    request = upstream("a = 1\nb = 2\n", 1.1, 1.2)
    waited, kept, local = asked(0.5, 1.15, "a = 1"), asked(3.0, 3.001, "a = 1"), asked(4.0, 4.001, "z")
    assert score.served_without_upstream([waited, kept, local], [request]) == (2, 3)
    assert score.times_without_upstream_s([waited, kept], [request]) == [pytest.approx(0.001)]
    asking_anew = upstream("q", arrived_s=3.0005, first_s=3.5)
    assert score.served_without_upstream([kept], [request, asking_anew]) == (0, 1)


def test_a_request_nobody_waited_for_is_neither_in_the_budget_nor_out_of_it() -> None:
    requests = [
        asked(0.0, 0.4),
        asked(0.0, 0.94),
        asked(0.0, 1.2),
        asked(0.0, None),
        asked(0.0, 0.3, cancelled_s=0.29),
        asked(0.0, 1.6, cancelled_s=1.5),
    ]
    assert score.inside_budget(requests) == (2, 5)


def test_cost_counts_fresh_cached_and_output_tokens_at_their_own_price() -> None:
    requests = [upstream("x"), upstream("y")]
    assert score.cached_share(requests) == pytest.approx(0.4)
    assert score.cost_dollars(requests) == pytest.approx((1200 * 0.10 + 800 * 0.025 + 200 * 0.40) / 1e6)
