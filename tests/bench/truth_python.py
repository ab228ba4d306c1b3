"""What Python's own parser says of a repository: where names are defined, and which definition a use means.

Nothing here runs the code that is read. Names are followed through imports, `self` through base classes, and objects through
what is written down of their class (annotations, constructor calls); nothing is guessed from behaviour.
"""

from __future__ import annotations

import ast
import builtins
import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.bench.python_tables import Class, Collector, Module, bodies, bound_names, module_name
from tests.bench.symbols import MAX_CANDIDATES, Definition, Use

if TYPE_CHECKING:
    from tests.bench.python_tables import Function
    from tests.bench.repositories import Repository

_MAX_HOPS: Final = 8
# A member that an object of Python's own has too is no sign of a class of the repository.
_COMMON: Final = frozenset(
    name
    for kind in (str, bytes, list, dict, set, tuple, int, float, type, Exception, open, property, object)
    for name in dir(kind)
) | frozenset(
    ("read", "write", "close", "flush", "readline", "seek", "name", "value", "match", "group", "search")
)


class _Found(NamedTuple):
    """What a name stands for: a module of the repository, or definitions."""

    module: str = ""
    definitions: tuple[Definition, ...] = ()


class PythonTruth:
    """A `symbols.Truth` of a Python repository."""

    def __init__(self, repository: Repository) -> None:
        self._modules: dict[str, Module] = {}
        for file, text in repository.files.items():
            try:
                with warnings.catch_warnings(action="ignore"):
                    tree = ast.parse(text)
            except SyntaxError:
                continue
            self._modules[module_name(file)] = Module(file, tree, text.splitlines(keepends=True))
        for name, module in self._modules.items():
            Collector(self._modules, name, module).visit(module.tree)
        self.definitions = [one for module in self._modules.values() for one in module.definitions]
        self.bodies = {module.file: list(bodies(module.tree)) for module in self._modules.values()}

    @cached_property
    def imports(self) -> dict[str, frozenset[str]]:
        """By file, the files that it imports itself."""
        found = {}
        for module in self._modules.values():
            names = {target for target, _ in module.imported.values()} | set(module.stars)
            names |= {f"{target}.{name}" for target, name in module.imported.values() if name}
            found[module.file] = frozenset(
                self._modules[name].file for name in names if name in self._modules
            )
        return found

    @cached_property
    def _members(self) -> dict[str, list[Definition]]:
        found: dict[str, list[Definition]] = {}
        for one in self.definitions:
            if one.owner:
                found.setdefault(one.name, []).append(one)
        return found

    def uses(self, file: str) -> list[Use]:
        """See `symbols.Truth.uses`."""
        module = self._modules.get(module_name(file))
        return list(_Reader(self, module).read()) if module else []

    # --- what names mean

    def look_up(self, module: str, name: str, hops: int = 0) -> _Found:
        """What `name` means in a module of the repository."""
        known = self._modules.get(module)
        if known is None or hops > _MAX_HOPS:
            return _Found()
        if (own := known.names.get(name)) is not None:
            return _Found(definitions=(own,))
        if (origin := known.imported.get(name)) is not None:
            return self.follow(*origin, hops + 1)
        for star in known.stars:
            if (found := self.look_up(star, name, hops + 1)) != _Found():
                return found
        if f"{module}.{name}" in self._modules:
            return _Found(module=f"{module}.{name}")
        return _Found()

    def follow(self, module: str, name: str, hops: int = 0) -> _Found:
        """What an import of `name` from `module` brings."""
        if not name:
            return _Found(module=module) if module in self._modules else _Found()
        return self.look_up(module, name, hops)

    def class_of(self, definition: Definition) -> Class | None:
        """The class that a definition is, if it is one."""
        module = self._modules.get(module_name(definition.file))
        return module.classes.get(definition.name) if module and not definition.owner else None

    def function_of(self, definition: Definition) -> Function | None:
        """The function at module level that a definition is, if it is one."""
        module = self._modules.get(module_name(definition.file))
        return module.functions.get(definition.name) if module and not definition.owner else None

    def member(self, owner: Class, name: str, hops: int = 0) -> tuple[Class, Definition] | None:
        """A member of a class or of one above it, and the class that has it."""
        if (own := owner.members.get(name)) is not None:
            return owner, own
        for base in owner.node.bases if hops < _MAX_HOPS else ():
            above = self.class_named(module_name(owner.file), base)
            if above is not None and (found := self.member(above, name, hops + 1)):
                return found
        return None

    def class_named(self, module: str, written: ast.expr | None) -> Class | None:
        """The class of the repository that an annotation, a base or a constructor's name means."""
        match written:
            case ast.Constant(value=str(text)):
                try:
                    return self.class_named(module, ast.parse(text, mode="eval").body)
                except SyntaxError:
                    return None
            case ast.Subscript(value=ast.Name(id="Optional" | "Final" | "ClassVar" | "type"), slice=inner):
                return self.class_named(module, inner)
            case ast.Subscript(value=inner):
                return self.class_named(module, inner)
            case ast.BinOp(left=left, right=right):
                return self.class_named(module, left) or self.class_named(module, right)
            case ast.Name(id=name):
                found = self.look_up(module, name)
            case ast.Attribute(value=ast.Name(id=prefix), attr=name):
                outer = self.look_up(module, prefix)
                found = self.look_up(outer.module, name) if outer.module else _Found()
            case _:
                return None
        return self.class_of(found.definitions[0]) if found.definitions else None

    def members_named(self, name: str) -> tuple[Definition, ...]:
        """The few members of that name in the whole repository; none when they are many or everybody has it."""
        found = self._members.get(name, [])
        return tuple(found) if len(found) <= MAX_CANDIDATES and name not in _COMMON else ()


