"""What the user's exclusions and a workspace's ignore files say about a path. They can only forbid.

Ignore files are read through `Disk`, one folder at a time, and kept until `forget`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from typethrough.core.document.uris import place_of
from typethrough.core.gate.patterns import Patterns, written_out
from typethrough.core.outcome.causes import Cause

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from typethrough.core.outcome.causes import Refusal

# Files in which teams already say what no assistant may read. Our own file comes first.
FORBIDDING_FILES = (
    ".typethroughignore",
    ".aiexclude",
    ".aiderignore",
    ".aiignore",
    ".clineignore",
    ".codeiumignore",
    ".continueignore",
    ".copilotignore",
    ".cursorignore",
    ".geminiignore",
    ".rooignore",
)
# A file named in these may get suggestions, but is not used in prompts of other files.
PRIVATE_FILES = (".gitignore", ".cursorindexingignore")
IGNORE_FILES = frozenset((*FORBIDDING_FILES, *PRIVATE_FILES))
# This name in a folder means: a repository begins here, so the .gitignore files above do not apply to it.
REPOSITORY = ".git"

# No real path is deeper. This bounds the cost of a hostile one.
_MOST_FOLDERS_ABOVE = 256
_MOST_KEPT = 20_000
# Matches a path whose last part does not begin with a dot, so it is no ignore file.
_PLAINLY_OTHER = re.compile(r"[^?#\\]*/[^.%/?#\\][^/?#\\]*")


def is_ignore_file(uri: str) -> bool:
    """Whether a URI or a path is that of an ignore file, however it is spelled."""
    return not _PLAINLY_OTHER.fullmatch(uri) and place_of(uri).rpartition("/")[2] in IGNORE_FILES


def is_below(place: str, places: Collection[str]) -> bool:
    """Whether `place` is one of `places`, or lies below one of them."""
    while place:
        if place in places:
            return True
        place = place.rpartition("/")[0]
    return False


class Folder(NamedTuple):
    """One folder of the workspace: its full path, with slashes but none at the end, and its name in prompts."""

    path: str
    name: str

    def holds(self, path: str) -> bool:
        """Whether a path lies in this folder or below."""
        return bool(self.path) and path.startswith(f"{self.path}/")


class Verdict(NamedTuple):
    """The answer for one path.

    `forbidden` is the reason why the file gets no suggestions and is used in no prompt, or None. `is_private`: it gets
    suggestions but is used in no prompt of other files.
    """

    forbidden: Refusal | None = None
    is_private: bool = False


class _Place(NamedTuple):
    """What applies in a folder: the folder's own verdict, and all lists of patterns for its content, the nearest last."""

    verdict: Verdict
    lists: tuple[_List, ...] = ()
    in_repository: bool = False


class _List(NamedTuple):
    """The patterns of one ignore file, and the folder that contains it."""

    name: str
    base: str
    patterns: Patterns


class Disk(Protocol):
    """What the rules need from the disk. Both methods answer at once. For an unreadable place the answer is empty."""

    def ignore_files(self, folder: str) -> Mapping[str, Sequence[str]]:
        """The ignore files in a folder: name to lines. Also has the key `.git` if a repository begins there."""
        ...

    def real_paths(self, paths: Sequence[str]) -> Sequence[str]:
        """The paths with symbolic links resolved. A path without links stays the same."""
        ...


class NoDisk:
    """An empty disk, for text without a file."""

    def ignore_files(self, _folder: str) -> Mapping[str, Sequence[str]]:
        """No ignore file."""
        return {}

    def real_paths(self, paths: Sequence[str]) -> Sequence[str]:
        """No link."""
        return paths


