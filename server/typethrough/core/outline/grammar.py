"""Outlines with tree-sitter."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from typethrough.core.outline.definition import Definition, first_sentence, one_line
from typethrough.core.syntax.grammars import grammar, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Language, Node

# Node types of all grammars together. Where two grammars share a name, it means the same for us. The grammars' own tags
# queries name fewer types: few fields, constants and enumerators, and no TypeScript types. With them an 8,000-token
# prompt holds 84 % instead of 91 % of the definitions that the next lines of Python use, and 72 % instead of 92 % for
# TypeScript. The query also takes 1.6 times as long as this walk, which is needed for signatures in any case.
_CONTAINERS = frozenset((
    "class_definition", "class_declaration", "abstract_class_declaration", "interface_declaration", "enum_declaration",
    "internal_module", "record_declaration", "annotation_type_declaration", "struct_item", "enum_item", "union_item",
    "trait_item", "mod_item", "impl_item", "namespace_definition", "class_specifier", "struct_specifier", "union_specifier",
    "enum_specifier", "type_spec", "module",
))  # fmt: skip
_LEAVES = frozenset((
    "function_definition", "function_declaration", "generator_function_declaration", "function_signature",
    "method_definition", "method_signature", "abstract_method_signature", "property_signature", "public_field_definition",
    "field_definition", "type_alias_declaration", "enum_assignment", "variable_declarator", "assignment",
    "type_alias_statement", "function_item", "function_signature_item", "const_item", "static_item", "type_item",
    "macro_definition", "enum_variant", "field_declaration", "method_declaration", "constructor_declaration",
    "enum_constant", "constant_declaration", "const_spec", "var_spec", "type_alias", "method_elem", "declaration",
    "type_definition", "alias_declaration", "enumerator", "preproc_def", "preproc_function_def", "associated_type",
    "annotation_type_element_declaration",
))  # fmt: skip
# Nodes around a definition: an export, a decorator, a template, a condition.
_WRAPPERS = frozenset((
    "export_statement", "lexical_declaration", "variable_declaration", "ambient_declaration", "expression_statement",
    "decorated_definition", "type_declaration", "const_declaration", "var_declaration", "template_declaration",
    "linkage_specification", "declaration_list", "if_statement", "else_clause", "try_statement", "except_clause", "block",
    "statement_block", "var_spec_list", "enum_body_declarations", "preproc_ifdef", "preproc_if", "preproc_else",
    "extern_crate_declaration",
))  # fmt: skip
# Wrappers that are part of the signature.
_PREFIXES = frozenset(("export_statement", "ambient_declaration", "template_declaration"))
# These belong to the signature too when they declare one thing, not a list.
_PREFIXES_OF_ONE = frozenset((
    "lexical_declaration", "variable_declaration", "type_declaration", "const_declaration", "var_declaration",
))  # fmt: skip
_COMMENTS = frozenset(("comment", "line_comment", "block_comment"))
# These may stand between a comment and the definition that it documents.
_APART_FROM_COMMENTS = frozenset(("attribute_item", "access_specifier"))
_BODIES = ("body", "members")
_GO_BODIES = frozenset(("field_declaration_list", "interface_type"))
_MEMBER_LISTS = frozenset(("object_type", "field_declaration_list", "enumerator_list"))
_NAMES = ("name", "declarator", "left", "property", "type")
_IDENTIFIERS = frozenset((
    "identifier", "type_identifier", "field_identifier", "property_identifier", "namespace_identifier",
    "private_property_identifier", "shorthand_property_identifier_pattern", "string", "destructor_name", "operator_name",
    "computed_property_name", "nested_namespace_specifier", "qualified_identifier",
))  # fmt: skip
# Deeper code is generated or hostile, and each level costs a call.
_MAX_DEPTH = 6
_DECORATOR_CHARS = 40
_MAX_WRAPPING = 40
_MAX_DEFINITIONS = 800
# A file of 200,000 characters takes one or two thousand steps of 50 µs. A file made to be ambiguous takes more and longer
# steps.
_MAX_STEPS = 4_000
# A file of this size is parsed in less than a second whatever it contains, and without a callback parsing is cheaper.
_SMALL_BYTES = 32_768


def definitions(text: str, language_id: str, is_late: Callable[[], bool]) -> list[Definition] | None:
    """What the text defines. None when the language has no grammar, or when parsing takes too long."""
    language = grammar(language_id)
    if language is None:
        return None
    source = text.encode("utf-8", "replace")
    root = _parsed(language, source, is_late)
    return None if root is None else list(islice(_in(root, source, 0, 0), _MAX_DEFINITIONS))


def _parsed(language: Language, source: bytes, is_late: Callable[[], bool]) -> Node | None:
    from tree_sitter import Parser

    # A parser is small, and only one thread may use it at a time.
    parser = Parser(language)
    if len(source) <= _SMALL_BYTES:
        return parser.parse(source).root_node
    steps = 0

    def is_enough(_has_error: bool) -> bool:
        nonlocal steps
        steps += 1
        return steps > _MAX_STEPS or is_late()

    tree = parsed(parser, source, is_enough)
    return None if tree is None else tree.root_node


def _in(
    node: Node, source: bytes, depth: int, wrapping: int, outer: Node | None = None
) -> Iterator[Definition]:
    """The definitions directly in a node, each followed by those inside it. `outer` is the wrapper where the signature
    begins.
    """
    doc = ""
    for child in node.named_children:
        kind = child.type
        if kind in _COMMENTS:
            doc = doc or first_sentence(_text(child, source))
            continue
        if kind in _APART_FROM_COMMENTS:
            continue
        if kind in _CONTAINERS or kind in _LEAVES or _is_enum_member(node, kind):
            yield from _definition(child, outer or child, source, depth, doc)
        elif kind in _WRAPPERS and wrapping < _MAX_WRAPPING:
            is_prefix = kind in _PREFIXES or (kind in _PREFIXES_OF_ONE and child.named_child_count == 1)
            begins = outer or (child if is_prefix else None)
            for number, definition in enumerate(_in(child, source, depth, wrapping + 1, begins)):
                yield definition._replace(doc=definition.doc or doc) if not number else definition
        doc = ""


def _definition(node: Node, outer: Node, source: bytes, depth: int, doc: str) -> Iterator[Definition]:
    name_node = _name(node)
    if name_node is None:
        return
    body = _body(node)
    name = _text(name_node, source).strip("\"'").rpartition("::")[2]
    if not name:
        # The parser inserts an empty name where one is missing.
        return
    signature = "\n".join((*_decorators(node, source), _signature(node, outer, name_node, body, source)))
    line, (last_line, last_column) = outer.start_point[0], node.end_point
    if not last_column and last_line > line:
        # If the node ends with a line break, its last line is the one before.
        last_line -= 1
    is_container = node.type in _CONTAINERS or (body is not None and body.type in _MEMBER_LISTS)
    yield Definition(name, line, last_line, depth, signature, _docstring(body, source) or doc)
    if body is None or depth >= _MAX_DEPTH:
        return
    if is_container:
        yield from _in(body, source, depth + 1, 0)
    elif name == "__init__":
        yield from _attributes(body, source, depth)


def _signature(node: Node, outer: Node, name: Node, body: Node | None, source: bytes) -> str:
    """The text up to the body, without comments."""
    begin, end, after = outer.start_byte, node.end_byte, b""
    if node.type == "macro_definition":
        end = name.end_byte
    elif body is not None:
        end = body.start_byte
        if body.type == "interface_type":
            end = next((part.start_byte for part in body.children if part.type == "{"), end)
        elif node.type == "type_definition":
            # In C the name of a type definition stands after its body.
            after = source[body.end_byte : node.end_byte]
    end = max(begin, end)
    pieces = []
    for comment in _comments_in(node, begin, end):
        pieces.append(source[begin : comment.start_byte])
        begin = comment.end_byte
    pieces += [source[begin:end], after]
    return one_line(b" ".join(pieces).decode("utf-8", "replace")).rstrip(" {")


def _comments_in(node: Node, begin: int, end: int) -> list[Node]:
    """The comments between the parts of a declaration and between its parameters."""
    parts = [part for part in node.named_children if part.start_byte < end]
    found = [inner for part in parts for inner in (part, *part.named_children) if inner.type in _COMMENTS]
    return [comment for comment in found if begin <= comment.start_byte and comment.end_byte <= end]


def _decorators(node: Node, source: bytes) -> Iterator[str]:
    """Python's decorators, each on its own line. They matter: a property, for example, is not called."""
    parent = node.parent
    if parent is not None and parent.type == "decorated_definition":
        for part in parent.named_children:
            if part.type == "decorator":
                yield one_line(_text(part, source), _DECORATOR_CHARS)


