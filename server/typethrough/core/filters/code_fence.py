"""Head filter: the Markdown fence or backticks a chat model wraps its answer in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import family_of
from typethrough.core.filters.draft import NOTHING_YET, Draft

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_OPENING: Final = re.compile(r"\s*(`{3,}|~{3,})[ \t]*([^\s`]*)([^\n]*)(\n|\Z)")
_INFO_WORD: Final = re.compile(r"[A-Za-z][\w+#.:-]*\Z")
_CLOSING: Final = re.compile(r"(?:^|(?<=\n))[ \t]*(?:`{3,}|~{3,})[ \t]*(?=\n|\Z)")
_CLOSING_PARTIAL: Final = re.compile(r"(?:\A|(?<=\n))[ \t]*(?:`{1,2}|`{3,}[ \t]*|~{1,2}|~{3,}[ \t]*)\Z")
_FENCE_LINE: Final = re.compile(r"\s*(?:`{3,}|~{3,})")
_BACKTICK_FREE: Final = frozenset(("python", "rust", "c", "css", "data"))
_LINES_ABOVE: Final = 300
_LEADS_TO_FENCE: Final = (":", ".", "!", "?", "-->")


def code_fence(draft: Draft, view: View) -> Draft:
    """The opening line is dropped and the text ends before the closing one; in Markdown only a fence that cannot be meant."""
    text, done = draft
    start = text.lstrip()
    if not start:
        return draft if done or not text else _waiting(draft)
    wraps = not _fences_are_text(view)
    if start[0] not in "`~":
        return draft if family_of(view.language_id) == "text" else _until_closing(draft)
    if text[0] == " " and view.line_prefix.strip():
        # A wrapper begins the answer; after a space and code it is text of a comment.
        return draft
    if _is_own_fence(text, start, view, inside=wraps):
        return draft
    if not wraps and not _opens_wrapper(start, view):
        return draft if done or "\n" in start or not "```markdown".startswith(start) else NOTHING_YET
    if start[:3] not in {"```", "~~~"}:
        if not done and start in {"`", "``", "~", "~~"}:
            return NOTHING_YET
        return _unquoted(draft, view)
    opening = _OPENING.match(text)
    if opening is None:
        return draft
    if not opening[4] and not done:
        return NOTHING_YET
    if not opening[2] and opening[4] and family_of(view.language_id) == "text" and view.line_prefix.strip():
        # A bare fence in the middle of a line of Markdown opens a chat's answer, not the rest of the line.
        return Draft("", done=True)
    body = Draft(text[_body_start(opening) :], done)
    if opening[1] in opening[3]:
        return Draft(body.text.partition(opening[1])[0], done=True)
    return _until_closing(body)


def _waiting(draft: Draft) -> Draft:
    """White space alone may still lead to a fence; it is dropped with the fence and kept with anything else."""
    return draft if draft.done else NOTHING_YET


def _body_start(opening: re.Match[str]) -> int:
    """After the info line; but after the bare fence when code follows it on its line."""
    info, more = opening[2], opening[3].strip()
    if not info or (_INFO_WORD.match(info) and (not more or ("=" in more[:20] and more[0] != "="))):
        return opening.end() if opening[1] not in opening[3] else opening.end(1)
    return opening.end(1)


def _until_closing(draft: Draft) -> Draft:
    if "`" not in draft.text and "~" not in draft.text:
        return draft
    closing = _CLOSING.search(draft.text)
    if closing is not None and (draft.done or closing.end() < len(draft.text)):
        return Draft(draft.text[: closing.start()], done=True)
    if draft.done:
        return draft
    partial = _CLOSING_PARTIAL.search(draft.text)
    return Draft(draft.text[: partial.start()], done=False) if partial else draft


def _unquoted(draft: Draft, view: View) -> Draft:
    """An answer in single backticks, in a language that has none."""
    start = draft.text.lstrip()
    if draft.text[0] != "`" or family_of(view.language_id) not in _BACKTICK_FREE:
        return draft
    if view.state.inside:
        return draft
    body, closed, _ = start[1:].partition("`")
    return Draft(body, done=draft.done or bool(closed))


def _fences_are_text(view: View) -> bool:
    """Whether a fence is ordinary text here: in a Markdown-like document, outside its own code blocks."""
    if family_of(view.language_id) != "text":
        return False
    return sum(1 for line in view.lines_before(_LINES_ABOVE) if _FENCE_LINE.match(line)) % 2 == 0


def _is_own_fence(text: str, start: str, view: View, *, inside: bool) -> bool:
    """Whether the answer goes on below the cursor's line of Markdown with a fence that belongs there."""
    above = view.line_prefix.rstrip()
    if family_of(view.language_id) != "text" or not above or "\n" not in text[: len(text) - len(start)]:
        return False
    if view.line_suffix.strip():
        return False
    return inside or above.endswith(_LEADS_TO_FENCE)


def _opens_wrapper(start: str, view: View) -> bool:
    """In Markdown a fence that begins in the middle of a line, or is tagged as Markdown itself, can only be a wrapper."""
    if view.line_prefix.strip():
        return start.startswith(("```", "~~~"))
    return re.match(r"```(?:markdown|md)[ \t]*\n", start) is not None
