"""From a refusal, whatever its shape, to one leaf of the error tree and one sentence for people. Pure.

A sentence names the setting to change. What the provider wrote is quoted only when it is short, printable, and holds
neither a part of the key nor a stretch of the prompt. Must not know about connections or retries.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

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
from typethrough.gateway.sse import EventParser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.core.prompt.message import Prompt
    from typethrough.gateway.endpoint import Endpoint

_MODEL_WORDS = frozenset(
    {"model_not_found", "invalid_model", "model_not_available", "model_decommissioned", "DeploymentNotFound"}
)
# OpenAI and those like it have a code, llama.cpp a type; vLLM and LiteLLM say it in words.
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|ContextWindowExceeded|maximum context length|available context size"
    r"|context window",
    re.IGNORECASE,
)
_CONTEXT_SAID = re.compile(r"context (?:size|length|window)\D{0,16}(\d{3,8})(?!\d)", re.IGNORECASE)
# What a LiteLLM proxy without a database answers to a key that is not its own, for it would look others up there.
_LITELLM_UNKNOWN_KEY = "no connected db"
# Google's, and others', with status 400, and where there is no status at all.
_KEY_REFUSED = re.compile(
    r"api[ _-]?key (?:is |was )?(?:not (?:valid|found|provided|set)|invalid|incorrect|wrong|expired|missing|required|unknown)"
    r"|(?:invalid|incorrect|wrong|expired|missing|unknown|no)(?: or (?:missing|invalid|expired))? (?:x-)?api[ _-]?key"
    r"|api_?key_?(?:invalid|expired|service_blocked)|invalid_?api_?key|authentication_error|unauthenticated|authenticationerror"
    r"|(?:invalid|expired) (?:access|auth|authentication|bearer) token|(?:invalid|incorrect|missing|bad) credentials",
    re.IGNORECASE,
)
# It is this text that is refused; the next may well be answered.
_FILTERED = re.compile(
    r"content[_ -]?filter|content (?:management )?policy|content_policy_violation|data_inspection_failed|was flagged"
    r"|requires moderation|inappropriate content|ResponsibleAIPolicy",
    re.IGNORECASE,
)
_ABOUT_RATE = re.compile(r"rate.?limit|too many requests", re.IGNORECASE)
# Where a sentence may stand, an error in an error, and a parameter. The order is that of preference.
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
_QUOTE_CHARS = 160
_SHINGLE_CHARS = 12

# In a stream there is no HTTP status; these words stand for one.
_STATUS_OF_WORD = {
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
    """An error as the provider worded it; every field may be empty."""

    message: str = ""
    kind: str = ""
    code: str = ""
    parameter: str = ""

    @property
    def word(self) -> str:
        """The provider's own word for the cause."""
        return (
            self.kind
            if self.kind in _STATUS_OF_WORD and self.code not in _STATUS_OF_WORD
            else self.code or self.kind
        )


def parse_error_body(body: bytes) -> ErrorBody:
    """Read an error in any shape: an object, a list, one in another, events, plain text, HTML, or nothing at all."""
    if body.lstrip().startswith((b"data:", b"event:")):
        parser = EventParser()
        body = b"\n".join([*parser.feed(body), *parser.finish()])
    try:
        return _parse_error(json.loads(body))
    except (ValueError, RecursionError):
        return ErrorBody(message=_plain(body))


def is_error(frame: Any) -> bool:
    """Whether a frame of a stream, or an answer in place of one, says in so many words that it is an error."""
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
        or (_status_in(frame) and _parse_error(frame).message)
    )


def may_be_error(frame: dict[str, Any]) -> bool:
    """Whether a frame without choices has a sentence where errors have it: an error if nothing else comes."""
    return bool(_parse_error(frame).message)


def quoted_text(body: bytes, endpoint: Endpoint, prompt: Prompt) -> str:
    """What a server said in plain words in place of a stream, as the end of a sentence of ours; mostly empty."""
    return _quote(_plain(body), endpoint, prompt)


def rejection(
    status: int,
    headers: Mapping[str, str],
    error: ErrorBody,
    endpoint: Endpoint,
    prompt: Prompt,
) -> GatewayError:
    """The error for an HTTP answer other than 200."""
    if 300 <= status < 400:
        return GatewayProtocolError(
            f"The gateway redirects (HTTP {status}), and a key must not travel: "
            "correct the setting `base_url` (TYPETHROUGH_BASE_URL)."
        )
    return _leaf(status, error, endpoint, prompt, retry_after_s(headers))


