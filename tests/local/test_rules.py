"""What idioms, definitions and imports say at a cursor, before anybody asks how sure that is."""

import pytest

from typethrough.core.outline import definitions
from typethrough.local.idioms import by_idiom
from typethrough.local.imported import Imported, Member, Taken, by_import, members, taken
from typethrough.local.leads import Leads
from typethrough.local.lines import word_before
from typethrough.local.nearby import from_nearby
from typethrough.local.scene import Scene
from typethrough.local.signatures import by_definition
from typethrough.local.vocabulary import by_builtin


def parts(marked: str) -> tuple[str, str, list[str], list[str]]:
    """What stands before the word at `$0`, the word up to there, and the lines above and below that are not blank."""
    before, after = marked.split("$0")
    *above, prefix = before.split("\n")
    start = word_before(prefix)
    below = after.split("\n")[1:]
    return prefix[:start], prefix[start:], [line for line in above if line], [line for line in below if line]


def texts(leads: Leads) -> set[str]:
    return {lead.text for lead in leads}


@pytest.mark.parametrize(
    ("language_id", "marked", "expected"),
    [
        ("python", "if __$0", 'name__ == "__main__":'),
        ("python", "if __name__ =$0", '= "__main__":'),
        ("python", "if $0", None),
        ("python", "    els$0", "e:"),
        ("python", "with open(path) as $0", "f:"),
        ("python", "names = [name for $0", "name in "),
        ("python", "for item in range(len(rows))$0", ":"),
        ("python", "@property\n    d$0", "ef "),
        ("go", "\tfile, err := os.Open(path)\n\t$0", "if err != nil {"),
        ("go", "\tif err := run(); err != nil {\n\t$0", None),
        ("go", "for i := 0; i < n; $0", "i++ {"),
        ("typescriptreact", "const [openCount, $0", "setOpenCount] = useState("),
        ("javascript", "const [x, se$0", "tX] = useState("),
        ("javascript", "for (let i = 0; i < rows.length; $0", "i++) {"),
        ("java", "    public static void m$0", "ain(String[] args) {"),
        ("java", "for (int i = 0; $0", "i < "),
        ("c", "#ifndef POOL_H\n$0", "#define POOL_H"),
        ("c", "#ifndef POOL_H\n#def$0", "ine POOL_H"),
        ("cpp", "for (size_t row = 0; row < rows; $0", "row++) {"),
        ("rust", "#[cfg(test)]\n$0", "mod tests {"),
        ("rust", "mod tests {\n    us$0", "e super::*;"),
        ("php", "foreach ($users as $$0", "user) {"),
        ("ruby", "# froz$0", "en_string_literal: true"),
        ("lua", "for k, v in p$0", "airs("),
        ("shellscript", "set -eu$0", "o pipefail"),
        ("html", "<!D$0", "OCTYPE html>"),
        ("plaintext", "if __$0", None),
        ("python", "x = if __$0", None),
    ],
)
def test_an_idiom_is_proposed_where_nothing_else_begins_so(
    language_id: str, marked: str, expected: str | None
) -> None:
    known, partial, above, _ = parts(marked)
    leads = Leads()
    by_idiom(leads, language_id, known, partial, above)
    assert texts(leads) == ({expected} if expected else set())


@pytest.mark.parametrize(
    ("language_id", "marked", "expected"),
    [
        (
            "python",
            "    def __init__(self, path: str, mode: str = 'r') -> None:\n        $0",
            None,
        ),
        (
            "python",
            "    def __init__(self, path: str, mode: str = 'r') -> None:\n        self.$0",
            "path = path",
        ),
        (
            "python",
            "    def __init__(self, path, mode='r'):\n        self.path = path\n        $0",
            "self.mode = mode",
        ),
        (
            "python",
            "def __init__(\n    self,\n    path: dict[str, int],\n    *,\n    mode,\n):\n    self._path = path\n    self._$0",
            "mode = mode",
        ),
        ("python", "    def __init__(self, path):\n        self.path = path\n        $0", None),
        (
            "python",
            "    def __init__(self, path, mode):\n        self.path = path\n        run()\n        $0",
            None,
        ),
        ("python", "    def start(self, path, mode):\n        self.path = path\n        $0", None),
        (
            "python",
            "    def __init__(self, path, mode):\n        self.path = path\n        $0\n        self.mode = mode",
            None,
        ),
        (
            "typescript",
            "  constructor(name: string, age: number) {\n    this.name = name;\n    $0",
            "this.age = age;",
        ),
        ("javascript", "  constructor(name, age) {\n    super(name);\n    this.$0", "name = name;"),
        (
            "php",
            "    public function __construct(string $name, int $age)\n    {\n        $this->name = $name;\n        $0",
            "$this->age = $age;",
        ),
        ("ruby", "  def initialize(name, age)\n    @name = name\n    $0", "@age = age"),
        (
            "python",
            "def area(width, height):\n    ...\nwidth = 1\nheight = 2\nprint(area($0",
            "width, height)",
        ),
        (
            "python",
            "def area(width, height):\n    ...\nwidth = 1\nheight = 2\nself.area($0",
            "width, height)",
        ),
        ("python", "def area(width, height):\n    ...\nwidth = 1\nheight = 2\nother.area($0", None),
        (
            "python",
            "def area(width, height):\n    ...\nwidth = 1\nheight = 2\nsize = area($0",
            "width, height)",
        ),
        ("python", "def area(width, height):\n    ...\nwidth = 1\nsize = area($0\nheight = 2", None),
        ("python", "def area(width):\n    ...\nwidth = 1\nsize = area($0", None),
        (
            "go",
            "func area(width, height int) int {\n}\nwidth, height := 1, 2\nsize := area(w$0",
            "idth, height)",
        ),
    ],
)
def test_a_definition_says_what_follows(language_id: str, marked: str, expected: str | None) -> None:
    known, partial, above, below = parts(marked)
    leads = Leads()
    by_definition(leads, language_id, known, partial, Scene(above, below))
    assert texts(leads) == ({expected} if expected else set())


