"""The architecture as a test: which module may import what, and what the pure layers must not touch.

Arrows: `core, local <- engine <- {gateway, lsp, telemetry} <- cli`. An import that only a type checker sees counts as well: a
type is knowledge too.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = "typethrough"
_ROOT = Path(__file__).parent.parent / "server" / _PACKAGE
_MOST_LINES = 400

# What each layer may import of ours. The package's root holds the version and nothing else, so anybody may read it.
_ARROWS = {
    "core": {"core"},
    "local": {"core", "local"},
    "engine": {"core", "local", "engine"},
    "gateway": {"core", "local", "engine", "gateway"},
    "lsp": {"core", "local", "engine", "lsp"},
    "telemetry": {"core", "local", "engine", "telemetry"},
    "cli": {"core", "local", "engine", "gateway", "lsp", "telemetry", "cli"},
    "": set(),
}

_THIRD_PARTY = {
    "core": {"cachetools", "pathspec"},
    "gateway": {"httpx", "httpcore", "certifi", "h11", "cachetools"},
    "lsp": {"pygls", "lsprotocol", "cattrs"},
    "telemetry": {"opentelemetry"},
    "cli": {"platformdirs"},
}

# These alone know how to read grammars, so that nothing else depends on what they are like.
_GRAMMAR_MODULES = {
    "typethrough.core.outline.grammar",
    "typethrough.core.syntax.grammars",
    "typethrough.core.syntax.indentation",
    "typethrough.core.syntax.syntax",
}

# The pure layers take from the standard library what computes, and nothing that looks at the world. A module that is missing
# here and only computes may be added; one with a clock, a source of randomness, a file or a thread in it may not.
_PURE_STDLIB = {
    "__future__", "abc", "array", "ast", "base64", "binascii", "bisect", "collections", "copy", "dataclasses", "decimal",
    "difflib", "enum", "fnmatch", "fractions", "functools", "hashlib", "heapq", "html", "ipaddress", "itertools", "json",
    "keyword", "math", "operator", "re", "reprlib", "shlex", "statistics", "string", "struct", "textwrap", "tomllib", "types",
    "typing", "unicodedata", "urllib.parse", "weakref", "zlib",
}  # fmt: skip
# Of these modules, only the names that compute.
_PURE_NAMES = {
    "contextlib.contextmanager", "contextlib.suppress", "io.StringIO",
    "pathlib.PurePath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath", "sys.intern", "sys.maxsize", "sys.maxunicode",
    "warnings.catch_warnings", "warnings.simplefilter",
}  # fmt: skip
_IMPURE_BUILTINS = {"open", "input", "exec", "eval", "compile", "__import__", "breakpoint"}
_PURE_LAYERS = {"core", "local"}

# Clocks and dice belong to one module of the engine, and to the commands; everybody else is handed them.
_CLOCKS_AND_DICE = {"time", "random"}
_CLOCK_MODULE = "typethrough.engine.loop"


class _Import(NamedTuple):
    module: str
    name: str  # Empty for `import module`.
    line: int

    @property
    def full(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


def _layer_of(module: str) -> str:
    """The layer of one of our modules; the root's is empty. `python -m typethrough` is a command."""
    parts = module.split(".")
    if parts[1:] == ["__main__"]:
        return "cli"
    return parts[1] if len(parts) > 1 and parts[1] in _ARROWS else ""


