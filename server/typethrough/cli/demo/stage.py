"""What the demo shows beside the text: for each accepted line its source and time, as a view or as printed lines."""

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
    "through": "» typed as shown",
    "accept": "⇥ accepted",
    "diverge": "× typed otherwise",
}


@dataclass(slots=True)
class Stage:
    """What is shown beside the text: for each accepted line, the lane that it came from and how long it took."""

    name: str
    lane: str
    show: Callable[[Event | None], None] = lambda _event: None
    notes: dict[int, str] = field(default_factory=dict)
    fresh: int = 0
    line: int = 0
    was_tab: bool = False

    def happened(self, event: Event) -> None:
        """Record an event and show it."""
        text = _source_and_time(event.source, event.ms)
        if event.kind == "accept":
            self.notes[self.line] = f"⇥ {text}"
            self.fresh, self.was_tab = len(event.text.rpartition("\n")[2]), True
        elif event.kind == "through":
            self.notes[self.line] = f"» {text}"
        self.show(event)

    def key(self, editor: DemoEditor) -> None:
        """Show the text after a key. If the key was not Tab, the last accepted text is no longer marked."""
        if not self.was_tab:
            self.fresh = 0
        self.was_tab = False
        self.line = len(editor.lines) - 1
        self.show(None)

    def view(self, editor: DemoEditor) -> View:
        """The present content of the frame."""
        ghost, score = editor.ghost, editor.score
        live = _source_and_time(ghost.source, ghost.ms) if ghost else ""
        status = (
            f"{counted(score.keys, 'key')} · {score.saved_share:.0%} saved · ⇥ {score.accepts} accepted · "
            f"» {score.through_chars} typed as shown · × {score.diverged} otherwise"
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


def counted(count: int, noun: str) -> str:
    """A count with its noun, as in "1 key" and "2 keys"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def print_event(event: Event | None) -> None:
    """Print one event on a line. Prints nothing for a key without an event."""
    if event is not None:
        text = event.text.replace("\n", "⏎")
        shown = text if len(text) <= 60 else text[:59] + "…"
        print(f"{_VERBS[event.kind]:<18} {_source_and_time(event.source, event.ms):<20} {shown}", flush=True)


def _source_and_time(source: Source, ms: float) -> str:
    return f"{source} {ms:.1f} ms" if ms < 10 else f"{source} {ms:.0f} ms"
