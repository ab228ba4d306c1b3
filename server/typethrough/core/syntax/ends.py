"""What is still to come after an unfinished text, so that a parser can be asked about what is there already.

A text that opens a bracket, a string or a statement is not wrong because it has not closed it. So what is missing is put in: at
the text's end what it leaves open itself, at the region's end what the lines above opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.document.scan import CLOSER_OF, CODE, State, scan
from typethrough.core.remembered import remembered

if TYPE_CHECKING:
    from collections.abc import Iterator

# How a string or a comment ends, where not by what began it.
_ENDS: Final = {"``": "`", '""': '"', "/*": "*/", "[[": "]]", "#": ""}
# What a statement may want before the brackets that are still open, and behind them.
_REST: Final = (
    (" x", ""), ("", ":"), (" x", ": x"), (" x", ";"), ("", ": x"), ("", " {}"), (" x", " {}"), ("", ";"), ("", " x;"),
    (" = x", ";"), (" else x", ""), (" in x", ""),
)  # fmt: skip
# What a block may want behind it.
_AFTER_BLOCK: Final = ("", " finally {}", " while (x);", " catch (...) {}")
_QUOTES: Final = frozenset("\"'")


@remembered(8)
def read(text: str, language_id: str, start: State = CODE) -> State:
    """As `scan`, for the long texts round a cursor, which are the same with each key."""
    return scan(text, language_id, start)


class Ends(NamedTuple):
    """What is missing at the text's end, and at the region's end."""

    of_text: str
    of_region: str


class _Open(NamedTuple):
    """The closers that are missing, innermost first: of the text, and of the region; and what ends the string at its end."""

    of_text: str
    of_region: str
    string: str


def ends(state: State, below: str, language_id: str) -> Ends:
    """What is missing when `state` is open at the text's end and `below` follows it."""
    missing = _missing(state, below, language_id)
    first = "\n" if state.inside == "#" and missing.of_text else ""
    return Ends(first + missing.of_text, f"{missing.string}\n{missing.of_region}")


def goings_on(state: State, opened: int, below: str, language_id: str) -> Iterator[Ends]:
    """How an unfinished statement may go on, likeliest first. `opened` of the open brackets are its own."""
    quote = state.inside if state.inside in _QUOTES else ""
    missing = _missing(state._replace(inside="") if quote else state, below, language_id)
    lead = "\n" if state.inside == "#" else quote
    splits = [0]
    if not below.strip():
        # Nothing follows: as many of the closers as one likes come before the rest of the statement.
        run = len(missing.of_region) - len(missing.of_region.lstrip(")]"))
        splits = sorted({run, min(run + 1, len(missing.of_region))})
    if len(missing.of_region) > 1:
        # In some languages a list of declarations ends with a line end.
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
        # Its bracket leads back into a string.
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
