"""The whole way of a keystroke with a real small model at the end of it: server over stdio, real HTTP, real tokens.

The model is far weaker than any that people would use, and badly behaved: what is asserted is what must hold whatever it says.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import real_model
from tests.support.cursor import parse
from tests.support.fake_editor import INVOKED, FakeEditor
from tests.support.lsp_client import LspClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.fake_editor import Asked
    from tests.support.real_model import RealModel

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

_ROOT = Path(__file__).parents[2]
# The most that the setting takes: a small model needs it on a busy machine. What the budget itself does is tested elsewhere.
_BUDGET_MS = 5_000
_PATIENCE_S = 60.0

_PLACES = (
    "class Store:\n    def __init__(self, path):\n        self.path = pa$0\n",
    "def area(width, height):\n    return width * height\n\n\ndef perimeter(width, height):\n    return 2 * (wi$0",
    "import math\n\n\ndef area(radius):\n    return math.pi * ra$0\n",
    "names = ['Ada', 'Bob']\nfor name in names:\n    print($0)\n",
    "def area(width, height):\n    return width * height\n\n\ndef box(width, height):\n    $0\n",
    "# Shapes\n\nA square has four equal sides. A triangle has$0\n",
)
# No word of the prompt's own form, of a chat's, or of a model's template belongs into a file.
_LEAKS = (
    "```",
    "<now",
    "</now",
    "<file",
    "<CURSOR",
    "<|",
    "Sure",
    "Here is",
    "Here's",
    "I'm sorry",
    "As an AI",
)


@pytest.fixture(scope="module")
def model() -> Iterator[RealModel]:
    with real_model.start() as running:
        yield running


def _environment(model: RealModel, home: Path) -> dict[str, str]:
    """A process's environment with this model, and with no settings of the person who runs the tests."""
    own = ("TYPETHROUGH_", "AI_GATEWAY_", "VERCEL_", "OPENAI_", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return kept | {
        "HOME": str(home),
        "PYTHONPATH": f"{_ROOT / 'server'}",
        "TYPETHROUGH_BASE_URL": model.base_url,
        "TYPETHROUGH_MODEL": "smollm2",
    }


@asynccontextmanager
async def _editor(model: RealModel, home: Path) -> AsyncIterator[FakeEditor]:
    """An editor whose server has this model and no other lane."""
    options = {"budget_ms": _BUDGET_MS, "local_lane": False, "prefetch": False, "max_output_tokens": 64}
    client = await LspClient.start(
        (sys.executable, "-m", "typethrough", "--stdio"), _environment(model, home), cwd=str(home)
    )
    try:
        await client.initialize(root_uri=home.as_uri(), options=options)
        yield FakeEditor(client)
        assert client.problems == []
    finally:
        await client.stop()


async def _asked(editor: FakeEditor) -> Asked:
    """Ask by hand, as a user does who wants an answer now, and wait for it."""
    asked = editor.ask(INVOKED)
    await asked.reply.value(_PATIENCE_S)
    return asked


async def _idle(model: RealModel) -> None:
    """Wait until the model answers nobody any more. Raises TimeoutError."""
    async with asyncio.timeout(_PATIENCE_S):
        while await asyncio.to_thread(model.busy):
            pass


def _open(editor: FakeEditor, marked: str, name: str = "shapes.py") -> None:
    text, cursor = parse(marked)
    editor.open(f"file:///project/{name}", text, cursor=(cursor.line, cursor.column))


def test_a_real_model_completes_and_nothing_but_text_for_the_file_is_shown(
    model: RealModel, tmp_path: Path
) -> None:
    async def run() -> None:
        shown = []
        async with _editor(model, tmp_path) as editor:
            for number, place in enumerate(_PLACES):
                _open(editor, place, f"shapes{number}.py")
                asked = await _asked(editor)
                line_prefix = place.partition("$0")[0].rsplit("\n", 1)[-1].strip()
                assert not any(leak in asked.text for leak in _LEAKS)
                assert not line_prefix or not asked.new.lstrip().startswith(line_prefix)
                shown.append(asked.new)
                editor.close()
                await _idle(model)
        assert any(shown), "the model has said something usable somewhere"
        assert editor.faults.invalid == []
        assert editor.faults.errors == []

    asyncio.run(run())


def test_the_next_question_about_a_file_reads_little_but_what_is_new(
    model: RealModel, tmp_path: Path
) -> None:
    lines = "".join(f"def shape_{number}(side):\n    return side * {number}\n\n\n" for number in range(40))

    async def run() -> None:
        async with _editor(model, tmp_path) as editor:
            _open(editor, f"{lines}def last(side):\n    return si$0\n")
            start = await asyncio.to_thread(model.prompt_tokens_read)
            await _asked(editor)
            await _idle(model)
            cold = await asyncio.to_thread(model.prompt_tokens_read) - start
            editor.asks = False
            editor.edit((161, 13), (161, 13), "z")
            await _asked(editor)
            await _idle(model)
            warm = await asyncio.to_thread(model.prompt_tokens_read) - start - cold
        assert 0 < warm < cold / 4

    asyncio.run(run())


def test_typing_something_else_ends_the_question_and_the_next_one_is_answered(
    model: RealModel, tmp_path: Path
) -> None:
    async def run() -> None:
        async with _editor(model, tmp_path) as editor:
            _open(
                editor, "# Shapes\n\nThe list of all the countries of the world, one a line:\n$0", "list.md"
            )
            first = editor.ask(INVOKED)
            async with asyncio.timeout(_PATIENCE_S):
                while not await asyncio.to_thread(model.busy):
                    assert first.answered_s is None
            editor.asks = False
            for char in "qzx":
                editor.type(char)
            second = await _asked(editor)
            assert first.answered_s is not None
            assert second.answered_s is not None
            assert first.answered_s <= second.answered_s
            await _idle(model)
        assert editor.faults.errors == []

    asyncio.run(run())


def test_evaluate_prints_the_figures_of_a_real_model(model: RealModel, tmp_path: Path) -> None:
    lines = "".join(f"def shape_{number}(side):\n    return side * {number}\n\n\n\n" for number in range(9))
    (tmp_path / "shapes.py").write_text(lines, "utf-8")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "Add shapes"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    environment = _environment(model, tmp_path) | {"TYPETHROUGH_BUDGET_MS": str(_BUDGET_MS)}
    command = [sys.executable, "-m", "typethrough", "evaluate", str(tmp_path), "--json", "--count", "3"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True)
    (figures,) = json.loads(done.stdout)
    assert (figures["name"], figures["asked"], figures["dollars"]) == ("smollm2", 3, 0)
    assert figures["first_text_p50_ms"] > 0
    assert not figures["stopped"]
