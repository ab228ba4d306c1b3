"""Finds an assistant's talk around code: the lines before and after the code, in any language.

Talk is mainly recognised by its form: where code is expected, a line of words separated by spaces that begins with a
capital and ends like a sentence. Lists of phrases are used only where sentences are normal content, and for talk without
this form.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import family_of, is_comment, scan
from typethrough.core.dressing.labels import answer_label, is_label, is_label_line, may_be_label
from typethrough.core.dressing.marks import End
from typethrough.core.dressing.sentences import (
    FIRST_WORDS,
    MIN_WORDS,
    SENTENCE_MARKS,
    STRICT_SIGNS,
    Starts,
    are_prose,
    count_words,
    has_code_signs,
    has_words,
    is_capitals,
    is_prose_place,
    is_sentence,
    is_text,
    is_wordy,
    may_begin,
    names_stand_together,
    plain_of,
    so_far,
)

if TYPE_CHECKING:
    from typethrough.core.document.view import View

_OPENERS: Final = Starts(
    "Here's", "Here’s", "Here is", "Here are", "Sure", "Certainly", "Of course", "Okay", "OK,", "Absolutely", "Great",
    "Below is", "Below are", "The following", "The missing", "The complete", "The code", "The text", "The answer",
    "The cursor", "Based on", "Given the", "Given that", "To complete", "To fill", "I'll", "I will", "I have", "I've",
    "I can", "I think", "I'm", "I’m", "I am", "I apolog", "This is", "This code", "You can", "Let me", "Let's", "It looks",
    "It seems", "Completion:", "Answer:", "Output:", "Code:", "Solution:", "Antwort:", "Respuesta:", "Resposta:",
    "Risposta:", "Completed code", "Missing code", "Complete code", "Sorry", "Unfortunately", "No changes", "No code",
    "No completion", "Nothing to", "There is nothing", "There's nothing", "Could you", "Can you", "Please", "As an AI",
)  # fmt: skip
_CLOSERS: Final = Starts(
    "This ", "Let me know", "Note", "I ", "I've", "The ", "Explanation", "In this", "In the", "You can", "Feel free",
    "Please", "Hope", "Here", "It ", "If you", "Would you", "Remember", "Make sure", "**", "Is there", "These ", "We ",
    "Explication", "Erklärung", "Explicación", "Explicação", "Spiegazione", "Пояснение", "Объяснение", "解释", "说明",
    "説明", "설명",
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
_STRONG_STARTS: Final = Starts(
    "Sure", "Certainly", "Of course", "Absolutely", "Here's", "Here’s", "Here is", "Here are", "Below is", "I'm sorry",
    "I’m sorry", "I am sorry", "As an AI",
)  # fmt: skip
_STRONG_CLOSERS: Final = Starts(
    "Let me know", "Feel free to", "I hope this", "Would you like", "Is there anything"
)
_LONGEST_LINE: Final = 400
_HEADER: Final = re.compile(
    r"\s*(?:\}\s*)?(?:async\s+)?(?:if|elif|elsif|while|for|with|except|case|class|match|def|lambda|when|unless|switch|guard|catch)\b"
)
_WRAPPER: Final = re.compile(r"(?:`{3,}|~{3,})(?:markdown|md)\b", re.IGNORECASE)
_HALF_WRAPPER: Final = re.compile(r"(?:`{1,}|~{1,})(?:[a-z]{0,8})\Z", re.IGNORECASE)
# A line between an answer and remarks about it.
_RULE: Final = "---"
_SENTENCE_START: Final = re.compile(r"\n(?=[^\W\d_a-zß-öø-ÿ]|\*|[Q#]|-{1,3}(?:\n|\Z))")


class Line(Enum):
    """What a line at the start of an answer is."""

    TEXT = "text"
    TALK = "talk"
    # Talk if a fence follows, else text.
    TALK_BEFORE_FENCE = "talk before a fence"


def opening(text: str, view: View, *, done: bool, talked: bool) -> int | None:
    """The length of the line of talk at the start of the text, 0 if there is none. None: not known yet.

    `talked`: another line of talk came before.
    """
    start = text.lstrip()
    lead = len(text) - len(start)
    line, ended, rest = start.partition("\n")
    ended_or_done = bool(ended) or done
    label = answer_label(text, view, done=done)
    if label != 0:
        return label
    before, fence, _ = line.partition("```")
    if before and fence and not is_text(view):
        # The fence stands on the same line after the sentence.
        is_talk = before.rstrip().endswith(SENTENCE_MARKS) and _may_be_talk(
            before, view, whole=True, talked=talked
        )
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
    """Where a line of talk about the answer, or a further turn of the conversation, begins. None if there is none."""
    if is_text(view):
        return None
    state, read = None, 0
    for found in _SENTENCE_START.finditer(text):
        line, ended, _ = text[found.end() :].partition("\n")
        if not _may_close(line):
            continue
        state = scan(text[read : found.end()], view.language_id, state or view.state)
        read = found.end()
        # Skip sentences inside a string or comment of the answer. But a sentence at the margin below indented lines is
        # talk, after code and after a docstring.
        indented = 0 < len(view.indent) <= len(indent_of(view.next_line()))
        weak = not are_prose(view) and (not state.inside or (indented and view.state.inside != ""))
        if ended or done:
            if _is_closing(line.strip(), view, weak=weak):
                return End(found.end(), is_open=False)
        elif _may_close(line, weak=weak):
            return End(found.end(), is_open=True)
    return None


def _leads_to_fence(rest: str, view: View, *, done: bool) -> bool | None:
    """Whether a fence follows with only talk before it. None: not known yet."""
    lines = rest.split("\n")
    for number, line in enumerate(lines):
        start = line.strip()
        whole = done or number < len(lines) - 1
        if not whole and (
            not start or (is_text(view) and _HALF_WRAPPER.match(start)) or start in {"`", "``", "~", "~~"}
        ):
            return None
        if start.startswith(("```", "~~~")):
            return not is_text(view) or _WRAPPER.match(start) is not None
        if start and not is_wordy(start, view.language_id, whole=whole, talked=True):
            return False
    return False if done else None


def _may_be_talk(line: str, view: View, *, whole: bool, talked: bool) -> bool:
    """Whether the first line of an answer may be talk, as far as it has come."""
    if len(line) > _LONGEST_LINE:
        return False
    if is_text(view):
        return may_begin(line, _STRONG_STARTS)
    if view.state.inside and not are_prose(view):
        return may_begin(line, _STRONG_STARTS)
    if may_begin(line, _OPENERS if not are_prose(view) else _STRONG_STARTS):
        return True
    if not are_prose(view) and may_be_label(line):
        return True
    return is_wordy(line, view.language_id, whole=whole, talked=talked)


def _kind(line: str, view: View, *, talked: bool) -> Line:
    """What a finished line at the start is."""
    line = line.strip()
    if is_prose_place(view):
        in_text = is_text(view)
        if (_STRONG_OPENING.match(line) and (not in_text or line.endswith((":", "!")))) or (
            _REFUSAL.match(line) and family_of(view.language_id) not in {"text", "markup"}
        ):
            return Line.TALK
        if in_text:
            return Line.TALK_BEFORE_FENCE if line.startswith(_STRONG_STARTS.whole) else Line.TEXT
        fenced = not (view.state.inside and not are_prose(view))
        return (
            Line.TALK_BEFORE_FENCE
            if fenced and is_wordy(line, view.language_id, whole=True, talked=talked)
            else Line.TEXT
        )
    if line.startswith(_OPENERS.whole) and (
        is_sentence(line) or (_NOTHING.match(line) and not has_code_signs(line))
    ):
        return Line.TALK
    if is_label(line, view, talked=talked):
        return Line.TALK
    if not is_wordy(line, view.language_id, whole=True, talked=talked):
        return Line.TEXT
    plain = plain_of(line)
    ends = plain.endswith(SENTENCE_MARKS) and not (
        plain.endswith(":") and _HEADER.match(view.line_prefix + line)
    )
    long = count_words(plain) >= 2 * MIN_WORDS and plain[:1].isupper() and not plain.isascii()
    if (ends and has_words(plain)) or long or talked or names_stand_together(plain, view.language_id):
        return Line.TALK
    return Line.TALK_BEFORE_FENCE


def _may_close(line: str, *, weak: bool = True) -> bool:
    if not weak:
        return may_begin(line, _STRONG_CLOSERS)
    if _RULE.startswith(line):
        return True
    if may_begin(line, _CLOSERS) or may_be_label(line):
        return True
    plain = plain_of(so_far(line))
    return plain[:1].isalpha() and not plain[:1].islower() and not STRICT_SIGNS.search(plain)


def _is_closing(line: str, view: View, *, weak: bool) -> bool:
    """Whether a finished line is a sentence about the answer."""
    if not weak:
        return _STRONG_CLOSING.match(line) is not None
    if line == _RULE:
        return not is_comment(line, view.language_id)
    if (line.startswith(_CLOSERS.whole) and is_sentence(line)) or _HEADING.fullmatch(line):
        return True
    if is_label_line(line):
        return is_label(line, view, talked=False)
    plain = plain_of(line)
    words = FIRST_WORDS.match(plain)
    return (
        plain[:1].isalpha()
        and not plain[:1].islower()
        and plain.endswith(SENTENCE_MARKS)
        and not STRICT_SIGNS.search(plain)
        and not (words is not None and is_capitals(words[1]))
        and has_words(plain, MIN_WORDS)
    )
