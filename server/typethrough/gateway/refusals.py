"""Turns a refusal of any form into one `GatewayError` and one sentence for the user. Pure.

The sentence names the setting to change. The provider's words are quoted only if they are short, printable, and contain
no part of the key or the prompt. This module does not know about connections or retries.
"""

from __future__ import annotations

import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from typethrough.core.outcome.faults import Fault
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
from typethrough.gateway.doorway import seconds_of
from typethrough.gateway.error_bodies import (
    STATUS_OF_WORD,
    ErrorBody,
    is_word,
    plain_text,
    read_error,
    status_in,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typethrough.core.prompt.message import Prompt
    from typethrough.gateway.endpoint import Endpoint

_MODEL_WORDS = frozenset(
    {"model_not_found", "invalid_model", "model_not_available", "model_decommissioned", "DeploymentNotFound"}
)
# OpenAI and similar servers have a code, llama.cpp a type. vLLM and LiteLLM only have words.
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|ContextWindowExceeded|maximum context length|available context size"
    r"|context window",
    re.IGNORECASE,
)
_CONTEXT_SAID = re.compile(r"context (?:size|length|window)\D{0,16}(\d{3,8})(?!\d)", re.IGNORECASE)
# A LiteLLM proxy without a database answers this to an unknown key, because it cannot look keys up.
_LITELLM_UNKNOWN_KEY = "no connected db"
# What Google and others say about a key, with status 400 or without any status.
_KEY_REFUSED = re.compile(
    r"api[ _-]?key (?:is |was )?(?:not (?:valid|found|provided|set)|invalid|incorrect|wrong|expired|missing|required|unknown)"
    r"|(?:invalid|incorrect|wrong|expired|missing|unknown|no)(?: or (?:missing|invalid|expired))? (?:x-)?api[ _-]?key"
    r"|api_?key_?(?:invalid|expired|service_blocked)|invalid_?api_?key|authentication_error|unauthenticated|authenticationerror"
    r"|(?:invalid|expired) (?:access|auth|authentication|bearer) token|(?:invalid|incorrect|missing|bad) credentials",
    re.IGNORECASE,
)
# Words of a content filter. It refuses this prompt only.
_FILTERED = re.compile(
    r"content[_ -]?filter|content (?:management )?policy|content_policy_violation|data_inspection_failed|was flagged"
    r"|requires moderation|inappropriate content|ResponsibleAIPolicy",
    re.IGNORECASE,
)
_ABOUT_RATE = re.compile(r"rate.?limit|too many requests", re.IGNORECASE)
_QUOTE_CHARS = 160
_SHINGLE_CHARS = 12


def quoted_text(body: bytes, endpoint: Endpoint, prompt: Prompt) -> str:
    """A server's plain words instead of a stream, as the end of our sentence. Usually empty."""
    return _quote(plain_text(body), endpoint, prompt)


def rejection(
    status: int,
    headers: Mapping[str, str],
    error: ErrorBody,
    endpoint: Endpoint,
    prompt: Prompt,
) -> GatewayError:
    """The error for an HTTP answer other than 200."""
    if (refused := endpoint.refused_by_proxy(status, headers)) is not None:
        return GatewayUnavailable(str(refused), fault=refused.fault)
    if 300 <= status < 400:
        return GatewayProtocolError(Fault.REDIRECTED.says(status=status), fault=Fault.REDIRECTED)
    return _leaf(status, error, endpoint, prompt, retry_after_s(headers))


