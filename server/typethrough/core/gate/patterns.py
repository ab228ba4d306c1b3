"""Which files are none of our business: never completed, never sent, never indexed."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable


def is_excluded(place: str, globs: Iterable[str]) -> bool:
    """Whether any glob matches a path or URI from the start of any of its components to its end, case-blind.

    `*.pem` matches a file in any folder, `.ssh/*` what lies under any `.ssh`; so the answer does not depend on a root.
    `/` and `\\` both separate.
    """
    pattern = _compiled(tuple(globs))
    if pattern is None:
        return False
    path = unquote(place.partition("://")[2]) if "://" in place else place
    return pattern.search("/" + path.replace("\\", "/").casefold()) is not None


@lru_cache(maxsize=16)
def _compiled(globs: tuple[str, ...]) -> re.Pattern[str] | None:
    kept = [glob.strip().strip("/").removeprefix("**/").casefold() for glob in globs]
    if not any(kept):
        return None
    return re.compile("|".join("(?:/" + translate(glob) + ")" for glob in kept if glob), re.DOTALL)