def error_in_stream(error: Any, endpoint: Endpoint, prompt: Prompt) -> GatewayError:
    """The error for a frame that is one, or for its `error` member, where the HTTP status said that all is well."""
    body = _parse_error(error)
    status = _status_in(error) or _STATUS_OF_WORD.get(body.code) or _STATUS_OF_WORD.get(body.kind)
    if status is None:
        text = f"{body.code} {body.kind} {body.message}"
        status = 401 if _KEY_REFUSED.search(text) else 429 if _ABOUT_RATE.search(text) else 502
    return _leaf(status, body, endpoint, prompt, None)


def _status_in(error: Any, depth: int = 0) -> int | None:
    """The HTTP status that an error names, as a number or in figures."""
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
    return _status_in(error.get("error") or error.get("errors"), depth + 1)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that the gateway asks us to wait, from `retry-after-ms` or `Retry-After` (seconds or a date).

    A date is read against the answer's own `Date`, so that a wrong clock on this machine does not matter.
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if not value:
            continue
        try:
            wait_s = float(value) * unit_s
        except ValueError:
            wait_s = _unix_time_s(value) - _unix_time_s(headers.get("date", ""))
        if math.isfinite(wait_s):
            return max(0.0, wait_s)
    return None


def _unix_time_s(date: str) -> float:
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return math.nan


def _leaf(
    status: int, error: ErrorBody, endpoint: Endpoint, prompt: Prompt, wait_s: float | None
) -> GatewayError:
    quote = _quote(error.message, endpoint, prompt)
    word = error.word if _is_word(error.word) and not endpoint.redaction.shows(error.word) else ""
    where = f"HTTP {status}, {word}" if word else f"HTTP {status}"
    if _is_unknown_model(status, error):
        return ModelNotFound(_model_sentence(endpoint, where) + quote, status=status, code=word)
    if status in (400, 413, 422) and _is_too_long(error):
        return PromptTooLong(
            f"The prompt is longer than the model's context ({where}): less is sent from now on. The setting `context_tokens` "
            "(TYPETHROUGH_CONTEXT_TOKENS) bounds it from the start.",
            status=status,
            code=word,
            limit_tokens=int(said[1]) if (said := _CONTEXT_SAID.search(error.message)) else 0,
        )
    if status == 402 or error.code == "insufficient_quota" or error.kind == "insufficient_quota":
        return PaymentRequired(
            f"The account has no balance left, or a spending limit is reached ({where}).{quote}",
            status=status,
            code=word,
        )
    if status == 407:
        return GatewayUnavailable(
            f"The proxy named by {endpoint.proxy.named_by or 'the environment'} wants a user name and a password (HTTP 407)."
        )
    if status in (400, 403, 451) and _FILTERED.search(f"{error.code} {error.kind} {error.message}"):
        return NothingSaid(f"The provider's content filter refused the text ({where}).{quote}")
    if status in (401, 403):
        return CredentialsRejected(_access_sentence(status, word, where, quote), status=status, code=word)
    is_key_refused = bool(_KEY_REFUSED.search(f"{error.code} {error.kind} {error.message}"))
    if status == 400 and (
        is_key_refused or error.message.strip().rstrip(".").lower() == _LITELLM_UNKNOWN_KEY
    ):
        return CredentialsRejected(_access_sentence(401, word, where, quote), status=status, code=word)
    if status == 429:
        return RateLimited(
            f"The gateway limits requests for now ({where}).{quote}", code=word, retry_after_s=wait_s
        )
    if status in (408, 504):
        return GatewayTimeout(f"The gateway gave up waiting for its provider ({where}).")
    if status in (409, 424) or status >= 500:
        return GatewayUnavailable(f"The gateway or the provider behind it is not working ({where}).{quote}")
    if status in (404, 405) and prompt.raw:
        return GatewayRejected(
            f"The server does not serve text completions at this address ({where}): set `prompt_form` "
            "(TYPETHROUGH_PROMPT_FORM) to `chat`, or check the setting `base_url` (TYPETHROUGH_BASE_URL).",
            status=status,
            code=word,
        )
    if status in (404, 405):
        return GatewayRejected(
            f"The gateway does not serve chat completions at this address ({where}): check the setting "
            "`base_url` (TYPETHROUGH_BASE_URL), which mostly ends in /v1.",
            status=status,
            code=word,
        )
    return GatewayRejected(f"The gateway refused the request ({where}).{quote}", status=status, code=word)


def _is_unknown_model(status: int, error: ErrorBody) -> bool:
    if error.code in _MODEL_WORDS or error.kind in _MODEL_WORDS:
        return True
    # What a vendor answers for a model that it shut down is not published: any 404 or 410 about a model is taken for it.
    about_model = "model" in f"{error.code} {error.kind} {error.parameter} {error.message}".lower()
    return status in (404, 410) and about_model