class _Reader(ast.NodeVisitor):
    """Yields the uses in one module, knowing which names are local where."""

    def __init__(self, truth: PythonTruth, module: Module) -> None:
        self._truth = truth
        self._module = module
        self._here = module_name(module.file)
        self._scopes: list[dict[str, ast.expr | None]] = []
        self._classes: list[Class | None] = []
        self._found: list[Use] = []

    def read(self) -> list[Use]:
        """All uses, in the order of the text."""
        self.visit(self._module.tree)
        return sorted(self._found, key=lambda use: (use.line, use.column))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        known = self._module.classes.get(node.name)
        self._classes.append(known if known and known.node is node else None)
        self.generic_visit(node)
        self._classes.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._enter(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._enter(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._enter(node)

    def _enter(self, node: Function | ast.Lambda) -> None:
        self._scopes.append(bound_names(node))
        self.generic_visit(node)
        self._scopes.pop()

    def visit_Name(self, node: ast.Name) -> None:
        if any(node.id in scope for scope in self._scopes):
            return
        found = self._truth.look_up(self._here, node.id)
        how = "name" if node.id in self._module.names else "imported"
        self._note(node.id, node.lineno, node.col_offset, how, found.definitions)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.visit(node.value)
        how, definitions = self._member(node)
        # The name stands at the end of the expression, whose columns count bytes.
        line = self._module.lines[(node.end_lineno or node.lineno) - 1].encode()
        end = len(line[: node.end_col_offset or 0].decode(errors="replace"))
        self._note(node.attr, node.end_lineno or node.lineno, end - len(node.attr), how, definitions)

    def _note(
        self, name: str, lineno: int, column: int, how: str, definitions: tuple[Definition, ...]
    ) -> None:
        if definitions and not hasattr(builtins, name):
            self._found.append(Use(name, lineno - 1, column, how, definitions))

    def _member(self, node: ast.Attribute) -> tuple[str, tuple[Definition, ...]]:
        if (outer := self._module_named(node.value)) is not None:
            return "module", self._truth.look_up(outer, node.attr).definitions
        owner = self._class_of(node.value)
        if owner is not None:
            known = self._truth.member(owner, node.attr)
            own = self._classes[-1] if self._classes else None
            if known is None:
                return "typed", ()
            how = "typed" if owner is not own else "self" if known[0] is own else "inherited"
            return how, (known[1],)
        return "guess", self._truth.members_named(node.attr)

    def _module_named(self, value: ast.expr) -> str | None:
        match value:
            case ast.Name(id=name) if not any(name in scope for scope in self._scopes):
                return self._truth.look_up(self._here, name).module or None
            case ast.Attribute(value=inner, attr=name):
                outer = self._module_named(inner)
                return self._truth.look_up(outer, name).module or None if outer else None
        return None

    def _class_of(self, value: ast.expr, depth: int = 0) -> Class | None:
        """The class of an expression's value, as far as it is written down."""
        if depth > _MAX_HOPS:
            return None
        match value:
            case ast.Name(id="self" | "cls"):
                return self._classes[-1] if self._classes else None
            case ast.Name(id=name):
                scope = next((scope for scope in reversed(self._scopes) if name in scope), None)
                if scope is None:
                    return self._truth.class_named(self._here, value)
                return self._class_written(scope[name], depth)
            case ast.Attribute(value=inner, attr=name):
                owner = self._class_of(inner, depth + 1)
                known = self._truth.member(owner, name) if owner else None
                if known is None:
                    return None
                return self._truth.class_named(module_name(known[0].file), _called(known[0].hints.get(name)))
            case ast.Call(func=function):
                return self._class_called(function, depth)
            case ast.Await(value=inner):
                return self._class_of(inner, depth + 1)
        return None

    def _class_written(self, hint: ast.expr | None, depth: int) -> Class | None:
        if hint is None:
            return None
        named = self._truth.class_named(self._here, hint)
        return named or (self._class_of(hint, depth + 1) if isinstance(hint, ast.Call | ast.Await) else None)

    def _class_called(self, function: ast.expr, depth: int) -> Class | None:
        if (named := self._truth.class_named(self._here, function)) is not None:
            return named
        match function:
            case ast.Name(id=name):
                for one in self._truth.look_up(self._here, name).definitions:
                    known = self._truth.function_of(one)
                    return self._truth.class_named(module_name(one.file), known.returns) if known else None
            case ast.Attribute():
                return self._class_of(function, depth + 1)
        return None


def _called(hint: ast.expr | None) -> ast.expr | None:
    return hint.func if isinstance(hint, ast.Call) else hint
