"""Finds marks that are not part of the answer: a model's control tokens, its reasoning, and frames of our own prompt.

If the document uses such a mark near the cursor, the mark is text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.document.scan import family_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typethrough.core.document.view import View

_TOKEN: Final = re.compile(
    r"<\|/?[A-Za-z_]\w{0,30}\|>|<｜[^\s<>]{1,40}｜>|</?s>|<CURSOR(?:_\d+)?>|<(?:eos|bos|EOT|end_of_turn|start_of_turn)>"
    r"|<(?:fim_(?:prefix|middle|suffix|pad)|file_sep|repo_name|unused\d{1,3})>|\[/?INST\]"
)
_HALF_TOKEN: Final = re.compile(
    r"(?:<\|(?:/?[A-Za-z_]\w{0,30}\|?|/)?|<｜[^\s<>]{0,41}|<CURSOR_\d*|<unused\d*|\[/?(?:I(?:N(?:S(?:T)?)?)?)?)\Z"
)
_NAMED: Final = (
    "</s>", "<s>", "<CURSOR", "<eos>", "<bos>", "<EOT>", "<end_of_turn>", "<start_of_turn>", "<fim_prefix>", "<fim_middle>",
    "<fim_suffix>", "<fim_pad>", "<file_sep>", "<repo_name>", "<unused",
)  # fmt: skip
_NAMED_HALVES: Final = frozenset(name[:length] for name in _NAMED for length in range(1, len(name) + 1))
_LEADING: Final = re.compile(
    r"\s*(?:<\|(?:im_start|start)\|>assistant\n?|<\|assistant\|>\s*\n|<start_of_turn>model\n?|<\|start_header_id\|>assistant<\|end_header_id\|>\s*"
    r"|<\|channel\|>final(?:[^<\n]|<\|constrain\|>){0,40}<\|message\|>|" + _TOKEN.pattern + ")"
)
_HALF_LEADING: Final = re.compile(
    r"\s*(?:<\|(?:im_start|start)\|>(?:a[a-z]{0,8})?|<\|start_header_id\|>[a-z]{0,9}|<\|channel\|>(?:[^<\n]|<\|constrain\|>){0,50}(?:<[|a-z]{0,9})?)\Z"
)
_HALF_CHARS: Final = 48
_BARE_CHARS: Final = 13

_NAMES: Final = (
    r"think|thinking|thoughts?|reasoning|reflection|analysis|scratchpad|seed:think|mm:think|longcat_think"
)
# The ways in which models begin their reasoning, and how each ends.
_REASONING: Final = re.compile(
    rf"\s*(?:<(?P<tag>{_NAMES})(?:\s[^<>\n]*)?>|(?P<square>\[THINK\])|(?P<picture>◁think▷)|(?P<unused><unused94>)"
    r"|(?P<token><\|(?:START_THINKING|begin_of_thought|thinking|think|inner_prefix)\|>)"
    r"|(?P<channel><\|channel\|>(?!final\b)\w+(?:[^<\n]|<\|constrain\|>){0,40}<\|message\|>)"
    r"|(?P<details><details type=\"reasoning\"[^>\n]*>)|(?P<dots>Thinking\.\.\.\s*\n)"
    r"|(?P<bare>analysis(?=(?:We|The|User|I|It|Let|Need|Just|So|This|Okay|They|In|Task)\b)))",
    re.IGNORECASE,
)
_ENDS: Final = {
    "tag": re.compile(rf"</(?:{_NAMES})\s*>", re.IGNORECASE),
    "square": re.compile(r"\[/THINK\]", re.IGNORECASE),
    "picture": re.compile("◁/think▷"),
    "unused": re.compile("<unused95>"),
    "token": re.compile(r"<\|(?:END_THINKING|end_of_thought|/thinking|/think|inner_suffix)\|>"),
    "channel": re.compile(r"<\|(?:end|return|call)\|>|(?=<\|channel\|>final)"),
    "details": re.compile("</details>"),
    "dots": re.compile(r"\n\.\.\.\s?done thinking\.?", re.IGNORECASE),
    "bare": re.compile(r"assistant\s?final"),
}
_HALF_REASONING: Final = re.compile(
    r"\s*(?:[<\[◁]\S{0,24}|<[A-Za-z:_]{4,13}\s[^<>\n]*|a[a-z]{0,7}[A-Z]?[a-z]{0,4}|T[a-z]{0,7}\.{0,3})\Z"
)
_STARTS: Final = (
    "<think", "<thought", "<thoughts", "<reasoning", "<reflection", "<analysis", "<scratchpad", "<seed:think", "<mm:think",
    "<longcat_think", "[think]", "◁think▷", "<details type=", "<unused94>",
)  # fmt: skip
_OVER: Final = re.compile(
    rf"</(?:{_NAMES})\s*>|\[/THINK\]|◁/think▷|<unused95>|<\|(?:END_THINKING|end_of_thought|/thinking|/think|inner_suffix)\|>"
    r"|<\|channel\|>final(?:[^<\n]|<\|constrain\|>){0,40}<\|message\|>",
    re.IGNORECASE,
)
_HALF_OVER: Final = re.compile(r"(?:</?[A-Za-z:_]*|\[/?[A-Za-z]*|◁/?[a-z]*)\s*\Z")
_OVERS: Final = tuple(f"{start[0]}/{start[1:]}" for start in _STARTS)
_QUOTED_OVER: Final = re.compile(rf"(?<=[\"'])(?:{_OVER.pattern})\Z", re.IGNORECASE)
_SQUARE_CODE: Final = re.compile(r"\[THINK\]\s*[\]\[),.:;=]", re.IGNORECASE)

_FRAME: Final = re.compile(r"<(?:now|file|known) path=|<change line=")
_IN_MARKUP: Final = re.compile(r'<(?:now|known) path=|<file path="[^"\n]*" language=|<change line=\d')
_FRAME_STARTS: Final = ("<now path=", "<file path=", "<known path=", "<change line=")
_HALF_IN_MARKUP: Final = re.compile(r'<file path=(?:"[^"\n]*(?:"[^>\n]{0,10})?)?\Z')
_FRAME_LINES: Final = 200
_WITH_TAGS: Final = frozenset((
    "javascriptreact", "typescriptreact", "jsx", "tsx", "astro", "mdx", "php", "erb", "ejs", "razor", "aspnetcorerazor", "blade",
    "twig", "jinja", "jinja-html", "liquid", "xaml",
))  # fmt: skip


class End(NamedTuple):
    """Where a text ends. With `is_open`, what begins there may still turn out to be text."""

    at: int
    is_open: bool


def is_made_of_tags(language_id: str) -> bool:
    """Whether tags are normal content in the language: markup, or code that contains markup."""
    return family_of(language_id) == "markup" or language_id in _WITH_TAGS


def reasoning(text: str, view: View, *, done: bool) -> int | None:
    """The length of the reasoning at the start of the text, 0 if there is none. None: not known yet, or it has not ended."""
    found = _REASONING.match(text)
    if found is not None and _is_reasoning(found, text, view):
        end = _ENDS[found.lastgroup or "tag"].search(text, found.end())
        return end.end() if end is not None else len(text) if done else None
    if done or not _HALF_REASONING.match(text):
        return 0
    half = text.strip().lower()
    may_begin = "analysis".startswith(half) or (half.startswith("analysis") and len(half) < _BARE_CHARS)
    may_begin = (
        may_begin or "thinking...".startswith(half) or any(_are_alike(start, half) for start in _STARTS)
    )
    return None if may_begin else 0


def opening(text: str, view: View, *, done: bool) -> int | None:
    """The length of the control token at the start of the text, 0 if there is none. None: not known yet."""
    if not done and _HALF_LEADING.match(text):
        return None
    found = _LEADING.match(text)
    if found is None or _spoken_of(found[0].strip(), view):
        return 0
    return found.end() if done or found.end() < len(text) else None


def is_quoted(text: str, found: re.Match[str], *, done: bool) -> bool | None:
    """Whether a mark stands alone in quotes, as in code that handles such marks. None: not known yet."""
    start, end = found.span()
    if start == 0 or text[start - 1] not in "\"'":
        return False
    if end == len(text):
        return False if done else None
    return text[end] == text[start - 1]


def over(text: str, view: View) -> Iterator[re.Match[str]]:
    """The marks that end a reasoning whose start is not in the text, in order. A quoted mark is text."""
    if "/" not in text and "<|" not in text and "<u" not in text:
        return
    for found in _OVER.finditer(text):
        name = re.search(r"[\w:]+", found[0])
        begun = name is not None and re.search(rf"[<\[◁]{name[0]}\b", text[: found.start()], re.IGNORECASE)
        if not begun and not is_quoted(text, found, done=True) and not _spoken_of(found[0], view):
            yield found


def half_over(text: str) -> int:
    """Where a mark that ends a reasoning may begin at the end of the text, else the text's length."""
    half = _HALF_OVER.search(text, max(0, len(text) - _HALF_CHARS))
    if half is None:
        # If a quote follows, it is quoted, so it is text.
        over = _QUOTED_OVER.search(text, max(0, len(text) - _HALF_CHARS))
        return over.start() if over is not None else len(text)
    return half.start() if any(_are_alike(mark, half[0].lower()) for mark in _OVERS) else len(text)


