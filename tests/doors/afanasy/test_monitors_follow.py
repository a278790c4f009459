"""Who follows what a monitor is told knows, after any steps, what a fresh request shows."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from grange.core import commands as c
from grange.core.errors import Rejected
from grange.model.ids import WorkerId
from grange.model.states import RunStatus, TaskOp
from tests.build import block, job, named
from tests.doors.afanasy.stand import Stand
from tests.doors.afanasy.watchers import poll, register, watch

STEPS = 60
USERS = ("artist", "bob")
KINDS = ("jobs", "renders", "users", "branches", "pools")


class Follower:
    """A client: it reads lists once, and then only what it is told has changed."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        self.number = register(stand, *KINDS)
        self.nodes: dict[str, dict[int, Any]] = {kind: {} for kind in KINDS}
        self.tasks: dict[tuple[int, int, int], Any] = {}
        for kind in KINDS:
            self._read(kind)

    def _read(self, kind: str, **ids: Any) -> None:
        for item in self._stand.get(kind, **ids).get(kind, ()):
            self.nodes[kind][item["id"]] = item
            if kind == "jobs" and (item["id"], 0, 0) not in self.tasks:
                watch(self._stand, self.number, "tasks", ids=[item["id"]])
                self.tasks |= progress(self._stand, item["id"])

    def follow(self) -> None:
        """Ask until there is nothing new."""
        while (told := poll(self._stand, self.number)) is not None:
            for item in told.get("tasks_progress", ()):
                places = zip(item["blocks"], item["tasks"], item["progress"], strict=True)
                for at, task, far in places:
                    self.tasks[item["job_id"], at, task] = far
            for kind in KINDS:
                for number in told.get(f"{kind}_del", ()):
                    self.nodes[kind].pop(number, None)
                ids = [*told.get(f"{kind}_change", ()), *told.get(f"{kind}_add", ())]
                if ids:
                    self._read(kind, ids=ids)

    def check(self) -> None:
        """Compare what is known with what is."""
        for kind in KINDS:
            fresh = {item["id"]: item for item in self._stand.get(kind)[kind]}
            assert self.nodes[kind] == fresh, kind
        known = {place: far for place, far in self.tasks.items() if place[0] in self.nodes["jobs"]}
        fresh_tasks: dict[Any, Any] = {}
        for number in self.nodes["jobs"]:
            fresh_tasks |= progress(self._stand, number)
        assert known == fresh_tasks


def progress(stand: Stand, number: int) -> dict[tuple[int, int, int], Any]:
    """How far all tasks of a job are."""
    told = stand.get("jobs", ids=[number], mode="progress")["job_progress"]["progress"]
    return {
        (number, at, task): far for at, tasks in enumerate(told) for task, far in enumerate(tasks)
    }


class Studio:
    """People and machines that do something."""

    def __init__(self, stand: Stand, seed: int) -> None:
        self.stand = stand
        self.chance = random.Random(seed)
        self.runs: list[Any] = []
        self.made = 0

    def step(self) -> None:
        """Do one thing; what cannot be is left."""
        what: Callable[[], object] = self.chance.choice(
            (
                *(self.submit, self.submit, self.join, self.end, self.end, self.end),
                *(self.change, self.change, self.edit, self.edit),
                *(self.drop, self.grow, self.lose),
            )
        )
        try:
            what()
        except (Rejected, IndexError):
            return
        finally:
            self.runs += self.stand.started()

    def submit(self) -> None:
        self.made += 1
        blocks = (block("1-3", name="a"), named("x", "y", name="b", depend_mask="a"))
        branch = self.chance.choice(("/", "/one", "/two/three"))
        spec = job(*blocks, name=f"j{self.made}", branch=branch, depend_mask=self.waits())
        self.stand.submit(spec, user=self.chance.choice(USERS))

    def waits(self) -> str:
        return self.chance.choice(("", "", f"j{self.chance.randint(1, 5)}"))

    def join(self) -> None:
        self.made += 1
        self.stand.join(f"r{self.made}")

    def end(self) -> None:
        run = self.runs.pop(self.chance.randint(0, max(0, len(self.runs) - 1)))
        status = self.chance.choice((RunStatus.DONE, RunStatus.DONE, RunStatus.FAILED))
        self.stand.end(run, status, after=0, warning=self.chance.random() < 0.3)

    def any_job(self) -> Any:
        return self.chance.choice(sorted(self.stand.farm.state.jobs))

    def change(self) -> None:
        op = self.chance.choice(tuple(TaskOp))
        self.stand.do(
            c.ChangeTasks(job_id=self.any_job(), op=op, block=self.chance.choice((0, 1)))
        )

    def edit(self) -> None:
        priority = {"priority": self.chance.randint(1, 200)}
        job_id = self.any_job()
        self.stand.do(
            self.chance.choice(
                (
                    c.EditJob(job_id=job_id, changes=priority),
                    c.EditJob(job_id=job_id, block=0, changes={"capacity": 7}),
                    c.PauseJob(job_id=job_id, paused=self.chance.random() < 0.5),
                    c.TryNext(job_id=job_id, block=0, tasks=(2,)),
                    c.ForgetErrors(job_id=job_id),
                    c.EditUser(user="bob", changes=priority),
                    c.EditBranch(path="/one", changes=priority),
                    c.EditPool(path="/p", changes=priority),
                    c.MoveJobs(user="artist", job_ids=(job_id,), where="top"),
                    c.EditJob(job_id=job_id, changes={"user": self.chance.choice(USERS)}),
                    c.EditJob(job_id=job_id, changes={"branch": "/one"}),
                    c.EditUser(user="bob", changes={"hosts_mask_type": "regex"}),
                    c.EditWorker(worker_id=self.any_worker(), changes={"pool": "/p"}),
                    c.EditWorker(worker_id=self.any_worker(), changes={"paused": True}),
                )
            )
        )

    def grow(self) -> None:
        fresh = named("z").tasks
        self.stand.do(c.AppendTasks(job_id=self.any_job(), block=1, tasks=fresh))

    def drop(self) -> None:
        self.stand.do(c.DeleteJob(job_id=self.any_job()))

    def any_worker(self) -> Any:
        return self.chance.choice(sorted(self.stand.farm.state.workers) or [WorkerId(99)])

    def lose(self) -> None:
        worker_id = self.any_worker()
        kind = self.chance.choice((c.UnlinkWorker, c.LoseWorker, c.DeleteWorker, c.EjectWorker))
        self.stand.do(kind(worker_id=worker_id))


@pytest.mark.parametrize("seed", range(6))
def test_a_client_that_follows_knows_what_is(stand: Stand, seed: int) -> None:
    studio = Studio(stand, seed)
    studio.submit()
    follower = Follower(stand)
    for place in range(STEPS):
        studio.step()
        if place % 3 == 0:
            follower.follow()
            follower.check()
