"""What a file's text imports, a table a language; and that no text, however it is made, is slow to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typethrough.core.codebase import imports as module
from typethrough.core.codebase.imports import Import, imports

LANGUAGES = sorted(module._READERS)

_PYTHON = [
    ("import a", [Import(("a",))]),
    ("import a.b, c", [Import(("a", "b")), Import(("c",))]),
    ("import a.b as c, d as e  # why", [Import(("a", "b")), Import(("d",))]),
    ("from a.b import c", [Import(("a", "b"), ("c",))]),
    ("from a import b as c, d", [Import(("a",), ("b", "d"))]),
    ("from . import x", [Import((), ("x",), 1)]),
    ("from .a import x", [Import(("a",), ("x",), 1)]),
    ("from ...a.b import x", [Import(("a", "b"), ("x",), 3)]),
    ("from a import *", [Import(("a",))]),
    ("from a import (\n    b,  # of c\n    d as e,\n)\n", [Import(("a",), ("b", "d"))]),
    ("from a import(b)", [Import(("a",), ("b",))]),
    ("from a import b, \\\n    c\nx = 1", [Import(("a",), ("b", "c"))]),
    ("if TYPE_CHECKING:\r\n    from a import b\r\n", [Import(("a",), ("b",))]),
    ("try: pass\nfrom a import b; x = c", [Import(("a",), ("b",))]),
    ("important = from_a\nraise e from None", []),
]
_SCRIPT = [
    ("import x from './x.js'", [Import(("x.js",), ("x",), 1)]),
    (
        'import React, { useState as state, type Ref } from "react";',
        [Import(("react",), ("React", "useState", "Ref"))],
    ),
    ("import { default as a, b } from '../c'", [Import(("c",), ("b",), 2)]),
    ("import type { A } from './a'", [Import(("a",), ("A",), 1)]),
    ("import * as ns from '../../a/b'", [Import(("a", "b"), (), 3)]),
    ("export * from './a'", [Import(("a",), (), 1)]),
    ("export { a, b as c } from './d'", [Import(("d",), ("a", "b"), 1)]),
    ("import './style.css'", [Import(("style.css",), (), 1)]),
    (
        "const a = require('./a'); const b = await import('./b')",
        [Import(("a",), (), 1), Import(("b",), (), 1)],
    ),
    ("import {\n  a, // export of x\n  b,\n} from './c'\n", [Import(("c",), ("a", "b"), 1)]),
    ("export const a = b\nimport { c } from './d'", [Import(("d",), ("c",), 1)]),
    ("import{a}from'./b';import c from'./d'", [Import(("b",), ("a",), 1), Import(("d",), ("c",), 1)]),
    ("import b from '@/lib/b'\nimport c from '~/c'", [Import(("lib", "b"), ("b",)), Import(("c",), ("c",))]),
    ("import a from '.'\nimport b from '..'", [Import((), ("a",), 1), Import((), ("b",), 2)]),
    ("// import a from './a'\nconst x = Array.from('abc')", []),
]
_OTHERS = [
    ("go", 'import "fmt"\nimport u "example.com/me/util"', [Import(("example.com", "me", "util"))]),
    ("go", 'import (\n\t"os"\n\t_ "a.b/c"\n)', [Import(("a.b", "c"))]),
    ("rust", "mod a;\npub(crate) mod b;", [Import(("a",), (), 1), Import(("b",), (), 1)]),
    ("rust", "use crate::a::b::C;", [Import(("a", "b"), ("C",))]),
    ("rust", "pub use super::a::{B, c as d};", [Import(("a",), ("B", "c"))]),
    ("rust", "use a::b as c;\nuse a::*;", [Import(("a",), ("b",)), Import(("a",), ("a",))]),
    ("java", "import com.x.Helper;", [Import(("com", "x", "Helper"), ("Helper",))]),
    ("java", "import static com.x.Util.make;", [Import(("com", "x", "Util"), ("Util",))]),
    ("java", "import com.x.*;", [Import(("com", "x"))]),
    ("kotlin", "import com.x.Helper as H", [Import(("com", "x", "Helper"), ("Helper",))]),
    ("c", '#include "a/b.h"\n # include <c.h>', [Import(("a", "b.h")), Import(("c.h",))]),
    ("cpp", '#include "../a.hpp"', [Import(("a.hpp",), (), 2)]),
    ("ruby", "require 'a/b'\nrequire_relative \"c\"", [Import(("a", "b")), Import(("c",), (), 1)]),
    ("lua", "local a = require 'a.b'\nlocal c = require(\"c\")", [Import(("a", "b")), Import(("c",))]),
    ("plaintext", "import a", []),
    ("", "", []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        *(("python", text, found) for text, found in _PYTHON),
        *(("typescript", text, found) for text, found in _SCRIPT),
        *_OTHERS,
    ],
)
def test_what_a_text_imports(language: str, text: str, found: list[Import]) -> None:
    assert imports(text, language) == found


def test_no_more_than_200_imports_are_told_and_only_the_head_is_read() -> None:
    assert len(imports("import a\n" * 1_000, "python")) == 200
    assert imports(" " * 50_000 + "\nimport a", "python") == []


# Each of these took a pattern that tries again from every place seconds or minutes. pytest's own time limit is what fails here.
_HOSTILE = {
    **{text: text * (100_000 // len(text)) for text in (".", " ", "\t", "'", "#", "(", "import ", "import\n", "export ")},
    **{text: text * (100_000 // len(text)) for text in ("import {", "from a import (", "require(", "use a::{", "mod a\n")},
    **{text: text * (100_000 // len(text)) for text in ("from ", "import a from ", "as ", "from a import b\\\n", "//")},
    "dots": "from " + "." * 100_000,
    "spaces": ("import" + " " * 9_000) * 9,
    "names": "import " + "a." * 50_000,
    "commas": "import " + "a," * 50_000,
    "visibility": "pub(" * 20_000 + "use",
    "clauses": ("import " * 500 + "= from 'x'\n") * 20,
    "late": "import " * 280 + "from" + " " * 38_000,
}  # fmt: skip


@pytest.mark.parametrize("text", _HOSTILE.values(), ids=map(repr, _HOSTILE))
def test_a_text_made_to_be_slow_is_read_all_the_same(text: str) -> None:
    for language in LANGUAGES:
        assert len(imports(text, language)) <= 200


_PIECES = st.sampled_from(
    ["import ", "from ", "export ", "require", "(", ")", "{", "}", "'", '"', "a", "b.c", "./x", "..", "*", ",", ";",
     "\n", "\r\n", "\0", "\udcff", "use ", "mod ", "::", "#include ", "<", ">", "as ", "type ", "\\", "//", " ", "é"]
)  # fmt: skip


@given(text=st.lists(_PIECES, max_size=40).map("".join) | st.text(), language=st.sampled_from(LANGUAGES))
def test_any_text_gives_paths_without_empty_parts(text: str, language: str) -> None:
    for one in imports(text, language):
        assert one.parts or one.up
        assert all(one.parts)
        assert all(one.names)
        assert one.up >= 0
