"""The gate: the only place that decides whether a document may get suggestions, be remembered, be told to others, or be sent.

"Told" means: put into the prompts of other documents. The gate says yes with a permit. Code that does one of these things takes
the permit as an argument, so code that forgets to ask does not type-check. The answer depends on settings, switches, ignore
files and the workspace's folders. When one of them changes, `review` says which permits have ended, and `Admission` (in the
engine) forgets what they were for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typethrough.core.document.uris import place_of, short_path
from typethrough.core.gate.rules import Disk, Folder, NoDisk, Rules, is_below
from typethrough.core.gate.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from typethrough.core.gate.rules import Verdict
    from typethrough.core.outcome.causes import Refusal
    from typethrough.core.settings.schema import Settings

_SEAL: Final = object()


class NotPermitted(Exception):
    """A permit was used for something it does not allow. This is a bug of ours; the error stops it from becoming a leak."""


class Permit:
    """A yes for one document, by its URI. Only the gate makes permits. `is_void`: the gate has withdrawn it."""

    __slots__ = ("is_void", "name", "uri")

    def __init__(self, seal: object, uri: str, name: str) -> None:
        if seal is not _SEAL:
            raise TypeError("only the gate makes permits")
        self.uri = uri
        self.name = name
        self.is_void = False

    def check(self, uri: str) -> None:
        """Raise NotPermitted unless this permit is for the document `uri` and still valid."""
        if self.is_void or self.uri != uri:
            raise NotPermitted("the permit is for another document, or has ended")


class KeepPermit(Permit):
    """The document's text may be remembered. With `is_private` it may be used only for suggestions in the document itself."""

    __slots__ = ("is_private",)

    def __init__(self, seal: object, uri: str, name: str, *, is_private: bool) -> None:
        super().__init__(seal, uri, name)
        self.is_private = is_private


class TellPermit(KeepPermit):
    """The document's content may also be used in the prompts of other documents."""

    __slots__ = ()


class SendPermit(Permit):
    """The document's text may be sent to a model now, for one request only, because switches and time may change the answer."""

    __slots__ = ()


