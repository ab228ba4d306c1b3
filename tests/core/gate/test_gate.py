"""The gate's permits: who gets which, when one ends, and that none can be made or used without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.gate.test_rules import PaperDisk
from typethrough.core.gate.gate import Gate, KeepPermit, NotPermitted, Permit, SendPermit, TellPermit
from typethrough.core.gate.rules import Folder
from typethrough.core.outcome.causes import Cause
from typethrough.core.settings.schema import DEFAULTS

FOLDERS = (Folder("/project", "project"), Folder("/lib", "lib"))
MAIN = "file:///project/main.py"


def gate(*folders: Folder, disk: PaperDisk | None = None) -> Gate:
    return Gate(DEFAULTS, folders=folders or FOLDERS[:1], disk=disk)


def test_a_file_of_the_workspace_may_be_kept_told_and_sent() -> None:
    found = gate()
    permit = found.may_keep(MAIN)
    assert isinstance(permit, TellPermit)
    assert found.may_tell(MAIN) is permit
    assert isinstance(found.may_send(MAIN, "python", 0.0), SendPermit)


@pytest.mark.parametrize("uri", ["file:///project/.env", "file:///project/a/../.ssh/config", "untitled:.env"])
def test_an_excluded_file_gets_none(uri: str) -> None:
    found = gate()
    assert found.may_keep(uri) is None
    assert found.may_tell(uri) is None
    assert found.may_send(uri, "", 0.0) == Cause.EXCLUDED.refusal()


@pytest.mark.parametrize(
    "uri",
    ["file:///project/build/a.py", "file:///elsewhere/a.py", "file:///projector/a.py", "untitled:Untitled-1"],
)
def test_what_git_ignores_and_what_lies_elsewhere_is_private(uri: str) -> None:
    found = gate(disk=PaperDisk({"/project/.gitignore": "build/"}))
    permit = found.may_keep(uri)
    assert isinstance(permit, KeepPermit)
    assert permit.is_private
    assert found.may_tell(uri) is None
    assert isinstance(found.may_send(uri, "", 0.0), SendPermit)


def test_without_a_workspace_loose_files_are_told_to_nobody_and_know_each_other() -> None:
    permit = Gate(DEFAULTS).may_keep(MAIN)
    assert type(permit) is KeepPermit
    assert not permit.is_private


@pytest.mark.parametrize(
    ("uri", "one", "two"),
    [
        ("file:///project/a/b.py", "a/b.py", "project/a/b.py"),
        ("file:///lib/b.py", "lib/b.py", "lib/b.py"),
        ("file:///elsewhere/deep/down/b.py", "down/b.py", "down/b.py"),
        ("file:///projector/b.py", "projector/b.py", "projector/b.py"),
        ("file:///project/../etc/b.py", "etc/b.py", "etc/b.py"),
    ],
)
def test_a_document_is_named_by_its_folder_where_there_are_several(uri: str, one: str, two: str) -> None:
    assert gate().name_of(uri) == one
    assert gate(*FOLDERS).name_of(uri) == two


def test_switches_and_settings_stop_what_is_sent_and_end_no_permit() -> None:
    found = gate()
    permit = found.may_keep(MAIN)
    found.switches.pause(10, 0.0)
    assert found.may_send(MAIN, "python", 60.0) == Cause.PAUSED.refusal("paused for 9 min")
    found.use(replace(DEFAULTS, disabled_languages=("python",)))
    assert found.may_send(MAIN, "python", 1e6) == Cause.LANGUAGE_OFF.refusal("switched off for python")
    assert found.review() == []
    assert found.may_keep(MAIN) is permit


def test_no_switch_opens_an_excluded_file() -> None:
    found = gate()
    found.switches.set_everywhere(on=True)
    found.switches.set_file("file:///project/.env", on=True)
    assert found.refusal("file:///project/.env", "", 0.0) == Cause.EXCLUDED.refusal()


def test_a_permit_ends_when_the_gate_changes_its_mind_and_only_then() -> None:
    disk = PaperDisk()
    found = gate(disk=disk)
    main, other = found.may_keep(MAIN), found.may_keep("file:///project/other.py")
    assert found.review() == []

    found.use(replace(DEFAULTS, exclude=("main.py",)))
    assert found.review() == [main]
    assert found.may_keep(MAIN) is None
    assert main is not None and main.is_void  # noqa: PT018 - one fact, narrowed for the type checker
    assert found.may_keep("file:///project/other.py") is other

    found.use(DEFAULTS)
    assert found.review() == []
    assert isinstance(found.may_keep(MAIN), TellPermit)
    assert main.is_void

    disk.ignored["/project/.gitignore"] = "other.py"
    found.ignore_files_changed()
    assert found.review() == [other]
    assert type(found.may_keep("file:///project/other.py")) is KeepPermit


def test_what_says_nothing_of_files_has_no_file_judged_again() -> None:
    disk = PaperDisk()
    found = gate(disk=disk)
    found.may_keep(MAIN)
    disk.asked.clear()
    found.use(replace(DEFAULTS, budget_ms=500))
    assert found.review() == []
    assert disk.asked == []
    found.ignore_files_changed()
    assert found.review() == []
    assert disk.asked


def test_other_folders_are_other_names_and_so_other_permits() -> None:
    found = gate()
    main = found.may_keep(MAIN)
    found.use_folders(FOLDERS)
    assert found.review() == [main]
    again = found.may_keep(MAIN)
    assert again is not None
    assert again.name == "project/main.py"


def test_what_is_gone_loses_its_permit_with_all_that_lies_below_but_not_what_is_open() -> None:
    found = gate()
    uris = [
        f"file:///project/{name}" for name in ("a.py", "pkg/b.py", "pkg/deep/c.py", "pkg.py", "pkg/open.py")
    ]
    permits = [found.may_keep(uri) for uri in uris]
    ended = found.gone(["file:///project/pkg", "file:///project/nothing"], keep=[uris[-1]])
    assert ended == permits[1:3]
    assert [permit is not None and permit.is_void for permit in permits] == [False, True, True, False, False]


def test_the_names_of_files_that_come_and_go_all_day_are_not_kept() -> None:
    one = gate(Folder("/project", "project"))
    for number in range(50):
        uris = [f"file:///project/build{number}/a.py", f"file:///project/t{number}.py"]
        assert all(one.may_keep(uri) for uri in uris)
        assert len(one.gone([f"file:///project/build{number}", uris[1]], keep=())) == 2
    assert not one._permits
    assert not one._in_folder


def test_a_permit_is_good_for_its_document_while_it_holds() -> None:
    permit = gate().may_keep(MAIN)
    assert permit is not None
    permit.check(MAIN)
    with pytest.raises(NotPermitted):
        permit.check("file:///project/other.py")
    permit.is_void = True
    with pytest.raises(NotPermitted):
        permit.check(MAIN)


def test_nobody_but_the_gate_makes_a_permit() -> None:
    with pytest.raises(TypeError):
        Permit(object(), MAIN, "main.py")
