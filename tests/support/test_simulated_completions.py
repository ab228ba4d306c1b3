"""The simulator's raw completions, and what it says later about a generation."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.gateway_simulator.holes import hole
from tests.support.gateway_simulator.truth import Cursor
from tests.support.raw_chat import IN_AREA, MISSING, MODEL, TRUE_TEXT, ask, frames, post

if TYPE_CHECKING:
    from tests.support.simulator import Simulator


@pytest.mark.parametrize(
    ("prompt", "cursor"),
    [
        (
            "<|repo_name|>r\n<|file_sep|>a/b.py\nx\n<|file_sep|>c.py\n<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>",
            Cursor("before", "after", "c.py"),
        ),
        ("<｜fim▁begin｜>before<｜fim▁hole｜>after<｜fim▁end｜>", Cursor("before", "after")),
        ("<fim_suffix>after<fim_prefix>before<fim_middle>", Cursor("before", "after")),
        ("[SUFFIX]after[PREFIX]before", Cursor("before", "after")),
        ("<PRE> before <SUF>after <MID>", Cursor("before", "after")),
        ("<fim_prefix><fim_suffix><fim_middle>", Cursor("", "")),
        # Code that contains marks itself: the last of each counts.
        ('<fim_prefix>x = "<fim_prefix>" + <fim_suffix>\ny<fim_middle>', Cursor('" + ', "\ny")),
        ("no marks at all", Cursor("no marks at all", "")),
    ],
)
def test_a_hole_is_found_by_the_marks_of_each_family(prompt: str, cursor: Cursor) -> None:
    assert hole(prompt) == cursor


def _post(simulator: Simulator, body: dict[str, Any]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=10)
    connection.request("POST", "/v1/completions", json.dumps(body))
    answer = connection.getresponse()
    content = answer.status, answer.read()
    connection.close()
    return content


def _events(body: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in body.split(b"\n") if line.startswith(b"data: {")]


def test_a_raw_prompt_is_answered_in_text_chunks_by_who_serves_them(simulator: Simulator) -> None:
    simulator.control(style="openai")
    at = TRUE_TEXT.index(MISSING)
    prompt = f"<fim_prefix>{TRUE_TEXT[:at]}<fim_suffix>{TRUE_TEXT[at + len(MISSING) :]}<fim_middle>"
    asked = {"model": MODEL, "prompt": prompt, "stream": True, "stream_options": {"include_usage": True}}
    status, body = _post(simulator, asked)
    found = _events(body)
    assert status == 200
    assert "".join(frame["choices"][0]["text"] for frame in found[:-1]) == MISSING
    assert {frame["object"] for frame in found} == {"text_completion"}
    assert [frame["choices"][0]["finish_reason"] for frame in found[:-1]][-2:] == [None, "stop"]
    assert found[-1]["choices"] == []
    assert found[-1]["usage"]["completion_tokens"] == len(found) - 2
    (record,) = simulator.log(full=True)
    assert (record["raw"], record["prompt"], record["prompt_chars"]) == (True, prompt, len(prompt))
    status, body = _post(simulator, {"model": MODEL, "prompt": prompt})
    assert json.loads(body)["choices"][0]["text"] == MISSING
    assert _post(simulator, {"model": MODEL})[0] == 400
    simulator.control(style="vercel")
    assert _post(simulator, asked)[0] == 404


def test_a_generation_is_told_when_its_time_has_come_and_under_its_key(simulator: Simulator) -> None:
    simulator.control(key="k", generation_misses=1)
    last = frames(post(simulator, ask(IN_AREA), {"authorization": "Bearer k"}))[-1]

    def told(key: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=10)
        connection.request(
            "GET", f"/v1/generation?id={last['id']}", headers={"authorization": f"Bearer {key}"}
        )
        answer = connection.getresponse()
        content = answer.status, json.loads(answer.read())
        connection.close()
        return content

    assert told("wrong")[0] == 401
    status, body = told("k")
    assert (status, body["error"]) == (404, "Usage event not found")
    status, body = told("k")
    assert status == 200
    assert body["data"]["native_tokens_prompt"] == last["usage"]["prompt_tokens"]
    assert body["data"]["native_tokens_completion"] == last["usage"]["completion_tokens"]
    assert body["data"]["total_cost"] == last["usage"]["cost"]
    # As in reality, it is available only some seconds after the end.
    simulator.control(generation_misses=None)
    assert told("k")[0] == 404
    simulator.control(key=None)
