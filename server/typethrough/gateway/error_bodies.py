"""Reads a provider's error in any form into one `ErrorBody`. Pure.

It does not know what follows from an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from typethrough.gateway.sse import EventParser

# Where a sentence, an inner error, and a parameter's name may stand, in order of preference.
_SENTENCES = (
    "message", "msg", "Message", "error_message", "errorMessage", "error_msg", "status_msg", "error_description",
    "errorDescription", "description", "title", "reason", "issue",
)  # fmt: skip
_NESTED = ("error", "errors", "detail", "details", "Error", "fault", "innererror", "inner_error", "cause", "body", "response",
           "base_resp", "metadata", "raw", "data", "result", "fieldViolations")  # fmt: skip
_PARAMETERS = ("param", "parameter", "loc", "field", "property", "path", "argument")
_STATUSES = ("code", "status", "status_code", "statusCode", "http_status", "error_code", "errorCode")
_DEPTH = 8
_TEXT_CHARS = 2_000
# In a stream there is no HTTP status. These words stand for one.
STATUS_OF_WORD = {
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "INVALID_ARGUMENT": 400,
    "RESOURCE_EXHAUSTED": 429,
    "AuthenticationError": 401,
    "NotFoundError": 404,
    "not_found_error": 404,
    "BadRequestError": 400,
    "RateLimitError": 429,
    "overloaded_error": 503,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "insufficient_funds": 402,
    "insufficient_quota": 402,
    "quota_for_entity_exceeded": 402,
    "customer_verification_required": 403,
    "forbidden": 403,
    "no_providers_available": 403,
    "permission_error": 403,
    "model_not_found": 404,
    "invalid_request_error": 400,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "timeout_error": 408,
}


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """An error in the provider's words. Any field may be empty. `is_page`: it is a web page."""

    message: str = ""
    kind: str = ""
    code: str = ""
    parameter: str = ""
    is_page: bool = False

    @property
    def word(self) -> str:
        """The provider's own name for the cause."""
        return (
            self.kind
            if self.kind in STATUS_OF_WORD and self.code not in STATUS_OF_WORD
            else self.code or self.kind
        )


def parse_error_body(body: bytes) -> ErrorBody:
    """Read an error in any form: an object, a list, nested errors, events, plain text, HTML, or nothing."""
    try:
        if body.lstrip().startswith((b"data:", b"event:")):
            parser = EventParser()
            body = b"\n".join([*parser.feed(body), *parser.finish()])
        return read_error(json.loads(body))
    except (ValueError, RecursionError):
        return ErrorBody(message=plain_text(body), is_page=body.lstrip().startswith(b"<"))


def is_error(frame: Any) -> bool:
    """Whether a frame of a stream, or an answer instead of one, clearly is an error."""
    if isinstance(frame, list):
        return bool(frame) and all(is_error(part) for part in frame[:16])
    if not isinstance(frame, dict):
        return False
    if frame.get("error"):
        return True
    if frame.get("choices"):
        return False
    return bool(
        frame.get("errors")
        or "error" in (frame.get("object"), frame.get("type"))
        or (status_in(frame) and read_error(frame).message)
    )


def may_be_error(frame: dict[str, Any]) -> bool:
    """Whether a frame without choices has a sentence where errors have one. It is an error if nothing else comes."""
    return bool(read_error(frame).message)


def status_in(error: Any, depth: int = 0) -> int | None:
    """The HTTP status that an error names, as a number or as digits. None if it names none."""
    if isinstance(error, list):
        error = error[0] if error else None
    if not isinstance(error, dict) or depth > _DEPTH:
        return None
    for key in _STATUSES:
        value = error.get(key)
        if isinstance(value, str) and len(value) == 3 and value.isdecimal() and value.isascii():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
            return value
    return status_in(error.get("error") or error.get("errors"), depth + 1)


def read_error(error: Any, depth: int = 0) -> ErrorBody:
    """Read an error from decoded JSON. `depth` is the level of nesting."""
    if depth > _DEPTH:
        return ErrorBody()
    if isinstance(error, str):
        if error.lstrip()[:1] in ("{", "["):
            # The original error of a provider, passed on as JSON text.
            try:
                return read_error(json.loads(error), depth + 1)
            except (ValueError, RecursionError):
                pass
        return ErrorBody(message=error)
    if isinstance(error, list):
        return _joined([read_error(part, depth + 1) for part in error[:16]])
    if not isinstance(error, dict):
        return ErrorBody()
    parameter = next((error[key] for key in _PARAMETERS if error.get(key)), "")
    status = _string(error.get("status"))
    own = ErrorBody(
        message=next((error[key] for key in _SENTENCES if _string(error.get(key)).strip()), ""),
        kind=_string(error.get("type")) or (status if is_word(status) and status.isupper() else ""),
        code=_string(error.get("code")),
        parameter=parameter if isinstance(parameter, str) else json.dumps(parameter),
    )
    if own.message.lstrip()[:1] in ("{", "["):
        inner_message = read_error(own.message, depth + 1)
        own = replace(inner_message, kind=inner_message.kind or own.kind, code=inner_message.code or own.code)
    nested = [error[key] for key in _NESTED if isinstance(error.get(key), dict | list | str)]
    if isinstance(error.get("message"), dict | list):
        nested.append(error["message"])
    return _joined([own, *(read_error(inner, depth + 1) for inner in nested)])


def _joined(parts: list[ErrorBody]) -> ErrorBody:
    """One error from several: all sentences, and the first name of the cause."""
    return ErrorBody(
        message=" ".join(dict.fromkeys(part.message.strip() for part in parts if part.message.strip())),
        kind=next((part.kind for part in parts if part.kind), ""),
        code=next((part.code for part in parts if part.code), ""),
        parameter=" ".join(part.parameter for part in parts if part.parameter),
    )


def plain_text(body: bytes) -> str:
    """A plain-text body on one line. Empty if it is a web page or not text."""
    try:
        text = body[:_TEXT_CHARS].decode()
    except UnicodeDecodeError:
        return ""
    return "" if text.lstrip()[:1] in ("<", "{", "[") else " ".join(text.split())


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def is_word(text: str) -> bool:
    """Whether a text looks like the name of a cause, not like a sentence."""
    return 0 < len(text) <= 48 and text.isascii() and text.replace("_", "").replace("-", "").isalnum()
