"""The cache of answers. It finds any earlier answer whose text still fits what the user has typed since.

An entry is stored under the two lines above its origin. A look-up goes upwards from the cursor's line, as many lines as the
longest completion has, and takes the entries that began at each line. So its cost depends on the length of completions, not on
the size of the file, the number of entries, or how much was typed. The cache is only in memory.
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

# Only the end of a line is used as a key, so that a minified line is neither hashed nor kept as a whole.
_KEY_CHARS = 200


class Entry:
    """A completion for one place. It may still be growing.

    `text` is cleaned and begins at the origin. `complete`: no more text will come. `ended`: the model itself ended there.
    `was_shown`: a part of it was on the screen. `model`: which model was asked. `line_suffix` and `next_line` are what stood
    after the cursor at that time. A hit needs the same next line, so that no answer to another question is served.
    `assumed` is the text that an open completion menu would insert at the origin. `text` begins with it, and without more than
    that the entry has nothing to say.
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
    """An entry that fits at a cursor. `typed` is the part already typed, `remainder` the part still to come.

    If the blanks before the origin have changed since, `now` is the text that stands there now, and `view` the view of that.
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
        """Whether the entry fits what was typed."""
        return self._text is not None and fits(self.typed, self._text, growing=not self.entry.complete)

    def anew(self) -> Hit:
        """The same hit, computed again after the entry has grown."""
        return Hit(self.entry, self.typed, self._now, self._view)

    @property
    def said_all(self) -> bool:
        """Whether the model would have nothing to add here, because it ended by itself: at once, or after several lines.

        After a single line it may only have been brief, so another question is worth asking.
        """
        entry = self.entry
        is_as_asked = self._now is None and entry.ended and not self.remainder
        return is_as_asked and (not self.typed or "\n" in entry.text.strip("\n"))


class CompletionCache:
    """Entries by their place. The least recently used places are dropped first."""

    def __init__(self, places: int = 256, per_place: int = 8, reach_lines: int = 24) -> None:
        # The least recently used places come first.
        self._places: dict[_Key, list[Entry]] = {}
        # How many places there are below each line, so that a look-up can skip most lines of a document quickly.
        self._lines: Counter[str] = Counter()
        self._most_places = places
        self._per_place = per_place
        self._reach_lines = reach_lines

    def add(self, view: View, entry: Entry) -> None:
        """Store an entry under the place of `view`. It may still grow afterwards."""
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
        """Forget all entries."""
        self._places.clear()
        self._lines.clear()

    def discard(self, entry: Entry) -> None:
        """Forget an entry, because it is wrong, or empty since no answer came."""
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
        """The entries of a place, which becomes the most recently used."""
        entries = self._places.pop(key, None)
        if entries is None:
            return []
        self._places[key] = entries
        return entries

    def look_up(self, view: View) -> Iterator[Hit]:
        """Entries that fit the text before the cursor: those with the nearest origin first, then the newest first."""
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
                    # The view shows only a part of this line. To find out where a text began on it, the whole line is needed.
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
    """The entry as it is stored, if the line from its origin on and the lines below fit it."""
    if not here.startswith(entry.line_prefix):
        return None
    typed = here[len(entry.line_prefix) :] + typed_below
    return Hit(entry, typed) if fits(typed, entry.text, growing=not entry.complete) else None


def _respaced_hit(entry: Entry, view: View) -> Hit | None:
    """The entry when only the blanks before its origin have changed, if it has text to show or may still get some."""
    here = view.line_prefix
    now = typed_behind(here, entry.line_prefix)
    if now is None:
        return None
    hit = Hit(entry, here[len(now) :], now, view)
    return hit if hit.fits and (hit.remainder or not entry.complete) else None


def _lines_below(view: View) -> tuple[str, ...]:
    """The next line. If it is a closing bracket, which Enter may have put there, also the line after it."""
    below = view.next_line().strip()
    if not is_closing(below.rstrip(";,")):
        return (below,)
    lines = [line.strip() for line in view.lines_after(20) if line.strip()]
    return below, lines[1] if len(lines) > 1 else ""


def _same_suffix(then: str, now: str, typed: str) -> bool:
    """Whether the rest of the line is the same, except for brackets and quotes that were added or typed over since."""
    if then == now:
        return True
    if now.endswith(then):
        return all(char in ")]}\"'`> ;," for char in now[: len(now) - len(then)])
    over = then[: len(then) - len(now)]
    # Characters that were typed over are in the typed text, in the same order.
    rest = iter(typed)
    return then.endswith(now) and is_closing(over) and all(char in rest for char in over)


def _line_ends(view: View, count: int) -> list[str]:
    """The ends of the lines above the cursor's, nearest last. They identify a place. Before the first line: empty strings."""
    return ["", "", *[line[-_KEY_CHARS:] for line in view.lines_before(count)]]
