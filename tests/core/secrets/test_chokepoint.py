"""There is one way to a prompt, and it goes through the vault; that a draft is none, `tests.core.gate.test_misuse` shows."""

from __future__ import annotations

import ast
from pathlib import Path

_PACKAGE = Path(__file__).parents[3] / "server" / "typethrough"


def callers(name: str) -> set[str]:
    """The modules, by their paths in the package, that call something of this name."""
    return {
        path.relative_to(_PACKAGE).as_posix()
        for path in _PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) == name
    }


def test_only_the_vault_makes_prompts() -> None:
    assert callers("Prompt") == {"core/secrets/vault.py"}


def test_only_the_layout_has_them_sealed() -> None:
    assert callers("seal") == {"core/prompt/layout.py"}
