"""To forget the gate, or the secrets, does not type-check: each line here does so, and mypy refuses each."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_MISUSE = """
from collections.abc import AsyncIterator
from typethrough.core.codebase.codebase import Codebase, Digest
from typethrough.core.document.view import View
from typethrough.core.document.document import Snapshot
from typethrough.core.gate.gate import Gate, KeepPermit, TellPermit
from typethrough.core.prompt.economist import Terms
from typethrough.core.prompt.anchor import freeze
from typethrough.core.prompt.layout import PromptState
from typethrough.core.prompt.message import Unsealed
from typethrough.core.prompt.related import Excerpt
from typethrough.engine.local_lane import LocalLane
from typethrough.engine.model_lane import ModelLane
from typethrough.engine.open_document import OpenDocument
from typethrough.engine.ports import Gateway
from typethrough.engine.surroundings import Surroundings

def build(state: PromptState, view: View, terms: Terms) -> None:
    state.build(view, terms, 0.0)  # wrong

def keep(name: str) -> None:
    PromptState(name, "python", "project")  # wrong

def send_with_a_permit_to_keep(state: PromptState, keep: KeepPermit, view: View, terms: Terms) -> None:
    state.build(keep, view, terms, 0.0)  # wrong

def send_without_looking_at_the_answer(state: PromptState, gate: Gate, view: View, terms: Terms) -> None:
    state.build(gate.may_send(view.uri, "", 0.0), view, terms, 0.0)  # wrong

def warm_up(lane: ModelLane, document: OpenDocument) -> None:
    lane.warm_up(document)  # wrong

def index(lane: LocalLane, uri: str, snapshot: Snapshot) -> None:
    lane.opened(uri, snapshot)  # wrong

def read(lane: LocalLane, files: AsyncIterator[tuple[str, str]]) -> None:
    lane.read(files)  # wrong

def outline(codebase: Codebase, file: Digest) -> None:
    codebase.add(file)  # wrong

def outline_what_may_only_be_kept(codebase: Codebase, keep: KeepPermit, file: Digest) -> None:
    codebase.add(keep, file)  # wrong

def tell(surroundings: Surroundings, gate: Gate, uri: str) -> None:
    surroundings.take(gate.may_tell(uri), "text")  # wrong

def excerpt(keep: KeepPermit) -> Excerpt:
    return Excerpt(keep, "text")  # wrong

def freeze_with_its_secrets(snapshot: Snapshot) -> None:
    freeze(snapshot, 0, header="", max_chars=100, now_s=0.0)  # wrong

async def send_what_was_not_sealed(gateway: Gateway, unsealed: Unsealed) -> None:
    await gateway.stream(unsealed, print)  # wrong
"""


def test_to_forget_the_gate_or_the_secrets_does_not_type_check(tmp_path: Path) -> None:
    file = tmp_path / "misuse.py"
    file.write_text(_MISUSE)
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(root / "pyproject.toml"), str(file)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    wrong = {number for number, line in enumerate(_MISUSE.split("\n"), 1) if line.endswith("# wrong")}
    refused = {int(line) for line in re.findall(r"misuse\.py:(\d+): error", done.stdout)}
    assert refused == wrong, done.stdout + done.stderr
