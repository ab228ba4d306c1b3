"""The ways in which a chat model spoils a correct answer: fences, prose, echoes, indentation, repetition.

Owns the list of defects, their rates, and what each does to an answer. Draws are seeded per request.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.support.gateway_simulator.wrongness import Rates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DEFAULT_RATE: Final = 0.01
_DEFAULT_CONTENT: Final = Rates(first=0.70, further=0.85)
_LANGUAGES: Final = {
    "py": "python",
    "js": "javascript",
    "ts": "typescript",
    "go": "go",
    "rs": "rust",
    "lua": "lua",
}


@dataclass(frozen=True)
class Scene:
    """What a defect can use: the lines before and after the cursor, and the file's extension."""

    before: list[str]
    after: list[str]
    extension: str

    @property
    def line_prefix(self) -> str:
        """The text before the cursor on its line."""
        return self.before[-1]

    @property
    def language(self) -> str:
        """The language name in a code fence."""
        return _LANGUAGES.get(self.extension, self.extension)

    @property
    def comment(self) -> str:
        """The characters that start a line comment."""
        return "#" if self.extension in {"py", "sh", "rb", "toml", "yaml", ""} else "//"


def _echo_previous(text: str, scene: Scene, draw: random.Random) -> str:
    count = draw.randint(1, 3)
    return "\n".join(scene.before[-1 - count :]) + text


def _echo_suffix(text: str, scene: Scene, draw: random.Random) -> str:
    first, *below = scene.after
    if first.strip():
        return text + first
    following = [row for row in below if row.strip()][: draw.randint(1, 3)]
    return "\n".join([text, *following])


def _indent_lost(text: str, scene: Scene, draw: random.Random) -> str:
    del scene, draw
    return "\n".join(row.lstrip(" \t") for row in text.split("\n"))


def _indent_doubled(text: str, scene: Scene, draw: random.Random) -> str:
    del draw
    first, *further = text.split("\n")
    if not scene.line_prefix.strip():
        # Repeat the whole indentation after the one before the cursor.
        first = scene.line_prefix + first
    return "\n".join([first, *(row[: len(row) - len(row.lstrip())] + row for row in further)])


def _tabs(text: str, scene: Scene, draw: random.Random) -> str:
    del scene, draw
    return "\n".join(
        "\t" * ((len(row) - len(row.lstrip(" "))) // 4) + row.lstrip(" ") for row in text.split("\n")
    )


def _repetition(text: str, scene: Scene, draw: random.Random) -> str:
    lines = text.split("\n")
    again = next((row for row in reversed(lines) if row.strip()), scene.line_prefix)
    return "\n".join(lines + [again] * draw.randint(4, 12))


def _special_token(text: str, scene: Scene, draw: random.Random) -> str:
    del scene
    return text + draw.choice(("<|im_end|>", "</s>", "<|endoftext|>"))


def _prose_before(text: str, scene: Scene, draw: random.Random) -> str:
    del scene
    return draw.choice(("Here is the completion:\n", "Sure! Here's the missing code:\n\n")) + text


def _prose_after(text: str, scene: Scene, draw: random.Random) -> str:
    del scene
    return text + draw.choice(
        ("\n\nThis completes the function.", "\n\nLet me know if you need anything else!")
    )


DEFECTS: Final[dict[str, Callable[[str, Scene, random.Random], str]]] = {
    "fence": lambda text, _scene, _draw: f"```\n{text}\n```",
    "fence_tag": lambda text, scene, _draw: f"```{scene.language}\n{text}\n```",
    "fence_open": lambda text, scene, _draw: f"```{scene.language}\n{text}",
    "prose_before": _prose_before,
    "prose_after": _prose_after,
    "echo_line": lambda text, scene, _draw: scene.line_prefix + text,
    "echo_previous": _echo_previous,
    "echo_suffix": _echo_suffix,
    "indent_lost": _indent_lost,
    "indent_doubled": _indent_doubled,
    "tabs": _tabs,
    "blank": lambda _text, _scene, draw: draw.choice(("", "\n", "   ", "\n\n")),
    "repetition": _repetition,
    "special_token": _special_token,
    "placeholder": lambda _text, scene, _draw: f"{scene.comment} ... your code here ...",
}


@dataclass(frozen=True)
class Defects:
    """How often the simulated model fails: a rate for each defect of form, and the rates of correct content."""

    rates: Mapping[str, float] = field(default_factory=dict)
    content: Rates = field(default_factory=Rates)

    @classmethod
    def parse(cls, text: str) -> Defects:
        """Read `0`, `default` or `fence=0.1,first=0.7,vague=1,…`. Defects that are not named do not occur. Raises ValueError."""
        if text == "0":
            return cls()
        if text == "default":
            return cls(dict.fromkeys(DEFECTS, _DEFAULT_RATE), _DEFAULT_CONTENT)
        rates = {
            name.strip(): float(rate) for name, _, rate in (item.partition("=") for item in text.split(","))
        }
        content = Rates(rates.pop("first", 1.0), rates.pop("further", 1.0), bool(rates.pop("vague", 0)))
        unknown = sorted(set(rates) - set(DEFECTS))
        if unknown:
            raise ValueError(f"no such defect: {', '.join(unknown)}")
        return cls(rates, content)

    def apply(self, text: str, scene: Scene, *, seed: int, number: int) -> tuple[str, str | None]:
        """The answer as it is sent, and the name of the defect. The name is None if the text was not changed."""
        draw = random.Random(f"defect:{seed}:{number}")
        at = draw.random()
        for name, rate in self.rates.items():
            at -= rate
            if at < 0:
                spoilt = DEFECTS[name](text, scene, draw)
                return spoilt, name if spoilt != text else None
        return text, None
