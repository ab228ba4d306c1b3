"""A real Neovim for tests: started without configuration, driven over msgpack-rpc, read from its screen.

Owns the editor's process, its temporary home, the rpc and the waiting. Must not know the server's insides: a test learns only
what a user would see. `python -m tests.support.neovim` downloads what is missing.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgpack  # type: ignore[import-untyped]  # the package ships no types and only this module touches it

from tests.support.neovim_install import ROOT, VERSIONS, NeovimMissing, find_or_install
from tests.support.neovim_screen import Screen

PLUGIN = ROOT / "editors" / "neovim"

# The editor answers within milliseconds. This limit is only for a hang.
RPC_TIMEOUT_S = 10.0
POLL_S = 0.01

# Recorded inside the editor, because its own client sees both ends of a request.
_TRACE_LUA = """
_G.typethrough_requests = {}
vim.api.nvim_create_autocmd('LspRequest', { callback = function(event)
  local request = event.data.request
  if request.method ~= 'textDocument/inlineCompletion' then return end
  local now_ms = vim.uv.hrtime() / 1e6
  local known = _G.typethrough_requests
  if request.type == 'pending' then
    local tick = vim.b[event.buf].changedtick
    table.insert(known, { id = event.data.request_id, sent_ms = now_ms, tick = tick })
  else
    for _, entry in ipairs(known) do
      if entry.id == event.data.request_id and not entry.ended_ms then
        entry.ended_ms, entry.how = now_ms, request.type
      end
    end
  end
end })
"""

_EXTMARK_GHOST_LUA = """
local lines = { '' }
for _, name in ipairs({ 'typethrough', 'nvim.lsp.inline_completion' }) do
  local namespace = vim.api.nvim_get_namespaces()[name]
  for _, mark in ipairs(namespace and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true }) or {}) do
    for number, line in ipairs(vim.list_extend({ mark[4].virt_text or {} }, mark[4].virt_lines or {})) do
      local text = table.concat(vim.tbl_map(function(chunk) return chunk[1] end, line))
      if number == 1 then lines[#lines] = lines[#lines] .. text else table.insert(lines, text) end
    end
  end
end
return table.concat(lines, '\\n')
"""


# The README's configuration without our plugin.
BUILT_IN_ONLY = """
vim.lsp.config('typethrough', { cmd = { 'typethrough', '--stdio' }, root_markers = { '.git' } })
vim.lsp.enable('typethrough')
vim.lsp.inline_completion.enable()
vim.keymap.set('i', '<Tab>', function()
  return vim.lsp.inline_completion.get() and '' or '<Tab>'
end, { expr = true })
"""


@dataclass(frozen=True)
class View:
    """A Neovim version, and what draws its ghost text: our plugin, or the client that is built into 0.12."""

    version: str
    built_in: bool = False

    def __str__(self) -> str:
        return f"{self.version}-built-in" if self.built_in else self.version


class Neovim:
    """A running editor with an empty home. A context manager that ends it.

    `home` is an empty folder for everything that the editor writes. `environment` is added to one without keys.
    `init_lua` runs as the user's configuration, after the plugin was added to the runtime path (unless `plugin` is
    false). `version` is the Neovim to start; 0.12 means that version or a later one.
    """

    def __init__(
        self,
        home: Path,
        *,
        environment: Mapping[str, str] | None = None,
        init_lua: str = "",
        plugin: bool = True,
        version: str = "0.12",
        columns: int = 90,
        lines: int = 24,
    ) -> None:
        self.home = home
        self.work = home / "work"
        self.work.mkdir(parents=True, exist_ok=True)
        self._screen = Screen()
        self._lock = threading.Lock()
        self._answers: dict[int, tuple[Any, Any]] = {}
        self._answered = threading.Condition(self._lock)
        self._number = 0
        self._closed = False
        init = home / "init.lua"
        runtime_path = f"vim.opt.runtimepath:prepend({_lua_string(str(PLUGIN))})\n" if plugin else ""
        init.write_text(
            "require('vim.lsp.log').set_level('debug')\n" + _TRACE_LUA + runtime_path + init_lua,
            encoding="utf-8",
        )
        self._process = subprocess.Popen(
            [find_or_install(version), "--embed", "-n", "-i", "NONE", "-u", init],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.work,
            env=_clean_environment(home) | dict(environment or {}),
        )
        self._reader = threading.Thread(target=self._read, name="neovim-reader", daemon=True)
        self._reader.start()
        self._call("nvim_ui_attach", columns, lines, {"rgb": True, "ext_linegrid": True, "ext_hlstate": True})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the editor. First give its language servers the time that quitting gives them, then kill it."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                self._send([2, "nvim_command", ["qall!"]])
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(timeout=5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    # What a person does.

    def write(self, name: str, content: str | bytes) -> Path:
        """Create a file in the working folder and return its path. Text is written as UTF-8, with its line ends unchanged."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def open(self, name: str, content: str | bytes | None = None) -> None:
        """Open a file of the working folder, and wait until it is drawn. Creates it first if `content` is given."""
        if content is not None:
            self.write(name, content)
        self.lua("vim.cmd.edit(vim.fn.fnameescape(...))", name)

    def keys(self, keys: str) -> None:
        """Press keys in Neovim's notation, for example `<Esc>A`."""
        self._call("nvim_input", keys)

    def type(self, text: str) -> None:
        """Type plain text. A line feed is the Enter key."""
        self.keys(text.replace("<", "<lt>").replace("\n", "<CR>"))

    def lua(self, code: str, *arguments: object) -> Any:
        """Run Lua in the editor and return its value. Raises AssertionError with the editor's message."""
        return self._call("nvim_exec_lua", code, list(arguments))

    def attach(self, timeout_s: float = 15.0) -> None:
        """Wait until the language server is attached to the current buffer."""
        ready = "return #vim.lsp.get_clients({ bufnr = 0, name = 'typethrough' }) > 0"
        self.wait_for(lambda: bool(self.lua(ready)), timeout_s, "the language server to attach")
        # Neovim 0.12 sets up inline completion one turn of its loop later. It would not notice keys before that.
        self.lua("vim.g.is_settled = false; vim.schedule(function() vim.g.is_settled = true end)")
        self.wait_for(lambda: bool(self.lua("return vim.g.is_settled")), timeout_s, "Neovim to settle")

    # What a person sees.

    def screen(self) -> list[str]:
        """Return the rows of the screen as text, without trailing blanks."""
        with self._lock:
            return self._screen.lines()

    def picture(self) -> Screen:
        """Return the live screen with its colours. Read it only while the editor is idle."""
        return self._screen

    def ghost(self) -> str:
        """Return the ghost text on the screen, rows joined by a line feed. Empty if there is none."""
        with self._lock:
            return self._screen.ghost()

    def ghosts(self) -> list[str]:
        """Return every ghost text that was on the screen so far, in order, with "" for none. Flicker shows here."""
        with self._lock:
            return list(self._screen.ghosts)

    def cursor_lines(self) -> list[str]:
        """Return every text that the cursor's screen line had so far, including ghost text, in order."""
        with self._lock:
            return list(self._screen.cursor_lines)

    def ghost_marks(self) -> str:
        """Return the ghost text according to the editor's extmarks, for comparison with `ghost`."""
        return str(self.lua(_EXTMARK_GHOST_LUA))

    def buffer(self) -> list[str]:
        """Return the lines of the current buffer."""
        return list(self.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, true)"))

    def messages(self) -> str:
        """Return everything that the editor told its user, as in `:messages`."""
        return str(self.lua("return vim.fn.execute('messages')")).strip()

    def requests(self) -> list[dict[str, Any]]:
        """Return the inline completion requests: `id`, `sent_ms`, the text's `tick`, and at the end `ended_ms` and `how`."""
        return list(self.lua("return _G.typethrough_requests"))

    def server_pids(self) -> list[int]:
        """Return the process ids of the editor's children, its language servers."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(number) for number in children.read_text(encoding="ascii").split()]

    # Waiting for it.

    def wait_for(self, predicate: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Poll until the predicate holds. Raises AssertionError with the screen and the LSP log if it does not in time."""
        deadline = time.monotonic() + timeout_s
        while not predicate():
            if time.monotonic() > deadline:
                raise AssertionError(self.report(f"waited {timeout_s:g} s for {what}"))
            time.sleep(POLL_S)

    def wait_for_ghost(self, text: str | None = None, timeout_s: float = 10.0) -> str:
        """Wait for ghost text on the screen, any or exactly this one, and return it."""
        what = "ghost text" if text is None else f"the ghost text {text!r}"
        self.wait_for(
            lambda: self.ghost() == text if text is not None else self.ghost() != "", timeout_s, what
        )
        return self.ghost()

    def wait_for_buffer(self, lines: list[str], timeout_s: float = 5.0) -> None:
        """Wait until the buffer has exactly these lines."""
        self.wait_for(lambda: self.buffer() == lines, timeout_s, f"the buffer {lines!r}")

    def press_until(self, key: str, seen: Callable[[Screen], bool], timeout_s: float = 5.0) -> float:
        """Press a key and return the seconds until the screen is as wanted. It measures time, so it does not poll."""
        with self._answered:
            start_s = time.monotonic()
            self._send([2, "nvim_input", [key]])
            if not self._answered.wait_for(lambda: seen(self._screen), timeout_s):
                raise AssertionError(self._report_locked(f"waited {timeout_s:g} s after {key}"))
            return time.monotonic() - start_s

    def report(self, headline: str) -> str:
        """Return what helps to understand a failed test: the screen and the end of the LSP log."""
        with self._lock:
            return self._report_locked(headline)

    def _report_locked(self, headline: str) -> str:
        log = self.home / "state" / "nvim" / "lsp.log"
        tail = (
            log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
            if log.exists()
            else ["(no log)"]
        )
        short = [line if len(line) < 400 else line[:400] + " …" for line in tail]
        return "\n".join([headline, "--- screen", *self._screen.lines(), "--- lsp.log, its end", *short])

    # The rpc: https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md

    def _call(self, method: str, *arguments: object) -> Any:
        with self._lock:
            self._number += 1
            number = self._number
        self._send([0, number, method, list(arguments)])
        with self._answered:
            arrived = self._answered.wait_for(lambda: number in self._answers or self._closed, RPC_TIMEOUT_S)
            if number not in self._answers:
                how = "ended" if arrived else "does not answer"
                raise AssertionError(self._report_locked(f"neovim {how}: {method}"))
            error, value = self._answers.pop(number)
        if error is not None:
            raise AssertionError(self.report(f"{method}: {error[1] if isinstance(error, list) else error}"))
        return value

    def _send(self, message: list[object]) -> None:
        pipe = self._process.stdin
        if pipe is None:
            raise AssertionError("neovim has no input")
        pipe.write(msgpack.packb(message))
        pipe.flush()

    def _read(self) -> None:
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, unicode_errors="surrogateescape")
        pipe = self._process.stdout
        while pipe is not None and (data := os.read(pipe.fileno(), 65536)):
            unpacker.feed(data)
            for message in unpacker:
                with self._answered:
                    if message[0] == 1:
                        self._answers[message[1]] = (message[2], message[3])
                    elif message[0] == 2 and message[1] == "redraw":
                        self._screen.apply(message[2])
                    self._answered.notify_all()
        with self._answered:
            self._closed = True
            self._answered.notify_all()


def _clean_environment(home: Path) -> dict[str, str]:
    """Return an environment without keys and configuration, with this checkout's tools first on PATH."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TZ", "TMPDIR") if name in os.environ}
    folders = {f"XDG_{kind.upper()}_HOME": str(home / kind) for kind in ("config", "data", "state", "cache")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {"LANG": "C.UTF-8", **kept, **folders, "HOME": str(home), "PATH": path, "TERM": "xterm-256color"}


def _lua_string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main() -> int:
    """Print the paths of the Neovims, downloading those that are missing. Returns the exit status."""
    failed = 0
    for version in VERSIONS:
        try:
            sys.stdout.write(f"{find_or_install(version)}\n")
        except NeovimMissing as error:
            failed = 1
            sys.stderr.write(f"{error}\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
