"""A document and a request have one owner each: nobody else in the engine changes what an `OpenDocument` or a `Pending` holds,
or closes a stream.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ENGINE = Path(__file__).parent.parent.parent / "server" / "typethrough" / "engine"
# By the names that the code has for them: what they hold, and the module that may change it.
OWNED = {
    "document": {"shown", "consumed", "questions", "warming", "pending", "unwanted", "hand"},
    "pending": {"flight", "route", "guess", "promised", "promised_id", "ended", "kept_back", "deadline_s"},
}
OWNERS = {"open_document.py": "document", "pending.py": "pending"}
CHANGING = {"append", "remove", "insert", "clear", "pop", "extend", "note", "dismiss", "forgive", "after"}


def changes(source: str, owner: str = "") -> list[str]:
    """The places where what another owns is assigned or changed, or a stream is closed, in a module of this owner."""
    found = []
    for node in ast.walk(ast.parse(source)):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign | ast.Delete):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in CHANGING:
                targets = [node.func.value]
            elif node.func.attr == "close" and owner != "document":
                found += [ast.unparse(node)] if ast.unparse(node.func.value) in {"flight", "stream"} else []
        found += [
            ast.unparse(target)
            for target in targets
            if isinstance(target, ast.Attribute)
            for name, owned in OWNED.items()
            if name != owner and target.attr in owned and ast.unparse(target.value).endswith(name)
        ]
    return found


@pytest.mark.parametrize("path", sorted(ENGINE.glob("*.py")), ids=lambda path: path.name)
def test_only_the_owner_changes_a_document_or_a_request(path: Path) -> None:
    assert changes(path.read_text(encoding="utf-8"), OWNERS.get(path.name, "")) == []


@pytest.mark.parametrize(
    "line",
    [
        "document.shown = None",
        "self._document.pending = pending",
        "document.questions.append(flight)",
        "del document.warming",
        "document.hand.note(now_s)",
        "flight.close(end)",
        "pending.flight = None",
        "self._pending.promised = text",
    ],
)
def test_a_change_from_outside_is_seen(line: str) -> None:
    assert changes(line)
