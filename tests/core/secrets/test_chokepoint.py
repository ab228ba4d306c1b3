"""There is one way to a prompt, and it goes through the vault; `tests.core.gate.test_misuse` shows that nothing else is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_PACKAGE = Path(__file__).parents[3] / "server" / "typethrough"


@pytest.mark.parametrize(
    ("call", "caller"),
    [(r"(?<![\w.])Prompt\(", "core/secrets/vault.py"), (r"\.seal\(", "core/prompt/layout.py")],
)
def test_only_the_vault_makes_prompts_and_only_the_layout_asks_for_them(call: str, caller: str) -> None:
    callers = {
        path.relative_to(_PACKAGE).as_posix()
        for path in _PACKAGE.rglob("*.py")
        if re.search(call, path.read_text("utf-8"))
    }
    assert callers == {caller}
