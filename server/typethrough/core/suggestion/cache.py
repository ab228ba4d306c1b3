"""What models have answered, found again by forward match: any earlier prefix whose completion still fits what was typed.

An entry is filed under the text of the two lines above its origin. A look-up walks from the cursor's line upwards, as many
lines as the longest completion has, and asks which entries began there: its cost depends on the length of completions, not
on the file, the number of entries, or how far was typed. Kept in memory only.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from typethrough.core.document.view import LINE_CHARS
from typethrough.core.suggestion.trail import LONGEST_CHARS, fits, is_closing
from typethrough.core.suggestion.white_space import respaced, typed_behind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typethrough.core.document.view import View

_Key = tuple[str, str, str]

# Of the lines that a place is filed under the end is enough; a minified line is neither hashed nor kept whole.
_KEY_CHARS = 200


class Entry:
    """A completion of one place, perhaps still growing.

    `text` is clean and begins at the origin; `complete` says that no more will come, `ended` that the model itself ended
    there, and `was_shown` that some of it got on screen; `model` is who was asked.
    `line_suffix` and `next_line` are what stood behind the cursor then: a hit needs the same next line, so that an answer to
    another question is never served. `assumed` is what an open completion menu was taken to put at the origin: the text
    begins with it, and says nothing before it goes on.
    """

    __slots__ = (
        "assumed",
        "complete",
        "ended",
        "line_prefix",
        "line_suffix",
        "model",
        "next_line",
        "text",
        "uri",
        "was_shown",
    )

    def __init__(self, view: View, text: str = "", *, complete: bool = False, assumed: str = "") -> None:
        self.uri = view.uri
        self.assumed = assumed
        self.line_prefix = view.line_prefix
        self.line_suffix = view.line_suffix
        self.next_line = view.next_line().strip()
        self.model = ""
        self.text = assumed + text
        self.complete = complete
        self.ended = complete
        self.was_shown = False


class Hit:
    """An entry that fits at a cursor, and the part of its text that is still to come.

    `now` is what stands before its origin by now, where the blanks there have changed, and `view` the view of that.
    """

    __slots__ = ("_now", "_text", "_view", "entry", "remainder", "typed")

    def __init__(self, entry: Entry, typed: str, now: str | None = None, view: View | None = None) -> None:
        self.entry = entry
        self.typed = typed
        self._now, self._view = now, view
        text: str | None = entry.text
        if now is not None and view is not None:
            text = respaced(entry.text, entry.line_prefix, now, view)
        self._text = text
        is_said = text is not None and len(entry.text) > len(entry.assumed)
        self.remainder = text[len(typed) :] if text is not None and is_said else ""

    @property
    def fits(self) -> bool:
        """Whether what was typed fits."""
        return self._text is not None and fits(self.typed, self._text, growing=not self.entry.complete)

    def anew(self) -> Hit:
        """The same after the entry has grown."""
        return Hit(self.entry, self.typed, self._now, self._view)

    @property
    def said_all(self) -> bool:
        """Whether the model, asked again here, would have nothing to say: it ended by itself, at once or after several lines.

        After a single line it may only have been brief; what comes next is worth another question.
        """
        entry = self.entry
        is_as_asked = self._now is None and entry.ended and not self.remainder
        return is_as_asked and (not self.typed or "\n" in entry.text.strip("\n"))


class CompletionCache:
    """Entries by the place they belong to, least recently used dropped first."""

    def __init__(self, places: int = 256, per_place: int = 8, reach_lines: int = 24) -> None:
        # Least recently used first.
        self._places: dict[_Key, list[Entry]] = {}
        # The lines right above the places: a look-up passes most lines of a document with a glance at these.
        self._lines: Counter[str] = Counter()
        self._most_places = places
        self._per_place = per_place
        self._reach_lines = reach_lines

    def add(self, view: View, entry: Entry) -> None:
        """File an entry under the place of `view`. It may go on growing afterwards."""
        above = _line_ends(view, 2)
        key = (view.uri, above[-2], above[-1])
        kept = [
            old
            for old in self._take(key)
            if (old.line_prefix, old.line_suffix, old.model, old.assumed)
            != (entry.line_prefix, entry.line_suffix, entry.model, entry.assumed)
            or not old.complete
        ]
        self._put(key, [*kept, entry][-self._per_place :])
        if len(self._places) > self._most_places:
            self._take(next(iter(self._places)))

    def clear(self) -> None:
        """Forget every entry."""
        self._places.clear()
        self._lines.clear()

    def discard(self, entry: Entry) -> None:
        """Forget an entry: it turned out to be wrong, or empty for want of an answer."""
        for key, entries in list(self._places.items()):
            if entry in entries:
                kept = [old for old in self._take(key) if old is not entry]
                if kept:
                    self._put(key, kept)

    def _take(self, key: _Key) -> list[Entry]:
        entries = self._places.pop(key, None)
        if entries is None:
            return []
        self._lines[key[2]] -= 1
        if not self._lines[key[2]]:
            del self._lines[key[2]]
        return entries

    def _put(self, key: _Key, entries: list[Entry]) -> None:
        self._places[key] = entries
        self._lines[key[2]] += 1

    def _at(self, key: _Key) -> list[Entry]:
        """The entries of a place, which is used herewith."""
        entries = self._places.pop(key, None)
        if entries is None:
            return []
        self._places[key] = entries
        return entries

    def look_up(self, view: View) -> Iterator[Hit]:
        """Entries that fit what stands before the cursor, those that began nearest first, newest first."""
        if not self._places:
            return
        ends = _line_ends(view, self._reach_lines + 1)
        above = view.lines_before(self._reach_lines)
        below = _lines_below(view)
        here, typed_below = view.line_prefix, ""
        for distance in range(min(self._reach_lines, view.position.line + 1)):
            if distance:
                if len(here) + len(typed_below) > LONGEST_CHARS:
                    return
                typed_below = "\n" + here + typed_below
                here = above[-distance]
                if len(here) == LINE_CHARS:
                    # Longer than the view shows it: where a text began on it is seen only in all of it.
                    line = view.position.line - distance
                    here = view.snapshot.part(line, 0, LONGEST_CHARS + 1)
            if ends[-1 - distance] not in self._lines:
                continue
            key = (view.uri, ends[-2 - distance], ends[-1 - distance])
            for entry in reversed(self._at(key)):
                if entry.next_line not in below:
                    continue
                hit = _hit(entry, here, typed_below)
                if hit is None and not distance:
                    hit = _respaced_hit(entry, view)
                if hit is not None and _same_suffix(entry.line_suffix, view.line_suffix, hit.typed):
                    yield hit


def _hit(entry: Entry, here: str, typed_below: str) -> Hit | None:
    """The entry as it is filed, where the line from its origin on, and the lines below, fit it."""
    if not here.startswith(entry.line_prefix):
        return None
    typed = here[len(entry.line_prefix) :] + typed_below
    return Hit(entry, typed) if fits(typed, entry.text, growing=not entry.complete) else None


def _respaced_hit(entry: Entry, view: View) -> Hit | None:
    """The entry where only the blanks before its origin are others now, with something to say, or perhaps later."""
    here = view.line_prefix
    now = typed_behind(here, entry.line_prefix)
    if now is None:
        return None
    hit = Hit(entry, here[len(now) :], now, view)
    return hit if hit.fits and (hit.remainder or not entry.complete) else None


def _lines_below(view: View) -> tuple[str, ...]:
    """The next line. If it is a closing bracket, which Enter may have put there, the line after it as well."""
    below = view.next_line().strip()
    if not is_closing(below.rstrip(";,")):
        return (below,)
    lines = [line.strip() for line in view.lines_after(20) if line.strip()]
    return below, lines[1] if len(lines) > 1 else ""


def _same_suffix(then: str, now: str, typed: str) -> bool:
    """Whether the rest of the line is what it was, but for brackets and quotes: closed meanwhile, or typed over since."""
    if then == now:
        return True
    if now.endswith(then):
        return all(char in ")]}\"'`> ;," for char in now[: len(now) - len(then)])
    over = then[: len(then) - len(now)]
    # What was typed over stands in the text typed, in the same order.
    rest = iter(typed)
    return then.endswith(now) and is_closing(over) and all(char in rest for char in over)


def _line_ends(view: View, count: int) -> list[str]:
    """The ends of the lines above the cursor's, nearest last, by which places are told apart; empty ones before the first."""
    return ["", "", *[line[-_KEY_CHARS:] for line in view.lines_before(count)]]
