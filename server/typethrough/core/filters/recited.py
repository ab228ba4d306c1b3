"""Tail filter: refuses an answer that repeats the document: its beginning, or a line nearby.

Real code repeats lines too. In the standard library, 5 % of true continuations begin with a line that also stands within
60 lines. But of 2,900 none did so in the middle of a line, and nearly no name is defined twice with the same words in one
scope. So only such copies are refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import family_of, is_comment
from typethrough.core.document.view import LINE_CHARS
from typethrough.core.dressing.draft import Refused, significant
from typethrough.core.outcome.causes import Cause
from typethrough.core.prompt import window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typethrough.core.document.view import View

_REACH_LINES: Final = 60
_HEAD_LINES: Final = 12
_MIN_AWAY_LINES: Final = 6
_MIN_SIGNIFICANT: Final = 12
_MIN_COMMENT: Final = 24
_MIN_WORDS: Final = 5
_SAME_CHARS: Final = 32
_SAME_LEFT: Final = 4
_WORDY_FAMILIES: Final = frozenset(("text", "markup", "shell", "make", "data", "sql", "unknown"))

_DEFINITION: Final = re.compile(
    r"(?:(?:export|default|async|local|pub|public|static) )*(?:def|class|function|func|fn|struct|enum|interface|type|trait)\b"
    r"\s+[\w.:]+"
)
_CONSTANT: Final = re.compile(r"(?:(?:export )?const )?_*[A-Z][A-Z0-9_]*\b(?::[^=]*)? = ")
_STATEMENT: Final = re.compile(
    r"@\w|#|--|//|/\*|\"\"\"|'''"
    r"|(?:def|class|import|from|return|if|for|while|with|raise|assert|del|global|function|local|const|let|var|export|fn|func"
    r"|pub|public|private|static|struct|enum|impl|interface|package|use|using|namespace)\s"
    r"|[\w.]+(?:\[[^\]]*\])?(?:\s*:[^=]+)?\s(?:[-+*/%|&^]|//|\*\*|<<|>>)?=\s"
)
_TAKES_VALUE: Final = re.compile(
    r"(?:[=(\[{,:+*/%|&<>?!-]"
    r"|\b(?:return|yield|await|in|is|and|or|not|if|else|elif|while|assert|raise|new|throw|case|when|lambda))\s*\Z"
)
_TAKES_STATEMENT: Final = re.compile(
    r"(?:[:{;]|=>|\b(?:then|do|else|async|export|default|local|pub|static))\s*\Z"
)
_QUOTE_OR_MARK: Final = re.compile(
    r"^(?:[rbuf]?\"\"\"|[rbuf]?'''|#+|//+!?|--+|/\*+|\*+)\s*|\s*(?:\"\"\"|'''|\*/)$"
)
_CODE_SIGNS: Final = re.compile(r"[=;{}()\[\]<>_|\\]|::|->|\w\.\w")


def recited(text: str, view: View) -> str | Refused:
    """Refuse a text whose first line copies a line nearby that cannot be wanted a second time here."""
    first = text.lstrip().partition("\n")[0]
    if len(first) > LINE_CHARS:
        # The view shows no line of this length.
        return text
    starts_line = not view.line_prefix.strip() or text.lstrip(" \t").startswith("\n")
    line = view.line_prefix + text.partition("\n")[0]
    if starts_line:
        found = significant(first) >= _MIN_SIGNIFICANT and (
            _is_beginning(text, view) or _is_known_comment(first, view)
        )
        line = _whole(text, view)
    else:
        found = significant(first) >= _MIN_SIGNIFICANT and _is_spliced(first.rstrip(), view)
    return Refused(Cause.RECITED) if found or _is_defined(line.rstrip(), view) else text


def _whole(text: str, view: View) -> str:
    """The first line of the text that is not blank, with its indentation."""
    lines = text.split("\n")
    if not view.line_prefix.strip():
        lines[0] = view.line_prefix + lines[0]
    else:
        lines[0] = ""
    return next((line for line in lines if line.strip()), "")


def _is_spliced(said: str, view: View) -> bool:
    """Whether a whole line was inserted into the middle of another line where it does not fit."""
    prefix = view.line_prefix
    if not any(map(str.isalnum, prefix)):
        return False
    if _is_own_path(said, view):
        return True
    plain = _QUOTE_OR_MARK.sub("", said)
    wordy = plain[:_SAME_CHARS].lower() if _is_wordy(plain, view) else ""
    definition = _DEFINITION.match(said)
    document = "\n".join(_near(view))
    sought = definition[0] if definition is not None else said
    if sought not in document and not (wordy and wordy in document.lower()):
        return False
    for line in document.split("\n"):
        there = line.strip()
        if definition is not None and there.startswith(definition[0]):
            return not _is_asked_for(said, view)
        if said == there or said == _QUOTE_OR_MARK.sub("", there):
            return not _is_asked_for(said, view)
        place = there.lower().find(wordy) if wordy else -1
        if place >= 0 and not (place and prefix.endswith(there[max(0, place - _SAME_LEFT) : place])):
            # If both lines have the same text before this place, the line is only repeated as a whole.
            return True
    return False


def _is_own_path(said: str, view: View) -> bool:
    """Whether the text is the file's own path, with slashes or dots. The prompt contains it, and no line continues with it."""
    dotted = said.replace("/", ".")
    return dotted.count(".") > 1 and f"/{view.uri}".replace("/", ".").endswith(f".{dotted}")


