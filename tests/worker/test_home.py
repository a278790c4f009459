"""The state folder: one daemon's alone, and what it keeps there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grange.model.ids import RunId
from grange.model.run import Meter, RunResult
from grange.model.states import RunStatus
from grange.worker.account import Account
from grange.worker.errors import HomeInUse, WorkerCannotRun
from grange.worker.home import Home

ONE, TWO = RunId(1), RunId(2)
RESULT = RunResult(status=RunStatus.DONE, exit_code=0, meter=Meter(cpu_s=1.5))


def test_a_second_daemon_is_refused(tmp_path: Path) -> None:
    with Home(tmp_path), pytest.raises(HomeInUse, match=str(tmp_path)), Home(tmp_path):
        pass


def test_a_folder_that_was_given_back_can_be_taken(tmp_path: Path) -> None:
    with Home(tmp_path) as first:
        mark = first.mark
    with Home(tmp_path) as second:
        assert second.mark == mark
        assert len(mark) == 32


def test_nobody_else_can_look_into_it(tmp_path: Path) -> None:
    with Home(tmp_path / "state"):
        assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_results_survive_the_daemon(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        home.outbox.save(ONE, RESULT)
        home.outbox.save(TWO, RESULT)
        home.outbox.drop(TWO)
    with Home(tmp_path) as home:
        assert home.outbox.load() == {ONE: RESULT}


def test_a_damaged_result_is_put_aside(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        home.outbox.save(ONE, RESULT)
        (tmp_path / "outbox" / "2").write_bytes(b"\xff garbage")
        (tmp_path / "outbox" / "3.new").write_bytes(b"half")
        assert home.outbox.load() == {ONE: RESULT}
        assert home.outbox.load() == {ONE: RESULT}
        assert not (tmp_path / "outbox" / "3.new").exists()


def test_what_a_run_leaves_is_removed_with_it(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        folder = Path(home.make_run_folder(ONE))
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_text("x")
        Path(home.log_of(ONE)).write_text("x")
        home.outbox.save(ONE, RESULT)
        home.remove(ONE)
        assert [path for path in tmp_path.rglob("*1*") if path.is_relative_to(tmp_path)] == []


def test_a_folder_that_was_left_empty_is_the_next_runs(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        folder = home.make_run_folder(ONE)
        assert home.take_back_if_empty(ONE)
        assert home.make_run_folder(TWO) == folder
        assert home.make_run_folder(ONE) != folder, "no two runs share one"


def test_a_folder_that_is_not_as_it_was_given_is_nobody_elses(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        for spoil in (lambda f: (f / "x").touch(), lambda f: f.chmod(0o500), move_away):
            folder = Path(home.make_run_folder(ONE))
            spoil(folder)
            assert not home.take_back_if_empty(ONE)
            assert Path(home.make_run_folder(TWO)) != folder
            home.remove(ONE)
            assert not os.path.lexists(folder)
            home.remove(TWO)


def move_away(folder: Path) -> None:
    """Put a link in a folder's place."""
    folder.rename(folder.with_name("moved"))
    folder.symlink_to(folder.with_name("moved"))


def test_a_folder_that_its_run_removed_is_not_missed(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        Path(home.make_run_folder(ONE)).rmdir()
        assert home.take_back_if_empty(ONE)
        assert Path(home.make_run_folder(ONE)).is_dir()


def test_removing_what_was_never_there_is_harmless(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        home.remove(ONE)


def test_a_link_out_of_a_run_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    with Home(tmp_path / "state") as home:
        folder = Path(home.make_run_folder(ONE))
        (folder / "link").symlink_to(tmp_path / "precious")
        home.remove(ONE)
    assert (tmp_path / "precious" / "file").exists()


def test_at_start_only_the_logs_of_results_that_still_wait_are_kept(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        for run_id in (ONE, TWO):
            (Path(home.make_run_folder(run_id)) / "file").write_text("x")
            Path(home.log_of(run_id)).write_text("x")
    with Home(tmp_path) as home:
        home.sweep({TWO})
        assert list((tmp_path / "runs").iterdir()) == []
        assert [path.name for path in (tmp_path / "logs").iterdir()] == ["2"]


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    with Home(tmp_path) as home:
        assert home.make_run_folder(ONE) == home.make_run_folder(ONE)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_run_folder_belongs_to_the_user_of_the_tasks(tmp_path: Path) -> None:
    with Home(tmp_path / "state", Account.of("nobody")) as home:
        folder = Path(home.make_run_folder(ONE))
        assert folder.stat().st_uid == Account.of("nobody").uid
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o711


@pytest.mark.skipif(os.getuid() != 0, reason="only root can look")
def test_a_user_that_does_not_exist_is_named() -> None:
    with pytest.raises(WorkerCannotRun, match="no-such-user"):
        Account.of("no-such-user")


def test_a_user_is_what_login_and_the_warden_need() -> None:
    account = Account("ann", 7, 8, (8, 9), "/home/ann", "/bin/sh")
    assert account.ids() == "7:8:8,9"
    assert account.variables()["HOME"] == "/home/ann"
