"""Headers that a user adds to every request: which are allowed, how they are written, and which contain a secret. Pure.

Headers that could change where a request ends or who sends it are refused. A line end in a value would begin another request.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Headers = tuple[tuple[str, str], ...]

_MOST = 50
_MOST_CHARS = 8000
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}"
_ENTRY = re.compile(rf"\s*({_NAME})\s*[:=]([^\r\n]*)")
# These belong to the connection, or say how the body is read. There must be exactly one of each, and we set it.
_OURS = re.compile(
    r"host|content-.*|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|accept|accept-encoding|proxy-.*",
    re.IGNORECASE,
)
_SECRET = re.compile(r"auth|key|token|secret|cookie|passw|credential|signature", re.IGNORECASE)
# Headers that say which program asks. To hide their words would hide words of our own messages.
_PLAIN = re.compile(r"referer|http-referer|x-title|user-agent|accept-language", re.IGNORECASE)
_LEAST_SECRET_CHARS = 8


class BadHeaders(ValueError):
    """The headers cannot be sent. `str()` continues a sentence that begins with the setting's name."""


def headers_in(value: object) -> Headers:
    """The headers in a setting: an object, a list of `Name: value`, or one text of such entries, separated by lines or commas.

    Raises BadHeaders, whose text does not repeat a value.
    """
    pairs = _pairs(value)
    if len(pairs) > _MOST:
        raise BadHeaders(f"must have {_MOST} headers at most")
    for name, text in pairs.items():
        if not re.fullmatch(_NAME, name):
            raise BadHeaders("has a name that no HTTP header can have, such as one with a space in it")
        if not re.fullmatch(r"[ -~]*", text) or len(text) > _MOST_CHARS:
            raise BadHeaders(
                f"has a value for {name} that no HTTP header can carry: one line of ASCII characters is one"
            )
        if _OURS.fullmatch(name):
            raise BadHeaders(f"must not have {name}, which is the connection's own")
    if len({name.lower() for name in pairs}) < len(pairs):
        raise BadHeaders("has one header twice")
    return tuple(pairs.items())


def is_secret(name: str) -> bool:
    """Whether a header with this name contains a key or another secret."""
    return bool(_SECRET.search(name))


def has_login(headers: Headers) -> bool:
    """Whether these headers authenticate the request, so that it needs no key."""
    return any(is_secret(name) for name, _ in headers)


def has_authorization(headers: Headers) -> bool:
    """Whether these headers have the one in which a key is sent."""
    return any(name.lower() == "authorization" for name, _ in headers)


def secrets_in(headers: Headers) -> Iterator[str]:
    """Yield the values of which no part may be shown.

    A name such as X-Session does not tell that its value is a secret, so each value that is long enough for one counts.
    """
    for name, text in headers:
        if is_secret(name) or (len(text) >= _LEAST_SECRET_CHARS and not _PLAIN.fullmatch(name)):
            yield text


def merged(first: Headers, second: Headers) -> Headers:
    """The headers of two sources. If both have a header, that of `first` wins."""
    known = {name.lower() for name, _ in first}
    return (*first, *(pair for pair in second if pair[0].lower() not in known))


def _pairs(value: object) -> Mapping[str, str]:
    if isinstance(value, str):
        if value.lstrip().startswith("{"):
            try:
                return _pairs(json.loads(value))
            except (ValueError, RecursionError):
                raise BadHeaders("begins like an object and is none") from None
        # A value can contain commas. A comma ends a value only if a name with its `:` or `=` follows.
        value = re.split(
            r"[\r\n]+" if re.search(r"[\r\n]", value.strip()) else rf",(?=\s*{_NAME}\s*[:=])", value
        )
    if isinstance(value, list | tuple):
        entries = [entry for entry in value if not (isinstance(entry, str) and not entry.strip())]
        found = [_ENTRY.fullmatch(entry) if isinstance(entry, str) else None for entry in entries]
        if not all(found):
            raise BadHeaders('must be an object such as {"X-Team": "core"}, or a list of "Name: value"')
        value = {match[1]: match[2] for match in found if match is not None}
        if len(value) < len(entries):
            raise BadHeaders("has one header twice")
    if not isinstance(value, dict) or not all(
        isinstance(name, str) and isinstance(text, str) for name, text in value.items()
    ):
        raise BadHeaders('must be an object of texts such as {"X-Team": "core"}')
    return {name: text.strip() if not re.search(r"[\r\n]", text) else text for name, text in value.items()}
