"""What the demo's audience is told: where each accepted line came from and how quickly, as a view or line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typethrough.cli.demo.screen import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from typethrough.cli.demo.editor import DemoEditor, Event
    from typethrough.core.outcome.outcome import Source


_VERBS = {
    "ghost": "ghost text",
    "through": "» typed through",
    "accept": "⇥ accepted",
    "diverge": "× diverged",
}


@dataclass(slots=True)
class Stage:
    """What the audience is shown beside the text: where each accepted line came from, and how quickly."""

    name: str
    lane: str
    show: Callable[[Event | None], None] = lambda _event: None
    notes: dict[int, str] = field(default_factory=dict)
    fresh: int = 0
    line: int = 0
    was_tab: bool = False

    def happened(self, event: Event) -> None:
        """Take note of an event and show it."""
        text = _source_and_time(event.source, event.ms)
        if event.kind == "accept":
            self.notes[self.line] = f"⇥ {text}"
            self.fresh, self.was_tab = len(event.text.rpartition("\n")[2]), True
        elif event.kind == "through":
            self.notes[self.line] = f"» {text}"
        self.show(event)

    def key(self, editor: DemoEditor) -> None:
        """A key was struck: show the text, and forget what was fresh once something was typed after it."""
        if not self.was_tab:
            self.fresh = 0
        self.was_tab = False
        self.line = len(editor.lines) - 1
        self.show(None)

    def view(self, editor: DemoEditor) -> View:
        """The frame's content now."""
        ghost, score = editor.ghost, editor.score
        live = _source_and_time(ghost.source, ghost.ms) if ghost else ""
        status = (
            f"{score.keys} keys · {score.saved_share:.0%} saved · ⇥ {score.accepts} accepted · "
            f"» {score.through_chars} typed through · {score.diverged} diverged"
        )
        return View(
            title=self.name,
            lane=self.lane,
            lines=editor.lines,
            ghost=ghost.text if ghost else "",
            fresh=self.fresh,
            notes=self.notes,
            live_note=live,
            status=status,
        )


def print_event(event: Event | None) -> None:
    """Print one event on one line; nothing for a key that brought none."""
    if event is not None:
        text = event.text.replace("\n", "⏎")
        shown = text if len(text) <= 60 else text[:59] + "…"
        print(f"{_VERBS[event.kind]:<16} {_source_and_time(event.source, event.ms):<20} {shown}", flush=True)


def _source_and_time(source: Source, ms: float) -> str:
    return f"{source} {ms:.1f} ms" if ms < 10 else f"{source} {ms:.0f} ms"
