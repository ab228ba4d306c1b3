"""What a document's URI says, in every form that editors write one."""

from __future__ import annotations

import pytest

from typethrough.core.document.uris import language_of, place_of, short_path


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("file:///a/b.py", "/a/b.py"),
        ("file:///a/./b//c/../d.py", "/a/b/d.py"),
        ("file:///../../a.py", "/a.py"),
        ("file:///C%3A/Users/a.py", "/c:/Users/a.py"),
        ("C:\\Users\\a.py", "/c:/Users/a.py"),
        ("file:///a/.b/..c/d", "/a/.b/..c/d"),
        ("untitled:Untitled-1", "Untitled-1"),
        ("", ""),
    ],
)
def test_a_place_has_one_form_however_it_is_spelled(uri: str, place: str) -> None:
    assert place_of(uri) == place


@pytest.mark.parametrize(
    ("uri", "short"),
    [
        ("file:///home/me/project/main.py", "project/main.py"),
        ("file:///main.py", "/main.py"),
        ("untitled:Untitled-1", "Untitled-1"),
        ("file:///home/me/my%20project/ein%20B%C3%BCro.py", "my project/ein Büro.py"),
    ],
)
def test_a_short_path_tells_the_file_and_its_folder(uri: str, short: str) -> None:
    assert short_path(uri) == short


@pytest.mark.parametrize(
    ("uri", "language"),
    [
        ("file:///home/me/main.py", "python"),
        ("file:///home/me/MAIN.PY", "python"),
        ("c:\\Users\\me\\main.cpp", "cpp"),
        ("main.rs", "rust"),
        ("file:///home/me/.py", ""),
        ("file:///home/me.py/makefile", ""),
        ("file:///home/me/notes.unknown", ""),
        ("untitled:Untitled-1", ""),
        ("", ""),
    ],
)
def test_a_files_name_says_its_language(uri: str, language: str) -> None:
    assert language_of(uri) == language
