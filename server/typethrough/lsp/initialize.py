"""Reads what a client says about itself in `initialize`: its capabilities and its workspace.

Reading is lenient: unknown fields and values of an unknown form are ignored. pygls gets an `initialize` that we build, because
it would refuse the client's if lsprotocol does not know one of its values.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from lsprotocol import types
from pygls.uris import to_fs_path

from typethrough.lsp import copilot
from typethrough.lsp.convert import Encoding
from typethrough.lsp.fields import is_integer

EVERYTHING = "**/*"
"""The glob of every file, at any depth."""

ACCEPTED_COMMAND = "typethrough.accepted"


class Client(NamedTuple):
    """What we use from a client's `initialize`.

    `process_id`: the process to watch; we end with it. `inline_completion`: it can show inline completions. `copilot`: it
    was written for Copilot's language server. `whole_lines`: at the end of a line, an item's range must begin at the
    start of the line, as in Copilot's items. `markdown`: it shows documentation as Markdown. `can_pull_configuration`: we
    can ask it for its configuration. `wants_registration`: it tells of configuration changes after we register for them.
    `watches_files`: the same for changes of files. `workspace`: our answer about the events of folders and files that it
    can send.
    """

    process_id: int | None
    encoding: Encoding
    inline_completion: bool
    copilot: bool
    whole_lines: bool
    markdown: bool
    can_pull_configuration: bool
    wants_registration: bool
    watches_files: bool
    workspace: types.WorkspaceOptions | None
    notebooks: bool
    options: Any
    roots: tuple[Path, ...]

    @property
    def offered(self) -> str:
        """The method by which the client asks for suggestions."""
        return (
            types.TEXT_DOCUMENT_INLINE_COMPLETION
            if self.inline_completion
            else types.TEXT_DOCUMENT_COMPLETION
        )

    @property
    def accepted_command(self) -> str:
        """The command that the client runs when the user has accepted a suggestion."""
        return copilot.ACCEPTED_COMMAND if self.copilot else ACCEPTED_COMMAND


def client_of(params: dict[str, Any]) -> Client:
    """Read the parameters of `initialize`."""
    process_id = params.get("processId")
    capabilities = params.get("capabilities")
    options = params.get("initializationOptions")
    is_copilot = copilot.speaks(options)
    # Clients for Copilot's server ask for inline completions without declaring the capability.
    inline = is_copilot or _shows_inline(params)
    return Client(
        process_id if is_integer(process_id) and process_id > 0 else None,
        _encoding(_within(capabilities, "general", "positionEncodings")),
        inline,
        is_copilot,
        is_copilot or _is_lsp_mode(params),
        _reads_markdown(params),
        bool(_within(capabilities, "workspace", "configuration")),
        _within(capabilities, "workspace", "didChangeConfiguration", "dynamicRegistration") is True,
        _within(capabilities, "workspace", "didChangeWatchedFiles", "dynamicRegistration") is True,
        _workspace(_within(capabilities, "workspace")),
        isinstance(_within(capabilities, "notebookDocument", "synchronization"), dict),
        copilot.own_settings(options) if is_copilot else _without_editor(options),
        tuple(path for path in _roots(params) if is_folder(path)),
    )


def _workspace(capabilities: Any) -> types.WorkspaceOptions | None:
    """The events of folders and files that we ask for, out of those that the client can send. None if it can send none."""
    everywhere = types.FileOperationFilter(types.FileOperationPattern(glob=EVERYTHING), scheme="file")
    wanted = types.FileOperationRegistrationOptions([everywhere])
    told = [
        wanted if _within(capabilities, "fileOperations", name) is True else None
        for name in ("didCreate", "didRename", "didDelete")
    ]
    created, renamed, deleted = told
    files = types.FileOperationOptions(did_create=created, did_rename=renamed, did_delete=deleted)
    folders = types.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True)
    changes = folders if _within(capabilities, "workspaceFolders") is True else None
    known = files if any(told) else None
    return types.WorkspaceOptions(changes, known) if changes or known else None


def _without_editor(options: Any) -> Any:
    """The options without `editorInfo` (the editor's name and version), which any client may put there."""
    if not isinstance(options, dict):
        return options
    return {name: value for name, value in options.items() if name != "editorInfo"}


def _shows_inline(params: dict[str, Any]) -> bool:
    """Whether the client declares that it can show inline completions. Emacs' lsp-mode declares it with a null."""
    capabilities = _within(params.get("capabilities"), "textDocument")
    offered = _within(capabilities, "inlineCompletion")
    if offered is None and isinstance(capabilities, dict) and "inlineCompletion" in capabilities:
        return _is_lsp_mode(params)
    return offered not in (None, False)


def _is_lsp_mode(params: dict[str, Any]) -> bool:
    return bool(_within(params.get("clientInfo"), "name") == "emacs")


def _reads_markdown(params: dict[str, Any]) -> bool:
    """Whether the client shows a completion's documentation as Markdown. Helix always does, but does not declare it."""
    item = _within(params.get("capabilities"), "textDocument", "completion", "completionItem")
    formats = _within(item, "documentationFormat")
    helix = _within(params.get("clientInfo"), "name") == "helix"
    return helix or (isinstance(formats, list) and formats[:1] == ["markdown"])


def introduction(client: Client) -> types.InitializeParams:
    """The `initialize` parameters for pygls: only the capabilities that decide what it offers, in a form that it can read."""
    encodings = [types.PositionEncodingKind(client.encoding.value)]
    general = types.GeneralClientCapabilities(position_encodings=encodings)
    sync = types.NotebookDocumentSyncClientCapabilities()
    notebooks = types.NotebookDocumentClientCapabilities(sync) if client.notebooks else None
    known = types.ClientCapabilities(general=general, notebook_document=notebooks)
    return types.InitializeParams(capabilities=known)


def _within(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _encoding(offered: Any) -> Encoding:
    """The client's first choice among the encodings that we know. UTF-16 if it names none, as LSP says."""
    known = {encoding.value: encoding for encoding in Encoding}
    names = [name for name in offered if isinstance(name, str)] if isinstance(offered, list) else []
    return next((known[name] for name in names if name in known), Encoding.UTF16)


def _roots(params: dict[str, Any]) -> list[Path]:
    """The workspace's folders: from `workspaceFolders`, else `rootUri`, else `rootPath`."""
    folders = params.get("workspaceFolders")
    uris = [_within(folder, "uri") for folder in folders] if isinstance(folders, list) else []
    paths = [path for uri in uris or [params.get("rootUri")] if (path := path_in(uri)) is not None]
    root_path = params.get("rootPath")
    if not paths and isinstance(root_path, str) and root_path:
        paths = [Path(root_path)]
    # A relative path would start at this process's folder, which has nothing to do with the workspace.
    return [path for path in paths if path.is_absolute()]


def is_folder(path: Path) -> bool:
    """Whether there is a folder at a path. False if the path cannot be examined."""
    try:
        return path.is_dir()
    except OSError:
        # For example if a name is too long. We cannot read such a folder.
        return False


def path_in(uri: Any) -> Path | None:
    """The path of a local file's URI. None for any other value."""
    if not isinstance(uri, str):
        return None
    try:
        path = to_fs_path(uri)
    except ValueError:
        return None
    # A path on another host, such as //host/share, is excluded: access may take long.
    return Path(path) if path and not path.startswith(("//", "\\\\")) else None
