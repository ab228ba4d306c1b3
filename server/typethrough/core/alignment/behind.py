"""What the end of an answer repeats of the text after the cursor, and how much of that text the answer replaces.

A model ends its line properly. So closing brackets that the editor has put after the cursor, or the rest of the line,
would come twice. Either this end is removed from the answer, or the answer replaces the text after the cursor. Both are
one decision: of all such readings, take the one whose brackets are balanced best.
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

# At most this many closing signs. An editor inserts fewer at one place, and each is another reading of the line.
_CLOSERS: Final = re.compile(r"[ \t]*[)\]}>\"'`]{1,8}")
_ONLY_CLOSERS: Final = re.compile(r"[ \t]*[)\]}]{1,8}[)\]};,:]*(?: *=>)?(?: *\{)?[ \t]*")
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_LAST_WORD: Final = re.compile(r"[^\W\d]\w{2,}\Z")
_QUOTES: Final = frozenset("\"'`")
_PUNCTUATION: Final = frozenset(":;,.")
# In these families the scanner does not recognise unclosed strings.
_WITHOUT_STRINGS: Final = frozenset(("data", "unknown", "css", "sql"))
_MIN_PART: Final = 5
_MIN_IN_WORD: Final = 4
_MIN_REST: Final = 3
# How much of the rest of the line is compared with the end of the answer.
_MOST_CHARS: Final = 400


class Fit(NamedTuple):
    """A text that fits the place. `replaces` is the number of characters after the cursor that it replaces."""

    text: str
    replaces: int = 0


def behind(text: str, view: View) -> Fit | Refused:
    """Fit the text to what stands after the cursor. Refused when nothing new is left of it."""
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
    """All readings of the text, the most likely first, which is that of `behind`. The caller may have a better way to choose."""
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
    """Whether the text is a block between an opening bracket and the closing ones that the editor put directly after it."""
    if not text.lstrip(" \t").startswith("\n") or not opens_block(view.line_prefix, view.language_id):
        return False
    return (
        view.line_prefix.rstrip()[-1:] in {"{", "[", "("}
        and _ONLY_CLOSERS.fullmatch(view.line_suffix) is not None
    )


def covered(text: str, view: View) -> int:
    """How many characters after the cursor a text of one line must replace, so that it can stay unchanged."""
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
    """The block on its own lines, so that the closing brackets get the next line."""
    rest = view.line_suffix.strip()
    lines = text.rstrip().split("\n")
    if len(lines) > 1 and lines[-1].strip() and rest.startswith(lines[-1].strip().rstrip(";,")):
        lines.pop()
    body = "\n".join(lines).rstrip()
    return f"{body}\n{indent_of(view.line_prefix)}" if body else ""


def _on_the_line(text: str, view: View) -> Fit:
    """The reading of a line with the best balanced brackets. The unchanged text wins unless another is better."""
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
        # The user may type over the quote after the cursor before the end of the text. Then it would be missing at the end.
        return Fit(text.rstrip(), echoed)
    if best.text == text or least:
        for fit in _covers(text, view):
            cost = _imbalance(fit.text, suffix[fit.replaces :], view)
            if cost < least:
                best, least = fit, cost
    return best


def _echo(text: str, view: View) -> Iterator[Fit]:
    """The text without an end that equals the start of the rest of the line, the longest such end first."""
    said, suffix = text.rstrip(), view.line_suffix.rstrip()[:_MOST_CHARS]
    for start in (suffix, suffix.lstrip()) if suffix[0].isspace() else (suffix,):
        for length in range(min(len(start), len(said)), 0, -1):
            if said.endswith(start[:length]) and start[length - 1] != " ":
                kept = said[: len(said) - length]
                # The blank before the echo already stands after the cursor.
                yield Fit(kept if start == suffix else kept.rstrip(" "))


def _covers(text: str, view: View) -> Iterator[Fit]:
    """The text as a replacement: of the whole rest of the line if it contains that, or of closing signs after the cursor."""
    suffix = view.line_suffix.rstrip()
    whole = len(suffix)
    if len(_TOKEN.findall(suffix)) > 1 and whole <= _MOST_CHARS and _holds(text, suffix):
        # First a text with the same end, so that nothing is left to stand twice.
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
    """Whether the removed end is probably an echo even though the brackets are balanced equally well with it."""
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
    """How many signs are open or closed too often in the line with this text and this rest."""
    line = view.line_prefix + said + suffix
    family = family_of(view.language_id)
    if family in {"text", "markup"}:
        return _brackets(line) + (_angles(line) + line.count('"') % 2 if family == "markup" else 0)
    state = scan(line, view.language_id)
    # In a string the scanner sees no brackets, but a format or a template may contain some.
    hidden = _brackets(line) if view.state.inside[:1] in _QUOTES else 0
    quotes = line.count('"') % 2 if family in _WITHOUT_STRINGS else 0
    cost = hidden + quotes + len(state.opened) + len(state.stray) + (state.inside not in {"", "#"})
    if line.rstrip().endswith("{") and state.opened[-1:] == ("{",):
        # A block that opens at the end of the line is closed on a later line.
        cost -= 1
    return cost + (_angles(line) if ">" in view.line_suffix else 0)


def _brackets(line: str) -> int:
    """How many brackets are unbalanced, wherever they stand."""
    return sum(abs(line.count(opener) - line.count(closer)) for opener, closer in ("()", "[]", "{}"))


def _angles(line: str) -> int:
    """How many angle brackets of types and tags are unbalanced."""
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


# Arrows and comparisons are not brackets.
_ANGLE: Final = re.compile(r"[-=]>|<=|>=| <(?= )| >(?= )|<|>")


def _holds(text: str, signs: str) -> bool:
    """Whether the text contains the signs in this order. Editors show a replacement only in that case."""
    rest = iter(text)
    return all(sign in rest for sign in signs if not sign.isspace())