class Rules:
    """The rules of one workspace."""

    def __init__(self, exclude: Iterable[str], folders: Sequence[Folder], disk: Disk) -> None:
        patterns = list(written_out(exclude))
        self._exclude = Patterns(patterns, any_case=True)
        # The patterns that may be full paths, such as `/home/me/diary/`.
        self._whole_paths = Patterns((one for one in patterns if one.startswith(("/", "!/"))), any_case=True)
        self._folders = sorted(folders, key=lambda folder: -len(folder.path))
        self._disk = disk
        self._places: dict[str, _Place] = {}

    def folder_of(self, path: str) -> Folder | None:
        """The innermost workspace folder that contains a path, or None."""
        return next((folder for folder in self._folders if folder.holds(path)), None)

    def forget(self) -> None:
        """Forget all ignore files, so that they are read again."""
        self._places.clear()

    def forget_below(self, places: Collection[str]) -> bool:
        """Forget what was read in these folders and below. Returns whether anything was known."""
        known = [place for place in self._places if is_below(place, places)]
        for place in known:
            del self._places[place]
        return bool(known)

    def verdict(self, path: str) -> Verdict:
        """The verdict for a file, by its full path as `place_of` gives it. Links are followed, and their targets judged too."""
        return self.verdicts([path])[0]

    def verdicts(self, paths: Sequence[str]) -> list[Verdict]:
        """The same for many files. Links in common folders are followed once."""
        found = [self.file_verdict(path) for path in paths]
        asked = [
            number
            for number, path in enumerate(paths)
            if not found[number].forbidden and path.startswith("/")
        ]
        real_paths = self._disk.real_paths([paths[number] for number in asked])
        for number, real in zip(asked, real_paths, strict=True):
            if real != paths[number]:
                found[number] = self._behind(paths[number], real, found[number])
        return found

    def _behind(self, path: str, real: str, verdict: Verdict) -> Verdict:
        """The verdict for a path that is a link to `real`."""
        behind = self.file_verdict(real)
        folder = self.folder_of(path)
        leads_out = folder is not None and not real.startswith(f"{self._disk.real_paths([folder.path])[0]}/")
        return Verdict(behind.forbidden, verdict.is_private or behind.is_private or leads_out)

    def folder_verdict(self, path: str) -> Verdict:
        """The verdict for a folder, which applies to everything in it."""
        return self._place(path).verdict

    def file_verdict(self, path: str) -> Verdict:
        """The same as `verdict`, but links are not followed."""
        parent, _, name = path.rpartition("/")
        if not parent or not name:
            # A text without a folder, such as one that was never saved.
            return Verdict(Cause.EXCLUDED.refusal()) if self._exclude.verdict(name or path) else Verdict()
        return self._judge(self._place(parent), path, is_folder=False)

    def _place(self, path: str) -> _Place:
        """What applies in a folder. If unknown, it is built from the folders above, the outermost first."""
        missing: list[str] = []
        place = None
        while path and place is None:
            place = self._places.get(path)
            if place is None:
                missing.append(path)
                path = path.rpartition("/")[0]
        if len(missing) > _MOST_FOLDERS_ABOVE:
            return _Place(Verdict(Cause.TOO_DEEP.refusal()))
        if len(self._places) > _MOST_KEPT:
            self._places.clear()
        place = place or _Place(Verdict())
        for folder in reversed(missing):
            place = self._places[folder] = self._below(place, folder)
        return place

    def _below(self, above: _Place, path: str) -> _Place:
        """What applies in a folder, given what applies in the folder above."""
        verdict = self._judge(above, path, is_folder=True)
        if verdict.forbidden:
            # Nothing in a forbidden folder is read, so its own ignore files do not matter.
            return _Place(verdict)
        said = self._disk.ignore_files(path)
        in_repository = above.in_repository or REPOSITORY in said
        lists = above.lists
        is_workspace = any(folder.path == path for folder in self._folders)
        if REPOSITORY in said or (is_workspace and not in_repository):
            # As in git, a .gitignore does not apply inside another repository. Files that forbid do apply.
            lists = tuple(one for one in lists if one.name in FORBIDDING_FILES)
            if is_workspace:
                verdict = Verdict()
        own = (
            _List(name, path, Patterns(lines, any_case=name in FORBIDDING_FILES))
            for name, lines in said.items()
            if name in IGNORE_FILES
        )
        return _Place(verdict, (*lists, *(one for one in own if one.patterns)), in_repository)

    def _judge(self, place: _Place, path: str, *, is_folder: bool) -> Verdict:
        """The verdict for something in a folder: the folder's own verdict, combined with the patterns that match it."""
        inherited = place.verdict
        if inherited.forbidden:
            return inherited
        if self._is_excluded(path, is_folder=is_folder):
            return Verdict(Cause.EXCLUDED.refusal())
        said: dict[str, bool] = {}
        for one in place.lists:
            named = one.patterns.verdict(path[len(one.base) + 1 :], is_folder=is_folder)
            # Of ignore files with the same name, the nearest one that matches wins.
            if named is not None:
                said[one.name] = named
        forbidding = next((name for name in FORBIDDING_FILES if said.get(name)), "")
        if forbidding:
            return Verdict(Cause.IGNORED.refusal(f"the file is named in {forbidding}"))
        return Verdict(is_private=inherited.is_private or any(said.get(name) for name in PRIVATE_FILES))

    def _is_excluded(self, path: str, *, is_folder: bool) -> bool:
        """Whether the settings' patterns name a path.

        Inside the workspace, patterns are relative to the workspace folder, and that folder's name counts too. Names of folders
        above it do not count: the pattern `build` does not exclude a project that lies in a folder named `build`. Outside the
        workspace, patterns are relative to the root of the disk.
        """
        whole = path.lstrip("/")
        top = next((one.path for one in self._folders if one.path == path or one.holds(path)), None)
        if top is not None:
            named = self._exclude.verdict(path[len(top) + 1 :], is_folder=is_folder) if path != top else None
            if named is None:
                named = self._exclude.verdict(path[top.rfind("/") + 1 :], is_folder=is_folder)
        elif any(one.path.startswith(f"{path}/") for one in self._folders):
            named = None
        else:
            return bool(self._exclude.verdict(whole, is_folder=is_folder))
        return bool(self._whole_paths.verdict(whole, is_folder=is_folder) if named is None else named)
