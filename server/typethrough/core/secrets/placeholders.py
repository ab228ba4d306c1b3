"""What stands in a prompt where a secret stood, and how it is put back in an answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK: Final = "__HIDDEN_"
PLACEHOLDER: Final = re.compile(r"__HIDDEN_[a-z]+(?:_\d+)?__")
_REASONS: Final = {
    "password": "it is given to a name such as `password`, or stands before the @ of an address",
    "secret": "it is given to a name such as `token`, and looks like one",
    "key": "it has the form of a key, or letters and digits by chance",
    "privatekey": "a part of a private key",
    "text": "it looks like a placeholder",
}
# The beginning of one at the end of a text that may go on.
_BEGUN: Final = re.compile(r"_{1,2}$|__H(?:I(?:D(?:D(?:E(?:N(?:_(?:[a-z]+(?:_\d*_?|)?)?)?)?)?)?)?)?$")


def placeholder(kind: str, number: int = 0) -> str:
    """The placeholder of a secret; without a number it stands for a secret that is not put back."""
    return f"{MARK}{kind}_{number}__" if number else f"{MARK}{kind}__"


def reason(placeholder: str) -> str:
    """Why something was taken for a secret, in plain words, and whether an answer can have it."""
    kind, _, number = placeholder.removeprefix(MARK).removesuffix("__").partition("_")
    why = _REASONS.get(kind, f"it has the form of a key ({kind})")
    return f"{why}; put back in the answer" if number else why


def restored(text: str, secrets: Mapping[str, str], *, growing: bool) -> str:
    """An answer with the secrets in their places. `secrets` maps placeholders to what they stand for.

    The answer ends before a placeholder that stands for nothing, which the model made up or took from another file. While it is
    `growing`, the beginning of a placeholder at its end is held back: text that is shown is never taken back.
    """
    kept: list[str] = []
    end = 0
    for match in PLACEHOLDER.finditer(text):
        kept.append(text[end : match.start()])
        end = match.end()
        secret = secrets.get(match[0])
        if secret is None:
            return "".join(kept)
        kept.append(secret)
    rest = text[end:]
    if growing and (begun := _BEGUN.search(rest)) is not None:
        rest = rest[: begun.start()]
    return "".join((*kept, rest))
