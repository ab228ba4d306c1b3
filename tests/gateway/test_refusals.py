from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.stage import KEY, PROMPT, WINDOW, endpoint
from typethrough.engine.ports import (
    CredentialsRejected,
    GatewayError,
    GatewayProtocolError,
    GatewayRejected,
    GatewayTimeout,
    GatewayUnavailable,
    ModelNotFound,
    NothingSaid,
    PaymentRequired,
    PromptTooLong,
    RateLimited,
)
from typethrough.gateway.error_bodies import parse_error_body
from typethrough.gateway.proxies import Proxy
from typethrough.gateway.refusals import error_in_stream, rejection, retry_after_s
from typethrough.gateway.wire import RequestEncoder

_PLACE = replace(
    endpoint("https://gateway.example/v1", key=KEY),
    proxy=Proxy("http://me:hunter2@proxy.example:3128", "https_proxy"),
)
_DATE = {"date": "Fri, 15 Jan 2027 08:00:00 GMT"}


def _error(status: int, body: bytes | dict[str, Any], headers: dict[str, str] | None = None) -> GatewayError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return rejection(status, headers or {}, parse_error_body(raw), _PLACE, PROMPT)


def _named(kind: str, message: str = "", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, **more}, "generationId": "gen_1"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (400, _named("invalid_request_error", "Bad stop", code="bad"), GatewayRejected, "Bad stop"),
        (
            401,
            _named("authentication_error", "Invalid API key"),
            CredentialsRejected,
            "does not accept the key (HTTP 401",
        ),
        (401, b"", CredentialsRejected, "it is wrong, or has expired."),
        (
            400,
            _named("invalid_request_error", "Too many.", code="context_length_exceeded"),
            PromptTooLong,
            "context_tokens",
        ),
        (
            400,
            _named("exceed_context_size_error", "the request exceeds the available context size"),
            PromptTooLong,
            "context_tokens",
        ),
        (
            400,
            {
                "object": "error",
                "message": "This model's maximum context length is 4096 tokens.",
                "code": 400,
            },
            PromptTooLong,
            "context_tokens",
        ),
        (500, _named("internal_server_error", "context window"), GatewayUnavailable, "not working"),
        (400, _named("no_db_connection", "No connected db."), CredentialsRejected, "does not accept the key"),
        (402, _named("insufficient_funds", "Insufficient credits"), PaymentRequired, "Insufficient credits"),
        (402, _named("quota_for_entity_exceeded", "Budget exceeded."), PaymentRequired, "limit"),
        (429, _named("insufficient_quota", "You exceeded your quota"), PaymentRequired, "balance"),
        (403, _named("customer_verification_required"), CredentialsRejected, "card on file"),
        (
            403,
            _named("no_providers_available", param={"statusCode": 403}),
            CredentialsRejected,
            "No provider",
        ),
        (403, _named("forbidden", "Denied by rule"), CredentialsRejected, "Denied by rule"),
        (404, _named("model_not_found", param={"modelId": "x"}), ModelNotFound, "TYPETHROUGH_MODEL"),
        (
            404,
            {"error": {"message": "The model `x` does not exist", "code": None}},
            ModelNotFound,
            "TYPETHROUGH_MODEL",
        ),
        (410, {"error": "This model was shut down"}, ModelNotFound, "This model was shut down"),
        (
            400,
            {"message": "Invalid model: x", "type": "invalid_model", "code": "1500"},
            ModelNotFound,
            "2026-10-23",
        ),
        (404, b"<html>not found</html>", GatewayRejected, "/v1"),
        (404, {"detail": "Not Found"}, GatewayRejected, "TYPETHROUGH_BASE_URL"),
        (405, b"", GatewayRejected, "TYPETHROUGH_BASE_URL"),
        (408, _named("timeout_error"), GatewayTimeout, "waited too long"),
        (413, b"", GatewayRejected, "HTTP 413"),
        (424, _named("failed_dependency"), GatewayUnavailable, "HTTP 424"),
        (429, _named("rate_limit_exceeded", "Rate limit exceeded"), RateLimited, "limits requests"),
        (429, b"Too many requests", RateLimited, "HTTP 429"),
        (500, {"error": "Upstream failed"}, GatewayUnavailable, "Upstream failed"),
        (502, b"<html>", GatewayUnavailable, "HTTP 502"),
        (503, b"", GatewayUnavailable, "HTTP 503"),
        (504, b"", GatewayTimeout, "HTTP 504"),
        (301, b"", GatewayProtocolError, "redirects"),
        (308, b"", GatewayProtocolError, "TYPETHROUGH_BASE_URL"),
        (
            422,
            {"detail": [{"loc": ["body", "x"], "msg": "field required", "type": "missing"}]},
            GatewayRejected,
            "field",
        ),
        (204, b"", GatewayRejected, "HTTP 204"),
    ],
)
def test_a_refusal_becomes_one_leaf_and_one_sentence(
    status: int, body: bytes | dict[str, Any], kind: type[GatewayError], says: str
) -> None:
    error = _error(status, body)
    assert type(error) is kind
    assert says in str(error)


