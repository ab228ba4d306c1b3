"""How an assistant talks round code: the sentences it opens and closes with. Owns their recognition, cuts nothing itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import family_of

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_OPENERS: Final = (
    "Here's", "Here’s", "Here is", "Here are", "Sure", "Certainly", "Of course", "Okay", "OK,", "Absolutely", "Great",
    "Below is", "Below are", "The following", "The missing", "The complete", "The code", "The text", "The answer",
    "The cursor", "Based on", "Given the", "Given that", "To complete", "To fill", "I'll", "I will", "I have", "I've",
    "I can", "I think", "I'm", "This is", "This code", "You can", "Let me", "Let's", "It looks", "It seems", "Completion:",
    "Answer:", "Output:", "Code:", "Completed code", "Missing code", "Complete code",
)  # fmt: skip
_CLOSERS: Final = (
    "This ", "Let me know", "Note", "I ", "I've", "The ", "Explanation", "In this", "In the", "You can", "Feel free",
    "Please", "Hope", "Here", "It ", "If you", "Would you", "Remember", "Make sure", "**", "Is there", "These ", "We ",
)  # fmt: skip
_STRONG_OPENING: Final = re.compile(
    r"(?:Sure|Certainly|Of course|Absolutely)(?:!|, |\. )(?=.*:$|\s*$|.*[.!]$)"
    r"|(?:Here(?:'s|’s| is| are)|Below is)\b.*\b(?:complet|missing)\w*\b.*:$"
)
_STRONG_CLOSING: Final = re.compile(
    r"Let me know if|Feel free to|I hope this helps|Would you like me|Is there anything else"
)
_STRONG_STARTS: Final = (
    "Sure", "Certainly", "Of course", "Absolutely", "Here's", "Here’s", "Here is", "Here are", "Below is",
)  # fmt: skip
_STRONG_CLOSERS: Final = ("Let me know", "Feel free to", "I hope this", "Would you like", "Is there anything")
_QUOTED: Final = re.compile(r"`[^`\n]*`|\s\([^()\n]*\)|\*\*")
_HALF_QUOTED: Final = re.compile(r"(?:`[^`\n]*|\s\([^()\n]*)\Z")
_CODE_SIGNS: Final = re.compile(r"[=;{}()\[\]<>_|\\]|::|->|\w\.\w")
_MIN_WORDS: Final = 3


def are_prose(view: View) -> bool:
    """Whether sentences are ordinary content anywhere in such a document."""
    language = view.language_id
    return family_of(language) in {"text", "markup", "unknown", "data"} or language.endswith("react")


def is_prose_place(view: View) -> bool:
    """Whether sentences are ordinary content at the cursor: in a text or markup document, a comment or a string."""
    return are_prose(view) or view.state.inside != ""


def opening_starts(*, weak: bool) -> tuple[str, ...]:
    """How an opening sentence may begin; only unmistakable ones when not `weak`."""
    return _OPENERS if weak else _STRONG_STARTS


def closing_starts(*, weak: bool) -> tuple[str, ...]:
    """How a closing sentence may begin; only unmistakable ones when not `weak`."""
    return _CLOSERS if weak else _STRONG_CLOSERS


def may_begin(line: str, starts: tuple[str, ...]) -> bool:
    """Whether an unfinished line may still become a sentence that begins with one of `starts`."""
    if len(line) < 16 and any(start.startswith(line) for start in starts):
        return True
    return line.startswith(starts) and not _CODE_SIGNS.search(_HALF_QUOTED.sub("", _QUOTED.sub(" ", line)))


def is_opening(line: str, *, weak: bool) -> bool:
    """Whether a finished line is a sentence that announces an answer."""
    line = line.strip()
    if not weak:
        return _STRONG_OPENING.match(line) is not None
    return line.startswith(_OPENERS) and _is_sentence(line)


def is_closing(line: str, *, weak: bool) -> bool:
    """Whether a finished line is a sentence that comments on an answer."""
    line = line.strip()
    if not weak:
        return _STRONG_CLOSING.match(line) is not None
    return line.startswith(_CLOSERS) and _is_sentence(line)


def _is_sentence(line: str) -> bool:
    plain = _QUOTED.sub(" ", line)
    if _CODE_SIGNS.search(plain):
        return False
    words = plain.split()
    if line.endswith((":", "!")):
        return len(words) >= (1 if line[:-1].isalpha() and line[0].isupper() else 2)
    return (line.endswith((".", "?")) and len(words) >= _MIN_WORDS) or len(words) >= 2 * _MIN_WORDS
