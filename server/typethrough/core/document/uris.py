"""What a document's URI tells: its path, its language, and a short name to show."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

# A single letter before the colon is a Windows drive, not a scheme.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(?://[^/]*)?")

_DRIVE = re.compile(r"/?[A-Za-z]:(?=/|$)")

PLAIN_TEXT = "plaintext"
# The language ids that editors give to files of these names (LSP 3.18, `TextDocumentItem`).
_LANGUAGES = {
    ".py": "python",
    ".js": "javascript",
    ".ts": "typescript",
    ".tsx": "typescriptreact",
    ".jsx": "javascriptreact",
    ".go": "go",
    ".rs": "rust",
    ".c": "c",
    ".h": "c",
    ".cpp": "cpp",
    ".java": "java",
    ".lua": "lua",
    ".rb": "ruby",
    ".sh": "shellscript",
    ".md": "markdown",
    ".html": "html",
    ".css": "css",
    ".hpp": "cpp",
    ".cc": "cpp",
    ".cs": "csharp",
    ".kt": "kotlin",
    ".swift": "swift",
    ".php": "php",
    ".scala": "scala",
    ".sql": "sql",
    ".json": "json",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
}

_SCRIPTS = ("javascript", "javascriptreact", "typescript", "typescriptreact", "vue", "svelte")
_KINDS = {**dict.fromkeys(_SCRIPTS, "script"), "c": "cpp"}


@lru_cache(maxsize=256)
def path_of(uri: str) -> str:
    """The decoded path of a `file:` URI, of a notebook cell's URI, or of a bare path."""
    scheme = _SCHEME.match(uri)
    # In a cell's URI the notebook's path comes first, then `#` and the cell. In the path itself, `#` and `?` are
    # percent-encoded.
    return unquote(re.split(r"[?#]", uri[scheme.end() :])[0]) if scheme else uri


@lru_cache(maxsize=8_192)
def place_of(uri: str) -> str:
    """The path of a URI in one normal form: with slashes, without `.`, `..` and empty parts, a drive letter in lower case.

    So two spellings of one path are equal.
    """
    path = path_of(uri).replace("\\", "/")
    if _DRIVE.match(path):
        path = f"/{path.lstrip('/')[0].lower()}{path.lstrip('/')[1:]}"
    if "//" not in path and "/." not in path:
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return ("/" if path.startswith("/") else "") + "/".join(parts)


@lru_cache(maxsize=256)
def short_path(uri: str) -> str:
    """The file's name and its folder's name: enough to recognise the file, without its full path."""
    return printable("/".join(path_of(uri).split("/")[-2:]))


@lru_cache(maxsize=256)
def file_name(uri: str) -> str:
    """The file's name alone."""
    return printable(path_of(uri).rpartition("/")[2])


def printable(text: str) -> str:
    """The text with invisible characters replaced by a mark, so that a file's name cannot control the terminal that shows it."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def language_of(uri: str) -> str:
    """The language id that an editor gives to a file with this name. Empty when the name does not tell."""
    name = path_of(uri).replace("\\", "/").rpartition("/")[2].lower()
    stem, dot, suffix = name.rpartition(".")
    return _LANGUAGES.get(dot + suffix, "") if stem else ""


def kind_of(path: str) -> str:
    """A language, or a group of languages whose files can use each other's names."""
    language_id = language_of(path) or path.rpartition(".")[2]
    return _KINDS.get(language_id, language_id)
