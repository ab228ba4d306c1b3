"""The form of a marker case: one text file with settings, a document with its cursor, the model's answer, and what is right.

README.md beside this module says how a case is written. This module reads and writes it, and knows nothing of engines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = Path(__file__).parent
LINE_ENDS: Final = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}
_HEADING: Final = re.compile(
    r"--- (document|answer|frames|steps|shown|after|or|or nothing|nothing|message)", re.ASCII
)
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([nrts\\]))")
_SIGNS: Final = {"n": "\n", "r": "\r", "t": "\t", "s": " ", "\\": "\\"}
_TRUTH: Final = {"yes": True, "no": False}


class FormError(ValueError):
    """A case is not written as README.md says."""


@dataclass(frozen=True)
class Case:
    """One case, as it is played.

    `shown` holds the texts of which one must be the first item's `insertText`, `after` the documents of which one must stand when
    all that is offered has been accepted; each is None where the case does not ask for it. With `or_nothing` silence is right
    too. `indent` is what the editor tells of its indentation: "2", "4", "tab", or "" for nothing. `is_local`: there is no model.
    """

    name: str
    document: str
    answers: tuple[str, ...] = ()
    frames: str | None = None
    language: str = "python"
    path: str = "case"
    invoked: bool = False
    indent: str = ""
    selected: str = ""
    steps: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    refuse_if: str = ""
    shown: tuple[str, ...] | None = None
    after: tuple[str, ...] | None = None
    or_nothing: bool = False
    message: str = ""
    is_local: bool = False


def cases() -> list[Path]:
    """The files of all cases, folder by folder."""
    return sorted(FOLDER.glob("*/*.txt"))


def name_of(path: Path) -> str:
    """A case's name: its folder and its file without the ending."""
    return path.relative_to(FOLDER).with_suffix("").as_posix()


def read(path: Path) -> Case:
    """The case in a file. Raises FormError."""
    return parse(name_of(path), path.read_bytes().decode())


def parse(name: str, text: str) -> Case:
    """The case that a text describes. Raises FormError."""
    head, sections = _sections(name, text)
    values = dict(_settings(name, head))
    is_escaped = values.pop("escapes", "no") == "yes"
    ends = LINE_ENDS[values.pop("line ends", "lf")]
    answer_ends = LINE_ENDS[values.pop("answer line ends", "lf")]
    last = "" if values.pop("final newline", "yes") == "no" else "\n"
    case = _Draft()
    for heading, lines in sections:
        body = "\n".join(lines)
        if is_escaped:
            body = _ESCAPE.sub(_unescaped, body)
        case.take(name, heading, body, ends, answer_ends, last)
    if not case.document.count("$0") == 1:
        raise FormError(f"{name}: the document needs one $0")
    expected = (case.shown is not None) + (case.after is not None) + bool(case.message)
    if expected != 1:
        raise FormError(f"{name}: one of shown, nothing, after and message is needed")
    headers = {key[7:]: values.pop(key) for key in list(values) if key.startswith("header ")}
    trigger = values.pop("trigger", "automatic")
    if trigger not in {"automatic", "by hand"}:
        raise FormError(f"{name}: trigger is automatic or by hand")
    settings = {key[8:]: _value(values.pop(key)) for key in list(values) if key.startswith("setting ")}
    if "max lines" in values:
        settings["max_lines"] = _value(values.pop("max lines"))
    elif case.after is not None:
        settings["max_lines"] = 10
    indent = values.pop("indent", "as the document" if case.after is not None else "")
    if indent == "as the document":
        indent = indent_of(case.document)
    known = {
        "language": values.pop("language", "python"),
        "path": values.pop("path", "case"),
        "selected": values.pop("selected", ""),
        "refuse_if": values.pop("refuse if", ""),
    }
    status = int(values.pop("status", "200"))
    lane = values.pop("lane", "model")
    if lane not in {"model", "local"}:
        raise FormError(f"{name}: lane is model or local")
    if values:
        raise FormError(f"{name}: unknown settings {sorted(values)}")
    return Case(
        name=name,
        document=case.document,
        answers=tuple(case.answers),
        frames=case.frames,
        invoked=trigger == "by hand",
        indent=indent,
        steps=tuple(case.steps),
        settings=settings,
        status=status,
        headers=headers,
        shown=None if case.shown is None else tuple(case.shown),
        after=None if case.after is None else tuple(case.after),
        or_nothing=case.or_nothing,
        message=case.message,
        is_local=lane == "local",
        **known,
    )


def indent_of(text: str) -> str:
    """What an editor would tell of a document's indentation: "tab", or how many spaces the least indented line has.

    A single space is no indentation: it stands before the stars of a comment.
    """
    starts = [line[: len(line) - len(line.lstrip(" \t"))] for line in text.splitlines() if line.strip()]
    if any(start.startswith("\t") for start in starts):
        return "tab"
    return str(min((len(start) for start in starts if len(start) > 1), default=4))


def with_expected(text: str, shown: str | None) -> str:
    """A case's text with another text shown, None for nothing. Raises FormError for one that asks for something else."""
    head, mark, rest = text.rpartition("\n--- shown\n")
    if not mark:
        head, mark, rest = text.rpartition("\n--- nothing\n")
    if not mark or "\n--- after\n" in text:
        raise FormError("only what is shown can be written anew")
    del rest
    return f"{head}\n--- nothing\n" if shown is None else f"{head}\n--- shown\n{shown}\n"


class _Draft:
    """What the sections of a case have said so far."""

    def __init__(self) -> None:
        self.document = ""
        self.answers: list[str] = []
        self.frames: str | None = None
        self.steps: list[str] = []
        self.shown: list[str] | None = None
        self.after: list[str] | None = None
        self.or_nothing = False
        self.message = ""

    def take(self, name: str, heading: str, body: str, ends: str, answer_ends: str, last: str) -> None:
        """Take one section."""
        whole = (body + last).replace("\n", ends)
        if heading == "document":
            self.document = whole
        elif heading == "answer":
            self.answers.append(body.replace("\n", answer_ends))
        elif heading == "frames":
            self.frames = body + "\n"
        elif heading == "steps":
            self.steps = body.split("\n")
        elif heading == "shown":
            self.shown = [body.replace("\n", ends)]
        elif heading == "after":
            self.after = [whole]
        elif heading == "or" and self.after is not None:
            self.after.append(whole)
        elif heading == "or" and self.shown is not None:
            self.shown.append(body.replace("\n", ends))
        elif heading == "nothing":
            self.shown = []
        elif heading == "or nothing":
            self.or_nothing = True
        elif heading == "message":
            self.message = body.strip()
        else:
            raise FormError(f"{name}: a section {heading} has no place here")


def _sections(name: str, text: str) -> tuple[list[str], list[tuple[str, list[str]]]]:
    if not text.endswith("\n"):
        raise FormError(f"{name}: the file must end with a line end")
    head: list[str] = []
    sections: list[tuple[str, list[str]]] = []
    lines = head
    for line in text[:-1].split("\n"):
        heading = _HEADING.fullmatch(line)
        if heading is None:
            lines.append(line)
        else:
            lines = []
            sections.append((heading[1], lines))
    return head, sections


def _settings(name: str, head: list[str]) -> Iterator[tuple[str, str]]:
    for line in head:
        if line and not line.startswith("#"):
            key, colon, value = line.partition(":")
            if not colon:
                raise FormError(f"{name}: not a setting: {line}")
            yield key.strip(), value.strip()


def _value(text: str) -> int | bool | str:
    return int(text) if text.isdecimal() else _TRUTH.get(text, text)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _SIGNS[match[3]]
