"""The drill meets every fault the simulator has, in a place that is there."""

from __future__ import annotations

from pathlib import Path

from tests.bench import hardship, process
from tests.support.gateway_simulator.faults import MODES


def test_every_fault_of_the_simulator_is_met_once() -> None:
    modes = [mode for mode in (*hardship.PASSING, *hardship.REFUSING) if mode]
    assert sorted(modes) == sorted(MODES)


def test_the_line_that_is_typed_back_is_in_the_file_once() -> None:
    assert Path(process.__file__).read_text().count(hardship._TYPED + hardship._NEXT) == 1
    assert "".join(hardship._BURSTS) == hardship._TYPED
