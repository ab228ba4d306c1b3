"""How an assistant talks round code: the lines it opens and closes with, in any language, and the labels of a conversation.

A line is known as talk by its shape first: where code stands, words with nothing but spaces between them, which begin with a
capital letter and end like a sentence. Lists of words serve only where a sentence may be meant, and for what has no shape.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import family_of, scan
from typethrough.core.dressing.marks import End

if TYPE_CHECKING:
    from typethrough.core.document.view import View


class Line(Enum):
    """What a line at the beginning of an answer is."""

    TEXT = "text"
    TALK = "talk"
    # Talk when a fence follows, and text otherwise.
    TALK_BEFORE_FENCE = "talk before a fence"


class _Starts(NamedTuple):
    """How lines of talk may begin, and all that such a beginning begins with."""

    whole: tuple[str, ...]
    halves: frozenset[str]

    @staticmethod
    def of(*starts: str) -> _Starts:
        """With the halves of the beginnings."""
        return _Starts(starts, frozenset(one[:length] for one in starts for length in range(len(one) + 1)))


_OPENERS: Final = _Starts.of(
    "Here's", "Here’s", "Here is", "Here are", "Sure", "Certainly", "Of course", "Okay", "OK,", "Absolutely", "Great",
    "Below is", "Below are", "The following", "The missing", "The complete", "The code", "The text", "The answer",
    "The cursor", "Based on", "Given the", "Given that", "To complete", "To fill", "I'll", "I will", "I have", "I've",
    "I can", "I think", "I'm", "I’m", "I am", "I apolog", "This is", "This code", "You can", "Let me", "Let's", "It looks",
    "It seems", "Completion:", "Answer:", "Output:", "Code:", "Solution:", "Antwort:", "Respuesta:", "Resposta:",
    "Risposta:", "Completed code", "Missing code", "Complete code", "Sorry", "Unfortunately", "No changes", "No code",
    "No completion", "Nothing to", "There is nothing", "There's nothing", "Could you", "Can you", "Please", "As an AI",
)  # fmt: skip
_CLOSERS: Final = _Starts.of(
    "This ", "Let me know", "Note", "I ", "I've", "The ", "Explanation", "In this", "In the", "You can", "Feel free",
    "Please", "Hope", "Here", "It ", "If you", "Would you", "Remember", "Make sure", "**", "Is there", "These ", "We ",
    "Explication", "Erklärung", "Explicación", "Explicação", "Spiegazione", "Пояснение", "Объяснение", "解释", "说明",
    "説明", "설명", "--- ",
)  # fmt: skip
_STRONG_OPENING: Final = re.compile(
    r"(?:Sure|Certainly|Of course|Absolutely)(?:!|, |\. )(?=.*:$|\s*$|.*[.!]$)"
    r"|(?:Here(?:'s|’s| is| are)|Below is)\b.*\b(?:complet|missing)\w*\b.*:$"
)
_REFUSAL: Final = re.compile(
    r"(?:I(?:'|’)m|I am) sorry, but I (?:can(?:no|'|’)t|am unable)|As an AI (?:language )?(?:model|assistant)"
)
_NOTHING: Final = re.compile(
    r"(?:No (?:changes?|code|completion|edits?)|Nothing to|There(?:'s| is) nothing)\b"
)
_HEADING: Final = re.compile(r"\*\*[^*\n]{3,80}\*\*:?")
_STRONG_CLOSING: Final = re.compile(
    r"Let me know if|Feel free to|I hope this helps|Would you like me|Is there anything else"
)
_STRONG_STARTS: Final = _Starts.of(
    "Sure", "Certainly", "Of course", "Absolutely", "Here's", "Here’s", "Here is", "Here are", "Below is", "I'm sorry",
    "I’m sorry", "I am sorry", "As an AI",
)  # fmt: skip
_STRONG_CLOSERS: Final = _Starts.of(
    "Let me know", "Feel free to", "I hope this", "Would you like", "Is there anything"
)

_QUOTED: Final = re.compile(r"`[^`\n]*`|\s\([^()\n]*\)|（[^（）\n]*）|\*\*|(?<=\s)[\"“«][^\"“”«»\n]*[\"”»]")
_HALF_QUOTED: Final = re.compile(r"(?:`[^`\n]*|\s\([^()\n]*|（[^（）\n]*|\s[\"“«][^\"“”«»\n]*)\Z")
_CODE_SIGNS: Final = re.compile(r"[=;{}()\[\]<>_|\\]|::|->|\w\.\w")
_STRICT_SIGNS: Final = re.compile(r"[=;{}()\[\]<>_|\\@#$%^&*+~/\"]|->|\w[.:]\w|--|(?<!\w)'|\s[-?:]\s|\s-\w")
_MARKS: Final = tuple(".:!?…。：！？")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FIRST_WORDS: Final = re.compile(
    r"([^\W\d_]+(?:['’][^\W\d_]+)*)(?:,? ([^\W\d_]+)(?:,? ([^\W\d_]+))?)?(?=[\s,.:!?…`(]|\Z)"
)
_FIRST_WIDE: Final = "\u2e80"
_LEAST_WIDE: Final = 4
_MIN_WORDS: Final = 3
_LONGEST_LINE: Final = 400
# Words that stand between names in code, so that names with these between them are no sentence.
_BETWEEN_NAMES: Final = frozenset((
    "and", "as", "async", "await", "between", "by", "const", "do", "else", "end", "except", "extends", "final",
    "from", "for", "given", "if", "implements", "import", "in", "instanceof", "is", "keyof", "like", "mutable",
    "not", "of", "or", "override", "static", "then", "throws", "to", "typeof", "unless", "until", "using",
    "volatile", "when", "where", "while", "with", "xor",

))  # fmt: skip
_VALUES: Final = frozenset(("None", "True", "False", "Nothing", "Just", "Self"))
_HEADER: Final = re.compile(
    r"\s*(?:\}\s*)?(?:async\s+)?(?:if|elif|elsif|while|for|with|except|case|class|match|def|lambda|when|unless|switch|guard|catch)\b"
)
_ROLES: Final = "User|Human|Assistant|System|AI|Bot|Q|A|Question|Answer|Model"
_HEADINGS: Final = (
    "Response|Instruction|Input|Output|Explanation|Question|Answer|User|Assistant|Human|System|Note"
)
_LABEL: Final = re.compile(
    rf"(?:\*\*)?(?:{_ROLES})(?:\*\*)?\s?:(?:\*\*)?(?P<said>[^\n]*)|###\s+(?:{_HEADINGS})s?\s?:?\s*$"
)
_HALF_LABEL: Final = re.compile(
    rf"(?:\*\*)?(?:{_ROLES})(?:\*\*)?(?:\s?:[^\n]*)?\Z|#{{1,3}}\Z|###(?:\s+(?:[A-Z][a-z]{{0,11}}\s?:?)?)?\Z"
)
_LABELS: Final = (
    "User",
    "Human",
    "Assistant",
    "System",
    "Bot",
    "Question",
    "Answer",
    "Model",
    "AI",
    "###",
    "**",
)
_NAMES_OF_ANSWER: Final = "Assistant|AI|Answer|Completion|Output|Code|Response|Result|Insert(?:ion)?|Solution"
_ANSWER_LABEL: Final = re.compile(rf"\s*(?:\*\*)?(?:{_NAMES_OF_ANSWER})(?:\*\*)?:(?:\*\*)?[ \t]+(?=\S)")
_HALF_ANSWER_LABEL: Final = re.compile(r"\s*(?:\*\*)?[A-Z][A-Za-z]{0,9}(?:\*\*)?(?::(?:\*\*)?[ \t]*)?\Z")
# What can be no type and no field behind a name and a colon.
_NO_FIELD: Final = re.compile(r"[^=,;|\n]*\s[-+*/%]\s[^=,;\n]*")
_TAKES_VALUE: Final = re.compile(r"(?:[^=!<>]=|\breturn|\byield|\bawait|=>|[+*/%|&-]|==|!=|<=|>=)\s*\Z")
_WRAPPER: Final = re.compile(r"(?:`{3,}|~{3,})(?:markdown|md)\b", re.IGNORECASE)
_HALF_WRAPPER: Final = re.compile(r"(?:`{1,}|~{1,})(?:[a-z]{0,8})\Z", re.IGNORECASE)
_SENTENCE_START: Final = re.compile(r"\n(?=[^\W\d_a-zß-öø-ÿ]|\*|---|[Q#])")
_AFTER_TALK: Final = re.compile(r"[-*•–]\s+|\d{1,2}[.)]\s+")
_HALF_ITEM: Final = re.compile(r"(?:[-*•–]|\d{1,2}[.)]?)\s*\Z")


def are_prose(view: View) -> bool:
    """Whether sentences are ordinary content anywhere in such a document."""
    language = view.language_id
    return family_of(language) in {"text", "markup", "unknown", "data"} or language.endswith("react")


def is_prose_place(view: View) -> bool:
    """Whether sentences are ordinary content at the cursor: in a text or markup document, a comment or a string."""
    return are_prose(view) or view.state.inside != ""


def opening(text: str, view: View, *, done: bool, talked: bool) -> int | None:
    """The length of the line of talk that begins the text, 0 for none; None while that cannot be said.

    `talked` says that there was one before.
    """
    start = text.lstrip()
    lead = len(text) - len(start)
    line, ended, rest = start.partition("\n")
    ended_or_done = bool(ended) or done
    label = _answer_label(text, view, done=done)
    if label != 0:
        return label
    before, fence, _ = line.partition("```")
    if before and fence and not _is_text(view):
        # The fence stands on the line of the sentence before it.
        is_talk = before.rstrip().endswith(_MARKS) and _may_be_talk(before, view, whole=True, talked=talked)
        return lead + len(before) if is_talk else 0
    if not _may_be_talk(line, view, whole=ended_or_done, talked=talked):
        return 0
    if not ended_or_done:
        return None
    kind = _kind(line, view, talked=talked)
    if kind is Line.TALK_BEFORE_FENCE:
        fenced = _leads_to_fence(rest, view, done=done)
        if fenced is None:
            return None
        kind = Line.TALK if fenced else Line.TEXT
    if kind is not Line.TALK:
        return 0
    return lead + len(line) + len(ended)


def end(text: str, view: View, *, done: bool) -> End | None:
    """Where a line begins that talks about the text, or that a conversation goes on with; None when there is none."""
    if _is_text(view):
        return None
    state, read = None, 0
    for found in _SENTENCE_START.finditer(text):
        line, ended, _ = text[found.end() :].partition("\n")
        if not _may_close(line):
            continue
        state = scan(text[read : found.end()], view.language_id, state or view.state)
        read = found.end()
        # Not inside a string or comment of the answer's own; but a sentence at the margin under indented lines is talk, whether
        # code or a docstring stands above it.
        indented = 0 < len(view.indent) <= len(indent_of(view.next_line()))
        weak = not are_prose(view) and (indented or not state.inside)
        if ended or done:
            if _is_closing(line.strip(), view, weak=weak):
                return End(found.end(), is_open=False)
        elif _may_close(line, weak=weak):
            return End(found.end(), is_open=True)
    return None


def _is_text(view: View) -> bool:
    return family_of(view.language_id) == "text"


def _answer_label(text: str, view: View, *, done: bool) -> int | None:
    """The length of a label such as `Answer:` before code, where it is no field and no annotation."""
    if not text.lstrip(" \n*")[:1].isupper() or is_prose_place(view):
        return 0
    takes_value = _TAKES_VALUE.search(view.line_prefix) is not None
    label = _ANSWER_LABEL.match(text)
    if label is None:
        return None if takes_value and not done and _HALF_ANSWER_LABEL.match(text) else 0
    line, ended, _ = text[label.end() :].partition("\n")
    if takes_value or (_NO_FIELD.fullmatch(line) and (ended or done)):
        return label.end()
    return None if not view.line_prefix.strip() and not (ended or done) else 0


def _leads_to_fence(rest: str, view: View, *, done: bool) -> bool | None:
    """Whether a fence follows, with nothing but talk before it; None while that cannot be said."""
    lines = rest.split("\n")
    for number, line in enumerate(lines):
        start = line.strip()
        whole = done or number < len(lines) - 1
        if not whole and (
            not start or (_is_text(view) and _HALF_WRAPPER.match(start)) or start in {"`", "``", "~", "~~"}
        ):
            return None
        if start.startswith(("```", "~~~")):
            return not _is_text(view) or _WRAPPER.match(start) is not None
        if start and not _is_wordy(start, view, whole=whole, talked=True):
            return False
    return False if done else None


def _may_be_talk(line: str, view: View, *, whole: bool, talked: bool) -> bool:
    """Whether the first line of an answer is talk as far as it goes."""
    if len(line) > _LONGEST_LINE:
        return False
    if _is_text(view):
        return _may_begin(line, _STRONG_STARTS)
    if view.state.inside and not are_prose(view):
        return _may_begin(line, _STRONG_STARTS)
    if _may_begin(line, _OPENERS if not are_prose(view) else _STRONG_STARTS):
        return True
    if not are_prose(view) and _HALF_LABEL.match(line):
        return True
    return _is_wordy(line, view, whole=whole, talked=talked)


def _may_begin(line: str, starts: _Starts) -> bool:
    """Whether an unfinished line may still become a sentence that begins with one of `starts`."""
    return line in starts.halves or (line.startswith(starts.whole) and not _CODE_SIGNS.search(_so_far(line)))


def _kind(line: str, view: View, *, talked: bool) -> Line:
    """What a whole line at the beginning is."""
    line = line.strip()
    if is_prose_place(view):
        is_text = _is_text(view)
        if (_STRONG_OPENING.match(line) and (not is_text or line.endswith((":", "!")))) or (
            _REFUSAL.match(line) and family_of(view.language_id) not in {"text", "markup"}
        ):
            return Line.TALK
        if is_text:
            return Line.TALK_BEFORE_FENCE if line.startswith(_STRONG_STARTS.whole) else Line.TEXT
        fenced = not (view.state.inside and not are_prose(view))
        return (
            Line.TALK_BEFORE_FENCE
            if fenced and _is_wordy(line, view, whole=True, talked=talked)
            else Line.TEXT
        )
    if line.startswith(_OPENERS.whole) and (
        _is_sentence(line) or (_NOTHING.match(line) and not _CODE_SIGNS.search(line))
    ):
        return Line.TALK
    if _is_label(line, view, talked=talked):
        return Line.TALK
    if not _is_wordy(line, view, whole=True, talked=talked):
        return Line.TEXT
    plain = _plain(line)
    ends = plain.endswith(_MARKS) and not (plain.endswith(":") and _HEADER.match(view.line_prefix + line))
    long = len(_WORD.findall(plain)) >= 2 * _MIN_WORDS and plain[:1].isupper() and not plain.isascii()
    if (ends and _has_words(plain)) or long or talked:
        return Line.TALK
    return Line.TALK_BEFORE_FENCE


def _plain(line: str) -> str:
    return " ".join(_QUOTED.sub(" ", line).split()).strip("*_ ")


def _so_far(line: str) -> str:
    """An unfinished line without what is quoted in it, to its end or not yet."""
    return _HALF_QUOTED.sub("", _QUOTED.sub(" ", line))


def _is_wordy(line: str, view: View, *, whole: bool, talked: bool) -> bool:
    """Whether a line of code's place is made of words: a sentence, or the beginning of one."""
    item = _AFTER_TALK.match(line) if talked and family_of(view.language_id) not in {"text", "data"} else None
    if item is not None:
        said = line[item.end() :]
        return not _STRICT_SIGNS.search(_plain(said if whole else _so_far(said)))
    if talked and not whole and _HALF_ITEM.match(line):
        return True
    plain = _plain(line if whole else _so_far(line))
    while plain and not plain[0].isalnum() and plain[0] > "\u2000":
        # A picture before the sentence.
        plain = plain[1:].lstrip("\ufe0f ")
    first = plain[:1]
    if not first.isalpha() or first.islower():
        return not plain and not whole and bool(line.strip())
    words = _FIRST_WORDS.match(plain)
    if _STRICT_SIGNS.search(plain):
        return words is not None and _begins_sentence(words, view)
    if words is None:
        return first >= _FIRST_WIDE or not whole
    if _is_capitals(words[1]) or words[1] in _VALUES:
        return False
    if family_of(view.language_id) == "shell" and "-" in plain.partition(" ")[0]:
        # Write-Host and its kin.
        return False
    return not whole or words[2] is not None or first >= _FIRST_WIDE or plain.endswith((":", "："))