def error_in_stream(error: Any, endpoint: Endpoint, prompt: Prompt) -> GatewayError:
    """The error for a frame that is an error, or for its `error` member, in an answer with status 200."""
    body = read_error(error)
    status = status_in(error) or STATUS_OF_WORD.get(body.code) or STATUS_OF_WORD.get(body.kind)
    if status is None:
        text = f"{body.code} {body.kind} {body.message}"
        status = 401 if _KEY_REFUSED.search(text) else 429 if _ABOUT_RATE.search(text) else 502
    return _leaf(status, body, endpoint, prompt, None)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How many seconds the gateway asks us to wait, None if it does not say.

    Read from `retry-after-ms`, `Retry-After` (seconds or a date), or if a limit is used up from `x-ratelimit-reset-…`. A date
    is compared with the answer's own `Date`, so a wrong clock on this machine does not matter.
    """
    for what in ("requests", "tokens"):
        if headers.get(f"x-ratelimit-remaining-{what}", "").strip() == "0" and "retry-after" not in headers:
            wait_s = seconds_of(headers.get(f"x-ratelimit-reset-{what}", ""))
            if wait_s is not None:
                return wait_s
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
    word = error.word if is_word(error.word) and not endpoint.shows(error.word) else ""
    key, advice = endpoint.login
    places = {
        "key": key,
        "advice": advice,
        "where": f"HTTP {status}, {word}" if word else f"HTTP {status}",
        "quote": _quote(error.message, endpoint, prompt),
        "host": endpoint.host,
    }
    fault = _fault_of(status, word, error, prompt)
    if fault is Fault.MODEL_UNKNOWN:
        # The gateway adds what the list of models offers.
        told = fault.says(**(places | model_places(endpoint)), offer="")
        return ModelNotFound(told, status=status, code=word)
    told = fault.says(**places)
    if fault is Fault.PROMPT_TOO_LONG:
        said = _CONTEXT_SAID.search(error.message)
        return PromptTooLong(told, status=status, code=word, limit_tokens=int(said[1]) if said else 0)
    if fault is Fault.RATE_LIMITED:
        return RateLimited(told, code=word, retry_after_s=wait_s)
    if fault in _REJECTIONS:
        return _REJECTIONS[fault](told, status=status, code=word, fault=fault)
    return _FAILURES.get(fault, GatewayUnavailable)(told, fault=fault)


_REJECTIONS: dict[Fault, type[GatewayRejected]] = {
    Fault.WEB_PAGE: CredentialsRejected,
    Fault.KEY_REFUSED: CredentialsRejected,
    Fault.CARD_WANTED: CredentialsRejected,
    Fault.NO_PROVIDER: CredentialsRejected,
    Fault.NOT_ALLOWED: CredentialsRejected,
    Fault.NO_BALANCE: PaymentRequired,
    Fault.WRONG_ADDRESS: GatewayRejected,
    Fault.NO_TEXT_COMPLETIONS: GatewayRejected,
    Fault.REFUSED: GatewayRejected,
}
_FAILURES: dict[Fault, type[GatewayError]] = {
    Fault.TEXT_FILTERED: NothingSaid,
    Fault.GAVE_UP: GatewayTimeout,
}


def _fault_of(status: int, word: str, error: ErrorBody, prompt: Prompt) -> Fault:
    """The fault for a status and an error. The first rule that fits decides."""
    said = f"{error.code} {error.kind} {error.message}"
    if error.is_page and status in (401, 403, 407, 451, 511):
        return Fault.WEB_PAGE
    if _is_unknown_model(status, error):
        return Fault.MODEL_UNKNOWN
    if status in (400, 413, 422) and _TOO_LONG.search(said):
        return Fault.PROMPT_TOO_LONG
    if status == 402 or "insufficient_quota" in (error.code, error.kind):
        return Fault.NO_BALANCE
    if status in (400, 403, 451) and _FILTERED.search(said):
        return Fault.TEXT_FILTERED
    if status == 400 and (
        _KEY_REFUSED.search(said) or error.message.strip().rstrip(".").lower() == _LITELLM_UNKNOWN_KEY
    ):
        return Fault.KEY_REFUSED
    if status == 403:
        return _ACCESS_WORDS.get(word, Fault.NOT_ALLOWED)
    if status in (404, 405):
        return Fault.NO_TEXT_COMPLETIONS if prompt.raw else Fault.WRONG_ADDRESS
    usual = Fault.NOT_WORKING if status >= 500 else Fault.REFUSED
    return _BY_STATUS.get(status, usual)


_ACCESS_WORDS = {
    "customer_verification_required": Fault.CARD_WANTED,
    "no_providers_available": Fault.NO_PROVIDER,
}
_BY_STATUS = {
    401: Fault.KEY_REFUSED,
    408: Fault.GAVE_UP,
    409: Fault.NOT_WORKING,
    424: Fault.NOT_WORKING,
    429: Fault.RATE_LIMITED,
    504: Fault.GAVE_UP,
}


def _is_unknown_model(status: int, error: ErrorBody) -> bool:
    if error.code in _MODEL_WORDS or error.kind in _MODEL_WORDS:
        return True
    # Vendors do not document their answer for a model that was shut down, so any 404 or 410 about a model counts.
    about_model = "model" in f"{error.code} {error.kind} {error.parameter} {error.message}".lower()
    return status in (404, 410) and about_model


def model_places(endpoint: Endpoint) -> dict[str, str]:
    """The values for a message about an endpoint's model."""
    profile = endpoint.profile
    return {
        "host": endpoint.host,
        "model": endpoint.model
        if endpoint.model.isprintable() and len(endpoint.model) <= 100
        else "asked for",
        "history": f", whose vendor announced its shutdown for {profile.shutdown}"
        if profile.shutdown
        else "",
        "ended": f" (its vendor's day for its end was {profile.shutdown})" if profile.shutdown else "",
        "setting": endpoint.setting,
        "variable": endpoint.setting.upper(),
    }


def _quote(message: str, endpoint: Endpoint, prompt: Prompt) -> str:
    message = message.strip()
    if len(message) > _QUOTE_CHARS:
        # Only the first sentences that fit.
        message = message[: message.rfind(". ", 0, _QUOTE_CHARS) + 1]
    if not message or not message.isprintable():
        return ""
    if endpoint.shows(message):
        return ""
    shingles = [message[at : at + _SHINGLE_CHARS] for at in range(max(1, len(message) - _SHINGLE_CHARS + 1))]
    if any(shingle in sent.text for sent in prompt.messages for shingle in shingles):
        return ""
    return f' The gateway says: "{message}"'
