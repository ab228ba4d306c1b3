"""Permits for tests that need one but are about something else. They come from a real gate that forbids nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.gate.gate import Gate, SendPermit, TellPermit
from typethrough.core.gate.rules import Folder
from typethrough.core.settings.schema import DEFAULTS

if TYPE_CHECKING:
    from typethrough.core.codebase.codebase import Codebase, Digest

ROOT = "file:///project"


def tell(name: str) -> TellPermit:
    """The permit to use a workspace file in prompts, by its path in the workspace."""
    permit = Gate(DEFAULTS, folders=[Folder("/project", "project")]).may_tell(f"{ROOT}/{name}")
    assert permit is not None
    return permit


def send(name: str) -> SendPermit:
    """The permit to send a workspace file, by its path in the workspace."""
    permit = Gate(DEFAULTS, folders=[Folder("/project", "project")]).may_send(f"{ROOT}/{name}", "", 0.0)
    assert isinstance(permit, SendPermit)
    return permit


def put(codebase: Codebase, file: Digest) -> None:
    """Add a file to a codebase."""
    codebase.add(tell(file.path), file)
