"""What is not as the protocol says: a clean error for a request, silence for a notification, and never the text of anything."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from tests.lsp.stage import INLINE, INLINE_CLIENT, URI, Stage, at, ready
from tests.support.engine_kit import settle
from typethrough.lsp.fields import InvalidParams
from typethrough.lsp.protocol import ClientRefused, Server

MARK = "TOP_SECRET_TEXT"
PLACE = {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}}


def begun() -> Stage:
    stage = Stage()
    stage.initialize()
    stage.open("x = 1\n")
    return stage


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ([], "params"),
        (MARK, "params"),
        (7, "params"),
        ({}, "textDocument"),
        ({**PLACE, "textDocument": MARK}, "textDocument"),
        ({**PLACE, "textDocument": {"uri": [MARK]}}, "textDocument.uri"),
        ({**PLACE, "position": None}, "position"),
        ({**PLACE, "position": [0, 0]}, "position"),
        ({**PLACE, "position": {"line": MARK, "character": 0}}, "position"),
        ({**PLACE, "position": {"line": 0, "character": 0.5}}, "position"),
        ({**PLACE, "context": MARK}, "context"),
        ({**PLACE, "context": {"selectedCompletionInfo": {"text": MARK}}}, "selectedCompletionInfo.range"),
        (
            {**PLACE, "context": {"selectedCompletionInfo": {"range": at(0, 0, 0, 0), "text": [MARK]}}},
            "selectedCompletionInfo.text",
        ),
    ],
)
def test_malformed_parameters_are_refused_by_field_and_quote_nothing(params: Any, field: str) -> None:
    stage = begun()
    code, message = stage.error(INLINE, params)
    assert code == -32602
    assert message.startswith(field + " must")
    assert MARK.encode() not in stage.wire.raw


@pytest.mark.parametrize(
    "context",
    [
        None,
        {},
        {"triggerKind": 0},
        {"triggerKind": 1},
        {"triggerKind": 99},
        {"triggerKind": "x"},
        {"triggerKind": 2, "selectedCompletionInfo": None},
        {"triggerKind": 2, "selectedCompletionInfo": "x"},
        {
            "triggerKind": 1,
            "selectedCompletionInfo": {
                "range": [{"line": 0, "character": 0}, {"line": 0, "character": 1}],
                "text": "other",
            },
        },
    ],
)
def test_the_forms_of_older_drafts_and_sloppy_clients_are_no_errors(context: Any) -> None:
    async def scenario() -> None:
        stage = await ready("x = 1\n")
        message_id = stage.request(INLINE, {**PLACE, "context": context})
        stage.request("shutdown")
        assert "error" not in stage.reply(message_id)

    asyncio.run(scenario())


@pytest.mark.parametrize("method", ["textDocument/hover", "$/unknown", "", "initialized", "typethrough/none"])
def test_an_unknown_request_is_refused(method: str) -> None:
    assert begun().error(method, {"x": MARK}) == (-32601, "method not found")


@pytest.mark.parametrize("method", ["textDocument/willSave", "$/setTrace", "$/progress", "telemetry/x", ""])
def test_an_unknown_notification_is_passed_over(method: str) -> None:
    stage = begun()
    before = len(stage.wire.messages)
    stage.notify(method, {"x": MARK})
    stage.receive({"jsonrpc": "2.0", "method": method})
    assert len(stage.wire.messages) == before


@pytest.mark.parametrize("method", [INLINE, "shutdown", "workspace/executeCommand", "nonsense"])
def test_before_initialize_every_request_has_to_wait(method: str) -> None:
    assert Stage().error(method, {})[0] == -32002


def test_before_initialize_notifications_are_passed_over() -> None:
    stage = Stage()
    stage.open("x")
    stage.notify("initialized", {})
    assert stage.wire.messages == []


def test_a_second_initialize_is_refused_and_the_first_holds() -> None:
    stage = begun()
    assert stage.error("initialize", {"capabilities": {}})[0] == -32600
    assert stage.text == "x = 1\n"


@pytest.mark.parametrize("method", [INLINE, "shutdown", "initialize", "nonsense"])
def test_after_shutdown_every_request_is_refused(method: str) -> None:
    stage = begun()
    assert stage.call("shutdown") is None
    assert stage.error(method, {})[0] == -32600


@pytest.mark.parametrize(
    "message",
    [
        [],
        [{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}],
        None,
        7,
        MARK,
        True,
        1.5,
        {},
        {"jsonrpc": "2.0"},
    ],
)
def test_what_is_no_message_is_refused_with_no_id(message: Any) -> None:
    stage = begun()
    before = len(stage.wire.messages)
    stage.receive(message)
    [error] = stage.wire.messages[before:]
    assert error["id"] is None
    assert error["error"]["code"] == -32600
    assert MARK.encode() not in stage.wire.raw


@pytest.mark.parametrize("message_id", [None, True, 1.5, [MARK], {"a": MARK}])
def test_an_id_that_is_none_is_not_echoed(message_id: Any) -> None:
    stage = begun()
    before = len(stage.wire.messages)
    stage.receive({"jsonrpc": "2.0", "id": message_id, "method": INLINE, "params": PLACE})
    [error] = stage.wire.messages[before:]
    assert (error["id"], error["error"]["code"]) == (None, -32600)
    assert MARK.encode() not in stage.wire.raw


@pytest.mark.parametrize("method", [None, 7, [MARK]])
def test_a_method_that_is_no_string_is_refused(method: Any) -> None:
    stage = begun()
    stage.receive({"jsonrpc": "2.0", "id": "a", "method": method})
    assert stage.reply("a")["error"]["code"] == -32600


@pytest.mark.parametrize("message_id", ["a", "", "1", 0, -7, 2**60])
def test_ids_are_strings_or_integers_and_come_back_as_they_were(message_id: int | str) -> None:
    stage = begun()
    stage.request("textDocument/hover", {}, message_id)
    stage.receive({"jsonrpc": "2.0", "id": message_id, "method": "nonsense"})
    assert len(stage.replies(message_id)) == 2
    assert all(reply["id"] == message_id for reply in stage.replies(message_id))


def test_a_notification_sent_as_a_request_is_refused_and_changes_nothing() -> None:
    stage = begun()
    params = {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": "y"}]}
    assert stage.error("textDocument/didChange", params)[0] == -32601
    assert stage.text == "x = 1\n"


def test_a_request_sent_as_a_notification_is_passed_over() -> None:
    stage = begun()
    before = len(stage.wire.messages)
    stage.notify("shutdown")
    stage.notify(INLINE, PLACE)
    assert len(stage.wire.messages) == before
    assert not stage.session.protocol.shutting_down


@pytest.mark.parametrize(
    "params", [None, [], {}, {"id": None}, {"id": [1]}, {"id": True}, {"id": 404}, {"id": 1}, MARK]
)
def test_a_cancel_of_nothing_or_of_what_has_ended_is_passed_over(params: Any) -> None:
    stage = begun()
    before = len(stage.wire.messages)
    stage.notify("$/cancelRequest", params)
    assert len(stage.wire.messages) == before


@pytest.mark.parametrize(
    "message", [{"id": 1, "result": 2}, {"id": "x", "error": {}}, {"id": [], "result": 1}]
)
def test_an_answer_to_no_request_of_ours_is_passed_over(message: Any) -> None:
    stage = begun()
    before = len(stage.wire.messages)
    stage.receive({"jsonrpc": "2.0", **message})
    assert len(stage.wire.messages) == before


@pytest.mark.parametrize(
    "params",
    [
        {},
        [],
        {"command": [MARK]},
        {"command": MARK, "arguments": []},
        {"command": "typethrough.accepted"},
        {"command": "typethrough.accepted", "arguments": [7]},
        {"command": "typethrough.accepted", "arguments": [[MARK]]},
        {"command": "typethrough.accepted", "arguments": 7},
    ],
)
def test_a_command_that_is_not_ours_is_refused(params: Any) -> None:
    stage = begun()
    assert stage.error("workspace/executeCommand", params)[0] == -32602
    assert MARK.encode() not in stage.wire.raw


def test_a_command_for_a_suggestion_of_long_ago_is_answered() -> None:
    params = {"command": "typethrough.accepted", "arguments": ["gone"]}
    assert begun().call("workspace/executeCommand", params) is None


def test_a_handler_that_fails_costs_an_error_and_no_text(caplog: pytest.LogCaptureFixture) -> None:
    stage = begun()

    def broken(*_: Any) -> None:
        raise ValueError(MARK)

    stage.session.protocol.requests["broken"] = broken
    stage.session.protocol.notifications["broken"] = broken
    with caplog.at_level(logging.DEBUG):
        assert stage.error("broken", {}) == (-32603, "internal error")
        stage.notify("broken", {})
    assert MARK not in caplog.text
    assert "Traceback" not in caplog.text
    assert caplog.text.count("ValueError") == 2


def test_a_handler_of_a_typed_message_that_fails_costs_no_text_either(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = begun()

    def broken(*_: Any) -> None:
        raise ValueError(MARK)

    monkeypatch.setattr(stage.session, "_accepted", broken)
    monkeypatch.setattr(stage.session, "_configuration_changed", broken)
    with caplog.at_level(logging.DEBUG):
        params = {"command": "typethrough.accepted", "arguments": [MARK]}
        assert stage.error("workspace/executeCommand", params) == (-32603, "internal error")
        before = len(stage.wire.messages)
        stage.notify("workspace/didChangeConfiguration", {"settings": {MARK: MARK}})
        assert len(stage.wire.messages) == before, "no pop-up either"
    assert MARK not in caplog.text
    assert "Traceback" not in caplog.text
    assert caplog.text.count("ValueError in broken") == 2


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("workspace/executeCommand", {"command": [MARK]}),
        ("workspace/didChangeConfiguration", [MARK]),
        ("$/setTrace", {"value": MARK}),
    ],
)
def test_typed_messages_that_are_malformed_leave_no_text_in_the_log(
    method: str, params: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stage = begun()
    with caplog.at_level(logging.DEBUG):
        stage.notify(method, params)
        stage.request(method, params)
    assert MARK not in caplog.text
    assert MARK.encode() not in stage.wire.raw


def test_no_text_is_kept_but_the_engines() -> None:
    stage = begun()
    cell = {"uri": "cell:1", "languageId": "python", "version": 1, "text": MARK}
    notebook = {"uri": "file:///a.ipynb", "notebookType": "x", "version": 1, "cells": []}
    stage.notify("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": [cell]})
    workspace = stage.session.protocol.workspace
    assert (workspace.text_documents, workspace.notebook_documents) == ({}, {})
    assert stage.text == "x = 1\n"


def test_only_the_first_answer_to_a_request_is_sent() -> None:
    stage = begun()
    protocol = stage.session.protocol

    def twice(message_id: Any, _: Any) -> None:
        protocol.reply(message_id, 1)
        protocol.reply(message_id, 2)
        raise InvalidParams("too late")

    protocol.requests["twice"] = twice
    assert stage.call("twice") == 1
    protocol.reply("never asked", 1)
    assert stage.replies("never asked") == []


def test_our_own_requests_end_with_the_clients_answer_or_refusal() -> None:
    async def scenario() -> None:
        protocol, written = Server().protocol, list[dict[str, Any]]()

        class Kept:
            lost = asyncio.Event()

            def write(self, data: bytes) -> None:
                written.append(json.loads(data.partition(b"\r\n\r\n")[2]))

            async def aclose(self) -> None:
                pass

        protocol.output = Kept()
        answered = asyncio.ensure_future(protocol.ask("a", {}, 60))
        refused = asyncio.ensure_future(protocol.ask("b", {}, 60))
        cancelled = asyncio.ensure_future(protocol.ask("c", {}, 60))
        await settle()
        a, b, c = (message["id"] for message in written)
        cancelled.cancel()
        protocol.receive({"id": a, "result": [1]})
        protocol.receive({"id": b, "error": {"code": 1, "message": MARK}})
        protocol.receive({"id": c, "result": 1})
        assert await answered == [1]
        with pytest.raises(ClientRefused) as error:
            await refused
        assert MARK not in str(error.value)
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        with pytest.raises(TimeoutError):
            await protocol.ask("d", {}, 0)
        protocol.receive({"id": written[-1]["id"], "result": 1})
        assert protocol._request_futures == {}, "nothing is kept for a client that never answers"

    asyncio.run(scenario())


def test_no_text_of_a_document_is_in_any_log_line_or_error(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        stage = await ready(f"{MARK} = 1\n")
        stage.change({"range": at(0, 0, 0, 0), "text": MARK}, {"text": [MARK]}, MARK)
        stage.change({"range": {MARK: MARK}, "text": MARK})
        stage.open(MARK, uri="file:///other.py")
        for params in ({**PLACE, "position": MARK}, {**PLACE, "context": {MARK: MARK}}, MARK, [MARK]):
            stage.request(INLINE, params)
        stage.receive([MARK])
        stage.receive({"id": 7, "method": MARK, "params": MARK})
        stage.notify("workspace/didChangeConfiguration", {"settings": {"model": [MARK], MARK: MARK}})
        await stage.wait(2_000)
        stage.request(INLINE, {**PLACE, "context": {"triggerKind": 1}})
        await settle()
        stage.gateway.streams[-1].end.set_exception(RuntimeError(MARK))
        await settle()
        await stage.session.aclose()
        errors = [m for m in stage.wire.messages if "error" in m or m.get("method") == "window/showMessage"]
        assert errors
        assert MARK not in json.dumps(errors)

    with caplog.at_level(logging.DEBUG):
        asyncio.run(scenario())
    assert MARK not in caplog.text


def test_a_client_without_inline_completion_cannot_ask_for_it() -> None:
    stage = Stage()
    stage.initialize({"textDocument": {}})
    assert stage.error(INLINE, PLACE)[0] == -32601
    stage = Stage()
    stage.initialize(INLINE_CLIENT)
    assert stage.error("textDocument/completion", PLACE)[0] == -32601
