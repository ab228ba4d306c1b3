"""What the demo types: which file, from which place on, and which folder the local lane may read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from typethrough.cli import UsageError
from typethrough.cli.compose import workspace_of
from typethrough.core.document.uris import PLAIN_TEXT, language_of

_MAX_FILE_BYTES = 2_000_000
# This function resembles the one above it, which is a common case and the one that copying is for. Typing begins after its
# first statement, because from there the other function shows how it continues.
_OWN_MARK = "def _common_suffix("
_OWN_BEGINNING = "\n    while "


class NothingToType(UsageError):
    """The file cannot be used for typing."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A file's text before the demo, and the text to be typed. There is no text after the cursor."""

    path: Path
    folder: Path | None
    before: str
    to_type: str

    @property
    def language_id(self) -> str:
        """The language id that an editor would use."""
        return language_of(self.path.name) or PLAIN_TEXT


def stretch_of(file: Path | None) -> Stretch:
    """The part of `file` to type. Without a file, a part of one of our own modules. Raises NothingToType."""
    package = Path(__file__).resolve().parents[2]
    if file is None:
        return _cut(package / "core" / "document" / "document.py", package, _OWN_MARK)
    return _cut(file, workspace_of(file), "")


def _cut(path: Path, folder: Path | None, mark: str) -> Stretch:
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise NothingToType(f"{path.name} is too large to type")
        text = path.read_text("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise NothingToType(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise NothingToType(f"{path} is not UTF-8 text") from None
    start = text.find(_OWN_BEGINNING, text.find(mark)) if mark and mark in text else -1
    start = start if start >= 0 else _start(text)
    if len(text[start:].strip()) < 20:
        raise NothingToType(f"{path.name} has too little text to type")
    return Stretch(path.resolve(), folder, text[:start], text[start:])


def _start(text: str) -> int:
    """Where typing begins: at an unindented line after a blank one, after a third of the file, so that there is text to learn
    from.
    """
    lines = text.splitlines(keepends=True)
    earliest = len(lines) // 3
    offset = sum(map(len, lines[:earliest]))
    fallback = offset
    for index in range(max(1, earliest), len(lines)):
        if not lines[index - 1].strip() and lines[index][:1].strip():
            return offset
        offset += len(lines[index])
        if index > earliest + 150:
            break
    return fallback
