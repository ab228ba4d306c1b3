"""What a document's URI says: its path, its language, and a short name for people."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

# A drive's letter is no scheme.
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
    """The path of a `file:` URI, a notebook cell's or a bare path; decoded."""
    scheme = _SCHEME.match(uri)
    # A cell's URI names the cell behind its notebook's path; a path's own `#` and `?` are percent-encoded.
    return unquote(re.split(r"[?#]", uri[scheme.end() :])[0]) if scheme else uri


@lru_cache(maxsize=8_192)
def place_of(uri: str) -> str:
    """The path of a URI in one form, however it is spelled: with slashes, without `.`, `..` and empty parts, a drive's letter in
    lower case. So what is said of one spelling holds for all.
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
    """The file's name and its folder's: enough to know what is meant, without telling where it lies."""
    return printable("/".join(path_of(uri).split("/")[-2:]))


@lru_cache(maxsize=256)
def file_name(uri: str) -> str:
    """The file's name alone."""
    return printable(path_of(uri).rpartition("/")[2])


def printable(text: str) -> str:
    """The text with a mark for what is no visible character: a file's name must not steer the terminal that shows it."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def language_of(uri: str) -> str:
    """The language id an editor would give to a file of this name; empty when the name does not say."""
    name = path_of(uri).replace("\\", "/").rpartition("/")[2].lower()
    stem, dot, suffix = name.rpartition(".")
    return _LANGUAGES.get(dot + suffix, "") if stem else ""


def kind_of(path: str) -> str:
    """What files have in common that can use each other's names: a language, or languages that go together."""
    language_id = language_of(path) or path.rpartition(".")[2]
    return _KINDS.get(language_id, language_id)
