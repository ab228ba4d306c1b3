"""Outlines by tree-sitter. The only module that knows it.

Grammars are imported with the first file of their language, so a server that starts does not wait for them, and one that is not
installed, or not to be loaded, makes its language one without a grammar.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from typethrough.core.outline.definition import Definition, first_sentence, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Parser

# Node types of all grammars together; no two of them use one name for different things that matter here.
_CONTAINERS = frozenset(
    (
        *("class_definition", "class_declaration", "abstract_class_declaration", "interface_declaration"),
        *("enum_declaration", "internal_module", "record_declaration", "annotation_type_declaration"),
        *("struct_item", "enum_item", "union_item", "trait_item", "mod_item", "impl_item"),
        *("namespace_definition", "class_specifier", "struct_specifier", "union_specifier", "enum_specifier"),
        *("type_spec", "module"),
    )
)
_LEAVES = frozenset(
    (
        *(
            "function_definition",
            "function_declaration",
            "generator_function_declaration",
            "function_signature",
        ),
        *("method_definition", "method_signature", "abstract_method_signature", "property_signature"),
        *("public_field_definition", "field_definition", "type_alias_declaration", "enum_assignment"),
        *("variable_declarator", "assignment", "type_alias_statement"),
        *("function_item", "function_signature_item", "const_item", "static_item", "type_item"),
        *("macro_definition", "enum_variant", "field_declaration"),
        *("method_declaration", "constructor_declaration", "enum_constant", "constant_declaration"),
        *("const_spec", "var_spec", "type_alias", "method_elem"),
        *("declaration", "type_definition", "alias_declaration", "enumerator"),
        *("preproc_def", "preproc_function_def"),
    )
)
# What stands round a definition: an export, a decorator, a template, a condition.
_WRAPPERS = frozenset(
    (
        *("export_statement", "lexical_declaration", "variable_declaration", "ambient_declaration"),
        *("expression_statement", "decorated_definition", "type_declaration", "const_declaration"),
        *("var_declaration", "template_declaration", "linkage_specification", "declaration_list"),
        *("if_statement", "else_clause", "try_statement", "except_clause", "block", "statement_block"),
        *("var_spec_list", "preproc_ifdef", "preproc_if", "preproc_else", "extern_crate_declaration"),
    )
)
# Wrappers that are part of the signature.
_PREFIXES = frozenset(("export_statement", "ambient_declaration", "template_declaration"))
# These are too, when they declare one thing and not a list.
_PREFIXES_OF_ONE = frozenset(
    (
        "lexical_declaration",
        "variable_declaration",
        "type_declaration",
        "const_declaration",
        "var_declaration",
    )
)
_BODIES = ("body", "members")
_NAMES = ("name", "declarator", "left", "type")
_IDENTIFIERS = frozenset(
    (
        *("identifier", "type_identifier", "field_identifier", "property_identifier", "namespace_identifier"),
        *(
            "private_property_identifier",
            "shorthand_property_identifier_pattern",
            "string",
            "destructor_name",
        ),
        *("operator_name", "computed_property_name"),
    )
)
# Nesting beyond this is generated or hostile, and each level is a call.
_MAX_DEPTH = 6
_DECORATOR_CHARS = 40
_MAX_WRAPPING = 40
_MAX_DEFINITIONS = 800


def definitions(text: str, language_id: str) -> list[Definition] | None:
    """What the text defines, or None when there is no grammar for the language."""
    parser = _parser(language_id)
    if parser is None:
        return None
    source = text.encode("utf-8", "replace")
    found: list[Definition] = []
    for definition in _in(parser.parse(source).root_node, source, 0, 0):
        found.append(definition)
        if len(found) >= _MAX_DEFINITIONS:
            break
    return found


@lru_cache
def _parser(language_id: str) -> Parser | None:
    try:
        language = _language(language_id)
        if language is None:
            return None
        from tree_sitter import Language, Parser

        return Parser(Language(language))
    except (ImportError, OSError, ValueError):
        # No wheel for this machine, or one whose version does not fit.
        return None


def _language(language_id: str) -> object | None:
    match language_id:
        case "python":
            import tree_sitter_python

            return tree_sitter_python.language()
        case "javascript" | "javascriptreact":
            import tree_sitter_javascript

            return tree_sitter_javascript.language()
        case "typescript" | "typescriptreact":
            import tree_sitter_typescript

            is_plain = language_id == "typescript"
            return (
                tree_sitter_typescript.language_typescript()
                if is_plain
                else tree_sitter_typescript.language_tsx()
            )
        case "go":
            import tree_sitter_go

            return tree_sitter_go.language()
        case "rust":
            import tree_sitter_rust

            return tree_sitter_rust.language()
        case "java":
            import tree_sitter_java

            return tree_sitter_java.language()
        case "c":
            import tree_sitter_c

            return tree_sitter_c.language()
        case "cpp":
            import tree_sitter_cpp

            return tree_sitter_cpp.language()
    return None


def _in(
    node: Node, source: bytes, depth: int, wrapping: int, outer: Node | None = None
) -> Iterator[Definition]:
    """The definitions directly in a node, and those in them. `outer` is the wrapper with which a signature begins."""
    doc = ""
    for child in node.named_children:
        kind = child.type
        if kind in ("comment", "line_comment", "block_comment"):
            doc = doc or first_sentence(_text(child, source))
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
    begin = outer.start_byte
    end = body.start_byte if body is not None else node.end_byte
    signature = one_line(source[begin:end].decode("utf-8", "replace")).rstrip(" {")
    name = _text(name_node, source).strip("\"'").rpartition("::")[2]
    signature = "\n".join((*_decorators(node, source), signature))
    line, last_line = outer.start_point[0], node.end_point[0]
    is_container = node.type in _CONTAINERS or (body is not None and body.type == "object_type")
    yield Definition(name, line, last_line, depth, signature, _docstring(body, source) or doc)
    if body is None or depth >= _MAX_DEPTH:
        return
    if is_container:
        yield from _in(body, source, depth + 1, 0)
    elif name == "__init__":
        yield from _attributes(body, source, depth)


def _decorators(node: Node, source: bytes) -> Iterator[str]:
    """Python's, each on a line of its own: what is a property is not called."""
    parent = node.parent
    if parent is not None and parent.type == "decorated_definition":
        for part in parent.named_children:
            if part.type == "decorator":
                yield one_line(_text(part, source), _DECORATOR_CHARS)


