"""What exclusions and ignore files say of a path: by git's own rules, and whatever way the path is spelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from typethrough.core.document.uris import place_of
from typethrough.core.gate.rules import FORBIDDING_FILES, Folder, Rules, Verdict
from typethrough.core.outcome.causes import Cause
from typethrough.core.settings.schema import DEFAULT_EXCLUDE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PRIVATE = Verdict(is_private=True)
OPEN = Verdict()


class PaperDisk:
    """A disk made of texts: ignore files by their paths, links by where they lead."""

    def __init__(
        self, files: Mapping[str, str] | None = None, links: Mapping[str, str] | None = None
    ) -> None:
        self.ignored = dict(files or {})
        self.links = dict(links or {})
        self.asked: list[str] = []

    def ignore_files(self, folder: str) -> Mapping[str, Sequence[str]]:
        self.asked.append(folder)
        return {
            path.rpartition("/")[2]: text.split("\n")
            for path, text in self.ignored.items()
            if path.rpartition("/")[0] == folder
        }

    def real_paths(self, paths: Sequence[str]) -> Sequence[str]:
        return [self._real_path(path) for path in paths]

    def _real_path(self, path: str) -> str:
        for link, target in self.links.items():
            if path == link or path.startswith(f"{link}/"):
                return target + path[len(link) :]
        return path


def rules(
    *exclude: str,
    files: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
    folders: Sequence[str] = ("/project",),
) -> Rules:
    named = [Folder(path, path.rpartition("/")[2]) for path in folders]
    return Rules(exclude, named, PaperDisk(files, links))


def forbidden(found: Rules, place: str) -> bool:
    return bool(found.verdict(place_of(place)).forbidden)


@pytest.mark.parametrize(
    "place",
    [
        ".env",
        "/home/user/project/.env",
        "file:///home/user/project/.env.local",
        "file:///c%3A/Users/u/project/.ENV",
        "C:\\Users\\u\\server.PEM",
        "/etc/ssl/private/site.key",
        "/home/user/.ssh/config",
        "file:///home/user/%2Essh/id_ed25519",
        "/home/user/.aws/credentials",
        "/home/user/.aws/sso/cache/token.json",
        "terraform/prod.tfvars",
        "untitled:.env",
        "file:///project/src/../.env",
        "file:///project//.ssh/./config",
        "vscode-notebook-cell:/project/secrets.json#W0",
    ],
)
def test_files_with_secrets_are_excluded_by_default(place: str) -> None:
    assert forbidden(rules(*DEFAULT_EXCLUDE), place)


@pytest.mark.parametrize(
    "place",
    [
        "main.py",
        "/src/environment.py",
        "/src/secrets.py",
        "/src/keys.ts",
        "/src/env/loader.go",
        "/a/keyboard.c",
    ],
)
def test_ordinary_source_is_not(place: str) -> None:
    assert not forbidden(rules(*DEFAULT_EXCLUDE), place)


@pytest.mark.parametrize(
    ("exclude", "place", "expected"),
    [
        ((), "/project/a.py", False),
        (("private/",), "/project/private/a.py", True),
        (("private/",), "/project/sub/private/deep/a.py", True),
        (("private",), "/project/private/a.py", True),
        (("**/*.{pem,key}",), "/project/a/b.key", True),
        (("/vendor/*",), "/project/vendor/y.py", True),
        (("/vendor/*",), "/project/a/vendor/y.py", False),
        (("docs/*.md",), "/project/docs/a.md", True),
        (("docs/*.md",), "/project/sub/docs/a.md", False),
        (("*.py", "!keep.py"), "/project/keep.py", False),
        (("*.py", "!/keep.py"), "/project/keep.py", False),
        (("private/", "!private/keep.py"), "/project/private/keep.py", True),
        (("PRIVATE/",), "/project/private/a.py", True),
        # A pattern may be a whole path, and may name what the workspace itself lies in.
        (("/home/me/diary/",), "/home/me/diary/today.md", True),
        (("project/",), "/project/a.py", True),
        (("build",), "/home/build/work/a.py", False),
        (("build",), "/home/build/work/build/a.py", True),
        (("build",), "/home/build/other/a.py", True),
        (("/home/build/",), "/home/build/work/a.py", True),
        (("work",), "/home/build/work/a.py", True),
        ((".ssh/",), "/home/me/.ssh/config", True),
    ],
)
def test_the_settings_patterns_mean_what_git_would_have_them_mean(
    exclude: tuple[str, ...], place: str, expected: bool
) -> None:
    assert forbidden(rules(*exclude, folders=("/project", "/home/build/work")), place) is expected


@pytest.mark.parametrize(
    ("uri", "globs", "excluded"),
    [
        ("file:///home/me/key.pem", ("*.pem",), True),
        ("file:///home/me/key.pem.py", ("*.pem",), False),
        ("file:///home/me/my%20secrets/a.py", ("my secrets/",), True),
        ("file:///home/me/%2Eenv", (".env",), True),
        ("file:///home/me/.ENV", (".env",), True),
        ("file:///home/me/what%23not.pem", ("*.pem",), True),
        ("file:///home/me/%E2%82%AC.key", ("€.key",), True),
        ("file:/home/me/%2Eenv", (".env",), True),
        ("file:///home/me/.ssh/deep/config", (".ssh/",), True),
        ("file:///home/me/assh/config", (".ssh/", "ssh/"), False),
        ("file:///c%3A/Users/me/.aws/credentials", (".aws/",), True),
        ("file:///C:/Users/me/id_rsa", ("id_rsa*",), True),
        ("file://server/share/.env", (".env",), True),
        ("c:\\Users\\me\\.env", (".env",), True),
        ("/home/me/.env", (".env",), True),
        ("untitled:Untitled-1", (".env", "*.pem"), False),
        ("untitled:.env", (".env",), True),
        ("untitled:/home/me/.env", (".env",), True),
        ("vscode-notebook-cell:/home/me/secret.ipynb#W0sZmlsZQ%3D%3D", ("secret.ipynb",), True),
        ("vscode-notebook-cell://ssh/home/me/note.ipynb#C1", ("*.ipynb",), True),
        ("vscode-remote://host/home/me/.env?x=1", (".env",), True),
        ("git:/home/me/.env?%7B%22ref%22%7D", (".env",), True),
        ("file:///home/me/main.py", (), False),
        ("file:///home/me/main.py", ("*.pem", ".env", "main"), False),
    ],
)
def test_exclusions_read_every_kind_of_document_name(
    uri: str, globs: tuple[str, ...], excluded: bool
) -> None:
    assert forbidden(rules(*globs), uri) is excluded


@pytest.mark.parametrize("name", FORBIDDING_FILES)
def test_what_a_file_for_assistants_names_is_forbidden_and_the_reason_says_which(name: str) -> None:
    found = rules(files={f"/project/{name}": "secret/\n*.gold\n!not.gold\n"})
    assert found.verdict("/project/secret/a.py").forbidden == Cause.IGNORED.refusal(
        f"the file is named in {name}"
    )
    assert found.verdict("/project/a/b.GOLD").forbidden
    assert found.verdict("/project/not.gold") == OPEN
    assert found.folder_verdict("/project/secret").forbidden


def test_what_one_file_forbids_another_cannot_permit() -> None:
    found = rules(
        "*.key", files={"/project/.cursorignore": "a.py\n!b.key\n", "/project/.aiexclude": "!a.py\n!b.key"}
    )
    assert found.verdict("/project/a.py").forbidden
    assert found.verdict("/project/b.key").forbidden


@pytest.mark.parametrize(
    ("files", "place", "expected"),
    [
        ({"/project/.gitignore": "build/\n"}, "/project/build/a.py", PRIVATE),
        ({"/project/.gitignore": "build/\n"}, "/project/build/deep/a.py", PRIVATE),
        ({"/project/.gitignore": "*.log\n!keep.log\n"}, "/project/keep.log", OPEN),
        ({"/project/.gitignore": "a\n", "/project/sub/.gitignore": "!a\n"}, "/project/sub/a", OPEN),
        ({"/project/.cursorindexingignore": "data/\n"}, "/project/data/a.py", PRIVATE),
        # The workspace is a folder of a repository: the repository's own rules hold.
        ({"/.git": "", "/.gitignore": "x.py"}, "/project/x.py", OPEN),
        ({"/repo/.git": "", "/repo/.gitignore": "x.py"}, "/repo/sub/x.py", PRIVATE),
        # What lies above the repository is no part of it, and what lies above a workspace without one neither.
        ({"/repo/.git": "", "/repo/.gitignore": "", "/.gitignore": "x.py"}, "/repo/sub/x.py", OPEN),
        ({"/home/.gitignore": "*"}, "/home/work/x.py", OPEN),
        # In another repository a .gitignore says nothing, and what forbids still does.
        ({"/project/.gitignore": "x.py", "/project/sub/.git": ""}, "/project/sub/x.py", OPEN),
        ({"/project/.gitignore": "x.py", "/project/sub/.git": ""}, "/project/x.py", PRIVATE),
    ],
)
def test_what_git_ignores_is_private(files: dict[str, str], place: str, expected: Verdict) -> None:
    assert rules(files=files, folders=("/project", "/repo/sub", "/home/work")).verdict(place) == expected


def test_what_forbids_holds_in_another_repository_within() -> None:
    found = rules(files={"/project/.aiexclude": "x.py", "/project/sub/.git": ""})
    assert found.verdict("/project/sub/x.py").forbidden


def test_a_link_is_judged_by_where_it_leads_as_well() -> None:
    links = {
        "/project/notes.txt": "/project/.env",
        "/project/out": "/home/me",
        "/project/in.py": "/project/a.py",
    }
    found = rules(*DEFAULT_EXCLUDE, links=links)
    assert found.verdict("/project/notes.txt").forbidden
    assert found.verdict("/project/out/diary.py") == PRIVATE
    assert found.verdict("/project/in.py") == OPEN


def test_a_workspace_behind_a_link_is_a_workspace() -> None:
    found = rules(links={"/project": "/mnt/disk/project"}, files={"/mnt/disk/project/.aiexclude": "b.py"})
    assert found.verdict("/project/a.py") == OPEN
    assert found.verdict("/project/b.py").forbidden


def test_a_folder_is_asked_for_its_files_once_until_it_is_forgotten() -> None:
    disk = PaperDisk({"/project/.aiexclude": "a.py"})
    found = Rules((), [Folder("/project", "project")], disk)
    assert found.verdict("/project/a.py").forbidden
    assert not found.verdict("/project/b.py").forbidden
    assert disk.asked == ["/project"]

    disk.ignored["/project/.aiexclude"] = "b.py"
    found.forget()

    assert not found.verdict("/project/a.py").forbidden
    assert found.verdict("/project/b.py").forbidden


def test_a_path_of_thousands_of_folders_is_refused_without_looking_at_them() -> None:
    disk = PaperDisk()
    found = Rules((), [Folder("/project", "project")], disk)
    assert found.verdict("/project" + "/d" * 2_000 + "/a.py").forbidden
    assert disk.asked == []
