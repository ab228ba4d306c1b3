"""A document's life has one owner: nobody else in the engine changes what an `OpenDocument` holds, or closes a stream."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ENGINE = Path(__file__).parent.parent.parent / "server" / "typethrough" / "engine"
OWNER = "open_document.py"
OWNED = {"shown", "consumed", "questions", "warming", "pending", "unwanted", "rhythm"}
CHANGING = {"append", "remove", "insert", "clear", "pop", "extend", "note", "dismiss", "forgive", "after"}


def changes(source: str) -> list[str]:
    """The places where something of a document is assigned or changed, or a stream is closed."""
    found = []
    for node in ast.walk(ast.parse(source)):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.Delete):
            targets = node.targets if isinstance(node, ast.Delete) else [node.target]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            is_owned = isinstance(owner, ast.Attribute) and owner.attr in OWNED
            if is_owned and node.func.attr in CHANGING:
                found.append(ast.unparse(node))
            if node.func.attr == "close" and ast.unparse(owner) in {"flight", "session", "stream"}:
                found.append(ast.unparse(node))
        found += [
            ast.unparse(target)
            for target in targets
            if isinstance(target, ast.Attribute)
            and target.attr in OWNED
            and ast.unparse(target.value).endswith(("document", "open_document"))
        ]
    return found


@pytest.mark.parametrize("path", sorted(ENGINE.glob("*.py")), ids=lambda path: path.name)
def test_only_the_owner_changes_a_document(path: Path) -> None:
    if path.name != OWNER:
        assert changes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "document.shown = None",
        "self._document.pending = pending",
        "document.questions.append(flight)",
        "del document.warming",
        "document.rhythm.note(now_s)",
        "flight.close(end)",
    ],
)
def test_a_change_from_outside_is_seen(line: str) -> None:
    assert changes(line)
