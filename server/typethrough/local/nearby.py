"""Leads from the same words nearby: what followed the last tokens, or a word that begins like the unfinished one.

Memory needs three equal tokens or three letters of a word. In the lines around the cursor, one or two are enough. This
module does not know how likely a lead is right.
"""

from __future__ import annotations

import re
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final

from typethrough.local.imported import bound, is_importing
from typethrough.local.lines import KEYWORDS, handles_exceptions, is_exception, is_word, spaced_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typethrough.local.leads import Leads
    from typethrough.local.scene import Scene

# A short word occurs on many lines, so the number of finds is bounded, and with it the time.
_MOST_FINDS: Final = 160
_BYTES_TO_DOUBLE: Final = 2
# Weights by the number of equal tokens before the cursor: none, one, two or more.
_WEIGHTS: Final = (0.125, 0.5, 2.0)
# After only one letter, names are searched in this many lines, because nearly every line has one.
_LINES_OF_ONE_LETTER: Final = 40
_WORD_SIGNS: Final = frozenset(ascii_letters + digits + "_$")
# Words that begin a statement. They do not stand elsewhere on a line.
_OPENERS: Final = frozenset(
    re.findall(
        r"\w+",
        """assert break class const continue def del elif elsif ensure except export finally func function global goto impl import
        interface let namespace nonlocal package pass private protected public raise readonly repeat rescue return static struct
        switch throw trait try typedef until using val var while with from""",
    )
)
_BEFORE_KEYS: Final = frozenset(("", "-"))
# How many letters of a word of prose are needed. Fewer letters begin too many words.
_LETTERS_OF_PROSE: Final = 3
# With so many letters, an exception is likely meant, even where none is handled.
_LETTERS_OF_EXCEPTION: Final = 3
_LOOPS: Final = re.compile(r"\bfor\b.* (?:in|of) $")
_COMMENTS: Final = ("# ", "//", "/*", "* ", "--", '"""', "<!--")
_LAST_WORDS: Final = re.compile(r"(?:^|\s)([A-Za-z]+),? ([a-z]+),? $")
_REST_OF_WORD: Final = re.compile(r"[A-Za-z0-9_$\x80-\U0010ffff]+\(?")


def from_nearby(leads: Leads, language_id: str, known: str, partial: str, scene: Scene) -> None:
    """Add what followed the same words nearby. `known` is the line up to the word `partial` at the cursor."""
    tokens = spaced_tokens(known.strip())
    blank = known[len(known.rstrip()) :]
    single = (tokens[-1].lstrip() if tokens else "") + blank + partial
    pair = "".join(tokens[-2:]).lstrip() + blank + partial if len(tokens) > 1 else ""
    if not pair and partial and tokens:
        pair = single
    if not pair and not partial:
        return
    with_names = len(partial) >= _LETTERS_OF_PROSE or not is_prose(known, language_id)
    is_member = known.endswith((".", "->"))
    if partial in scene.words and _LOOPS.search(known):
        # A loop over a whole name, which is rarely the beginning of a longer one.
        with_names = False
    with_modules = is_importing(known)
    with_exceptions = len(partial) >= _LETTERS_OF_EXCEPTION or is_member or handles_exceptions(known)
    amiss = _OPENERS if tokens else frozenset[str]()
    # In YAML, a word is usually only a key or only a value.
    is_key = known.strip() in _BEFORE_KEYS if language_id == "yaml" else None

    finds = 0
    wanted = partial or pair
    for distance, weight, line in scene.nearest:
        if wanted not in line:
            continue
        if finds > _MOST_FINDS:
            break
        met = False
        for end in _finds(line, pair) if pair and pair in line else ():
            met = True
            finds += 1
            length = len(pair) + _same_before(
                line, end - len(pair), known, len(known) + len(partial) - len(pair)
            )
            evidence = leads.of(line[end:].rstrip(), is_whole=True)
            evidence.weight += weight * _WEIGHTS[2] * 2.0 ** (min(length, 64) / _BYTES_TO_DOUBLE)
            evidence.near = max(evidence.near, length)
            evidence.pairs += 1
        if met or not partial or (len(partial) == 1 and distance > _LINES_OF_ONE_LETTER):
            continue
        for end in _finds(line, single) if tokens else _begins(line, partial):
            met = True
            finds += 1
            evidence = leads.of(line[end:].rstrip(), is_whole=True)
            evidence.weight += weight * _WEIGHTS[1] * 2.0 ** (len(single) / _BYTES_TO_DOUBLE)
            evidence.near = max(evidence.near, len(single))
            evidence.singles += 1
        for end in _finds(line, partial) if with_names and not met else ():
            finds += 1
            rest = _REST_OF_WORD.match(line, end)
            # A word that stood elsewhere may never follow a dot, or may only begin a statement, so leave such words out.
            if rest is None or (partial + rest[0]) in (KEYWORDS if is_member else amiss):
                continue
            if is_key not in (None, line.startswith(":", rest.end())):
                continue
            if not with_exceptions and is_exception(partial + rest[0]):
                continue
            more = (
                rest[0]
                if with_modules
                else bound(line, end - len(partial), rest.end(), language_id)[len(partial) :]
            )
            if more:
                evidence = leads.of(more, is_whole=False)
                evidence.weight += weight * _WEIGHTS[0] * 2.0 ** (len(partial) / _BYTES_TO_DOUBLE)
                evidence.near = max(evidence.near, len(partial))
                evidence.words += 1


def is_prose(known: str, language_id: str) -> bool:
    """Whether the text here is for people. Then the next word does not follow from the words nearby."""
    text = known.lstrip()
    # In Rust, a single quote also begins a lifetime.
    quoted = text.count('"') % 2 or (language_id != "rust" and text.count("'") % 2)
    if quoted and text.rfind("{") > max(text.rfind("}"), text.find('"'), text.find("'")):
        # This is an interpolated value inside a string.
        return False
    if text.startswith(_COMMENTS) or quoted:
        return True
    words = _LAST_WORDS.search(known)
    return words is not None and KEYWORDS.isdisjoint(words.groups())


def _finds(line: str, wanted: str) -> Iterator[int]:
    """Yield where each occurrence of `wanted` in a line ends. It must begin with a whole token."""
    is_bound = is_word(wanted)
    at = line.find(wanted)
    while at >= 0:
        if not (is_bound and at and (line[at - 1] in _WORD_SIGNS or line[at - 1] > "\x7f")):
            yield at + len(wanted)
        at = line.find(wanted, at + 1)


def _begins(line: str, wanted: str) -> Iterable[int]:
    """Where `wanted` ends, if the line begins with it."""
    start = len(line) - len(line.lstrip())
    return (start + len(wanted),) if line.startswith(wanted, start) else ()


def _same_before(line: str, at: int, known: str, here: int) -> int:
    """How many characters before two places are equal."""
    count = 0
    while count < min(at, here) and line[at - 1 - count] == known[here - 1 - count]:
        count += 1
    return count
