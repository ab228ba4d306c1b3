"""The request as bytes: JSON body and headers of a streaming completion, chat or text. Pure, no I/O.

The stable messages of the last prompts are kept encoded, so that a long anchor only costs a copy per keystroke. This
module does not know how requests are sent.
"""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, NamedTuple

from typethrough import __version__
from typethrough.gateway.roles import Form, arranged, asked_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typethrough.core.prompt.message import Message, Prompt
    from typethrough.gateway.endpoint import Endpoint
    from typethrough.gateway.error_bodies import ErrorBody

# Enough for two large anchors and their surroundings. Larger ones are encoded again each time.
_CACHE_BYTES = 4 * 1024 * 1024
# One for each document, for a user who goes back and forth between a few.
_KEPT_BEGINNINGS = 4
_MAX_STOPS = 4
# Servers with raw text completions are usually the user's own and set no limit. Marks need more stop strings than a chat.
_MAX_RAW_STOPS = 16
_OBFUSCATION = "stream_options.include_obfuscation"
# The lowest effort first.
_EFFORTS = ("none", "minimal", "low")
_OTHER_LIMIT = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_UNSUPPORTED = re.compile(
    r"unsupported|not supported|not support|unknown|unrecogni[sz]ed|unexpected|not permitted|not allowed|extra"
    r"|no longer accepted|not recogni[sz]ed|not implemented|isn't supported|n't support|cannot find|no such|disallowed"
    r"|invalid (?:parameter|field|argument|property|name|option)"
    r"|not a (?:known|valid) (?:parameter|field|argument|property|option)",
    re.IGNORECASE,
)


class _Beginning(NamedTuple):
    """The stable messages of a prompt that was sent, and their bytes in the request."""

    raw: bool
    messages: tuple[Message, ...]
    encoded: bytes


