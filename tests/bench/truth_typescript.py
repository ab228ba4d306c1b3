"""What a syntax tree says of a TypeScript repository: where names are defined, and which definition a use means.

Owns its own walk over the trees of the `tree-sitter-typescript` wheel; of the server it uses nothing. Names are followed through
imports and re-exports, `this` through the classes above, and objects through what is written down of their class (annotations and
`new`).
"""

from __future__ import annotations

import posixpath
from functools import cached_property
from typing import TYPE_CHECKING, Final

from tests.bench.symbols import MAX_CANDIDATES, Definition, Use
from tests.bench.typescript_tables import (
    DECLARATIONS,
    FUNCTIONS,
    MEMBERS,
    Class,
    Module,
    bases,
    bodies,
    bound_names,
    class_named,
    class_written,
    member_signature,
    text_before,
    text_of,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from tests.bench.repositories import Repository

_MAX_HOPS: Final = 8
_NAMES: Final = ("identifier", "type_identifier", "shorthand_property_identifier")
# A member that an object of the language's own has too is no sign of a class of the repository.
_COMMON: Final = frozenset(
    """
    length name message stack cause constructor prototype toString valueOf hasOwnProperty call apply bind concat copyWithin
    entries every fill filter find findIndex flat flatMap forEach includes indexOf join keys lastIndexOf map pop push reduce
    reduceRight reverse shift slice some sort splice unshift values at charAt charCodeAt codePointAt endsWith localeCompare
    match matchAll normalize padEnd padStart repeat replace replaceAll search split startsWith substring toLowerCase
    toUpperCase trim trimEnd trimStart add clear delete get has set size then catch finally resolve reject all race next
    done value return throw exec test source flags now getTime toISOString log warn error info debug parse stringify assign
    create defineProperty freeze is abs ceil floor max min pow round random sqrt body headers status url method json text
    arrayBuffer clone ok signal aborted abort addEventListener removeEventListener dispatchEvent type target data id key
    """.split()  # noqa: SIM905 - a list of words reads better than one of strings
)


class TypeScriptTruth:
    """A `symbols.Truth` of a TypeScript repository."""

    def __init__(self, repository: Repository) -> None:
        self._modules = {file: Module(file, text) for file, text in repository.files.items()}
        for module in self._modules.values():
            self._collect(module, module.root)
        self.definitions = [one for module in self._modules.values() for one in module.definitions]
        self.bodies = {file: list(bodies(module.root)) for file, module in self._modules.items()}
        self._members: dict[str, list[Definition]] = {}
        for one in self.definitions:
            if one.owner:
                self._members.setdefault(one.name, []).append(one)

    @cached_property
    def imports(self) -> dict[str, frozenset[str]]:
        """By file, the files that it imports itself."""
        return {
            file: frozenset(target for target, _ in (*module.imported.values(), *module.exported.values()))
            | frozenset(module.stars)
            for file, module in self._modules.items()
        }

    def uses(self, file: str) -> list[Use]:
        """See `symbols.Truth.uses`."""
        module = self._modules[file]
        found: list[Use] = []
        self._read(module, module.root, [], None, found)
        return sorted(found, key=lambda use: (use.line, use.column))

    # --- collecting

    def _collect(self, module: Module, node: Node, *, is_default: bool = False) -> None:
        for child in node.named_children:
            match child.type:
                case "import_statement":
                    self._import(module, child)
                case "export_statement":
                    self._export(module, child)
                case "ambient_declaration":
                    self._collect(module, child)
                case "lexical_declaration" | "variable_declaration":
                    self._variables(module, child)
                case kind if kind in DECLARATIONS:
                    self._declaration(module, child)
                    if is_default:
                        module.default = text_of(child.child_by_field_name("name"))

    def _source(self, module: Module, statement: Node) -> str:
        written = text_of(statement.child_by_field_name("source")).strip("'\"`")
        if not written.startswith("."):
            return ""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(module.file), written))
        stem = path.removesuffix(".js").removesuffix(".ts").removesuffix(".tsx")
        tried = (f"{stem}.ts", f"{stem}.tsx", f"{path}/index.ts", f"{path}/index.tsx")
        return next((one for one in tried if one in self._modules), "")

    def _import(self, module: Module, statement: Node) -> None:
        source = self._source(module, statement)
        clause = next((one for one in statement.named_children if one.type == "import_clause"), None)
        if not source or clause is None:
            return
        for child in clause.named_children:
            if child.type == "identifier":
                module.imported[text_of(child)] = (source, "default")
            elif child.type == "namespace_import":
                module.imported[text_of(child.named_children[0])] = (source, "*")
            else:
                for one in child.named_children:
                    name = text_of(one.child_by_field_name("name"))
                    module.imported[text_of(one.child_by_field_name("alias")) or name] = (source, name)

    def _export(self, module: Module, statement: Node) -> None:
        source = self._source(module, statement)
        clauses = [
            one for one in statement.named_children if one.type in ("export_clause", "namespace_export")
        ]
        if not clauses:
            if source:
                module.stars.append(source)
            is_default = any(one.type == "default" for one in statement.children)
            value = statement.child_by_field_name("value")
            if is_default and value is not None and value.type == "identifier":
                module.default = text_of(value)
            self._collect(module, statement, is_default=is_default)
            return
        for clause in clauses:
            if clause.type == "namespace_export":
                module.exported[text_of(clause.named_children[0])] = (source, "*")
                continue
            for one in clause.named_children:
                name = text_of(one.child_by_field_name("name"))
                alias = text_of(one.child_by_field_name("alias")) or name
                module.exported[alias] = (source or module.file, name)

    def _variables(self, module: Module, declaration: Node) -> None:
        word = text_of(declaration.children[0])
        for declarator in declaration.named_children:
            name = declarator.child_by_field_name("name")
            if declarator.type != "variable_declarator" or name is None or name.type != "identifier":
                continue
            value = declarator.child_by_field_name("value")
            signature = f"{word} {text_before(declarator, value)}"
            if value is not None and value.type in FUNCTIONS:
                signature += text_before(value, value.child_by_field_name("body"))
            made = module.note(text_of(name), "constant", declaration, signature)
            module.names.setdefault(made.name, made)

    def _declaration(self, module: Module, node: Node) -> None:
        name, body = text_of(node.child_by_field_name("name")), node.child_by_field_name("body")
        value = node.child_by_field_name("value")
        kind = DECLARATIONS[node.type]
        signature = text_before(node, body if kind != "type" else value)
        made = module.note(name, kind, node, signature)
        # A type and a value may have one name; the first stands for both.
        module.names.setdefault(name, made)
        if kind == "class" or (value is not None and value.type == "object_type"):
            owner = module.classes.setdefault(name, Class(module.file))
            owner.bases += bases(node)
            for member in (body or value or node).named_children:
                self._member(module, owner, name, member)

    def _member(self, module: Module, owner: Class, of: str, node: Node) -> None:
        named = node if node.type == "property_identifier" else node.child_by_field_name("name")
        name = text_of(named).lstrip("#")
        if name and name != "constructor" and (kind := MEMBERS.get(node.type, "attribute")):
            # One that shares its line with what stands before cannot be told from it.
            row = module.rows[node.start_point.row]
            if row[: module.column(node)].strip() == "" and node.type in (*MEMBERS, "property_identifier"):
                end = node.child_by_field_name("body") or node.child_by_field_name("value")
                made = module.note(name, kind, node, member_signature(node, end), of)
                owner.members.setdefault(name, made)
                written = node.child_by_field_name("type") or node.child_by_field_name("return_type")
                owner.hints.setdefault(name, class_written(written, node.child_by_field_name("value")))
        if name == "constructor":
            parameters = node.child_by_field_name("parameters")
            for one in parameters.named_children if parameters else ():
                if any(child.type == "accessibility_modifier" for child in one.named_children):
                    pattern = text_of(one.child_by_field_name("pattern"))
                    made = module.note(pattern, "attribute", one, text_of(one), of)
                    owner.members.setdefault(pattern, made)
                    owner.hints.setdefault(pattern, class_written(one.child_by_field_name("type"), None))

    # --- what names mean

    def look_up(self, file: str, name: str, hops: int = 0) -> tuple[str, Definition | None]:
        """What a name means in a file: a module's file, or a definition."""
        module = self._modules.get(file)
        if module is None or hops > _MAX_HOPS:
            return "", None
        if name == "*":
            return file, None
        if name == "default" and module.default:
            name = module.default
        if (own := module.names.get(name)) is not None:
            return "", own
        for origin in (module.imported.get(name), module.exported.get(name)):
            if origin is not None:
                return self.look_up(*origin, hops + 1)
        for star in module.stars:
            found = self.look_up(star, name, hops + 1)
            if found != ("", None):
                return found
        return "", None

    def _class(self, file: str, name: str) -> Class | None:
        outer, _, inner = name.partition(".")
        where, found = self.look_up(file, outer)
        if where and inner:
            _, found = self.look_up(where, inner)
        return self._modules[found.file].classes.get(found.name) if found else None

    def _find_member(self, owner: Class, name: str, hops: int = 0) -> tuple[Class, Definition] | None:
        if (own := owner.members.get(name)) is not None:
            return owner, own
        for base in owner.bases if hops < _MAX_HOPS else ():
            above = self._class(owner.file, base)
            if above is not None and (found := self._find_member(above, name, hops + 1)):
                return found
        return None

    # --- reading uses

    def _read(
        self, module: Module, node: Node, scopes: list[dict[str, str]], own: Class | None, found: list[Use]
    ) -> None:
        if node.type in ("import_statement", "comment"):
            return
        if node.type in ("class_declaration", "abstract_class_declaration"):
            own = module.classes.get(text_of(node.child_by_field_name("name")))
        inner = [*scopes, bound_names(node)] if node.type in FUNCTIONS else scopes
        if node.type == "member_expression":
            self._read_member(module, node, inner, own, found)
            return
        is_name = node.type in _NAMES
        if is_name and not any(text_of(node) in scope for scope in scopes):
            _, definition = self.look_up(module.file, text_of(node))
            here = (module.file, node.start_point.row)
            if definition is not None and here != (definition.file, definition.line):
                how = "name" if definition.file == module.file else "imported"
                found.append(Use(text_of(node), here[1], module.column(node), how, (definition,)))
        for child in node.named_children:
            self._read(module, child, inner, own, found)

    def _read_member(
        self, module: Module, node: Node, scopes: list[dict[str, str]], own: Class | None, found: list[Use]
    ) -> None:
        value, named = node.child_by_field_name("object"), node.child_by_field_name("property")
        if value is None or named is None:
            return
        self._read(module, value, scopes, own, found)
        name = text_of(named).lstrip("#")
        how, definitions = self._meant(module, value, name, scopes, own)
        if definitions:
            at = module.column(named)
            found.append(Use(name, named.start_point.row, at, how, definitions))

    def _meant(
        self, module: Module, value: Node, name: str, scopes: list[dict[str, str]], own: Class | None
    ) -> tuple[str, tuple[Definition, ...]]:
        if value.type == "identifier" and not any(text_of(value) in scope for scope in scopes):
            outer, definition = self.look_up(module.file, text_of(value))
            if outer:
                _, inside = self.look_up(outer, name)
                return "module", (inside,) if inside else ()
            owner = self._modules[definition.file].classes.get(definition.name) if definition else None
        else:
            owner = self._class_of(module, value, scopes, own)
        if owner is not None:
            known = self._find_member(owner, name)
            if known is None:
                return "typed", ()
            how = "typed" if owner is not own else "self" if known[0] is own else "inherited"
            return how, (known[1],)
        few = self._members.get(name, [])
        is_telling = len(few) <= MAX_CANDIDATES and name not in _COMMON
        return "guess", tuple(few) if is_telling else ()

    def _class_of(
        self, module: Module, value: Node, scopes: list[dict[str, str]], own: Class | None
    ) -> Class | None:
        """The class of an expression's value, as far as it is written down."""
        match value.type:
            case "this":
                return own
            case "identifier":
                scope = next((scope for scope in reversed(scopes) if text_of(value) in scope), None)
                return self._class(module.file, scope[text_of(value)]) if scope else None
            case "member_expression":
                inner, named = value.child_by_field_name("object"), value.child_by_field_name("property")
                owner = self._class_of(module, inner, scopes, own) if inner else None
                known = self._find_member(owner, text_of(named).lstrip("#")) if owner else None
                if known is None:
                    return None
                return self._class(known[0].file, known[0].hints.get(known[1].name, ""))
            case "non_null_expression" | "parenthesized_expression" | "await_expression":
                return self._class_of(module, value.named_children[0], scopes, own)
            case "as_expression":
                return self._class(module.file, class_named(value.named_children[-1]))
            case "new_expression":
                return self._class(module.file, text_of(value.child_by_field_name("constructor")))
        return None
