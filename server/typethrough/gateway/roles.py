"""Adapts the messages of a chat to a server's template. Pure.

Templates of open models may not know the role "system", or may want user and assistant to alternate. Some servers take only one
message. The text of a refusal decides, once per endpoint.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING

from typethrough.core.prompt.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typethrough.gateway.error_bodies import ErrorBody


class Form(IntEnum):
    """The forms: unchanged; the system's text inside the first user message, with alternating roles; all as one message."""

    AS_THEY_ARE = 0
    IN_TURNS = 1
    AS_ONE = 2


_STATUSES = frozenset({400, 422, 500, 501})
_WANTS_ONE = re.compile(
    r"(?:single|only one|exactly one|one|only 1|exactly 1) (?:user )?message\b|at most (?:1|one) (?:item|message|element)"
    r"|too many messages|multi-?turn",
    re.IGNORECASE,
)
_WANTS_TURNS = re.compile(
    r"alternat|roles? must|consecutive|take turns|only user and assistant|system (?:role|message|prompt|instruction)"
    r"|(?:role|roles)\b.{0,60}(?:not (?:supported|allowed|permitted|valid|accepted|known)|unsupported|invalid|unexpected|unknown)"
    r"|(?:not support|unsupported|unexpected|invalid|unknown|disallowed).{0,40}\broles?\b|\bjinja\b|chat.?template|template error"
    r"|developer instruction",
    re.IGNORECASE,
)


def asked_for(status: int, error: ErrorBody, form: Form) -> Form | None:
    """The form that a refusal of `form` asks for. None if the refusal is about something else, or if no form is left."""
    said = f"{error.code} {error.kind} {error.message}"
    is_about_roles = _WANTS_TURNS.search(said) or '"role"' in error.parameter
    if status not in _STATUSES or form is Form.AS_ONE:
        return None
    if _WANTS_ONE.search(said) or (is_about_roles and form is Form.IN_TURNS):
        return Form.AS_ONE
    return Form.IN_TURNS if is_about_roles else None


def arranged(messages: Sequence[Message], form: Form) -> Sequence[Message]:
    """The messages in a form. The start of the prompt stays the same, byte for byte."""
    if form is Form.AS_THEY_ARE:
        return messages
    if form is Form.AS_ONE:
        answers = (f"Answer: {one.text}" if one.role == "assistant" else one.text for one in messages)
        return [Message("user", "\n\n".join(answers))]
    turns: list[Message] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        if turns and turns[-1].role == role:
            turns[-1] = Message(role, f"{turns[-1].text}\n\n{message.text}")
        else:
            turns.append(Message(role, message.text))
    return turns
