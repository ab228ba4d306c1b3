from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.stage import KEY, PROMPT, endpoint
from typethrough.core.outcome.outcome import Usage
from typethrough.engine.ports import (
    Finish,
    GatewayError,
    GatewayProtocolError,
    GatewayUnavailable,
    ModelNotFound,
    NothingSaid,
    PaymentRequired,
    RateLimited,
)
from typethrough.gateway.reply import Reply
from typethrough.gateway.sse import MAX_EVENT_BYTES

_ENDPOINT = endpoint("https://gateway.example/v1", key=KEY)


def _data(*frames: object) -> bytes:
    return b"".join(
        b"data: " + (frame.encode() if isinstance(frame, str) else json.dumps(frame).encode()) + b"\n\n"
        for frame in frames
    )


def _choice(delta: object, reason: str | None = None) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": None}


_COUNTS = {"prompt_tokens": 2048, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1920}}
_END = Finish("stop", Usage(2048, 1920, 3))
_WHOLE = {"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}], "usage": _COUNTS}

_VERCEL = _data(
    _choice({"role": "assistant"}),
    _choice({"content": "né"}),
    _choice({"content": " = 1🦊"}),
    {
        **_choice({"provider_metadata": {"gateway": {}}}, "stop"),
        "usage": {**_COUNTS, "cost": 0.0001},
        "generationId": "gen_1",
    },
    "[DONE]",
)
_OPENAI = _data(
    {**_choice({"role": "assistant", "content": "", "refusal": None}), "obfuscation": "Qup1"},
    _choice({"content": "né"}),
    _choice({"content": " = 1🦊"}),
    _choice({}, "stop"),
    {"choices": [], "usage": _COUNTS},
    "[DONE]",
)


def _read(*chunks: bytes) -> tuple[str, Reply]:
    reply = Reply(_ENDPOINT, PROMPT)
    text = "".join(reply.feed(chunk) for chunk in chunks if not (reply.is_done or reply.error))
    return text + reply.end(), reply


@pytest.mark.parametrize("stream", [_VERCEL, _OPENAI], ids=["vercel", "openai"])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_both_dialects_split_anywhere_give_the_same_text_and_ending(stream: bytes, ends: bytes) -> None:
    stream = stream.replace(b"\n", ends)
    for at in range(len(stream) + 1):
        text, reply = _read(stream[:at], stream[at:])
        assert (text, reply.error, reply.stream_end()) == ("né = 1🦊", None, _END)


def test_the_answer_is_over_with_the_counts_and_does_not_wait_for_done() -> None:
    _, reply = _read(_VERCEL.removesuffix(b"data: [DONE]\n\n"))
    assert reply.is_done


def test_no_more_can_have_come_from_a_cache_than_was_sent() -> None:
    counts = {"prompt_tokens": 2_000, "prompt_tokens_details": {"cached_tokens": 10**12}}
    _, reply = _read(_data({**_choice({"content": "a"}, "stop"), "usage": counts}))
    assert reply.stream_end().usage == Usage(2_000, 2_000, 0)


def test_counts_on_every_chunk_do_not_end_the_answer() -> None:
    frames = [{**_choice({"content": letter}), "usage": _COUNTS} for letter in "abc"]
    text, reply = _read(_data(*frames, {**_choice({}, "length"), "usage": _COUNTS}))
    assert (text, reply.stream_end()) == ("abc", Finish("length", Usage(2048, 1920, 3)))


@pytest.mark.parametrize(
    ("stream", "text", "end"),
    [
        (_data(_choice({"content": "a"}, "stop")), "a", Finish("stop", Usage())),
        (_data(_choice({"content": "a"}), "[DONE]", "[DONE]"), "a", Finish("stop", Usage())),
        (_data(_choice({"content": "a"}), "[DONE]").rstrip(), "a", Finish("stop", Usage())),
        (_data(_choice({"content": "a"}), _choice({}, "stop"))[:-2], "a", Finish("stop", Usage())),
        (b": ping\n\n" + _VERCEL + b": pong\n\n", "né = 1🦊", _END),
        (_data(_choice({"content": [{"type": "text", "text": "a"}]}), "[DONE]"), "a", Finish("stop", Usage())),
        (
            json.dumps(_WHOLE, indent=1).encode(),
            "a",
            _END,
        ),
        (_data({"choices": [{"index": 1, "delta": {"content": "other"}}]}, "[DONE]"), "", Finish("stop", Usage())),
        (
            _data(_choice({"content": "a"}, "stop"), {"choices": [], "usage": {"prompt_tokens": "9", "completion_tokens": -1}}),
            "a",
            Finish("stop", Usage()),
        ),
    ],
    ids=[
        "no [DONE]", "two [DONE]s", "[DONE] without its blank line", "last event without its blank line", "comments",
        "content in parts", "no stream at all", "a second choice", "odd counts",
    ],
)  # fmt: skip
def test_odd_forms_of_a_whole_answer(stream: bytes, text: str, end: Finish) -> None:
    given_text, reply = _read(stream)
    assert (given_text, reply.error) == (text, None)
    assert reply.stream_end() == end


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        ({"error": {"message": "boom", "type": "internal_server_error"}}, GatewayUnavailable),
        (
            {"error": {"code": 502, "message": "boom"}, **_choice({"content": ""}, "error")},
            GatewayUnavailable,
        ),
        ({"error": "boom"}, GatewayUnavailable),
        (_choice({"content": ""}, "error"), GatewayUnavailable),
        ({"error": {"code": 429, "message": "slow down"}}, RateLimited),
        ({"error": {"type": "rate_limit_exceeded", "message": "slow down"}}, RateLimited),
        ({"error": {"code": "insufficient_quota", "message": "empty"}}, PaymentRequired),
        ({"error": {"type": "model_not_found", "message": "gone"}}, ModelNotFound),
    ],
)
def test_an_error_in_the_stream_comes_after_the_text_before_it(
    last: object, kind: type[GatewayError]
) -> None:
    text, reply = _read(_data(_choice({"content": "a"}), last, _choice({"content": "never"})))
    assert text == "a"
    assert type(reply.error) is kind


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        (b"", GatewayUnavailable),
        (_data(_choice({"content": "a"})), GatewayUnavailable),
        (_VERCEL[:40], GatewayUnavailable),
        (b": ping\n\n", GatewayUnavailable),
        (b"<!DOCTYPE html><html></html>", GatewayProtocolError),
        (b"It works!", GatewayProtocolError),
        (b'{"models": []}', GatewayProtocolError),
        (b"data: not json\n\n", GatewayProtocolError),
        (b"data: [1]\n\n", GatewayProtocolError),
        (b"data: " + b"[" * 100_000 + b"\n\n", GatewayProtocolError),
        (b"data: \xff\xfe\xff\n\n", GatewayProtocolError),
        (b"x" * (MAX_EVENT_BYTES + 1), GatewayProtocolError),
    ],
)
def test_what_is_not_a_whole_answer_is_an_error(stream: bytes, kind: type[GatewayError]) -> None:
    assert type(_read(stream)[1].error) is kind


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "message", "content", "error", "usage", "index", "finish_reason", "code"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(st.binary(max_size=60) | _JSON.map(_data), max_size=6))
def test_any_bytes_end_in_an_answer_or_a_gateway_error(chunks: list[bytes]) -> None:
    text, reply = _read(*chunks)
    assert isinstance(text, str)
    assert reply.is_done != isinstance(reply.error, GatewayError)


