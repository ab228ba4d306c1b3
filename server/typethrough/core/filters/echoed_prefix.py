"""Head filter: a chat model begins with what already stands before the cursor; that part is dropped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.filters.draft import NOTHING_YET, Draft, significant

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_BARE_TAG: Final = re.compile(r"</?[\w.-]+>\Z")
_LAST_WORD: Final = re.compile(r"[A-Za-z_]\w{2,}\Z")
_LAST_CHAIN: Final = re.compile(r"[A-Za-z_][\w.]{2,}\Z")
_LINES_ABOVE: Final = 12
_CHAIN_CHARS: Final = 200
_MIN_LINE: Final = 3
_MIN_LINE_AFTER_BREAK: Final = 8
_MIN_ABOVE: Final = 8
_MIN_SINGLE_ABOVE: Final = 12

# A verdict is how many characters the echo takes: 0 none, None not decided yet.
Verdict = int | None


class Line(NamedTuple):
    """A line of the answer that is not blank: its content, where that starts, where the line ends, and whether it did end."""

    content: str
    start: int
    end: int
    ended: bool


def echoed_prefix(draft: Draft, view: View) -> Draft:
    """Drop an echo of the lines above with the line prefix, of the line prefix alone, or of the word at the cursor."""
    text, done = draft
    if not text.strip():
        return draft
    core = text.strip()
    if done and significant(core) >= _MIN_LINE and _is_whole_prefix(text, core, view):
        return Draft("", done=True)
    for echo in (_lines_above, _line_prefix, _last_chain, _last_word):
        taken = echo(text, view)
        if taken is None and not done:
            return NOTHING_YET
        if taken:
            return Draft(text[taken:], done)
    return draft


def _is_whole_prefix(text: str, core: str, view: View) -> bool:
    """Whether the answer ended within the white space that ends the line prefix."""
    return core == view.line_prefix.strip() and view.line_prefix.lstrip().startswith(text.lstrip(" \t"))


def _line_prefix(text: str, view: View) -> Verdict:
    core = view.line_prefix.strip()
    size = significant(core)
    if size < _MIN_LINE or _BARE_TAG.match(core):
        return 0
    body = text.lstrip() if size >= _MIN_LINE_AFTER_BREAK else text.lstrip(" \t")
    if body.startswith(core):
        return _past_gap(text, len(text) - len(body) + len(core), view)
    return None if core.startswith(body) else 0


def _past_gap(text: str, taken: int, view: View) -> Verdict:
    """Past the white space that ends the line prefix, when the echo has it too."""
    prefix = view.line_prefix
    gap = prefix[len(prefix.rstrip()) :]
    if gap and gap.startswith(text[taken:]):
        return None
    return taken + len(gap) if text.startswith(gap, taken) else taken


def _last_chain(text: str, view: View) -> Verdict:
    return _ending(text, _LAST_CHAIN.search(view.line_prefix[-_CHAIN_CHARS:]))


def _last_word(text: str, view: View) -> Verdict:
    return _ending(text, _LAST_WORD.search(view.word))


def _ending(text: str, found: re.Match[str] | None) -> Verdict:
    if found is None:
        return 0
    if text.startswith(found[0]):
        return len(found[0])
    return None if found[0].startswith(text) else 0


def _lines_above(text: str, view: View) -> Verdict:
    above = [line.strip() for line in view.lines_before(_LINES_ABOVE)]
    above = [line for line in above if line]
    if not above:
        return 0
    said = _nonblank_lines(text)
    first, _, _, ended = said[0]
    for start, line in enumerate(above):
        if line != first and (ended or not line.startswith(first)):
            continue
        verdict = _agreement(text, said, above[start:], view)
        if verdict != 0:
            return verdict
    return 0


def _agreement(text: str, said: list[Line], above: list[str], view: View) -> Verdict:
    core = view.line_prefix.strip()
    size = sum(map(significant, above))
    if size + significant(core) < _MIN_ABOVE or (len(above) == 1 and not core and size < _MIN_SINGLE_ABOVE):
        return 0
    for line, spoken in zip(above, said, strict=False):
        if not spoken.ended:
            return None if line.startswith(spoken.content) else 0
        if spoken.content != line:
            return 0
    if not core:
        return said[len(above) - 1].end if len(said) >= len(above) else None
    if len(said) <= len(above):
        return None
    last = said[len(above)]
    if last.content.startswith(core):
        return _past_gap(text, last.start + len(core), view)
    return None if core.startswith(last.content) and not last.ended else 0


def _nonblank_lines(text: str) -> list[Line]:
    found = []
    place = 0
    for raw in text.split("\n", _LINES_ABOVE * 3):
        start = place + len(raw) - len(raw.lstrip())
        ended = place + len(raw) < len(text)
        place += len(raw) + ended
        if raw.strip():
            found.append(Line(raw.strip() if ended else raw.lstrip(), start, place, ended))
        if len(found) > _LINES_ABOVE:
            break
    return found
