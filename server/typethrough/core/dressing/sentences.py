"""What a sentence looks like in any language, and how code differs from it. Knows no phrases of assistants."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from typethrough.core.document.scan import family_of
from typethrough.core.remembered import remembered

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_QUOTED: Final = re.compile(r"`[^`\n]*`|\s\([^()\n]*\)|（[^（）\n]*）|\*\*|(?<=\s)[\"“«][^\"“”«»\n]*[\"”»]")
_HALF_QUOTED: Final = re.compile(r"(?:`[^`\n]*|\s\([^()\n]*|（[^（）\n]*|\s[\"“«][^\"“”«»\n]*)\Z")
_CODE_SIGNS: Final = re.compile(r"[=;{}()\[\]<>_|\\]|::|->|\w\.\w")
STRICT_SIGNS: Final = re.compile(r"[=;{}()\[\]<>_|\\@#$%^&*+~/\"]|->|\w[.:]\w|--|(?<!\w)'|\s[-?:]\s|\s-\w")
SENTENCE_MARKS: Final = tuple(".:!?…。：！？")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ONE_WORD: Final = r"[^\W\d_]+(?:['’-][^\W\d_]+)*"
FIRST_WORDS: Final = re.compile(
    rf"({_ONE_WORD})(?:[,:]? ({_ONE_WORD})(?:,? ({_ONE_WORD}))?)?(?=[\s,.:!?…`(]|\Z)"
)
# From Hebrew on, scripts have no capital letters.
_FIRST_WIDE: Final = "\u0590"
_FULL_WIDTH: Final = "\uff00"
_LEAST_WIDE: Final = 4
MIN_WORDS: Final = 3
# Words that stand between names in code. Names with these between them are not a sentence.
_BETWEEN_NAMES: Final = frozenset((
    "and", "as", "async", "await", "between", "by", "const", "do", "else", "end", "except", "extends", "final",
    "from", "for", "given", "if", "implements", "import", "in", "instanceof", "is", "keyof", "like", "mutable",
    "not", "of", "or", "override", "static", "then", "throws", "to", "typeof", "unless", "until", "using",
    "volatile", "when", "where", "while", "with", "xor",

))  # fmt: skip
# A name of several words, such as ValueError or JSONDecoder, rarely begins a sentence.
_CAMEL_CASE: Final = re.compile(r"(?:[A-Z]\w*[a-z]|[A-Z]{2,})[A-Z][a-z]")
# Families in which no type stands before a declared name.
_NO_DECLARATIONS: Final = frozenset(("python", "js", "go", "rust"))
_VALUES: Final = frozenset(("None", "True", "False", "Nothing", "Just", "Self"))
_DIRECTIVE: Final = re.compile(r"=[a-z]\w*")
_DIRECTIVE_LINES: Final = 60
_AFTER_TALK: Final = re.compile(r"[-*•–]\s+|\d{1,2}[.)]\s+")
_HALF_ITEM: Final = re.compile(r"(?:[-*•–]|\d{1,2}[.)]?)\s*\Z")


class Starts:
    """Beginnings of lines of talk (`whole`), and all prefixes of them (`halves`)."""

    __slots__ = ("halves", "whole")

    def __init__(self, *starts: str) -> None:
        self.whole = starts
        self.halves = frozenset(one[:length] for one in starts for length in range(len(one) + 1))


def are_prose(view: View) -> bool:
    """Whether sentences are normal content everywhere in the document."""
    return _is_prose(view.language_id) or (view.language_id == "perl" and _is_documented(view))


@remembered(64)
def _is_prose(language_id: str) -> bool:
    family = family_of(language_id)
    return family in {"text", "markup", "unknown", "data"} or language_id.endswith("react")


def _is_documented(view: View) -> bool:
    """Whether the cursor is in the documentation inside a Perl file."""
    said = next(
        (line for line in reversed(view.lines_before(_DIRECTIVE_LINES)) if _DIRECTIVE.match(line)), ""
    )
    return bool(said) and not said.startswith("=cut")


def is_prose_place(view: View) -> bool:
    """Whether sentences are normal content at the cursor: in a text or markup document, a comment or a string."""
    return are_prose(view) or view.state.inside != ""


def is_text(view: View) -> bool:
    """Whether the document is a text, where only fenced blocks are code."""
    return family_of(view.language_id) == "text"


@remembered(256)
def may_begin(line: str, starts: Starts) -> bool:
    """Whether an unfinished line may become a sentence that begins with one of `starts`."""
    return line in starts.halves or (line.startswith(starts.whole) and not _CODE_SIGNS.search(so_far(line)))


@remembered(64)
def is_sentence(line: str) -> bool:
    """Whether a finished line that begins like talk is a sentence."""
    plain = _QUOTED.sub(" ", line)
    if _CODE_SIGNS.search(plain):
        return False
    words = plain.split()
    if line.endswith((":", "!", "：")):
        return len(words) >= (1 if line[:-1].isalpha() and line[0].isupper() else 2)
    return (line.endswith((".", "?")) and len(words) >= MIN_WORDS) or len(words) >= 2 * MIN_WORDS


def has_code_signs(line: str) -> bool:
    """Whether a line has signs that sentences rarely have."""
    return _CODE_SIGNS.search(line) is not None


@remembered(256)
def plain_of(line: str) -> str:
    """The line without quoted parts and without emphasis."""
    return " ".join(_QUOTED.sub(" ", line).split()).strip("*_¿¡ ")


def so_far(line: str) -> str:
    """An unfinished line without quoted parts, including a quote that is still open."""
    return _HALF_QUOTED.sub("", _QUOTED.sub(" ", line))


@remembered(256)
def is_wordy(line: str, language_id: str, *, whole: bool, talked: bool) -> bool:
    """Whether a line consists of words: a sentence, or the start of one. The place is one where code is expected."""
    item = _AFTER_TALK.match(line) if talked and family_of(language_id) not in {"text", "data"} else None
    if item is not None:
        said = line[item.end() :]
        return not STRICT_SIGNS.search(plain_of(said if whole else so_far(said)))
    if talked and not whole and _HALF_ITEM.match(line):
        return True
    if line.startswith(("* ", "** ")):
        # This line continues a comment.
        return False
    plain = plain_of(line if whole else so_far(line))
    while plain and not plain[0].isalnum() and plain[0] > "\u2000":
        # Skip an emoji before the sentence.
        plain = plain[1:].lstrip("\ufe0f ")
    first = plain[:1]
    if not first.isalpha() or first.islower():
        return not plain and not whole and bool(line.strip())
    if _CAMEL_CASE.match(plain):
        return False
    words = FIRST_WORDS.match(plain)
    if STRICT_SIGNS.search(plain):
        return words is not None and _begins_sentence(words, language_id)
    if words is None:
        return first >= _FIRST_WIDE or not whole
    if is_capitals(words[1]) or words[1] in _VALUES:
        return False
    if family_of(language_id) == "shell" and "-" in plain.partition(" ")[0]:
        # A command such as Write-Host.
        return False
    return not whole or words[2] is not None or first >= _FIRST_WIDE or plain.endswith((":", "："))


def is_capitals(word: str) -> bool:
    """Whether a word is written in capitals, like keywords and constants."""
    return word.isupper() and word.isascii() and len(word) > 1


def names_stand_together(plain: str, language_id: str) -> bool:
    """Whether two names stand side by side at the start of a line of words, as in no statement of the language."""
    words = FIRST_WORDS.match(plain)
    if words is None or words[3] is None or "," in words[0]:
        return False
    if _begins_sentence(words, language_id):
        return True
    return family_of(language_id) in _NO_DECLARATIONS and words[2].lower() not in _BETWEEN_NAMES


def _begins_sentence(words: re.Match[str], language_id: str) -> bool:
    """Whether three words in a row begin a sentence, whatever signs come later."""
    if family_of(language_id) in {"sql", "shell", "ruby", "unknown", "data", "markup"} or words[3] is None:
        return False
    if is_capitals(words[1]) or words[1] in _VALUES:
        return False
    return words[2].lower() not in _BETWEEN_NAMES and words[3].lower() not in _BETWEEN_NAMES


def has_words(plain: str, least: int = 2) -> bool:
    """Whether a line with the end of a sentence has enough words to be one."""
    words = _WORD.findall(plain)
    wide = sum(_FIRST_WIDE <= char < _FULL_WIDTH for char in plain)
    if wide >= (_LEAST_WIDE // 2 if plain[-1] in "。！？：" else _LEAST_WIDE):
        return True
    if plain.endswith((":", "：")):
        body = plain[:-1]
        return len(words) >= least or body.endswith((" ", "\xa0", "\u202f")) or not body.isascii()
    if plain.endswith(("?", "!", "？", "！")):
        body = plain[:-1]
        if not plain.endswith(("?", "？")) and len(words) > 1 and (not body.isascii() or body.endswith(" ")):
            return True
        return len(words) > MIN_WORDS
    return len(words) >= MIN_WORDS


def count_words(plain: str) -> int:
    """The number of words in a line."""
    return len(_WORD.findall(plain))