def _is_capitals(word: str) -> bool:
    """Whether a word is written as keywords and constants are."""
    return word.isupper() and word.isascii() and len(word) > 1


def _begins_sentence(words: re.Match[str], view: View) -> bool:
    """Whether three words in a row begin a sentence, whatever signs come later in it."""
    if (
        family_of(view.language_id) in {"sql", "shell", "ruby", "unknown", "data", "markup"}
        or words[3] is None
    ):
        return False
    if _is_capitals(words[1]) or words[1] in _VALUES:
        return False
    return words[2].lower() not in _BETWEEN_NAMES and words[3].lower() not in _BETWEEN_NAMES


def _has_words(plain: str, least: int = 2) -> bool:
    """Whether a line with a sentence's end has enough words for one."""
    words = _WORD.findall(plain)
    if sum(char >= _FIRST_WIDE for char in plain) >= _LEAST_WIDE:
        return True
    if plain.endswith((":", "：")):
        body = plain[:-1]
        return len(words) >= least or body.endswith((" ", "\xa0", "\u202f")) or not body.isascii()
    if plain.endswith(("?", "!", "？", "！")):
        return len(words) > _MIN_WORDS and not plain[:-1].endswith(" ")
    return len(words) >= _MIN_WORDS


def _is_label(line: str, view: View, *, talked: bool) -> bool:
    """Whether a line begins a turn of a conversation. An annotation of a name says one word, or what no sentence has."""
    label = _LABEL.fullmatch(line)
    if label is None or (line.startswith("#") and "###" in view.near()):
        return False
    said = (label["said"] or "").strip()
    return not said or ((talked or len(said.split()) > 1) and not _STRICT_SIGNS.search(_plain(said)))


