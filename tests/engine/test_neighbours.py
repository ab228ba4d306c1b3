"""Pieces of other open documents, where something was just changed."""

from __future__ import annotations

import pytest

from tests.support.permits import tell
from typethrough.core.document.document import Document, snapshot_of
from typethrough.core.prompt.layout import PromptState
from typethrough.core.prompt.related import render
from typethrough.engine import neighbours
from typethrough.engine.neighbours import Neighbour, just_edited, read

# Lines of a key that are not known as such one by one.
_KEY = [f"aGVsbG9zaGVsbG9z{n:03}" for n in range(50)]


def _neighbour(name: str, text: str) -> Neighbour:
    permit = tell(name)
    snapshot = Document(f"file:///project/{name}", "python", 1, text).snapshot
    return Neighbour(permit, "python", snapshot, PromptState(permit, "python", "project"))


@pytest.mark.parametrize(
    ("lines", "secret"),
    [
        (["password = (", '    "correcthorse"', ")"], "correcthorse"),
        (["password = (", "", "", '    "correcthorse"', ")"], "correcthorse"),
        (["-----BEGIN RSA PRIVATE KEY-----", *_KEY, "-----END RSA PRIVATE KEY-----"], "aGVsbG9za"),
    ],
)
def test_a_piece_that_begins_in_a_secret_does_not_tell_it(lines: list[str], secret: str) -> None:
    text = "\n".join([*("x = 1" for _ in range(30)), *lines, *("y = 1" for _ in range(30))])
    main, other = _neighbour("src/main.py", "z = 1\n"), _neighbour("src/other.py", text)
    seen = read("src/main.py", "python", main.snapshot, lambda: False)
    other.edited_s = 0.0
    for line in range(20, 30 + len(lines) + 15):
        other.edited_line = line
        excerpts = just_edited(main, seen, [main, other], 1.0)
        assert excerpts
        assert secret not in render([], excerpts).text


def test_of_a_document_too_long_to_be_read_the_beginning_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_LOOKED_AT_CHARS", 2_000)
    text = "".join(f"def name_{number}(): pass\n" for number in range(5_000))
    seen = neighbours.read("a.py", "python", snapshot_of(text), lambda: False)
    assert seen.definitions[0].name == "name_0"
    assert len(seen.definitions) < 200
