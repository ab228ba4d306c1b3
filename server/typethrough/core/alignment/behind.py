"""What an answer's end says again of what stands behind the cursor, and how much of that the answer takes the place of.

A model ends its line as it should end, so that closers which the editor has put behind the cursor, or the rest of the line, come
twice. Either that end of the answer is left out, or it takes the place of what stands there. Both are one decision: of all such
readings the one is taken whose line closes most of what it opens.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.alignment.below import below
from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import family_of, opens_block, scan
from typethrough.core.dressing.draft import Refused, significant
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typethrough.core.document.view import View

# More than an editor closes at one place; each is a reading of the line.
_CLOSERS: Final = re.compile(r"[ \t]*[)\]}>\"'`]{1,8}")
_ONLY_CLOSERS: Final = re.compile(r"[ \t]*[)\]}]{1,8}[)\]};,:]*(?: *=>)?(?: *\{)?[ \t]*")
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_LAST_WORD: Final = re.compile(r"[^\W\d]\w{2,}\Z")
_QUOTES: Final = frozenset("\"'`")
_PUNCTUATION: Final = frozenset(":;,.")
# Families whose unclosed strings the scanner does not see.
_WITHOUT_STRINGS: Final = frozenset(("data", "unknown", "css", "sql"))
_MIN_PART: Final = 5
_MIN_IN_WORD: Final = 4
_MIN_REST: Final = 3
# As much of the rest of a line as is compared with an answer's end.
_MOST_CHARS: Final = 400


class Fit(NamedTuple):
    """A text as it fits the place; `replaces` counts the characters right of the cursor that it takes the place of."""

    text: str
    replaces: int = 0


def behind(text: str, view: View) -> Fit | Refused:
    """The text without what stands behind the cursor already, or in its place; refused when nothing else is left of it."""
    said, rest = text.strip(), view.line_suffix.strip()
    if said == rest and significant(said) >= _MIN_REST:
        return Refused(Cause.STUTTER)
    word = _LAST_WORD.search(view.word)
    if word is not None and said == word[0] and "\n" not in text.rstrip():
        return Refused(Cause.STUTTER)
    if not rest:
        return _ended(below(text, view))
    if fills_a_block(text, view):
        return _ended(_block(text, view))
    fit = _on_the_line(text.partition("\n")[0], view)
    kept = below(fit.text, view)
    return kept if isinstance(kept, Refused) else fit


def readings(text: str, view: View) -> Iterator[Fit]:
    """Every way in which the text may be meant, the likeliest first, which is that of `behind`: for who can judge them better."""
    first = behind(text, view)
    if isinstance(first, Refused):
        return
    yield first
    others = [Fit(text)]
    if view.line_suffix.strip():
        line = text.partition("\n")[0]
        others = [] if fills_a_block(text, view) else [Fit(line), *_echo(line, view), *_covers(line, view)]
    for other in dict.fromkeys(others):
        if other != first and other.text.strip():
            yield other


def fills_a_block(text: str, view: View) -> bool:
    """Whether the text is the block between an opener and the closers that an editor has put right behind it."""
    if not text.lstrip(" \t").startswith("\n") or not opens_block(view.line_prefix, view.language_id):
        return False
    return (
        view.line_prefix.rstrip()[-1:] in {"{", "[", "("}
        and _ONLY_CLOSERS.fullmatch(view.line_suffix) is not None
    )


def covered(text: str, view: View) -> int:
    """How many characters right of the cursor a line must take the place of, so that it stands there as it is."""
    if "\n" in text:
        return 0
    suffix = view.line_suffix
    costs = {
        fit.replaces: _imbalance(text, suffix[fit.replaces :], view) for fit in _closer_covers(text, view)
    }
    best = min(costs, key=lambda count: (costs[count], count), default=0)
    return best if best and costs[best] < _imbalance(text, suffix, view) else 0


def _ended(text: str | Refused) -> Fit | Refused:
    return text if isinstance(text, Refused) else Fit(text)


def _block(text: str, view: View) -> str:
    """The block on lines of its own, so that the closers get the next one."""
    rest = view.line_suffix.strip()
    lines = text.rstrip().split("\n")
    if len(lines) > 1 and lines[-1].strip() and rest.startswith(lines[-1].strip().rstrip(";,")):
        lines.pop()
    body = "\n".join(lines).rstrip()
    return f"{body}\n{indent_of(view.line_prefix)}" if body else ""


def _on_the_line(text: str, view: View) -> Fit:
    """The reading of a line that closes most of what it opens: the text as it is unless another is better."""
    suffix = view.line_suffix
    as_is = _imbalance(text, suffix, view)
    best, least = Fit(text), as_is
    echo = _echo(text, view)
    for fit in echo:
        cost = _imbalance(fit.text, suffix, view)
        if cost < least or (cost == least == as_is and _is_likely(text, fit.text, view)):
            best, least = fit, cost
    echoed = len(text.rstrip()) - len(best.text)
    if (
        suffix[0] in _QUOTES
        and suffix[0] in best.text
        and echoed > 0
        and text.rstrip().endswith(suffix[:echoed])
    ):
        # The quote behind the cursor is typed over before the text has come to its end, and would then be missing there.
        return Fit(text.rstrip(), echoed)
    if best.text == text or least:
        for fit in _covers(text, view):
            cost = _imbalance(fit.text, suffix[fit.replaces :], view)
            if cost < least:
                best, least = fit, cost
    return best


def _echo(text: str, view: View) -> Iterator[Fit]:
    """The text without an end that begins the rest of the line, the longest such end first."""
    said, suffix = text.rstrip(), view.line_suffix.rstrip()[:_MOST_CHARS]
    for start in (suffix, suffix.lstrip()) if suffix[0].isspace() else (suffix,):
        for length in range(min(len(start), len(said)), 0, -1):
            if said.endswith(start[:length]) and start[length - 1] != " ":
                kept = said[: len(said) - length]
                # The blank before the echo is the one that stands before the suffix.
                yield Fit(kept if start == suffix else kept.rstrip(" "))


def _covers(text: str, view: View) -> Iterator[Fit]:
    """The text in place of the rest of the line where it says all of that, or of closers right of the cursor."""
    suffix = view.line_suffix.rstrip()
    whole = len(suffix)
    if len(_TOKEN.findall(suffix)) > 1 and whole <= _MOST_CHARS and _holds(text, suffix):
        # First where it ends alike, so that nothing is left to stand there twice.
        alike = text.rstrip().endswith(suffix[-1])
        if alike:
            yield Fit(text, whole)
        yield from _closer_covers(text, view)
        if not alike:
            yield Fit(text, whole)
    else:
        yield from _closer_covers(text, view)


def _closer_covers(text: str, view: View) -> Iterator[Fit]:
    suffix = view.line_suffix
    closers = _CLOSERS.match(suffix)
    for count in range(1, closers.end() + 1 if closers is not None else 0):
        if not suffix[count - 1].isspace() and _holds(text, suffix[:count]):
            yield Fit(text, count)


def _is_likely(text: str, kept: str, view: View) -> bool:
    """Whether the end that was taken off is likely an echo though the line would be no worse with it."""
    echo = text.rstrip()[len(kept) :].strip()
    suffix = view.line_suffix.strip()
    whole = echo == suffix
    size = significant(echo)
    if whole and (echo in _PUNCTUATION or echo.startswith("</")):
        return True
    if echo[:1].isalnum() and kept[-1:].isalnum() and not text[len(kept)].isspace():
        return whole and size >= _MIN_IN_WORD
    if whole:
        return size > 1 or len(_TOKEN.findall(echo)) > 1
    if size < _MIN_PART:
        return False
    return not (echo[-1:].isalnum() and suffix[len(echo) : len(echo) + 1].isalnum())


def _imbalance(said: str, suffix: str, view: View) -> int:
    """What is open or closed too often in the line with this text before that rest."""
    line = view.line_prefix + said + suffix
    family = family_of(view.language_id)
    if family in {"text", "markup"}:
        return _brackets(line) + (_angles(line) + line.count('"') % 2 if family == "markup" else 0)
    state = scan(line, view.language_id)
    # In a string the scanner sees no brackets, and what a format or a template holds has some.
    hidden = _brackets(line) if view.state.inside[:1] in _QUOTES else 0
    quotes = line.count('"') % 2 if family in _WITHOUT_STRINGS else 0
    cost = hidden + quotes + len(state.opened) + len(state.stray) + (state.inside not in {"", "#"})
    if line.rstrip().endswith("{") and state.opened[-1:] == ("{",):
        # What opens a block at the end is closed further down.
        cost -= 1
    return cost + (_angles(line) if ">" in view.line_suffix else 0)


def _brackets(line: str) -> int:
    """How many brackets open or close too much, wherever they stand."""
    return sum(abs(line.count(opener) - line.count(closer)) for opener, closer in ("()", "[]", "{}"))


def _angles(line: str) -> int:
    """How many angle brackets of types and tags close nothing, or are not closed."""
    opened = stray = 0
    for found in _ANGLE.finditer(line):
        sign = found[0]
        if sign == "<":
            opened += 1
        elif sign == ">" and opened:
            opened -= 1
        elif sign == ">":
            stray += 1
    return opened + stray


# Arrows and comparisons are no brackets.
_ANGLE: Final = re.compile(r"[-=]>|<=|>=| <(?= )| >(?= )|<|>")


def _holds(text: str, signs: str) -> bool:
    """Whether the signs stand in the text in this order: editors show a replacement only then."""
    rest = iter(text)
    return all(sign in rest for sign in signs if not sign.isspace())