class Gate:
    """The gate of one workspace."""

    def __init__(
        self, settings: Settings, *, folders: Sequence[Folder] = (), disk: Disk | None = None
    ) -> None:
        self.switches = Switches()
        self.folders = tuple(folders)
        self._settings = settings
        self._disk = disk or NoDisk()
        self._rules = Rules(settings.exclude, self.folders, self._disk)
        self._has_changed = False
        # The permit of each document that was asked about, or None when it may not be remembered.
        self._permits: dict[str, KeepPermit | None] = {}
        # The same documents by folder. Some of them may have no permit any more.
        self._in_folder: dict[str, set[str]] = {}

    def use(self, settings: Settings) -> None:
        """Take over new settings. Call `review` afterwards."""
        if settings.exclude != self._settings.exclude:
            self._rules = Rules(settings.exclude, self.folders, self._disk)
            self._has_changed = True
        self._settings = settings

    def use_folders(self, folders: Sequence[Folder]) -> None:
        """Take over the workspace's new folders. Call `review` afterwards."""
        self.folders = tuple(folders)
        self._rules = Rules(self._settings.exclude, self.folders, self._disk)
        self._has_changed = True

    def ignore_files_changed(self) -> None:
        """Ignore files were added, changed or removed. Call `review` afterwards."""
        self._rules.forget()
        self._has_changed = True

    def folders_changed(self, uris: Iterable[str]) -> bool:
        """Files or folders were added or removed. Returns whether ignore files may say something else now; then call
        `review`.
        """
        has_changed = self._rules.forget_below({place_of(uri) for uri in uris})
        self._has_changed = self._has_changed or has_changed
        return has_changed

    def review(self, uris: Iterable[str] | None = None) -> list[Permit]:
        """Check permits again and return those that have ended: all permits, or those for `uris`, whose files may now be links.

        A document without a permit gets a new answer when it is asked about next.
        """
        ended: list[Permit] = []
        if uris is None:
            # Checking thousands of files takes many milliseconds, and most settings do not concern files.
            uris = list(self._permits) if self._has_changed else ()
            self._has_changed = False
        permits = {uri: self._permits.pop(uri) for uri in uris if uri in self._permits}
        standing = {uri: permit for uri, permit in permits.items() if permit is not None}
        verdicts = self._rules.verdicts([place_of(uri) for uri in standing])
        for (uri, permit), verdict in zip(standing.items(), verdicts, strict=True):
            if _same(permit, self._permit(uri, verdict)):
                self._permits[uri] = permit
            else:
                permit.is_void = True
                ended.append(permit)
        return ended

    def gone(self, uris: Iterable[str], keep: Collection[str]) -> list[Permit]:
        """End the permits for files that were removed, and for all files in removed folders, except those in `keep`."""
        gone = {place_of(uri) for uri in uris}
        found = [folder for folder in self._in_folder if is_below(folder, gone)]
        below = [uri for folder in found for uri in self._in_folder[folder]]
        for place in gone:
            below += [uri for uri in self._in_folder.get(_folder(place), ()) if place_of(uri) == place]
        ended: list[Permit] = []
        for uri in below:
            if uri in keep:
                continue
            if (permit := self._permits.pop(uri, None)) is not None:
                permit.is_void = True
                ended.append(permit)
            self._leave(uri)
        return ended

    def _leave(self, uri: str) -> None:
        """Forget a file that was removed, so that names do not pile up."""
        folder = _folder(place_of(uri))
        inside = self._in_folder.get(folder, set())
        inside.discard(uri)
        if not inside:
            self._in_folder.pop(folder, None)

    def kept(self) -> list[str]:
        """The documents and files that may be remembered, among those asked about so far."""
        return [uri for uri, permit in self._permits.items() if permit is not None]

    def may_keep(self, uri: str) -> KeepPermit | None:
        """A permit to remember a document's text, or None."""
        if uri in self._permits:
            return self._permits[uri]
        place = place_of(uri)
        permit = self._permits[uri] = self._permit(uri, self._rules.verdict(place))
        self._in_folder.setdefault(_folder(place), set()).add(uri)
        return permit

    def may_tell(self, uri: str) -> TellPermit | None:
        """A permit to use the document's content in prompts of other documents, or None."""
        permit = self.may_keep(uri)
        return permit if isinstance(permit, TellPermit) else None

    def may_send(self, uri: str, language_id: str, now_s: float) -> SendPermit | Refusal:
        """A permit to send a document's text now, or the reason against it."""
        if (refusal := self.refusal(uri, language_id, now_s)) is not None:
            return refusal
        kept = self.may_keep(uri)
        return SendPermit(_SEAL, uri, kept.name if kept is not None else self.name_of(uri))

    def fresh_rules(self) -> Rules:
        """A copy of the rules without what they have cached, for use in another thread."""
        return Rules(self._settings.exclude, self.folders, self._disk)

    def refusal(self, uri: str, language_id: str, now_s: float) -> Refusal | None:
        """Why there are no suggestions in a document, or None. With an empty `uri`: why there are none anywhere."""
        refusal = self.switches.refusal(self._settings, uri, language_id, now_s)
        if refusal is not None or not uri or self.may_keep(uri) is not None:
            return refusal
        return self._rules.verdict(place_of(uri)).forbidden

    def folder_of(self, uri: str) -> Folder | None:
        """The workspace folder that contains a document, or None."""
        return self._rules.folder_of(place_of(uri))

    def name_of(self, uri: str) -> str:
        """The name of a document in prompts: its path in the workspace folder, with the folder's name if there are several.

        Outside the workspace: its file name and its folder's name.
        """
        folder = self.folder_of(uri)
        if folder is None:
            return short_path(uri)
        inside = place_of(uri)[len(folder.path) + 1 :]
        return f"{folder.name}/{inside}" if len(self.folders) > 1 else inside

    def _permit(self, uri: str, verdict: Verdict) -> KeepPermit | None:
        if verdict.forbidden:
            return None
        name = self.name_of(uri)
        if self.folder_of(uri) is None:
            # Without a workspace, single files may be used for each other. With one, a file outside it has nothing to do
            # with the project.
            return KeepPermit(_SEAL, uri, name, is_private=verdict.is_private or bool(self.folders))
        if verdict.is_private:
            return KeepPermit(_SEAL, uri, name, is_private=True)
        return TellPermit(_SEAL, uri, name, is_private=False)


def _folder(place: str) -> str:
    return place.rpartition("/")[0]


def _same(one: KeepPermit, other: KeepPermit | None) -> bool:
    return (
        other is not None
        and type(one) is type(other)
        and one.is_private == other.is_private
        and one.name == other.name
    )