def _is_asked_for(said: str, view: View) -> bool:
    prefix = view.line_prefix
    if family_of(view.language_id) == "text":
        return not prefix.rstrip()[-1:].isalnum()
    if _STATEMENT.match(said) is None:
        return _TAKES_VALUE.search(prefix) is not None
    return _TAKES_STATEMENT.search(prefix) is not None


def _is_wordy(plain: str, view: View) -> bool:
    """Whether the text is a sentence while the cursor is in code."""
    if family_of(view.language_id) in _WORDY_FAMILIES or not plain[:1].isalpha():
        return False
    if len(plain.split()) < _MIN_WORDS or _CODE_SIGNS.search(plain):
        return False
    return view.state.inside == ""


def _is_beginning(text: str, view: View) -> bool:
    """Whether the text begins with the document's first line, or with the first two lines of the document or the window."""
    said = _solid(text.split("\n"))[:2]
    here = view.position.line
    if here < _MIN_AWAY_LINES:
        return False
    head = _solid(view.first_lines(min(_HEAD_LINES, here - 1)))
    if said[:1] == head[:1]:
        return True
    start, _ = window.bounds(here, here + 1)
    top = _solid(view.lines_before(here - start)[: max(0, min(_HEAD_LINES, here - 1 - start))])
    return len(said) == 2 and said in (head[:2], head[1:3], top[:2])


def _solid(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


def _is_known_comment(first: str, view: View) -> bool:
    said = first.strip()
    if significant(said) < _MIN_COMMENT or not is_comment(said, view.language_id):
        return False
    return any(said == line.strip() for line in view.first_lines(min(_HEAD_LINES, view.position.line)))


def _is_defined(line: str, view: View) -> bool:
    """Whether the line defines something that a nearby line of the same scope defines with the same words."""
    code = line.strip()
    if significant(code) < _MIN_SIGNIFICANT:
        return False
    constant = not indent_of(line) and _CONSTANT.match(code) is not None
    if not constant and _DEFINITION.match(code) is None:
        return False
    if view.previous_line().lstrip().startswith(("@", "#[")) or family_of(view.language_id) == "text":
        # A decorator may need the same signature again: an overload, or the setter of a property.
        return False
    if code.endswith(("(", ";")) and family_of(view.language_id) != "python":
        # Overloads begin in the same way, and a name may be declared in several places.
        return False
    above = reversed(view.lines_before(_REACH_LINES))
    return any(_in_scope(line, side) for side in (above, iter(view.lines_after(_REACH_LINES))))


def _in_scope(line: str, lines: Iterator[str]) -> bool:
    """Whether the line stands among `lines`, before the first one with less indentation."""
    depth = len(indent_of(line))
    for there in lines:
        if there.rstrip() == line:
            return True
        if there.strip() and len(indent_of(there)) < depth:
            return False
    return False


def _near(view: View) -> list[str]:
    here = view.position.line
    head = view.first_lines(min(_HEAD_LINES, max(0, here - _REACH_LINES)))
    return [*head, *view.lines_before(_REACH_LINES), *view.lines_after(_REACH_LINES)]
