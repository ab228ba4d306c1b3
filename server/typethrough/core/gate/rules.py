"""What the exclusions of the settings and the ignore files of a workspace say of a path. They can only forbid.

Ignore files are handed in, a folder at a time; what a folder says is kept until `forget`.
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

# Files in which teams already say what no assistant may read; ours first.
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
# What these name may be completed and is told to no other file.
PRIVATE_FILES = (".gitignore", ".cursorindexingignore")
IGNORE_FILES = frozenset((*FORBIDDING_FILES, *PRIVATE_FILES))
# In a folder's answer: the folder is a repository's own, so the ignore files above it are no part of it.
REPOSITORY = ".git"

# No real tree is deeper; a path that is made to be costs no more than this.
_MOST_FOLDERS_ABOVE = 256
_MOST_KEPT = 20_000
# The names of ignore files begin with a dot.
_PLAINLY_OTHER = re.compile(r"[^?#\\]*/[^.%/?#\\][^/?#\\]*")


def is_ignore_file(uri: str) -> bool:
    """Whether a URI, however it is spelled, or a path is that of an ignore file."""
    # Most URIs say plainly that they are none, and news may be of thousands.
    return not _PLAINLY_OTHER.fullmatch(uri) and place_of(uri).rpartition("/")[2] in IGNORE_FILES


def is_below(place: str, places: Collection[str]) -> bool:
    """Whether a place is one of some, or lies below one."""
    while place:
        if place in places:
            return True
        place = place.rpartition("/")[0]
    return False


class Folder(NamedTuple):
    """One folder of the workspace: its whole path, with slashes and without one at the end, and its name in prompts."""

    path: str
    name: str

    def holds(self, path: str) -> bool:
        """Whether a path lies below."""
        return bool(self.path) and path.startswith(f"{self.path}/")


class Verdict(NamedTuple):
    """The answer for one path. `forbidden` says why the file gets no suggestions and is told to no other file, or is None."""

    forbidden: Refusal | None = None
    is_private: bool = False


class _Place(NamedTuple):
    """What holds in a folder: its own verdict, and every list of patterns that concerns what lies in it, the nearest last."""

    verdict: Verdict
    lists: tuple[_List, ...] = ()
    in_repository: bool = False


class _List(NamedTuple):
    """The patterns of one ignore file, and the folder it lies in."""

    name: str
    base: str
    patterns: Patterns


class Disk(Protocol):
    """What the rules need to know of the disk. Both answer at once, and an unreadable place has nothing to say."""

    def ignore_files(self, folder: str) -> Mapping[str, Sequence[str]]:
        """The lines of those of `IGNORE_FILES` that lie in a folder, by name; and the key `.git` where a repository begins."""
        ...

    def real_paths(self, paths: Sequence[str]) -> Sequence[str]:
        """The paths with links followed; a path with none as it is."""
        ...


class NoDisk:
    """A disk with nothing on it, for text that lies nowhere."""

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
        # Those that may be whole paths, such as `/home/me/diary/`.
        self._whole_paths = Patterns((one for one in patterns if one.startswith(("/", "!/"))), any_case=True)
        self._folders = sorted(folders, key=lambda folder: -len(folder.path))
        self._disk = disk
        self._places: dict[str, _Place] = {}

    def folder_of(self, path: str) -> Folder | None:
        """The folder of the workspace that a path lies in, the innermost one."""
        return next((folder for folder in self._folders if folder.holds(path)), None)

    def forget(self) -> None:
        """Ignore files have changed: they are asked for again."""
        self._places.clear()

    def forget_below(self, places: Collection[str]) -> bool:
        """Folders came, went or moved: what was known of them is asked for again. Whether anything was."""
        known = [place for place in self._places if is_below(place, places)]
        for place in known:
            del self._places[place]
        return bool(known)

    def verdict(self, path: str) -> Verdict:
        """What holds for a file, by its whole path as `place_of` gives it, and for what it leads to where links are in it."""
        return self.verdicts([path])[0]

    def verdicts(self, paths: Sequence[str]) -> list[Verdict]:
        """The same for many files at one time: links in their folders are followed once."""
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
        """The verdict on a path that leads to another."""
        behind = self.file_verdict(real)
        folder = self.folder_of(path)
        leads_out = folder is not None and not real.startswith(f"{self._disk.real_paths([folder.path])[0]}/")
        return Verdict(behind.forbidden, verdict.is_private or behind.is_private or leads_out)

    def folder_verdict(self, path: str) -> Verdict:
        """What holds for a whole folder, and so for all that lies in it."""
        return self._place(path).verdict

    def file_verdict(self, path: str) -> Verdict:
        """The same for a path in which no links are, or in which they are not followed."""
        parent, _, name = path.rpartition("/")
        if not parent or not name:
            # Text without a place of its own, such as one that was never saved.
            return Verdict(Cause.EXCLUDED.refusal()) if self._exclude.verdict(name or path) else Verdict()
        return self._judge(self._place(parent), path, is_folder=False)

    def _place(self, path: str) -> _Place:
        """What holds in a folder: known, or made from the folders above, the outermost first."""
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
        """What holds in a folder, by what holds in the one above."""
        verdict = self._judge(above, path, is_folder=True)
        if verdict.forbidden:
            # Nothing in it is looked at, so its own files have nothing to say.
            return _Place(verdict)
        said = self._disk.ignore_files(path)
        in_repository = above.in_repository or REPOSITORY in said
        lists = above.lists
        is_workspace = any(folder.path == path for folder in self._folders)
        if REPOSITORY in said or (is_workspace and not in_repository):
            # As for git, a .gitignore says nothing of what lies in another repository. What forbids does.
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
        """The verdict on something in a folder: that of the folder, and what the patterns say of the thing itself."""
        inherited = place.verdict
        if inherited.forbidden:
            return inherited
        if self._is_excluded(path, is_folder=is_folder):
            return Verdict(Cause.EXCLUDED.refusal())
        said: dict[str, bool] = {}
        for one in place.lists:
            named = one.patterns.verdict(path[len(one.base) + 1 :], is_folder=is_folder)
            # Of files of one name the nearest with an opinion wins.
            if named is not None:
                said[one.name] = named
        forbidding = next((name for name in FORBIDDING_FILES if said.get(name)), "")
        if forbidding:
            return Verdict(Cause.IGNORED.refusal(f"the file is named in {forbidding}"))
        return Verdict(is_private=inherited.is_private or any(said.get(name) for name in PRIVATE_FILES))

    def _is_excluded(self, path: str, *, is_folder: bool) -> bool:
        """Whether the settings' patterns name a path.

        In a workspace they are relative to its folder, whose own name counts too. The names of the folders above it do not: a
        project in a folder named `build` is not what `build` means. Elsewhere they are relative to the root of the disk.
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
