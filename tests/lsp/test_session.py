"""`initialize`, capabilities and settings: what is offered to whom, what is refused, and that the user hears of it once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from lsprotocol import converters, types

from tests.lsp.stage import INLINE, INLINE_CLIENT, Stage
from tests.support.engine_kit import settle
from typethrough.lsp.convert import Encoding
from typethrough.lsp.initialize import client_of

if TYPE_CHECKING:
    from pathlib import Path

PULLING = {**INLINE_CLIENT, "workspace": {"configuration": True}}
SHOW = "window/showMessage"


async def started(capabilities: Any = None, *, stage: Stage | None = None, **more: Any) -> Stage:
    stage = stage or Stage()
    stage.initialize(capabilities, **more)
    stage.notify("initialized", {})
    await settle()
    return stage


def test_a_client_with_inline_completion_is_offered_that_and_no_menu() -> None:
    result = Stage().initialize(INLINE_CLIENT)
    assert result["capabilities"] == {
        "positionEncoding": "utf-16",
        "textDocumentSync": {"openClose": True, "change": 2, "save": True},
        "executeCommandProvider": {"commands": ["typethrough.accepted"]},
        "inlineCompletionProvider": {"workDoneProgress": False},
    }
    assert result["serverInfo"]["name"] == "typethrough"


@pytest.mark.parametrize(
    "capabilities", [{}, {"textDocument": {}}, {"textDocument": {"inlineCompletion": None}}]
)
def test_a_client_without_it_is_offered_the_menu(capabilities: Any) -> None:
    offered = Stage().initialize(capabilities)["capabilities"]
    assert "inlineCompletionProvider" not in offered
    assert offered["completionProvider"] == {"resolveProvider": False}


def test_lsp_mode_offers_it_as_null_and_means_it() -> None:
    emacs = {"name": "emacs", "version": "GNU Emacs 30.2"}
    offered = Stage().initialize({"textDocument": {"inlineCompletion": None}}, clientInfo=emacs)[
        "capabilities"
    ]
    assert offered["inlineCompletionProvider"] == {"workDoneProgress": False}
    # A client of that name that does not speak of it has none: eglot, or lsp-mode before 10.
    assert "completionProvider" in Stage().initialize({"textDocument": {}}, clientInfo=emacs)["capabilities"]


@pytest.mark.parametrize(
    ("formats", "name", "expected"),
    [
        (["markdown", "plaintext"], "any", True),
        (["plaintext", "markdown"], "any", False),
        (None, "any", False),
        ("markdown", "any", False),
        (None, "helix", True),
    ],
)
def test_documentation_is_markdown_for_who_prefers_it_or_takes_all_text_for_it(
    formats: Any, name: str, expected: bool
) -> None:
    item = {"documentationFormat": formats}
    capabilities = {"textDocument": {"completion": {"completionItem": item}}}
    assert client_of({"capabilities": capabilities, "clientInfo": {"name": name}}).markdown is expected


def test_the_result_is_what_lsp_says() -> None:
    converter = converters.get_converter()
    for capabilities in (INLINE_CLIENT, {}):
        result = converter.structure(Stage().initialize(capabilities), types.InitializeResult)
        assert result.capabilities.text_document_sync == types.TextDocumentSyncOptions(
            open_close=True, change=types.TextDocumentSyncKind.Incremental, save=True
        )


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-32", "utf-8"], "utf-32"),
        (["utf-7", "utf-16"], "utf-16"),
        (["utf-7"], "utf-16"),
        ([], "utf-16"),
        (None, "utf-16"),
        ([7, None, {}, "utf-8"], "utf-8"),
        ("utf-8", "utf-16"),
    ],
)
def test_the_clients_first_encoding_that_we_know_is_used(offered: Any, chosen: str) -> None:
    capabilities = {"general": {"positionEncodings": offered}}
    assert Stage().initialize(capabilities)["capabilities"]["positionEncoding"] == chosen


@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        {"capabilities": None, "processId": "1", "workspaceFolders": 3, "rootUri": 5, "rootPath": []},
        {"capabilities": [], "processId": True, "workspaceFolders": [None, {"uri": 7}, "x"]},
        {"capabilities": {"general": 1, "textDocument": [], "workspace": "x"}, "processId": -1},
        {"rootUri": "file://[bad", "capabilities": {"textDocument": {"completion": {"x": [999]}}}},
        {"rootPath": "a\0b"},
        {"rootPath": "."},
        {"rootPath": "..", "workspaceFolders": []},
        {"rootPath": "\ud800"},
        {"rootUri": "file:///%ed%a0%80"},
        {"rootPath": "x" * 10_000, "initializationOptions": [1]},
    ],
)
def test_initialize_succeeds_whatever_a_client_says_of_itself(params: Any) -> None:
    assert "capabilities" in Stage().call("initialize", params)


@pytest.mark.parametrize("process_id", [None, True, 0, -4, "12", 1.0])
def test_only_a_process_id_is_watched(process_id: Any) -> None:
    assert client_of({"processId": process_id}).process_id is None
    assert client_of({"processId": 12}).process_id == 12
    assert client_of({}).encoding is Encoding.UTF16


def test_the_workspace_is_the_first_form_that_names_a_local_folder(tmp_path: Path) -> None:
    folder = tmp_path / "ein Büro %20"
    folder.mkdir()
    uri = folder.as_uri()
    both = {"rootUri": tmp_path.as_uri(), "workspaceFolders": [{"uri": uri, "name": "x"}]}
    assert client_of(both).roots == (folder,)
    assert client_of({"rootUri": uri}).roots == (folder,)
    assert client_of({"rootPath": str(folder)}).roots == (folder,)
    assert client_of({"rootUri": (folder / "missing").as_uri()}).roots == ()
    assert client_of({"rootUri": "https://example.com" + str(folder)}).roots == ()
    assert client_of({"rootUri": "file://elsewhere" + str(folder)}).roots == ()


# --- settings


def test_nothing_is_sent_before_initialized_but_the_reply() -> None:
    stage = Stage()
    stage.initialize(initializationOptions={"budgetMs": "soon"})
    assert len(stage.wire.messages) == 1


def test_bad_options_are_one_message_that_names_each_and_the_defaults_hold() -> None:
    async def scenario() -> None:
        stage = await started(initializationOptions={"budgetMs": "soon", "maxLines": -1, "modle": "m"})
        [shown] = stage.told(SHOW)
        assert all(name in shown["message"] for name in ("budget_ms", "max_lines", "modle", '"model"?'))
        assert "soon" not in shown["message"]
        assert stage.parts.used[-1].budget_ms == 900
        stage.notify("workspace/didChangeConfiguration", {"settings": {"budgetMs": 500}})
        await settle()
        assert stage.parts.used[-1].budget_ms == 500
        assert len(stage.told(SHOW)) == 1, "each problem is told once"
        await stage.session.aclose()

    asyncio.run(scenario())


@pytest.mark.parametrize("way", ["options", "push", "pull"])
@pytest.mark.parametrize(
    ("name", "value"),
    [("baseUrl", "https://thief.example/v1"), ("apiKey", "KEY123"), ("apiKeyCommand", ["KEY123"])],
)
def test_where_code_and_keys_go_is_not_for_an_editor_to_say(way: str, name: str, value: Any) -> None:
    async def scenario() -> None:
        values = {name: value}
        stage = await started(PULLING, initializationOptions=values if way == "options" else None)
        [pull] = stage.asked("workspace/configuration")
        stage.receive({"id": pull["id"], "result": [values if way == "pull" else None]})
        if way == "push":
            stage.notify("workspace/didChangeConfiguration", {"settings": {"typethrough": values}})
        await settle()
        [shown] = stage.told(SHOW)
        assert "cannot be set by an editor" in shown["message"]
        assert b"KEY123" not in stage.wire.raw
        assert b"thief" not in stage.wire.raw
        assert {used.access for used in stage.parts.used} == {()}
        await stage.session.aclose()

    asyncio.run(scenario())


def test_a_pulled_configuration_is_put_in_force() -> None:
    async def scenario() -> None:
        stage = await started(PULLING)
        [pull] = stage.asked("workspace/configuration")
        assert pull["params"] == {"items": [{"section": "typethrough"}]}
        stage.receive({"id": pull["id"], "result": [{"maxLines": 3}]})
        await settle()
        assert stage.parts.used[-1].max_lines == 3
        await stage.session.aclose()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "answer", [{"error": {"code": -1, "message": "no"}}, {"result": None}, {"result": "x"}, {}]
)
def test_a_client_that_pulls_badly_leaves_the_settings_in_force(answer: Any) -> None:
    async def scenario() -> None:
        stage = await started(PULLING, initializationOptions={"maxLines": 4})
        [pull] = stage.asked("workspace/configuration")
        stage.receive({"id": pull["id"], **answer})
        await settle()
        assert stage.parts.used[-1].max_lines == 4
        assert stage.told(SHOW) == []
        await stage.session.aclose()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "push",
    [
        None,
        {},
        {"settings": None},
        {"settings": {}},
        {"settings": []},
        {"settings": {"typethrough": None}},
        {"settings": {"typethrough": {}}},
    ],
)
def test_an_empty_push_makes_us_ask_again(push: Any) -> None:
    async def scenario() -> None:
        stage = await started(PULLING)
        stage.notify("workspace/didChangeConfiguration", push)
        await settle()
        pulls = stage.asked("workspace/configuration")
        assert len(pulls) == 2
        stage.receive({"id": pulls[1]["id"], "result": [{"maxLines": 5}]})
        await settle()
        assert stage.parts.used[-1].max_lines == 5
        await stage.session.aclose()

    asyncio.run(scenario())


@pytest.mark.parametrize("push", [{"settings": None}, {"settings": {}}, {"settings": {"typethrough": []}}])
@pytest.mark.parametrize(
    "answer", [{"error": {"code": -1, "message": "no"}}, {"result": None}, {"result": [7]}, {}]
)
def test_a_pull_that_fails_keeps_what_the_editor_said_before(push: Any, answer: Any) -> None:
    async def scenario() -> None:
        stage = await started(PULLING)
        settings = {"exclude": ["*.private"], "maxLines": 6}
        stage.notify("workspace/didChangeConfiguration", {"settings": {"typethrough": settings}})
        await settle()
        stage.notify("workspace/didChangeConfiguration", push)
        await settle()
        assert "*.private" in stage.parts.used[-1].exclude
        stage.receive({"id": stage.asked("workspace/configuration")[-1]["id"], **answer})
        await settle()
        assert "*.private" in stage.parts.used[-1].exclude
        assert stage.parts.used[-1].max_lines == 6
        await stage.session.aclose()

    asyncio.run(scenario())


def test_a_push_that_is_no_object_keeps_the_settings_and_is_told() -> None:
    async def scenario() -> None:
        stage = await started()
        for settings in ({"typethrough": {"maxLines": 6}}, {"typethrough": 7}, "off", [1]):
            stage.notify("workspace/didChangeConfiguration", {"settings": settings})
            await settle()
        assert stage.parts.used[-1].max_lines == 6
        assert "the settings before hold" in stage.told(SHOW)[0]["message"]
        await stage.session.aclose()

    asyncio.run(scenario())


def test_of_two_pulls_the_later_one_holds_whichever_is_answered_last() -> None:
    async def scenario() -> None:
        stage = await started(PULLING)
        stage.notify("workspace/didChangeConfiguration", {"settings": None})
        await settle()
        first, second = stage.asked("workspace/configuration")
        stage.receive({"id": second["id"], "result": [{"maxLines": 7}]})
        await settle()
        stage.receive({"id": first["id"], "result": [{"maxLines": 2}]})
        await settle()
        assert stage.parts.used[-1].max_lines == 7
        await stage.session.aclose()

    asyncio.run(scenario())


def test_a_push_outlives_the_answer_to_an_earlier_pull() -> None:
    async def scenario() -> None:
        stage = await started(PULLING)
        stage.notify("workspace/didChangeConfiguration", {"settings": {"typethrough": {"maxLines": 2}}})
        [pull] = stage.asked("workspace/configuration")
        stage.receive({"id": pull["id"], "result": [None]})
        await settle()
        assert stage.parts.used[-1].max_lines == 2
        await stage.session.aclose()

    asyncio.run(scenario())


def test_a_client_that_wants_registrations_gets_one_for_its_settings() -> None:
    async def scenario() -> None:
        workspace = {"didChangeConfiguration": {"dynamicRegistration": True}}
        stage = await started({**INLINE_CLIENT, "workspace": workspace})
        [asked] = stage.told("client/registerCapability")
        assert [one["method"] for one in asked["registrations"]] == ["workspace/didChangeConfiguration"]
        await stage.session.aclose()
        stage = await started()
        assert stage.told("client/registerCapability") == []
        await stage.session.aclose()

    asyncio.run(scenario())


def test_a_key_command_gives_the_key() -> None:
    async def scenario() -> None:
        stage = Stage(api_key_command=["echo", "the-key"])
        await started(stage=stage)
        await stage.session._background.idle()
        assert [access.api_key for access in stage.parts.used[-1].access] == ["the-key"]
        assert b"the-key" not in stage.wire.raw
        assert [status["kind"] for status in stage.told("$/typethrough/status")] == ["ready"]
        await stage.session.aclose()

    asyncio.run(scenario())


def test_a_key_command_that_fails_is_one_message_and_the_server_goes_on() -> None:
    async def scenario() -> None:
        stage = Stage(api_key_command=["false"])
        await started(stage=stage)
        await stage.session._background.idle()
        assert len(stage.told(SHOW)) == 1
        assert stage.call(INLINE, stage.place(0, 0)) is None
        await stage.session.aclose()

    asyncio.run(scenario())


def test_settings_that_did_not_change_cost_no_new_gateway() -> None:
    async def scenario() -> None:
        stage = await started()
        before = len(stage.parts.used)
        settings = {"maxLines": stage.parts.used[-1].max_lines}
        for _ in range(3):
            stage.notify("workspace/didChangeConfiguration", {"settings": settings})
            await settle()
        assert len(stage.parts.used) == before
        await stage.session.aclose()

    asyncio.run(scenario())


def test_switching_off_and_on_again_by_settings_is_told_to_the_status_line() -> None:
    async def scenario() -> None:
        stage = await started(initializationOptions={"enabled": False})
        for on in (True, False, True):
            settings = {"typethrough": {"enabled": on}}
            stage.notify("workspace/didChangeConfiguration", {"settings": settings})
            await settle()
        kinds = [status["kind"] for status in stage.told("$/typethrough/status")]
        assert kinds == ["off", "no_key", "off", "no_key"]
        await stage.session.aclose()

    asyncio.run(scenario())


def test_a_gateway_that_cannot_be_used_is_told_at_the_start() -> None:
    async def scenario() -> None:
        stage = Stage({"TYPETHROUGH_BASE_URL": "http://127.0.0.1:9/v1"})
        stage.gateway.reason = "The key holds characters that no HTTP header can carry."
        await started(stage=stage)

        shown = [params["message"] for params in stage.told(SHOW)]
        assert shown == ["typethrough: The key holds characters that no HTTP header can carry."]

    asyncio.run(scenario())


def test_the_workspace_is_read_again_once_there_is_a_model_to_tell_of_it(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("class Shop: pass\n", "utf-8")

    async def scenario() -> None:
        stage = Stage(model_lane=False, local_lane=True)
        stage.initialize(rootUri=tmp_path.as_uri())
        stage.notify("initialized", {})
        engine = stage.session.engine
        assert engine is not None
        surroundings = engine.surroundings
        await stage.session._background.idle()
        await engine.read_all()
        assert (len(surroundings.codebase), surroundings.has_passed_over) == (0, True)

        stage.notify("workspace/didChangeConfiguration", {"settings": {"typethrough": {"model_lane": True}}})
        await stage.session._background.idle()
        await engine.read_all()

        assert surroundings.codebase.defining("Shop") == ("shop.py",)
        assert not surroundings.has_passed_over
        await stage.session.aclose()

    asyncio.run(scenario())
