"""What is known of a workspace: against a model that keeps everything and looks through all of it, and through barrels."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.permits import put
from typethrough.core.codebase import codebase as module
from typethrough.core.codebase.codebase import Codebase, Digest, digest, digest_of
from typethrough.core.codebase.imports import Import
from typethrough.core.codebase.paths import Paths
from typethrough.core.outline.definition import Definition

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS = st.text(
    st.sampled_from(["a", "é", " ", "\n", "\r", "\x1e", "\x1f", "\0", "\udcff", "\u2028"]), max_size=12
)
_DEFINITIONS = st.builds(
    Definition, _TEXTS, st.integers(0, 9), st.integers(0, 9), st.integers(0, 20), _TEXTS, _TEXTS
)


def known(files: Mapping[str, str], language: str = "typescript", root_name: str = "") -> Codebase:
    codebase = Codebase(root_name)
    for path, text in files.items():
        put(codebase, digest(path, text, language))
    return codebase


@given(found=st.lists(_DEFINITIONS, max_size=8))
def test_a_digest_gives_back_what_it_was_made_of_whatever_a_file_says(found: list[Definition]) -> None:
    rows = list(digest_of("a", found, ()).rows())

    def plain(text: str) -> str:
        return text.replace("\x1e", " ").replace("\x1f", " ")

    assert [(row.number, row.name, row.depth) for row in rows] == [
        (number, one.name, min(one.depth, 9)) for number, one in enumerate(found)
    ]
    assert [row.signature for row in rows] == [plain(one.signature) for one in found]
    assert [row.doc for row in rows] == [plain(one.doc).replace("\n", " ") for one in found]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('API_KEY = "sk-proj-0123456789abcdefghij"', 'API_KEY = "__HIDDEN_openai__"'),
        ("KEYS = {'a': 'AKIAIOSFODNN7EXAMPLE', 'b': 'x'}", "KEYS = {'a': '__HIDDEN_aws__', 'b': 'x'}"),
        ("def pay(token='sk-live-51H8 aBcDeFg ef'): ...", "def pay(token='__HIDDEN_secret__'):"),
        ('URL = "postgres://user:p\'assw0rd@host/db"', 'URL = "postgres://user:__HIDDEN_password__@host/db"'),
        ('PASSWORD = "hunter2"', 'PASSWORD = "__HIDDEN_password__"'),
        ('def connect(host="localhost", greeting="hello to all of you"): ...', None),
        ('MODE = "short"', None),
    ],
)
def test_a_string_that_may_be_a_key_is_not_kept(text: str, kept: str | None) -> None:
    (row,) = digest("a.py", text, "python").rows()
    assert row.signature == (kept or text.removesuffix(" ..."))


def test_a_key_in_a_comment_or_in_a_macro_is_not_kept_either() -> None:
    (row,) = digest("a.py", "# token sk-live-51H8aBcDeFgHiJk\nclass Pay:\n    pass\n", "python").rows()
    assert row.doc == "token __HIDDEN_key__"
    (row,) = digest("a.c", '#define API_KEY "abc123def456"\n', "c").rows()
    assert row.signature == '#define API_KEY "__HIDDEN_secret__"'


def test_a_file_of_thousands_of_definitions_is_known_by_its_first() -> None:
    found = [Definition(f"d{number}", number, number, 0, "d") for number in range(5_000)]

    assert [row.name for row in digest_of("a", found, ()).rows()] == [f"d{number}" for number in range(600)]


class Naive:
    """Keeps the files and looks through all of them each time."""

    def __init__(self) -> None:
        self.files: dict[str, Digest] = {}

    def defining(self, name: str) -> set[str]:
        found = {path for path, file in self.files.items() if name in file.names}
        return found if len(found) < module._COMMON_FILES else set()

    def imported_by(self, path: str) -> list[str]:
        paths = Paths()
        for known_path in self.files:
            paths.add(known_path)
        file = self.files.get(path)
        found = [target for one in file.imports for target in paths.imported(one, path)[:4]] if file else []
        return [target for target in dict.fromkeys(found) if target != path]

    def importers(self, path: str) -> set[str]:
        return {other for other in self.files if path in self.imported_by(other)}


_NAMES = ("a", "b", "c")
_PATHS = [f"{folder}{name}.py" for folder in ("", "p/", "p/q/") for name in (*_NAMES, "__init__")]


def _random_file(rng: random.Random) -> Digest:
    found = [Definition(rng.choice("ABCDE"), 0, 0, 0, "s") for _ in range(rng.randint(0, 4))]
    imported = [
        Import(
            tuple(rng.choices((*_NAMES, "p", "q"), k=rng.randint(0, 2))),
            tuple(rng.choices((*_NAMES, "A"), k=rng.randint(0, 2))),
            rng.randint(0, 3),
        )
        for _ in range(rng.randint(0, 4))
    ]
    return digest_of(rng.choice(_PATHS), found, [one for one in imported if one.parts or one.up])


@given(seed=st.integers(0, 2**32), steps=st.integers(1, 25))
def test_files_that_come_change_and_go_leave_what_looking_through_all_would_find(
    seed: int, steps: int
) -> None:
    rng = random.Random(seed)
    codebase, naive = Codebase(), Naive()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_COMMON_FILES", 4)
        for _ in range(steps):
            if rng.random() < 0.3:
                path = rng.choice(_PATHS)
                codebase.discard(path)
                naive.files.pop(path, None)
            else:
                file = _random_file(rng)
                put(codebase, file)
                naive.files[file.path] = file
            asked = rng.sample(_PATHS, 3)
            assert {name: set(codebase.defining(name)) for name in "ABCDE"} == {
                name: naive.defining(name) for name in "ABCDE"
            }
            assert [list(codebase.imported_by(path)) for path in asked] == [
                naive.imported_by(path) for path in asked
            ]
            assert [codebase.importers(path) for path in asked] == [naive.importers(path) for path in asked]
    assert set(codebase.paths()) == set(naive.files)
    assert len(codebase) == len(naive.files)


def test_when_all_are_gone_nothing_is_kept() -> None:
    rng = random.Random(1)
    codebase = Codebase()
    for _ in range(200):
        put(codebase, _random_file(rng))
    for path in codebase.paths():
        codebase.discard(path)

    assert not any((codebase._files, codebase._defining, codebase._wanting, codebase._imported))
    assert not any((codebase._paths._by_stem, codebase._paths._by_folder, codebase._row_count))


def test_what_would_make_the_whole_too_large_stays_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_ALL_ROWS", 3)
    two = [Definition("a", 0, 0, 0, "a"), Definition("b", 0, 0, 0, "b")]
    codebase = Codebase()
    put(codebase, digest_of("x", two, ()))
    put(codebase, digest_of("y", two, ()))
    assert codebase.paths() == ("x",)

    put(codebase, digest_of("x", two[:1], ()))
    put(codebase, digest_of("y", two, ()))

    assert codebase.paths() == ("x", "y")


def test_the_version_moves_with_each_change_and_not_without_one() -> None:
    codebase = Codebase()
    versions = [codebase.version]
    for file in (digest_of("x", (), ()), digest_of("x", (), ()), digest_of("x", (), [Import(("a",))])):
        put(codebase, file)
        versions.append(codebase.version)
    codebase.discard("none")
    codebase.discard("x")

    assert versions == [0, 1, 1, 2]
    assert codebase.version == 3


_BARRELS = {
    "src/main.ts": "import { Deep, Near, Lost } from './all'",
    "src/all/index.ts": "export * from './one'\nexport { Near } from './near'\nexport * from './round'",
    "src/all/one.ts": "export * from '../two.js'",
    "src/two.ts": "export * from './deep/thing'",
    "src/deep/thing.ts": "export class Deep {\n  go(): void {}\n}",
    "src/all/near.ts": "export function Near(): number {\n  return 1\n}",
    "src/all/round.ts": "export * from './index'\nexport * from './round'",
}


@pytest.mark.parametrize(
    ("name", "definer"), [("Deep", "src/deep/thing.ts"), ("Near", "src/all/near.ts"), ("Lost", "")]
)
def test_a_name_is_followed_through_barrels_and_round_cycles_to_who_defines_it(
    name: str, definer: str
) -> None:
    codebase = known(_BARRELS)

    assert codebase.definer(name, "src/all/index.ts") == definer


def test_a_name_is_followed_through_a_packages_init() -> None:
    files = {
        "pkg/__init__.py": "from .core import Thing as Thing\nfrom .other import *",
        "pkg/core.py": "class Thing:\n    pass",
        "pkg/other.py": "def helper():\n    pass",
    }
    codebase = known(files, "python")

    assert codebase.definer("Thing", "pkg/__init__.py") == "pkg/core.py"
    assert codebase.definer("helper", "pkg/__init__.py") == "pkg/other.py"
    assert codebase.definer("helper", "nowhere.py") == ""


def test_a_chain_of_a_thousand_barrels_is_given_up() -> None:
    codebase = known({f"b{number}.ts": f"export * from './b{number + 1}'" for number in range(1_000)})

    assert codebase.definer("x", "b0.ts") == ""


def test_a_file_that_comes_later_is_imported_by_who_was_waiting_for_it() -> None:
    codebase = known({"src/main.ts": _BARRELS["src/main.ts"]})
    assert codebase.imported_by("src/main.ts") == ()

    put(codebase, digest("src/all/index.ts", "", "typescript"))
    assert codebase.imported_by("src/main.ts") == ("src/all/index.ts",)
    assert codebase.importers("src/all/index.ts") == {"src/main.ts"}

    codebase.discard("src/all/index.ts")
    assert codebase.imported_by("src/main.ts") == ()
