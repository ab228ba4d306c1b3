"""Keeps keys and passwords out of messages: the only place that decides whether a text shows a part of a secret.

A part is any run of four characters of a secret, also if the text contains it percent-encoded or in base64. A run inside
an ordinary word does not count: "model" in a message is no part of the key `sk-model-1`. Pure: the caller passes the
secrets.
"""

from __future__ import annotations

import base64
import re
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "[key]"
_RUN_CHARS = 4
# Six characters of base64 contain four whole characters of the encoded text.
_BASE64_RUN_CHARS = 6
_DECODINGS = 3
# Words of four letters and more that gateways and our own messages use.
_ORDINARY = frozenset(
    re.findall(
        "[a-z]+",
        """
    accept access account allow answer anthropic asked authentication authorization available azure balance base bearer because
    billing body budget cannot characters chat check code completion completions connection contact content context could
    credential credentials credits default denied deployment does endpoint error exceeded exist expired failed first forbidden
    found from gateway give given http https incorrect input insufficient internal invalid large length limit limits line lines
    list local long maximum message messages method missing model models must name network number only openai organization
    output page parameter password payment permission please plan project prompt provided provider proxy quota rate reached
    refused request requests required response retry role secret seconds server service setting settings size status stop stream
    streaming such support supported temperature test text than that this timeout token tokens tool type typethrough unauthorized
    unavailable unknown unsupported upstream usage user valid value vercel wait when wrong your
    """,
    )
)


class Redaction:
    """A set of secrets. It finds and hides their parts in texts. Empty secrets are ignored."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = frozenset(filter(None, secrets))

    def __repr__(self) -> str:
        return f"Redaction({len(self._secrets)} secrets)"

    def also(self, secrets: Iterable[str]) -> Redaction:
        """A redaction for these secrets and others."""
        more = self._secrets | frozenset(filter(None, secrets))
        return self if more == self._secrets else Redaction(more)

    def shows(self, text: str) -> bool:
        """Whether a text shows a part of a secret, in any encoding."""
        return any(self._spans(variant) for variant in _decoded(text))

    def hidden(self, text: str) -> str:
        """The text with a mark in place of each part of a secret. It is decoded first if only that shows one."""
        for variant in reversed(_decoded(text)[1:]):
            if spans := self._spans(variant):
                text = _without(variant, spans)
                break
        return _without(text, self._spans(text))

    @cached_property
    def _runs(self) -> dict[int, frozenset[str]]:
        """All runs that must not be shown, by their length."""
        found: dict[int, set[str]] = {_RUN_CHARS: set(), _BASE64_RUN_CHARS: set()}
        for secret in self._secrets:
            if len(secret) >= _RUN_CHARS:
                found[_RUN_CHARS].update(_pieces(secret, _RUN_CHARS))
                for form in _base64_forms(secret):
                    found[_BASE64_RUN_CHARS].update(_pieces(form, _BASE64_RUN_CHARS))
        return {length: frozenset(runs) for length, runs in found.items() if runs}

    @cached_property
    def _short(self) -> re.Pattern[str] | None:
        """Secrets that are shorter than a run. They are searched as separate words."""
        short = sorted(re.escape(secret) for secret in self._secrets if len(secret) < _RUN_CHARS)
        return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(short)})(?![A-Za-z0-9])") if short else None

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """The start and end of each place where the text shows a secret, in order, without overlap."""
        if not self._secrets:
            return []
        found = [match.span() for match in self._short.finditer(text)] if self._short else []
        for length, runs in self._runs.items():
            # Most texts contain no part, which this test shows fastest.
            if runs.isdisjoint(_pieces(text, length)):
                continue
            words = [
                match.span() for match in re.finditer("[A-Za-z]+", text) if match[0].lower() in _ORDINARY
            ]
            for start in range(len(text) - length + 1):
                end = start + length
                if text[start:end] in runs and not any(
                    first <= start and end <= last for first, last in words
                ):
                    found.append((start, end))
        merged: list[tuple[int, int]] = []
        for start, end in sorted(found):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    kept, at = list[str](), 0
    for start, end in spans:
        kept += (text[at:start], HIDDEN)
        at = end
    return "".join((*kept, text[at:]))


def _decoded(text: str) -> list[str]:
    """The text, and the text percent-decoded once and twice."""
    variants = [text]
    while len(variants) < _DECODINGS and (further := unquote(variants[-1])) != variants[-1]:
        variants.append(further)
    return variants


def _pieces(text: str, length: int) -> set[str]:
    return {text[start : start + length] for start in range(len(text) - length + 1)}


def _base64_forms(secret: str) -> set[str]:
    """The base64 forms of a secret, without characters that depend on its neighbours. It can begin at three places in a
    group.
    """
    data, forms = secret.encode("utf-8", "surrogatepass"), set[str]()
    for offset in range(3):
        first, last = -(-offset * 8 // 6), (offset + len(data)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            forms.add(encode(bytes(offset) + data).decode()[first:last])
    return forms
