"""The documents against the code: every file, command, variable, setting and name that they mention is there."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk import environment_variables

from tests.support.fault_page import page
from tests.support.neovim_install import find_or_install
from typethrough import __version__
from typethrough.cli import main
from typethrough.core.models import profile_of
from typethrough.core.settings.access import endpoint_of
from typethrough.core.settings.layers import Layer, Origin, resolve
from typethrough.core.settings.schema import DEFAULTS, ENVIRONMENT_PREFIX, SPECS, environment_name
from typethrough.gateway.certificates import SYSTEM, certificates_of
from typethrough.gateway.proxies import DIRECT, proxy_for

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "server" / "typethrough"
PAGES = tuple(f"server/docs/{path.name}" for path in sorted((ROOT / "server" / "docs").glob("*.md")))
DOCUMENTS = (
    "README.md",
    "CHANGELOG.md",
    "server/ARCHITECTURE.md",
    "server/PROTOCOL.md",
    "editors/README.md",
    ".github/SECURITY.md",
    ".github/CONTRIBUTING.md",
    *PAGES,
)
MEASUREMENTS = "server/docs/measurements.md"
GATEWAYS = "server/docs/gateways.md"
FIGURES = ("<!-- figures:begin -->", "<!-- figures:end -->")
# What a span must begin with to be a path in the repository, or, in ARCHITECTURE, in the package.
_REPOSITORY = ("server/", "editors/", "tests/", ".ci/")
_LAYERS = tuple(f"{path.name}/" for path in PACKAGE.iterdir() if (path / "__init__.py").exists())

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)|(?:srcset|src)=\"([^\"]+)\"")
_SPAN = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str, language: str) -> list[str]:
    """The bodies of a document's fenced blocks in one language."""
    return [match["body"] for match in _FENCE.finditer(read(document)) if match["language"] == language]


def spans(document: str) -> list[str]:
    """What stands in backticks in a document's prose."""
    return _SPAN.findall(_FENCE.sub("", read(document)))


def commands(document: str) -> Iterator[list[str]]:
    """The words of each command in a document's shell blocks."""
    for block in blocks(document, "sh"):
        for line in block.splitlines():
            if words := shlex.split(line, comments=True):
                yield words


