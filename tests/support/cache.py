"""The folder in which tests keep what they have downloaded, between runs.

It is `.cache` in the checkout. The variable TYPETHROUGH_TEST_CACHE names another one, which several checkouts can share.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def folder(name: str) -> Path:
    """The folder called `name` in the cache. It may not exist yet."""
    return Path(os.environ.get("TYPETHROUGH_TEST_CACHE") or ROOT / ".cache") / name