# --- gateways that repeat what they have said


def _stream(*deltas: str, last: str = "") -> bytes:
    frames = [_choice({"content": delta}) for delta in deltas]
    return _data(*frames, _choice({"content": last} if last else {}, "stop"), "[DONE]")


_WITH_MESSAGE = {
    "choices": [
        {"delta": None, "message": {"role": "assistant", "content": "a + b"}, "finish_reason": "stop"}
    ]
}


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        (_stream("a", "a + ", "a + b"), "a + b"),
        (_stream("a", "a + ", "a + b", "a + b + c", "a + b + c"), "a + b + c"),
        (_stream("return total", "return total + 1"), "return total + 1"),
        (_stream("\n", "\n    ", "\n    return", "\n    return a", "\n    return a + b"), "\n    return a + b"),
        (_stream("a", "a +", last="a + b"), "a + b"),
        (_stream("a", " +", " b", last="a + b"), "a + b"),
        (_stream("a", " +", last="a + b"), "a + b"),
        (_stream("a", " + b", "a + b"), "a + b"),
        (_stream("return a + b", "return a + b"), "return a + b"),
        (_stream("a + b", last="a + b"), "a + b"),
        (_stream("a", last="a + b"), "a + b"),
        (_stream("0, ", last="0, "), "0, 0, "),
        (_data(_choice({"content": "a + "}), _choice({"content": "b"}), _WITH_MESSAGE, "[DONE]"), "a + b"),
        (_data(_choice({"content": "a + "}), _WITH_MESSAGE, "[DONE]"), "a + b"),
        (_data(_WITH_MESSAGE, "[DONE]"), "a + b"),
        (_data(*[{"choices": [{"message": {"content": one}}]} for one in ("a", " + b")], "[DONE]"), "a + b"),
        (_data(*[{"choices": [{"delta": {"content": one}, "text": one}]} for one in ("a", " + b")], "[DONE]"), "a + b"),
        (_data({"choices": [{"delta": {"role": "assistant"}, "text": "a"}]}, "[DONE]"), "a"),
        (_stream("a", "a"), "aa"),
        (_stream("ha", "ha"), "haha"),
        (_stream("ha", last="ha"), "haha"),
        (_stream("0", ", ", "0", ", ", "0"), "0, 0, 0"),
        (_stream("a", "ab", "x"), "aabx"),
        (_stream("a", "aa", "aaa"), "aaaaaa"),
        (_stream("ab", "abab", "ababab"), "abababababab"),
        (_stream("-", "--", "---"), "------"),
        (_stream(" ", "  ", "   ", "x"), "      x"),
        (_stream("\n", "\n    return", " a"), "\n\n    return a"),
        (_data(_choice({"content": [{"type": "thinking", "text": "hm"}, {"type": "text", "text": "a"}]}), "[DONE]"), "a"),
    ],
)  # fmt: skip
def test_a_gateway_that_repeats_itself_is_heard_once(stream: bytes, text: str) -> None:
    for size in (1, 7, len(stream)):
        said, reply = _read(*[stream[at : at + size] for at in range(0, len(stream), size)])
        assert (said, reply.error) == (text, None)


