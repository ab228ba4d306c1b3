"""The simulator on the wire, checked byte by byte, because all other tests rely on it."""

from __future__ import annotations

import http.client
import json
import socket
import time
from typing import Any

import pytest

from tests.support.raw_chat import (
    IN_AREA,
    MISSING,
    MODEL,
    ask,
    error_of,
    events,
    frames,
    post,
    send,
    text_of,
)
from tests.support.simulator import Simulator, start


def test_vercel_stream_opens_without_content_and_ends_in_one_chunk_with_usage(simulator: Simulator) -> None:
    answer = post(simulator, ask(IN_AREA))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream")
    assert events(answer)[-1] == "data: [DONE]"
    first, *middle, last = frames(answer)
    assert first["choices"][0]["delta"] == {"role": "assistant"}
    assert all(frame["id"].startswith("gen_") for frame in (first, *middle, last))
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["generationId"] == last["id"]
    assert last["choices"][0]["delta"]["provider_metadata"]["gateway"]["generationId"] == last["id"]
    assert last["usage"]["completion_tokens"] == len(middle)
    assert isinstance(last["usage"]["cost"], float)
    assert "obfuscation" not in first


@pytest.mark.parametrize("include_usage", [False, True])
def test_openai_stream_gives_usage_in_a_frame_without_choices_when_asked(
    simulator: Simulator, include_usage: bool
) -> None:
    simulator.control(style="openai")
    found = frames(post(simulator, ask(IN_AREA, stream_options={"include_usage": include_usage})))
    assert found[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert all("obfuscation" in frame for frame in found)
    assert (found[-1]["choices"] == []) is include_usage
    finish = found[-2] if include_usage else found[-1]
    assert finish["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    assert ("usage" in found[1]) is include_usage


def test_openai_obfuscation_pads_to_the_same_length_and_can_be_turned_off(simulator: Simulator) -> None:
    simulator.control(style="openai")
    padded = frames(post(simulator, ask(IN_AREA)))[1:-1]
    sizes = {
        (len(frame["choices"][0]["delta"]["content"]) + len(frame["obfuscation"])) % 16 for frame in padded
    }
    assert sizes == {10}
    plain = frames(post(simulator, ask(IN_AREA, stream_options={"include_obfuscation": False})))
    assert not any("obfuscation" in frame for frame in plain)


@pytest.mark.parametrize("style", ["vercel", "openai"])
def test_answer_without_stream_is_one_body(simulator: Simulator, style: str) -> None:
    simulator.control(style=style)
    status, body = error_of(post(simulator, ask(IN_AREA, stream=False)))
    assert status == 200
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"]["content"] == MISSING
    assert (
        body["usage"]["total_tokens"] == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"]
    )
    assert ("generationId" in body) is (style == "vercel")


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_token_limit_is_kept_and_named_as_the_reason(simulator: Simulator, name: str) -> None:
    found = frames(post(simulator, ask(IN_AREA, **{name: 4})))
    assert len(found) == 6
    assert found[-1]["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("stop", ["\n", ["nothing", "\n"]])
def test_stop_sequence_ends_the_text_and_is_not_in_it(simulator: Simulator, stop: Any) -> None:
    assert text_of(post(simulator, ask(IN_AREA, stop=stop))) == " < 0:"


def test_kept_alive_connection_serves_the_next_request_and_chunked_bodies(simulator: Simulator) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", simulator.port)
    raw = json.dumps(ask(IN_AREA)).encode()
    for body in (raw, iter([raw[:100], raw[100:]])):
        connection.request("POST", "/v1/chat/completions", body)
        assert connection.getresponse().read().endswith(b"data: [DONE]\n\n")
    connection.close()
    first, second = simulator.log()
    assert (first["reused"], second["reused"]) == (False, True)
    assert first["connection"] == second["connection"]


@pytest.mark.parametrize(
    ("method", "path", "status", "start_of_body"),
    [
        ("GET", "/v1/models", 200, b'{"object":"list"'),
        ("HEAD", "/v1/models", 200, b""),
        ("POST", "/v1/models", 405, b""),
        ("GET", "/v1/chat/completions", 405, b""),
        ("GET", f"/v1/models/{MODEL}/endpoints", 200, b'{"data":{"id":"openai/gpt-4.1-nano"'),
        ("GET", "/v1/models/openai/unknown/endpoints", 404, b'{"error":{"message":"Model \'openai/unknown\''),
        ("GET", "/v1/unknown", 404, b'{"error":'),
        ("GET", "/v1/generation?id=gen_unknown", 404, b'{"error":"Usage event not found","id":"gen_unknown"'),
        ("GET", "/v1/completions", 405, b""),
        ("POST", "/chat/completions", 404, b"<!DOCTYPE html>"),
    ],
)
def test_other_paths_answer_as_the_gateway_does(
    simulator: Simulator, method: str, path: str, status: int, start_of_body: bytes
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", simulator.port)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == status
    assert body.startswith(start_of_body)
    assert bool(body) is bool(start_of_body)


@pytest.mark.parametrize(
    ("body", "key", "status", "kind"),
    [
        (b"{", None, 400, "invalid_request_error"),
        ({"messages": [{}]}, None, 400, "invalid_request_error"),
        ({"model": MODEL, "messages": []}, None, 400, "invalid_request_error"),
        (ask("$0"), "right", 401, "authentication_error"),
    ],
)
def test_request_that_is_not_right_is_refused(
    simulator: Simulator, body: Any, key: str | None, status: int, kind: str
) -> None:
    simulator.control(key=key)
    found, error = error_of(post(simulator, body, {"authorization": "Bearer wrong"}))
    assert (found, error["error"]["type"]) == (status, kind)
    assert simulator.log()[0]["ending"] == f"refused:{status}"


def test_right_key_is_let_in_and_never_put_on_record(simulator: Simulator) -> None:
    simulator.control(key="sesame")
    assert text_of(post(simulator, ask(IN_AREA), {"authorization": "Bearer sesame"})) == MISSING
    record = simulator.log()[0]
    assert record["headers"]["authorization"] is True
    assert "sesame" not in json.dumps(record)


@pytest.mark.parametrize(
    ("latency", "event", "fault"),
    [
        ({"ttft_ms": 60_000}, "arrived", None),
        ({"tokens_per_s": 1}, "first_text", None),
        ({}, "stalled", "stall_before_headers"),
    ],
)
@pytest.mark.parametrize("hard", [False, True])
def test_client_that_goes_is_noticed_at_once(
    simulator: Simulator, latency: dict[str, Any], event: str, fault: str | None, hard: bool
) -> None:
    simulator.control(latency=latency, faults=[{"mode": fault}] if fault else None)
    connection = send(simulator, ask(IN_AREA))
    simulator.wait(event, 1)
    if hard:
        linger_and_reset = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_and_reset)
    closed_at = time.monotonic()
    connection.close()
    record = simulator.wait("disconnect", 1)
    assert record["ending"] == "disconnected"
    assert closed_at <= record["disconnected_at"] <= time.monotonic()
    assert record["text"] != MISSING


def test_record_tells_what_was_asked_and_what_was_said(simulator: Simulator) -> None:
    body = ask(IN_AREA, temperature=0, max_tokens=50)
    post(simulator, body, {"x-session-affinity": "abc", "user-agent": "me"})
    record = simulator.log(full=True)[0]
    assert record["messages"] == body["messages"]
    assert record["parameters"] == {"temperature": 0, "max_tokens": 50}
    assert (record["headers"]["x-session-affinity"], record["headers"]["user-agent"]) == ("abc", "me")
    assert record["headers"]["authorization"] is False
    assert (record["number"], record["model"], record["ending"]) == (1, MODEL, "complete")
    assert record["prompt_chars"] == sum(len(message["content"]) for message in body["messages"])
    assert record["text"] == MISSING
    assert len(record["newlines_at"]) == MISSING.count("\n")
    assert record["arrived_at"] <= record["first_text_at"] <= record["last_text_at"] <= record["finished_at"]
    assert "messages" not in simulator.log()[0]


def test_reset_starts_numbers_and_log_afresh(simulator: Simulator) -> None:
    post(simulator, ask(IN_AREA))
    simulator.reset()
    assert simulator.log() == []
    post(simulator, ask(IN_AREA))
    assert [record["number"] for record in simulator.log()] == [1]


def test_process_ends_with_its_input() -> None:
    running = start()
    assert running.process.stdin is not None
    running.process.stdin.close()
    assert running.process.wait(10) == 0
    running.stop()
