"""Which definitions of other files are chosen: by what connects them, within the room, and none that is there already."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.codebase.test_codebase import known
from typethrough.core.codebase.choice import choose
from typethrough.core.codebase.codebase import IDENTIFIER, Codebase
from typethrough.core.prompt.related import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILES = {
    "app/main.py": "from shop.store import Shop\nimport shop.tools\n\nShop().sell(1)\nshop.tools.wrap()\n",
    "shop/__init__.py": "",
    "shop/store.py": (
        'class Base:\n    def close(self): pass\n\nclass Shop(Base):\n    """Sells things."""\n    limit: int = 3\n'
        "    def sell(self, item): pass\n    @property\n    def open(self): pass\n    def _hidden(self): pass\n"
    ),
    "shop/tools.py": "def wrap(): pass\n\ndef unwrap(): pass\n",
    "shop/far.py": "def unrelated(): pass\n",
    "app/test_main.py": "def check_main(): pass\n",
    "app/beside.py": "def neighbour(): pass\n",
}


def told(
    codebase: Codebase, path: str, text: str, max_chars: int = 10_000, recent: Sequence[str] = ()
) -> dict[str, str]:
    """The chosen part by file, for a file of this text."""
    lines = {line.strip() for line in text.split("\n") if line.strip()}
    used = Counter(IDENTIFIER.findall(text))
    return dict(
        render(choose(codebase, path, used=used, present=lines, recent=recent, max_chars=max_chars)).files
    )


def of(files: Mapping[str, str], path: str, max_chars: int = 10_000) -> dict[str, str]:
    return told(known(files, "python"), path, files[path], max_chars)


def test_what_a_file_imports_is_told_with_what_encloses_it_and_documentation_where_it_counts() -> None:
    found = of(FILES, "app/main.py")

    assert found["shop/store.py"].startswith(
        "class Base:\n    def close(self):\nclass Shop(Base):\n    # Sells things.\n"
    )
    assert "    def sell(self, item):\n    @property\n    def open(self):" in found["shop/store.py"]
    assert found["shop/tools.py"] == "def wrap():\ndef unwrap():"
    assert "app/test_main.py" in found
    assert "shop/far.py" not in found


def test_what_is_taken_by_name_comes_first_and_brings_its_class_along() -> None:
    found = of(FILES, "app/main.py", max_chars=170)

    assert found["shop/store.py"].split("\n")[0] == "class Shop(Base):"


def test_a_file_never_tells_about_itself() -> None:
    files = {
        "a/main.py": "import a.main\nfrom . import main\ndef own(): pass\n",
        "a/b.py": "from a.main import own\n",
    }

    assert "a/main.py" not in told(known(files, "python"), "a/main.py", "own()", recent=["a/main.py"])


def test_what_stands_in_the_file_already_is_not_told_again() -> None:
    text = FILES["app/main.py"] + "def wrap():\n    pass\n"

    assert told(known(FILES, "python"), "app/main.py", text)["shop/tools.py"] == "def unwrap():"


def test_a_name_taken_through_barrels_is_told_from_where_it_is_defined() -> None:
    files = {
        "src/main.ts": "import { Deep } from './all'\n",
        "src/all/index.ts": "export * from './one'\n",
        "src/all/one.ts": "export { Deep } from '../../lib/deep.js'\n",
        "lib/deep.ts": "export class Deep {\n  go(n: number): void {}\n}\n",
    }
    found = told(known(files), "src/main.ts", files["src/main.ts"])

    assert found == {"lib/deep.ts": "export class Deep\n    go(n: number): void"}


def test_files_edited_lately_are_told_though_nothing_connects_them() -> None:
    codebase = known(FILES, "python")

    assert "shop/far.py" in told(codebase, "app/main.py", "x = 1", recent=["shop/far.py", "not/known.py"])
    assert "shop/far.py" not in told(codebase, "app/main.py", "x = 1")


@pytest.mark.parametrize("path", ["nowhere.py", "app/main.py"])
def test_of_nothing_nothing_is_told(path: str) -> None:
    assert choose(Codebase(), path, used={}, max_chars=1_000) == ()


_NAMES = st.sampled_from(["Shop", "sell", "go", "_x", "__init__", "very_long_name_of_something"])
_FILE = st.lists(
    st.builds(
        lambda name, kind, depth: "    " * depth + kind.format(name) + "\n",
        _NAMES,
        st.sampled_from(["class {}:", "@cached(1)\n    @other\n    def {}(s): pass", "def {}(a=\"<CURSOR>\"): pass", "{} = 1"]),
        st.integers(0, 1),
    ),
    max_size=12,
).map("".join)  # fmt: skip


@given(texts=st.lists(_FILE, min_size=1, max_size=6), max_chars=st.integers(0, 600), data=st.data())
def test_the_room_is_kept_to_the_character_and_the_same_files_give_the_same_text(
    texts: list[str], max_chars: int, data: st.DataObject
) -> None:
    files = {f"p/f{number}.py": text for number, text in enumerate(texts)}
    main = "".join(f"from p.f{number} import Shop, sell\n" for number in range(len(texts))) + "go()\n"
    files["p/main.py"] = main
    used = Counter(IDENTIFIER.findall(main))
    orders = [list(files), data.draw(st.permutations(list(files)))]
    rendered = [
        render(
            choose(
                known({path: files[path] for path in order}, "python"),
                "p/main.py",
                used=used,
                max_chars=max_chars,
            )
        )
        for order in orders
    ]

    assert len(rendered[0].text) <= max_chars
    assert rendered[0] == rendered[1]
