"""Our events as changes that monitors are told of."""

from __future__ import annotations

import pytest

from grange.core import commands as c
from grange.core import events as ev
from grange.core.farm import Farm
from grange.doors.afanasy import events
from grange.doors.afanasy.events import Blocks, Changes, Key, Node, Tasks
from grange.doors.afanasy.numbers import Numbers
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.run import Progress, Traits
from grange.model.states import TaskOp
from tests.build import block, end, job, join, one, submit


class Watched:
    """A farm whose changes are noted."""

    def __init__(self) -> None:
        self.farm = Farm()
        self.numbers = Numbers()
        self.progress: dict[RunId, Progress] = {}
        self.changes = Changes(self.farm, self.numbers, self.progress)

    def told(self, *happened: ev.Event) -> list[Key]:
        """What some events change."""
        before = self.changes.number
        self.changes.publish(happened)
        found = self.changes.since(before)
        assert found is not None
        return found

    def do(self, command: c.Command) -> list[Key]:
        """What a command changes."""
        return self.told(*self.farm.apply(command, 1).events)


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_job_comes_with_its_user_and_branches(watched: Watched) -> None:
    watched.farm.apply(c.EditBranch(path="/a", changes={}), 1)
    found = watched.do(c.SubmitJob(spec=job(branch="/a"), user="ada"))
    assert found == [
        Node("jobs", "add", 1),
        Node("jobs", "change", 1),
        Node("users", "add", "ada"),
        Node("branches", "add", "/a"),
        Node("branches", "change", "/"),
    ]
    again = watched.do(c.SubmitJob(spec=job(branch="/a"), user="ada"))
    assert Node("users", "change", "ada") in again
    assert Node("branches", "change", "/a") in again


def test_what_is_made_is_given_a_number_at_once(watched: Watched) -> None:
    watched.do(c.EditUser(user="ada", changes={}))
    watched.do(c.EditPool(path="/p", changes={}))
    assert watched.numbers.users.name(2) == "ada"
    assert watched.numbers.pools.name(2) == "/p"


def test_what_is_there_at_the_start_has_numbers_in_the_order_of_its_making() -> None:
    farm, numbers = Farm(), Numbers()
    for now, user in enumerate(("zoe", "ada")):
        submit(farm, user=user, now=now + 1)
    Changes(farm, numbers, {})
    assert [numbers.users.name(number) for number in (1, 2, 3, 4)] == [None, "zoe", "ada", None]
    assert numbers.branches.name(1) == numbers.pools.name(1) == "/"


@pytest.mark.parametrize(
    ("make", "drop", "kind"),
    [
        (c.EditUser(user="n", changes={}), c.DeleteUser(user="n"), "users"),
        (c.EditBranch(path="/n", changes={}), c.DeleteBranch(path="/n"), "branches"),
        (c.EditPool(path="/n", changes={}), c.DeletePool(path="/n"), "pools"),
    ],
    ids=["user", "branch", "pool"],
)
def test_things_with_names_are_made_changed_forgotten_and_made_again(
    watched: Watched, make: c.Command, drop: c.Command, kind: events.Kind
) -> None:
    name = "n" if kind == "users" else "/n"
    above = [] if kind == "users" else [Node(kind, "change", "/")]  # which counts it
    assert watched.do(make) == [Node(kind, "add", name), *above]
    assert watched.do(make) == [Node(kind, "change", name), *above]
    assert watched.do(drop) == [Node(kind, "del", name), *above]
    assert watched.do(make) == [Node(kind, "add", name), *above]


def test_a_worker_comes_with_its_pools_and_goes(watched: Watched) -> None:
    joined = c.JoinWorker(name="r1", boot_id="b", traits=Traits())
    assert watched.do(joined) == [
        Node("renders", "add", 1),
        Node("renders", "change", 1),
        Node("pools", "change", "/"),
    ]
    worker_id = WorkerId(1)
    assert watched.do(c.LoseWorker(worker_id=worker_id))[0] == Node("renders", "change", 1)
    gone = [Node("renders", "del", 1), Node("pools", "change", "/")]
    assert watched.do(c.DeleteWorker(worker_id=worker_id)) == gone
    assert watched.do(joined)[0] == Node("renders", "add", 2)
    trouble = ev.WorkerTroubled(WorkerId(2), "lost", "its lease is over")
    assert watched.told(trouble)[0] == Node("renders", "change", 2)


def test_a_run_changes_its_task_its_job_and_its_worker(watched: Watched) -> None:
    job_id, worker_id = submit(watched.farm, job(block("1"))), join(watched.farm)
    watched.told(*watched.farm.dispatch(1).events)
    (run,) = watched.farm.state.runs.values()
    ended = end(watched.farm, worker_id, run.run_id)
    found = watched.told(*ended.events)
    assert Tasks(job_id, 0, 0) in found
    assert Node("jobs", "change", job_id) in found
    assert Node("renders", "change", worker_id) in found


def test_many_tasks_are_one_change_and_a_job_may_have_other_blocks(watched: Watched) -> None:
    job_id = submit(watched.farm, job(block("1-1000")))
    skipped = c.ChangeTasks(job_id=job_id, op=TaskOp.SKIP)
    found = watched.do(skipped)
    assert [key for key in found if isinstance(key, Tasks)] == [Tasks(job_id, 0, -1)]
    assert Blocks(job_id) in found
    assert Node("jobs", "del", job_id) in watched.do(c.DeleteJob(job_id=job_id))
    assert watched.told(ev.JobDone(job_id)) == []  # it is gone: nothing of it is told


def test_a_change_is_remembered_once_at_its_latest(watched: Watched) -> None:
    first, second = Node("jobs", "change", 1), Node("jobs", "change", 2)
    for key in (first, second, first):
        watched.changes.note(key)
    assert watched.changes.since(0) == [second, first]
    assert watched.changes.since(2) == [first]
    assert watched.changes.since(3) == []


def test_what_is_too_far_back_is_not_known(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "REMEMBERED_MAX", 2)
    for number in range(4):
        watched.changes.note(Node("jobs", "change", number))
    assert watched.changes.since(1) is None
    assert watched.changes.since(2) == [Node("jobs", "change", n) for n in (2, 3)]


def test_progress_is_looked_at_once_a_second(watched: Watched) -> None:
    job_id = submit(watched.farm, job(block("1")))
    join(watched.farm)
    _, run = one(watched.farm)
    changes, key = watched.changes, Tasks(job_id, 0, 0)
    watched.progress[run.run_id] = Progress(run_id=run.run_id, percent=1)
    changes.look(10)
    at = changes.number
    assert key in (changes.since(0) or ())
    watched.progress[run.run_id] = Progress(run_id=run.run_id, percent=2)
    changes.look(10.5)
    assert changes.number == at
    changes.look(11)
    assert changes.since(at) == [Node("jobs", "change", job_id), key]
    at = changes.number
    changes.look(12)
    assert changes.number == at  # nothing new was told
    watched.progress[RunId(77)] = Progress(run_id=RunId(77))
    changes.look(5)  # a clock that was set back
    assert changes.number == at
    assert JobId(job_id)
