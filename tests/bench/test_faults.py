"""The fault table in short, against the real server; all of it: `python -m tests.bench.faults`."""

from __future__ import annotations

import asyncio

import pytest

from tests.bench.fault_cases import CASES
from tests.bench.faults import run


@pytest.mark.e2e
@pytest.mark.timeout(300)
def test_each_fault_is_told_by_its_cause_and_got_over_once_it_has_gone() -> None:
    found = asyncio.run(run([case for case in CASES if case.is_short]))
    assert {one.name: one.problems for one in found if one.problems} == {}
    assert len(found) >= 10


def test_the_table_has_each_fault_once() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 60