def _may_close(line: str, *, weak: bool = True) -> bool:
    if not weak:
        return _may_begin(line, _STRONG_CLOSERS)
    if (
        _may_begin(line, _CLOSERS)
        or any(label.startswith(line[:9]) for label in _LABELS)
        or _HALF_LABEL.match(line)
    ):
        return True
    plain = _plain(_so_far(line))
    return plain[:1].isalpha() and not plain[:1].islower() and not _STRICT_SIGNS.search(plain)


def _is_closing(line: str, view: View, *, weak: bool) -> bool:
    """Whether a finished line is a sentence that comments on an answer."""
    if not weak:
        return _STRONG_CLOSING.match(line) is not None
    if (line.startswith(_CLOSERS.whole) and _is_sentence(line)) or _HEADING.fullmatch(line):
        return True
    if _LABEL.fullmatch(line):
        return _is_label(line, view, talked=False)
    plain = _plain(line)
    words = _FIRST_WORDS.match(plain)
    return (
        plain[:1].isalpha()
        and not plain[:1].islower()
        and plain.endswith(_MARKS)
        and not _STRICT_SIGNS.search(plain)
        and not (words is not None and _is_capitals(words[1]))
        and _has_words(plain, _MIN_WORDS)
    )


def _is_sentence(line: str) -> bool:
    plain = _QUOTED.sub(" ", line)
    if _CODE_SIGNS.search(plain):
        return False
    words = plain.split()
    if line.endswith((":", "!", "：")):
        return len(words) >= (1 if line[:-1].isalpha() and line[0].isupper() else 2)
    return (line.endswith((".", "?")) and len(words) >= _MIN_WORDS) or len(words) >= 2 * _MIN_WORDS
