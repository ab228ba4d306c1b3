"""Whatever a client says in `initialize`, and whatever the settings hold: one reply, and a server that goes on."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lsp.stage import INLINE, INLINE_CLIENT, URI, Stage
from tests.support.engine_kit import settle
from typethrough.core.settings.schema import SPECS

if TYPE_CHECKING:
    import pytest

ODD = st.sampled_from(
    [None, True, 0, -1, 2**70, 1.5, float("nan"), "", ".", "..", "\ud800", "a\0b", "//x/y", "file:///%00", "~", "x" * 5_000]
)  # fmt: skip
JSON = st.recursive(
    ODD | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
OPTIONS = st.dictionaries(st.sampled_from([*SPECS, "typethrough", "editorPluginInfo"]), JSON, max_size=4)
FOLDERS = st.lists(JSON | st.fixed_dictionaries({"uri": JSON, "name": JSON}), max_size=2)
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "processId": JSON,
        "clientInfo": JSON | st.fixed_dictionaries({"name": JSON}),
        "rootPath": JSON,
        "rootUri": JSON,
        "workspaceFolders": JSON | FOLDERS,
        "initializationOptions": JSON | OPTIONS,
        "capabilities": JSON
        | st.dictionaries(
            st.sampled_from(["general", "workspace", "textDocument", "window", "notebookDocument"]),
            JSON
            | st.dictionaries(
                st.sampled_from(["inlineCompletion", "completion", "configuration", "positionEncodings"]),
                JSON,
            ),
        ),
        "locale": JSON,
        "trace": JSON,
    },
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PARAMS, OPTIONS, st.dictionaries(st.sampled_from(["languageId", "version", "text"]), ODD))
def test_any_introduction_gets_one_reply_and_the_server_goes_on(
    caplog: pytest.LogCaptureFixture, params: Any, configuration: Any, document: Any
) -> None:
    async def scenario() -> None:
        stage = Stage()
        number = stage.request("initialize", params)
        assert "result" in stage.reply(number)
        stage.notify("initialized", {})
        await settle()
        stage.notify("workspace/didChangeConfiguration", {"settings": {"typethrough": configuration}})
        stage.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": URI, "languageId": "python", "version": 1, "text": "x", **document}},
        )
        await settle()
        asked = stage.request(INLINE, stage.place(0, 0))
        await stage.wait(2_000)
        stage.reply(asked)
        assert stage.call("shutdown") is None
        await stage.session.aclose()

    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        asyncio.run(scenario())
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_client_whose_words_have_half_a_surrogate_pair_is_answered() -> None:
    async def scenario() -> None:
        stage = Stage()
        stage.initialize(INLINE_CLIENT, clientInfo={"name": "\ud800"})
        stage.notify("initialized", {})
        stage.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": URI, "languageId": "\ud83d", "version": 1, "text": "a\ud83d"}},
        )
        asked = stage.request(INLINE, stage.place(0, 1))
        await stage.wait(2_000)
        assert "result" in stage.reply(asked)
        await stage.session.aclose()

    asyncio.run(scenario())
