from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.gateway.stage import KEY, PROMPT, RULES, endpoint
from typethrough.core.models import ModelProfile, profile_of
from typethrough.core.prompt.message import Message, Prompt
from typethrough.gateway.error_bodies import ErrorBody
from typethrough.gateway.wire import RequestEncoder

if TYPE_CHECKING:
    from typethrough.gateway.endpoint import Endpoint

_NANO = endpoint("https://gateway.example/v1", key=KEY)


def _sent(encoder: RequestEncoder, prompt: Prompt = PROMPT) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(encoder.body(prompt))
    return body


def test_a_request_to_the_default_model() -> None:
    assert _sent(RequestEncoder(_NANO)) == {
        "model": "openai/gpt-4.1-nano",
        "messages": [{"role": m.role, "content": m.text} for m in PROMPT.messages],
        "stream": True,
        "stream_options": {"include_usage": True, "include_obfuscation": False},
        "max_tokens": 64,
        "temperature": 0,
        "stop": ["\n\n"],
        "prompt_cache_key": "shard-1",
    }


@pytest.mark.parametrize(
    ("profile", "present", "absent"),
    [
        (
            profile_of("gpt-6-luna"),
            {"max_completion_tokens": 64, "reasoning_effort": "none", "prompt_cache_key": "shard-1"},
            {"max_tokens", "temperature", "stop"},
        ),
        (
            profile_of("some-local-model"),
            {"max_tokens": 64, "stream_options": {"include_usage": True}, "temperature": 0},
            {"prompt_cache_key", "reasoning_effort"},
        ),
        (ModelProfile(supports_stop=False), {"max_tokens": 64}, {"stop"}),
    ],
)
def test_a_profile_decides_the_dialect(
    profile: ModelProfile, present: dict[str, Any], absent: set[str]
) -> None:
    sent = _sent(RequestEncoder(replace(_NANO, profile=profile)))
    assert {name: sent.get(name) for name in present} == present
    assert not absent & sent.keys()


def test_at_most_four_stops_are_sent_and_none_when_there_are_none() -> None:
    encoder = RequestEncoder(_NANO)
    assert _sent(encoder, replace(PROMPT, stop=tuple("abcdef")))["stop"] == list("abcd")
    assert "stop" not in _sent(encoder, replace(PROMPT, stop=()))
    assert _sent(encoder, replace(PROMPT, stop=("", "a")))["stop"] == ["a"]
    for raw in (False, True):
        assert "stop" not in _sent(encoder, replace(PROMPT, stop=("",), raw=raw))


@pytest.mark.parametrize("text", ['"\\\n\t\x00\x1f', "é🦊\u2028", "half \ud83e of a pair"])
def test_any_text_becomes_valid_json(text: str) -> None:
    sent = _sent(RequestEncoder(_NANO), replace(PROMPT, messages=(RULES, Message("user", text))))
    assert sent["messages"][1]["content"] == text.encode("utf-8", "replace").decode()


def test_stable_messages_are_the_same_bytes_and_are_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[Message] = []
    encode = RequestEncoder._stable.__globals__["_encode"]

    def counting(message: Message) -> bytes:
        encoded.append(message)
        result: bytes = encode(message)
        return result

    monkeypatch.setitem(RequestEncoder._stable.__globals__, "_encode", counting)
    encoder = RequestEncoder(_NANO)
    anchor = Message("user", "a = 1\n" * 30_000)
    bodies = [
        encoder.body(Prompt((RULES, anchor, Message("user", f"x{number}")), 2, (), 8, "k"))
        for number in range(3)
    ]
    stable = bodies[0].index(b'{"role":"user","content":"x0"')
    assert len({body[:stable] for body in bodies}) == 1
    assert encoded.count(anchor) == encoded.count(RULES) == 1
    assert len(encoded) == 2 + 3


def test_a_message_too_large_to_keep_is_sent_all_the_same() -> None:
    huge = Message("user", "x" * 5_000_000)
    assert (
        _sent(RequestEncoder(_NANO), replace(PROMPT, messages=(huge,)))["messages"][0]["content"] == huge.text
    )


@pytest.mark.parametrize(
    ("error", "dropped"),
    [
        (
            ErrorBody("Unsupported parameter: 'prompt_cache_key'", code="unsupported_parameter"),
            {"prompt_cache_key"},
        ),
        (ErrorBody("nope", code="unknown_parameter", parameter="stream_options"), {"stream_options"}),
        (ErrorBody("`temperature` is not supported with this model"), {"temperature"}),
        (
            ErrorBody(
                "Extra inputs are not permitted", parameter='["body", "stop"] ["body", "prompt_cache_key"]'
            ),
            {"stop", "prompt_cache_key"},
        ),
        (ErrorBody("max_tokens is too large: 100000", parameter="max_tokens"), set()),
        (ErrorBody("unsupported parameter: 'nonstop'"), set()),
        (ErrorBody("Unsupported value: stream must be false", parameter="stream"), set()),
        (ErrorBody(""), set()),
    ],
)
def test_an_unsupported_parameter_is_dropped_for_good(error: ErrorBody, dropped: set[str]) -> None:
    encoder = RequestEncoder(_NANO)
    before = _sent(encoder).keys()
    assert encoder.refuse(error, PROMPT) == bool(dropped)
    assert before - _sent(encoder).keys() == dropped
    assert not encoder.refuse(error, PROMPT)


def test_a_refused_detail_leaves_the_rest_of_its_parameter() -> None:
    encoder = RequestEncoder(_NANO)
    encoder.refuse(ErrorBody("Unknown parameter", parameter="stream_options.include_obfuscation"), PROMPT)
    assert _sent(encoder)["stream_options"] == {"include_usage": True}


def test_a_refused_token_limit_takes_its_other_name() -> None:
    encoder = RequestEncoder(_NANO)
    # The error names the parameter to use instead as well; that one was not sent, so it is not dropped.
    advice = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    assert encoder.refuse(ErrorBody(advice, code="unsupported_parameter", parameter="max_tokens"), PROMPT)
    sent = _sent(encoder)
    assert sent["max_completion_tokens"] == 64
    assert "max_tokens" not in sent


def _headers(place: Endpoint, prompt: Prompt = PROMPT) -> dict[bytes, bytes]:
    return {name.lower(): value for name, value in RequestEncoder(place).headers(prompt)}


def test_headers_carry_key_and_affinity_and_no_attribution() -> None:
    headers = _headers(_NANO)
    assert headers[b"authorization"] == b"Bearer " + KEY.encode()
    assert headers[b"x-session-affinity"] == b"shard-1"
    assert headers[b"accept-encoding"] == b"identity"
    assert headers[b"host"] == b"gateway.example"
    assert not {b"http-referer", b"x-title"} & headers.keys()


def test_no_key_means_no_authorization_header() -> None:
    assert b"authorization" not in _headers(endpoint("http://127.0.0.1:9/v1"))


@pytest.mark.parametrize("cache_key", ["", "né", "a\r\nx-evil: 1"])
def test_a_cache_key_no_header_can_carry_is_left_out(cache_key: str) -> None:
    assert b"x-session-affinity" not in _headers(_NANO, replace(PROMPT, cache_key=cache_key))
