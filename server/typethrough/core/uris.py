"""What a document's URI says: its path, a short name for people, and whether an exclusion covers it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from typethrough.core import settings_exclude

if TYPE_CHECKING:
    from collections.abc import Iterable

# A drive's letter is no scheme.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(?://[^/]*)?")


def path_of(uri: str) -> str:
    """The path of a `file:` URI, a notebook cell's or a bare path; decoded."""
    scheme = _SCHEME.match(uri)
    # A cell's URI names the cell behind its notebook's path; a path's own `#` and `?` are percent-encoded.
    return unquote(re.split(r"[?#]", uri[scheme.end() :])[0]) if scheme else uri


def short_path(uri: str) -> str:
    """The file's name and its folder's: enough to know what is meant, without telling where it lies."""
    return "/".join(uri.partition("://")[2].split("/")[-2:])


def is_excluded(uri: str, patterns: Iterable[str]) -> bool:
    """Whether an exclusion glob matches a document's path."""
    return settings_exclude.is_excluded(path_of(uri), patterns)
