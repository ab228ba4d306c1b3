"""What the local lane knows of installed libraries: found beside the project, kept for the document that imports them."""

import asyncio
import json
from pathlib import Path

import pytest

from typethrough.core.gate.rules import Folder
from typethrough.engine.libraries import Libraries
from typethrough.engine.workspace import LocalDisk
from typethrough.local.imported import Imported


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


def known(root: Path, name: str, language_id: str, text: str) -> Imported | None:
    folder = Folder(root.as_posix(), root.name)
    libraries = Libraries(LocalDisk(lambda: 0.0), lambda _uri: folder)
    return asyncio.run(libraries.imported((root / name).as_uri(), language_id, text))


def test_pythons_libraries_lie_in_the_projects_environment_and_in_the_standard_library(
    tmp_path: Path,
) -> None:
    packages = ".venv/lib/python3.12/site-packages"
    write(
        tmp_path,
        {
            ".venv/pyvenv.cfg": "home = /usr/bin\nversion = 3.12.1\n",
            f"{packages}/tea/__init__.py": "from .pot import brew, Pot\n\ndef pour(cup, sugar=0):\n    ...\n",
            f"{packages}/tea/pot.py": "def brew(leaves, minutes):\n    ...\n\ndef hidden():\n    ...\n\nclass Pot:\n    ...\n",
        },
    )
    found = known(
        tmp_path, "src/a.py", "python", "import tea\nimport shlex\nfrom tea import pot, pour as p\n"
    )
    assert found is not None
    assert {one.name: one.parameters for one in found.members["tea"]} == {
        "pour": ("cup", "sugar"),
        "brew": ("leaves", "minutes"),
        "Pot": None,
    }
    assert "quote" in {one.name for one in found.members["shlex"]}
    assert {one.name for one in found.members["pot"]} == {"brew", "hidden", "Pot"}
    assert [one.name for one in found.names] == ["p"]


@pytest.mark.parametrize(
    ("manifest", "place"),
    [
        ({"types": "./dist/index.d.ts"}, "tea/dist/index.d.ts"),
        ({"typings": "tea.d.ts"}, "tea/tea.d.ts"),
        ({"main": "index.js"}, "tea/index.d.ts"),
    ],
)
def test_scripts_libraries_lie_in_the_nearest_node_modules(
    tmp_path: Path, manifest: dict[str, str], place: str
) -> None:
    text = "export declare function brew(leaves: string, minutes: number): void;\nexport * from './more';\n"
    write(
        tmp_path,
        {
            "node_modules/tea/package.json": json.dumps(manifest),
            f"node_modules/{place}": text,
            f"node_modules/{place.rpartition('/')[0]}/more.d.ts": "export declare const sugar: number;\n",
        },
    )
    found = known(tmp_path, "src/deep/a.ts", "typescript", "import * as tea from 'tea'\n")
    assert found is not None
    assert {one.name: one.parameters for one in found.members["tea"]} == {
        "brew": ("leaves", "minutes"),
        "sugar": None,
    }


@pytest.mark.parametrize(
    ("language_id", "text"),
    [
        ("python", "import nothing_like_this\n"),
        ("python", "import ..\nfrom . import near\n"),
        ("python", ""),
        ("typescript", "import x from 'a/../../../secret'\n"),
        ("typescript", "import x from 'broken'\nimport y from 'outside'\nimport z from 'list'\n"),
        ("go", 'import "fmt"\n'),
    ],
)
def test_what_is_not_there_or_leads_elsewhere_is_not_read(
    tmp_path: Path, language_id: str, text: str
) -> None:
    write(
        tmp_path,
        {
            "project/node_modules/broken/package.json": "{",
            "project/node_modules/outside/package.json": json.dumps({"types": "../../../secret.d.ts"}),
            "project/node_modules/list/package.json": "[]",
            "secret.d.ts": "export declare const secret: string;\n",
        },
    )
    assert known(tmp_path / "project", "a.ts", language_id, text) is None


def test_a_document_outside_the_workspace_knows_the_standard_library_alone() -> None:
    libraries = Libraries(LocalDisk(lambda: 0.0), lambda _uri: None)
    found = asyncio.run(libraries.imported("file:///elsewhere/a.py", "python", "import shlex\n"))
    assert found is not None
    assert "quote" in {one.name for one in found.modules["shlex"]}


def test_nothing_is_read_while_the_local_lane_is_off() -> None:
    libraries = Libraries(LocalDisk(lambda: 0.0), lambda _uri: None, lambda: False)
    assert asyncio.run(libraries.imported("file:///elsewhere/a.py", "python", "import shlex\n")) is None
