"""What one TypeScript file's syntax tree says: its tables of names and classes, and how signatures, types and patterns are read.

Owns the parsers and all that needs one file alone. What a name means across files is `truth_typescript`'s.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

import tree_sitter_typescript
from tree_sitter import Language, Parser

from tests.bench.symbols import Definition, define

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_PARSERS: Final = {
    ".ts": Parser(Language(tree_sitter_typescript.language_typescript())),
    ".tsx": Parser(Language(tree_sitter_typescript.language_tsx())),
}
FUNCTIONS: Final = frozenset(
    (
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
    )
)
# Declarations, by the kind of definition that they make.
DECLARATIONS: Final = {
    "class_declaration": "class",
    "abstract_class_declaration": "class",
    "interface_declaration": "class",
    "enum_declaration": "class",
    "type_alias_declaration": "type",
    "function_declaration": "function",
    "generator_function_declaration": "function",
    "function_signature": "function",
}
MEMBERS: Final = {
    "method_definition": "method",
    "method_signature": "method",
    "abstract_method_signature": "method",
    "public_field_definition": "attribute",
    "property_signature": "attribute",
    "enum_assignment": "attribute",
}
_PATTERNS: Final = ("identifier", "shorthand_property_identifier_pattern")


def text_of(node: Node | None) -> str:
    return node.text.decode() if node is not None and node.text is not None else ""


class Class:
    """A class, interface, enumeration or object type: its members, and what it extends."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.bases: list[str] = []
        self.members: dict[str, Definition] = {}
        self.hints: dict[str, str] = {}


class Module:
    """A parsed file: what its own names mean."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.root = _PARSERS[posixpath.splitext(file)[1]].parse(text.encode()).root_node
        self.rows = text.split("\n")
        self.names: dict[str, Definition] = {}
        self.classes: dict[str, Class] = {}
        # By local name: the file, and the name in it ("*" for the module itself, "default" for what it exports by default).
        self.imported: dict[str, tuple[str, str]] = {}
        self.exported: dict[str, tuple[str, str]] = {}
        self.stars: list[str] = []
        self.definitions: list[Definition] = []
        self.default = ""

    def column(self, node: Node) -> int:
        """The column of a node in characters; the tree counts bytes."""
        row = self.rows[node.start_point.row]
        at = node.start_point.column
        return at if row.isascii() else len(row.encode()[:at].decode(errors="replace"))

    def note(self, name: str, kind: str, node: Node, signature: str, owner: str = "") -> Definition:
        """A definition at `node`."""
        made = define(self.file, name, kind, node.start_point.row, node.end_point.row + 1, signature, owner)
        self.definitions.append(made)
        return made


def text_before(node: Node, end: Node | None) -> str:
    """The text of `node` up to `end`."""
    whole = node.text or b""
    return (whole if end is None else whole[: end.start_byte - node.start_byte]).decode()


def member_signature(node: Node, end: Node | None) -> str:
    # What a modifier says does not tell members apart, and an outline may leave it out.
    skipped = (
        "accessibility_modifier",
        "override_modifier",
        "decorator",
        "readonly",
        "static",
        "async",
        "abstract",
    )
    first = next((child for child in node.children if child.type not in skipped), node)
    text = text_before(node, end).encode()
    return text[first.start_byte - node.start_byte :].decode(errors="replace")


def bodies(root: Node) -> Iterator[tuple[int, int]]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        waiting.extend(node.named_children)
        body = node.child_by_field_name("body") if node.type in FUNCTIONS else None
        if body is not None and body.type == "statement_block" and body.named_children:
            yield body.named_children[0].start_point.row, body.named_children[-1].end_point.row + 1


def bases(node: Node) -> list[str]:
    found = []
    for heritage in node.named_children:
        clauses = heritage.named_children if heritage.type == "class_heritage" else [heritage]
        for clause in clauses:
            if clause.type in ("extends_clause", "extends_type_clause"):
                found += [class_named(one) for one in clause.named_children if one.type != "type_arguments"]
    return [name for name in found if name]


def class_named(written: Node | None) -> str:
    """The name of the class that a type means, with its module; empty when it is none."""
    if written is None:
        return ""
    match written.type:
        case "type_identifier" | "identifier" | "nested_type_identifier" | "member_expression":
            return text_of(written)
        case "generic_type":
            return class_named(written.child_by_field_name("name"))
        case "type_annotation" | "union_type" | "parenthesized_type" | "readonly_type":
            return next((name for one in written.named_children if (name := class_named(one))), "")
    return ""


def class_written(written: Node | None, value: Node | None) -> str:
    if written is not None:
        return class_named(written)
    if value is not None and value.type == "new_expression":
        return text_of(value.child_by_field_name("constructor"))
    return ""


def bound_names(function: Node) -> dict[str, str]:
    """The names that a function binds, each with the class that is written down for it."""
    found: dict[str, str] = {}
    single = function.child_by_field_name("parameter")
    if single is not None:
        found[text_of(single)] = ""
    parameters = function.child_by_field_name("parameters")
    for one in parameters.named_children if parameters else ():
        annotated = class_named(one.child_by_field_name("type"))
        found |= dict.fromkeys(_bound(one.child_by_field_name("pattern")), annotated)
    types = function.child_by_field_name("type_parameters")
    found |= {text_of(one.child_by_field_name("name")): "" for one in (types.named_children if types else ())}
    body = function.child_by_field_name("body")
    waiting = [body] if body is not None else []
    while waiting:
        node = waiting.pop()
        match node.type:
            case "variable_declarator":
                hint = class_written(node.child_by_field_name("type"), node.child_by_field_name("value"))
                found |= dict.fromkeys(_bound(node.child_by_field_name("name")), hint)
            case "for_in_statement":
                found |= dict.fromkeys(_bound(node.child_by_field_name("left")), "")
            case "catch_clause":
                found |= dict.fromkeys(_bound(node.child_by_field_name("parameter")), "")
            case kind if kind in DECLARATIONS:
                found[text_of(node.child_by_field_name("name"))] = ""
        if node.type not in FUNCTIONS:
            waiting.extend(node.named_children)
    return found


def _bound(pattern: Node | None) -> Iterator[str]:
    if pattern is None:
        return
    if pattern.type in _PATTERNS:
        yield text_of(pattern)
        return
    for child in pattern.named_children:
        if pattern.type == "pair_pattern" and child == pattern.child_by_field_name("key"):
            continue
        if pattern.type in ("assignment_pattern", "object_assignment_pattern") and child == (
            pattern.child_by_field_name("right")
        ):
            continue
        yield from _bound(child)