@pytest.mark.parametrize(
    ("message", "limit_tokens"),
    [
        ("request (4031 tokens) exceeds the available context size (1536 tokens), try increasing it", 1536),
        ("This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.", 4096),
        ("the request exceeds the available context size", 0),
        ("context window of a length that nobody has: 99999999999999", 0),
    ],
)
def test_how_long_a_context_is_said_to_be(message: str, limit_tokens: int) -> None:
    error = _error(400, _named("exceed_context_size_error", message))
    assert isinstance(error, PromptTooLong)
    assert error.limit_tokens == limit_tokens


def test_an_unknown_model_is_told_with_endpoint_end_and_setting() -> None:
    body = parse_error_body(json.dumps(_named("model_not_found")).encode())
    assert str(rejection(404, {}, body, _PLACE, PROMPT)) == (
        f"The gateway at {_PLACE.host} does not know the model openai/gpt-4.1-nano, whose vendor announced its shutdown for "
        "2026-10-23 (HTTP 404, model_not_found): change the setting `model` (TYPETHROUGH_MODEL)."
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"key_name": "OPENAI_API_KEY"},
            "the key from OPENAI_API_KEY (HTTP 401): it is wrong, or has expired.",
        ),
        ({"api_key": ""}, "a question without a key (HTTP 401): set TYPETHROUGH_API_KEY."),
        (
            {"headers": (("X-Api-Key", "k-123456"),)},
            "the key in the setting `headers` (HTTP 401): it is wrong, or has expired.",
        ),
    ],
)
def test_a_refused_key_is_named_by_its_source_and_by_nothing_else(changes: dict[str, Any], says: str) -> None:
    error = rejection(401, {}, parse_error_body(b""), replace(_PLACE, **changes), PROMPT)
    assert str(error) == f"The gateway at {_PLACE.host} does not accept {says}"


def test_an_unknown_model_of_a_route_is_blamed_on_the_routes() -> None:
    routed = _PLACE.routed("nobodys/model", _PLACE.profile)
    body = parse_error_body(json.dumps(_named("model_not_found")).encode())
    told = str(rejection(404, {}, body, routed, PROMPT))
    assert "nobodys/model" in told
    assert "the setting `routes` (TYPETHROUGH_ROUTES)" in told


def test_a_card_on_file_is_not_blamed_on_the_key() -> None:
    assert "key and the model's name may be right" in str(
        _error(403, _named("customer_verification_required"))
    )


