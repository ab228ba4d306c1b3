"""What a language's lines tell about its blocks: whether a line is finished, continues, is a label, or ends a block."""

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
# A comment with at most this indentation may be about a deeper block.
_SHALLOW: Final = 4
_SIGN_FAMILIES: Final = frozenset(("js", "c", "go", "rust", "css"))
_WORD_FAMILIES: Final = frozenset(("lua", "ruby"))
_JSON: Final = frozenset(("json", "jsonc"))


_HEREDOC: Final = re.compile(r"(?<!<)<<\s*['\"]?([A-Za-z_]\w*)")
_DIRECTIVE: Final = re.compile(r"#\s*(?:if|el|end|def|undef|inc|pragma)")


class Facts(NamedTuple):
    """What one line shows.

    `opened`: the brackets it leaves open. `closed`: how many it closes without opening them. `inside`: the string or comment in
    which it ends. `opens`: the lines after it stand deeper. `closes`: it begins with the end of a block. `goes_on`: it begins
    with a word that continues after a block, such as `else`.
    """

    opened: tuple[str, ...]
    closed: int
    inside: str
    opens: bool
    closes: bool
    goes_on: bool


class Shape:
    """The rules of one language."""

    def __init__(self, language_id: str) -> None:
        self.language = language_id
        self.family = family_of(language_id)
        self.is_code = self.family not in {"text", "markup", "data", "unknown"} or language_id in _JSON
        self.ends_blocks_by_sign = self.family in _SIGN_FAMILIES | _WORD_FAMILIES or language_id in _JSON

    def facts(self, line: str, inside: str = "") -> Facts:
        """What a line shows that begins inside the string or comment `inside`."""
        return _facts(line, self.language, inside)

    def closes(self, line: str) -> bool:
        """Whether the line begins with the end of a block."""
        return closes_block(line, self.language)

    def is_directive(self, line: str) -> bool:
        """Whether the line is for the C preprocessor, which may have any indentation."""
        return self.family == "c" and _DIRECTIVE.match(line) is not None

    def is_label(self, line: str) -> bool:
        """Whether the line may stand further left than the lines around it."""
        return _LABEL.match(line) is not None

    def is_top_level(self, line: str) -> bool:
        """Whether the line begins like lines that stand at the margin."""
        return _TOP_LEVEL.match(line.lstrip()) is not None

    def is_last_of_a_block(self, line: str) -> bool:
        """Whether no line can follow this one in its block."""
        return self.family == "python" and _TERMINAL.match(line) is not None

    def item_width(self, line: str) -> int:
        """The width of the list mark before a key, in a YAML list of mappings. Else 0."""
        item = _ITEM.match(line) if self.family == "data" else None
        return len(item[1]) if item is not None else 0

    def heredoc(self, line: str) -> str:
        """The word that ends the here-document which begins on this line. Empty when none begins."""
        found = _HEREDOC.search(line) if self.family == "shell" and "<<" in line else None
        return found[1] if found is not None else ""

    def is_item(self, line: str) -> bool:
        """Whether the line begins a list item in YAML."""
        return self.family == "data" and line.lstrip().startswith("- ")

    def carries_on(self, before: str, line: str) -> bool:
        """Whether the line may continue the line before."""
        code = without_comment(before, self.language)
        if _CARRIES_ON.match(line):
            return True
        if is_comment(before, self.language):
            # A comment may stand further left than the code it describes.
            return not is_comment(line, self.language) and len(indent_of(before)) <= _SHALLOW
        if is_comment(line, self.language) and code != before.rstrip():
            # A comment at the end of a line may continue on the next line, below its start.
            return True
        return _UNFINISHED.search(code) is not None or bool(scan(code, self.language).opened)

    def is_finished(self, before: str, line: str) -> bool:
        """Whether the line cannot be part of the line before, so that there is no reason for it to stand deeper."""
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
        """Whether a line may follow an opening line without standing deeper. `level`: it stands at the opener's column."""
        if (
            self.is_label(line)
            or (self.family == "data" and level)
            or self.family in {"markup", "unknown", "sql"}
        ):
            return True
        # In a shell's `case`, patterns may stand at the same depth. So may the content of a namespace.
        return before.rstrip().endswith(" in") or (not column and self.family != "python")

    def is_block_opener(self, line: str) -> bool:
        """Whether the line opens the block of the lines after it, which stand deeper."""
        facts = self.facts(line)
        if self.family == "python" or self.family in _WORD_FAMILIES:
            return facts.opens or bool(facts.opened)
        if self.family in _SIGN_FAMILIES:
            return bool(facts.opened) or self.is_label(line) or (facts.opens and line.lstrip()[:1] == "<")
        return True

    def is_single_statement(self, header: str) -> bool:
        """Whether a header such as `if (…)` has no brace, so that only one statement belongs to it."""
        code = without_comment(header, self.language)
        return _SINGLE.match(code) is not None and not code.endswith(("{", ";"))


@remembered(512)
def _facts(line: str, language: str, inside: str) -> Facts:
    state = scan(line + "\n", language, State(inside=inside))
    # In a shell's `case`, patterns end with a bracket without an opening one.
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
    """The rules of a language."""
    return Shape(language_id)
