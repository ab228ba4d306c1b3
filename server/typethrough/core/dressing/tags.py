"""Tags around an answer: ours from the prompt, or invented by the model. They are removed only where they cannot be content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import family_of, scan
from typethrough.core.dressing.marks import End, is_made_of_tags, is_quoted

if TYPE_CHECKING:
    from typethrough.core.document.view import View

# Names that are clear by themselves, and names that a document may use for its own content.
_TELLING: Final = (
    "completion", "answer", "window", "insertion", "missing", "fill", "response", "prefix", "suffix", "cursor", "anchor",
    "before", "after", "now", "known", "rules",
)  # fmt: skip
_COMMON: Final = (
    "insert", "output", "result", "code", "file", "document", "context", "edit", "edits", "task", "text", "related", "change",
)  # fmt: skip
_NAMES: Final = (*_TELLING, *_COMMON)
_ANY: Final = "|".join(_NAMES)
_OPENING: Final = re.compile(rf"\s*<(?P<name>{_ANY})(?P<more>\s[^<>\n]*)?(?<!/)>", re.IGNORECASE)
_ITS_LINE: Final = re.compile(r"[ \t]*\n(?=[ \t]*\S)")
_OPENING_START: Final = re.compile(r"\s*(?:<(?:(?P<name>[A-Za-z]+)(?P<more>\s[^<>\n]*)?)?)?\Z")
_CLOSING: Final = re.compile(rf"</({_ANY})>", re.IGNORECASE)
_CLOSING_START: Final = re.compile(r"<(?:/[A-Za-z]{0,12})?\Z")
_CLOSING_CHARS: Final = 16
# Families in which an expression or statement may begin with a name in angle brackets: casts, type parameters, redirections.
_ANGLED: Final = frozenset(("js", "c", "shell", "unknown", "text", "data"))
_OUR_FRAMES: Final = frozenset(("file", "now", "known", "change"))
_WITHOUT_ANGLES: Final = frozenset(("python", "go", "lua", "ruby"))
_INCLUDE: Final = re.compile(r"#\s*(?:include|import)\s*\Z")


def opening(text: str, view: View, *, done: bool) -> tuple[int, str] | None:
    """The length and name of the tag that opens the answer, (0, "") if there is none. None: not known yet."""
    found = _OPENING.match(text)
    if found is None:
        half = None if done else _OPENING_START.match(text)
        if half is None or not text.strip():
            return 0, ""
        return None if _may_open(half, view) else (0, "")
    name, rest = found["name"], text[found.end() :]
    if not _may_be_dressing(name, found["more"] or "", view):
        return 0, ""
    if not rest.strip() and not done:
        # The line end after the tag belongs to the tag only when text follows on the next line.
        return None
    line = _ITS_LINE.match(rest)
    if line is not None:
        return found.end() + line.end(), name
    if not _needs_proof(name, view) or re.search(rf"</{name}>", rest, re.IGNORECASE):
        return found.end(), name
    return None if not done and "\n" not in rest else (0, "")


def end(text: str, view: View, opened: frozenset[str], *, done: bool) -> End | None:
    """Where a closing tag ends the answer, or may. None if there is none. `opened` are the tags removed from its beginning."""
    for found in _CLOSING.finditer(text) if "</" in text else ():
        quoted = is_quoted(text, found, done=done)
        if not quoted and _closes_dressing(text, found, view, opened):
            return End(found.start(), is_open=quoted is None)
    if done or text.find("<", max(0, len(text) - _CLOSING_CHARS)) < 0:
        return None
    half = _CLOSING_START.search(text, max(0, len(text) - _CLOSING_CHARS))
    if half is not None and any(name.startswith(half[0][2:].lower()) for name in _NAMES):
        return End(half.start(), is_open=True)
    return None


def _may_open(half: re.Match[str], view: View) -> bool:
    said = (half["name"] or "").lower()
    names = [name for name in _NAMES if (name == said if half["more"] else name.startswith(said))]
    return any(
        _may_be_dressing(half["name"] if name == said else name, half["more"] or "", view) for name in names
    )


def _may_be_dressing(name: str, more: str, view: View) -> bool:
    """Whether such a tag cannot be content at this place."""
    prefix, language = view.line_prefix, view.language_id
    is_behind_name = prefix[-1:].isalnum() or prefix.endswith("_")
    if is_behind_name and not more and name in _OUR_FRAMES and _has_no_angles(view):
        # At this place a name cannot be followed by types in angle brackets, so this is a tag from our own question.
        return not _spoken_of(name, view)
    if is_behind_name or prefix.endswith(("::", ".", "<", "</")) or _INCLUDE.search(prefix):
        return False
    is_common = name.lower() in _COMMON
    if is_made_of_tags(language):
        if is_common or more.strip() or not name.islower() or language in {"xml", "xsl"}:
            return False
    elif (view.state.inside and view.state.inside != "#" and (is_common or more.strip())) or (
        not (name.islower() or name.isupper()) and family_of(language) in _ANGLED
    ):
        return False
    return not _spoken_of(name, view)


def _has_no_angles(view: View) -> bool:
    """Whether a name at the cursor cannot be followed by something in angle brackets."""
    return family_of(view.language_id) in _WITHOUT_ANGLES and view.state.inside in {"", "#"}


def _needs_proof(name: str, view: View) -> bool:
    """Whether the tag, when text follows on its line, counts only if the answer also closes it."""
    if is_made_of_tags(view.language_id) or view.state.inside:
        return True
    return name.lower() in _COMMON and family_of(view.language_id) in _ANGLED


def _closes_dressing(text: str, found: re.Match[str], view: View, opened: frozenset[str]) -> bool:
    name = found[1]
    if name in opened:
        return True
    if _spoken_of(name, view) or re.search(rf"<{name}\b", text[: found.start()], re.IGNORECASE):
        return False
    if is_made_of_tags(view.language_id):
        return name.islower() and name in _TELLING
    if name.lower() in _TELLING:
        return True
    return scan(text[: found.start()], view.language_id, view.state).inside in {"", "#"}


def _spoken_of(name: str, view: View) -> bool:
    """Whether the document itself uses the tag."""
    return re.search(rf"</?{name}\b", view.near(), re.IGNORECASE) is not None
