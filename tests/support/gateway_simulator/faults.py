"""The faults that the gateway can show, which requests get them, and the bodies of simple error answers.

Owns names, matching and error bodies. Faults inside an answer are carried out by `chat` and `stream`.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Final

from tests.support.gateway_simulator.http11 import response
from tests.support.gateway_simulator.wire import dumps

JSON: Final = "application/json; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"
HTML_PAGE: Final = b"<!DOCTYPE html><html><body><h1>This page could not be found</h1></body></html>"

_ERRORS: Final[dict[str, tuple[int, dict[str, Any]]]] = {
    "invalid_request": (
        400,
        {
            "message": "Invalid request: missing required parameter 'model'",
            "type": "invalid_request_error",
            "param": "model",
            "code": "missing_parameter",
        },
    ),
    "authentication_error": (401, {"message": "Invalid API key", "type": "authentication_error"}),
    "quota_exceeded": (
        402,
        {
            "message": "Project budget exceeded. Current spend: $200.00, limit: $200.00.",
            "type": "quota_for_entity_exceeded",
        },
    ),
    "insufficient_funds": (402, {"message": "Insufficient credits", "type": "insufficient_funds"}),
    "customer_verification_required": (
        403,
        {"message": "A valid credit card is required", "type": "customer_verification_required"},
    ),
    "no_providers_available": (
        403,
        {
            "message": "Free credits temporarily have restricted access due to abuse.",
            "type": "no_providers_available",
            "param": {"statusCode": 403, "name": "RestrictedModelsError"},
        },
    ),
    "forbidden": (
        403,
        {"message": "Denied by a routing rule", "type": "forbidden", "param": {"ruleId": "rule_1"}},
    ),
    "model_not_found": (
        404,
        {"message": "Model '{model}' not found", "type": "model_not_found", "param": {"modelId": "{model}"}},
    ),
    "not_found": (404, {"message": "Not found", "type": "not_found"}),
    "timeout": (408, {"message": "The request timed out", "type": "timeout_error"}),
    "too_large": (413, {"message": "Request entity too large", "type": "invalid_request_error"}),
    "failed_dependency": (424, {"message": "A dependency failed", "type": "failed_dependency"}),
    "rate_limit": (429, {"message": "Rate limit exceeded", "type": "rate_limit_exceeded"}),
    "rate_limit_free_tier": (
        429,
        {"message": "Free tier requests on this model are rate-limited", "type": "rate_limit_exceeded"},
    ),
    # The form of the provider itself, which a gateway may pass through.
    "model_not_found_openai": (
        404,
        {
            "message": "The model `{model}` does not exist or you do not have access to it.",
            "type": "invalid_request_error",
            "param": None,
            "code": "model_not_found",
        },
    ),
    "authentication_error_openai": (
        401,
        {
            "message": "Incorrect API key provided.",
            "type": "invalid_request_error",
            "param": None,
            "code": "invalid_api_key",
        },
    ),
    "rate_limit_openai": (
        429,
        {
            "message": "Rate limit reached for {model} on requests per min (RPM).",
            "type": "requests",
            "param": None,
            "code": "rate_limit_exceeded",
        },
    ),
    "server_error": (500, {"message": "Internal server error", "type": "internal_server_error"}),
    "unavailable": (503, {"message": "The backing service is unavailable", "type": "service_unavailable"}),
}
_BODIES: Final[dict[str, tuple[int, str, bytes]]] = {
    "string_error": (500, JSON, b'{"error":"Upstream failed","message":"Upstream failed"}'),
    "empty_body": (500, JSON, b""),
    "html_body": (502, HTML, HTML_PAGE),
}
MODES: Final = frozenset(
    {
        *_ERRORS,
        *_BODIES,
        "unsupported_parameter",
        "stream_error",
        "stream_error_openrouter",
        "truncated",
        "truncated_close",
        "reset_before",
        "reset_mid",
        "close_after",
        "close_on_next",
        "reset_on_next",
        "stall_before_headers",
        "stall_after_headers",
        "stall_mid",
        "drip",
        "comments",
        "split",
        "crlf",
        "double_done",
        "usage_both",
        "huge_event",
        "wrong_content_type",
        "json_for_stream",
        "garbage_frame",
    }
)


@dataclass
class Fault:
    """One fault, and which requests get it: the next `left` ones (None: all), by chance, or only those for one model."""

    mode: str
    options: dict[str, Any] = field(default_factory=dict)
    left: int | None = None
    probability: float = 1.0
    model: str | None = None

    @classmethod
    def parse(cls, value: Any) -> Fault:
        """Read `{"mode", "next"?, "probability"?, "model"?, …options}`. Raises ValueError for an unknown mode."""
        rest = dict(value) if isinstance(value, dict) else {}
        mode = rest.pop("mode", None)
        if mode not in MODES:
            raise ValueError(f"no such fault mode: {mode}")
        left, probability, model = (
            rest.pop("next", None),
            rest.pop("probability", 1.0),
            rest.pop("model", None),
        )
        return cls(mode, rest, left, float(probability), model)

    def meets(self, body: dict[str, Any], draw: random.Random) -> bool:
        """Whether this request gets the fault. Each that does reduces `left`."""
        chance = draw.random()
        if self.left == 0 or chance >= self.probability or self.model not in (None, body.get("model")):
            return False
        if self.mode == "unsupported_parameter" and not _refused(self.options, body):
            return False
        if self.left is not None:
            self.left -= 1
        return True


Plan = dict[str, dict[str, Any]]


class Faults:
    """The faults that are set. One request can get several, so that they can be combined."""

    def __init__(self) -> None:
        self._set: list[Fault] = []

    def set(self, value: Any) -> None:
        """Replace all faults by `value`: None, one or a list. If one is wrong, raises ValueError and changes nothing."""
        self._set = [
            Fault.parse(item) for item in (value if isinstance(value, list) else [value] if value else [])
        ]

    def pick(self, body: dict[str, Any], *, seed: int, number: int) -> Plan:
        """The faults that request `number` gets: the options of each by its mode."""
        draw = random.Random(f"fault:{seed}:{number}")
        return {fault.mode: fault.options for fault in self._set if fault.meets(body, draw)}


def _refused(options: dict[str, Any], body: dict[str, Any]) -> str | None:
    return next((name for name in options.get("names", ()) if name in body), None)


def error_answer(mode: str, options: dict[str, Any], body: dict[str, Any]) -> bytes | None:
    """The whole HTTP answer of a simple error fault. None if `mode` is not one."""
    if mode in _BODIES:
        status, content_type, raw = _BODIES[mode]
        return response(options.get("status", status), content_type, raw)
    if mode == "unsupported_parameter":
        name = _refused(options, body)
        error = {
            "message": f"Unsupported parameter: '{name}' is not supported with this model.",
            "type": "invalid_request_error",
            "param": name,
            "code": "unsupported_parameter",
        }
        return error_response(400, error)
    if mode not in _ERRORS:
        return None
    status, error = _ERRORS[mode]
    headers = {}
    if "retry_after_s" in options:
        headers["retry-after"] = str(options["retry_after_s"])
    if "retry_after_date_s" in options:
        headers["retry-after"] = formatdate(time.time() + options["retry_after_date_s"], usegmt=True)
    if mode == "rate_limit_free_tier":
        beside = {"providerMetadata": {"gateway": {"routing": {}}}, "generationId": "gen_simulated"}
        return response(status, JSON, dumps({"error": error, **beside}), headers)
    return error_response(status, _for_model(error, str(body.get("model", ""))), headers)


def error_response(status: int, error: dict[str, Any], headers: dict[str, str] | None = None) -> bytes:
    """An HTTP answer with the usual error body."""
    return response(status, JSON, dumps({"error": error}), headers)


def _for_model(value: Any, model: str) -> Any:
    if isinstance(value, dict):
        return {key: _for_model(item, model) for key, item in value.items()}
    return value.replace("{model}", model) if isinstance(value, str) else value


def stream_error(*, openrouter: bool, frame: dict[str, Any]) -> bytes:
    """The frame that ends a stream with an error. For OpenRouter, it also contains a choice."""
    if not openrouter:
        return dumps({"error": {"message": "The provider failed", "type": "internal_server_error"}})
    choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
    return dumps({**frame, "choices": [choice], "error": {"code": 502, "message": "The provider failed"}})
