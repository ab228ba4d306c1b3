"""Vercel's OIDC token, which is valid for 12 hours, and the file for its successors (`vercel env pull`).

This module knows when a token ends and where the next one is read. A token is a JWT; the gateway checks its signature.
Nothing here uses HTTP.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from typing import TYPE_CHECKING

from typethrough.core.settings.halves import usable_key
from typethrough.engine.regular_file import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VARIABLE = "VERCEL_OIDC_TOKEN"
# A request that is sent must also arrive in time.
_MARGIN_S = 60.0
_MAX_BYTES = 256 * 1024
_LINE = re.compile(rf"""^\s*(?:export\s+)?{VARIABLE}\s*=\s*(["']?)([^"'\s#]+)\1\s*(?:#.*)?$""", re.MULTILINE)


class TokenSource:
    """Where the next token comes from: `file`, or nowhere. `unix_s` returns the time; `on_token` is called with each new
    token.
    """

    def __init__(
        self, file: Path | None, unix_s: Callable[[], float], on_token: Callable[[str], None] = lambda _: None
    ) -> None:
        self._file = file
        self._unix_s = unix_s
        self._on_token = on_token

    @property
    def can_renew(self) -> bool:
        """Whether there is a file with newer tokens."""
        return self._file is not None

    def is_ending(self, token: str) -> bool:
        """Whether a token has ended or is about to, by its own date."""
        end_s = expiry_unix_s(token)
        return end_s is not None and end_s - _MARGIN_S <= self._unix_s()

    async def successor(self, token: str) -> str:
        """A newer token that has not ended, or the empty string. Reads the file in a thread."""
        if self._file is None:
            return ""
        found = await asyncio.to_thread(read_token, self._file)
        if not found or found == token or self.is_ending(found):
            return ""
        self._on_token(found)
        return found

    def advice(self) -> str:
        """What to do when the token is no longer accepted, as a sentence for the user."""
        if self._file is None:
            return (
                f"The gateway does not accept the token in {VARIABLE}, which lives 12 hours: run `vercel env pull` and name the "
                "file it writes in the setting `oidc_token_file` (TYPETHROUGH_OIDC_TOKEN_FILE), or set TYPETHROUGH_API_KEY."
            )
        return (
            f"The gateway does not accept the {VARIABLE}, which lives 12 hours, and the file named by the setting "
            "`oidc_token_file` (TYPETHROUGH_OIDC_TOKEN_FILE) has no newer one: run `vercel env pull`."
        )


def expiry_unix_s(token: str) -> float | None:
    """The end of a JWT, in seconds since 1970. None if it has none. The signature is not checked."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        end_s = claims["exp"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if isinstance(end_s, bool) or not isinstance(end_s, int | float) or not 0 <= end_s < 1e12:
        return None
    return float(end_s)


def token_in(text: str) -> str:
    """The token in a file's text: from the last line that sets the variable, or the whole text if it is a single token."""
    lines = _LINE.findall(text)
    if lines:
        return usable_key(lines[-1][1])
    return "" if "=" in text else usable_key(text)


def read_token(file: Path) -> str:
    """The token in a file. Empty if the file cannot be read or has none."""
    try:
        data, _ = read_regular(file.expanduser(), _MAX_BYTES)
    except (OSError, ValueError, RuntimeError):
        return ""
    return token_in(data.decode("utf-8-sig", "replace"))


def later(one: str, other: str) -> str:
    """The token that ends later; the first one if that is unknown. An empty one is ignored."""
    if not one or not other:
        return one or other
    return other if (expiry_unix_s(other) or 0.0) > (expiry_unix_s(one) or 0.0) else one