@pytest.mark.parametrize(
    "message",
    [
        f"Incorrect key: {KEY}",
        f"Incorrect key: {KEY[:8]}********",
        f"Incorrect key: ****{KEY[-4:]}",
        f"Incorrect key: {KEY[5:9]}",
        f"Incorrect key: {quote(KEY[3:9], safe='')}",
        f"Basic {b64encode(f'me:{KEY}'.encode()).decode()}",
        "The password hunt is short",
        "The password ****ter2 is wrong",
        "You sent: def secret_sauce(x):",
        "in your text `return <CURSOR>` at",
        "two\nlines",
        "escape \x1b[31m",
        "right-to-left \u202e",
        "x" * 161,
    ],
)
@pytest.mark.parametrize("status", [400, 402, 403, 404, 429, 500])
def test_a_providers_words_are_not_quoted_when_they_could_show_key_or_text(status: int, message: str) -> None:
    told = str(_error(status, _named("forbidden", message)))
    assert "says" not in told
    assert told.isprintable()
    told = str(error_in_stream({"message": message, "code": KEY}, _PLACE, PROMPT))
    assert "says" not in told
    assert KEY not in told


@pytest.mark.parametrize(
    "said", ["bad session QWERTYUIOPASDFGH", "bad session QWERTYUIOPAS", "bad UVdFUlRZVUlPUEFTREZHSA=="]
)
def test_words_with_a_part_of_a_headers_value_are_not_quoted(said: str) -> None:
    place = replace(_PLACE, headers=(("X-Session", "QWERTYUIOPASDFGH"),))
    error = rejection(
        503, {}, parse_error_body(json.dumps({"error": {"message": said}}).encode()), place, PROMPT
    )
    assert "bad" not in str(error)
    assert "bad" in str(_error(503, {"error": {"message": said}}))


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT", **_DATE}, 30.0),
        ({"retry-after": "Fri, 15 Jan 2027 07:59:30 GMT", **_DATE}, 0.0),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, None),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": ""}, None),
        ({"x-ratelimit-reset-requests": "6m0s"}, None),
    ],
)
def test_the_wait_that_a_gateway_asks_for(headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(headers) == wait_s
    error = _error(429, b"", headers)
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == wait_s


_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "detail", "message", "msg", "type", "code", "param", "loc"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(
    st.integers(201, 599), st.binary(max_size=80) | _ANY_JSON.map(lambda value: json.dumps(value).encode())
)
def test_any_body_becomes_a_printable_gateway_error(status: int, body: bytes) -> None:
    error = _error(status, body)
    assert isinstance(error, GatewayError)
    assert str(error).isprintable()
    assert WINDOW.text[:12] not in str(error)


@given(_ANY_JSON)
def test_any_error_in_a_stream_becomes_a_printable_gateway_error(value: Any) -> None:
    assert str(error_in_stream(value, _PLACE, PROMPT)).isprintable()


_UNKNOWN = 'Invalid JSON payload received. Unknown name "stream_options": Cannot find field.'


@pytest.mark.parametrize(
    "body",
    [
        [{"error": {"code": 400, "message": _UNKNOWN, "status": "INVALID_ARGUMENT"}}],
        {"errors": [{"code": 1, "message": "Unsupported parameter: stream_options"}]},
        {"errors": ["Unsupported parameter: stream_options"]},
        {"errors": {"stream_options": 1, "message": "stream_options is not supported"}},
        {"error": {"error": {"message": "Unknown parameter: 'stream_options'"}}},
        {"error": {"message": {"message": "Unknown parameter: 'stream_options'"}}},
        {"error": {"message": json.dumps({"error": {"message": "Unknown parameter: 'stream_options'"}})}},
        {"error": {"message": "Provider returned error", "metadata": {"raw": '{"message": "stream_options: unknown"}'}}},
        {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted", "type": "extra_forbidden"}]},
        {"detail": {"error": "stream_options is not supported"}},
        {"title": "Bad Request", "detail": "Unrecognized field stream_options"},
        {"code": 20015, "message": "stream_options is not supported", "data": None},
        {"error": {"message": "Bad", "details": [{"fieldViolations": [{"field": "stream_options", "description": "unknown"}]}]}},
        {"error": True, "message": "unsupported: stream_options"},
        {"error": "bad_request", "error_description": "Unknown field stream_options"},
        {"fault": {"message": "unknown field stream_options"}},
        "unknown field stream_options",
        b"unknown field stream_options",
        b'json: unknown field "stream_options"\n',
        b'data: {"error": {"message": "Unknown parameter: stream_options"}}\n\n',
    ],
)  # fmt: skip
def test_a_refused_parameter_is_found_in_any_body(body: Any) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    encoder = RequestEncoder(_PLACE)
    assert "stream_options" in encoder.parameters(PROMPT)
    assert encoder.refuse(parse_error_body(raw), PROMPT)
    assert "stream_options" not in encoder.parameters(PROMPT)
    assert not encoder.refuse(parse_error_body(raw), PROMPT)


@pytest.mark.parametrize(
    "body",
    [
        [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}],
        {"error": {"message": "API key expired. Please renew the API key.", "details": [{"reason": "API_KEY_INVALID"}]}},
        {"error": "Invalid API key"},
        {"errors": [{"message": "Incorrect API key provided"}]},
        {"error": {"type": "authentication_error", "message": "no"}},
        {"error": {"code": "invalid_api_key", "message": "no"}},
        {"detail": "Missing API key"},
        {"message": "The API key is invalid"},
        {"msg": "invalid api-key"},
        {"error": {"status": "UNAUTHENTICATED", "message": "no"}},
        {"error": {"message": "Invalid bearer token"}},
        b"Invalid API key",
    ],
)  # fmt: skip
def test_a_refused_key_with_status_400(body: Any) -> None:
    told = _error(400, body if isinstance(body, bytes) else json.dumps(body).encode())
    assert isinstance(told, CredentialsRejected)
    assert "key" in str(told)


@pytest.mark.parametrize(
    "message",
    [
        "Invalid token in the JSON at position 3", "max_tokens is not valid", "The key 'stop' is unknown",
        "prompt_cache_key: unknown parameter", "tokens expired", "Invalid JSON",
    ],
)  # fmt: skip
def test_other_words_with_status_400_do_not_blame_the_key(message: str) -> None:
    assert type(_error(400, {"error": {"message": message}})) is GatewayRejected


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ([{"error": {"message": "Out of stock"}}], "Out of stock"),
        ({"errors": [{"message": "Out of stock"}, {"message": "Come back"}]}, "Out of stock Come back"),
        ({"error": {"error": {"error": {"message": "Out of stock"}}}}, "Out of stock"),
        ({"error": {"message": "Out of stock", "details": "Out of stock"}}, '"Out of stock"'),
        ({"response": {"error": "Out of stock"}}, "Out of stock"),
        ({"error": {"message": '[{"msg": "Out of stock"}]'}}, "Out of stock"),
        ({"error": {"message": "Out of stock. " + "x" * 400}}, '"Out of stock."'),
        (b"Out\r\nof stock\n", '"Out of stock"'),
        (b'{"error": "Out of st', ""),
        (b"<html><body>Out of stock</body></html>", ""),
        (b"\xff\xfe\x00", ""),
        (b"[" * 60_000, ""),
        (b"data: " + b"x" * 2_000_000, ""),
    ],
)
def test_the_words_of_any_body_reach_the_user(body: Any, says: str) -> None:
    told = str(_error(400, body if isinstance(body, bytes) else json.dumps(body).encode()))
    assert says in told
    assert ("says" in told) is bool(says)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"code": "content_filter", "message": "No", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
        (400, {"error": {"message": "Filtered due to our content management policy."}}),
        (400, {"code": "data_inspection_failed", "message": "Input data may contain it"}),
        (403, {"error": {"code": 403, "message": "This model requires moderation and your input was flagged"}}),
        (451, {"error": {"code": "content_policy_violation", "message": "No"}}),
    ],
)  # fmt: skip
def test_a_text_that_a_filter_refuses_does_not_close_the_gateway(status: int, body: dict[str, Any]) -> None:
    told = _error(status, body)
    assert type(told) is NothingSaid
    assert "content filter" in str(told)
