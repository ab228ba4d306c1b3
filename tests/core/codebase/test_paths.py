"""Which files an import means, by tables of small workspaces."""

from __future__ import annotations

import pytest

from typethrough.core.codebase.imports import imports
from typethrough.core.codebase.paths import Paths

_PACKAGE = (
    "src/pkg/__init__.py",
    "src/pkg/a.py",
    "src/pkg/sub/__init__.py",
    "src/pkg/sub/b.py",
    "tests/test_a.py",
    "run.py",
)
_SCRIPTS = ("src/a.ts", "src/a.test.ts", "src/b/index.ts", "src/b/c.tsx", "src/app.component.ts", "src/app.module.ts",
            "index.ts", "lib/d.js", "lib/d.d.ts")  # fmt: skip
_CRATE = ("src/main.rs", "src/a.rs", "src/a/b.rs")

_CASES = [
    ("python", _PACKAGE, "src/pkg/sub/b.py", "from pkg.a import x", ["src/pkg/a.py"]),
    ("python", _PACKAGE, "src/pkg/sub/b.py", "from ..a import x", ["src/pkg/a.py"]),
    ("python", _PACKAGE, "src/pkg/sub/b.py", "from .. import a", ["src/pkg/__init__.py", "src/pkg/a.py"]),
    ("python", _PACKAGE, "src/pkg/a.py", "from .sub import b", ["src/pkg/sub/__init__.py", "src/pkg/sub/b.py"]),
    ("python", _PACKAGE, "src/pkg/a.py", "from .sub.b import x", ["src/pkg/sub/b.py"]),
    ("python", _PACKAGE, "tests/test_a.py", "from pkg import a", ["src/pkg/__init__.py", "src/pkg/a.py"]),
    ("python", _PACKAGE, "tests/test_a.py", "import pkg.sub.b as c", ["src/pkg/sub/b.py"]),
    ("python", _PACKAGE, "tests/test_a.py", "import os.path", []),
    ("python", _PACKAGE, "run.py", "from ....x import y", []),
    ("python", ("a.py", "b.py"), "a.py", "import b", ["b.py"]),
    ("python", ("x/a.py", "y/b.py"), "x/a.py", "import b", []),
    ("python", ("one/u.py", "two/u.py"), "two/c.py", "from u import x", ["two/u.py", "one/u.py"]),
    ("typescript", _SCRIPTS, "src/b/c.tsx", "import { a } from '../a.js'", ["src/a.ts", "src/a.test.ts"]),
    ("typescript", _SCRIPTS, "src/a.ts", "import { b } from './b'", ["src/b/index.ts"]),
    ("typescript", _SCRIPTS, "src/b/c.tsx", "import b from '.'", ["src/b/index.ts"]),
    ("typescript", _SCRIPTS, "src/a.ts", "import x from '..'", ["index.ts"]),
    ("typescript", _SCRIPTS, "src/a.ts", "import { A } from './app.component'", ["src/app.component.ts"]),
    ("typescript", _SCRIPTS, "src/a.ts", "import { C } from '@/b/c'", ["src/b/c.tsx"]),
    ("typescript", _SCRIPTS, "src/a.ts", "import d from '../lib/d.js'", ["lib/d.js", "lib/d.d.ts"]),
    ("typescript", _SCRIPTS, "src/a.ts", "import fs from 'node:fs'", []),
    ("go", ("util/a.go", "util/b.go", "main.go"), "main.go", 'import "example.com/proj/util"', ["util/a.go", "util/b.go"]),
    ("go", ("internal/http/a.go", "main.go"), "main.go", 'import "net/http"', []),
    ("rust", (*_CRATE, "src/c/mod.rs"), "src/main.rs", "mod a;\nmod c;", ["src/a.rs", "src/c/mod.rs"]),
    ("rust", _CRATE, "src/a.rs", "mod b;", ["src/a/b.rs"]),
    ("rust", _CRATE, "src/main.rs", "use crate::a::b::C;", ["src/a/b.rs"]),
    ("java", ("main/java/com/x/Helper.java",), "test/T.java", "import com.x.Helper;", ["main/java/com/x/Helper.java"]),
    ("java", ("com/x/Util.java",), "com/y/T.java", "import static com.x.Util.make;", ["com/x/Util.java"]),
    ("c", ("a.c", "a.h", "b.h"), "a.c", '#include "b.h"', ["b.h"]),
    ("c", ("src/a.c", "include/lib/b.h"), "src/a.c", '#include <lib/b.h>', ["include/lib/b.h"]),
    ("ruby", ("lib/a/b.rb", "lib/a.rb"), "lib/a.rb", "require 'a/b'\nrequire_relative 'a/b'", ["lib/a/b.rb"]),
    ("lua", ("lua/p/q.lua", "lua/p/init.lua"), "lua/p/init.lua", "require('p.q')", ["lua/p/q.lua"]),
]  # fmt: skip


@pytest.mark.parametrize(("language", "files", "importer", "text", "meant"), _CASES)
def test_which_files_an_import_means(
    language: str, files: tuple[str, ...], importer: str, text: str, meant: list[str]
) -> None:
    for order in (files, files[::-1]):
        paths = Paths("proj")
        for path in order:
            paths.add(path)
        found = [path for one in imports(text, language) for path in paths.imported(one, importer)]
        assert list(dict.fromkeys(found)) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("from pkg.a import x", ["a.py"]),
        ("from pkg.sub import b", ["sub/b.py"]),
        ("from pkg import a", ["__init__.py", "a.py"]),
        ("import other.a", []),
    ],
)
def test_a_workspace_opened_inside_the_package_knows_its_own_name(text: str, meant: list[str]) -> None:
    paths = Paths("pkg")
    for path in ("__init__.py", "a.py", "sub/b.py"):
        paths.add(path)

    assert [path for one in imports(text, "python") for path in paths.imported(one, "sub/c.py")] == meant


def test_what_is_gone_is_not_meant_and_a_file_is_known_once() -> None:
    paths = Paths()
    for path in ("a/b.py", "a/b.py", "a/c.py"):
        paths.add(path)
    assert paths.named("b") == ["a/b.py"]
    assert paths.beside("a/b.py") == ["a/c.py"]

    paths.discard("a/b.py")
    paths.discard("a/b.py")

    assert paths.named("b") == []
    assert paths.beside("a/c.py") == []
