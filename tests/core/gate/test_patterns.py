"""Excluded files: found by any spelling of their place, and ordinary source is not among them."""

from __future__ import annotations

import pytest

from typethrough.core.gate.patterns import is_excluded
from typethrough.core.settings.schema import DEFAULT_EXCLUDE


@pytest.mark.parametrize(
    "place",
    [
        ".env",
        "/home/user/project/.env",
        "file:///home/user/project/.env.local",
        "file:///c%3A/Users/u/project/.ENV",
        "C:\\Users\\u\\server.PEM",
        "/etc/ssl/private/site.key",
        "/home/user/.ssh/config",
        "file:///home/user/%2Essh/id_ed25519",
        "/home/user/.aws/credentials",
        "/home/user/.aws/sso/cache/token.json",
        "terraform/prod.tfvars",
    ],
)
def test_files_with_secrets_are_excluded_by_default(place: str) -> None:
    assert is_excluded(place, DEFAULT_EXCLUDE)


@pytest.mark.parametrize(
    "place",
    [
        "main.py",
        "/src/environment.py",
        "/src/secrets.py",
        "/src/keys.ts",
        "/src/env/loader.go",
        "/a/keyboard.c",
    ],
)
def test_ordinary_source_is_not(place: str) -> None:
    assert not is_excluded(place, DEFAULT_EXCLUDE)


@pytest.mark.parametrize(
    ("globs", "place", "expected"),
    [
        ([], "/a/b.py", False),
        ([""], "/a/b.py", False),
        (["**/generated/*"], "/a/generated/x/y.py", True),
        (["/vendor/*"], "/a/vendor/y.py", True),
        (["b.py"], "/a/ab.py", False),
        (["[!a].py"], "/x/b.py", True),
        (["[!a].py"], "/x/a.py", False),
    ],
)
def test_a_glob_matches_whole_components_up_to_the_end(globs: list[str], place: str, expected: bool) -> None:
    assert is_excluded(place, globs) is expected
