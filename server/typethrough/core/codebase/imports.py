"""What a file imports, read from its text with patterns for each language. `paths` says which files an import means."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_MAX_IMPORTS = 200
# Imports stand near the top, so the rest of a long file is not searched.
_HEAD_CHARS = 40_000


class Import(NamedTuple):
    """A module as parts of a path, and the names imported from it.

    With `up` = 0 the path may begin anywhere in the workspace. With `up` = 1 it begins in the importing file's folder, with 2
    in the folder above that, and so on.
    """

    parts: tuple[str, ...]
    names: tuple[str, ...] = ()
    up: int = 0


_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_ALIAS = re.compile(r"\bas\s+[\w$]+")
# A text may be hostile. So each repetition is possessive or bounded, and no pattern tries the same stretch twice.
_PYTHON = re.compile(
    r"^[ \t]*+(?:from[ \t]++(\.*+)([\w.]*+)[ \t]*+\bimport\b[ \t]*+(\([^)]{0,4000}|(?:[^\n;#\\]|\\\r?\n)++)|"
    r"import[ \t]++([^\n;#]{1,1000}))",
    re.MULTILINE,
)
_SCRIPT = re.compile(
    r"""\bfrom\s*+(['"][^'"\n]+['"])|\b(?:require|import)\s*+\(\s*+['"]([^'"\n]+)['"]\s*+\)|"""
    r"""(?:^|[;\s])import\s*+['"]([^'"\n]+)['"]""",
    re.MULTILINE,
)
_SCRIPT_CLAUSE = re.compile(r"(?>.*\b(?:import|export)\b)([\w$\s,{}*]*)\Z", re.DOTALL)
_CLAUSE_CHARS = 4_000
_SCRIPT_COMMENT = re.compile(r"(?:^|(?<=\s))//[^\n]*+", re.MULTILINE)
_GO = re.compile(r'^[ \t]*+(?:import[ \t]++)?(?:[\w.]++[ \t]++)?"([\w./-]+)"', re.MULTILINE)
_RUST_USE = re.compile(
    r"^[ \t]*+(?:pub(?:\([^)\n]{0,100}\))?[ \t]++)?use[ \t]++([^;]{1,1000});", re.MULTILINE
)
_RUST_MOD = re.compile(r"^[ \t]*+(?:pub(?:\([^)\n]{0,100}\))?[ \t]++)?mod[ \t]++(\w++)[ \t]*+;", re.MULTILINE)
_DOTTED = re.compile(r"^[ \t]*+import[ \t]++(static[ \t]++)?([\w.]++)(\*?)", re.MULTILINE)
_INCLUDE = re.compile(r'^[ \t]*+#[ \t]*+include[ \t]*+["<]([^">\n]+)[">]', re.MULTILINE)
_RUBY = re.compile(r"""^[ \t]*+require(_relative)?[ \t(]++['"]([^'"\n]+)['"]""", re.MULTILINE)
_LUA = re.compile(r"""\brequire[ \t(]*+['"]([\w./-]+)['"]""")


def imports(text: str, language_id: str) -> list[Import]:
    """The imports in a file's text, in order, at most 200."""
    read = _READERS.get(language_id)
    if read is None:
        return []
    found = (one for one in read(text[:_HEAD_CHARS]) if one.parts or one.up)
    return list(islice(found, _MAX_IMPORTS))


def _python(text: str) -> Iterator[Import]:
    for dots, module, names, plain in _PYTHON.findall(text):
        for name in plain.split(",") if plain else ():
            # `import a.b as c` means a.b.
            yield Import(_parts(name.split(" as ")[0].strip(), "."))
        if not plain:
            wanted = _NAME.findall(_ALIAS.sub("", _PYTHON_COMMENT.sub("", names)))
            yield Import(_parts(module, "."), tuple(wanted), len(dots))


_PYTHON_COMMENT = re.compile(r"#[^\n]*")


def _script(text: str) -> Iterator[Import]:
    text = _SCRIPT_COMMENT.sub("", text)
    end = 0
    for found in _SCRIPT.finditer(text):
        begin, end = max(end, found.start() - _CLAUSE_CHARS), found.end()
        taken, called, alone = found.groups()
        # The imported names stand before `from`, back to the keyword. Searching backwards costs nothing in a text without
        # `from`.
        clause = _SCRIPT_CLAUSE.match(text, begin, found.start()) if taken else None
        if clause is not None:
            names = _NAME.findall(_ALIAS.sub("", clause[1]))
            yield _relative(taken[1:-1], tuple(name for name in names if name not in ("type", "default")))
        elif not taken:
            yield _relative(called or alone)


def _relative(path: str, names: tuple[str, ...] = ()) -> Import:
    """Read a path with slashes. It may begin in the file's own folder, or at the root by a usual alias such as "@"."""
    parts = list(_parts(path, "/"))
    if parts[:1] in (["@"], ["~"], ["#"]):
        del parts[0]
    up = 0
    while parts and parts[0] in (".", ".."):
        up += 1 if parts.pop(0) == ".." else 0
    return Import(tuple(parts), names, up + 1 if path.startswith(".") else 0)


def _parts(path: str, separator: str) -> tuple[str, ...]:
    return tuple(filter(None, path.split(separator)))


def _go(text: str) -> Iterator[Import]:
    for path in _GO.findall(text):
        if "/" in path or "." in path:
            yield Import(_parts(path, "/"))


def _rust(text: str) -> Iterator[Import]:
    for module in _RUST_MOD.findall(text):
        yield Import((module,), up=1)
    for used in _RUST_USE.findall(text):
        head, brace, group = _ALIAS.sub("", used).partition("{")
        steps = (piece.strip() for piece in head.split("::"))
        parts = [part for part in steps if part not in ("", "*", "crate", "self", "super")]
        if brace:
            yield Import(tuple(parts), tuple(_NAME.findall(group)))
        else:
            yield Import(tuple(parts[:-1] or parts), tuple(parts[-1:]))


def _dotted(text: str) -> Iterator[Import]:
    for static, path, star in _DOTTED.findall(text):
        parts = _parts(path, ".")
        if static and not star:
            parts = parts[:-1]
        yield Import(parts, () if star else parts[-1:])


def _include(text: str) -> Iterator[Import]:
    for path in _INCLUDE.findall(text):
        yield _relative(path)


def _ruby(text: str) -> Iterator[Import]:
    for relative, path in _RUBY.findall(text):
        yield _relative(f"./{path}" if relative else path)


def _lua(text: str) -> Iterator[Import]:
    for path in _LUA.findall(text):
        yield Import(_parts(path.replace(".", "/"), "/"))


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
