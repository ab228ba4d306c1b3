"""`python -m typethrough`: the same as the command `typethrough`."""

from __future__ import annotations

import sys

from typethrough.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
