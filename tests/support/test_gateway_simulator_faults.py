"""Each fault of the simulator, checked in the bytes that a client gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.raw_chat import (
    IN_AREA,
    MISSING,
    MODEL,
    ask,
    chunks,
    cut,
    error_of,
    frames,
    post,
    send,
    text_of,
)

if TYPE_CHECKING:
    from tests.support.simulator import Simulator


@pytest.mark.parametrize(
    ("mode", "status", "kind"),
    [
        ("invalid_request", 400, "invalid_request_error"),
        ("authentication_error", 401, "authentication_error"),
        ("quota_exceeded", 402, "quota_for_entity_exceeded"),
        ("insufficient_funds", 402, "insufficient_funds"),
        ("customer_verification_required", 403, "customer_verification_required"),
        ("no_providers_available", 403, "no_providers_available"),
        ("forbidden", 403, "forbidden"),
        ("model_not_found", 404, "model_not_found"),
        ("failed_dependency", 424, "failed_dependency"),
        ("rate_limit", 429, "rate_limit_exceeded"),
        ("model_not_found_openai", 404, "invalid_request_error"),
        ("authentication_error_openai", 401, "invalid_request_error"),
        ("rate_limit_openai", 429, "requests"),
        ("rate_limit_free_tier", 429, "rate_limit_exceeded"),
        ("timeout", 408, "timeout_error"),
        ("too_large", 413, "invalid_request_error"),
        ("not_found", 404, "not_found"),
        ("server_error", 500, "internal_server_error"),
        ("unavailable", 503, "service_unavailable"),
    ],
)
def test_error_answer_has_its_status_and_type(
    simulator: Simulator, mode: str, status: int, kind: str
) -> None:
    simulator.fault(mode)
    found, body = error_of(post(simulator, ask(IN_AREA)))
    assert (found, body["error"]["type"]) == (status, kind)
    assert simulator.log()[0]["ending"] == f"fault:{mode}"
    if mode == "model_not_found":
        assert body["error"]["param"] == {"modelId": MODEL}


@pytest.mark.parametrize(
    ("options", "header"),
    [({}, None), ({"retry_after_s": 3}, b"retry-after: 3\r\n"), ({"retry_after_date_s": 5}, b" GMT\r\n")],
)
def test_rate_limit_says_when_to_come_back_in_each_form(
    simulator: Simulator, options: dict[str, Any], header: bytes | None
) -> None:
    simulator.fault("rate_limit", **options)
    answer = post(simulator, ask(IN_AREA))
    assert header in answer if header else b"retry-after" not in answer


@pytest.mark.parametrize(
    ("mode", "body"),
    [("string_error", b'{"error":"Upstream failed"'), ("empty_body", b""), ("html_body", b"<!DOCTYPE html>")],
)
def test_odd_error_bodies(simulator: Simulator, mode: str, body: bytes) -> None:
    simulator.fault(mode)
    head, _, found = post(simulator, ask(IN_AREA)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 50")
    assert found.startswith(body)
    assert bool(found) is bool(body)


def test_unsupported_parameter_is_refused_by_name_until_it_is_left_out(simulator: Simulator) -> None:
    simulator.fault("unsupported_parameter", names=["prompt_cache_key"])
    status, body = error_of(post(simulator, ask(IN_AREA, prompt_cache_key="k")))
    assert (status, body["error"]["param"]) == (400, "prompt_cache_key")
    assert text_of(post(simulator, ask(IN_AREA))) == MISSING


@pytest.mark.parametrize(
    ("mode", "end", "whole"),
    [
        ("stream_error", b'data: {"error":{"message":"The provider failed"', True),
        ("stream_error_openrouter", b'"finish_reason":"error"}],"error":{"code":502', True),
        ("truncated", b"", True),
        ("truncated_close", b"", False),
    ],
)
def test_stream_that_breaks_has_some_text_and_no_done(
    simulator: Simulator, mode: str, end: bytes, whole: bool
) -> None:
    simulator.fault(mode, after_tokens=2)
    answer = post(simulator, ask(IN_AREA))
    assert end in answer
    assert b"[DONE]" not in answer
    assert answer.endswith(b"0\r\n\r\n") is whole
    record = simulator.log()[0]
    assert (record["ending"], record["text"]) == (f"fault:{mode}", " < ")


@pytest.mark.parametrize(("mode", "some"), [("reset_before", False), ("reset_mid", True)])
def test_reset_is_a_tcp_reset(simulator: Simulator, mode: str, some: bool) -> None:
    simulator.fault(mode)
    received: list[bytes] = []
    with send(simulator, ask(IN_AREA)) as connection, pytest.raises(ConnectionResetError):
        received.extend(iter(lambda: connection.recv(65536), b""))
    assert bool(received) is some


@pytest.mark.parametrize(
    ("mode", "error"),
    [("close_after", None), ("close_on_next", None), ("reset_on_next", ConnectionResetError)],
)
def test_kept_alive_connection_dies_under_the_next_request(
    simulator: Simulator, mode: str, error: type[Exception] | None
) -> None:
    simulator.fault(mode, next=1)
    with send(simulator, ask(IN_AREA)) as connection:
        received = b""
        while not received.endswith(b"0\r\n\r\n"):
            received += connection.recv(65536)
        assert b"connection: close" not in received
        if mode != "close_after":
            connection.sendall(b"POST ")
        if error:
            with pytest.raises(error):
                connection.recv(1)
        else:
            assert connection.recv(1) == b""
    assert text_of(post(simulator, ask(IN_AREA))) == MISSING


@pytest.mark.parametrize(
    ("mode", "seen"),
    [
        ("stall_before_headers", b""),
        ("stall_after_headers", b"HTTP/1.1 200"),
        ("stall_mid", b'"content":" <"'),
    ],
)
def test_stalled_answer_waits_for_its_release_then_is_whole(
    simulator: Simulator, mode: str, seen: bytes
) -> None:
    simulator.fault(mode, after_tokens=2)
    with send(simulator, ask(IN_AREA), {"connection": "close"}) as connection:
        record = simulator.wait("stalled", 1)
        assert record["ending"] is None
        connection.setblocking(False)
        before = b""
        if seen:
            connection.setblocking(True)
            while seen not in before:
                before += connection.recv(65536)
        else:
            with pytest.raises(BlockingIOError):
                connection.recv(1)
        assert b"[DONE]" not in before
        connection.setblocking(True)
        simulator.release()
        after = b"".join(iter(lambda: connection.recv(65536), b""))
    assert text_of(before + after) == MISSING


@pytest.mark.parametrize(
    ("faults", "mark"),
    [
        (["crlf"], b"\r\n\r\ndata: [DONE]\r\n\r\n"),
        (["comments"], b": ping\n\n"),
        (["double_done"], b"data: [DONE]\n\ndata: [DONE]\n\n"),
        (["garbage_frame"], b'"content": \n\n'),
        (["huge_event"], b": " + b"x" * 1_000_000),
        (["split"], b""),
        (["drip"], b""),
        (["crlf", "comments", "split"], b": ping\r\n\r\n"),
        (["wrong_content_type"], b""),
    ],
)
def test_odd_forms_still_carry_the_whole_text(simulator: Simulator, faults: list[str], mark: bytes) -> None:
    simulator.control(
        faults=[
            {"mode": mode, "bytes": 50, "interval_ms": 0} if mode == "drip" else {"mode": mode}
            for mode in faults
        ]
    )
    answer = post(simulator, ask(IN_AREA))
    body = b"".join(chunks(answer))
    assert mark in body
    lines = [
        line
        for line in body.replace(b"\r\n", b"\n").decode().split("\n\n")
        if line.startswith('data: {"id":"')
    ]
    deltas = [choice["delta"] for line in lines for choice in json.loads(line[6:])["choices"]]
    assert "".join(delta.get("content", "") for delta in deltas) == MISSING
    assert (b"text/event-stream" in answer) is ("wrong_content_type" not in faults)
    assert simulator.log()[0]["faults"] == faults


def test_split_cuts_inside_characters_and_inside_the_field_name(simulator: Simulator) -> None:
    simulator.fault("split", bytes=1)
    answer = post(simulator, ask(cut("Shapes", "\n\n\ndef area")))
    assert {len(piece) for piece in chunks(answer)} == {1}
    assert text_of(answer) == ' — and their areas in m²."""'


