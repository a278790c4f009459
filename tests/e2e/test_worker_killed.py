"""A worker that is killed takes its runs with it; they are done again, never two at once."""

from __future__ import annotations

import pytest

from grange.model.spec import JobSpec
from grange.model.states import JobState, RunStatus
from tests.e2e.farms import Farm, eventually, kill, lives, python

pytestmark = [pytest.mark.slow, pytest.mark.crash]

#: Holds a lock of its task while it lives, as does a child in a session of its own; the kernel
#: lets go of it when both are dead, so that a second copy would be seen.
LOCKING = """
import fcntl, os, sys, time
number, folder = sys.argv[1:]
notes = os.open(folder + "/notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
lock = os.open(folder + "/lock" + number, os.O_RDWR | os.O_CREAT)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    os.write(notes, f"overlap {number}\\n".encode())
os.write(notes, f"start {number} {os.getpid()}\\n".encode())
if not os.path.exists(folder + "/go"):
    if os.fork() == 0:
        os.setsid()
        os.write(notes, f"child {number} {os.getpid()}\\n".encode())
        time.sleep(300)
        os._exit(0)
    while not os.path.exists(folder + "/go"):
        time.sleep(0.05)
os.write(notes, f"end {number} {os.getpid()}\\n".encode())
"""


def test_a_killed_worker_leaves_no_process_and_its_tasks_are_done_again(farm: Farm) -> None:
    notes = farm.folder / "notes"

    def noted(word: str) -> list[list[str]]:
        lines = notes.read_text().splitlines() if notes.exists() else []
        return [line.split() for line in lines if line.startswith(word)]

    with farm.client() as client:
        farm.worker(client)
        block = python(LOCKING, "@#@", str(farm.folder), frames="1-6")
        handle = client.submit(JobSpec(name="film", blocks=(block,)))
        eventually(lambda: noted("child"), "tasks run")
        running = len(noted("start"))
        old = farm.worker_pid()
        kill(old)
        first = {int(line[2]) for word in ("start", "child") for line in noted(word)[:running]}
        eventually(lambda: not any(lives(pid) for pid in first), "the runs' processes are gone")
        (farm.folder / "go").touch()

        done = handle.wait(timeout_s=90)
        assert (done.state, done.tasks.done) == (JobState.DONE, 6)
        assert noted("overlap") == []
        assert sorted(line[1] for line in noted("end")) == [str(number) for number in range(1, 7)]
        assert farm.worker_pid() not in (0, old)
        (worker,) = client.workers()
        assert worker.presence == "online"
        lost = [run for task in range(6) for run in handle.task(0, task).runs()[1:]]
        assert lost
        assert {run.result.status for run in lost if run.result} == {RunStatus.LOST}


def test_both_killed_at_once_the_job_is_done_all_the_same(farm: Farm) -> None:
    with farm.client() as client:
        farm.worker(client)
        block = python(LOCKING, "@#@", str(farm.folder), frames="1-4")
        handle = client.submit(JobSpec(name="film", blocks=(block,)))
        eventually((farm.folder / "notes").exists, "a task runs")
        (farm.folder / "go").touch()
        farm.kill()
        kill(farm.worker_pid())
        farm.start()
        assert handle.wait(timeout_s=90).tasks.done == 4
        assert "overlap" not in (farm.folder / "notes").read_text()
