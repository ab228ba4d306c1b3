"""Starting the server: the import of many classes, and the collector that would look through all of them."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from typethrough.cli.serve import _importing_much

if TYPE_CHECKING:
    import pytest


def test_after_a_large_import_the_collector_is_as_it_was_and_leaves_out_what_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    often = gc.get_threshold()
    frozen_at: list[int] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen_at.append(gc.get_threshold()[2]))
    with _importing_much():
        during = gc.get_threshold()
    assert during[:2] == often[:2]
    assert during[2] > often[2]
    assert frozen_at == [during[2]]
    assert gc.get_threshold() == often
