"""Any messages in any order, through us and through pygls: one reply to each request, and nothing that was sent in an error."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from typing import Any

import pytest

from tests.lsp.stage import INLINE, INLINE_CLIENT, URI, Stage
from tests.support.engine_kit import settle

MARK = "TOP_SECRET_TEXT"
PULLING = {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}
METHODS = [
    "initialize", "initialized", "$/setTrace", "$/cancelRequest", "$/unknown", "textDocument/didOpen", "textDocument/didChange",
    "textDocument/didClose", "textDocument/completion", "textDocument/hover", "workspace/executeCommand",
    "workspace/didChangeConfiguration", "workspace/didChangeWorkspaceFolders", "window/workDoneProgress/cancel",
    "notebookDocument/didOpen", "notebookDocument/didChange", "notebookDocument/didClose", "client/registerCapability",
    "workspace/didChangeWatchedFiles", "workspace/didCreateFiles", "workspace/didRenameFiles", "workspace/didDeleteFiles",
]  # fmt: skip
KEYS = [
    "textDocument", "uri", "version", "text", "contentChanges", "range", "position", "line", "character", "context",
    "triggerKind", "selectedCompletionInfo", "command", "arguments", "settings", "typethrough", "value", "id", "capabilities",
    "general", "changes", "files", "oldUri", "newUri", "added", "removed", "notebookDocument", "cellTextDocuments", "cells",
    "change", "structure", "array", "start", "deleteCount", "textContent", "document", "event", "token", "type_name", "params",
    "message", "code",
]  # fmt: skip


def value(dice: random.Random, depth: int = 0) -> Any:
    """Any JSON, of the shapes that LSP has, with a word in it that must never come back."""
    kind = dice.randrange(4) if depth < 4 else 0
    if kind == 1:
        return [value(dice, depth + 1) for _ in range(dice.randrange(3))]
    if kind > 1:
        return {dice.choice([*KEYS, MARK]): value(dice, depth + 1) for _ in range(dice.randrange(5))}
    return dice.choice([None, True, 0, 1, -1, 2**40, 1.5, "", MARK, URI, "typethrough.accepted", "off"])


def said(dice: random.Random, stage: Stage, number: int) -> dict[str, Any]:
    """A request, a notification, or an answer to one of the server's own requests."""
    if dice.random() < 0.15:
        own = [message["id"] for message in stage.wire.messages if "method" in message and "id" in message]
        return {"id": dice.choice([*own, "none"]), dice.choice(["result", "error", "x"]): value(dice)}
    message = {"method": dice.choice([*METHODS, INLINE, MARK, 7]), "params": value(dice)}
    return message | ({"id": number} if dice.random() < 0.6 else {})


@pytest.mark.parametrize("seed", range(60))
def test_any_messages_in_any_order_get_their_replies(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        dice, stage = random.Random(seed), Stage()
        stage.initialize(dice.choice([{}, {**INLINE_CLIENT, "workspace": PULLING}]))
        stage.notify("initialized", {})
        numbers = range(100, 150)
        asked = []
        for number in numbers:
            await settle()
            message = said(dice, stage, number)
            stage.receive(message)
            if "method" in message and "id" in message:
                asked.append(number)
        await stage.wait(2_000)
        assert stage.call("shutdown") is None
        assert asked
        assert [len(stage.replies(number)) for number in asked] == [1] * len(asked)
        errors = [message for message in stage.wire.messages if "error" in message]
        assert MARK not in json.dumps([errors, stage.told("window/showMessage")])
        await stage.session.aclose()

    with caplog.at_level(logging.DEBUG):
        asyncio.run(scenario())
    assert MARK not in caplog.text
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
