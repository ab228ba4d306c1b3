"""What holds for every test: the property tests never fail for slowness, and a landing does not hang on a new random draw."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("here", deadline=None)
# The same examples each time where a failure would stop somebody else's work; new ones wherever a person is looking.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
