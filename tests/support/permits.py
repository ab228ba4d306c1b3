"""Permits for tests that need one and are about something else: from a real gate, which forbids none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.gate.gate import Gate, SendPermit, TellPermit
from typethrough.core.gate.rules import Folder
from typethrough.core.settings.schema import DEFAULTS

if TYPE_CHECKING:
    from typethrough.core.codebase.codebase import Codebase, Digest

ROOT = "file:///project"


def tell(name: str) -> TellPermit:
    """The permit for a file of the workspace, by its path there."""
    permit = Gate(DEFAULTS, folders=[Folder("/project", "project")]).may_tell(f"{ROOT}/{name}")
    assert permit is not None
    return permit


def send(name: str) -> SendPermit:
    """The permit to send a file of the workspace, by its path there."""
    permit = Gate(DEFAULTS, folders=[Folder("/project", "project")]).may_send(f"{ROOT}/{name}", "", 0.0)
    assert isinstance(permit, SendPermit)
    return permit


def put(codebase: Codebase, file: Digest) -> None:
    """Have a codebase know a file."""
    codebase.add(tell(file.path), file)
