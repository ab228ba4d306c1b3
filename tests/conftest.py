"""What holds for every test: the property tests never fail for slowness, and a landing does not hang on a new random draw."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_TESTS = Path(__file__).parent

settings.register_profile("here", deadline=None, max_examples=75)
# The same examples each time where a failure would stop somebody else's work; new ones wherever a person is looking.
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=75)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """All quick tests run on all cores. A few of them start sooner on one, and real editors want the machine to themselves."""
    is_all = {Path(argument).resolve() for argument in config.args} <= {_TESTS, _TESTS.parent}
    is_quick = config.option.markexpr == "not e2e"
    return (os.cpu_count() or 1) if is_all and is_quick else 0


@pytest.fixture(autouse=True, scope="session")
def _no_record_of_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers that tests start keep their record, and what gateways say of models, where nobody looks for a person's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