def _is_too_long(error: ErrorBody) -> bool:
    return bool(_TOO_LONG.search(f"{error.code} {error.kind} {error.message}"))


def _model_sentence(endpoint: Endpoint, where: str) -> str:
    profile = endpoint.profile
    model = endpoint.model if endpoint.model.isprintable() and len(endpoint.model) <= 100 else "asked for"
    history = f", whose vendor announced its shutdown for {profile.shutdown}" if profile.shutdown else ""
    advice = f", for instance to {profile.successor}" if profile.successor else ""
    return (
        f"The gateway at {endpoint.url.host} does not know the model {model}{history} ({where}): "
        f"change the setting `{endpoint.setting}` (TYPETHROUGH_{endpoint.setting.upper()}){advice}."
    )


def _access_sentence(status: int, word: str, where: str, quote: str) -> str:
    if status == 401:
        return (
            f"The gateway does not accept the key ({where}): it is missing, wrong, or expired. Set TYPETHROUGH_API_KEY, "
            "or AI_GATEWAY_API_KEY or VERCEL_OIDC_TOKEN for the Vercel AI Gateway (`vercel env pull` renews the token)."
        )
    if word == "customer_verification_required":
        return (
            f"The gateway wants a payment card on file before it serves any model ({where}): add one to the account. "
            "The key may well be right, and so may the model's name."
        )
    if word == "no_providers_available":
        return f"No provider is open to this account for this model ({where}).{quote}"
    return f"The gateway does not allow this request with this key ({where}).{quote}"


def _quote(message: str, endpoint: Endpoint, prompt: Prompt) -> str:
    message = message.strip()
    if len(message) > _QUOTE_CHARS:
        # Its first sentences, as far as there is room for them.
        message = message[: message.rfind(". ", 0, _QUOTE_CHARS) + 1]
    if not message or not message.isprintable():
        return ""
    if endpoint.redaction.shows(message):
        return ""
    shingles = [message[at : at + _SHINGLE_CHARS] for at in range(max(1, len(message) - _SHINGLE_CHARS + 1))]
    if any(shingle in sent.text for sent in prompt.messages for shingle in shingles):
        return ""
    return f' The gateway says: "{message}"'


def _parse_error(error: Any, depth: int = 0) -> ErrorBody:
    if depth > _DEPTH:
        return ErrorBody()
    if isinstance(error, str):
        if error.lstrip()[:1] in ("{", "["):
            # What a provider said, handed on as it came.
            try:
                return _parse_error(json.loads(error), depth + 1)
            except (ValueError, RecursionError):
                pass
        return ErrorBody(message=error)
    if isinstance(error, list):
        return _joined([_parse_error(part, depth + 1) for part in error[:16]])
    if not isinstance(error, dict):
        return ErrorBody()
    parameter = next((error[key] for key in _PARAMETERS if error.get(key)), "")
    status = _string(error.get("status"))
    own = ErrorBody(
        message=next((error[key] for key in _SENTENCES if _string(error.get(key)).strip()), ""),
        kind=_string(error.get("type")) or (status if _is_word(status) and status.isupper() else ""),
        code=_string(error.get("code")),
        parameter=parameter if isinstance(parameter, str) else json.dumps(parameter),
    )
    if own.message.lstrip()[:1] in ("{", "["):
        inner_message = _parse_error(own.message, depth + 1)
        own = replace(inner_message, kind=inner_message.kind or own.kind, code=inner_message.code or own.code)
    nested = [error[key] for key in _NESTED if isinstance(error.get(key), dict | list | str)]
    if isinstance(error.get("message"), dict | list):
        nested.append(error["message"])
    return _joined([own, *(_parse_error(inner, depth + 1) for inner in nested)])


def _joined(parts: list[ErrorBody]) -> ErrorBody:
    """One error of several: all that they say, and the first word that each has for the cause."""
    return ErrorBody(
        message=" ".join(dict.fromkeys(part.message.strip() for part in parts if part.message.strip())),
        kind=next((part.kind for part in parts if part.kind), ""),
        code=next((part.code for part in parts if part.code), ""),
        parameter=" ".join(part.parameter for part in parts if part.parameter),
    )


def _plain(body: bytes) -> str:
    """A body that is plain text, on one line; empty where it is a page or not text."""
    try:
        text = body[:_TEXT_CHARS].decode()
    except UnicodeDecodeError:
        return ""
    return "" if text.lstrip()[:1] in ("<", "{", "[") else " ".join(text.split())


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _is_word(text: str) -> bool:
    return 0 < len(text) <= 48 and text.isascii() and text.replace("_", "").replace("-", "").isalnum()