def end(text: str, view: View, *, done: bool) -> End | None:
    """Where the first mark ends the text, or may. None if there is no mark."""
    token = _token_end(text, view, done=done)
    if "<" not in text:
        return token or (None if done else End(_half_token(text), is_open=True))
    ends = [token, frame(text, view, done=done), None if done else End(_half_token(text), is_open=True)]
    return min(filter(None, ends), default=None)


def frame(text: str, view: View, *, done: bool) -> End | None:
    """Where a frame of the prompt ends the text, or may; 0 if only blanks stand before it. None if there is none.

    The provider's stop strings end an answer there too. In languages with tags, only a complete frame counts.
    """
    markup = is_made_of_tags(view.language_id)
    for found in (_IN_MARKUP if markup else _FRAME).finditer(text):
        tag = found[0].partition(" ")[0]
        if tag not in view.near(_FRAME_LINES):
            return End(found.start() if text[: found.start()].strip() else 0, is_open=False)
    start = text.rfind("<")
    half = text[start:]
    if done or start < 0:
        return None
    if any(frame.startswith(half) for frame in _FRAME_STARTS) or (markup and _HALF_IN_MARKUP.match(half)):
        return End(start if text[:start].strip() else 0, is_open=True)
    return None


def _token_end(text: str, view: View, *, done: bool) -> End | None:
    for token in _TOKEN.finditer(text):
        quoted = is_quoted(text, token, done=done)
        if quoted or _spoken_of(token[0], view):
            continue
        return End(token.start(), is_open=quoted is None)
    return None


