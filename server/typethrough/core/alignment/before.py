"""Removes what the beginning of an answer repeats of the text before the cursor (an echo).

Texts are compared by tokens: words of any script, numbers and single signs. Blanks do not count. A match is an echo
depending on its length, on whether the line would be nonsense with it twice, and on what the language really writes twice
(`==`, `//`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.alignment.doubles import is_written_twice
from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import family_of, scan
from typethrough.core.dressing.draft import NOTHING_YET, Draft, significant
from typethrough.core.remembered import remembered

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_WORD: Final = re.compile(r"\w+")
_SIGNS: Final = re.compile(r"[^\w\s;,()\[\]{}\"'`]+|[^\w\s]+")
_RUN: Final = re.compile(r"[^\w\s,;()\[\]{}\"']+\Z")
_BARE_TAG: Final = re.compile(r"</?[\w.-]+>\Z")
_NUMBERED: Final = re.compile(r"\d+([.)])\s*")
_CHAIN: Final = re.compile(r"\w+(?:(?:\.|::|->|\?\.)\w+)*(?:\.|::|->|\?\.)?")


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_KEYWORDS: Final = _words(
    "and assert async case catch class const def default do elif else enum except export extends false finally for from "
    "func function fn if impl import in interface is lambda let local match module namespace new nil none null or package "
    "private public pub raise require return self static struct super switch this throw true try type use using val var "
    "void while with yield"
)
_SAID_TWICE: Final = _words("and async const in is new or self static super this void")
_PREFIX_CHARS: Final = 400
_LONG: Final = 3
_LONG_AFTER_BREAK: Final = 8
_TRIPLE: Final = 3
_QUOTES: Final = frozenset("\"'`")
_OPENERS: Final = frozenset("([{")
_CLOSERS: Final = frozenset(")]}")
# A name or a value begins with these, so they do not stand twice in a row.
_BEGINNINGS: Final = frozenset("<@$#")
_ENDINGS: Final = frozenset("=:.>")
_LONGER_NAME: Final = frozenset("-/.")
_MANY_TOKENS: Final = 4
_MANY_LETTERS: Final = 6

# How many characters an echo has. 0: there is none. None: not decided yet.
Verdict = int | None


def before(draft: Draft, view: View) -> Draft:
    """Remove an echo of the lines above with the line prefix, of the line prefix, or of its end."""
    text, done = draft
    if not text.strip():
        return draft
    for echo in (_above, _prefix):
        taken = echo(text, view, done)
        if taken is None:
            return draft if done else NOTHING_YET
        if taken:
            return Draft(text[taken:], done)
    return draft


class _Match(NamedTuple):
    """Tokens at the end of the line prefix that begin the answer: the first one's index, and where they end in the answer."""

    tokens: tuple[str, ...]
    first: int
    end: int


@remembered(8)
def _tokens(prefix: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(prefix))


def _prefix(text: str, view: View, done: bool) -> Verdict:
    prefix = view.line_prefix[-_PREFIX_CHARS:]
    tokens = _tokens(prefix)
    if not tokens:
        return 0
    body = text.lstrip(" \t")
    if body[:1] == "\n" and significant(prefix) >= _LONG_AFTER_BREAK:
        body = text.lstrip()
        tokens_from = range(1)
    else:
        tokens_from = range(len(tokens))
    start, sign = len(text) - len(body), body[:1]
    gap = prefix[-1:].isspace()
    if (numbered := _next_number(body, prefix, view)) is not None:
        return start + numbered
    for first in tokens_from:
        if tokens[first][:1] != sign:
            continue
        end = _matched(text, start, tokens[first:], gap=gap, done=done)
        if end is None:
            return None
        if not end:
            continue
        verdict = _is_echo(_Match(tokens[first:], first, end), text, view, done)
        if verdict is None and not done:
            return None
        if verdict:
            return _past_gap(text, end, view, done=done)
    return 0


def _next_number(body: str, prefix: str, view: View) -> int | None:
    """The end of a list item's number in the answer, right or wrong, if a number already stands before the cursor."""
    if family_of(view.language_id) != "text" or not body[:1].isdigit():
        return None
    there, said = _NUMBERED.fullmatch(prefix.strip()), _NUMBERED.match(body)
    if there is None or said is None or there[1] != said[1] or not said[0].endswith(" "):
        return None
    return said.end()


def _matched(text: str, start: int, tokens: tuple[str, ...], *, gap: bool, done: bool) -> Verdict:
    """Where the tokens end in the text, if it has them from `start` on."""
    place, last = start, len(tokens) - 1
    for number, token in enumerate(tokens):
        while text[place : place + 1] in {" ", "\t"}:
            place += 1
        if not text.startswith(token, place):
            return None if not done and token.startswith(text[place:]) else 0
        place += len(token)
        if token[0].isalnum() or token[0] == "_":
            following = text[place : place + 1]
            if (number < last or gap) and (following.isalnum() or following == "_"):
                return 0
    return None if place == len(text) and not done else place


