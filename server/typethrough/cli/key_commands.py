"""Keys printed by commands. If a command gave no key, or its key was refused, it is run again after a pause.

It may succeed later: a keyring may have been locked, or a token may have expired.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from typethrough.cli.user_file import COMMAND_LIMIT_S, key_from_command

if TYPE_CHECKING:
    from typethrough.core.settings.layers import Problem
    from typethrough.engine.ports import Clock

FIRST_PAUSE_S = 3.0
LONGEST_PAUSE_S = 300.0
# A command that runs into its time limit probably shows a window. It must not show the next one soon.
AFTER_TIMEOUT_S = 120.0
_BETWEEN_RUNS_S = 2.0
_FORGOTTEN_S = 900.0


class KeyCommands:
    """Runs key commands. `keys` has the last key of each command."""

    def __init__(self, clock: Clock) -> None:
        self.keys: dict[tuple[str, ...], str] = {}
        self._clock = clock
        # For each command: how many runs in a row gave no new key, when the last one ended, and when the next may start.
        self._runs: dict[tuple[str, ...], tuple[int, float, float]] = {}

    async def fetch(self, command: tuple[str, ...], *, is_refused: bool = False) -> Problem | None:
        """Run the command if it is due, and keep its key. Returns what is wrong if it gives none.

        `is_refused`: the server refused the key that it printed last.
        """
        begun_s = self._clock.now()
        count, ended_s, due_s = self._runs.get(command, (0, -math.inf, -math.inf))
        if not command or begun_s < due_s or (self.keys.get(command) and not is_refused):
            return None
        count = 0 if begun_s - ended_s > _FORGOTTEN_S else count
        # Prevents a second run during this one.
        self._runs[command] = (count, begun_s, math.inf)
        pause_s = min(FIRST_PAUSE_S * 2 ** min(count, 16), LONGEST_PAUSE_S)
        try:
            key, problem = await key_from_command(command)
        finally:
            now_s = self._clock.now()
            if now_s - begun_s >= COMMAND_LIMIT_S:
                pause_s = max(pause_s, AFTER_TIMEOUT_S)
            self._runs[command] = (count + 1, now_s, now_s + pause_s)
        if key and key != self.keys.get(command):
            self.keys[command] = key
            self._runs[command] = (0, now_s, now_s + FIRST_PAUSE_S)
        return problem

    def try_again(self) -> None:
        """The user is back: end the pauses, except after a run that has just ended or timed out (it may have shown a window)."""
        now_s = self._clock.now()
        for command, (count, ended_s, due_s) in self._runs.items():
            if now_s - ended_s >= _BETWEEN_RUNS_S and due_s - ended_s < AFTER_TIMEOUT_S:
                self._runs[command] = (count, ended_s, now_s)
