"""The server everybody writes first, to be measured beside ours: `python -m tests.bench.naive_server`.

Plain pygls and httpx. It asks the gateway at each request it gets, stops when the editor cancels, keeps nothing, waits for
nothing, sends sixty lines round the cursor and answers with the first lines of what comes. It is not made worse on purpose.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import PurePosixPath

import httpx
from lsprotocol import types
from pygls.lsp.server import LanguageServer

_LINES_BEFORE = 40
_LINES_AFTER = 20
_ANSWER_LINES = 8
_RULES = (
    "You complete code. The user shows part of a file with <CURSOR> in it. Answer with the text that belongs at <CURSOR> and "
    "with nothing else: no explanation, no code fence, none of the text that is already there."
)

server = LanguageServer("naive", "1")
client = httpx.AsyncClient(base_url=os.environ["TYPETHROUGH_BASE_URL"], timeout=30)


def _question(uri: str, lines: list[str], position: types.Position) -> str:
    line = lines[position.line] if position.line < len(lines) else ""
    before = (
        "".join(lines[max(0, position.line - _LINES_BEFORE) : position.line]) + line[: position.character]
    )
    after = line[position.character :] + "".join(lines[position.line + 1 : position.line + _LINES_AFTER])
    return f'<file path="{PurePosixPath(uri).name}">\n{before}<CURSOR>{after}\n</file>'


async def _answer(question: str) -> str:
    body = {
        "model": "openai/gpt-4.1-nano",
        "stream": True,
        "max_tokens": 128,
        "messages": [{"role": "system", "content": _RULES}, {"role": "user", "content": question}],
    }
    text = ""
    async with client.stream("POST", "/chat/completions", json=body) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if not line.startswith("data: ") or line == "data: [DONE]":
                continue
            for choice in json.loads(line[6:]).get("choices", []):
                text += choice["delta"].get("content") or ""
            if text.count("\n") >= _ANSWER_LINES:
                break
    return text


def _clean(text: str) -> str:
    lines = [line for line in text.rstrip().split("\n") if not line.startswith("```")]
    return "\n".join(lines[:_ANSWER_LINES])


@server.feature(
    types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions(work_done_progress=False)
)
async def complete(
    ls: LanguageServer, params: types.InlineCompletionParams
) -> types.InlineCompletionList | None:
    """Ask for the text at the cursor and answer with it."""
    document, position = ls.workspace.get_text_document(params.text_document.uri), params.position
    question = _question(document.uri, list(document.lines), position)
    try:
        text = _clean(await _answer(question))
    except (httpx.HTTPError, ValueError, KeyError, AttributeError):
        return None
    item = types.InlineCompletionItem(insert_text=text, range=types.Range(position, position))
    return types.InlineCompletionList([item] if text else [])


if __name__ == "__main__":
    logging.disable()
    server.start_io()