class RequestEncoder:
    """Builds the requests for one endpoint, and omits parameters that the endpoint has refused."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._refused: set[str] = set()
        self._form = Form.AS_THEY_ARE
        self._effort = endpoint.profile.reasoning_effort
        self._thinks_on = False
        self._beginnings: list[_Beginning] = []
        self._asked: tuple[object, ...] | None = None
        self._tail = b""
        self._head = b'{"model":' + _json_text(endpoint.model.strip())
        self._headers = [
            (b"Host", endpoint.url.netloc),
            (b"User-Agent", f"typethrough/{__version__}".encode()),
            (b"Accept", b"text/event-stream"),
            # A compressed stream is buffered, so tokens would arrive in groups.
            (b"Accept-Encoding", b"identity"),
            (b"Content-Type", b"application/json"),
        ]
        if endpoint.is_vercel:
            # Vercel's reports show this name as the application.
            self._headers.append((b"X-Title", b"typethrough"))
        given = {name.lower().encode() for name, _ in endpoint.headers}
        self._headers = [pair for pair in self._headers if pair[0].lower() not in given]
        self._headers += [(name.encode(), text.encode()) for name, text in endpoint.headers]
        self._has_own_login = b"authorization" in given
        self._authorization: list[tuple[bytes, bytes]] = []
        self.authorize(endpoint.key)

    def authorize(self, key: str) -> None:
        """Send this key from now on, or none if it is empty."""
        is_shown = bool(key) and not self._has_own_login
        self._authorization = [(b"Authorization", b"Bearer " + key.encode("ascii"))] if is_shown else []

    def headers(self, prompt: Prompt) -> list[tuple[bytes, bytes]]:
        """All headers except Content-Length. `x-session-affinity` keeps the requests of a cache key on one machine."""
        headers = [*self._headers, *self._authorization]
        affinity = prompt.cache_key
        if affinity and affinity.isascii() and affinity.isprintable():
            headers.append((b"x-session-affinity", affinity.encode("ascii")))
        return headers

    def body(self, prompt: Prompt) -> bytes:
        """The JSON body. Equal stable messages always give equal bytes."""
        raw = prompt.raw
        if self._form and not raw:
            messages = b",".join(map(_encode, arranged(prompt.messages, self._form)))
            return b"".join((self._head, b',"messages":[', messages, b"],", self._parameters(prompt)[1:]))
        parts = [self._stable(prompt.messages[: prompt.stable], raw=raw)] if prompt.stable else []
        parts += map(_escape if raw else _encode, prompt.messages[prompt.stable :])
        messages = (b"" if raw else b",").join(parts)
        parameters = self._parameters(prompt)
        before, after = (b',"prompt":"', b'",') if raw else (b',"messages":[', b"],")
        return b"".join((self._head, before, messages, after, parameters[1:]))

    def _parameters(self, prompt: Prompt) -> bytes:
        """The parameters as bytes. Most prompts differ only in their messages, so the last parameters are cached."""
        asked = (
            *(prompt.raw, prompt.stop, prompt.max_output_tokens, prompt.cache_key),
            *(len(self._refused), self._effort, self._thinks_on),
        )
        if asked != self._asked:
            self._asked = asked
            self._tail = _dumps(self.parameters(prompt)).encode("ascii")
        return self._tail

    def parameters(self, prompt: Prompt) -> dict[str, Any]:
        """The body without model and messages, in the profile's dialect and without refused parameters."""
        wanted = self._text_parameters(prompt) if prompt.raw else self._chat_parameters(prompt)
        return {name: value for name, value in wanted.items() if name not in self._refused}

    def _text_parameters(self, prompt: Prompt) -> dict[str, Any]:
        """The parameters that the text completions of llama.cpp, vLLM, LiteLLM and Ollama know. All others are for chats."""
        wanted: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
        wanted |= {"max_tokens": prompt.max_output_tokens, "temperature": 0}
        if stops := _stops(prompt, _MAX_RAW_STOPS):
            wanted["stop"] = stops
        return wanted

    def _chat_parameters(self, prompt: Prompt) -> dict[str, Any]:
        endpoint, profile = self._endpoint, self._endpoint.profile
        options: dict[str, bool] = {"include_usage": True}
        if profile.sends_cache_key and _OBFUSCATION not in self._refused:
            # An OpenAI extension, like the cache key: padding against traffic analysis, which doubles the bytes of a stream.
            options["include_obfuscation"] = False
        wanted: dict[str, Any] = {"stream": True, "stream_options": options}
        limit = profile.token_limit_field
        wanted[_OTHER_LIMIT.get(limit, limit) if limit in self._refused else limit] = prompt.max_output_tokens
        if profile.supports_temperature:
            wanted["temperature"] = 0
        if profile.supports_stop and (stops := _stops(prompt, _MAX_STOPS)):
            wanted["stop"] = stops
        if self._effort:
            wanted["reasoning_effort"] = self._effort
        if self._thinks_on:
            # The form of vLLM, SGLang and llama.cpp.
            wanted["chat_template_kwargs"] = {"enable_thinking": False}
        if profile.sends_cache_key and prompt.cache_key:
            wanted["prompt_cache_key"] = prompt.cache_key
        return wanted | endpoint.routing.parameters(endpoint.model, on_vercel=endpoint.is_vercel)

    def has_reasoned(self) -> None:
        """The model has reasoned. Tell it not to from now on, in the next of the known ways."""
        if self._effort:
            self._thinks_on = True
        else:
            self._effort = _EFFORTS[0]

    def rearrange(self, status: int, error: ErrorBody) -> bool:
        """If a refusal is about roles, send the messages in another form from now on. Returns whether it is."""
        form = asked_for(status, error, self._form)
        if form is None:
            return False
        self._form = form
        return True

    def refuse(self, error: ErrorBody, prompt: Prompt) -> bool:
        """Omit from now on the parameters that a 400 or 422 names as unsupported. Returns whether there were any."""
        if not _UNSUPPORTED.search(f"{error.code} {error.kind} {error.message}"):
            return False
        # An unknown value removes its parameter too. `stream` must stay, because we only read streams.
        sent = self.parameters(prompt)
        names = {name for name in sent if name != "stream" and _names(error, name)}
        if "include_obfuscation" in sent.get("stream_options", ()) and _names(error, "include_obfuscation"):
            names = (names - {"stream_options"}) | {_OBFUSCATION}
        if self._endpoint.routing.promises:
            # Never omit a promise about the user's code: it is kept, or the request is not sent.
            names -= {"providerOptions"}
        if "reasoning_effort" in names and (lower := _next_effort(self._effort, error)):
            # Only the value is unknown. Models have different names for the lowest effort.
            self._effort = lower
            names -= {"reasoning_effort"}
            self._refused |= names
            return True
        self._refused |= names
        return bool(names)

    def _stable(self, messages: tuple[Message, ...], *, raw: bool) -> bytes:
        """The bytes of a prompt's stable messages: the longest known beginning, and the rest encoded now."""
        # A document's messages are the same objects in each prompt, so comparing them costs almost nothing.
        known = max(
            (
                one
                for one in self._beginnings
                if one.raw == raw and one.messages == messages[: len(one.messages)]
            ),
            key=lambda one: len(one.messages),
            default=None,
        )
        parts = [known.encoded] if known is not None else []
        fresh = messages[len(known.messages) :] if known is not None else messages
        parts += map(_escape if raw else _encode, fresh)
        encoded = (b"" if raw else b",").join(parts)
        if known is not None:
            self._beginnings.remove(known)
        self._beginnings.append(_Beginning(raw, messages, encoded))
        while (
            len(self._beginnings) > _KEPT_BEGINNINGS
            or sum(len(one.encoded) for one in self._beginnings) > _CACHE_BYTES
        ):
            del self._beginnings[0]
        return encoded


_dumps = json.JSONEncoder(separators=(",", ":")).encode


def _next_effort(effort: str, error: ErrorBody) -> str:
    """The next effort that a refusal of this value leaves. Empty if the parameter itself is refused."""
    if not re.search(r"\bvalues?\b|one of|should be|must be", error.message, re.IGNORECASE):
        return ""
    left = _EFFORTS[_EFFORTS.index(effort) + 1 :] if effort in _EFFORTS else ()
    return next((one for one in left if re.search(rf"\b{one}\b", error.message)), "")


def _stops(prompt: Prompt, most: int) -> list[str]:
    # Some servers reject an empty stop string, and others end the answer before it begins.
    return [stop for stop in prompt.stop if stop][:most]


def _names(error: ErrorBody, name: str) -> bool:
    return _holds_word(name, (error.parameter, error.message))


def _holds_word(word: str, texts: Iterable[str]) -> bool:
    pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    return any(pattern.search(text) for text in texts)


def _escape(message: Message) -> bytes:
    """A message's text inside a JSON string. Each part is escaped by itself, so parts can be joined as bytes."""
    return _json_text(message.text)[1:-1]


def _encode(message: Message) -> bytes:
    return b'{"role":' + _json_text(message.role) + b',"content":' + _json_text(message.text) + b"}"


def _json_text(text: str) -> bytes:
    # An editor can send half a surrogate pair, which UTF-8 cannot encode. One odd character must not cost the answer.
    return encode_basestring(text).encode("utf-8", "replace")
