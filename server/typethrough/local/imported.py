"""Leads from what a file imports: the names that installed libraries define, and what their functions take.

Owns how a file's imports name things, what is known of a library, and what of it fits at a cursor. Must not know where libraries
lie, nor how sure a lead is. What is known here is proposed in the document that imports it, and told to nobody.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

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
# So many names may fit; of more, none is likely.
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
_AS: Final = re.compile(r"([\w$.]+)(?:\s+as\s+|\s*:\s*)?([\w$]*)")
_NO_SCRIPT: Final = frozenset(("type", "default"))
_SCRIPTS: Final = ("javascript", "javascriptreact", "typescript", "typescriptreact", "vue", "svelte")


class Member(NamedTuple):
    """A name that a library gives, and what it takes; None where it is no function."""

    name: str
    parameters: tuple[str, ...] | None


class Taken(NamedTuple):
    """An import: a module, what the file calls it, and the names that it takes out of it, by what it calls them."""

    module: str
    alias: str
    names: tuple[tuple[str, str], ...] = ()


class Imported(NamedTuple):
    """What is known of a document's imports: the members of each module by the name the document has for it, and by the module's
    own; and the members that were taken out of one.
    """

    members: Mapping[str, Sequence[Member]]
    modules: Mapping[str, Sequence[Member]]
    names: Sequence[Member]


def taken(text: str, language_id: str) -> list[Taken]:
    """Return what a file's text imports from elsewhere than its own folder."""
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
    """Return what a library's outline gives to those who import it."""
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
    # A class is named as often as it is called.
    return parameters_in(one.signature.rpartition("\n")[2]) if _CALLED.search(one.signature) else None


def by_import(leads: Leads, imported: Imported, known: str, partial: str) -> None:
    """Add the names that may stand here. `known` is the line up to the word `partial` that the cursor stands in."""
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
