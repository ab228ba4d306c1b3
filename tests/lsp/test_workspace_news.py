"""The workspace as it is: what prompts tell of other files, with real files that come, change and go while the server runs."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.lsp.stage import INLINE, INLINE_CLIENT, Message, Stage, at
from tests.support.engine_kit import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

AREA = "def area_of_circle(radius):\n    return 3 * radius\n"
VOLUME = "def volume_of_cube(side):\n    return side**3\n"
USER = "from helpers import area_of_circle, volume_of_cube\n\nx = "
ALL = {"didCreate": True, "didRename": True, "didDelete": True, "dynamicRegistration": True}
TELLING = {
    **INLINE_CLIENT,
    "workspace": {
        "workspaceFolders": True,
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "fileOperations": ALL,
    },
    "notebookDocument": {"synchronization": {}},
}


class Editor(Stage):
    """An editor with some folders of the disk open."""

    def __init__(self, *folders: Path, watches: bool = True) -> None:
        super().__init__(other_files=True)
        self.capabilities = TELLING if watches else INLINE_CLIENT
        self.folders = folders
        self.number = 0

    async def start(self) -> None:
        folders = [{"uri": folder.as_uri(), "name": folder.name} for folder in self.folders]
        self.initialize(self.capabilities, workspaceFolders=folders)
        self.notify("initialized", {})
        await settle()
        # The client takes what it is asked to tell of.
        for asked in self.asked("client/registerCapability"):
            self.receive({"jsonrpc": "2.0", "id": asked["id"], "result": None})
        await self.read()

    async def read(self) -> None:
        """Let what was told pass on, and everything be read."""
        await self.wait(1_000)
        assert self.session.engine is not None
        # A look at the disk is a task of the session's own.
        await asyncio.gather(*(task for task in asyncio.all_tasks() if "_look" in repr(task.get_coro())))
        await self.session.engine.read_all()
        await settle()

    async def prompt(self, uri: str = "") -> str:
        """What the model is told for a new file that uses whatever the helpers have; or for one of these that is open."""
        column = 4
        if uri:
            # Another line, for which nothing is known yet.
            column += 1
            self.change({"range": at(2, 4, 2, 4), "text": "y"}, uri=uri)
        else:
            self.number += 1
            uri = (self.folders[0] / f"user{self.number}.py").as_uri()
            self.open(USER, uri)
        await self.read()
        before = len(self.gateway.streams)
        self.request(INLINE, self.place(2, column, uri=uri))
        await self.wait(150)
        [stream] = self.gateway.streams[before:]
        stream.say("1\n")
        stream.finish()
        await settle()
        return "\n".join(message.text for message in stream.prompt.messages)

    def watched(self, *events: tuple[Path, int]) -> None:
        changes = [{"uri": path.as_uri(), "type": kind} for path, kind in events]
        self.notify("workspace/didChangeWatchedFiles", {"changes": changes})


def on_stage(
    folders: tuple[Path, ...],
    scenario: Callable[[Editor], Coroutine[Any, Any, None]],
    *,
    watches: bool = True,
) -> None:
    async def whole() -> None:
        editor = Editor(*folders, watches=watches)
        await editor.start()
        await scenario(editor)
        await editor.session.aclose()

    asyncio.run(whole())


def test_what_the_client_can_tell_of_is_asked_for(tmp_path: Path) -> None:
    async def scenario(editor: Editor) -> None:
        [asked] = editor.asked("client/registerCapability")
        assert asked["params"]["registrations"] == [
            {
                "id": "typethrough.files",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": {"watchers": [{"globPattern": "**/*"}]},
            }
        ]

    on_stage((tmp_path,), scenario)
    everywhere: Message = {"filters": [{"scheme": "file", "pattern": {"glob": "**/*"}}]}
    assert Stage().initialize(TELLING)["capabilities"]["workspace"] == {
        "workspaceFolders": {"supported": True, "changeNotifications": True},
        "fileOperations": {"didCreate": everywhere, "didRename": everywhere, "didDelete": everywhere},
    }


def test_a_file_that_is_deleted_is_told_no_more(tmp_path: Path) -> None:
    helpers = tmp_path / "helpers.py"
    helpers.write_text(AREA)

    async def scenario(editor: Editor) -> None:
        assert "area_of_circle(radius)" in await editor.prompt()
        helpers.unlink()
        editor.watched((helpers, 3))
        await editor.read()
        assert "area_of_circle(radius)" not in await editor.prompt()
        # Nor to the document that it was told to before.
        assert "area_of_circle(radius)" not in await editor.prompt((tmp_path / "user1.py").as_uri())

    on_stage((tmp_path,), scenario)


def test_a_file_that_changes_or_comes_outside_the_editor_is_read_again(tmp_path: Path) -> None:
    helpers = tmp_path / "helpers.py"
    helpers.write_text(AREA)

    async def scenario(editor: Editor) -> None:
        helpers.write_text(VOLUME)
        editor.watched((helpers, 2))
        await editor.read()
        prompt = await editor.prompt()
        assert "volume_of_cube(side)" in prompt
        assert "area_of_circle(radius)" not in prompt

    on_stage((tmp_path,), scenario)


def test_text_that_was_dropped_without_saving_is_told_no_more(tmp_path: Path) -> None:
    helpers = tmp_path / "helpers.py"
    helpers.write_text(AREA)

    async def scenario(editor: Editor) -> None:
        editor.open(AREA, helpers.as_uri())
        editor.change({"text": VOLUME}, uri=helpers.as_uri())
        await editor.wait(3_000)
        assert "volume_of_cube(side)" in await editor.prompt()
        editor.notify("textDocument/didClose", {"textDocument": {"uri": helpers.as_uri()}})
        # Nor to the document that it was told to.
        assert "volume_of_cube(side)" not in await editor.prompt((tmp_path / "user1.py").as_uri())
        prompt = await editor.prompt()
        assert "area_of_circle(radius)" in prompt
        assert "volume_of_cube(side)" not in prompt

    on_stage((tmp_path,), scenario)


def test_text_that_was_saved_stays_known_when_it_is_closed(tmp_path: Path) -> None:
    helpers = tmp_path / "helpers.py"

    async def scenario(editor: Editor) -> None:
        editor.open("", helpers.as_uri())
        editor.change({"text": AREA}, uri=helpers.as_uri())
        helpers.write_text(AREA)
        editor.notify("textDocument/didSave", {"textDocument": {"uri": helpers.as_uri()}})
        await editor.wait(3_000)
        assert "area_of_circle(radius)" in await editor.prompt()
        editor.notify("textDocument/didClose", {"textDocument": {"uri": helpers.as_uri()}})
        assert "area_of_circle(radius)" in await editor.prompt((tmp_path / "user1.py").as_uri())

    on_stage((tmp_path,), scenario)


def test_a_folder_that_is_renamed_takes_its_files_along(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    (old / "helpers.py").write_text(AREA)

    async def scenario(editor: Editor) -> None:
        assert "old/helpers.py" in await editor.prompt()
        old.rename(new)
        files = [{"oldUri": old.as_uri(), "newUri": new.as_uri()}]
        editor.notify("workspace/didRenameFiles", {"files": files})
        await editor.read()
        prompt = await editor.prompt()
        assert "new/helpers.py" in prompt
        assert "old/helpers.py" not in prompt

    on_stage((tmp_path,), scenario)


def test_every_folder_is_read_and_one_that_is_taken_away_is_forgotten(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    (two / "helpers.py").write_text(AREA)
    event = {"uri": two.as_uri(), "name": "two"}

    async def scenario(editor: Editor) -> None:
        assert "area_of_circle(radius)" in await editor.prompt()
        folders = "workspace/didChangeWorkspaceFolders"
        editor.notify(folders, {"event": {"added": [], "removed": [event]}})
        assert "area_of_circle(radius)" not in await editor.prompt()
        editor.notify(folders, {"event": {"added": [event], "removed": []}})
        await editor.read()
        assert "area_of_circle(radius)" in await editor.prompt()

    on_stage((one, two), scenario)


def test_the_first_folder_may_come_later(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text(AREA)

    async def scenario(editor: Editor) -> None:
        event = {"added": [{"uri": tmp_path.as_uri(), "name": "work"}], "removed": []}
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        await editor.read()
        editor.folders = (tmp_path,)
        assert "area_of_circle(radius)" in await editor.prompt()

    on_stage((), scenario)


def test_what_an_ignore_file_names_from_now_on_is_told_no_more(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text(AREA)
    ignored = tmp_path / ".typethroughignore"

    async def scenario(editor: Editor) -> None:
        assert "area_of_circle(radius)" in await editor.prompt()
        ignored.write_text("helpers.py\n")
        editor.watched((ignored, 1))
        assert "area_of_circle(radius)" not in await editor.prompt((tmp_path / "user1.py").as_uri())

    on_stage((tmp_path,), scenario)


def test_an_ignore_file_is_known_by_any_spelling_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text(AREA)

    async def scenario(editor: Editor) -> None:
        assert "area_of_circle(radius)" in await editor.prompt()
        (tmp_path / ".cursorignore").write_text("helpers.py\n")
        changes = [{"uri": f"{tmp_path.as_uri()}/%2Ecursorignore", "type": 1}]
        editor.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        assert "area_of_circle(radius)" not in await editor.prompt((tmp_path / "user1.py").as_uri())

    on_stage((tmp_path,), scenario)


@pytest.mark.parametrize("is_told", [False, True])
def test_an_ignore_file_counts_when_its_folder_takes_the_place_of_another(
    tmp_path: Path, is_told: bool
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "helpers.py").write_text(AREA)
    (old / ".cursorignore").write_text("helpers.py\n")

    async def scenario(editor: Editor) -> None:
        assert "new/helpers.py" in await editor.prompt()
        shutil.rmtree(new)
        if is_told:
            editor.watched((new, 3))
        old.rename(new)
        # The document is opened before anything is said of the folder.
        editor.open(AREA, (new / "helpers.py").as_uri())
        files = [{"oldUri": old.as_uri(), "newUri": new.as_uri()}]
        editor.notify("workspace/didRenameFiles", {"files": files})
        await editor.read()
        assert "area_of_circle(radius)" not in await editor.prompt()
        assert "area_of_circle(radius)" not in await editor.prompt((tmp_path / "user1.py").as_uri())
        sent = len(editor.gateway.streams)
        editor.request(INLINE, editor.place(1, 4, uri=(new / "helpers.py").as_uri()))
        await editor.wait(1_000)
        assert len(editor.gateway.streams) == sent

    on_stage((tmp_path,), scenario)


def test_what_is_behind_a_link_now_is_judged_by_where_the_link_leads(tmp_path: Path) -> None:
    lib, secret = tmp_path / "lib", tmp_path / "secret"
    for folder, text in ((lib, AREA), (secret, VOLUME)):
        folder.mkdir()
        (folder / "helpers.py").write_text(text)
    (tmp_path / ".cursorignore").write_text("secret/\n")

    async def scenario(editor: Editor) -> None:
        assert "area_of_circle(radius)" in await editor.prompt()
        shutil.rmtree(lib)
        lib.symlink_to(secret)
        # Of the folder itself nothing is said.
        editor.watched((lib / "helpers.py", 2))
        await editor.read()
        assert "volume_of_cube(side)" not in await editor.prompt()
        editor.open(VOLUME, (lib / "helpers.py").as_uri())
        sent = len(editor.gateway.streams)
        editor.request(INLINE, editor.place(1, 4, uri=(lib / "helpers.py").as_uri()))
        await editor.wait(1_000)
        assert len(editor.gateway.streams) == sent

    on_stage((tmp_path,), scenario)


def test_a_document_that_is_behind_a_link_when_it_is_opened_again_is_judged_anew(tmp_path: Path) -> None:
    helpers, secret = tmp_path / "helpers.py", tmp_path / "secret.py"
    helpers.write_text(AREA)
    secret.write_text(VOLUME)
    (tmp_path / ".cursorignore").write_text("secret.py\n")

    async def scenario(editor: Editor) -> None:
        assert "area_of_circle(radius)" in await editor.prompt()
        helpers.unlink()
        helpers.symlink_to(secret)
        editor.open(VOLUME, helpers.as_uri())
        assert "volume_of_cube(side)" not in await editor.prompt()
        sent = len(editor.gateway.streams)
        editor.request(INLINE, editor.place(1, 4, uri=helpers.as_uri()))
        await editor.wait(1_000)
        assert len(editor.gateway.streams) == sent

    on_stage((tmp_path,), scenario)


def test_a_file_in_an_old_encoding_is_read(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_bytes(f"# Größe\n{AREA}".encode("latin-1"))

    async def scenario(editor: Editor) -> None:
        assert "area_of_circle(radius)" in await editor.prompt()

    on_stage((tmp_path,), scenario)


def test_a_notebook_on_disk_tells_its_cells_and_not_their_outputs(tmp_path: Path) -> None:
    output = {"output_type": "stream", "text": "def printed_by_cell():\n"}
    cell = {"cell_type": "code", "source": AREA, "outputs": [output], "metadata": {}}
    (tmp_path / "helpers.ipynb").write_text(json.dumps({"cells": [cell], "metadata": {}}))

    async def scenario(editor: Editor) -> None:
        prompt = await editor.prompt()
        assert "area_of_circle(radius)" in prompt
        assert "printed_by_cell" not in prompt
        # Closed without saving, too, it is what the file says.
        book = (tmp_path / "helpers.ipynb").as_uri()
        item = {"uri": "vscode-notebook-cell:a#1", "languageId": "python", "version": 1, "text": VOLUME}
        cells = [{"kind": 2, "document": item["uri"]}]
        params = {"notebookDocument": {"uri": book, "cells": cells}, "cellTextDocuments": [item]}
        editor.notify("notebookDocument/didOpen", params)
        document = {"uri": item["uri"], "version": 2}
        texts = [{"document": document, "changes": [{"text": f"{VOLUME}# by hand"}]}]
        change = {"notebookDocument": {"uri": book}, "change": {"cells": {"textContent": texts}}}
        editor.notify("notebookDocument/didChange", change)
        await editor.wait(3_000)
        assert "volume_of_cube(side)" in await editor.prompt()
        editor.notify("notebookDocument/didClose", {"notebookDocument": {"uri": book}})
        assert "volume_of_cube(side)" not in await editor.prompt((tmp_path / "user2.py").as_uri())

    on_stage((tmp_path,), scenario)


def test_for_an_editor_that_watches_nothing_the_disk_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    helpers, ignored = tmp_path / "sub" / "helpers.py", tmp_path / ".typethroughignore"
    helpers.write_text(AREA)
    stamps = iter(range(10))

    def write(path: Path, text: str) -> None:
        if text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            # A disk's clock may be too coarse to tell two writings of one size apart.
            os.utime(path, (next(stamps), 0))
        else:
            path.unlink()

    async def scenario(editor: Editor) -> None:
        async def change(path: Path, text: str) -> str:
            """Write a file, or take it away; what the model is told when it has been looked at again."""
            write(path, text)
            await editor.wait(15_000)
            return await editor.prompt()

        await editor.wait(15_000)
        assert "area_of_circle(radius)" in await editor.prompt()
        assert "volume_of_cube(side)" in await change(helpers, VOLUME)
        assert "volume_of_cube(side)" not in await change(helpers, "")
        assert "area_of_circle(radius)" in await change(tmp_path / "fresh" / "helpers.py", AREA)
        assert "area_of_circle(radius)" not in await change(ignored, "helpers.py\n")
        assert "area_of_circle(radius)" in await change(ignored, "nothing\n")
        assert "area_of_circle(radius)" not in await change(ignored, "fresh/\n")
        assert "area_of_circle(radius)" in await change(ignored, "")
        # A file that an editor has open is the editor's.
        editor.open(AREA, helpers.as_uri())
        assert "area_of_circle(radius)" in await change(helpers, VOLUME)

    on_stage((tmp_path,), scenario, watches=False)
