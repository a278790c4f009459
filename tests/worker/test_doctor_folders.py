"""The doctor looks at folders: real ones, of another user, and one whose server is dead."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grange.worker.account import Account
from grange.worker.doctor import folders
from grange.worker.doctor.finding import Finding, Grade
from tests.worker.dead_mount import NotAllowed, dead_mount

root_only = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")


def look(path: Path, *, writable: bool = True, account: Account | None = None) -> Finding:
    (found,) = folders.mounts([str(path)], writable=writable, account=account)
    return found


def test_a_folder_that_is_there_is_well(tmp_path: Path) -> None:
    found = look(tmp_path)
    assert (found.grade, found.advice) == (Grade.OK, "")
    assert "to be read and written" in found.text
    assert "GB free on" in found.text
    assert list(tmp_path.iterdir()) == [], "nothing is left there"


def test_a_missing_folder_is_wrong(tmp_path: Path) -> None:
    found = look(tmp_path / "none")
    assert (found.grade, found.text) == (Grade.WRONG, "it cannot be read: it does not exist")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "not a folder" in look(tmp_path / "file").text


@pytest.fixture
def nobody(tmp_path: Path) -> Account:
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        folder.chmod(folder.stat().st_mode | 0o711)
    return Account.of("nobody")


@root_only
def test_a_folder_is_looked_at_as_the_user_of_the_tasks(tmp_path: Path, nobody: Account) -> None:
    (tmp_path / "ours").mkdir(mode=0o755)
    (tmp_path / "hidden").mkdir(mode=0o700)
    assert look(tmp_path / "ours").grade is Grade.OK
    found = look(tmp_path / "ours", account=nobody)
    assert (found.grade, found.text) == (
        Grade.WRONG,
        "nothing can be written there: permission denied",
    )
    assert look(tmp_path / "hidden", account=nobody).text.endswith("permission denied")


@root_only
def test_what_need_not_be_written_may_be_for_reading_only(tmp_path: Path, nobody: Account) -> None:
    (tmp_path / "tools").mkdir(mode=0o755)
    found = look(tmp_path / "tools", writable=False, account=nobody)
    assert (found.grade, "to be read only" in found.text) == (Grade.OK, True)


@pytest.fixture
def dead(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "dead"
    folder.mkdir()
    try:
        with dead_mount(folder) as dead:
            yield dead
    except NotAllowed as why:
        pytest.skip(f"this system lets us mount nothing: {why}")


def test_a_mount_whose_server_is_dead_is_named_and_hangs_nobody(dead: Path) -> None:
    paths = [str(dead), str(dead / "below"), str(dead.parent)]
    found = folders.mounts(paths, writable=False, answer_s=1.0)
    assert [item.grade for item in found] == [Grade.WRONG, Grade.WRONG, Grade.OK]
    assert found[0].text == "it does not answer within 1 s: who serves it is away"
    assert "umount" in found[0].advice


def test_a_folder_that_is_named_twice_is_looked_at_once(tmp_path: Path) -> None:
    assert len(folders.mounts([str(tmp_path)] * 3, writable=True)) == 1


def test_a_state_folder_may_be_yet_to_be_made(tmp_path: Path) -> None:
    (found,) = folders.state_folder(tmp_path / "to" / "be")
    assert found.grade is Grade.OK
    assert not (tmp_path / "to").exists()


def test_a_state_folder_in_place_of_a_file_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (found,) = folders.state_folder(tmp_path / "file")
    assert (found.grade, "not a folder" in found.text) == (Grade.WRONG, True)