def _past_gap(text: str, end: int, view: View, *, done: bool) -> Verdict:
    """The end of the echo, with the blanks at the end of the line prefix if the answer repeats them."""
    prefix = view.line_prefix
    gap = prefix[len(prefix.rstrip()) :]
    if not gap or text.startswith(gap, end):
        return end + len(gap)
    if not done and gap.startswith(text[end:]):
        return None
    return len(text) - len(text[end:].lstrip(" \t"))


def _is_echo(match: _Match, text: str, view: View, done: bool) -> bool | None:
    tokens = match.tokens
    words = [token for token in tokens if token[0].isalnum() or token[0] == "_"]
    letters = sum(map(len, words))
    rest = text[match.end :]
    if not match.first and view.indent and text[: len(text) - len(text.lstrip(" \t"))] == view.indent:
        # The answer repeats the line from its indentation on.
        return bool(rest.strip()) if rest.strip() or done else None
    if tokens[0] in _QUOTES:
        verdict = _is_quote(match, text, view, done)
        if verdict is not False or not words:
            return verdict
    if not words:
        if not rest.strip():
            return False if done else None
        return _are_signs_echoed(match, text, view, done)
    whole = not match.first
    if whole and _BARE_TAG.match(view.line_prefix.strip()):
        return False
    gap = view.line_prefix[-1:].isspace()
    if gap and tokens[-1] == words[-1] and rest[:1] in _LONGER_NAME:
        # `cp a.txt a.txt.bak`: a longer name that begins with the name before.
        return False
    if whole and letters >= _LONG:
        return True
    if len(tokens) == 1:
        return _is_word_echoed(tokens[0], text, view, whole=whole, gap=gap)
    if tokens[-1] in _OPENERS:
        return _is_closed_without(match, text, view, done)
    if whole:
        return tokens[-1] != "," or any(not word.isdigit() for word in words)
    if tokens[0] == words[0]:
        if (not gap and _CHAIN.fullmatch("".join(tokens))) or (
            tokens[-1] in _ENDINGS and words[0] != tokens[-1]
        ):
            return True
        half = tokens[-1] == words[-1] and not gap and len(tokens) > 2
        named = any(not word[0].isdigit() for word in words)
        return (half or len(tokens) >= _MANY_TOKENS) and letters >= _MANY_LETTERS and named
    if gap or len(words) > 1 or tokens[-1] != words[-1]:
        return False
    return (tokens[0] in _BEGINNINGS and len(tokens) == 2) or _is_half_word_with_signs(match, text, view)


def _is_half_word_with_signs(match: _Match, text: str, view: View) -> bool:
    """Whether the answer repeats signs and a half-typed word after them, and completes the word: `!= ID` and `!= IDLE`."""
    word = match.tokens[-1]
    signs = "".join(match.tokens[:-1])
    whole = len(_WORD.findall(text[match.end - len(word) :])[0]) > len(word) > 1
    if not whole or text[0].isspace() or _OPENERS.intersection(signs) or _CLOSERS.intersection(signs):
        return False
    line = view.line_prefix
    start = len(line.removesuffix(word).rstrip()) - len(signs)
    return start > 0 and line[start - 1].isspace()


def _is_word_echoed(word: str, text: str, view: View, *, whole: bool, gap: bool) -> bool:
    """Whether the answer repeats the last word of the line prefix, which may be half typed."""
    if gap:
        return len(word) > 1 and (whole or word in _KEYWORDS) and word not in _SAID_TWICE
    said = _WORD.search(text)
    if len(word) >= _LONG or said is None:
        return True
    joined = rf"(?<!\w){re.escape(word + said[0])}(?!\w)"
    if re.search(joined, view.near()):
        return False
    if len(word) > 1:
        return True
    known = said[0] in _KEYWORDS or re.search(rf"(?<!\w){re.escape(said[0])}(?!\w)", view.near())
    return len(said[0]) > 1 and bool(known)


def _is_quote(match: _Match, text: str, view: View, done: bool) -> bool | None:
    """Whether the answer repeats the quote that opens the string at the cursor. False: there is none, or it ends the string."""
    quote = match.tokens[0]
    inside = view.state.inside
    if inside[:1] != quote and view.line_prefix.count(quote) % 2 == 0:
        return False
    rest = text[match.end :]
    if len(match.tokens) + len(rest) - len(rest.lstrip(quote)) + len(match.tokens) == _TRIPLE:
        # The answer completes a triple quote.
        return False
    if any(token != quote for token in match.tokens):
        return True
    if rest[:1].isalnum():
        return True
    if len(inside) == len(match.tokens) == 3 and rest.strip():
        return True
    if not rest.strip():
        return False if done else None
    return _is_closed_without(match, text, view, done)


