"""The Markdown fence or the backticks that a chat model puts around its answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.document.indentation import indent_of
from typethrough.core.document.scan import family_of
from typethrough.core.dressing.marks import End

if TYPE_CHECKING:
    from typethrough.core.document.view import View


class Fence(NamedTuple):
    """The fence that opened an answer: its signs, the language it names, and whether it ends on its own line.

    Without signs, the answer is empty.
    """

    signs: str
    language: str = ""
    is_inline: bool = False


# More than five tildes underline a heading.
_OPENING: Final = re.compile(r"\s*(`{3,}|~{3,5}(?!~))[ \t]*([^\s`]*)([^\n]*)(\n|\Z)")
_INFO_WORD: Final = re.compile(r"[A-Za-z][\w+#.:/-]*\Z|\{[^\n]*|\d+:\d+:\S+\Z")
# What may follow the language: attributes, line numbers, a file's name.
_INFO_MORE: Final = re.compile(
    r"\s*(?:\{.*|\[.*\]|[\w-]+=[\"'{\w].*|[\w./\\-]+\.\w{1,8}|\(.*\)|title\b.*|\d[\d,-]*)\s*\Z"
)
_LANGUAGES: Final = frozenset((
    "python", "py", "js", "javascript", "jsx", "ts", "typescript", "tsx", "c", "cpp", "csharp", "cs", "java",
    "kotlin", "kt", "go", "rust", "rs", "ruby", "rb", "php", "swift", "scala", "lua", "r", "sh", "bash", "zsh",
    "shell", "console", "powershell", "ps1", "sql", "html", "css", "scss", "xml", "json", "jsonc", "yaml", "yml",
    "toml", "ini", "diff", "markdown", "md", "mdx", "text", "txt", "plaintext", "vue", "svelte", "dart",
    "haskell", "hs", "elixir", "ex", "perl", "pl", "makefile", "make", "dockerfile", "graphql", "proto", "latex",
    "tex", "vim",
))  # fmt: skip
_MARKDOWN: Final = frozenset(("markdown", "md", "mdx", "gfm"))
_FENCE: Final = re.compile(r"(?:^|(?<=\n))[ \t]*(`{3,}|~{3,})[ \t]*([^\n]*)(?=\n|\Z)")
_HALF: Final = re.compile(r"(?:\A|(?<=\n))[ \t]*(?:`{1,2}|`{3,}[^\n`]*|~{1,2}|~{3,}[^\n]*)\Z")
_BEHIND: Final = re.compile(r"(?<=[^\s`])`{1,}[ \t]*\Z")
_DOCUMENTATION: Final = frozenset(('"""', "'''", "/*"))
_HALVES: Final = frozenset(("`", "``", "~", "~~"))
_FENCE_LINE: Final = re.compile(r"\s*(?:`{3,}|~{3,})")
_BACKTICK_FREE: Final = frozenset(("python", "rust", "c", "css", "data", "lua"))
# Languages of these families in which a name may stand in backticks.
_QUOTED_NAMES: Final = frozenset(("kotlin", "swift", "scala", "groovy", "php", "r"))
_FENCES_ARE_NO_TEXT: Final = frozenset(("latex", "tex", "restructuredtext", "rst"))
_LEAST_SIGNS: Final = 3
_LINES_ABOVE: Final = 300
_LEADS_TO_FENCE: Final = (":", ".", "!", "?", "-->")


def opening(text: str, view: View, *, done: bool) -> tuple[int, Fence | None] | None:
    """The length of the answer's opening fence line, and the fence; (0, None) if there is none. None: not known yet."""
    start = text.lstrip()
    if not start or start[0] not in "`~":
        return 0, None
    in_text = family_of(view.language_id) == "text"
    wraps = not in_text or not _fences_are_text(view)
    if start in _HALVES and not done:
        return None
    if text[0] == " " and view.line_prefix.strip() and (view.state.inside or not _FENCE_LINE.match(text)):
        # A fence around the answer begins the answer. After a space and code, it is text in a comment.
        return 0, None
    if view.state.inside in _DOCUMENTATION and _has_fences(view):
        return 0, None
    if in_text and _is_own_fence(text, start, view, inside=wraps):
        return 0, None
    if not wraps:
        opens = _opens_wrapper(start, view)
        if opens is None:
            return (0, None) if done else None
        if not opens:
            return 0, None
    if start[:3] not in {"```", "~~~"}:
        return _backticks(text, view, done=done)
    found = _OPENING.match(text)
    if found is None:
        return 0, None
    if not found[4] and not done:
        return None
    if in_text and not found[2] and found[4] and view.line_prefix.strip():
        # A bare fence in the middle of a Markdown line opens the model's answer; it does not continue the line.
        return found.end(), Fence("")
    if in_text and wraps and not found[2] and not view.line_prefix.strip():
        # In a code block of Markdown, a bare fence closes the block, unless code follows directly.
        following = text[found.end() :]
        if not following:
            return (0, None) if done else None
        if following.startswith("\n"):
            return 0, None
    return _body_start(found), Fence(found[1], found[2].lower(), is_inline=found[1] in found[3])


def end(text: str, view: View, fence: Fence | None, *, done: bool) -> End | None:
    """Where the closing fence ends the answer, or may. None if there is none. In code, any fence ends an answer without a
    fence.
    """
    if fence is None and family_of(view.language_id) == "text":
        return None
    if fence is not None and (fence.is_inline or len(fence.signs) < _LEAST_SIGNS):
        at = text.find(fence.signs)
        if at >= 0:
            return End(at, is_open=False)
        whole = len(text.rstrip(fence.signs[0]))
        return End(whole, is_open=True) if whole < len(text) and not done else None
    inner = ""
    for found in _FENCE.finditer(text):
        if found[1][0] in found[2]:
            # Words in backticks, or struck out.
            continue
        if not done and found.end() == len(text):
            # The line of the fence is not complete yet.
            return None if inner else End(found.start(), is_open=True)
        signs, info = found[1], found[2].strip()
        if inner:
            inner = "" if signs.startswith(inner) and not info else inner
        elif (
            fence is not None and fence.language in _MARKDOWN and (info or not signs.startswith(fence.signs))
        ):
            inner = signs
        elif (signs[0] == "`" if fence is None else signs.startswith(fence.signs)) and not _is_documentation(
            found[0], view, fence
        ):
            return End(found.start(), is_open=False)
    if inner:
        return None
    half = None if done else _HALF.search(text)
    if half is not None and not _is_documentation(half[0], view, fence):
        return End(half.start(), is_open=True)
    behind = _BEHIND.search(text) if fence is None else None
    if behind is not None and (not done or len(behind[0].rstrip()) >= _LEAST_SIGNS):
        # The fence is at the end of a line although it should stand on the next line.
        return End(behind.start(), is_open=not done)
    return None


def _is_documentation(line: str, view: View, fence: Fence | None) -> bool:
    """Whether a fence belongs to documentation that has fences, or that the answer continues (then it is indented alike)."""
    if fence is not None or view.state.inside not in _DOCUMENTATION:
        return False
    indent = indent_of(line)
    return _has_fences(view) or (bool(indent or not view.indent) and indent.startswith(view.indent))


def _has_fences(view: View) -> bool:
    """Whether the documentation around the cursor has fences, or asks for one."""
    return "```" in view.near() or "@example" in f"{view.previous_line()}\n{view.line_prefix}"


def _body_start(found: re.Match[str]) -> int:
    """Where the code begins: after the fence's line, or directly after the fence if code follows on the same line."""
    info, more = found[2], found[3].strip()
    if found[1] in found[3]:
        return found.end(1)
    if not info or (_INFO_WORD.match(info) and (not more or _is_info(info, more))):
        return found.end()
    return found.end(1)


def _is_info(word: str, more: str) -> bool:
    return _INFO_MORE.match(more) is not None and (word.lower() in _LANGUAGES or more[0] != "(")


def _backticks(text: str, view: View, *, done: bool) -> tuple[int, Fence | None] | None:
    """An answer in single or double backticks, in a language without them."""
    if text[0] != "`" or family_of(view.language_id) not in _BACKTICK_FREE or view.state.inside:
        return 0, None
    signs = "``" if text.startswith("``") else "`"
    is_data = family_of(view.language_id) == "data"
    if view.language_id in _QUOTED_NAMES or is_data:
        body, closed, rest = text[len(signs) :].partition(signs)
        if "\n" in body:
            return 0, None
        if not closed:
            return (0, None) if done else None
        if rest.strip() or (body.strip().isidentifier() and not is_data):
            return 0, None
        if not done:
            return None
    return len(signs), Fence(signs)


def _fences_are_text(view: View) -> bool:
    """Whether a fence is ordinary text here: in a document like Markdown, outside its code blocks."""
    if view.language_id in _FENCES_ARE_NO_TEXT:
        return False
    return sum(1 for line in view.lines_before(_LINES_ABOVE) if _FENCE_LINE.match(line)) % 2 == 0


def _is_own_fence(text: str, start: str, view: View, *, inside: bool) -> bool:
    """Whether the fence is the document's own: the answer continues below a line of Markdown with a fence that belongs there."""
    above = view.line_prefix.rstrip()
    if above.startswith("#"):
        return not view.line_suffix.strip() and "\n" in text[: len(text) - len(start)]
    if not above or "\n" not in text[: len(text) - len(start)]:
        return False
    if view.line_suffix.strip():
        return False
    return inside or above.endswith(_LEADS_TO_FENCE)


def _opens_wrapper(start: str, view: View) -> bool | None:
    """Whether a fence in Markdown is around the answer: in the middle of a line, or marked as Markdown. None: not known yet."""
    if view.line_prefix.strip():
        return (
            start.startswith(("```", "~~~"))
            if len(start) > 2
            else None
            if set(start) <= {"`"} or set(start) <= {"~"}
            else False
        )
    line, ended, _ = start.partition("\n")
    if set(line) == {"`"} and view.language_id in {"git-commit", "gitcommit"} and not view.previous_line():
        # A commit message does not begin with a code block.
        return True if ended else None
    if not ended:
        return None if re.fullmatch(r"(?:`{1,}|~{1,})[A-Za-z-]{0,16}(?:[ \t{].*)?", line) else False
    word = re.match(r"(?:`{3,}|~{3,})([\w-]+)", line)
    if word is None:
        return False
    own = view.language_id not in {"markdown", "mdx"} and word[1].lower() in {
        view.language_id,
        "text",
        "txt",
        "plaintext",
    }
    return word[1].lower() in _MARKDOWN or own
