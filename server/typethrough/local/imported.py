"""Leads from a file's imports: the names that installed libraries define, and the parameters of their functions.

This module knows how imports name things, what is known of a library, and what of it fits at a cursor. It does not know where
libraries are on disk, or how likely a lead is right. What it knows is only suggested in the document that has the import.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from typethrough.core.remembered import remembered
from typethrough.local.lines import KEYWORDS
from typethrough.local.signatures import parameters_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from typethrough.core.outline.definition import Definition
    from typethrough.local.leads import Leads

_HEAD_CHARACTERS: Final = 20_000
_MOST_IMPORTS: Final = 60
_MOST_MEMBERS: Final = 600
_BYTES_TO_DOUBLE: Final = 2
_WEIGHT: Final = 4.0
# If more names than this fit, none of them is likely.
_MOST_FITTING: Final = 12
_CALLED: Final = re.compile(
    r"^(?:async )?(?:def|function)\b|^(?:export )?(?:declare )?(?:async )?function\b", re.MULTILINE
)
_NAMESPACE: Final = re.compile(r"^(?:export )?(?:declare )?(?:namespace|module)\b")
_BEHIND_NAME: Final = re.compile(r"([A-Za-z_$][\w$.]*)\.$")
_FROM: Final = re.compile(r"\s*from ([\w.]+) import (?:\(?\s*|.*,\s*)$")
_PYTHON: Final = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*[\w.]+)[ \t]+import[ \t]+(\([^)]{0,2000}\)|[^\n;#]+)|import[ \t]+([^\n;#]{1,500}))",
    re.MULTILINE,
)
_SCRIPT: Final = re.compile(
    r"""^[ \t]*(?:import[ \t]+(?:type[ \t]+)?([^'";=]{1,2000}?)[ \t]+from[ \t]+['"]([^'"\n]+)['"]"""
    r"""|(?:const|let|var)[ \t]+([^=;]{1,2000}?)[ \t]*=[ \t]*require\([ \t]*['"]([^'"\n]+)['"][ \t]*\))""",
    re.MULTILINE,
)
# The path of a module in a line that imports something. Code does not name it.
_PATH: Final = re.compile(
    r"""^\s*(?:from\s+([\w.]+)\s+import\b|(?:import|(?:pub )?use|using)\s+(?:static\s+)?((?:\w+(?:\.|::|\\))+)"""
    r"""|\#\s*include\s*([<"].*))"""
    r"""|\b(?:from|import|require|require_relative|include)\b\s*\(?\s*(["'][^"']*["'])"""
)
_WHOLE: Final = re.compile(r"\s*import\s+[\w., ]+$")
_GO: Final = re.compile(r'\s*(?:import )?(?:[\w.]+ )?"([\w./-]+)"$')
_IMPORTING: Final = re.compile(r"\b(?:from|import|use|using|require\w*|include)\b|[\"'/<]$")
_AS: Final = re.compile(r"([\w$.]+)(?:\s+as\s+|\s*:\s*)?([\w$]*)")
_NO_SCRIPT: Final = frozenset(("type", "default"))
_SCRIPTS: Final = ("javascript", "javascriptreact", "typescript", "typescriptreact", "vue", "svelte")


class Member(NamedTuple):
    """A name that a library defines, and its parameters. None if it is not a function."""

    name: str
    parameters: tuple[str, ...] | None


class Taken(NamedTuple):
    """An import: a module, the file's name for it, and pairs of a name in the module and the file's name for that."""

    module: str
    alias: str
    names: tuple[tuple[str, str], ...] = ()


class Imported(NamedTuple):
    """What is known of a document's imports.

    `members`: the members of each module, by the document's name for it. `modules`: the same by the module's own name.
    `names`: the members that are imported by themselves.
    """

    members: Mapping[str, Sequence[Member]]
    modules: Mapping[str, Sequence[Member]]
    names: Sequence[Member]


def taken(text: str, language_id: str) -> list[Taken]:
    """The imports in a file's text, except from its own folder."""
    head = text[:_HEAD_CHARACTERS]
    if language_id == "python":
        found = list(_taken_python(head))
    elif language_id in _SCRIPTS:
        found = list(_taken_script(head))
    else:
        return []
    return [one for one in found if not one.module.startswith(".")][:_MOST_IMPORTS]


def _taken_python(head: str) -> Iterator[Taken]:
    for module, names, plain in _PYTHON.findall(head):
        if module:
            yield Taken(
                module, "", tuple((name, alias or name) for name, alias in _AS.findall(names.strip("()")))
            )
        for name, alias in _AS.findall(plain.replace(",", " ,")) if plain else ():
            yield Taken(name, alias or name)


def _taken_script(head: str) -> Iterator[Taken]:
    for clause, module, variable, required in _SCRIPT.findall(head):
        outer, brace, inner = (clause or variable).partition("{")
        names = tuple(
            (name, alias or name)
            for name, alias in _AS.findall(inner.partition("}")[0])
            if name not in _NO_SCRIPT
        )
        alias = outer.replace("* as", "").strip(" ,\t\n")
        yield Taken(module or required, alias if not brace or alias else "", names)


def members(definitions: Sequence[Definition]) -> list[Member]:
    """The names that a library's outline offers to those who import it."""
    found: dict[str, Member] = {}
    depth = 0
    for one in definitions:
        if not one.depth:
            depth = 1 if _NAMESPACE.match(one.signature) else 0
        if one.depth > depth:
            continue
        if not one.name.startswith("__") and len(found) < _MOST_MEMBERS:
            found.setdefault(one.name, Member(one.name, _parameters(one)))
    return list(found.values())


def _parameters(one: Definition) -> tuple[str, ...] | None:
    # A class is named as often as it is called, so it gets no brackets.
    return parameters_in(one.signature.rpartition("\n")[2]) if _CALLED.search(one.signature) else None


def by_import(leads: Leads, imported: Imported, known: str, partial: str) -> None:
    """Add the imported names that fit here. `known` is the line up to the word `partial` at the cursor."""
    fitting = [
        one for one in _here(imported, known, partial) if one.name.startswith(partial) and one.name != partial
    ]
    if len(fitting) > _MOST_FITTING:
        return
    is_import = _FROM.match(known) is not None
    for member in fitting:
        call = "" if member.parameters is None or is_import else "(" if member.parameters else "()"
        evidence = leads.of(member.name[len(partial) :] + call, is_whole=False)
        evidence.weight += _WEIGHT * 2.0 ** (len(partial) / _BYTES_TO_DOUBLE)
        evidence.is_imported = True


def _here(imported: Imported, known: str, partial: str) -> Sequence[Member]:
    behind = _BEHIND_NAME.search(known)
    if behind is not None:
        found = imported.members.get(behind[1], ())
    elif (origin := _FROM.match(known)) is not None:
        found = imported.modules.get(origin[1], ())
    elif partial and not known.endswith("."):
        found = imported.names
    else:
        return ()
    is_private = partial.startswith("_")
    return [one for one in found if is_private or not one.name.startswith("_")]


def is_importing(known: str) -> bool:
    """Whether the name of a module may stand at the end of this part of a line."""
    return _IMPORTING.search(known) is not None


def bound(line: str, start: int, end: int, language_id: str) -> str:
    """What a line tells of the name from `start` to `end` in it, for code elsewhere: the name, or nothing.

    Of `from pathlib import Path`, code names only `Path`. The name of a whole module is followed by a dot.
    """
    kind, first, last = _module_in(line, language_id)
    name = line[start:end]
    if kind == "whole":
        is_other = name in KEYWORDS or line[start - 1] == "." or line.startswith(" as ", end)
        return "" if is_other else name + "."
    if not first <= start < last:
        return name
    if kind == "package":
        return name + "." if end == last else ""
    # The line may give its name to what it takes.
    return name if name in line[:first] + line[last:] else ""


@remembered(1_024)
def _module_in(line: str, language_id: str) -> tuple[str, int, int]:
    """Where a line names a module, and whether code uses this name: `whole` or `package`, else `path`."""
    if language_id == "python" and _WHOLE.match(line):
        return "whole", 0, len(line)
    if language_id == "go" and (package := _GO.match(line)):
        return "package", *package.span(1)
    path = _PATH.search(line)
    return ("path", *path.span(path.lastindex or 0)) if path is not None else ("path", 0, 0)
