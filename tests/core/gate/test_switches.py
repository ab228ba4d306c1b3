"""Switches thrown by hand against settings: which of them holds, where, and how long."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from typethrough.core.gate.switches import Switches
from typethrough.core.settings.schema import DEFAULTS

URI = "file:///project/main.py"
NOW_S = 100.0


def reason(switches: Switches, *, uri: str = URI, language: str = "python", **settings: Any) -> str:
    refusal = switches.refusal(replace(DEFAULTS, **settings), uri, language, NOW_S)
    return refusal.sentence if refusal is not None else ""


@pytest.mark.parametrize(
    ("settings", "uri", "expected"),
    [
        ({}, URI, ""),
        ({"enabled": False}, URI, "switched off"),
        ({"enabled": False}, "", "switched off"),
        ({"disabled_languages": ("lua", "python")}, URI, "switched off for python"),
        ({"disabled_languages": ("lua", "python")}, "", ""),
    ],
)
def test_with_no_switch_thrown_the_settings_hold(settings: dict[str, Any], uri: str, expected: str) -> None:
    assert reason(Switches(), uri=uri, **settings) == expected


def test_a_switch_goes_before_the_setting_in_both_directions() -> None:
    switches = Switches()
    switches.set_everywhere(on=True)
    switches.set_language("python", on=True)
    assert reason(switches, enabled=False, disabled_languages=("python",)) == ""
    switches.set_language("python", on=False)
    assert reason(switches) == "switched off for python"
    assert reason(switches, language="lua") == ""
    switches.set_everywhere(on=False)
    assert reason(switches) == "switched off"


def test_a_file_is_switched_alone() -> None:
    switches = Switches()
    switches.set_file(URI, on=False)
    assert reason(switches) == "switched off for this file"
    assert reason(switches, uri=URI + "x") == ""
    switches.set_file(URI, on=True)
    assert reason(switches) == ""


def test_a_pause_ends_by_itself_or_when_everything_is_switched_on() -> None:
    switches = Switches()
    switches.pause(10, NOW_S - 61)
    assert reason(switches) == "paused for 9 min"
    assert switches.refusal(DEFAULTS, URI, "python", NOW_S + 540) is None
    switches.set_everywhere(on=True)
    assert reason(switches) == ""
