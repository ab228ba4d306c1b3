"""Starting the server: the import of many classes, and the collector that would look through all of them."""

from __future__ import annotations

import gc

import pytest

from typethrough.cli.serve import _importing_much


def test_after_a_large_import_the_collector_is_as_it_was_and_has_nothing_of_it_to_look_through() -> None:
    often = gc.get_threshold()
    made: list[list[int]] = []
    try:
        with pytest.raises(ImportError), _importing_much():
            assert gc.get_threshold()[2] > often[2]
            made.append([1])
            raise ImportError
        assert gc.get_threshold() == often
        assert gc.get_freeze_count() > 0
        assert not any(one is made for one in gc.get_objects())
    finally:
        gc.unfreeze()