def _imports(tree: ast.Module, module: str, is_package: bool) -> Iterator[_Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _Import(alias.name, "", node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                package = parts[: len(parts) - node.level + is_package]
                base = ".".join([*package, *([base] if base else [])])
            for alias in node.names:
                yield _Import(base, alias.name, node.lineno)


def _wrong_import(imported: _Import, module: str) -> str:
    """Why this import is not allowed in this module; empty when it is."""
    layer = _layer_of(module)
    top = imported.module.partition(".")[0]
    if top == _PACKAGE:
        target = _layer_of(imported.full)
        allowed = not target or target in _ARROWS[layer]
        return "" if allowed else f"{layer or 'the root'} must not know {target}"
    if top not in sys.stdlib_module_names:
        is_grammar = top == "tree_sitter" or top.startswith("tree_sitter_")
        if is_grammar and module in _GRAMMAR_MODULES:
            return ""
        return "" if top in _THIRD_PARTY.get(layer, set()) else f"{layer or 'the root'} must not use {top}"
    if top in _CLOCKS_AND_DICE and layer != "cli" and module != _CLOCK_MODULE:
        return f"{top} is handed in, not imported"
    if layer in _PURE_LAYERS:
        names = {imported.module, top, imported.full}
        if not names & _PURE_STDLIB and imported.full not in _PURE_NAMES:
            return f"{layer} is pure and must not use {imported.full}"
    return ""


def _wrong_name(node: ast.Name, module: str) -> str:
    """Why this builtin is not allowed in this module; empty when it is. To hold one is as bad as to call it."""
    layer = _layer_of(module)
    if not isinstance(node.ctx, ast.Load):
        return ""
    if node.id == "print" and layer != "cli":
        return "only a command prints"
    if node.id in _IMPURE_BUILTINS and layer in _PURE_LAYERS:
        return f"{layer} is pure and must not call {node.id}"
    return ""


def _faults(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """Everything in one module that goes against the architecture, as `module:line: reason`."""
    tree = ast.parse(source)
    found = [
        (imported.line, reason)
        for imported in _imports(tree, module, is_package)
        if (reason := _wrong_import(imported, module))
    ]
    found += [
        (node.lineno, reason)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and (reason := _wrong_name(node, module))
    ]
    length = len(source.splitlines())
    if length > _MOST_LINES:
        found.append((length, f"{length} lines are two ideas; {_MOST_LINES} is the most"))
    return [f"{module}:{line}: {reason}" for line, reason in sorted(found)]


def _module_name(path: Path) -> str:
    parts = path.relative_to(_ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


_MODULES = sorted(_ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", _MODULES, ids=_module_name)
def test_a_module_keeps_to_the_architecture(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert _faults(source, _module_name(path), is_package=path.name == "__init__.py") == []


def test_every_layer_is_there_and_every_folder_is_a_layer() -> None:
    folders = {path.name for path in _ROOT.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(_ARROWS) - {""}
    assert "typethrough.core.document.document" in {_module_name(path) for path in _MODULES}


def test_only_one_module_reads_patterns() -> None:
    users = [
        _module_name(path)
        for path in _MODULES
        for imported in _imports(ast.parse(path.read_text(encoding="utf-8")), _module_name(path), False)
        if imported.module.partition(".")[0] == "pathspec"
    ]
    assert len(set(users)) <= 1


@pytest.mark.parametrize(
    ("module", "source", "reason"),
    [
        ("core.a", "import typethrough.engine.engine", "core must not know engine"),
        ("core.a", "from typethrough.local import index", "core must not know local"),
        ("core.a", "from typethrough import engine", "core must not know engine"),
        ("core.prompt.a", "from ...gateway import wire", "core must not know gateway"),
        ("core.a", "from .. import local", "core must not know local"),
        ("local.a", "from typethrough.engine import ports", "local must not know engine"),
        ("engine.a", "from typethrough.lsp import server", "engine must not know lsp"),
        (
            "engine.a",
            "import typethrough.core.document.view, typethrough.cli.main",
            "engine must not know cli",
        ),
        ("gateway.a", "from typethrough.lsp import server", "gateway must not know lsp"),
        ("gateway.a", "from typethrough.telemetry import store", "gateway must not know telemetry"),
        ("lsp.a", "from typethrough.gateway import client", "lsp must not know gateway"),
        ("lsp.a", "from typethrough.telemetry import logs", "lsp must not know telemetry"),
        ("telemetry.a", "from typethrough.cli import main", "telemetry must not know cli"),
        ("telemetry.a", "def f():\n    from typethrough.lsp import server", "telemetry must not know lsp"),
        (
            "core.a",
            "if TYPE_CHECKING:\n    from typethrough.engine import ports",
            "core must not know engine",
        ),
        ("core.a", "import httpx", "core must not use httpx"),
        ("core.a", "import pygls.server", "core must not use pygls"),
        ("local.a", "import cachetools", "local must not use cachetools"),
        ("engine.a", "from lsprotocol import types", "engine must not use lsprotocol"),
        ("lsp.a", "import httpx", "lsp must not use httpx"),
        ("gateway.a", "from pygls.uris import to_fs_path", "gateway must not use pygls"),
        ("telemetry.a", "import cachetools", "telemetry must not use cachetools"),
        ("cli.a", "import httpx", "cli must not use httpx"),
        ("core.a", "import asyncio", "core is pure and must not use asyncio"),
        ("core.a", "import os.path", "core is pure and must not use os.path"),
        ("core.a", "from pathlib import Path", "core is pure and must not use pathlib.Path"),
        ("core.a", "import pathlib", "core is pure and must not use pathlib"),
        ("core.a", "import urllib.request", "core is pure and must not use urllib.request"),
        ("core.a", "from urllib import request", "core is pure and must not use urllib.request"),
        ("local.a", "import logging", "local is pure and must not use logging"),
        ("local.a", "import threading", "local is pure and must not use threading"),
        ("local.a", "from datetime import datetime", "local is pure and must not use datetime.datetime"),
        ("core.a", "import time", "time is handed in, not imported"),
        ("engine.a", "from time import monotonic", "time is handed in, not imported"),
        ("gateway.a", "import random", "random is handed in, not imported"),
        ("engine.loop_skew", "import time", "time is handed in, not imported"),
        ("core.a", "text = open('a').read()", "core is pure and must not call open"),
        ("lsp.a", "print('x')", "only a command prints"),
        ("engine.a", "show = print", "only a command prints"),
        ("cli.a", "x = 1\n" * 401, "401 lines are two ideas; 400 is the most"),
    ],
)
def test_the_checker_finds(module: str, source: str, reason: str) -> None:
    faults = _faults(source, f"{_PACKAGE}.{module}")
    assert [fault.partition(": ")[2] for fault in faults] == [reason]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("core.a", "from __future__ import annotations\nimport re\nfrom collections.abc import Iterator"),
        ("core.a", "from cachetools import LRUCache\nfrom typethrough.core.document import Snapshot"),
        ("core.filters.a", "from . import fences\nfrom ..document import Position\nfrom .. import secrets"),
        (
            "core.a",
            "from pathlib import PurePosixPath\nfrom urllib.parse import urlsplit\nimport urllib.parse",
        ),
        ("core.a", "import re\npattern = re.compile('a')\nopened = closed = 1\nx.print()"),
        ("local.a", "from typethrough.core import document"),
        ("core.gate.a", "import pathspec"),
        ("engine.a", "import asyncio\nfrom typethrough.core import document"),
        ("engine.loop", "import time\nimport random"),
        ("gateway.a", "import httpx, httpcore, ssl\nfrom typethrough.engine.ports import GatewayError"),
        ("lsp.a", "from typethrough import __version__\nfrom pygls.lsp.server import LanguageServer"),
        ("telemetry.a", "from typethrough.engine.ports import Recorder\nimport json"),
        (
            "cli.a",
            "import time\nimport platformdirs\nfrom typethrough import lsp, gateway, telemetry\nprint(1)",
        ),
        ("__main__", "from typethrough.cli.main import main"),
        ("cli.a", "x = 1\n" * 400),
    ],
)
def test_the_checker_lets_through(module: str, source: str) -> None:
    assert _faults(source, f"{_PACKAGE}.{module}") == []


def test_a_package_resolves_its_relative_imports_from_itself() -> None:
    source = "from .document import Position\nfrom ..engine import ports"
    faults = _faults(source, "typethrough.core", is_package=True)
    assert faults == ["typethrough.core:2: core must not know engine"]
