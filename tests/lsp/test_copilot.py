"""A client written for Copilot's language server: recognised, served, and never told a thing that it does not know."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.lsp.stage import INLINE, URI, Stage, at
from tests.support.engine_kit import settle
from typethrough.core.outcome.outcome import Feedback
from typethrough.engine.ports import GatewayUnavailable

PLUGIN = {
    "editorInfo": {"name": "Neovim", "version": "0.12.4"},
    "editorPluginInfo": {"name": "some-plugin", "version": "1.0"},
}
# The options of several clients at once, with the values that their languages make of nothing.
OPTIONS = PLUGIN | {
    "editorConfig": {"enableAutoCompletions": True, "disabledLanguages": None},
    "networkProxy": {"host": "localhost", "port": 1},
    "name": "emacs",
    "version": "0.1.0",
    "copilotIntegrationId": "x",
}
CONFIGURATION = {
    "http": {"proxy": None, "proxyStrictSSL": None},
    "telemetry": {"telemetryLevel": "all"},
    "github-enterprise": {"uri": None},
    "enableAutoCompletions": False,
    "disabledLanguages": [],
}


async def started(text: str = "x = \n", **more: Any) -> Stage:
    stage = Stage({"AI_GATEWAY_API_KEY": "k"})
    # Such clients do not say that they can show inline completion.
    stage.initialize({"workspace": {"workspaceFolders": True}}, initializationOptions=OPTIONS, **more)
    stage.notify("initialized", {})
    await settle()
    stage.open(text)
    await settle()
    return stage


def test_it_is_offered_inline_completion_and_the_command_it_knows() -> None:
    offered = Stage().initialize({}, initializationOptions=OPTIONS)["capabilities"]
    assert offered["inlineCompletionProvider"] == {"workDoneProgress": False}
    assert "completionProvider" not in offered
    assert "github.copilot.didAcceptCompletionItem" in offered["executeCommandProvider"]["commands"]


def test_other_clients_are_not_offered_commands_that_belong_to_copilot() -> None:
    options = {"editorInfo": PLUGIN["editorInfo"]}
    offered = Stage().initialize(initializationOptions=options)["capabilities"]
    assert offered["executeCommandProvider"]["commands"] == ["typethrough.accepted"]


def test_a_suggestion_is_asked_for_shown_and_accepted_its_way() -> None:
    async def scenario() -> None:
        stage = await started("def area(r):\n\treturn \n")
        place = {
            "textDocument": {"uri": URI, "version": 1},
            "position": {"line": 1, "character": 8},
            "context": {"triggerKind": 2},
            "formattingOptions": {"tabSize": 4, "insertSpaces": False},
        }
        message_id = stage.request(INLINE, place)
        await stage.wait(150)
        stage.gateway.streams[-1].say("3.14 * r\n")
        await settle()
        [item] = stage.reply(message_id)["result"]["items"]
        # From the start of the line, as Copilot's items are.
        assert item["insertText"] == "\treturn 3.14 * r"
        assert item["range"] == at(1, 0, 1, 8)
        assert item["command"]["command"] == "github.copilot.didAcceptCompletionItem"
        stage.notify("textDocument/didShowCompletion", {"item": {"command": item["command"]}})
        assert stage.call("workspace/executeCommand", item["command"]) is None
        suggestion_id = item["command"]["arguments"][0]
        assert [(kind, one) for kind, one, _ in stage.notes.feedbacks] == [
            (Feedback.SHOWN, suggestion_id),
            (Feedback.ACCEPTED, suggestion_id),
        ]
        await stage.session.aclose()

    asyncio.run(scenario())


@pytest.mark.parametrize("params", [None, {}, [], {"dummy": "dummy"}, {"options": {"localChecksOnly": True}}])
def test_somebody_is_signed_in_however_it_asks(params: Any) -> None:
    async def scenario() -> None:
        stage = await started()
        status = stage.call("checkStatus", params)
        assert status["status"] == "OK"
        assert status["user"]
        for method in ("signIn", "signInInitiate"):
            answer = stage.call(method, params)
            assert (answer["status"], answer["user"]) == ("AlreadySignedIn", status["user"])
            assert not {"command", "verificationUri", "userCode"} & answer.keys()
        assert stage.call("signOut", params)["status"] == "NotSignedIn"
        assert stage.call("signInConfirm", params)["status"] == "OK"
        assert stage.call("setEditorInfo", params) == "OK"
        assert stage.call("getVersion", params)["version"]
        assert stage.call("textDocument/copilotInlineEdit", params) == {"edits": []}
        finish = {"command": "github.copilot.finishDeviceFlow", "arguments": []}
        assert stage.call("workspace/executeCommand", finish)["status"] == "OK"
        await stage.session.aclose()

    asyncio.run(scenario())


def test_what_belongs_to_copilots_dialect_is_unknown_to_other_clients() -> None:
    stage = Stage()
    stage.initialize()
    for method in ("checkStatus", "signIn", "textDocument/copilotPanelCompletion"):
        assert stage.error(method, {})[0] == -32601


def test_its_settings_are_not_taken_for_ours_and_nobody_is_told_of_them() -> None:
    async def scenario() -> None:
        stage = await started()
        stage.notify("workspace/didChangeConfiguration", {"settings": CONFIGURATION})
        stage.notify("workspace/didChangeConfiguration", {"settings": None})
        await settle()
        assert stage.told("window/showMessage") == []
        assert stage.parts.used[-1].disabled_languages == ()
        stage.notify("workspace/didChangeConfiguration", {"settings": {"typethrough": {"maxLines": 3}}})
        await settle()
        assert stage.parts.used[-1].max_lines == 3
        await stage.session.aclose()

    asyncio.run(scenario())


def test_it_is_told_its_own_status_and_nothing_of_ours() -> None:
    async def scenario() -> None:
        stage = await started()
        stage.request(INLINE, {**stage.place(0, 4)})
        await stage.wait(150)
        stage.gateway.streams[-1].fail(GatewayUnavailable("the gateway is down"))
        await stage.wait(2_000)
        told = stage.told("didChangeStatus")
        assert told[0] == {"busy": False, "kind": "Normal", "message": ""}
        assert told[1] == {"busy": True, "kind": "Normal", "message": ""}
        assert told[2] == {"busy": False, "kind": "Warning", "message": "the gateway is down"}
        methods = {message.get("method") for message in stage.wire.messages} - {None}
        assert methods <= {"didChangeStatus", "window/showMessage"}
        await stage.session.aclose()

    asyncio.run(scenario())


def test_a_file_that_is_off_is_inactive() -> None:
    async def scenario() -> None:
        stage = await started()
        stage.notify("textDocument/didFocus", {"textDocument": {"uri": "file:///project/.env"}})
        # A document that is not open has no language, but its name is enough to leave it alone.
        assert stage.told("didChangeStatus")[-1]["kind"] == "Inactive"
        await stage.session.aclose()

    asyncio.run(scenario())


def test_its_panel_gets_what_asking_by_hand_gets() -> None:
    async def scenario() -> None:
        stage = await started("def area(r):\n    return \n")
        place = {"textDocument": {"uri": URI}, "position": {"line": 1, "character": 11}}
        message_id = stage.request("textDocument/copilotPanelCompletion", place)
        await settle()
        stage.gateway.streams[-1].say("3.14 * r\n")
        await settle()
        assert stage.reply(message_id)["result"]["items"][0]["insertText"] == "    return 3.14 * r"
        unknown = {"textDocument": {"uri": "file:///x"}, "position": {"line": 0, "character": 0}}
        assert stage.call("textDocument/copilotPanelCompletion", unknown) == {"items": []}
        await stage.session.aclose()

    asyncio.run(scenario())


def doc(version: int = 1, **more: Any) -> dict[str, Any]:
    return {"doc": {"uri": URI, "version": version, "position": {"line": 1, "character": 11}, **more}}


@pytest.mark.parametrize("method", ["getCompletions", "getCompletionsCycling"])
def test_the_request_that_was_before_lsp_had_one_is_answered_for_who_says_nothing_of_himself(
    method: str,
) -> None:
    async def scenario() -> None:
        stage = Stage({"AI_GATEWAY_API_KEY": "k"})
        stage.initialize({"workspace": {"workspaceFolders": True}})
        stage.notify("initialized", {})
        stage.open("def area(r):\n    return \n")
        await settle()
        message_id = stage.request(method, doc())
        await stage.wait(150)
        stage.gateway.streams[-1].say("3.14 * r\n")
        await settle()
        [one, *_] = stage.reply(message_id)["result"]["completions"]
        suggestion_id = one.pop("uuid")
        assert one == {
            "text": "    return 3.14 * r",
            "displayText": "3.14 * r",
            "range": at(1, 0, 1, 11),
            "position": {"line": 1, "character": 11},
            "docVersion": 1,
        }
        for _ in range(2):
            assert stage.call("notifyShown", {"uuid": suggestion_id}) == "OK"
        assert stage.call("notifyRejected", {"uuids": [suggestion_id]}) == "OK"
        assert stage.call("notifyAccepted", {"uuid": suggestion_id, "acceptedLength": 8}) == "OK"
        told = [(kind, known) for kind, known, _ in stage.notes.feedbacks]
        assert told == [(Feedback.SHOWN, suggestion_id), (Feedback.ACCEPTED, suggestion_id)]
        await stage.session.aclose()

    asyncio.run(scenario())


def test_what_cannot_be_answered_then_is_an_empty_list_and_never_null() -> None:
    async def scenario() -> None:
        stage = await started("def area(r):\n    return \n")
        assert stage.call("getCompletions", doc(uri="file:///not/open")) == {"completions": []}
        assert stage.call("getCompletions", doc(version=7)) == {"completions": []}
        message_id = stage.request("getCompletions", doc())
        stage.request("getCompletions", doc())
        assert stage.reply(message_id)["result"] == {"completions": []}
        assert stage.error("getCompletions", {"doc": 1})[0] == -32602
        assert stage.error("getCompletions")[0] == -32602
        assert stage.error("notifyAccepted", {"uuid": None})[0] == -32602
        await stage.session.aclose()

    asyncio.run(scenario())


def test_its_indentation_is_told_in_the_document() -> None:
    async def scenario() -> None:
        stage = await started("def area(r):\n")
        place = doc(position={"line": 0, "character": 12}, tabSize=3, insertSpaces=True)
        stage.request("getCompletions", place)
        assert stage.session.engine is not None
        document = stage.session.engine.document(URI)
        assert document is not None
        assert document.usual_unit == "   "
        await stage.session.aclose()

    asyncio.run(scenario())
