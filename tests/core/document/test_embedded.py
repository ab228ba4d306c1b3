"""Which language a place is in: tables of documents with a cursor."""

from __future__ import annotations

import pytest

from tests.support.cursor import parse
from typethrough.core.document.document import snapshot_of
from typethrough.core.document.embedded import language_at

FENCED = "# Use\n\n```{}\na = 1\n$0\n```\n"


@pytest.mark.parametrize(
    ("language", "marked", "is_in"),
    [
        ("markdown", FENCED.format("python"), ("python", 3)),
        ("markdown", FENCED.format("py"), ("python", 3)),
        ("markdown", FENCED.format("sh"), ("shellscript", 3)),
        ("markdown", FENCED.format("bash"), ("shellscript", 3)),
        ("markdown", FENCED.format("c++"), ("cpp", 3)),
        ("markdown", FENCED.format("{.rust}"), ("rust", 3)),
        ("markdown", FENCED.format("yml"), ("yaml", 3)),
        ("markdown", FENCED.format(""), ("markdown", 0)),
        ("markdown", FENCED.format("nosuchlanguage"), ("markdown", 0)),
        ("markdown", "```python\na\n```\n\nText $0\n", ("markdown", 0)),
        ("markdown", "```python\na\n```\n```js\n$0\n```\n", ("javascript", 4)),
        ("markdown", "~~~go\n$0\n~~~\n", ("go", 1)),
        ("markdown", "- item\n\n  ```ts\n  $0\n", ("typescript", 3)),
        ("markdown", "```py$0\n", ("markdown", 0)),
        ("python", FENCED.format("js"), ("python", 0)),
        ("vue", '<template>\n</template>\n<script setup lang="ts">\n$0\n</script>\n', ("typescript", 3)),
        ("vue", "<script>\na\n</script>\n<template>\n  $0\n</template>\n", ("vue", 0)),
        ("vue", '<style lang="scss" scoped>\n$0\n</style>\n', ("scss", 1)),
        ("html", "<script>\n$0\n</script>\n", ("javascript", 1)),
        ("html", '<script type="text/javascript" src="a.js"></script>\n$0\n', ("html", 0)),
        ("html", "<style>\n  $0\n</style>\n", ("css", 1)),
        ("svelte", "<script>\n$0\n</script>\n", ("javascript", 1)),
    ],
)
def test_a_block_is_in_the_language_that_its_beginning_names(
    language: str, marked: str, is_in: tuple[str, int]
) -> None:
    text, cursor = parse(marked)
    assert language_at(snapshot_of(text), cursor.line, language) == is_in
