"""Labels of a conversation: names of speakers, and headings of an answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.dressing.sentences import STRICT_SIGNS, is_prose_place, plain_of

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_ROLES: Final = "USER|User|HUMAN|Human|ASSISTANT|Assistant|SYSTEM|System|AI|Bot|Q|A|Question|Answer|Model"
_HEADINGS: Final = (
    "Response|Instruction|Input|Output|Explanation|Question|Answer|User|Assistant|Human|System|Note"
)
_LABEL: Final = re.compile(
    rf"(?:\*\*)?(?:{_ROLES})(?:\*\*)?\s?:(?:\*\*)?(?P<said>[^\n]*)|###\s+(?:{_HEADINGS})s?\s?:?\s*$"
)
_HALF_LABEL: Final = re.compile(
    rf"(?:\*\*)?(?:{_ROLES})(?:\*\*)?(?:\s?:[^\n]*)?\Z|#{{1,3}}\Z|###(?:\s+(?:[A-Z][a-z]{{0,11}}\s?:?)?)?\Z"
)
_LABELS: Final = (
    "USER",
    "HUMAN",
    "ASSISTANT",
    "SYSTEM",
    "User",
    "Human",
    "Assistant",
    "System",
    "Bot",
    "Question",
    "Answer",
    "Model",
    "AI",
    "###",
    "**",
)
_NAMES_OF_ANSWER: Final = (
    "ASSISTANT|Assistant|AI|ANSWER|Answer|Completion|Output|Code|Response|Result|Insert(?:ion)?|Solution"
)
_ANSWER_LABEL: Final = re.compile(rf"\s*(?:\*\*)?(?:{_NAMES_OF_ANSWER})(?:\*\*)?:(?:\*\*)?[ \t]+(?=\S)")
_HALF_ANSWER_LABEL: Final = re.compile(r"\s*(?:\*\*)?[A-Z][A-Za-z]{0,10}(?:\*\*)?(?::(?:\*\*)?[ \t]*)?\Z")
# After a name and a colon, this cannot be a type or a field.
_NO_FIELD: Final = re.compile(r"[^=,;|\n]*\s[-+*/%]\s[^=,;\n]*")
_PREFIX_CHARS: Final = 24
_TAKES_VALUE: Final = re.compile(r"(?:[^=!<>]=|\breturn|\byield|\bawait|=>|[+*/%|&-]|==|!=|<=|>=)\s*\Z")


def answer_label(text: str, view: View, *, done: bool) -> int | None:
    """The length of a label such as `Answer:` before code, where it cannot be a field or a type annotation.

    0: there is none. None: not known yet.
    """
    label = _ANSWER_LABEL.match(text)
    half = label is None and not done and _HALF_ANSWER_LABEL.match(text)
    if (label is None and not half) or is_prose_place(view):
        return 0
    takes_value = _TAKES_VALUE.search(view.line_prefix[-_PREFIX_CHARS:]) is not None
    if label is None:
        return None if takes_value else 0
    line, ended, _ = text[label.end() :].partition("\n")
    if takes_value or (_NO_FIELD.fullmatch(line) and (ended or done)):
        return label.end()
    return None if not view.line_prefix.strip() and not (ended or done) else 0


def is_label(line: str, view: View, *, talked: bool) -> bool:
    """Whether a line begins a turn of a conversation. A type annotation has only one word, or signs that no sentence has."""
    label = _LABEL.fullmatch(line)
    if label is None or (line.startswith("#") and "###" in view.near()):
        return False
    said = (label["said"] or "").strip()
    return not said or ((talked or len(said.split()) > 1) and not STRICT_SIGNS.search(plain_of(said)))


def may_be_label(line: str) -> bool:
    """Whether an unfinished line may become a label, with or without text after it."""
    return any(label.startswith(line[:9]) for label in _LABELS) or _HALF_LABEL.match(line) is not None


def is_label_line(line: str) -> bool:
    """Whether a line begins with a label, whatever follows."""
    return _LABEL.fullmatch(line) is not None
