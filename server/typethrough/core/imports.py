"""What a file imports, read from its text by patterns a language, and which file of the workspace that is.

Nothing is looked up anywhere: a module is found by the end of its path, so source roots, build files and path mappings need not
be known. What fits several files goes to the one nearest to who imports it.
"""

from __future__ import annotations

import re
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_MAX_IMPORTS = 200
# Imports stand near the top; the rest of a long file is not searched.
_HEAD_CHARS = 40_000


class Import(NamedTuple):
    """A module as parts of a path, and the names taken out of it.

    The path begins anywhere in the workspace; or, with `up` > 0, at the importing file's folder, that many levels less one up.
    """

    parts: tuple[str, ...]
    names: tuple[str, ...] = ()
    up: int = 0


_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_PYTHON = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n;#]+)|import[ \t]+([\w.]+(?:[ \t]*,[ \t]*[\w.]+)*))",
    re.MULTILINE,
)
_SCRIPT = re.compile(
    r"""(?:^|[;\s])(?:import|export)\s+(?:type\s+)?([^'";]{0,2000}?)\s*from\s*['"]([^'"\n]+)['"]|"""
    r"""(?:\brequire|\bimport)\s*\(\s*['"]([^'"\n]+)['"]\s*\)|(?:^|[;\s])import\s*['"]([^'"\n]+)['"]""",
    re.MULTILINE,
)
_GO = re.compile(r'^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"([\w./-]+)"', re.MULTILINE)
_RUST_USE = re.compile(r"^[ \t]*(?:pub(?:\([^)]*\))?[ \t]+)?use[ \t]+([^;]{1,1000});", re.MULTILINE)
_RUST_MOD = re.compile(r"^[ \t]*(?:pub(?:\([^)]*\))?[ \t]+)?mod[ \t]+(\w+)[ \t]*;", re.MULTILINE)
_DOTTED = re.compile(r"^[ \t]*import[ \t]+(?:static[ \t]+)?([\w.]+)", re.MULTILINE)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]+)[">]', re.MULTILINE)
_RUBY = re.compile(r"""^[ \t]*require(_relative)?[ \t(]+['"]([^'"\n]+)['"]""", re.MULTILINE)
_LUA = re.compile(r"""\brequire[ \t(]*['"]([\w./-]+)['"]""")


def imports(text: str, language_id: str) -> list[Import]:
    """The imports in a file's text, in their order, at most 200."""
    read = _READERS.get(language_id)
    if read is None:
        return []
    found: list[Import] = []
    for one in read(text[:_HEAD_CHARS]):
        if (one.parts or one.up) and len(found) < _MAX_IMPORTS:
            found.append(one)
    return found


def _python(text: str) -> Iterator[Import]:
    for dots, module, names, plain in _PYTHON.findall(text):
        if plain:
            for name in plain.split(","):
                yield Import(tuple(name.strip().split(".")))
            continue
        # `from a import b as c`: what is wanted is b.
        wanted = re.sub(r"\bas\s+\w+|#[^\n]*", "", names)
        yield Import(tuple(filter(None, module.split("."))), tuple(_NAME.findall(wanted)), len(dots))


def _script(text: str) -> Iterator[Import]:
    for names, *modules in _SCRIPT.findall(text):
        path = "".join(modules)
        wanted = tuple(
            name
            for name in _NAME.findall(re.sub(r"\bas\s+[\w$]+", "", names))
            if name not in ("type", "default")
        )
        yield _relative(path, wanted)


def _relative(path: str, names: tuple[str, ...] = ()) -> Import:
    """A path with slashes, perhaps from the file's own folder."""
    parts = [part for part in path.split("/") if part]
    up = 0
    while parts and parts[0] in (".", ".."):
        up += 1 if parts.pop(0) == ".." else 0
    return Import(tuple(parts), names, up + 1 if path.startswith(".") else 0)


def _go(text: str) -> Iterator[Import]:
    for path in _GO.findall(text):
        if "/" in path or "." in path:
            yield Import(tuple(part for part in path.split("/") if part))


def _rust(text: str) -> Iterator[Import]:
    for module in _RUST_MOD.findall(text):
        yield Import((module,), up=1)
    for used in _RUST_USE.findall(text):
        head, brace, group = used.partition("{")
        parts = [
            part
            for part in (piece.strip() for piece in head.split("::"))
            if part and part not in ("crate", "self", "super")
        ]
        names = _NAME.findall(re.sub(r"\bas\s+\w+", "", group)) if brace else parts[-1:]
        yield Import(tuple(parts if brace else parts[:-1] or parts), tuple(names))


def _dotted(text: str) -> Iterator[Import]:
    for path in _DOTTED.findall(text):
        parts = tuple(part for part in path.split(".") if part)
        yield Import(parts, parts[-1:])


def _include(text: str) -> Iterator[Import]:
    for path in _INCLUDE.findall(text):
        yield _relative(path)


def _ruby(text: str) -> Iterator[Import]:
    for relative, path in _RUBY.findall(text):
        yield _relative(f"./{path}" if relative else path)


def _lua(text: str) -> Iterator[Import]:
    for path in _LUA.findall(text):
        yield Import(tuple(part for part in re.split(r"[./]", path) if part))


_READERS: dict[str, Callable[[str], Iterable[Import]]] = {
    "python": _python,
    **dict.fromkeys(
        ("javascript", "javascriptreact", "typescript", "typescriptreact", "vue", "svelte"), _script
    ),
    "go": _go,
    "rust": _rust,
    **dict.fromkeys(("java", "kotlin", "scala"), _dotted),
    **dict.fromkeys(("c", "cpp", "objective-c", "cuda-cpp"), _include),
    "ruby": _ruby,
    "lua": _lua,
}


class Paths:
    """The workspace's files by the last parts of their paths."""

    def __init__(self) -> None:
        self._by_stem: dict[str, list[str]] = {}
        self._by_folder: dict[str, list[str]] = {}

    def add(self, path: str) -> None:
        """A file is there; adding one twice changes nothing."""
        for places, key in ((self._by_stem, stem(path)), (self._by_folder, _folder_name(path))):
            known = places.setdefault(key, [])
            if path not in known:
                known.append(path)

    def discard(self, path: str) -> None:
        """A file is gone."""
        for places, key in ((self._by_stem, stem(path)), (self._by_folder, _folder_name(path))):
            known = places.get(key, [])
            if path in known:
                known.remove(path)

    def named(self, name: str) -> list[str]:
        """The files whose name is `name` up to its first dot."""
        return self._by_stem.get(name, [])

    def beside(self, path: str) -> list[str]:
        """The files in the folder of `path`, without it."""
        folder = path.rpartition("/")[0]
        near = self._by_folder.get(_folder_name(path), ())
        return sorted(other for other in near if other != path and other.rpartition("/")[0] == folder)

    def imported(self, one: Import, importer: str) -> list[str]:
        """The files an import means, the best match first; empty when it lies outside the workspace."""
        if one.up:
            folder = PurePosixPath(importer).parent
            for _ in range(one.up - 1):
                folder = folder.parent
            return list(dict.fromkeys(chain.from_iterable(self._at(folder, way) for way in _ways(one))))
        found: dict[str, None] = {}
        for way in _ways(one):
            matches = [
                path for path in self._by_stem.get(way[-1], ()) if _ends_with(_module_parts(path), way)
            ]
            matches += [
                path for path in self._by_folder.get(way[-1], ()) if _ends_with(_folder_parts(path), way)
            ]
            # One part alone is too little to go by, unless it stands beside who imports it.
            if len(way) == 1 and not one.names:
                matches = [path for path in matches if _shared(path, importer) >= 1]
            found.update(dict.fromkeys(sorted(matches, key=lambda path: -_shared(path, importer))))
        return list(found)

    def _at(self, folder: PurePosixPath, way: tuple[str, ...]) -> list[str]:
        wanted = _normal((*folder.parts, *way))
        if not wanted:
            return []
        files = [path for path in self._by_stem.get(wanted[-1], ()) if _module_parts(path) == wanted]
        return files + [
            path
            for path in self._by_folder.get(wanted[-1], ())
            if _folder_parts(path) == wanted and stem(path) in _INDEXES
        ]


_ENOUGH_PARTS = 2
# What stands for its folder.
_INDEXES = frozenset(("__init__", "index", "mod", "lib", "init", "main"))
_SCRIPT_SUFFIX = re.compile(r"\.(?:d\.ts|[cm]?[jt]sx?|vue|svelte|h|hh|hpp|c|cc|cpp|rs|rb|lua|py|pyi)$")


def _ways(one: Import) -> Iterator[tuple[str, ...]]:
    """The paths an import may mean: a name taken out of a package may be a module of it, and the module itself comes first."""
    parts = (*one.parts[:-1], _SCRIPT_SUFFIX.sub("", one.parts[-1])) if one.parts else ()
    if parts:
        yield parts
    for name in one.names[:40]:
        yield (*parts, name)


def stem(path: str) -> str:
    """A file's name without what follows its first dot; a leading dot counts as part of the name."""
    name = path.rpartition("/")[2]
    return name[:1] + name[1:].split(".", 1)[0]


def _folder_name(path: str) -> str:
    return path.rpartition("/")[0].rpartition("/")[2]


def _module_parts(path: str) -> tuple[str, ...]:
    return (*path.split("/")[:-1], stem(path))


def _folder_parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[:-1])


def _ends_with(parts: tuple[str, ...], end: tuple[str, ...]) -> bool:
    """Whether a path ends as an import says; or is the end of it, when the workspace is a folder deep inside the package."""
    common = min(len(parts), len(end))
    return (common == len(end) or common >= _ENOUGH_PARTS) and parts[-common:] == end[-common:]


def _normal(parts: tuple[str, ...]) -> tuple[str, ...]:
    kept: list[str] = []
    for part in parts:
        if part == "..":
            if kept:
                kept.pop()
        elif part != ".":
            kept.append(part)
    return tuple(kept)


def _shared(one: str, other: str) -> int:
    """How many folders two paths share from the left."""
    count = 0
    for left, right in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if left != right:
            break
        count += 1
    return count
