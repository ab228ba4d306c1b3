"""The workspace's files while the server runs: read once, read again when they change, forgotten when they are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typethrough.core.document.uris import place_of
from typethrough.core.gate.gate import TellPermit
from typethrough.engine.loop import Background

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence

    from typethrough.core.gate.gate import Gate, KeepPermit, Permit
    from typethrough.core.settings.schema import Settings
    from typethrough.engine.local_lane import LocalLane
    from typethrough.engine.ports import Workspace
    from typethrough.engine.surroundings import Surroundings

# When more files than this change at once, for example by a checkout, read the whole workspace again.
_MOST_SINGLY = 200


class Files:
    """What is known of files that no editor has open.

    `workspace` is None if there is no disk to read from. `opened` are the URIs that an editor has open now. `background` reads
    single files.
    """

    def __init__(
        self,
        gate: Gate,
        workspace: Workspace | None,
        surroundings: Surroundings,
        local: LocalLane,
        settings: Callable[[], Settings],
        opened: Collection[str],
    ) -> None:
        self._gate = gate
        self._workspace = workspace
        self._surroundings = surroundings
        self._local = local
        self._settings = settings
        self._opened = opened
        self._limit_s = 0.0
        self.background = Background()

    def read_workspace(self, limit_s: float) -> None:
        """Read the workspace's files in the background, for at most `limit_s` seconds."""
        # Keep the limit even if there is nothing to read yet, because a folder or a lane may be added later.
        self._limit_s = limit_s
        settings = self._settings()
        if (
            self._workspace is None
            or not self._gate.folders
            or not (settings.local_lane or settings.model_lane)
        ):
            return
        bounds = (settings.workspace_max_files, settings.workspace_max_bytes, limit_s)
        self.read(self._workspace.files(self._gate, *bounds))

    def read_again(self) -> None:
        """Read the workspace again, if it was read before. Some files may be permitted only now."""
        if self._limit_s:
            self.read_workspace(self._limit_s)

    def read(self, files: AsyncIterator[tuple[TellPermit, str]]) -> None:
        """Read these files in the background. It replaces a reading that is still running."""
        self._local.read(self._surroundings.passing(files, hand_on=self._settings().local_lane))

    def changed(self, uris: Sequence[str]) -> None:
        """Files, or whole folders, were added or changed. Read them again, except those that an editor has open."""
        if self._workspace is None:
            return
        if len(uris) > _MOST_SINGLY:
            self.read_again()
            return
        unopened = [uri for uri in uris if uri not in self._opened]
        self.forget(self._gate.review(unopened))
        asked = [self._gate.may_keep(uri) for uri in unopened]
        if permits := [permit for permit in asked if permit is not None]:
            self.background.start(self._read_singly(self._workspace, permits))

    def gone(self, uris: Sequence[str]) -> None:
        """Files, or whole folders, were removed. Forget them, except what an editor has open."""
        self.forget(self._gate.gone(uris, keep=self._opened))

    def forget(self, ended: Sequence[Permit]) -> None:
        """Forget what these permits were for. From now on nothing of it is suggested or used in prompts."""
        for permit in ended:
            self._local.forget(permit.uri)
        self._surroundings.revoke(ended)

    async def _read_singly(self, workspace: Workspace, permits: Sequence[KeepPermit]) -> None:
        read = await workspace.texts([place_of(permit.uri) for permit in permits])
        if read.has_folder:
            self.read_again()
        for permit, text in zip(permits, read.texts, strict=True):
            if permit.is_void:
                continue
            if not text:
                self.gone([permit.uri])
                continue
            if self._settings().local_lane:
                await self._local.take(permit, text)
            if isinstance(permit, TellPermit):
                await self._surroundings.take(permit, text)
