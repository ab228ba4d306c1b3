"""When to stay silent, and why: tables of places and of files."""

from __future__ import annotations

import pytest

from tests.support.cursor import context_at
from typethrough.core.trigger import decide, is_excluded


def _reason(
    marked: str, *, invoked: bool = False, uri: str = "file:///project/main.py", **changes: object
) -> str:
    options: dict[str, object] = {
        "enabled": True,
        "disabled_languages": (),
        "exclude": ("*.pem", ".env"),
        **changes,
    }
    skip = decide(context_at(marked, uri=uri), invoked=invoked, **options)  # type: ignore[arg-type]  # a table's options
    return skip.reason if skip else ""


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("x = $0", ""),
        ("x = 1$0", ""),
        ("f($0)", ""),
        ("f(g($0))", ""),
        ('f("$0")', ""),
        ("f(x$0):", ""),
        ("if (x$0) {", ""),
        ("f(x$0);", ""),
        ("f($0) ;", ""),
        ("a\n  $0  ", ""),
        ("x$0   ", ""),
        ("a\n\n$0\n\nb", ""),
        ("x = $0 + 1", "in the middle of a line"),
        ("f($0, y)", "in the middle of a line"),
        ("x$0 = 1", "in the middle of a line"),
        ("fo$0o", "in the middle of a word"),
        ("fo$0o()", "in the middle of a word"),
        ("größ$0er = 1", "in the middle of a word"),
        ("a$0_b", "in the middle of a word"),
        ("$0x = 1", "in the middle of a line"),
        ("f(x$0) -> int:", "in the middle of a line"),
        ("def f():$0\n\nx = 1", ""),
        ("def f():$0\nx = 1", ""),
        ("$0", "nothing to go on yet"),
        ("\n\n  $0\n\n", "nothing to go on yet"),
    ],
)
def test_where_nobody_asked_only_good_places_get_a_suggestion(marked: str, reason: str) -> None:
    assert _reason(marked) == reason
    assert _reason(marked, invoked=True) == "", "who asks in so many words gets an answer"


@pytest.mark.parametrize("invoked", [True, False])
@pytest.mark.parametrize(
    ("marked", "changes", "reason"),
    [
        ("x = $0", {"enabled": False}, "switched off"),
        ("x = $0", {"disabled_languages": ("lua", "python")}, "switched off for python"),
        ("x = $0", {"uri": "file:///project/.env"}, "the file is excluded"),
        ("x" * 1_990 + "$0" + " " * 20, {}, "the line is too long"),
        ("$0\n" + "x" * 20_000_000, {}, "the file is too large"),
    ],
)
def test_switches_exclusions_and_sizes_hold_for_everybody(
    marked: str, changes: dict[str, object], reason: str, *, invoked: bool
) -> None:
    assert _reason(marked, invoked=invoked, **changes) == reason  # type: ignore[arg-type]  # a table's options


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