@given(st.text("ab +\n", min_size=1, max_size=60), st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_all_the_text_so_far_in_each_delta_gives_the_text(text: str, sizes: list[int]) -> None:
    ends, at = [], 14
    for turn in range(len(text)):
        ends.append(at)
        at += sizes[turn % len(sizes)]
    text = "def total(x): " + text
    deltas = [text[:end] for end in ends if end < len(text)]
    said, reply = _read(_stream(*deltas, text))
    assert (said, reply.error) == (text, None)


# --- streams that are not quite what the protocol promises


def _read_lenient(stream: bytes) -> tuple[str, Reply]:
    reply = Reply(_ENDPOINT, PROMPT)
    return reply.feed(stream) + reply.end(may_lack_ending=True), reply


@pytest.mark.parametrize(
    "stream",
    [
        _data(_choice({"content": "a + b"})),
        _data(_choice({"content": "a + "}), _choice({"content": "b"})).replace(b"\n\n", b"\n"),
        _data(_choice({"content": "a + b"})).rstrip(),
        _data(": comment", _choice({"content": "a + b"}), ": comment", "[DONE]"),
        _data(":comment", _choice({"content": "a + b"}), "[DONE]").replace(b"\n\n", b"\n"),
        _data(_choice({"content": "a + b"}), {"choices": [], "usage": _COUNTS}),
        b"event: message\n" + _data(_choice({"content": "a + b"})),
        _data("data: " + json.dumps(_choice({"content": "a + b"})), "data: [DONE]"),
        _data({"type": "ping"}, _choice({"content": "a + b"})),
        b"event: ping\n" + _data("ping", "[PING]", _choice({"content": "a + b"}), "[DONE]"),
        _data({"message": "queued"}, _choice({"content": "a + b"}), "[DONE]"),
        b"".join(json.dumps(_choice({"content": one})).encode() + b"\n" for one in ("a ", "+ b")),
        json.dumps({"choices": [{"message": {"content": "a + b"}}]}).encode(),
    ],
)
def test_loose_forms_of_a_whole_answer(stream: bytes) -> None:
    text, reply = _read_lenient(stream)
    assert (text, reply.error, reply.is_done) == ("a + b", None, True)


@pytest.mark.parametrize(
    ("stream", "kind", "says"),
    [
        (b'event: error\ndata: {"message":"Overloaded","type":"overloaded_error"}\n\n', GatewayUnavailable, "Overloaded"),
        (b"event: error\ndata: Engine is dead\n\n", GatewayUnavailable, "Engine is dead"),
        (b'event: error\ndata: {"error": {"message": "Slow down", "code": 429}}\n', RateLimited, "Slow down"),
        (b'event: error\ndata: {"error":{"type":"overloaded_error","message":"Busy"}}', GatewayUnavailable, "Busy"),
        (b'{"object":"error","message":"The model `m-x` does not exist.","code":404}', ModelNotFound, "m-x"),
        (b'{"error": true, "message": "No worker is free"}', GatewayUnavailable, "No worker is free"),
        (b'{"errors": [{"message": "No worker is free"}]}', GatewayUnavailable, "No worker is free"),
        (b'[{"error": {"code": 429, "message": "Quota exceeded"}}]', RateLimited, "Quota exceeded"),
        (b'{"detail": "No worker is free"}', GatewayUnavailable, "No worker is free"),
        (b'{"code": "1001", "msg": "No worker is free"}', GatewayUnavailable, "No worker is free"),
        (b'{"success": false, "message": "No worker is free"}', GatewayUnavailable, "No worker is free"),
        (b'{"base_resp": {"status_code": 1004, "status_msg": "login fail"}, "choices": null}', GatewayUnavailable, "login fail"),
        (b'{"statusCode": 503, "message": "Try later"}', GatewayUnavailable, "Try later"),
        (b'data: {"message": "No worker is free"}\n\ndata: [DONE]\n\n', GatewayUnavailable, "No worker is free"),
        (b'{"error":\n {"message": "No worker is free"}\n}', GatewayUnavailable, "No worker is free"),
        (b"No worker is free", GatewayProtocolError, "No worker is free"),
    ],
)  # fmt: skip
def test_an_error_with_status_200_is_told_in_the_providers_words(
    stream: bytes, kind: type[GatewayError], says: str
) -> None:
    text, reply = _read_lenient(stream)
    assert (text, type(reply.error)) == ("", kind)
    assert says in str(reply.error)


@pytest.mark.parametrize(
    ("delta", "reason", "says"),
    [
        ({}, "content_filter", "filter"),
        ({"content": ""}, "content-filter", "filter"),
        ({"content": "\n"}, "SAFETY", "filter"),
        ({}, "PROHIBITED_CONTENT", "filter"),
        ({}, "sensitive", "filter"),
        ({}, "refusal", "filter"),
        ({}, "guardrail_intervened", "filter"),
        ({"refusal": "I cannot help."}, "stop", "filter"),
        ({"content": ""}, "load", "loading"),
        ({"reasoning_content": "hm"}, "stop", "reasoning"),
        ({"reasoning": "hm"}, "length", "reasoning"),
        ({"thinking": "hm"}, "stop", "reasoning"),
        (
            {"content": [{"type": "text", "text": ""}], "reasoning_details": [{"text": "hm"}]},
            "stop",
            "reasoning",
        ),
        ({}, "length", "reasoning"),
    ],
)
@pytest.mark.parametrize("ending", [(), ("[DONE]",), ({"choices": [], "usage": _COUNTS},)])
def test_an_answer_that_was_kept_back_is_not_an_empty_one(
    delta: object, reason: str, says: str, ending: tuple[object, ...]
) -> None:
    text, reply = _read(_data(_choice(delta), _choice({}, reason), *ending))
    assert (text.strip(), type(reply.error)) == ("", NothingSaid)
    assert says in str(reply.error)
    assert str(reply.error).isprintable()


@pytest.mark.parametrize("reason", ["content_filter", "load", "length"])
def test_text_counts_more_than_the_reason_of_its_ending(reason: str) -> None:
    text, reply = _read(_data(_choice({"reasoning": "hm"}), _choice({"content": "a"}), _choice({}, reason)))
    assert (text, reply.error, reply.is_done) == ("a", None, True)


def test_an_honest_empty_answer_stays_one() -> None:
    text, reply = _read(_data(_choice({"content": ""}), _choice({}, "stop"), "[DONE]"))
    assert (text, reply.error, reply.is_done) == ("", None, True)


@pytest.mark.parametrize(
    "piece",
    [_data(_choice({"content": ""})), _data(_choice({})), _data("[ping]"), b":\n", b": ping\n\n", b"\n"],
    ids=["empty", "none", "ping", "comment", "spaced", "line"],
)
def test_an_answer_that_goes_on_without_text_is_ended(piece: bytes) -> None:
    reply, fed = Reply(_ENDPOINT, PROMPT), 0
    block = piece * (64 * 1024 // len(piece))
    assert reply.feed(_data(_choice({"content": "a"}))) == "a"
    while reply.error is None and fed < 8 * 1024 * 1024:
        assert reply.feed(block) == ""
        fed += len(block)
    assert isinstance(reply.error, GatewayProtocolError)
    assert "goes on for too long without any text" in str(reply.error)


def test_a_long_reasoning_is_no_silence_without_end() -> None:
    reply = Reply(_ENDPOINT, PROMPT)
    for text in ("one ", "two ", "three"):
        assert reply.feed(_data(*[_choice({"reasoning": "Hm."})] * 4_000)) == ""
        assert reply.feed(_data(_choice({"content": text}))) == text
    assert reply.error is None
