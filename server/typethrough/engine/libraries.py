"""What the libraries define that an open document imports. They are read in the background, only for the local lane.

For Python, the virtual environments of the workspace and the standard library of this program are searched; for JavaScript, the
`node_modules` folders above the document. Modules and bytes are bounded, and parsing runs in a thread. Libraries' texts are
not kept.
"""

from __future__ import annotations

import asyncio
import json
import re
import sysconfig
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from typethrough.core.document.uris import place_of
from typethrough.core.outline import definitions
from typethrough.local.imported import Imported, Member, members, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from typethrough.core.gate.rules import Folder
    from typethrough.engine.ports import Workspace

_ENVIRONMENTS: Final = (".venv", "venv", "env")
_VERSION: Final = re.compile(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)", re.MULTILINE)
# Modules whose file in the standard library has another name.
_ELSEWHERE: Final = {"os.path": "posixpath"}
_MOST_MODULES: Final = 256
_MOST_FOLDERS_UP: Final = 12
# How many re-exports of a module from neighbouring files are followed.
_MOST_HANDED_ON: Final = 8
_MOST_CHARACTERS: Final = 200_000
_RELATIVE: Final = re.compile(
    r"^from[ \t]+\.([A-Za-z_]\w*)[ \t]+import[ \t]+(\([^)]{0,4000}\)|[^\n#]+)", re.MULTILINE
)
_EXPORTS: Final = re.compile(r"""^export[^'"\n]*\bfrom[ \t]+['"](\.{1,2}/[^'"\n]+)['"]""", re.MULTILINE)
_WORD: Final = re.compile(r"[A-Za-z_]\w*")


class Libraries:
    """The libraries that documents import.

    `folder_of` returns the workspace folder of a document. While `wanted` returns False, nothing is read.
    """

    def __init__(
        self,
        workspace: Workspace,
        folder_of: Callable[[str], Folder | None],
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._workspace = workspace
        self._folder_of = folder_of
        self._wanted = wanted
        # Keys are where a module was searched, and its name; the newest are last. Installed libraries are assumed not to
        # change.
        self._known: OrderedDict[tuple[tuple[str, ...], str], list[Member]] = OrderedDict()

    async def imported(self, uri: str, language_id: str, text: str) -> Imported | None:
        """What is known of the libraries that a document's text imports. None if it imports none that can be found."""
        if not self._wanted():
            return None
        found = [one for one in taken(text, language_id) if ".." not in one.module]
        if not found:
            return None
        above = self._above(uri)
        is_python = language_id == "python"
        read = self._python if is_python else self._script
        roots = tuple(
            await self._site_packages(above) if is_python else [f"{one}/node_modules" for one in above]
        )
        by_name: dict[str, Sequence[Member]] = {}
        modules: dict[str, Sequence[Member]] = {}
        names: list[Member] = []
        for one in found:
            known = modules[one.module] = await self._module(roots, one.module, read)
            if one.alias:
                by_name[one.alias] = known
            own = {member.name: member for member in known}
            for name, alias in one.names:
                if (member := own.get(name)) is not None:
                    names.append(member._replace(name=alias))
                elif is_python:
                    by_name[alias] = await self._module(roots, f"{one.module}.{name}", read)
        if "os" in by_name:
            by_name["os.path"] = await self._module(roots, "os.path", read)
        return Imported(by_name, modules, names) if any(modules.values()) or any(by_name.values()) else None

    async def _module(
        self,
        roots: tuple[str, ...],
        name: str,
        read: Callable[[Sequence[str], str], Coroutine[None, None, list[Member]]],
    ) -> list[Member]:
        key = (roots, name)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = await read(roots, name)
            if len(self._known) > _MOST_MODULES:
                self._known.popitem(last=False)
        return known

    def _above(self, uri: str) -> list[str]:
        """The folders above a document up to the workspace folder, the nearest first."""
        folder = self._folder_of(uri)
        if folder is None:
            return []
        found: list[str] = []
        place = place_of(uri)
        while len(found) < _MOST_FOLDERS_UP and place != folder.path and "/" in place:
            place = place.rpartition("/")[0]
            found.append(place)
        return found

    async def _site_packages(self, above: Sequence[str]) -> list[str]:
        environments = [f"{folder}/{name}" for folder in above for name in _ENVIRONMENTS]
        read = await self._workspace.texts([f"{one}/pyvenv.cfg" for one in environments])
        found = []
        for environment, text in zip(environments, read.texts, strict=True):
            if text and (version := _VERSION.search(text)):
                found.append(f"{environment}/lib/python{version[1]}.{version[2]}/site-packages")
                found.append(f"{environment}/Lib/site-packages")
        return [*found, place_of(sysconfig.get_path("stdlib"))]

    async def _python(self, roots: Sequence[str], module: str) -> list[Member]:
        path = _ELSEWHERE.get(module, module).replace(".", "/")
        forms = ("{}.pyi", "{}/__init__.pyi", "{}.py", "{}/__init__.py")
        places = [f"{root}/{form.format(path)}" for root in roots for form in forms]
        text = await self._first(places)
        own = await _outline(text, "python")
        names = {member.name for member in own}
        for neighbour, clause in _RELATIVE.findall(text)[:_MOST_HANDED_ON]:
            wanted = set(_WORD.findall(clause)) - names
            beside = [f"{root}/{path}/{neighbour}{end}" for root in roots for end in (".pyi", ".py")]
            other = await self._first(beside)
            own += [member for member in await _outline(other, "python") if member.name in wanted]
        return own

    async def _script(self, roots: Sequence[str], module: str) -> list[Member]:
        folders = [f"{root}/{name}" for root in roots for name in (module, _types(module))]
        read = await self._workspace.texts([f"{folder}/package.json" for folder in folders])
        for folder, manifest in zip(folders, read.texts, strict=True):
            entry = _declarations(manifest) if manifest else ""
            text = await self._first([f"{folder}/{entry}"]) if entry else ""
            if text:
                own = await _outline(text, "typescript")
                base = f"{folder}/{entry}".rpartition("/")[0]
                for path in _EXPORTS.findall(text)[:_MOST_HANDED_ON]:
                    bare = f"{base}/{path.removeprefix('./')}"
                    bare = re.sub(r"\.(?:[cm]?js|d\.[cm]?ts)$", "", bare)
                    other = await self._first([f"{bare}.d.ts", f"{bare}.d.mts", f"{bare}/index.d.ts"])
                    own += await _outline(other, "typescript")
                return own
        return []

    async def _first(self, places: Sequence[str]) -> str:
        """The text of the first file that exists."""
        read = await self._workspace.texts(places)
        return next((text for text in read.texts if text), "")[:_MOST_CHARACTERS]


async def _outline(text: str, language_id: str) -> list[Member]:
    if not text:
        return []
    return members(await asyncio.to_thread(definitions, text, language_id))


def _types(module: str) -> str:
    """The name of the separate package with a package's types."""
    return "@types/" + module.removeprefix("@").replace("/", "__")


def _declarations(manifest: str) -> str:
    """The file with type declarations that a package's manifest names."""
    try:
        told = json.loads(manifest)
    except ValueError:
        return ""
    found = told.get("types") or told.get("typings") if isinstance(told, dict) else None
    if not isinstance(found, str):
        return "index.d.ts"
    return "" if ".." in found else found.removeprefix("./")
