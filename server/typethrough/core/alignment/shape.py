"""What the lines of a language tell of its blocks: which line is finished, goes on, is a label, or ends a block."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import (
    State,
    closes_block,
    continues_block,
    family_of,
    is_comment,
    opens_block,
    scan,
    without_comment,
)
from typethrough.core.remembered import remembered

_LABEL: Final = re.compile(
    r"\s*(?:case\b|default\b|(?:public|private|protected)\s*(?::|slots|$)|\{|#\s*(?:if|el|end|def|undef|inc|pragma)|- |>"
    r"|\w{1,10}:\s*$)"
)
_CARRIES_ON: Final = re.compile(r"\s*(?:[.?:+*/%|&=<>,-]|and\b|or\b)")
_UNFINISHED: Final = re.compile(r"(?:[\\+*/%|&=<>?.,-]|\band|\bor|\bnot|\bin)$")
_TOP_LEVEL: Final = re.compile(
    r"(?:def|class|async|if|try|__\w+__|[A-Z_]{3,}|import|from|func|fn|function|export|type|const)\b|@"
)
_TERMINAL: Final = re.compile(r"\s*(?:return|raise|break|continue|pass)\b")
_ITEM: Final = re.compile(r"\s*(- +)[^\s#].*?:(?:\s|$)")
_SINGLE: Final = re.compile(r"\s*(?:(?:\} *)?else|do|(?:\} *)?(?:else +)?(?:if|for|while)\b.*\))\s*$")
# A comment this shallow may speak of a deeper block.
_SHALLOW: Final = 4
_SIGN_FAMILIES: Final = frozenset(("js", "c", "go", "rust", "css"))
_WORD_FAMILIES: Final = frozenset(("lua", "ruby"))
_JSON: Final = frozenset(("json", "jsonc"))


_HEREDOC: Final = re.compile(r"(?<!<)<<\s*['\"]?([A-Za-z_]\w*)")
_DIRECTIVE: Final = re.compile(r"#\s*(?:if|el|end|def|undef|inc|pragma)")


class Facts(NamedTuple):
    """What one line shows: the brackets it leaves open, how many it closes that it did not open, the string or comment it ends
    in, whether the lines after it stand deeper, whether it begins with what ends a block, and with what goes on after one.
    """

    opened: tuple[str, ...]
    closed: int
    inside: str
    opens: bool
    closes: bool
    goes_on: bool


class Shape:
    """The habits of one language."""

    def __init__(self, language_id: str) -> None:
        self.language = language_id
        self.family = family_of(language_id)
        self.is_code = self.family not in {"text", "markup", "data", "unknown"} or language_id in _JSON
        self.ends_blocks_by_sign = self.family in _SIGN_FAMILIES | _WORD_FAMILIES or language_id in _JSON

    def facts(self, line: str, inside: str = "") -> Facts:
        """What a line shows that begins inside that string or comment."""
        return _facts(line, self.language, inside)

    def closes(self, line: str) -> bool:
        """Whether the line begins with what ends a block."""
        return closes_block(line, self.language)

    def is_directive(self, line: str) -> bool:
        """Whether the line is for the preprocessor, which stands where it likes."""
        return self.family == "c" and _DIRECTIVE.match(line) is not None

    def is_label(self, line: str) -> bool:
        """Whether the line may stand further left than the lines round it."""
        return _LABEL.match(line) is not None

    def is_top_level(self, line: str) -> bool:
        """Whether the line begins as lines at the margin do."""
        return _TOP_LEVEL.match(line.lstrip()) is not None

    def is_last_of_a_block(self, line: str) -> bool:
        """Whether nothing can follow the line in its block."""
        return self.family == "python" and _TERMINAL.match(line) is not None

    def item_width(self, line: str) -> int:
        """How wide the mark of a list's item is that begins the line with a key, in YAML; else 0."""
        item = _ITEM.match(line) if self.family == "data" else None
        return len(item[1]) if item is not None else 0

    def heredoc(self, line: str) -> str:
        """The word at the margin that ends the lines of text which begin below this line; empty when none do."""
        found = _HEREDOC.search(line) if self.family == "shell" and "<<" in line else None
        return found[1] if found is not None else ""

    def is_item(self, line: str) -> bool:
        """Whether the line begins an item of a list in YAML."""
        return self.family == "data" and line.lstrip().startswith("- ")

    def carries_on(self, before: str, line: str) -> bool:
        """Whether the line may be the rest of the one before."""
        code = without_comment(before, self.language)
        if _CARRIES_ON.match(line):
            return True
        if is_comment(before, self.language):
            # A comment may stand further out than what it speaks of.
            return not is_comment(line, self.language) and len(indent_of(before)) <= _SHALLOW
        if is_comment(line, self.language) and code != before.rstrip():
            # A comment may go on under its beginning at the end of a line.
            return True
        return _UNFINISHED.search(code) is not None or bool(scan(code, self.language).opened)

    def is_finished(self, before: str, line: str) -> bool:
        """Whether the line can be no part of the one before, so that nothing explains a deeper place."""
        if self.family == "python":
            return not self.carries_on(before, line)
        code = without_comment(before, self.language)
        if self.family in _SIGN_FAMILIES or self.family == "shell":
            return (
                code.endswith((";", "}"))
                and not is_comment(before, self.language)
                and not is_comment(line, self.language)
                and not _CARRIES_ON.match(line)
            )
        if self.language in _JSON:
            return code.endswith((",", "}", "]"))
        if self.family in _WORD_FAMILIES:
            return "<<" not in before and not self.carries_on(before, line)
        return False

    def may_stand_at_the_opener(self, before: str, line: str, level: bool, column: int) -> bool:
        """Whether a line may follow an opener without standing deeper; `level`: it stands where the opener does."""
        if (
            self.is_label(line)
            or (self.family == "data" and level)
            or self.family in {"markup", "unknown", "sql"}
        ):
            return True
        # The patterns of a shell's `case` may stand at its own depth; so may what a namespace holds.
        return before.rstrip().endswith(" in") or (not column and self.family != "python")

    def is_block_opener(self, line: str) -> bool:
        """Whether the line, which stands further left than those that follow, opens their block."""
        facts = self.facts(line)
        if self.family == "python" or self.family in _WORD_FAMILIES:
            return facts.opens or bool(facts.opened)
        if self.family in _SIGN_FAMILIES:
            return bool(facts.opened) or self.is_label(line) or (facts.opens and line.lstrip()[:1] == "<")
        return True

    def is_single_statement(self, header: str) -> bool:
        """Whether a header has no brace, so that one statement belongs to it."""
        code = without_comment(header, self.language)
        return _SINGLE.match(code) is not None and not code.endswith(("{", ";"))


@remembered(512)
def _facts(line: str, language: str, inside: str) -> Facts:
    state = scan(line + "\n", language, State(inside=inside))
    # The patterns of a shell's `case` end in brackets that nothing opened.
    closed = () if family_of(language) == "shell" and ")" in state.stray else state.stray
    return Facts(
        state.opened,
        len(closed),
        state.inside,
        opens_block(line, language),
        closes_block(line, language),
        continues_block(line, language),
    )


@remembered(64)
def shape_of(language_id: str) -> Shape:
    """The habits of a language."""
    return Shape(language_id)
