"""Patterns in git's own form, one bad line at a time, and what is said of those that can match nothing."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from typethrough.core.gate.patterns import Patterns, problem, usable, written_out


@pytest.mark.parametrize(
    ("lines", "path", "expected"),
    [
        ([], "a/b.py", None),
        ([""], "a/b.py", None),
        (["# b.py"], "b.py", None),
        (["b.py"], "a/b.py", True),
        (["b.py"], "a/ab.py", None),
        (["/b.py"], "a/b.py", None),
        (["/b.py"], "b.py", True),
        (["**/generated/*"], "a/generated/x.py", True),
        (["a/**/c.py"], "a/x/y/c.py", True),
        (["[!a].py"], "x/b.py", True),
        (["[!a].py"], "x/a.py", None),
        (["*.py", "!b.py"], "b.py", False),
        (["!b.py", "*.py"], "b.py", True),
        (["[z-a]", "foo\\", "!", "b.py"], "b.py", True),
    ],
)
def test_the_last_pattern_that_fits_decides_and_a_bad_line_costs_itself_alone(
    lines: list[str], path: str, expected: bool | None
) -> None:
    assert Patterns(lines).verdict(path) is expected


def test_a_pattern_for_folders_names_no_file() -> None:
    patterns = Patterns(["private/"])
    assert patterns.verdict("private", is_folder=True)
    assert patterns.verdict("private") is None


@pytest.mark.parametrize("path", ["server.PEM", "SERVER.pem", "Straße.pem"])
def test_upper_and_lower_case_can_count_as_the_same(path: str) -> None:
    assert Patterns(["*.Pem", "STRASSE*"], any_case=True).verdict(path)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.pem", ["*.pem"]),
        ("**/*.{pem,key}", ["**/*.pem", "**/*.key"]),
        ("{a,b}/{c,d}", ["a/c", "a/d", "b/c", "b/d"]),
        ("{a}", ["a"]),
        ("\\{a,b}", ["\\{a,b}"]),
    ],
)
def test_braces_are_written_out(pattern: str, expected: list[str]) -> None:
    assert list(written_out([pattern])) == expected


def test_a_pattern_of_many_braces_is_not_written_out_for_ever() -> None:
    assert len(list(written_out(["{a,b}" * 40]))) <= 64


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("**/*.{pem,key}", "braces"),
        ("private\\keys", "backslash"),
        ("~/private/", "~"),
        ("a//b", "two slashes"),
        ("#b", "comment"),
        ("[", "can match"),
        ("[z-a]", "can match"),
        ("/", "can match"),
        ("!", "can match"),
        ("x" * 2_000, "can match"),
    ],
)
def test_a_pattern_that_can_match_nothing_is_a_problem(pattern: str, word: str) -> None:
    assert word in problem(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["private", "private/", "/private", "**/generated/*", "!keep.env", "\\#x", "a\\ b", "***/a", "*a" * 20],
)
def test_a_pattern_of_gits_is_none(pattern: str) -> None:
    assert problem(pattern) == ""


@given(
    lines=st.lists(st.text("ab*?[]!/\\{},.# \u00e9\0", max_size=12), max_size=5), path=st.text("ab/. \u00e9")
)
@example(lines=["[[]"], path="a")
def test_no_line_and_no_path_is_an_error(lines: list[str], path: str) -> None:
    for any_case in (False, True):
        Patterns(written_out(lines), any_case=any_case).verdict(path, is_folder=any_case)
    for line in lines:
        problem(line)
        usable(line)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 40 + "b", "a" * 255),
        ("?*" * 40 + "b", "a" * 255),
        ("[ab]*" * 50 + "c", "ab" * 120),
        ("**/a/" * 40 + "b", "a/" * 255 + "c"),
        ("**/*a*a*a/" * 10 + "b", ("a" * 20 + "/") * 50 + "c"),
    ],
)
def test_a_pattern_that_is_made_to_be_slow_is_not(pattern: str, path: str) -> None:
    # Each of these took minutes or years.
    assert Patterns([pattern]).verdict(path) is None
    assert Patterns([pattern]).verdict(path[:-1] + pattern[-1])


_PATTERN = st.lists(
    st.sampled_from(["a", "b", "ab", "*", "?", "/", "**/", "/**/", "[ab]", "[]a]", "\\*", "(", ".", "+"]),
    min_size=1,
    max_size=12,
).map("".join)
_PATH = st.lists(st.text("ab*(.", min_size=1, max_size=4), min_size=1, max_size=6).map("/".join)


@given(st.lists(_PATTERN, min_size=1, max_size=4), st.lists(_PATH, min_size=1, max_size=8))
def test_the_quick_form_of_patterns_fits_the_same_paths(lines: list[str], paths: list[str]) -> None:
    assume(all("***" not in line and usable(line) for line in lines))
    plain = GitIgnoreSpec.from_lines(lines)
    patterns = Patterns(lines)
    for path in paths:
        assert patterns.verdict(path) is plain.check_file(path).include
        assert patterns.verdict(path, is_folder=True) is plain.check_file(f"{path}/").include
