"""What a document's URI says, in every form that editors write one."""

from __future__ import annotations

import pytest

from typethrough.core.document.uris import is_excluded, language_of, short_path


@pytest.mark.parametrize(
    ("uri", "globs", "excluded"),
    [
        ("file:///home/me/key.pem", ("*.pem",), True),
        ("file:///home/me/key.pem.py", ("*.pem",), False),
        ("file:///home/me/my%20secrets/a.py", ("my secrets/*",), True),
        ("file:///home/me/%2Eenv", (".env",), True),
        ("file:///home/me/.ENV", (".env",), True),
        ("file:///home/me/what%23not.pem", ("*.pem",), True),
        ("file:///home/me/%E2%82%AC.key", ("€.key",), True),
        ("file:/home/me/%2Eenv", (".env",), True),
        ("file:///home/me/.ssh/deep/config", (".ssh/*",), True),
        ("file:///home/me/assh/config", (".ssh/*", "ssh/*"), False),
        ("file:///c%3A/Users/me/.aws/credentials", (".aws/*",), True),
        ("file:///C:/Users/me/id_rsa", ("id_rsa*",), True),
        ("file://server/share/.env", (".env",), True),
        ("c:\\Users\\me\\.env", (".env",), True),
        ("/home/me/.env", (".env",), True),
        ("untitled:Untitled-1", (".env", "*.pem"), False),
        ("untitled:.env", (".env",), True),
        ("untitled:/home/me/.env", (".env",), True),
        ("vscode-notebook-cell:/home/me/secret.ipynb#W0sZmlsZQ%3D%3D", ("secret.ipynb",), True),
        ("vscode-notebook-cell://ssh/home/me/note.ipynb#C1", ("*.ipynb",), True),
        ("vscode-remote://host/home/me/.env?x=1", (".env",), True),
        ("git:/home/me/.env?%7B%22ref%22%7D", (".env",), True),
        ("file:///home/me/main.py", (), False),
        ("file:///home/me/main.py", ("*.pem", ".env", "main"), False),
    ],
)
def test_exclusions_read_every_kind_of_document_name(
    uri: str, globs: tuple[str, ...], *, excluded: bool
) -> None:
    assert is_excluded(uri, globs) is excluded


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
