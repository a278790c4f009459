"""A server that is killed loses nothing that it has acknowledged, and runs nothing twice."""

from __future__ import annotations

import pytest

from grange.model.ids import RunId
from grange.model.spec import JobSpec
from grange.model.states import JobState, RunStatus, TaskState
from tests.e2e.farms import Farm, eventually, once, python, until_done

pytestmark = [pytest.mark.slow, pytest.mark.crash]

TALKING = """
import sys, time
print("begin", sys.argv[1], flush=True)
time.sleep(0.3)
print("end", sys.argv[1], flush=True)
"""

NOTING = """
import sys, time
with open(sys.argv[2], "a") as file:
    file.write(sys.argv[1] + "\\n")
time.sleep(0.2)
"""

WAITING = """
import pathlib, sys, time
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.02)
pathlib.Path(sys.argv[2]).touch()
print("bye")
"""


def test_a_killed_server_goes_on_where_it_was(farm: Farm) -> None:
    with farm.client() as client:
        worker, pid = farm.worker(client), farm.worker_pid()
        spec = JobSpec(
            name="film",
            blocks=(
                python(TALKING, "@#@", name="render", frames="1-12"),
                python(TALKING, "film", name="film", frames="1", depend_mask="render"),
            ),
        )
        handle = client.submit(spec)
        until_done(client, handle.id, 3)
        farm.kill()
        farm.start()
        done = handle.wait(timeout_s=90)

        assert (done.state, done.tasks.done) == (JobState.DONE, 13)
        render, film = handle.tasks(0).tasks, handle.tasks(1).tasks
        assert {view.state for view in (*render, *film)} == {TaskState.DONE}
        for view in render:
            task = handle.task(0, view.task)
            assert task.log(once(task).run_id) == f"begin {view.task + 1}\nend {view.task + 1}\n"
        assert max(view.ended for view in render) <= film[0].started
        assert farm.worker(client).worker_id == worker.worker_id
        assert farm.worker_pid() == pid, "the worker was adopted, not started anew"


def test_a_server_killed_again_and_again_loses_nothing(farm: Farm) -> None:
    with farm.client() as client:
        farm.worker(client)
        spec = JobSpec(
            name="film", blocks=(python(NOTING, "@#@", str(farm.folder / "begun"), frames="1-30"),)
        )
        handle = client.submit(spec, token="the one")
        for done in (2, 8, 14):
            until_done(client, handle.id, done)
            farm.kill()
            farm.start()
            assert client.submit(spec, token="the one").id == handle.id
        handle.wait(timeout_s=90)
        begun = farm.folder.joinpath("begun").read_text().splitlines()
        assert sorted(begun, key=int) == [str(number) for number in range(1, 31)]
        for number in range(30):
            once(handle.task(0, number))
        assert len(client.jobs()) == 1


def test_a_run_that_ends_while_the_server_is_away_is_reported_when_it_is_back(
    farm: Farm,
) -> None:
    with farm.client() as client:
        farm.worker(client)
        go, ended = farm.folder / "go", farm.folder / "ended"
        block = python(WAITING, str(go), str(ended), frames="1")
        handle = client.submit(JobSpec(name="away", blocks=(block,)))
        eventually(lambda: handle.tasks(0).tasks[0].state is TaskState.RUNNING, "it runs")
        farm.kill()
        go.touch()
        eventually(ended.exists, "the task has ended")
        farm.start()
        handle.wait(timeout_s=90)
        (run,) = handle.task(0, 0).runs()
        assert run.result is not None
        assert run.result.status is RunStatus.DONE
        assert handle.task(0, 0).log(RunId(run.run_id)) == "bye\n"