def _body(node: Node) -> Node | None:
    if node.type == "enum_variant":
        return None
    if node.type == "type_definition":
        declared = node.child_by_field_name("type")
        return declared.child_by_field_name("body") if declared is not None else None
    if node.type == "type_alias_declaration":
        value = node.child_by_field_name("value")
        return value if value is not None and value.type == "object_type" else None
    for field in _BODIES:
        if (body := node.child_by_field_name(field)) is not None:
            # Fields in a tuple have no names.
            return None if body.type == "ordered_field_declaration_list" else body
    value = node.child_by_field_name("value") or node.child_by_field_name("type")
    if value is None:
        return None
    if node.type == "type_spec":
        # Go: the fields of a struct, or the methods of an interface.
        return next((part for part in (*value.named_children, value) if part.type in _GO_BODIES), None)
    return value.child_by_field_name("body")


def _name(node: Node) -> Node | None:
    """The node of the name. It may be inside a chain of declarators."""
    if node.type == "impl_item":
        node = node.child_by_field_name("type") or node
    if node.type in _IDENTIFIERS:
        return node
    for _ in range(_MAX_DEPTH):
        inner = next(
            (part for field in _NAMES if (part := node.child_by_field_name(field)) is not None), None
        )
        if inner is None:
            inner = next((part for part in node.named_children if part.type.endswith("declarator")), None)
        if inner is None and node.type == "type" and node.named_child_count:
            # In Python's `type X = …` the name is itself a type node.
            inner = node.named_children[0]
        if inner is None or inner.type in _IDENTIFIERS:
            return inner
        if inner.type in ("object_pattern", "array_pattern", "pattern_list", "attribute", "subscript"):
            return None
        node = inner
    return None


def _is_enum_member(parent: Node, kind: str) -> bool:
    return parent.type == "enum_body" and kind == "property_identifier"


def _docstring(body: Node | None, source: bytes) -> str:
    """Python's docstring, its first line."""
    if body is None or body.type != "block" or not body.named_child_count:
        return ""
    first = body.named_children[0]
    if first.type == "expression_statement" and first.named_child_count:
        first = first.named_children[0]
    return first_sentence(_text(first, source)) if first.type == "string" else ""


def _attributes(body: Node, source: bytes, depth: int) -> Iterator[Definition]:
    """The attributes that `__init__` sets: plain assignments to `self.name`."""
    seen = set()
    for statement in body.named_children:
        if statement.type != "expression_statement" or not statement.named_child_count:
            continue
        assignment = statement.named_children[0]
        target = assignment.child_by_field_name("left") if assignment.type == "assignment" else None
        name = _text(target, source).removeprefix("self.") if target is not None else ""
        if name.isidentifier() and name not in seen and target is not None and target.type == "attribute":
            seen.add(name)
            line = statement.start_point[0]
            yield Definition(
                name, line, statement.end_point[0], depth, one_line(_text(assignment, source), 120)
            )


def _text(node: Node, source: bytes) -> str:
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")