def test_usage_can_come_on_both_frames(simulator: Simulator) -> None:
    for style in ("vercel", "openai"):
        simulator.control(style=style)
        simulator.fault("usage_both")
        *_, finish, last = frames(post(simulator, ask(IN_AREA)))
        assert last["choices"] == []
        assert finish["usage"] == last["usage"]


def test_stream_may_be_answered_with_one_json_body(simulator: Simulator) -> None:
    simulator.fault("json_for_stream")
    assert error_of(post(simulator, ask(IN_AREA)))[1]["choices"][0]["message"]["content"] == MISSING


def test_fault_can_be_limited_in_number_to_a_model_and_by_chance(simulator: Simulator) -> None:
    simulator.fault("server_error", next=1)
    assert [post(simulator, ask(IN_AREA))[9:12] for _ in range(2)] == [b"500", b"200"]
    simulator.fault("model_not_found", model=MODEL)
    assert post(simulator, ask(IN_AREA))[9:12] == b"404"
    assert post(simulator, ask(IN_AREA, model="other"))[9:12] == b"200"
    simulator.fault("server_error", probability=0.5)
    drawn = [post(simulator, ask(IN_AREA))[9:12] for _ in range(20)]
    assert set(drawn) == {b"200", b"500"}


def test_unknown_control_is_refused_and_changes_nothing(simulator: Simulator) -> None:
    for wanted in (
        {"faults": {"mode": "nonsense"}},
        {"defects": "nonsense=1"},
        {"style": "nonsense"},
        {"nonsense": 1},
    ):
        with pytest.raises(ValueError, match=r"nonsense|no such"):
            simulator.control(**wanted)
    assert text_of(post(simulator, ask(IN_AREA))) == MISSING
