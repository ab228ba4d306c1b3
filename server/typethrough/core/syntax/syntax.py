"""Whether a text, once accepted, leaves syntax errors in the document that were not there before.

One tree is kept per document, of the lines around the cursor. A text is parsed as a change of it. It is rejected only when the
error is certain: if the document already has errors outside the cursor's line, or parsing takes too long, it is accepted.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.syntax.grammars import grammar, parsed
from typethrough.core.syntax.indentation import is_misplaced
from typethrough.core.syntax.reading import PREPROCESSED, Reading
from typethrough.core.syntax.region import region_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Parser, Tree

    from typethrough.core.document.view import View
    from typethrough.core.syntax.region import Region

# In steps of 50 µs. Most checks take five.
_MOST_STEPS: Final = 100
# The steps in one piece when a document is parsed while an answer is awaited, and the steps in all.
_PIECE_STEPS: Final = 20
_READING_STEPS: Final = 600
# If the text differs more from the kept one, the cursor is at another place.
_MOST_CHANGED: Final = 4_000
# After a text with errors of its own, parsing is skipped for at most this many requests.
_LONGEST_PAUSE: Final = 16
_MOST_KNOWN: Final = 16


class _Kept(NamedTuple):
    """A text without errors, and its tree."""

    source: bytes
    tree: Tree


class Syntax:
    """Checks texts for one document."""

    def __init__(self, language_id: str) -> None:
        self._language_id = language_id
        self._kept: _Kept | None = None
        # Where the last check found no errors: the number of the region's first line, and the text below the cursor.
        self._clean: tuple[int, str] | None = None
        self._pause = self._failures = 0
        self._known: dict[bytes, bool] = {}

    def reading(self, view: View) -> Iterator[None]:
        """Parse the lines around a cursor, in pieces of a millisecond, so that texts can be checked there."""
        language = grammar(self._language_id)
        if language is None or view.language_id != self._language_id:
            return
        if self._pause:
            self._pause -= 1
            return
        region = region_of(view)
        if region is None:
            return
        from tree_sitter import Parser

        parser = Parser(language)
        left = _READING_STEPS
        for source in self._without_text(region):
            before = _moved(self._kept, source) if self._kept is not None else None
            parser.reset()
            tree = None
            while tree is None and left > 0:
                steps = _Steps(_PIECE_STEPS)
                tree = parsed(parser, source, steps.are_over, before)
                left -= steps.taken
                yield
                if steps.has_error:
                    break
            if left <= 0:
                break
            if tree is not None and not tree.root_node.has_error:
                self._kept = _Kept(source, tree)
                self._clean = (region.first_line, region.below)
                self._failures = 0
                return
        self._clean = self._kept = None
        self._failures += 1
        self._pause = min(2**self._failures, _LONGEST_PAUSE)

    def accepts(self, view: View, text: str, replaces: int = 0) -> bool:
        """Whether a text may be inserted and replace `replaces` characters. True unless it certainly adds errors."""
        if self._kept is None or view.language_id != self._language_id or not text.strip():
            return True
        region = region_of(view)
        if region is None or self._clean != (region.first_line, region.below):
            return True
        reading = Reading(region, region.prefix + text, region.suffix[replaces:], self._language_id)
        source = reading.source()
        verdict = self._known.get(source)
        if verdict is None:
            verdict = self._judge(reading, source)
            if len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[source] = verdict
        return verdict

    def _judge(self, reading: Reading, source: bytes) -> bool:
        language = grammar(self._language_id)
        if language is None or self._kept is None or _difference(self._kept.source, source) > _MOST_CHANGED:
            return True
        from tree_sitter import Parser

        parser = Parser(language)
        steps = _Steps(_MOST_STEPS)
        sources = chain((source,), reading.sources_going_on())
        if any(self._is_right(parser, reading, one, steps) is not False for one in sources):
            return True
        return reading.has_macros

    def _is_right(self, parser: Parser, reading: Reading, source: bytes, steps: _Steps) -> bool | None:
        """Whether a text has no errors. None if finding out takes too long."""
        kept, steps.has_error = self._kept, False
        parser.reset()
        tree = parsed(parser, source, steps.are_over, _moved(kept, source) if kept is not None else None)
        if tree is None:
            return False if steps.has_error else None
        root = tree.root_node
        if root.has_error:
            return False
        return not (self._language_id == "python" and is_misplaced(root, reading.first_row, reading.last_row))

    def _without_text(self, region: Region) -> Iterator[bytes]:
        """The document without a suggestion: as it is, without the cursor's line, and with that line completed."""
        as_it_is = Reading(region, region.prefix, region.suffix, self._language_id)
        yield as_it_is.source()
        yield Reading(region, "", "", self._language_id).source()
        if self._language_id not in PREPROCESSED:
            yield from as_it_is.sources_going_on()


class _Steps:
    """A limit on parsing steps, shared by several parses."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0
        self.has_error = False

    def are_over(self, has_error: bool) -> bool:
        """Count one step. Returns True when the limit is reached, or when an error has been found."""
        self.taken += 1
        self.has_error = has_error
        return has_error or self.taken > self._most


def _moved(kept: _Kept, source: bytes) -> Tree:
    """The kept tree, edited for the differences to another text."""
    old = kept.source
    start, same = _ends_in_common(old, source)
    stop, new_stop = len(old) - same, len(source) - same
    tree = kept.tree.copy()
    tree.edit(start, stop, new_stop, _point(old, start), _point(old, stop), _point(source, new_stop))
    return tree


def _difference(one: bytes, other: bytes) -> int:
    start, same = _ends_in_common(one, other)
    return max(len(one), len(other)) - start - same


def _ends_in_common(one: bytes, other: bytes) -> tuple[int, int]:
    """How many bytes two texts have in common at their start, and how many of the rest at their end."""
    most = min(len(one), len(other))
    start, high = 0, most
    while start < high:
        middle = (start + high + 1) // 2
        if one[start:middle] == other[start:middle]:
            start = middle
        else:
            high = middle - 1
    same, high = 0, most - start
    while same < high:
        middle = (same + high + 1) // 2
        if one[len(one) - middle : len(one) - same] == other[len(other) - middle : len(other) - same]:
            same = middle
        else:
            high = middle - 1
    return start, same


def _point(source: bytes, offset: int) -> tuple[int, int]:
    return source.count(b"\n", 0, offset), offset - source.rfind(b"\n", 0, offset) - 1
