"""What monitors are told of tasks: how far they are, what they write."""

from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.doors.afanasy import monitors as registry
from grange.doors.afanasy.gets import watching
from grange.model.states import TaskOp
from tests.build import block, job, named
from tests.doors.afanasy.stand import Stand
from tests.doors.afanasy.watchers import poll, register, watch


def test_the_progress_of_watched_tasks_is_told_and_merged(stand: Stand) -> None:
    stand.join("r1")
    stand.join("r2")
    number = register(stand)
    first = stand.submit(job(block("1-3")))
    assert poll(stand, number) is None  # it does not watch its tasks
    watch(stand, number, "tasks", ids=[first])
    runs = stand.started()
    for run in runs:
        stand.progress(run, percent=45, activity="act")
    stand.now += 2
    told = poll(stand, number)
    (item,) = told["tasks_progress"]
    assert (item["job_id"], item["blocks"], item["tasks"]) == (first, [0, 0], [0, 1])
    assert [(task["per"], task["act"]) for task in item["progress"]] == [(45, "act")] * 2
    names = {"job_id": [first], "block_num": [0], "mode": ["progress"]}
    assert told["block_ids"] == names
    assert poll(stand, number) is None
    stand.end(runs[0])
    stand.end(runs[1])
    (item,) = poll(stand, number)["tasks_progress"]
    assert sorted(item["tasks"]) == [0, 1, 2]
    watch(stand, number, "tasks", "unsubscribe", ids=[first])
    stand.operate("jobs", first, "restart")
    assert poll(stand, number) is None


def test_many_changed_tasks_follow_in_several_answers(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "TASKS_MAX", 40)
    first = stand.submit(job(block("1-100")))
    number = register(stand)
    watch(stand, number, "tasks", ids=[first])
    stand.operate("jobs", first, "skip", block_ids=[-1])
    told: list[int] = []
    while (said := poll(stand, number)) is not None:
        (item,) = said["tasks_progress"]
        assert len(item["tasks"]) <= 40
        assert {task["state"] for task in item["progress"]} == {" DON SKP"}
        told += item["tasks"]
    assert told == list(range(100))


def test_tasks_that_were_told_already_and_change_again_are_told_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "TASKS_MAX", 3)
    first = stand.submit(job(block("1-8")))
    number = register(stand)
    watch(stand, number, "tasks", ids=[first])
    stand.operate("jobs", first, "skip", block_ids=[0])
    assert poll(stand, number)["tasks_progress"][0]["tasks"] == [0, 1, 2]
    for task in (1, 7):
        stand.operate("jobs", first, "restart", task_ids=[task], block_ids=[0])
    told: list[int] = []
    while (said := poll(stand, number)) is not None:
        told += said["tasks_progress"][0]["tasks"]
    assert sorted(told) == [1, 3, 4, 5, 6, 7]


def test_more_changed_tasks_than_are_remembered_are_all_of_the_block(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "TASKS_MAX", 2)
    first = stand.submit(job(block("1-6")))
    number = register(stand)
    watch(stand, number, "tasks", ids=[first])
    for task in (0, 2, 4, 5):
        stand.operate("jobs", first, "skip", task_ids=[task], block_ids=[0])
    told: list[int] = []
    while (said := poll(stand, number)) is not None:
        told += said.get("tasks_progress", [{"tasks": []}])[0]["tasks"]
    assert told == list(range(6))


def modes(told: dict[str, Any]) -> dict[int, str]:
    """How blocks are to be read anew."""
    names = told["block_ids"]
    return dict(zip(names["block_num"], names["mode"], strict=True))


def test_blocks_that_are_edited_or_grow_are_to_be_read_anew(stand: Stand) -> None:
    first = stand.submit(job(named("a"), block("1", name="two")))
    number = register(stand)
    watch(stand, number, "tasks", ids=[first])
    stand.set("jobs", first, [0], capacity=5)
    told = poll(stand, number)["block_ids"]
    assert (told["block_num"], told["mode"]) == ([0, 1], ["properties"] * 2)
    fresh = [{"name": "x", "command": "true"}]
    stand.operate("jobs", first, "append_tasks", tasks=fresh, block_ids=[0])
    told = poll(stand, number)
    assert modes(told)[0] == "full"
    assert "tasks_progress" not in told  # before it has read the block it has no place for them
    (item,) = poll(stand, number)["tasks_progress"]
    assert 1 in item["tasks"]
    blocks = [{"name": "third", "tasks": fresh}]
    stand.operate("jobs", first, "append_blocks", blocks=blocks)
    assert modes(poll(stand, number))[2] == "full"
    stand.operate("jobs", first, "delete")
    assert poll(stand, number) is None


def test_a_deleted_job_leaves_no_changed_tasks(stand: Stand) -> None:
    first = stand.submit(job(block("1-9")))
    number = register(stand)
    watch(stand, number, "tasks", ids=[first])
    stand.do(c.ChangeTasks(job_id=stand.job(first).job_id, op=TaskOp.SKIP))
    stand.operate("jobs", first, "delete")
    assert poll(stand, number) is None


def test_what_a_task_writes_is_told_to_who_listens(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "HEARD_MAX", 8)
    stand.join()
    first = stand.submit(job(block("1-2")))
    (run,) = stand.started()
    number = register(stand)
    assert watch(stand, number, "listen", job=first, block=0, task=0)[0] == "log"
    assert poll(stand, number) is None
    stand.write(run, "PROGRESS: 50%\n")
    heard = ""
    for _ in range(2):
        (said,) = poll(stand, number)["tasks_listens"]
        assert (said["type"], said["render_id"], said["pos"]["task"]) == ("TListen", 1, 0)
        heard += said["data"]
    assert heard == "PROGRESS: 50%\n"
    assert poll(stand, number) is None
    watch(stand, number, "listen", "unsubscribe", job=first, block=0, task=0)
    stand.write(run, "more")
    assert poll(stand, number) is None


def test_who_listens_to_a_job_hears_each_task_that_runs(stand: Stand) -> None:
    stand.join("r1")
    stand.join("r2")
    first = stand.submit(job(block("1-5")))
    runs = stand.started()
    number = register(stand)
    watch(stand, number, "listen", job=first, block=-1, task=-1)
    for run in runs:
        stand.write(run, f"task {run[1].task}\n")
    said = poll(stand, number)["tasks_listens"]
    assert [item["data"] for item in said] == ["task 0\n", "task 1\n"]
    stand.operate("jobs", first, "delete")
    assert poll(stand, number) is None


def test_who_listens_to_what_is_not_there_hears_nothing(stand: Stand) -> None:
    first = stand.submit(job(block("1-2")))
    number = register(stand)
    for at, task in ((7, 0), (0, 9), (0, 1)):
        watch(stand, number, "listen", job=first, block=at, task=task)
    assert poll(stand, number) is None
