"""What the tests' terminal editors have in common: an open file, and a recorded connection to the language server.

Owns where the file and the record are. Must not know the keys of any editor.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support import wiretap
from tests.support.simulator import Simulator
from tests.support.terminal import Terminal


def serving_from(gateway: Simulator) -> dict[str, str]:
    """The environment in which an editor's server uses a gateway, and waits for it on a loaded machine.

    These editors ask only once until the text changes, so an answer that came too late would never be shown.
    """
    return {
        "TYPETHROUGH_BASE_URL": gateway.base_url,
        "TYPETHROUGH_BUDGET_MS": "5000",
        "TYPETHROUGH_CATALOGUE": "false",
    }


class TerminalEditor(Terminal):
    """An editor in a terminal that has opened `file` with `content`. The last word of the command is the file's path."""

    def __init__(
        self,
        home: Path,
        command: Sequence[str],
        *,
        file: str,
        content: bytes,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.file = home / "work" / file
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(content)
        self._wire = home / "wire.jsonl"
        programs = home / "bin"
        programs.mkdir(exist_ok=True)
        wiretap.install(programs, self._wire)
        super().__init__(home, [*command, str(self.file)], environment=environment)

    def sent(self, method: str) -> list[dict[str, Any]]:
        """The requests and notifications of a method that the editor has sent so far, oldest first."""
        return [one for one in wiretap.messages(self._wire, sent_by="client") if one.get("method") == method]

    def wait_for_sent(self, method: str, count: int = 1, timeout_s: float = 15.0) -> dict[str, Any]:
        """Wait until the editor has sent `count` messages of a method, and return the last one."""
        self.wait_for(lambda: len(self.sent(method)) >= count, timeout_s, f"{count} {method} from the editor")
        return self.sent(method)[count - 1]

    def answers(self, method: str) -> list[Any]:
        """The results that the server gave to the editor's requests of a method. Fails if one is an error."""
        asked = {one["id"] for one in self.sent(method)}
        replies = [one for one in wiretap.messages(self._wire, sent_by="server") if one.get("id") in asked]
        refused = [one["error"] for one in replies if "error" in one]
        assert not refused, self.report(f"{method} was refused: {refused}")
        return [one["result"] for one in replies if "method" not in one]

    def report(self, headline: str) -> str:
        """What helps to understand a failed test: the screen, and the last messages on the wire."""
        said = [
            f"{side}: {str(one)[:300]}"
            for side in ("client", "server")
            for one in wiretap.messages(self._wire, sent_by=side)[-8:]
        ]
        return "\n".join([super().report(headline), "--- wire", *said])
