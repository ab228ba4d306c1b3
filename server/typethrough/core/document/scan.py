"""Brackets, strings and comments in a piece of source code, and the lines that open or close a block.

This module has the table of language families. It knows tokens, no grammar, and nothing about cursors or completions. In an
unknown language only brackets and double-quoted strings count.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, NamedTuple

from typethrough.core.remembered import remembered


class State(NamedTuple):
    """What is still open at the end of a text.

    `opened` are the unclosed brackets, outermost first. `stray` are closing brackets without an opening one in the text.
    `inside` is the delimiter of an unclosed string or comment ("#" for a line comment), or empty in code.
    """

    opened: tuple[str, ...] = ()
    stray: tuple[str, ...] = ()
    inside: str = ""

    @property
    def balanced(self) -> bool:
        """Whether no bracket, string or block comment is open."""
        return not self.opened and self.inside in {"", "#"}


CODE: Final = State()
CLOSER_OF: Final = {"(": ")", "[": "]", "{": "}", "${": "}"}

_DOUBLE: Final = r'"(?:\\.|[^"\\\n])*"'
_SINGLE: Final = r"'(?:\\.|[^'\\\n])*'"
_CHARACTER: Final = r"'(?:\\[^\n]{1,9}?|[^\\'\n])'"
_REGEX: Final = (
    r"(?:(?<=[=(,:\[!&|?{};])|(?<=[=(,:&|?] )|(?<=return )|^)/(?![/*])"
    r"(?:\\.|\[(?:\\.|[^\]\\\n]){0,80}\]|[^/\\\n\[]){1,200}/[a-z]*"
)

# How an unclosed string or comment ends, for each delimiter that opens one.
_ENDS: Final = {
    '"': re.compile(r'(?:\\.|[^"\\\n])*("|\n)'),
    "'": re.compile(r"(?:\\.|[^'\\\n])*('|\n)"),
    '"""': re.compile(r'(?:\\.|[^\\])*?(""")', re.DOTALL),
    "'''": re.compile(r"(?:\\.|[^\\])*?(''')", re.DOTALL),
    "`": re.compile(r"(?:\\.|[^`\\$]|\$(?!\{))*(`|\$\{)", re.DOTALL),
    "``": re.compile(r"[^`]*(`)"),
    '""': re.compile(r'(?:\\.|[^"\\])*(")', re.DOTALL),
    "[[": re.compile(r".*?(\]\])", re.DOTALL),
    'R"(': re.compile(r'.*?(\)")', re.DOTALL),
    "/*": re.compile(r".*?(\*/)", re.DOTALL),
    "<!--": re.compile(r".*?(-->)", re.DOTALL),
    "#": re.compile(r"[^\n]*(\n)"),
}


class _Family(NamedTuple):
    """One group of languages: what to skip as a whole, what opens a string or comment, and which words open or close a block."""

    skip: str
    comment: str
    inside: dict[str, str]
    opens: re.Pattern[str]
    closes: re.Pattern[str]
    goes_on: re.Pattern[str]
    comment_marks: tuple[str, ...]
    brackets: bool = True

    def tokens(self) -> re.Pattern[str]:
        openers = "|".join(re.escape(mark) for mark in self.inside)
        parts = [
            f"(?P<skip>{self.skip})" if self.skip else "",
            f"(?P<comment>{self.comment})" if self.comment else "",
            f"(?P<inside>{openers})" if openers else "",
            r"(?P<bracket>[()\[\]{}])" if self.brackets else "",
        ]
        return re.compile("|".join(filter(None, parts)) or r"(?!)", re.MULTILINE)


_CLOSES: Final = re.compile(r"\s*(?:[)\]}]|</)")
_BRACE_OPENS: Final = re.compile(
    r"(?:[({\[]|=>|->|\belse|\bdo)$|^\s*(?:case\b.*|default|public|private|protected)\s*:$"
)
_BRACKET_OPENS: Final = re.compile(r"[({\[]$")
_TAG_OPENS: Final = re.compile(
    r"^\s*<(?!(?:br|hr|img|input|meta|link)\b)[A-Za-z][\w.:-]*(?:\s[^<>]*)?(?<![/-])>$"
)
_NEVER: Final = re.compile(r"(?!)")
_ELSE: Final = re.compile(r"\s*(?:else|catch|finally)\b")
_C_COMMENT: Final = r"//[^\n]*"


def _c_like(skip: str, inside: dict[str, str]) -> _Family:
    return _Family(skip, _C_COMMENT, {"/*": "/*", **inside}, _BRACE_OPENS, _CLOSES, _ELSE, ("//", "/*", "*"))


_FAMILIES: Final = {
    "python": _Family(
        rf"(?:\"\"\"(?:\\.|[^\\])*?\"\"\")|(?:'''(?:\\.|[^\\])*?''')|(?!\"\"\"|''')(?:{_DOUBLE}|{_SINGLE})",
        r"#[^\n]*",
        {'"""': '"""', "'''": "'''", '"': '"', "'": "'"},
        re.compile(r"[:({\[]$"),
        _CLOSES,
        re.compile(r"\s*(?:elif|else|except|finally|case)\b"),
        ("#",),
    ),
    "js": _c_like(f"{_REGEX}|{_DOUBLE}|{_SINGLE}", {'"': '"', "'": "'", "`": "`"}),
    # The second is C++'s raw string.
    "c": _c_like(f"{_DOUBLE}|{_CHARACTER}", {'"': '"', 'R"(': 'R"('}),
    "go": _c_like(f"{_DOUBLE}|{_CHARACTER}|`[^`]*`", {'"': '"', "`": "``"}),
    "rust": _c_like(rf"r(?P<hashes>#+)\"[^\"]*\"(?P=hashes)|{_DOUBLE}|{_CHARACTER}", {'"': '""'}),
    "lua": _Family(
        f"{_DOUBLE}|{_SINGLE}",
        r"--(?!\[\[)[^\n]*",
        {"--[[": "[[", "[[": "[[", '"': '"', "'": "'"},
        re.compile(r"(?:[({\[]|\bthen|\bdo|\belse|\brepeat|\bfunction\b[^()]*\([^()]*\))$"),
        re.compile(r"\s*(?:[)\]}]|end\b|until\b)"),
        re.compile(r"\s*(?:elseif|else)\b"),
        ("--",),
    ),
    "ruby": _Family(
        f"{_DOUBLE}|{_SINGLE}",
        r"(?:(?<=\s)|^)#[^\n]*",
        {'"': '"', "'": "'"},
        re.compile(
            r"(?:[({\[]|\bdo(?:\s*\|[^|]*\|)?|\bthen|\belse)$"
            r"|^\s*(?:def|class|module|function|macro|struct|if|unless|while|until|case|when|elsif|for|rescue|ensure|begin)\b(?!.*\bend$)"
        ),
        re.compile(r"\s*(?:[)\]}]|end\b)"),
        re.compile(r"\s*(?:elsif|else|when|rescue|ensure)\b"),
        ("#",),
    ),
    "shell": _Family(
        f"{_DOUBLE}|'[^'\n]*'",
        r"(?:(?<=\s)|^)#[^\n]*",
        {'"': '"', "'": "'"},
        re.compile(r"(?:[({\[]|\bthen|\bdo|\belse|\bin)$"),
        re.compile(r"\s*(?:[)\]}]|(?:fi|done|esac)\b|;;)"),
        re.compile(r"\s*(?:elif|else)\b"),
        ("#",),
    ),
    "make": _Family(
        f"{_DOUBLE}|'[^'\n]*'",
        r"(?:(?<=\s)|^)#[^\n]*",
        {},
        re.compile(r"^(?![\t#])[^=\n]*[^:=\s\n][^=\n]*:(?![:=])"),
        _NEVER,
        _NEVER,
        ("#",),
    ),
    "css": _Family(f"{_DOUBLE}|{_SINGLE}", "", {"/*": "/*"}, _BRACKET_OPENS, _CLOSES, _NEVER, ("/*", "*")),
    "sql": _Family(
        f"{_DOUBLE}|{_SINGLE}", r"--[^\n]*", {"/*": "/*"}, _BRACKET_OPENS, _CLOSES, _NEVER, ("--",)
    ),
    "markup": _Family("", "", {"<!--": "<!--"}, _TAG_OPENS, _CLOSES, _NEVER, ("<!--",), brackets=False),
    "data": _Family(
        f"{_DOUBLE}|{_SINGLE}",
        r"(?:(?<=\s)|^)#[^\n]*",
        {},
        re.compile(r"[:({\[]$"),
        _CLOSES,
        _NEVER,
        ("#", ";"),
    ),
    "text": _Family("", "", {}, _NEVER, _NEVER, _NEVER, (), brackets=False),
    "unknown": _Family(_DOUBLE, "", {}, _BRACKET_OPENS, _CLOSES, _NEVER, ("#", "//", "--")),
}
_TOKENS: Final = {name: family.tokens() for name, family in _FAMILIES.items()}

_LANGUAGES: Final = {
    "python": "python starlark gdscript",
    "js": "javascript typescript javascriptreact typescriptreact jsx tsx astro php groovy dart",
    "c": "c cpp objective-c objective-cpp csharp java kotlin swift scala zig proto cuda-cpp hlsl glsl d",
    "go": "go",
    "rust": "rust",
    "lua": "lua luau",
    "ruby": "ruby crystal elixir julia",
    "shell": "shellscript sh bash zsh fish dockerfile perl r powershell",
    "make": "makefile make",
    "css": "css scss less sass",
    "sql": "sql",
    "markup": "html xml vue svelte handlebars xsl django-html htmldjango",
    "data": "yaml toml ini json jsonc properties terraform nix",
    "text": "markdown plaintext text latex tex restructuredtext rst asciidoc git-commit gitcommit mdx",
}
UNKNOWN: Final = "unknown"
# Short texts, such as lines of a document or of an answer, are read again with the next key. Longer ones are not cached.
_SHORT_CHARS: Final = 400
_FAMILY_OF: Final = {one: family for family, ids in _LANGUAGES.items() for one in ids.split()}
_TABS_ONLY: Final = frozenset(("go", "makefile", "make"))
_WITH_TAGS: Final = frozenset(("javascriptreact", "typescriptreact", "jsx", "tsx", "astro"))


def family_of(language_id: str) -> str:
    """The name of a language's family, or `UNKNOWN` for a language that is not in the table."""
    return _FAMILY_OF.get(language_id, UNKNOWN)


def indents_by_tabs(language_id: str) -> bool:
    """Whether the language, or its only formatter, allows no indentation except tabs."""
    return language_id in _TABS_ONLY


def comment_marks(language_id: str) -> tuple[str, ...]:
    """The marks with which a comment line may begin."""
    return _FAMILIES[family_of(language_id)].comment_marks


def scan(text: str, language_id: str, start: State = CODE) -> State:
    """Read `text` from the state `start`, and return what is open at its end."""
    family = family_of(language_id)
    return _short(text, family, start) if len(text) <= _SHORT_CHARS else _scan(text, family, start)


@remembered(512)
def _short(text: str, family: str, start: State) -> State:
    return _scan(text, family, start)


def _scan(text: str, family: str, start: State) -> State:
    tokens = _TOKENS[family]
    kinds = _FAMILIES[family].inside
    opened, stray, inside = list(start.opened), list(start.stray), start.inside
    closable = Counter(CLOSER_OF[sign] for sign in opened)
    place = 0
    while True:
        if inside:
            end = _ENDS[inside].match(text, place)
            if end is None:
                break
            place = end.end()
            inside = ""
            if end[1] == "${":
                opened.append("${")
                closable["}"] += 1
            continue
        token = tokens.search(text, place)
        if token is None:
            break
        place = token.end()
        kind = token.lastgroup
        if kind == "bracket":
            inside = _bracket(token[0], opened, stray, closable)
        elif kind == "inside":
            inside = kinds[token[0]]
        elif kind == "comment" and place == len(text):
            inside = "#"
    return State(tuple(opened), tuple(stray), inside)


def _bracket(sign: str, opened: list[str], stray: list[str], closable: Counter[str]) -> str:
    """Handle one bracket. Returns the delimiter of the string that continues after it, or the empty string.

    `closable` counts the closing brackets that `opened` waits for, so that an unexpected one costs no search.
    """
    if sign in "([{":
        opened.append(sign)
        closable[CLOSER_OF[sign]] += 1
        return ""
    if not closable[sign]:
        stray.append(sign)
        return ""
    while True:
        # Brackets that were opened later and not closed are dropped: the text is unfinished there.
        last = opened.pop()
        closer = CLOSER_OF[last]
        closable[closer] -= 1
        if closer == sign:
            return "`" if last == "${" else ""


def without_comment(line: str, language_id: str) -> str:
    """The line without its line comment and without white space at the end."""
    for token in _TOKENS[family_of(language_id)].finditer(line):
        if token.lastgroup == "comment":
            return line[: token.start()].rstrip()
        if token.lastgroup == "inside":
            break
    return line.rstrip()


@remembered(512)
def opens_block(line: str, language_id: str) -> bool:
    """Whether the following lines stand deeper: the line ends with a sign or word that opens a block in its language."""
    code = without_comment(line, language_id)
    if not code.strip():
        return False
    if _FAMILIES[family_of(language_id)].opens.search(code):
        return True
    return language_id in _WITH_TAGS and _TAG_OPENS.search(code) is not None


def closes_block(line: str, language_id: str) -> bool:
    """Whether a line begins with a bracket, tag or word that closes a block."""
    return _FAMILIES[family_of(language_id)].closes.match(line) is not None


def continues_block(line: str, language_id: str) -> bool:
    """Whether a line continues the statement whose first block has just ended, such as `else`."""
    return _FAMILIES[family_of(language_id)].goes_on.match(line) is not None


def is_comment(line: str, language_id: str) -> bool:
    """Whether a line contains only a comment."""
    marks = comment_marks(language_id)
    return bool(marks) and line.lstrip().startswith(marks)
