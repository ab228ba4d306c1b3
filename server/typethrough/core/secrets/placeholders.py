"""The placeholders that replace secrets in a prompt, and how secrets are put back into an answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK: Final = "__HIDDEN_"
PLACEHOLDER: Final = re.compile(r"__HIDDEN_[a-z]+(?:_\d+)?__")
_REASONS: Final = {
    "password": "it is the value of a name such as `password`, or stands before the @ in an address",
    "secret": "it is the value of a name such as `token`, and looks like a secret",
    "key": "it has the form of a key, or is a random run of letters and digits",
    "privatekey": "a part of a private key",
    "text": "it looks like one of our placeholders",
}
# The beginning of a placeholder at the end of a text that may continue.
_BEGUN: Final = re.compile(r"_{1,2}$|__H(?:I(?:D(?:D(?:E(?:N(?:_(?:[a-z]+(?:_\d*_?|)?)?)?)?)?)?)?)?$")


def placeholder(kind: str, number: int = 0) -> str:
    """The placeholder for a secret. Without a number, the secret is not put back."""
    return f"{MARK}{kind}_{number}__" if number else f"{MARK}{kind}__"


def reason(placeholder: str) -> str:
    """Why something was taken for a secret, for the user, and whether it is put back into answers."""
    kind, _, number = placeholder.removeprefix(MARK).removesuffix("__").partition("_")
    why = _REASONS.get(kind, f"it has the form of a key ({kind})")
    return f"{why}; put back in the answer" if number else why


def restored(text: str, secrets: Mapping[str, str], *, growing: bool) -> str:
    """The answer with the secrets put back. `secrets` maps placeholders to secrets.

    The answer ends before a placeholder without a secret: the model invented it or took it from another file. While the
    answer is `growing`, an unfinished placeholder at its end is held back, because shown text must not change later.
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