@pytest.mark.parametrize(
    ("language_id", "text", "expected"),
    [
        ("python", "import os\nimport numpy as np, json\n", ["os=os", "numpy=np", "json=json"]),
        ("python", "from a.b import (\n    c,\n    d as e,\n)\n", ["a.b: c=c d=e"]),
        ("python", "from .near import c\n", []),
        (
            "typescript",
            "import React, { useState, memo as m } from 'react'\n",
            ["react=React: useState=useState memo=m"],
        ),
        ("typescript", 'import * as path from "node:path";\n', ["node:path=path"]),
        ("typescript", "import type { Plugin } from 'vite'\n", ["vite: Plugin=Plugin"]),
        (
            "javascript",
            "const fs = require('fs')\nconst { join } = require('path')\n",
            ["fs=fs", "path: join=join"],
        ),
        ("javascript", "import x from './near'\n", []),
        ("go", 'import "fmt"\n', []),
    ],
)
def test_what_a_file_imports(language_id: str, text: str, expected: list[str]) -> None:
    def told(one: Taken) -> str:
        names = " ".join(f"{name}={alias}" for name, alias in one.names)
        return one.module + (f"={one.alias}" if one.alias else "") + (f": {names}" if names else "")

    assert [told(one) for one in taken(text, language_id)] == expected


def test_the_members_of_a_library_are_what_it_defines_at_its_top() -> None:
    python = "LIMIT = 3\ndef quote(s, *, safe=''):\n    def inner():\n        ...\nclass Lexer:\n    def run(self): ...\n"
    assert members(definitions(python, "python")) == [
        Member("LIMIT", None),
        Member("quote", ("s", "safe")),
        Member("Lexer", None),
    ]
    typescript = "export declare function join(a: string, b: string): string;\nexport interface Options { deep: boolean }\n"
    assert [one.name for one in members(definitions(typescript, "typescript"))] == ["join", "Options"]
    namespace = "declare namespace React {\n  function useState<S>(initial: S): void;\n  interface Props { key: string }\n}\n"
    found = [one.name for one in members(definitions(namespace, "typescript"))]
    assert "useState" in found
    assert "key" not in found


SHLEX = [
    Member("quote", ("s",)),
    Member("split", ("s", "posix")),
    Member("shlex", None),
    Member("_hidden", ()),
]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("x = shlex.q", {"uote("}),
        ("x = shlex.", {"quote(", "split(", "shlex"}),
        ("x = shlex._", {"hidden()"}),
        ("from shlex import q", {"uote"}),
        ("from shlex import split, q", {"uote"}),
        ("x = other.q", set()),
        ("x = sp", {"lit("}),
        ("x = thing.sp", set()),
        ("x = ", set()),
        ("x = shlex.quote", set()),
    ],
)
def test_a_librarys_names_stand_behind_its_name(prefix: str, expected: set[str]) -> None:
    imported = Imported({"shlex": SHLEX}, {"shlex": SHLEX}, [SHLEX[1]])
    known, partial, _, _ = parts(prefix + "$0")
    leads = Leads()
    by_import(leads, imported, known, partial)
    assert texts(leads) == expected


def test_of_many_names_that_fit_none_is_proposed() -> None:
    many = [Member(f"name{number}", None) for number in range(40)]
    leads = Leads()
    by_import(leads, Imported({"lib": many}, {}, ()), "lib.", "")
    assert not len(leads)


@pytest.mark.parametrize(
    ("language_id", "marked", "expected"),
    [
        ("python", "total = 1\nx = to$0", {"tal"}),
        ("python", "# the total here\n# a to$0", set()),
        ("python", 'total = 1\nx = "a to$0', set()),
        ("python", "total = 1\n    of the big to$0", set()),
        ("python", "class A:\n    def f(self):\n        return se$0", {"lf"}),
        ("python", "def f():\n    return 1\nx.re$0", set()),
        ("rust", "fn go<'a>(total: u8) {\nlet x = to$0", {"tal"}),
    ],
)
def test_a_half_typed_name_is_one_that_may_stand_there(
    language_id: str, marked: str, expected: set[str]
) -> None:
    known, partial, above, below = parts(marked)
    leads = Leads()
    from_nearby(leads, language_id, known, partial, Scene(above, below))
    assert texts(leads) == expected


@pytest.mark.parametrize(
    ("language_id", "marked", "expected"),
    [
        ("python", "text.repl$0", {"ace("}),
        ("python", "x = isin$0", {"stance("}),
        ("python", "repl$0", set()),
        ("typescriptreact", "rows.forE$0", {"ach("}),
        ("go", "x = a$0", set()),
        ("plaintext", "x = isin$0", set()),
    ],
)
def test_what_is_built_in_is_known_from_the_first_line_on(
    language_id: str, marked: str, expected: set[str]
) -> None:
    known, partial, _, _ = parts(marked)
    leads = Leads()
    by_builtin(leads, language_id, known, partial)
    assert texts(leads) == expected
