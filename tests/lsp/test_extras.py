"""What clients may say beyond LSP, and what they are told: partial results, switches, feedback, status, and why nothing came."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.lsp.stage import INLINE, URI, Stage, at, ready
from tests.support.engine_kit import settle
from tests.telemetry.seeded import seed
from typethrough.cli.compose import Composition
from typethrough.cli.user_file import record_path
from typethrough.core.outcome.outcome import Feedback, Usage
from typethrough.engine.ports import GatewayUnavailable, RateLimited

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

STATUS = "$/typethrough/status"
KEY = {"AI_GATEWAY_API_KEY": "k"}


def run(scenario: Callable[[], Awaitable[Stage]]) -> None:
    async def whole() -> None:
        stage = await scenario()
        await stage.session.aclose()

    asyncio.run(whole())


async def ready_with_key(text: str) -> Stage:
    return await ready(text, Stage(KEY))


def statuses(stage: Stage) -> list[str]:
    """The kinds of status the client was told, without repetitions, which only bring new figures."""
    kinds = [status["kind"] for status in stage.told(STATUS)]
    return [kind for place, kind in enumerate(kinds) if kinds[place - 1 : place] != [kind]]


# --- partial results


@pytest.mark.parametrize("token", ["t1", 7])
def test_partial_results_grow_in_place_and_the_response_is_empty(token: Any) -> None:
    async def scenario() -> Stage:
        stage = await ready("def area(r):\n    return \n")
        message_id = stage.request(INLINE, stage.place(1, 11) | {"partialResultToken": token})
        await stage.wait(150)
        for piece in ("math.pi", " * side", " + gap", "\n"):
            stage.gateway.streams[-1].say(piece)
            await settle()
        told = stage.told("$/progress")
        assert {progress["token"] for progress in told} == {token}
        items = [progress["value"][0] for progress in told]
        assert [item["insertText"] for item in items] == [
            "return math.",
            "return math.pi *",
            "return math.pi * side +",
            "return math.pi * side + gap",
        ]
        assert all(item["range"] == at(1, 4, 1, 11) for item in items)
        assert len({item["command"]["arguments"][0] for item in items}) == 1
        assert stage.reply(message_id)["result"] is None
        return stage

    run(scenario)


def test_when_no_part_was_reported_the_response_has_the_whole_answer() -> None:
    async def scenario() -> Stage:
        stage = await ready("def area(r):\n    return \n")
        message_id = stage.request(INLINE, stage.place(1, 11) | {"partialResultToken": "t"})
        await stage.wait(150)
        stage.gateway.streams[-1].say("3.14 * r * r\n")
        await settle()
        assert stage.told("$/progress") == []
        assert stage.reply(message_id)["result"]["items"][0]["insertText"] == "return 3.14 * r * r"
        return stage

    run(scenario)


@pytest.mark.parametrize("token", [None, True, {}, ["t"], 1.5])
def test_a_token_that_is_none_is_none(token: Any) -> None:
    async def scenario() -> Stage:
        stage = await ready("x = \n")
        message_id = stage.request(INLINE, stage.place(0, 4) | {"partialResultToken": token})
        await stage.wait(150)
        stage.gateway.streams[-1].say("first, second\n")
        await settle()
        assert len(stage.reply(message_id)["result"]["items"]) == 1
        return stage

    run(scenario)


def test_a_cancelled_request_that_had_reported_a_part_gets_its_error() -> None:
    async def scenario() -> Stage:
        stage = await ready("x = \n")
        message_id = stage.request(INLINE, stage.place(0, 4) | {"partialResultToken": "t"})
        await stage.wait(150)
        stage.gateway.streams[-1].say("first + second")
        await settle()
        stage.notify("$/cancelRequest", {"id": message_id})
        assert len(stage.told("$/progress")) == 1
        assert stage.reply(message_id)["error"]["code"] == -32800
        return stage

    run(scenario)


# --- versions and formatting


def test_an_answer_is_for_the_version_that_the_client_has() -> None:
    async def scenario() -> Stage:
        stage = await ready("x = \n")
        place = stage.place(0, 4)
        place["textDocument"]["version"] = 3
        assert stage.call(INLINE, place) is None
        place["textDocument"]["version"] = 1
        assert stage.replies(stage.request(INLINE, place)) == []
        return stage

    run(scenario)


@pytest.mark.parametrize(
    ("options", "indent"),
    [
        ({"tabSize": 2, "insertSpaces": True}, "  "),
        ({"tabSize": 8, "insertSpaces": False}, "\t"),
        ({"tabSize": 0}, "    "),
        ({"tabSize": 400}, "    "),
        ({"tabSize": "2"}, "    "),
        ([], "    "),
        (None, "    "),
    ],
)
def test_the_editors_step_of_indentation_holds_where_the_file_has_none(options: Any, indent: str) -> None:
    async def scenario() -> Stage:
        stage = await ready("def area(r):\n")
        place = stage.place(0, 12, triggerKind=1) | {"formattingOptions": options}
        message_id = stage.request(INLINE, place)
        await settle()
        stage.gateway.streams[-1].say("\n    return r\n" if indent == "\t" else "\n\treturn r\n")
        stage.gateway.streams[-1].finish()
        await settle()
        [item] = stage.reply(message_id)["result"]["items"]
        assert item["insertText"] == f"def area(r):\n{indent}return r"
        return stage

    run(scenario)


# --- what became of a suggestion


def test_the_server_learns_what_was_shown_accepted_and_sent_away() -> None:
    async def scenario() -> Stage:
        stage = await ready("def area(r):\n    return \n")
        message_id = stage.request(INLINE, stage.place(1, 11))
        await stage.wait(150)
        stage.gateway.streams[-1].say("3.14 * r * r\n")
        await settle()
        [item] = stage.reply(message_id)["result"]["items"]
        stage.notify("textDocument/didShowCompletion", {"item": item})
        stage.notify("textDocument/didShowCompletion", {"item": {"command": item["command"]}})
        stage.notify("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 11})
        stage.notify("typethrough/dismissed", {"item": item})
        suggestion_id = item["command"]["arguments"][0]
        assert stage.notes.feedbacks == [
            (Feedback.SHOWN, suggestion_id, 0),
            # Of the eleven, seven stood there before.
            (Feedback.PARTLY_ACCEPTED, suggestion_id, 4),
            (Feedback.DISMISSED, suggestion_id, 0),
        ]
        assert stage.call(INLINE, stage.place(1, 11)) == {"items": []}
        return stage

    run(scenario)


@pytest.mark.parametrize("method", ["didShowCompletion", "didPartiallyAcceptCompletion"])
@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        {"item": None},
        {"item": {"command": "x"}},
        {"item": {"command": {"arguments": []}}},
        {"item": {"command": {"arguments": [7]}}},
        {"itemId": "x", "acceptedLength": "y"},
    ],
)
def test_feedback_about_nothing_is_passed_over(method: str, params: Any) -> None:
    async def scenario() -> Stage:
        stage = await ready("x = \n")
        stage.notify(f"textDocument/{method}", params)
        stage.notify("typethrough/dismissed", params)
        stage.notify("textDocument/didFocus", params)
        assert stage.notes.feedbacks == []
        assert stage.told("window/showMessage") == []
        return stage

    run(scenario)


# --- status


def test_a_model_that_answers_at_once_is_not_shown_as_busy() -> None:
    async def scenario() -> Stage:
        stage = await ready_with_key("def area(r):\n    return \n")
        stage.request(INLINE, stage.place(1, 11))
        await stage.wait(40)
        stage.gateway.streams[-1].say("3.14 * r * r\n")
        stage.gateway.streams[-1].finish()
        await settle()
        await stage.wait(1_500)
        assert set(statuses(stage)) == {"ready"}
        return stage

    run(scenario)


def test_the_status_follows_the_model_lane_and_figures_come_with_it() -> None:
    async def scenario() -> Stage:
        stage = await ready_with_key("def area(r):\n    return \n")
        stage.request(INLINE, stage.place(1, 11))
        await stage.wait(150)
        stage.gateway.streams[-1].say("3.14 * r * r\n")
        stage.notes.spent = type(stage.notes.spent)(Usage(900, 800, 5), 0.01)
        stage.gateway.streams[-1].finish(Usage(900, 800, 5))
        await settle()
        await stage.wait(1_500)
        assert statuses(stage) == ["ready", "busy", "ready"]
        last = stage.told(STATUS)[-1]
        assert last["last"] == {"source": "model", "latencyMs": 150.0}
        assert last["today"] == {
            "promptTokens": 900,
            "cachedTokens": 800,
            "outputTokens": 5,
            "dollars": pytest.approx(0.01, abs=0.001),
        }
        assert last["keptBack"] == 0
        assert "gpt-4.1-nano at ai-gateway.vercel.sh" in last["message"]
        return stage

    run(scenario)


def test_the_status_says_how_many_secrets_were_kept_back() -> None:
    async def scenario() -> Stage:
        stage = await ready_with_key('PASSWORD = "hunter2"\n\ndef area(r):\n    return \n')
        stage.request(INLINE, stage.place(3, 11))
        await stage.wait(150)
        stage.gateway.streams[-1].say("3.14 * r * r\n")
        await settle()
        await stage.wait(1_500)
        assert stage.told(STATUS)[-1]["keptBack"] == 1
        return stage

    run(scenario)


def test_figures_alone_are_told_once_a_second_at_most() -> None:
    async def scenario() -> Stage:
        stage = await ready_with_key("x = 1\ny = x\n")
        before = len(stage.told(STATUS))
        for _ in range(40):
            stage.session.status.answered("cache", 1.0)
            await stage.wait(50)
        assert len(stage.told(STATUS)) - before == 2
        return stage

    run(scenario)


@pytest.mark.parametrize(
    ("error", "kind"), [(RateLimited("slow down"), "rate_limited"), (GatewayUnavailable("down"), "error")]
)
def test_trouble_has_a_status_of_its_own(error: Any, kind: str) -> None:
    async def scenario() -> Stage:
        stage = await ready_with_key("x = \n")
        stage.request(INLINE, stage.place(0, 4))
        await stage.wait(150)
        stage.gateway.streams[-1].fail(error)
        await settle()
        assert statuses(stage)[-1] == kind
        assert stage.told(STATUS)[-1]["message"] == str(error)
        return stage

    run(scenario)


def test_the_status_speaks_for_the_document_in_focus() -> None:
    async def scenario() -> Stage:
        stage = await ready_with_key("x = \n")
        stage.open("y = \n", uri="file:///project/.env")
        stage.notify("textDocument/didFocus", {"textDocument": {"uri": "file:///project/.env"}})
        assert stage.told(STATUS)[-1]["kind"] == "off"
        assert stage.told(STATUS)[-1]["message"] == "the file is excluded"
        stage.notify("textDocument/didFocus", {"textDocument": {"uri": URI}})
        assert stage.told(STATUS)[-1]["kind"] == "ready"
        stage.notify("textDocument/didFocus", {})
        assert statuses(stage) == ["ready", "off", "ready"]
        return stage

    run(scenario)


# --- switches


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"scope": "everywhere"}, "switched off"),
        ({"scope": "language", "uri": URI}, "switched off for python"),
        ({"scope": "file", "uri": URI}, "switched off for this file"),
        ({"scope": "pause"}, "paused for 10 min"),
        ({"scope": "pause", "minutes": 2.5}, "paused for 3 min"),
    ],
)
def test_a_switch_goes_off_and_on_and_the_answer_is_what_holds(params: Any, message: str) -> None:
    async def scenario() -> Stage:
        stage = await ready_with_key("x = \n")
        stage.notify("textDocument/didFocus", {"textDocument": {"uri": URI}})
        assert stage.call("typethrough/switch", params | {"on": False}) == {"kind": "off", "message": message}
        assert stage.call(INLINE, stage.place(0, 4)) == {"items": []}
        assert stage.call("typethrough/switch", params | {"on": True})["kind"] == "ready"
        assert stage.replies(stage.request(INLINE, stage.place(0, 4))) == []
        assert statuses(stage)[:3] == ["ready", "off", "ready"]
        return stage

    run(scenario)


def test_a_pause_ends_by_itself_and_the_client_is_told() -> None:
    async def scenario() -> Stage:
        stage = await ready_with_key("x = \n")
        stage.call("typethrough/switch", {"scope": "pause", "on": False, "minutes": 1})
        await stage.wait(59_000)
        assert statuses(stage)[-1] == "off"
        await stage.wait(1_100)
        assert statuses(stage)[-1] == "ready"
        return stage

    run(scenario)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "on"),
        ({"on": 1, "scope": "file"}, "on"),
        ({"on": True}, "scope"),
        ({"on": True, "scope": "here"}, "scope"),
        ({"on": True, "scope": ["file"]}, "scope"),
        ({"on": False, "scope": "file"}, "uri"),
        ({"on": False, "scope": "language", "uri": "file:///unknown"}, "uri"),
        ({"on": False, "scope": "pause", "minutes": 0}, "minutes"),
        ({"on": False, "scope": "pause", "minutes": "10"}, "minutes"),
        ({"on": False, "scope": "pause", "minutes": True}, "minutes"),
        ({"on": False, "scope": "pause", "minutes": float("nan")}, "minutes"),
        ({"on": False, "scope": "pause", "minutes": 1e9}, "minutes"),
    ],
)
def test_a_switch_that_makes_no_sense_is_refused_by_its_field(params: Any, field: str) -> None:
    async def scenario() -> Stage:
        stage = await ready("x = \n")
        code, message = stage.error("typethrough/switch", params)
        assert code == -32602
        assert message.startswith(field)
        return stage

    run(scenario)


# --- the record


def test_requests_go_on_record_together_and_before_what_is_said_of_their_suggestions() -> None:
    async def scenario() -> Stage:
        stage = await ready("some_name = value\n")
        stage.call(INLINE, stage.place(0, 4))
        stage.call(INLINE, stage.place(0, 2))
        assert stage.notes.outcomes == []
        await stage.wait(1_000)
        assert len(stage.notes.outcomes) == 2
        stage.call(INLINE, stage.place(0, 4))
        stage.session.notices.feedback(Feedback.DISMISSED, "1")
        assert len(stage.notes.outcomes) == 3
        stage.call(INLINE, stage.place(0, 4))
        await stage.session.aclose()
        assert len(stage.notes.outcomes) == 4
        return stage

    run(scenario)


# --- why


def test_who_asks_why_gets_the_last_outcomes_with_what_to_do() -> None:
    async def scenario() -> Stage:
        stage = await ready("some_name = value\n")
        stage.call(INLINE, stage.place(0, 4))
        stage.request(INLINE, stage.place(0, 17))
        stage.change({"range": at(0, 17, 0, 17), "text": "s"})
        stage.request(INLINE, stage.place(0, 18))
        await stage.wait(150)
        stage.gateway.streams[-1].say("s + other\n")
        await settle()
        answer = stage.call("typethrough/why")
        newest, oldest = answer["entries"]
        assert newest["ending"] == "answered"
        assert newest["source"] == "model"
        assert newest["file"] == "project/module.py"
        assert newest["totalMs"] >= 100
        assert newest["advice"] == ""
        assert (oldest["ending"], oldest["reason"]) == ("skipped", "in the middle of a word")
        assert (oldest["cause"], newest["cause"]) == ("inside_word", None)
        assert oldest["advice"]
        text = "\n".join(answer["lines"])
        assert "1 earlier overtaken by typing" in text
        assert "suggested (model)" in text
        assert "nothing: in the middle of a word" in text
        assert "some_name" not in text
        assert len(stage.call("typethrough/why", {"limit": 1})["entries"]) == 1
        assert "html" not in answer
        page = stage.call("typethrough/why", {"html": True})["html"]
        assert answer["entries"][0]["advice"] in page
        assert "<script" not in page
        return stage

    run(scenario)


def test_before_anything_was_asked_the_lines_say_so() -> None:
    async def scenario() -> Stage:
        stage = await ready("x = \n")
        answer = stage.call("typethrough/why", {"limit": "all"})
        assert answer["entries"] == []
        assert len(answer["lines"]) == 1
        return stage

    run(scenario)


# --- statistics


async def answered(stage: Stage, message_id: int) -> dict[str, Any]:
    """The reply, once a thread has made it."""
    async with asyncio.timeout(20):
        while not stage.replies(message_id):
            stage.wire.written.clear()
            await stage.wire.written.wait()
    return stage.reply(message_id)


def test_the_statistics_come_as_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> Stage:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        stage = await ready("x = \n")
        page = (await answered(stage, stage.request("typethrough/stats")))["result"]["html"]
        assert "Nothing is on record yet" in page
        seed(record_path())
        stage.parts.clock.local_time = lambda: datetime(2026, 11, 24, tzinfo=UTC)  # type: ignore[method-assign]
        page = (await answered(stage, stage.request("typethrough/stats", {})))["result"]["html"]
        assert page.count("<figure>") == 9
        record_path().write_bytes(b"no record")
        page = (await answered(stage, stage.request("typethrough/stats", {})))["result"]["html"]
        assert "cannot be read" in page
        return stage

    run(scenario)


def test_typing_goes_on_while_the_statistics_are_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> Stage:
        go_on = threading.Event()

        def slow(_: Composition) -> str:
            assert go_on.wait(20)
            return "<p>"

        monkeypatch.setattr(Composition, "statistics_page", slow)
        stage = await ready("def area(r):\n    return \n")
        asked = stage.request("typethrough/stats")
        message_id = stage.request(INLINE, stage.place(1, 11))
        await stage.wait(150)
        stage.gateway.streams[-1].say("3.14 * r * r\n")
        await settle()
        assert stage.reply(message_id)["result"]["items"]
        assert stage.replies(asked) == []
        go_on.set()
        assert (await answered(stage, asked))["result"] == {"html": "<p>"}
        return stage

    run(scenario)


def test_statistics_that_cannot_be_made_are_an_error_and_nothing_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> Stage:
        def broken(_: Composition) -> str:
            raise RuntimeError("x = 'a line of code'")

        monkeypatch.setattr(Composition, "statistics_page", broken)
        stage = await ready("x = \n")
        error = (await answered(stage, stage.request("typethrough/stats")))["error"]
        assert error == {"code": -32603, "message": "the statistics could not be made; see the log"}
        return stage

    run(scenario)
