"""The prompt for a model that was trained to fill in the middle: raw text with the model's own marks, for a text completion.

Other files come first and are frozen. Then comes the text before the cursor, which begins at a line that moves in large steps,
then the text after the cursor. So while the user types, only the end of the prompt is new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.prompt.anchor import fitting
from typethrough.core.prompt.message import Message, Unsealed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typethrough.core.models import FimMarks
    from typethrough.core.prompt.economist import Terms
    from typethrough.core.prompt.related import Related
    from typethrough.core.secrets.veil import VeiledView

_STEP_LINES = 64
_STEP_CHARS = 256
_AFTER_LINES = 48
_AFTER_SHARE = 0.25


def build(
    view: VeiledView, terms: Terms, marks: FimMarks, related: Related, path: str, workspace: str
) -> Unsealed:
    """The prompt for a view. It has no cache key, because servers of such models have one cache. Message roles have no
    meaning here.
    """
    own = _marks(marks)
    head = ""
    if marks.file:
        known = "".join(
            f"{marks.file}{_plain(name, own)}\n{_plain(text, own)}\n" for name, text in related.files
        )
        repository = f"{marks.repository}{_plain(workspace, own)}\n" if marks.repository and workspace else ""
        head = f"{repository}{known}{marks.file}{_plain(path, own)}\n"
    room = max(terms.context_chars - len(head), terms.context_chars // 2)
    after = _plain(_after(view, int(room * _AFTER_SHARE)), own)
    before = _plain(_before(view, room - len(after)), own)
    if marks.order == "spm":
        texts = [head, f"{marks.suffix}{after}{marks.prefix}", before, marks.middle]
    else:
        texts = [f"{head}{marks.prefix}", before, f"{marks.suffix}{after}{marks.middle}"]
    messages = tuple(Message("user", text) for text in texts if text)
    return Unsealed(messages, 1, _stops(marks), terms.max_output_tokens, cache_key="", raw=True)


def _before(view: VeiledView, chars: int) -> str:
    line = view.position.line
    above = fitting(view.snapshot, range(line - 1, -1, -1), chars - len(view.line_prefix))
    first = line - len(above)
    # When the text does not begin at the start of the file, its first line moves in steps. If it moved with each new
    # line, the server could reuse nothing that it has read.
    step = _STEP_LINES
    while step > 1 and step > len(above) // 2:
        step //= 2
    kept = above[: len(above) - (-first % step)]
    # A line longer than the room is cut in steps too.
    cut = max(0, len(view.line_prefix) - chars)
    cut += -cut % _STEP_CHARS
    return "".join(f"{text}\n" for text in reversed(kept)) + view.line_prefix[cut:]


def _after(view: VeiledView, chars: int) -> str:
    line = view.position.line
    last = min(view.snapshot.line_count, line + 1 + _AFTER_LINES)
    below = fitting(view.snapshot, range(line + 1, last), chars - len(view.line_suffix))
    return "\n".join([view.line_suffix[:chars], *below])


def _stops(marks: FimMarks) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (*marks.stop, marks.prefix, marks.suffix, marks.middle))))


def _marks(marks: FimMarks) -> tuple[str, ...]:
    return tuple(
        filter(None, (marks.prefix, marks.suffix, marks.middle, marks.repository, marks.file, *marks.stop))
    )


def _plain(text: str, marks: Iterable[str]) -> str:
    """The user's text with each of the model's own marks broken up by a space."""
    for mark in marks:
        bare = mark.strip()
        if bare in text:
            text = text.replace(bare, f"{bare[:-1]} {bare[-1]}")
    return text
