"""Folders and files that change outside the editor's documents, as the client reports them.

Reports are collected until they pause, so that a checkout of thousands of files is handled at once. Two kinds are passed on
immediately, because the old state could still get into a prompt: removed files, and changed ignore files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from lsprotocol import types

from typethrough.core.document.uris import place_of
from typethrough.core.gate.rules import is_ignore_file
from typethrough.engine.workspace import SKIPPED_FOLDERS, folder_at
from typethrough.lsp.fields import InvalidParams
from typethrough.lsp.initialize import is_folder, path_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from typethrough.core.gate.rules import Folder
    from typethrough.engine.ports import Cancellable, Clock
    from typethrough.lsp.protocol import Params

_QUIET_S = 0.5
_AT_MOST_S = 3.0
# Examining a few thousand files takes a thread some milliseconds.
_LOOK_EVERY_S = 15.0
# At most this many changed files are passed on. For so many, the listener reads the whole workspace anew.
_MOST_KEPT = 1_000
# A URI whose last part needs no decoding to be the file's name.
_PLAIN = re.compile(r"[^?#\\]*/\w[^/?#\\%]*")
_DELETED = types.FileChangeType.Deleted.value


class Listener(Protocol):
    """Receives the changes. A URI may be that of a folder, and then means everything in it."""

    def use_folders(self, folders: Sequence[Folder]) -> None:
        """The workspace now has these folders."""
        ...

    def files_changed(self, uris: Sequence[str]) -> None:
        """Files were created or changed and must be read again."""
        ...

    def files_gone(self, uris: Sequence[str]) -> None:
        """Files were removed and must be forgotten."""
        ...


class Watching:
    """What one client reports about folders and files."""

    def __init__(self, listener: Listener, clock: Clock, folders: Iterable[Path]) -> None:
        self._listener = listener
        self._clock = clock
        self._paths = list(folders)
        self._folders = [folder_at(path) for path in self._paths]
        # A set that keeps its order.
        self._changed: dict[str, None] = {}
        self._first_s = 0.0
        self._last_s = 0.0
        self._timer: Cancellable | None = None
        self._next_look: Cancellable | None = None

    def look_now_and_then(self, look: Callable[[], object]) -> None:
        """Call `look` now, and again every `_LOOK_EVERY_S` seconds. For clients that do not watch files."""
        again_s = self._clock.now() + _LOOK_EVERY_S
        self._next_look = self._clock.call_at(again_s, lambda: self.look_now_and_then(look))
        look()

    def did_change_folders(self, params: Params) -> None:
        """`workspace/didChangeWorkspaceFolders`."""
        event = params.get("event")
        if not isinstance(event, dict):
            raise InvalidParams("event must be an object")
        gone = [path_in(uri) for uri in _texts(event.get("removed"), "uri")]
        kept = [path for path in self._paths if path not in gone]
        fresh = [path_in(uri) for uri in _texts(event.get("added"), "uri")]
        there = [path for path in fresh if path is not None and path.is_absolute() and is_folder(path)]
        paths = list(dict.fromkeys([*kept, *there]))
        if paths != self._paths:
            self._paths = paths
            self._folders = [folder_at(path) for path in paths]
            self._listener.use_folders(self._folders)

    def did_change_watched(self, params: Params) -> None:
        """`workspace/didChangeWatchedFiles`."""
        changes = params.get("changes")
        # If one message names a file several times, the last change counts.
        deleted: dict[str, bool] = {}
        for change in changes if isinstance(changes, list) else []:
            for uri in _texts([change], "uri"):
                deleted[uri] = change.get("type") == _DELETED
        self._gone(uri for uri, is_gone in deleted.items() if is_gone)
        self._note(self._read_ones(uri for uri, is_gone in deleted.items() if not is_gone))

    def did_create(self, params: Params) -> None:
        """`workspace/didCreateFiles`."""
        self._note(self._read_ones(_texts(params.get("files"), "uri")))

    def did_rename(self, params: Params) -> None:
        """`workspace/didRenameFiles`."""
        self._gone(_texts(params.get("files"), "oldUri"))
        self._note(self._read_ones(_texts(params.get("files"), "newUri")))

    def did_delete(self, params: Params) -> None:
        """`workspace/didDeleteFiles`."""
        self._gone(_texts(params.get("files"), "uri"))

    def saved(self, uri: str) -> None:
        """A document was saved. Its text is known already, but rules of an ignore file are read from the disk."""
        if is_ignore_file(uri):
            self._note([uri])

    def closed(self, uri: str, *, is_saved: bool) -> None:
        """A document was closed, so its file counts again. Unsaved text is forgotten: it must not get into a prompt."""
        if not is_saved:
            self._gone([uri])
        self._note([uri])

    def stop(self) -> None:
        """Cancel all timers."""
        for waiting in (self._timer, self._next_look):
            if waiting is not None:
                waiting.cancel()

    def _gone(self, uris: Iterable[str]) -> None:
        gone = list(dict.fromkeys(filter(_is_file, uris)))
        for uri in gone:
            self._changed.pop(uri, None)
        if gone:
            self._listener.files_gone(gone)

    def _note(self, uris: Iterable[str]) -> None:
        """Collect files that were created or changed. Ignore files are passed on at once."""
        at_once = []
        now_s = self._clock.now()
        for uri in filter(_is_file, uris):
            if is_ignore_file(uri):
                at_once.append(uri)
            elif len(self._changed) < _MOST_KEPT:
                self._first_s = self._first_s if self._changed else now_s
                self._changed[uri] = None
        if at_once:
            self._listener.files_changed(at_once)
        self._last_s = now_s
        if self._changed and self._timer is None:
            self._timer = self._clock.call_at(now_s + _QUIET_S, self._due)

    def _read_ones(self, uris: Iterable[str]) -> Iterator[str]:
        """Yield the files that are read with the workspace. Folders for build results and packages are not, and change often."""
        # Of thousands of files, most are in few folders and have plain URIs. So the answer is kept per folder.
        read: dict[str, bool] = {}
        for uri in uris:
            folder, _, name = (uri if _PLAIN.fullmatch(uri) else place_of(uri)).rpartition("/")
            if folder not in read:
                read[folder] = self._is_read(place_of(folder))
            if read[folder] and (not name.startswith(".") or is_ignore_file(name)):
                yield uri

    def _is_read(self, place: str) -> bool:
        """Whether files in this folder are read. Inside the workspace, hidden and skipped folders are not."""
        folder = next((folder for folder in self._folders if folder.holds(place)), None)
        inside = place[len(folder.path) + 1 :].split("/") if folder is not None else ()
        return not any(part.startswith(".") or part in SKIPPED_FOLDERS for part in inside)

    def _due(self) -> None:
        """Pass on the collected files once there is a pause. If it is too early, the timer is set again."""
        due_s = min(self._last_s + _QUIET_S, self._first_s + _AT_MOST_S)
        if self._clock.now() < due_s:
            self._timer = self._clock.call_at(due_s, self._due)
            return
        self._timer = None
        uris, self._changed = list(self._changed), {}
        if uris:
            self._listener.files_changed(uris)


def _texts(values: Any, field: str) -> Iterator[str]:
    """Yield the string of one field of each object in an array. Entries without it are skipped."""
    for value in values if isinstance(values, list) else []:
        text = value.get(field) if isinstance(value, dict) else None
        if isinstance(text, str):
            yield text


def _is_file(uri: str) -> bool:
    return uri.startswith("file:")
