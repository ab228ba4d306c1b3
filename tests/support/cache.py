"""Where what the tests fetch is kept between runs.

Owns: the choice of the folder. It is `.cache` in the checkout; the variable TYPETHROUGH_TEST_CACHE names another one, which
several checkouts can share.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def folder(name: str) -> Path:
    """Return the folder called `name` in the cache; it need not exist."""
    return Path(os.environ.get("TYPETHROUGH_TEST_CACHE") or ROOT / ".cache") / name
