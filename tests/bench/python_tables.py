"""The tables that a Python file's syntax tree gives: what its names are, what its classes have, what a function binds.

Owns the walk over one file. What a name means across files is `truth_python`'s. Nothing here runs the code that is read.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from tests.bench.symbols import Definition, define

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES: Final = (*FUNCTIONS, ast.Lambda, ast.ClassDef)


class Class:
    """A class and its members by name."""

    def __init__(self, file: str, node: ast.ClassDef) -> None:
        self.file = file
        self.node = node
        self.members: dict[str, Definition] = {}
        # The annotation or value that tells a member's class.
        self.hints: dict[str, ast.expr] = {}


class Module:
    """A parsed file: what its own names mean."""

    def __init__(self, file: str, tree: ast.Module, lines: list[str]) -> None:
        self.file = file
        self.tree = tree
        self.lines = lines
        self.names: dict[str, Definition] = {}
        self.classes: dict[str, Class] = {}
        self.functions: dict[str, Function] = {}
        # By local name: the module, and the name in it ("" for the module itself).
        self.imported: dict[str, tuple[str, str]] = {}
        self.stars: list[str] = []
        self.definitions: list[Definition] = []

    def note(self, name: str, kind: str, node: ast.stmt, owner: str = "") -> Definition:
        """A definition at `node`; what it says before its body or value is its signature."""
        first = node.lineno - 1
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            last = max(node.body[0].lineno - 1, first + 1)
            signature = "".join(self.lines[first:last])
        else:
            signature = _assigned(self.lines[first], owner)
        made = define(self.file, name, kind, first, node.end_lineno or node.lineno, signature.strip(), owner)
        self.definitions.append(made)
        return made


def _assigned(line: str, owner: str) -> str:
    """The part of an assignment that defines: all up to the sign; the line itself for a member, which says more."""
    name, sign, _ = line.partition("=")
    return name + sign if sign and not owner else line


def module_name(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def bodies(tree: ast.AST) -> Iterator[tuple[int, int]]:
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            body = node.body
            is_doc = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
            code = body[1:] if is_doc else body
            if code:
                yield code[0].lineno - 1, code[-1].end_lineno or code[-1].lineno


def bound_names(node: Function | ast.Lambda) -> dict[str, ast.expr | None]:
    """The names that a function binds, each with the annotation or value that tells its class."""
    arguments = node.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    found: dict[str, ast.expr | None] = {one.arg: one.annotation for one in every}
    found |= {one.arg: None for one in (arguments.vararg, arguments.kwarg) if one}
    shared: set[str] = set()
    waiting: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    while waiting:
        inner = waiting.pop()
        match inner:
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                shared.update(names)
            case ast.Name(id=name, ctx=ast.Store()):
                found.setdefault(name, None)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = found.get(name) or value
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                found[name] = annotation
            case ast.ExceptHandler(name=str(name)) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.setdefault(name, None)
            case ast.AsyncFunctionDef(name=name):
                found.setdefault(name, None)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                # Imported here: it means what it means at the top, where the collector has noted it.
                shared.update((alias.asname or alias.name.partition(".")[0]) for alias in names)
        if not isinstance(inner, _SCOPES):
            waiting.extend(ast.iter_child_nodes(inner))
    return {name: hint for name, hint in found.items() if name not in shared}


class Collector(ast.NodeVisitor):
    """Fills a module's tables with what its module level and its classes define."""

    def __init__(self, modules: Container[str], name: str, module: Module) -> None:
        self._modules = modules
        self._module = module
        is_package = module.file.endswith("__init__.py")
        self._package = name if is_package else name.rpartition(".")[0]
        self._class: Class | None = None
        self._in_function = False

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self._module.imported.setdefault(name, (alias.name if alias.asname else name, ""))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            package = self._package.split(".")
            kept = package[: len(package) - node.level + 1]
            base = ".".join([*kept, *([base] if base else [])])
        for alias in node.names:
            if alias.name == "*":
                self._module.stars.append(base)
            elif f"{base}.{alias.name}" in self._modules:
                self._module.imported.setdefault(alias.asname or alias.name, (f"{base}.{alias.name}", ""))
            else:
                self._module.imported.setdefault(alias.asname or alias.name, (base, alias.name))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if self._in_function or self._class is not None:
            return
        made = self._module.note(node.name, "class", node)
        self._module.names.setdefault(node.name, made)
        self._class = self._module.classes.setdefault(node.name, Class(self._module.file, node))
        for statement in node.body:
            self.visit(statement)
        self._class = None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def _function(self, node: Function) -> None:
        owner = self._class
        if self._in_function:
            pass
        elif owner is None:
            self._module.names.setdefault(node.name, self._module.note(node.name, "function", node))
            self._module.functions.setdefault(node.name, node)
        elif node.name not in owner.members:
            owner.members[node.name] = self._module.note(node.name, "method", node, owner.node.name)
            if node.returns is not None:
                owner.hints.setdefault(node.name, node.returns)
        before, self._in_function = self._in_function, True
        if owner is not None and not before:
            self._attributes(owner, node)
        for statement in node.body:
            self.visit(statement)
        self._in_function = before

    def _attributes(self, owner: Class, method: Function) -> None:
        """`self.name = …` defines a member where it is first written."""
        written = {
            one.arg: one.annotation for one in (*method.args.args, *method.args.kwonlyargs) if one.annotation
        }
        for node in ast.walk(method):
            if not isinstance(node, ast.Assign | ast.AnnAssign):
                continue
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                match target:
                    case ast.Attribute(value=ast.Name(id="self"), attr=name) if name not in owner.members:
                        owner.members[name] = self._module.note(name, "attribute", node, owner.node.name)
                        hint = node.annotation if isinstance(node, ast.AnnAssign) else node.value
                        if isinstance(hint, ast.Name) and hint.id in written:
                            hint = written[hint.id]
                        if hint is not None:
                            owner.hints.setdefault(name, hint)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._assigned(target, node, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._assigned(node.target, node, node.annotation)

    def _assigned(self, target: ast.expr, node: ast.stmt, hint: ast.expr) -> None:
        if self._in_function or not isinstance(target, ast.Name):
            return
        if self._class is None:
            if target.id not in self._module.names and target.id not in self._module.imported:
                self._module.names[target.id] = self._module.note(target.id, "constant", node)
        elif target.id not in self._class.members:
            self._class.members[target.id] = self._module.note(
                target.id, "attribute", node, self._class.node.name
            )
            self._class.hints.setdefault(target.id, hint)
