"""The two shapes filters speak in, and what they count as significant. Knows no filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typethrough.core.outcome.causes import Cause

from typethrough.core.document.scan import family_of


class Draft(NamedTuple):
    """A raw answer so far. When `done`, nothing more will come; a head filter may set it to end the answer early.

    A head filter maps a draft to a draft so that a longer input never takes back output: it withholds what is undecided.
    """

    text: str
    done: bool


class Refused(NamedTuple):
    """A text that may not be shown, and why; the cause is named after the filter that said so."""

    cause: Cause


NOTHING_YET = Draft("", done=False)
_WITH_TAGS = frozenset(("javascriptreact", "typescriptreact", "jsx", "tsx", "astro", "mdx"))


def significant(text: str) -> int:
    """How many letters and digits a text has."""
    return sum(map(str.isalnum, text))


def is_made_of_tags(language_id: str) -> bool:
    """Whether tags are ordinary content of the language: markup, and code with markup in it."""
    return family_of(language_id) == "markup" or language_id in _WITH_TAGS
