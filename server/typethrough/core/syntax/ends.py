"""What is missing at the end of an unfinished text, so that a parser can check what is there.

A text with an open bracket, string or statement is not wrong, only unfinished. So the missing part is added: at the end of the
text for what the text opened, and at the end of the region for what the lines above opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.document.scan import CLOSER_OF, CODE, State, scan
from typethrough.core.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

# How a string or comment ends, if not with the delimiter that opened it.
_ENDS: Final = {"``": "`", '""': '"', "/*": "*/", "[[": "]]", "#": ""}
# What a statement may need before the closing brackets, and after them.
_REST: Final = (
    (" x", ""), ("", ":"), (" x", ": x"), (" x", ";"), ("", ": x"), ("", " {}"), (" x", " {}"), ("", ";"), ("", " x;"),
    (" = x", ";"), (" else x", ""), (" in x", ""),
)  # fmt: skip
# What a block may need after it.
_AFTER_BLOCK: Final = ("", " finally {}", " while (x);", " catch (...) {}")
_QUOTES: Final = frozenset("\"'")


@remembered(8)
def read(text: str, language_id: str, start: State = CODE) -> State:
    """Like `scan`, with a cache for the long texts around a cursor, which stay the same for several keys."""
    return scan(text, language_id, start)


class Ends(NamedTuple):
    """What is missing at the end of the text, and at the end of the region."""

    of_text: str
    of_region: str


class _Open(NamedTuple):
    """The missing closing brackets, innermost first, of the text and of the region, and the end of an open string."""

    of_text: str
    of_region: str
    string: str


def ends(state: State, below: str, language_id: str) -> Ends:
    """What is missing when `state` is open at the end of the text and `below` follows."""
    missing = _missing(state, below, language_id)
    first = "\n" if state.inside == "#" and missing.of_text else ""
    return Ends(first + missing.of_text, f"{missing.string}\n{missing.of_region}")


def goings_on(state: State, opened: int, below: str, language_id: str) -> Iterator[Ends]:
    """How an unfinished statement may continue, the most likely first. The last `opened` brackets are its own."""
    quote = state.inside if state.inside in _QUOTES else ""
    missing = _missing(state._replace(inside="") if quote else state, below, language_id)
    lead = "\n" if state.inside == "#" else quote
    splits = [0]
    if not below.strip():
        # Nothing follows, so any number of the closing brackets may come before the rest of the statement.
        run = len(missing.of_region) - len(missing.of_region.lstrip(")]"))
        splits = sorted({run, min(run + 1, len(missing.of_region))})
    if len(missing.of_region) > 1:
        # In some languages a list of declarations ends with a line break.
        yield Ends(missing.of_text, f"{missing.string}\n" + "\n".join(missing.of_region))
    for split in splits:
        closers = missing.of_text + missing.of_region[:split]
        after = f"{missing.string}\n{missing.of_region[split:]}"
        if quote:
            yield Ends(quote + closers, after)
        for inner, outer in _REST:
            if not (quote and inner):
                yield Ends(lead + inner + closers + outer, after)
    if opened and not state.inside:
        own = _closers(state.opened[-opened:])
        missing = _missing(state._replace(opened=state.opened[:-opened]), below, language_id)
        for rest in _AFTER_BLOCK:
            yield Ends(f"\n{own}{rest}", f"{missing.string}\n{missing.of_region}")


def _missing(state: State, below: str, language_id: str) -> _Open:
    inside = state.inside
    if inside == "#":
        # The rest of the line belongs to the comment.
        inside, below = "", below[below.find("\n") :] if "\n" in below else ""
    if "${" in state.opened:
        # Its closing bracket continues a string.
        after = read(below, language_id, state._replace(inside=inside))
        return _Open("", _closers(after.opened), _ENDS.get(after.inside, after.inside))
    after = read(below, language_id, State(inside=inside))
    stack, given_up = list(state.opened), ""
    innermost = True
    for closer in after.stray:
        if closer not in map(CLOSER_OF.__getitem__, stack):
            continue
        while CLOSER_OF[stack[-1]] != closer:
            sign = stack.pop()
            if innermost:
                given_up += CLOSER_OF[sign]
        stack.pop()
        innermost = False
    return _Open(given_up, _closers((*stack, *after.opened)), _ENDS.get(after.inside, after.inside))


def _closers(opened: tuple[str, ...]) -> str:
    return "".join(CLOSER_OF[sign] for sign in reversed(opened))
