"""The hole in a raw prompt: where fill-in-the-middle marks say that text is missing, and which file they name.

Owns the marks of the model families, as their model cards give them. A prompt without marks is continued at its end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tests.support.gateway_simulator.truth import Cursor

_WINDOW_CHARS: Final = 12_000


@dataclass(frozen=True)
class _Marks:
    prefix: str
    suffix: str
    middle: str
    files: str


_FAMILIES: Final = (
    _Marks("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", r"<\|file_sep(?:arator)?\|>"),
    _Marks("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", r"#"),
    _Marks("<fim_prefix>", "<fim_suffix>", "<fim_middle>", r"<file_sep>|<filename>"),
    _Marks("<PRE> ", " <SUF>", " <MID>", r"#"),
    _Marks("[PREFIX]", "[SUFFIX]", "", r"\+{5} "),
)


def hole(prompt: str) -> Cursor:
    """The cursor at the last marks of a raw prompt, with prefix and suffix in either order. Without marks, the prompt's end."""
    for marks in _FAMILIES:
        at, after = prompt.rfind(marks.prefix), prompt.rfind(marks.suffix)
        if at < 0 or after < 0:
            continue
        end = (
            prompt.rfind(marks.middle)
            if marks.middle and prompt.rstrip().endswith(marks.middle)
            else len(prompt)
        )
        prefix = prompt[at + len(marks.prefix) : after if at < after else end]
        suffix = prompt[after + len(marks.suffix) : end if at < after else at]
        return Cursor(prefix[-_WINDOW_CHARS:], suffix[:_WINDOW_CHARS], _path(prompt, marks, max(at, after)))
    return Cursor(prompt[-_WINDOW_CHARS:], "")


def _path(prompt: str, marks: _Marks, stop: int) -> str | None:
    """The file that was named last before the hole. Some model cards put the name into the prefix."""
    named = re.findall(rf"(?:{marks.files}) ?([^\n<>]+\.\w+)\n", prompt[:stop])
    return named[-1].strip() if named else None
