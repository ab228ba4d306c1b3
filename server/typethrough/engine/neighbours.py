"""What the prompts of other documents use of an open document: its definitions, and where it was edited last."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core import outline
from typethrough.core.codebase.codebase import IDENTIFIER, digest_of
from typethrough.core.codebase.imports import imports
from typethrough.core.gate.gate import TellPermit
from typethrough.core.prompt.related import Excerpt
from typethrough.core.secrets.detector import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from typethrough.core.codebase.codebase import Digest
    from typethrough.core.document.document import Snapshot
    from typethrough.core.gate.gate import KeepPermit
    from typethrough.core.outline.definition import Definition
    from typethrough.core.prompt.layout import PromptState
    from typethrough.engine.ports import Cancellable

# Names used in a file are read only up to this length. A longer file that is not open is skipped.
READ_CHARS: Final = 400_000
# Only this much of an open document is read. Reading more in a thread would keep other threads from running.
_LOOKED_AT_CHARS: Final = 2_000_000
# How many excerpts from other recently edited documents a prompt gets, and how many lines on each side of the edit.
_EXCERPTS: Final = 2
_EXCERPT_LINES: Final = 10
# How many lines above an excerpt are read, but not used in the prompt. They may contain a secret's name or a key's first
# line.
_ABOVE_LINES: Final = 60
_EXCERPT_S: Final = 600.0
_ECHO_SHARE: Final = 0.5


class Seen(NamedTuple):
    """What was read from a document's text at one time."""

    digest: Digest
    definitions: Sequence[Definition]
    used: Counter[str]
    lines: frozenset[str]


class Neighbour:
    """An open document: its text, its prompt, and where it was edited last."""

    def __init__(self, permit: KeepPermit, language_id: str, snapshot: Snapshot, prompt: PromptState) -> None:
        self.permit = permit
        self.language_id = language_id
        self.snapshot = snapshot
        self.prompt = prompt
        self.seen: Seen | None = None
        self.edited_line = -1
        self.edited_s = float("-inf")
        self.timer: Cancellable | None = None

    @property
    def telling(self) -> TellPermit | None:
        """The permit to use this document in prompts of others, or None."""
        permit = self.permit
        return permit if isinstance(permit, TellPermit) and not permit.is_void else None


def read(path: str, language_id: str, snapshot: Snapshot, is_late: Callable[[], bool]) -> Seen:
    """Read a document's text, without its secrets. It may take as long as parsing, so call it in a thread."""
    text = redacted(snapshot.text() if snapshot.char_count <= _LOOKED_AT_CHARS else _head(snapshot))
    definitions = outline.definitions(text, language_id, is_late)
    lines = frozenset(line for part in text.split("\n") if (line := part.strip()))
    return Seen(
        digest_of(path, definitions, imports(text, language_id)),
        definitions,
        Counter(IDENTIFIER.findall(text[:READ_CHARS])),
        lines,
    )


def _head(snapshot: Snapshot) -> str:
    """The beginning of a document that is too long to be read wholly."""
    lines: list[str] = []
    chars = 0
    while chars < _LOOKED_AT_CHARS and len(lines) < snapshot.line_count:
        more = snapshot.lines(len(lines), len(lines) + 1_000, READ_CHARS)
        lines += more
        chars += sum(map(len, more))
    return "\n".join(lines)[:_LOOKED_AT_CHARS]


def just_edited(document: Neighbour, seen: Seen, others: Iterable[Neighbour], now_s: float) -> list[Excerpt]:
    """Excerpts around recent edits in other documents, except those that repeat this document's text."""
    found = []
    telling = [
        (permit, other)
        for other in others
        if other is not document
        and (permit := other.telling) is not None
        and now_s - other.edited_s < _EXCERPT_S
    ]
    for permit, other in sorted(telling, key=lambda one: -one[1].edited_s)[:_EXCERPTS]:
        first = max(0, other.edited_line - _EXCERPT_LINES)
        lines = other.snapshot.lines(first, other.edited_line + _EXCERPT_LINES)
        if not _echoes(lines, seen.lines):
            above = other.snapshot.lines(first - _ABOVE_LINES, first)
            found.append(Excerpt(permit, "\n".join(lines), tuple(above)))
    return found


def _echoes(lines: Sequence[str], present: frozenset[str]) -> bool:
    """Whether the document already contains an excerpt. A model that reads something twice tends to write it a third time."""
    said = {line.strip() for line in lines if line.strip()}
    return not said or len(said & present) / len(said) > _ECHO_SHARE
