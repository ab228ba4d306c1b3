"""What the local lane suggests at a cursor: the most likely texts of all sources, how likely each is right, and which may be
shown.

It decides which sources are asked, and what may be proposed at all. It does not know where texts come from, or what the engine
does with a guess.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.alignment.behind import covered
from typethrough.core.document.cells import heading_in
from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import CLOSER_OF, family_of, scan
from typethrough.local.analogy import by_analogy
from typethrough.local.confidence import Here, confidence, features
from typethrough.local.cuts import cuts
from typethrough.local.idioms import by_idiom
from typethrough.local.imported import by_import
from typethrough.local.leads import Leads
from typethrough.local.lines import KEYWORDS, is_word, spaced_tokens, word_before
from typethrough.local.nearby import from_nearby, is_prose
from typethrough.local.recall import recall
from typethrough.local.scene import Scene
from typethrough.local.signatures import by_definition
from typethrough.local.vocabulary import by_builtin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from typethrough.core.document.view import View
    from typethrough.local.cuts import Cut
    from typethrough.local.imported import Imported
    from typethrough.local.index import LocalIndex
    from typethrough.local.leads import Lead

# How likely a guess must be right: to answer instead of a model, and to answer when no model can or does. On held-out
# files, texts from 0.45 up come at 35 to 43 % of places and are right at 75 to 80 % (tests/bench/local_lane.py). The
# limit is a little lower, so that a line that stands twice in the file comes at its first word.
CONFIDENT: Final = 0.5
USABLE: Final = 0.35
_LINES_MEMORY: Final = 8
# A single character is not worth reading, nor are two signs. Reading a wrong text costs as much as this many characters
# save. So of short texts, only those that are nearly certain are shown.
_FEWEST_CHARACTERS: Final = 2
_FEWEST_SIGNS: Final = 3
_WRONG_CHARACTERS: Final = 5.0
_LONGEST_LINE: Final = 400
# After these words, something gets its name.
_NAMES: Final = re.compile(
    r"\b(?:def|class|function|func|fn|interface|type|struct|enum|trait|module|namespace|let|const|var|val|local|mod)\s+(?:mut\s+)?$"
)
_DEFINES: Final = re.compile(
    r"\s*(?:(?:export|default|async|pub|public|private|protected|static|abstract|override|get|set|def|class|function|func|fn|fun|type"
    r"|interface|struct|enum|trait)\s+)+\w+(?:<[^<>]*>)?\s*(?:\(.*\).*|[^()]*)[{:]\s*$"
)
_KEY: Final = re.compile(r"\s*([\w.-]*\w)(?::|$)")
# In these families, closing brackets may end patterns without an opening one, or stand in text.
_LOOSE_BRACKETS: Final = frozenset(("shell", "markup", "text", "make", "unknown"))
_BRACED: Final = frozenset(("js", "c", "go", "rust", "css"))
_DEF: Final = re.compile(r"(\s*)(?:async )?def ")
_BRACKETS: Final = ("()", "[]", "{}")


class Guess(NamedTuple):
    """A proposed continuation of the line, the probability that it is right, and whether the line ends after it.

    `replaces` is the number of characters after the cursor that the text replaces.
    """

    text: str
    confidence: float
    is_whole: bool
    replaces: int = 0


def predict(
    index: LocalIndex, view: View, imported: Imported | None = None, scene: Scene | None = None
) -> list[Guess]:
    """Return what may follow the cursor, most often nothing. Takes well under a millisecond.

    With a line suffix the texts are what fits before it, or whole lines that have its closers in another place. `imported` is
    what is known about the libraries that the document imports. `scene` has the lines around the cursor, if already read.
    """
    scene = scene or Scene.of(view)
    leads = gather(index, view, scene, imported)
    suffix = view.line_suffix.strip()
    guesses = _guesses(index, _before(suffix, leads) if suffix else leads, view, scene)
    if suffix:
        inserted = {guess.text for guess in guesses}
        guesses += [
            guess._replace(replaces=replaces)
            for guess in _guesses(index, leads, view, scene)
            if guess.is_whole
            and guess.text.removesuffix(suffix) not in inserted
            and (replaces := covered(guess.text, view)) >= len(suffix)
        ]
    return guesses


def best(guesses: Sequence[Guess], least: float, *, only_whole: bool = False) -> Guess | None:
    """The guess that saves most, among those that are at least this likely right, and perhaps only whole lines.

    With `least` 0 there is always one if there are any guesses, even if it probably costs more than it saves.
    """
    sure = [guess for guess in guesses if guess.confidence >= least and (guess.is_whole or not only_whole)]
    found = max(sure, key=_worth, default=None)
    return found if found is not None and (not least or _worth(found) > 0) else None


def _worth(guess: Guess) -> float:
    return guess.confidence * (len(guess.text) + _WRONG_CHARACTERS) - _WRONG_CHARACTERS


def gather(index: LocalIndex, view: View, scene: Scene, imported: Imported | None = None) -> Leads:
    """All texts that any source knows for the cursor."""
    leads = Leads()
    prefix = view.line_prefix
    if len(prefix) <= _LONGEST_LINE:
        start = word_before(prefix)
        known, partial = prefix[:start], prefix[start:]
        recall(leads, index, view, prefix, scene.above[-_LINES_MEMORY:])
        by_analogy(leads, known, partial, scene)
        from_nearby(leads, view.language_id, known, partial, scene)
        by_idiom(leads, view.language_id, known, partial, scene.above)
        by_definition(leads, view.language_id, known, partial, scene)
        if not _is_told(known, view.language_id):
            by_builtin(leads, view.language_id, known, partial)
            if imported is not None:
                by_import(leads, imported, known, partial)
    return leads


def judged(
    index: LocalIndex, leads: Iterable[Lead], view: View, scene: Scene
) -> list[tuple[Cut, tuple[float, ...]]]:
    """The texts that may be shown, each with the features that its confidence depends on."""
    written = view.line_prefix.strip()
    start = word_before(view.line_prefix)
    known, partial = view.line_prefix[:start], view.line_prefix[start:]
    found = [cut for cut in cuts(leads) if _may_be_shown(cut.text, view, scene)]
    if not found:
        return []
    here = Here(
        written,
        partial,
        is_known=bool(partial) and partial in scene.words,
        is_keyword=partial in KEYWORDS,
        is_prose=is_prose(known, view.language_id),
        is_new=_NAMES.search(known) is not None,
        entries=index.entries,
    )
    return [(cut, features(cut, here)) for cut in found]


def _is_told(known: str, language_id: str) -> bool:
    """Whether only the user can know the name here: a word of prose, or a new name."""
    return is_prose(known, language_id) or _NAMES.search(known) is not None


def _guesses(index: LocalIndex, leads: Iterable[Lead], view: View, scene: Scene) -> list[Guess]:
    return [
        Guess(cut.text, confidence(found), cut.is_whole) for cut, found in judged(index, leads, view, scene)
    ]


def _before(ending: str, leads: Iterable[Lead]) -> list[Lead]:
    """The leads that fit before the rest of the line, without that rest."""
    fitting = []
    for lead in leads:
        text = lead.text
        if lead.is_whole:
            if not text.endswith(ending):
                continue
            text = text[: -len(ending)]
        if _closes_only_its_own(text):
            fitting.append(lead._replace(text=text))
    return fitting


def _may_be_shown(text: str, view: View, scene: Scene) -> bool:
    """Whether a person could want the text. Not if it is tiny, already there, not printable, or part of a word."""
    shown = text.strip()
    suffix, following = view.line_suffix, view.next_line().strip()
    if len(shown) < _FEWEST_CHARACTERS or not text.replace("\t", " ").isprintable():
        return False
    if len(shown) < _FEWEST_SIGNS and not any(map(is_word, shown)):
        return False
    if not view.line_prefix.strip() and len(spaced_tokens(shown)) == 1:
        # One token at the start of a line does not help.
        return False
    if view.language_id == "python" and _first_word(text, view) == "self" and not _has_self(view, scene):
        return False
    if shown == suffix.strip() or (suffix and is_word(suffix[0]) and is_word(text[-1])):
        return False
    if _is_there(view.line_prefix + text, view, scene) or not _closes_what_is_open(text, view):
        return False
    if heading_in(view.line_prefix + text) >= 0:
        # This is the heading of another notebook cell, which nobody types.
        return False
    return not following or following not in (shown, (view.line_prefix + text + suffix).strip())


def _is_there(line: str, view: View, scene: Scene) -> bool:
    """Whether a line defines something that the block already has. Each name and each key of YAML is defined only once."""
    if view.language_id == "yaml" and (key := _KEY.match(line)):
        return _has_key(key[1], view, scene)
    if not _DEFINES.match(line):
        return False
    wanted, indent = line.strip(), len(view.indent)
    for above in reversed(scene.all_above):
        if above.strip() and len(indent_of(above)) < indent:
            return False
        if above.strip() == wanted and len(indent_of(above)) == indent:
            return True
    return False


def _has_key(key: str, view: View, scene: Scene) -> bool:
    """Whether the mapping at the cursor has the key on a line above."""
    indent = len(view.indent)
    for above in reversed(scene.all_above):
        there, width = above.strip(), len(indent_of(above))
        if not there or width > indent:
            continue
        if there.startswith("- "):
            # The list item with this mapping: its first key follows the item's mark.
            return there[2:].lstrip().startswith(f"{key}:") and width < indent
        if width < indent:
            return False
        if there.startswith(f"{key}:"):
            return True
    return False


def _closes_what_is_open(text: str, view: View) -> bool:
    """Whether each bracket that the line closes was opened in it or above it.

    A line from elsewhere may close something that is open only there. In languages with braces, a brace from above is closed
    on a line that begins with the closing one.
    """
    family = family_of(view.language_id)
    if family in _LOOSE_BRACKETS or not any(map(text.count, ")]}")):
        return True
    line = view.line_prefix + text
    stray = scan(line, view.language_id).stray
    opened = [CLOSER_OF[sign] for sign in view.state_above.opened]
    if "}" in stray and family in _BRACED and line.lstrip()[:1] not in ")]}":
        return False
    return all(opened and opened.pop() == closer for closer in stray)


def _first_word(text: str, view: View) -> str:
    """The word at the cursor, completed by the text."""
    tokens = spaced_tokens(view.line_prefix[word_before(view.line_prefix) :] + text)
    return tokens[0] if tokens else ""


def _has_self(view: View, scene: Scene) -> bool:
    """Whether the Python function around the cursor, or whose first line it is on, has a `self`."""
    indent = len(view.indent)
    if _DEF.match(view.line_prefix):
        return indent > 0
    for line in reversed(scene.all_above):
        if (found := _DEF.match(line)) and len(found[1]) < indent:
            return bool(found[1]) or "self" in line
    return False


def _closes_only_its_own(text: str) -> bool:
    """Whether the text closes only brackets that it opens itself. The bracket after the cursor closes the user's."""
    for opening, closing in _BRACKETS:
        depth = 0
        for character in text:
            if character == opening:
                depth += 1
            elif character == closing:
                depth -= 1
                if depth < 0:
                    return False
    return True