def _half_token(text: str) -> int:
    """Where an incomplete token may begin, else the length of the text."""
    last = max(0, len(text) - _HALF_CHARS)
    start = text.rfind("<", last)
    if start >= 0 and text[start:] in _NAMED_HALVES:
        return start
    if start < 0 and text.find("[", last) < 0:
        return len(text)
    half = _HALF_TOKEN.search(text, last)
    return half.start() if half else len(text)


def _are_alike(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _is_reasoning(found: re.Match[str], text: str, view: View) -> bool:
    if found.lastgroup == "square" and (
        _SQUARE_CODE.match(text.lstrip()) or re.search(r"\bTHINK\b", view.near())
    ):
        # A list with one name, or an index.
        return False
    if found.lastgroup != "tag":
        return not _spoken_of(found[0].strip(), view)
    name = found["tag"]
    if is_made_of_tags(view.language_id):
        if name[0].isupper() and not name.isupper():
            return False
        if view.language_id in {"xml", "xsl"} and name.lower() != "think":
            return False
    # After a name it may be an argument of a type.
    is_argument = (
        view.line_prefix[-1:].isalnum()
        and not text[found.end() :].startswith("\n")
        and name.lower() != "think"
    )
    return not is_argument and not _spoken_of(found[0].strip(), view)


def _spoken_of(mark: str, view: View) -> bool:
    """Whether the document itself uses such marks. Then the mark is part of the answer."""
    if mark in {"<s>", "</s>"} and family_of(view.language_id) in {"markup", "text"}:
        return True
    near = view.near()
    if mark.startswith("<|"):
        return re.search(r"<\|/?[A-Za-z_]\w*\|>", near) is not None
    if mark.startswith(("<｜", "<CURSOR")):
        return mark in near
    word = re.match(r"[<\[◁]/?([A-Za-z:_]+)", mark)
    if word is None or word[1].lower() in {"s", "inst"}:
        return mark in near
    return re.search(rf"[<\[◁]/?{re.escape(word[1])}\b", near, re.IGNORECASE) is not None