def _body(node: Node) -> Node | None:
    if node.type == "enum_variant":
        return None
    if node.type == "type_alias_declaration":
        value = node.child_by_field_name("value")
        return value if value is not None and value.type == "object_type" else None
    for field in _BODIES:
        if (body := node.child_by_field_name(field)) is not None:
            return body
    value = node.child_by_field_name("value") or node.child_by_field_name("type")
    if value is None:
        return None
    if node.type == "type_spec":
        # Go: the fields of a struct, or the methods of an interface.
        return next((part for part in (*value.named_children, value) if part.type in _GO_BODIES), None)
    return value.child_by_field_name("body")


_GO_BODIES = frozenset(("field_declaration_list", "interface_type"))


def _name(node: Node) -> Node | None:
    """The node that is the name, down a chain of declarators."""
    if node.type in _IDENTIFIERS:
        return node
    if node.type == "impl_item":
        node = node.child_by_field_name("type") or node
    for _ in range(_MAX_DEPTH):
        inner = next(
            (part for field in _NAMES if (part := node.child_by_field_name(field)) is not None), None
        )
        if inner is None:
            inner = next((part for part in node.named_children if part.type.endswith("declarator")), None)
        if inner is None or inner.type in _IDENTIFIERS:
            return inner
        if inner.type in ("object_pattern", "array_pattern", "pattern_list", "attribute", "subscript"):
            return None
        node = inner
    return None


def _is_enum_member(parent: Node, kind: str) -> bool:
    return parent.type == "enum_body" and kind == "property_identifier"


def _docstring(body: Node | None, source: bytes) -> str:
    """Python's own place for documentation."""
    if body is None or body.type != "block" or not body.named_child_count:
        return ""
    first = body.named_children[0]
    if first.type == "expression_statement" and first.named_child_count:
        first = first.named_children[0]
    return first_sentence(_text(first, source)) if first.type == "string" else ""


def _attributes(body: Node, source: bytes, depth: int) -> Iterator[Definition]:
    """What `__init__` gives an object: the plain assignments to attributes of `self`."""
    seen = set()
    for statement in body.named_children:
        if statement.type != "expression_statement" or not statement.named_child_count:
            continue
        assignment = statement.named_children[0]
        target = assignment.child_by_field_name("left") if assignment.type == "assignment" else None
        if target is None or target.type != "attribute" or not _text(target, source).startswith("self."):
            continue
        name = _text(target, source)[5:]
        if name not in seen:
            seen.add(name)
            line = statement.start_point[0]
            yield Definition(
                name, line, statement.end_point[0], depth, one_line(_text(assignment, source), 120)
            )


def _text(node: Node, source: bytes) -> str:
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")
