"""A studio's own commands, executed when something happens."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grange.core import commands as c
from grange.core.events import JobDeleted, JobFailed, WorkerTroubled
from grange.core.farm import Farm
from grange.model.ids import JobId, WorkerId
from grange.model.states import RunStatus, TaskOp
from grange.server import hooks as hooks_module
from grange.server.config import BadSetting, Settings, load
from grange.server.gauges import Gauges
from grange.server.hooks import AT_ONCE, Hooks, execute
from grange.server.views import Views
from grange.store.sql import open_store
from grange.store.store import Store
from tests.build import block, edit_user, end, job, join, one, submit
from tests.worker.kennel import eventually, exists

#: Keeps each story that it is told: one file each.
KEEP = (
    "import os, pathlib, sys; n = pathlib.Path(sys.argv[1]) / str(os.getpid());"
    "t = n.with_suffix('.new'); t.write_bytes(sys.stdin.buffer.read()); t.rename(n)"
)


class Desk:
    """A farm whose happenings are told."""

    def __init__(self, folder: Path, store: Store, *what: str) -> None:
        self.folder = folder
        self.farm = Farm()
        views = Views(self.farm, Gauges(), store, lambda: 50.0)
        self.command = (sys.executable, "-I", "-c", KEEP, str(folder))
        commands: Any = dict.fromkeys(what, self.command)
        self.hooks = Hooks(commands, self.farm, views, lambda: 50.0)

    def do(self, command: c.Command) -> None:
        self.hooks.publish(self.farm.apply(command, 1).events)

    def told(self, count: int) -> list[Any]:
        """The stories, once there are so many."""
        self.hooks._waiting.join()
        found = [json.loads(path.read_bytes()) for path in self.folder.iterdir()]
        assert len(found) == count
        return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/farm.db")
    yield store
    store.close()


@pytest.fixture
def desk(tmp_path: Path, store: Store) -> Callable[..., Desk]:
    """Makes one."""
    folder = tmp_path / "told"
    folder.mkdir()
    return lambda *what: Desk(folder, store, *what)


def test_a_command_is_told_the_story_of_a_job(desk: Callable[..., Desk]) -> None:
    at = desk("job-submitted")
    edit_user(at.farm, "ada", custom_data="mail ada")
    spec = job(block("1-3"), name="castle", custom_data="mail the lead")
    at.do(c.SubmitJob(spec=spec, user="ada"))
    [story] = at.told(1)
    assert (story["event"], story["at"], story["job_id"]) == ("job-submitted", 50.0, 1)
    assert (story["job"]["name"], story["job"]["user"]) == ("castle", "ada")
    assert story["custom_data"] == {"job": "mail the lead", "user": "mail ada"}


def test_a_command_is_told_what_befell_a_worker(desk: Callable[..., Desk]) -> None:
    at = desk("worker-lost", "worker-sick", "worker-no-task", "worker-overload")
    worker_id = join(at.farm)
    at.do(c.NoteHealth(worker_id=worker_id, faults=("disk: full",)))
    at.do(c.NoteTrouble(worker_id=worker_id, what="no-task", text="no task for 60 s"))
    at.do(c.NoteTrouble(worker_id=worker_id, what="overload", text="memory 99 %"))
    at.do(c.UnlinkWorker(worker_id=worker_id))
    at.do(c.LoseWorker(worker_id=worker_id))
    stories = at.told(4)
    assert {item["worker"]["name"] for item in stories} == {"node"}
    assert {(item["event"], item["text"]) for item in stories} == {
        ("worker-sick", "disk: full"),
        ("worker-no-task", "no task for 60 s"),
        ("worker-overload", "memory 99 %"),
        ("worker-lost", "lease ended"),
    }


def test_of_a_job_that_is_gone_its_number_is_told(desk: Callable[..., Desk]) -> None:
    at = desk("job-deleted", "job-done")
    job_id = submit(at.farm)
    at.do(c.ChangeTasks(job_id=job_id, op=TaskOp.SKIP))
    at.do(c.DeleteJob(job_id=job_id))
    stories = {item["event"]: item for item in at.told(2)}
    assert stories["job-deleted"] == {"event": "job-deleted", "at": 50.0, "job_id": 1}
    assert stories["job-done"]["job"]["state"] == "done"


def test_what_nothing_is_set_for_executes_nothing(desk: Callable[..., Desk]) -> None:
    at = desk("job-done")
    job_id = submit(at.farm)
    at.do(c.DeleteJob(job_id=job_id))
    at.hooks.publish([WorkerTroubled(join(at.farm), "sick", "")])
    at.told(0)


def test_a_worker_that_is_gone_meanwhile_is_not_told_of(desk: Callable[..., Desk]) -> None:
    at = desk("worker-lost")
    at.hooks.publish([WorkerTroubled(WorkerId(9), "lost", "")])
    at.told(0)


def test_a_job_fails_once_however_many_of_its_tasks_do(desk: Callable[..., Desk]) -> None:
    at = desk("job-failed")
    job_id = submit(at.farm, job(block("1-4", errors_retries=0, errors_avoid_host=0)))
    failed = JobFailed(job_id)
    join(at.farm)
    for number in range(4):
        worker_id, run = one(at.farm)
        end(at.farm, worker_id, run.run_id, RunStatus.FAILED)
        at.hooks.publish([failed] if number else [failed, failed])
        if number == 2:  # tried again: it may fail anew
            at.farm.apply(c.ChangeTasks(job_id=job_id, op=TaskOp.RESTART), 2)
    assert [item["event"] for item in at.told(2)] == ["job-failed"] * 2


def test_a_failure_of_a_job_that_was_deleted_is_not_told(desk: Callable[..., Desk]) -> None:
    at = desk("job-failed")
    at.hooks.publish([JobFailed(JobId(7)), JobDeleted(JobId(7))])
    at.told(0)


def test_a_command_that_hangs_holds_nobody_up_and_too_many_are_left_out(
    tmp_path: Path, desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks_module, "WAITING_MAX", 6)
    go, begun = threading.Event(), threading.Semaphore(0)

    def hang(command: Any, told: bytes, patience_s: float) -> str:
        begun.release()
        go.wait(20)
        return "it failed"

    monkeypatch.setattr(hooks_module, "execute", hang)
    at = desk("job-deleted")
    at.hooks.publish([JobDeleted(JobId(number)) for number in range(50)])
    go.set()
    at.hooks._waiting.join()
    ran = sum(begun.acquire(blocking=False) for _ in range(99))
    assert 6 <= ran <= 6 + AT_ONCE


def test_a_command_has_none_of_the_servers_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRANGE_DATABASE", "secret")
    monkeypatch.setenv("STUDIO", "x")
    line = f"env > {tmp_path}/env; cat > {tmp_path}/told; exit 3"
    assert execute(("sh", "-c", line), b"story", 20.0) == "exit status 3"
    found = (tmp_path / "env").read_text()
    assert "STUDIO=x" in found
    assert "GRANGE" not in found
    assert (tmp_path / "told").read_bytes() == b"story"


def test_a_command_that_reads_nothing_does_well() -> None:
    assert execute(("true",), b"x" * 1_000_000, 20.0) == ""


def test_a_command_that_cannot_be_executed_is_told_of() -> None:
    assert "/no/such" in execute(("/no/such",), b"", 1.0)
    assert "null byte" in execute(("a\0",), b"", 1.0)


def test_a_command_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    line = f"sleep 1000 & echo $! > {tmp_path}/pid; wait"
    fault = execute(("sh", "-c", line), b"", 0.5)
    assert fault == "it took more than 0.5 s, and was killed"
    child = int((tmp_path / "pid").read_text())
    eventually(lambda: not exists(child))


def test_commands_are_a_setting(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[event_commands]\njob-done = ["mail", "ada"]\n')
    assert load({"state_dir": tmp_path}).event_commands == {"job-done": ("mail", "ada")}
    assert Settings(state_dir=tmp_path).event_commands == {}


@pytest.mark.parametrize("line", ['job-don = ["mail"]', "job-done = []", 'job-done = "mail"'])
def test_what_never_happens_and_no_command_are_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "settings.toml").write_text(f"[event_commands]\n{line}\n")
    with pytest.raises(BadSetting, match="event_commands"):
        load({"state_dir": tmp_path})