def anchors(document: str) -> set[str]:
    """The anchors that a document's headings make, as GitHub makes them."""
    headings = _HEADING.findall(_FENCE.sub("", read(document)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def defined_names() -> set[str]:
    """Every class, function, constant and module of ours by its name, and every member as Class.member or module.name."""
    names = set[str]()
    for path in PACKAGE.rglob("*.py"):
        module = path.parent.name if path.name == "__init__.py" else path.stem
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = set(_bound(tree))
        names |= {module} | top | {f"{module}.{name}" for name in top}
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                names |= {f"{node.name}.{member}" for member in _bound(node)}
    return names


def _bound(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        match statement:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case _:
                pass


def test_nothing_lies_at_the_top_that_does_not_belong_there() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    top = {path.partition("/")[0] for path in listed}
    assert {name for name in top if not name.startswith(".")} <= {
        *("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"),
        *("server", "editors", "tests"),
    }


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_to_a_file_or_a_heading(document: str) -> None:
    for match in _LINK.finditer(read(document)):
        target = match[1] or match[2]
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        linked = ((ROOT / document).parent / path).resolve() if path else ROOT / document
        assert linked.exists(), target
        assert not anchor or anchor in anchors(str(linked.relative_to(ROOT))), target


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_in_backticks_exists(document: str) -> None:
    for span in spans(document):
        for word in span.split():
            if word.startswith(_REPOSITORY):
                assert (ROOT / word.partition("::")[0]).exists(), word
            elif word.startswith(_LAYERS):
                assert (PACKAGE / word).exists(), word


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_document_names_a_place_on_one_machine(document: str) -> None:
    assert not re.search(r"/(?:work|root|home|Users)/", read(document))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_can_be_run_as_it_is_written(document: str) -> None:
    for words in commands(document):
        match words:
            case ["sh", script, *_]:
                assert (ROOT / script).is_file(), script
            case ["typethrough", *arguments]:
                assert_understood(arguments)
            case [".venv/bin/python", "-m", module, *_]:
                path = ROOT / module.replace(".", "/")
                assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
            case ["export", *assignments]:
                for assignment in assignments:
                    name, separator, value = assignment.partition("=")
                    assert separator
                    assert_variable(name, value)
            case ["ln", "-s", target, _]:
                local = target.removeprefix("$PWD/").removeprefix("/path/to/typethrough/")
                # The virtual environment is there once the first command has run.
                assert local.startswith(".venv/bin/typethrough") or (ROOT / local).exists(), target
            case ["pip", "install", package]:
                extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
                assert package in {f"typethrough[{extra}]" for extra in extras}
            case ["mkdir", "-p", *_]:
                pass
            case ["code", "--install-extension", package]:
                # The script before it makes the file.
                assert package == f"editors/vscode/typethrough-{__version__}.vsix"
            case _:
                pytest.fail(f"a command that no test knows: {shlex.join(words)}")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_in_the_text_is_one_that_the_program_knows(document: str) -> None:
    for span in spans(document):
        words = span.split()
        if words[0] == "typethrough" and len(words) > 1:
            # A verb alone is a mention of it, not a whole command.
            assert_understood([*words[1:], "--help"] if len(words) == 2 else words[1:])
        elif words[0] == "sh" and len(words) > 1:
            assert (ROOT / words[1]).is_file(), span


def assert_understood(arguments: list[str]) -> None:
    try:
        main._parser().parse_args(arguments)
    except SystemExit as end:
        # --help and --version end the program well.
        if end.code:
            pytest.fail(f"typethrough does not understand {arguments}")


def assert_variable(name: str, value: str) -> None:
    if name.startswith("OTEL_"):
        assert name in vars(environment_variables), name
        return
    layer = Layer("document", Origin.ENVIRONMENT, {name.removeprefix(ENVIRONMENT_PREFIX).lower(): value})
    assert name.startswith(ENVIRONMENT_PREFIX), name
    # The documents' key is a placeholder; everything else must be a value that is taken.
    assert name == "TYPETHROUGH_API_KEY" or resolve([layer])[1] == (), name


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_environment_variable_is_one_that_is_read(document: str) -> None:
    ours = {environment_name(setting) for setting in SPECS}
    for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", read(document)):
        if name.startswith(ENVIRONMENT_PREFIX):
            assert name in ours, name
        elif name == "OPENAI_BASE_URL":
            found = {"OPENAI_API_KEY": "sk-0123456789", name: "http://127.0.0.1:1/v1"}
            assert endpoint_of(DEFAULTS, found).base_url == found[name]
        elif name == "NO_PROXY":
            found = {"ALL_PROXY": "http://127.0.0.1:1", name: "*"}
            assert proxy_for("https://gateway.example/v1", found) == DIRECT
        elif name.endswith("_PROXY"):
            base_url = "http://gateway.example/v1" if name == "HTTP_PROXY" else "https://gateway.example/v1"
            assert proxy_for(base_url, {name: "http://127.0.0.1:1"}).named_by == name
        elif name.startswith("OTEL_"):
            assert_variable(name, "")
        elif name.startswith("SSL_"):
            assert certificates_of({name: "/ca.pem"}) != SYSTEM
        else:
            assert endpoint_of(DEFAULTS, {name: "sk-0123456789"}).usable, name


def test_the_page_of_gateways_states_the_defaults_that_are_in_force() -> None:
    rows = re.findall(r"^\| `(TYPETHROUGH_\w+)` \| `([^`]+)` \|", read(GATEWAYS), re.MULTILINE)
    assert len(rows) >= 5
    for name, default in rows:
        value = getattr(DEFAULTS, name.removeprefix(ENVIRONMENT_PREFIX).lower())
        assert default == (str(value).lower() if isinstance(value, bool) else str(value)), name


def test_the_example_of_a_user_file_is_taken_as_it_stands() -> None:
    (example,) = blocks(GATEWAYS, "toml")
    _, problems = resolve([Layer("example", Origin.USER_FILE, tomllib.loads(example))])
    assert problems == ()


@pytest.mark.parametrize("document", ["README.md", GATEWAYS])
def test_the_default_models_end_and_successor_are_told(document: str) -> None:
    profile = profile_of(DEFAULTS.model)
    for fact in (DEFAULTS.model, profile.shutdown, profile.successor):
        assert fact
        assert fact in read(document)


def test_the_readme_is_read_in_two_minutes() -> None:
    assert len(read("README.md").encode()) <= 7_000


def test_each_promise_about_privacy_names_tests_that_are_there() -> None:
    promises = re.findall(r"^\| ([^|]+) \| (`[^|]+`) \|$", read("server/docs/privacy.md"), re.MULTILINE)
    assert len(promises) >= 15
    for promise, held_by in promises:
        for name in _SPAN.findall(held_by):
            path, separator, function = name.partition("::")
            assert separator, promise
            assert f"def {function}(" in read(path), name


def test_the_readmes_first_screen_has_the_picture_and_the_first_command() -> None:
    first_screen = read("README.md").partition("\n## ")[0]
    assert first_screen.index("images/ghost-text-light.png") < first_screen.index("sh server/demo")
    assert len(first_screen.splitlines()) <= 20


def test_the_readmes_set_up_puts_server_and_plugin_where_they_are_found(tmp_path: Path) -> None:
    (set_up,) = (block for block in blocks("README.md", "sh") if "ln -s" in block)
    subprocess.run(
        ["sh", "-eu", "-c", set_up], cwd=ROOT, env={**os.environ, "HOME": str(tmp_path)}, check=True
    )
    packages = tmp_path / ".local" / "share" / "nvim" / "site" / "pack"
    assert [path.readlink() for path in packages.glob("*/start/*")] == [ROOT / "editors" / "neovim"]
    assert [path.name for path in (tmp_path / ".local" / "bin").iterdir()] == ["typethrough"]


def test_the_set_up_without_a_plugin_is_the_one_tried_in_a_real_neovim() -> None:
    snippets = [
        block for block in blocks("editors/README.md", "lua") if "vim.lsp.enable('typethrough')" in block
    ]
    assert len(snippets) == 1
    assert snippets[0] in read("tests/support/neovim.py")


def test_the_figures_are_the_benchmarks_table_and_the_readmes_are_among_them() -> None:
    begin, end = FIGURES
    text = read(MEASUREMENTS)
    assert (text.count(begin), text.count(end)) == (1, 1)
    figures = text.partition(begin)[2].partition(end)[0]
    assert figures.strip().startswith("| figure | naive | typethrough |")
    assert figures.count("\n|") > 20
    assert "nan /" not in figures
    rows = {tuple(row.split("|")[1:4]) for row in figures.splitlines()}
    readmes = [
        row
        for row in read("README.md").splitlines()
        if row.count("|") == 4 and "naive" not in row and "--" not in row
    ]
    assert len(readmes) >= 5
    assert [row for row in readmes if tuple(row.split("|")[1:4]) not in rows] == []


@pytest.mark.parametrize(
    ("part", "head", "rows"),
    [
        ("context", "| steady / with moves | 2k | 10k | 20k | 40k | 120k |", 30),
        ("recall", "python:", 10),
        ("accounts", "| account | streams |", 6),
    ],
)
def test_the_context_benchmarks_three_parts_are_there(part: str, head: str, rows: int) -> None:
    text = read(MEASUREMENTS).partition(f"<!-- {part}:begin -->")[2].partition(f"<!-- {part}:end -->")[0]
    assert text.strip().startswith(head)
    assert text.count("\n|") >= rows


def test_the_page_of_faults_is_the_servers_own_table() -> None:
    assert read("server/docs/faults.md") == page(), (
        "run: python -m tests.bench.faults --page > server/docs/faults.md"
    )


def test_every_name_in_the_architecture_is_one_in_the_code() -> None:
    names = defined_names()
    looks_like_a_name = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)?")
    elsewhere = set(SPECS) | {"CancelledError", "null", "initialize", "partialResultToken"}
    unknown = [
        span
        for span in spans("server/ARCHITECTURE.md")
        if looks_like_a_name.fullmatch(span) and span not in names | elsewhere
    ]
    assert unknown == []


def test_the_architecture_fits_one_reading() -> None:
    assert len(read("server/ARCHITECTURE.md").split()) <= 3_300


def test_the_changelogs_newest_version_is_the_programs() -> None:
    newest = re.search(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == __version__


@pytest.mark.e2e
@pytest.mark.timeout(120)
def test_every_lua_snippet_is_lua(tmp_path: Path) -> None:
    script = tmp_path / "parse.lua"
    script.write_text(
        "for _, path in ipairs(arg) do\n"
        "  local text = io.open(path):read('a')\n"
        # A plugin's specification is a value that stands in the reader's own list.
        "  assert(loadstring(text) or loadstring('return ' .. text), path)\n"
        "end\n"
    )
    snippets = [body for document in DOCUMENTS for body in blocks(document, "lua")]
    assert len(snippets) >= 5
    paths = [tmp_path / f"{index}.lua" for index in range(len(snippets))]
    for path, snippet in zip(paths, snippets, strict=True):
        path.write_text(snippet, encoding="utf-8")
    answer = subprocess.run(
        [find_or_install(), "--clean", "-l", script, *paths],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