def _is_closed_without(match: _Match, text: str, view: View, done: bool) -> bool | None:
    """Whether the brackets of the line are balanced only without the echo."""
    line, ended, _ = text.partition("\n")
    if not ended and not done:
        return None
    return _open(line[match.end :], view) < _open(line, view)


def _open(said: str, view: View) -> int:
    state = scan(view.line_prefix + said + view.line_suffix, view.language_id)
    return len(state.opened) + len(state.stray) + (state.inside not in {"", "#"})


def _are_signs_echoed(match: _Match, text: str, view: View, done: bool) -> bool | None:
    """Whether the answer repeats signs at the end of the line prefix: marks of comments and lists, and signs that come once."""
    signs = "".join(match.tokens)
    prefix = view.line_prefix.rstrip()
    run = _RUN.search(prefix)
    start = len(text) - len(text.lstrip(" \t"))
    said = _SIGNS.match(text, start)
    run_said = said[0] if said is not None else ""
    following = text[match.end : match.end + 1]
    if _CLOSERS.intersection(signs) and not _OPENERS.intersection(signs):
        ends = text[match.end :].strip() in {";", ","}
        return (ends if done or not ends else None) if not match.first and len(signs) > 1 else False
    if signs in _OPENERS:
        return _is_closed_without(match, text, view, done)
    language = view.language_id
    if view.line_prefix[-1:].isspace():
        if following.isspace():
            if signs == "-" and language == "yaml":
                return _is_same_list(text, view, done)
            return signs not in {";", "*", "&"} or not match.first or family_of(language) == "text"
        return run_said == signs and (signs in {",", "=", ":="} or (len(signs) > 1 and signs in {"&&", "||"}))
    if (
        not prefix.endswith(signs)
        or (run is not None and len(run[0]) > len(signs))
        or not run_said.startswith(signs)
    ):
        return False
    return not is_written_twice(signs, run_said, text[start + len(run_said) :], prefix, view)


def _is_same_list(text: str, view: View, done: bool) -> bool | None:
    """Whether a repeated YAML list mark is an echo. A list may begin with a list, whose further items then stand deeper."""
    depth = len(view.indent)
    above = view.previous_line()
    if above.lstrip().startswith("- ") and len(indent_of(above)) == depth:
        return True
    _, ended, further = text.partition("\n")
    if not done and (not ended or not further.strip() or further.lstrip(" ") == "-"):
        return None
    return not (further.lstrip().startswith("- ") and len(indent_of(further)) > depth)


class _Line(NamedTuple):
    """A line of the answer that is not blank: its content, where it starts, where the line ends, and whether it has ended."""

    content: str
    start: int
    end: int
    ended: bool


_LINES_ABOVE: Final = 12
_MIN_ABOVE: Final = 8
_MIN_SINGLE_ABOVE: Final = 12
_MIN_TOKENS: Final = 6


def _above(text: str, view: View, done: bool) -> Verdict:
    """Find an echo of lines above the cursor's line, followed by the line prefix."""
    first, ended, _ = text.lstrip().partition("\n")
    first = first.rstrip() if ended else first
    above = [line.strip() for line in view.lines_before(_LINES_ABOVE)]
    said: list[_Line] = []
    for start, line in enumerate(above):
        if not line or (line != first and (ended or not line.startswith(first))):
            continue
        said = said or _nonblank_lines(text)
        verdict = _agreement(said, [one for one in above[start:] if one], view)
        if verdict != 0 and not (verdict is None and done):
            return verdict
    return 0


def _agreement(said: list[_Line], above: list[str], view: View) -> Verdict:
    core = view.line_prefix.strip()
    size = sum(map(significant, above))
    if not core and size < (_MIN_SINGLE_ABOVE if len(above) == 1 else _MIN_ABOVE):
        return 0
    if size + significant(core) < _MIN_ABOVE and len(_TOKEN.findall(" ".join((*above, core)))) < _MIN_TOKENS:
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
        end = last.start + len(core)
        gap = view.line_prefix[len(view.line_prefix.rstrip()) :]
        return end + len(gap) if last.content.startswith(core + gap) else end
    return None if core.startswith(last.content) and not last.ended else 0


def _nonblank_lines(text: str) -> list[_Line]:
    found = []
    place = 0
    for raw in text.split("\n", _LINES_ABOVE * 3):
        start = place + len(raw) - len(raw.lstrip())
        ended = place + len(raw) < len(text)
        place += len(raw) + ended
        if raw.strip():
            found.append(_Line(raw.strip() if ended else raw.lstrip(), start, place, ended))
        if len(found) > _LINES_ABOVE:
            break
    return found
