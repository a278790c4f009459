from __future__ import annotations

from typing import Any

import msgspec
import pytest

from grange.core import commands as c
from grange.core import records as r
from grange.core.check import faults
from grange.core.farm import Farm
from grange.core.jobs import TOKEN_KEEP_S
from grange.core.persist import is_empty
from grange.core.tasks import CHUNK
from grange.model.ids import JobId, RunId, WorkerId
from grange.model.spec import TaskSpec
from grange.model.states import Presence, RunStatus, TaskOp
from tests.build import (
    DONE,
    READY,
    RUNNING,
    SUSPENDED,
    WAITING,
    Disk,
    begun,
    block,
    block_of,
    change,
    edit_branch,
    edit_job,
    edit_pool,
    edit_user,
    edit_worker,
    end,
    fail,
    image,
    job,
    job_of,
    join,
    named,
    one,
    restarted,
    run_all,
    started,
    states,
    submit,
    worker_of,
)


def put(farm: Farm, kind: type[Any]) -> list[Any]:
    return [item for item in farm.take_dirty().put if isinstance(item, kind)]


def busy_farm(farm: Farm) -> None:
    """A farm in which something of everything has happened."""
    edit_pool(farm, capacity_host=9_000, tickets_pool={"nuke": {"count": 5}})
    edit_pool(farm, "/fast", pattern="f.*", properties_host="ssd")
    edit_branch(farm, "/show", max_running_tasks=3)
    edit_user(farm, "bob", max_tasks_per_second=2, need_memory_mb=7)
    edit_worker(farm, join(farm, "f1", user="ada"), nimby="owner")
    edit_worker(farm, join(farm, "n1"), tickets_host={"vray": {"count": 1}})
    spec = block("1-600", name="a", tickets={"nuke": 1, "vray": 1}, errors_retries=1)
    second = block("1-600", name="b", tasks_depend_mask="a", sequential=7)
    submit(farm, job(spec, second, branch="/show", try_first=((0, 500),), name="film"))
    submit(farm, job(named("p", "q"), depend_mask_global="film", wait_until=50), user="bob")
    submit(farm, job(block(), command_pre=("x",), command_post=("y",), preview_approval=True))
    for now in range(5, 9):
        for number, (worker_id, run) in enumerate(started(farm, now)):
            status = RunStatus.FAILED if number % 2 else RunStatus.DONE
            if number < 3:
                end(farm, worker_id, run.run_id, status, now, warning=True)
    change(farm, next(iter(farm.state.jobs)), TaskOp.SKIP, block=0, tasks=((300, 310),))


def durable(farm: Farm) -> object:
    """An image, less what a restart does not know: that links are down."""
    tasks, jobs, workers, *rest = image(farm)
    seen = [(*item[:4], *item[5:]) for item in workers]
    return (tasks, jobs, seen, *rest)


def test_a_restored_farm_is_what_was_stored(farm: Farm) -> None:
    busy_farm(farm)
    assert durable(restarted(farm, now=9)) == durable(farm)


def test_a_farm_that_is_stored_often_is_restored_the_same(farm: Farm) -> None:
    disk = Disk()
    busy_farm(farm)
    for now in range(20, 30):
        disk.commit(farm.take_dirty())
        for worker_id, run in started(farm, now):
            end(farm, worker_id, run.run_id, RunStatus.FAILED if now % 3 else RunStatus.DONE, now)
    disk.commit(farm.take_dirty())
    again = Farm.restore(disk.load(), 30)
    assert list(faults(again.state)) == []
    assert durable(again) == durable(farm)


def test_a_restored_farm_has_nothing_to_store(farm: Farm) -> None:
    busy_farm(farm)
    assert is_empty(restarted(farm).take_dirty())


def test_a_restored_farm_goes_on_where_it_was(farm: Farm) -> None:
    job_id = submit(farm, job(block("1-300", sequential=-1)))
    worker_id = join(farm)
    end(farm, worker_id, one(farm)[1].run_id)
    again = restarted(farm)
    join(again)
    assert len(run_all(again)) == 299
    assert job_of(again, job_id).done


def test_nothing_changed_is_nothing_to_store(farm: Farm) -> None:
    assert is_empty(farm.take_dirty())
    submit(farm)
    assert not is_empty(farm.take_dirty())
    assert is_empty(farm.take_dirty())


def test_ids_go_on_after_a_restart(farm: Farm) -> None:
    submit(farm)
    worker_id = join(farm)
    end(farm, worker_id, one(farm)[1].run_id)
    last = submit(farm)
    farm.apply(c.DeleteJob(job_id=last), 1)
    again = restarted(farm)
    assert submit(again) == last + 1
    assert join(again, "other") == worker_id + 1


def test_workers_that_were_linked_are_missing_and_keep_their_runs(farm: Farm) -> None:
    job_id = submit(farm, job(block("1")))
    worker_id, gone = join(farm), join(farm, "gone")
    farm.apply(c.LoseWorker(worker_id=gone), 1)
    run_id = one(farm)[1].run_id
    again = restarted(farm)
    assert worker_of(again, worker_id).presence is Presence.MISSING
    assert worker_of(again, gone).presence is Presence.OFFLINE
    assert states(again, job_id) == [RUNNING]
    assert list(again.state.runs) == [run_id]


def test_what_a_run_holds_is_held_after_a_restart(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000, tickets_pool={"nuke": {"count": 2}})
    worker_id = join(farm, traits=msgspec.structs.replace(worker_traits(), gpus=2))
    submit(farm, job(block("1-9", tickets={"nuke": 1}, need_gpus=1, need_memory_mb=5)))
    started(farm)
    worker = worker_of(restarted(farm), worker_id)
    assert (worker.capacity_used, worker.memory_reserved_mb) == (2_000, 10)
    assert (worker.gpus_used, worker.tickets_used) == ({0, 1}, {"nuke": 2})


def worker_traits() -> Any:
    farm = Farm()
    return worker_of(farm, join(farm)).traits


def test_a_run_holds_what_it_was_given_though_its_block_was_edited(farm: Farm) -> None:
    """Limits are not exceeded after a restart: the run has the ticket, whatever its block asks."""
    edit_pool(farm, tickets_pool={"nuke": {"count": 1}})
    worker_id = join(farm)
    job_id = submit(farm, job(block("1", tickets={"nuke": 1}, need_memory_mb=5)))
    one(farm)
    edit_job(farm, job_id, block=0, tickets={}, need_memory_mb=40_000)
    worker = worker_of(restarted(farm), worker_id)
    assert (worker.tickets_used, worker.memory_reserved_mb) == ({"nuke": 1}, 5)


def test_a_run_that_was_stored_before_it_said_what_it_holds_holds_what_its_block_asks(
    farm: Farm,
) -> None:
    worker_id = join(farm)
    submit(farm, job(block("1", tickets={"nuke": 1}, need_memory_mb=5)))
    one(farm)
    disk = Disk()
    disk.commit(farm.take_dirty())
    for key, row in disk.rows.items():
        if isinstance(row, r.RunRecord):
            disk.rows[key] = msgspec.structs.replace(row, memory_mb=None, tickets=None)
    worker = worker_of(Farm.restore(disk.load(), 1), worker_id)
    assert (worker.tickets_used, worker.memory_reserved_mb) == ({"nuke": 1}, 5)


def test_errors_on_hosts_are_kept(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-300", sequential=-1, errors_retries=9)))
    fail(farm, 2)
    kept = block_of(restarted(farm), job_id)
    assert kept.error_hosts["node"] == r.HostErrors(count=2, last=1)
    assert kept.task_errors == block_of(farm, job_id).task_errors
    assert list(kept.task_errors) == [299]


def test_the_order_of_a_users_jobs_is_kept(farm: Farm) -> None:
    jobs = [submit(farm) for _ in range(4)]
    farm.apply(c.MoveJobs(user="ada", job_ids=(jobs[3],), where="top"), 1)
    assert list(restarted(farm).state.users["ada"].jobs) == [jobs[3], *jobs[:3]]


def test_a_token_is_known_after_a_restart(farm: Farm) -> None:
    command = c.SubmitJob(spec=job(), user="ada", token="t")
    first = farm.apply(command, 1).reply
    reply = restarted(farm).apply(command, 2).reply
    assert isinstance(reply, c.Submitted)
    assert isinstance(first, c.Submitted)
    assert (reply.job_id, reply.again) == (first.job_id, True)


def test_what_waited_waits_after_a_restart(farm: Farm) -> None:
    first = submit(
        farm, job(block("1-2", name="a"), block("1-2", tasks_depend_mask="a"), name="x")
    )
    held = submit(farm, job(depend_mask="x"))
    change(farm, first, TaskOp.SKIP, block=0, tasks=((0, 0),))
    again = restarted(farm)
    assert states(again, first, 1) == [READY, WAITING]
    assert job_of(again, held).waits == {first}


def test_frames_of_running_tasks_are_told_anew_after_a_restart(farm: Farm) -> None:
    first = block("1-2", name="a", frames_per_task=2, depend_sub_task=True)
    job_id = submit(farm, job(first, block("1-2", tasks_depend_mask="a")))
    worker_id = join(farm)
    run_id = one(farm)[1].run_id
    farm.apply(c.NoteFrames(worker_id=worker_id, run_id=run_id, count=1), 1)
    assert states(farm, job_id, 1) == [READY, WAITING]
    again = restarted(farm)
    assert states(again, job_id, 1) == [WAITING, WAITING]
    again.apply(c.NoteFrames(worker_id=worker_id, run_id=run_id, count=1), 1)
    assert states(again, job_id, 1) == [READY, WAITING]


def test_a_preview_is_still_a_preview_after_a_restart(farm: Farm) -> None:
    edit_pool(farm, capacity_host=99_000, max_tasks_host=99)
    submit(farm, job(block("1-10", sequential=5), preview_approval=True))
    again = restarted(farm)
    join(again)
    assert begun(again) == [0, 9, 4]


@pytest.mark.parametrize("held", [False, True])
def test_tasks_are_held_or_not_as_they_were_whatever_was_edited(farm: Farm, held: bool) -> None:
    job_id = submit(farm, job(block("1-9", suspend_new_tasks=held)))
    edit_job(farm, job_id, block=0, suspend_new_tasks=not held)
    assert (
        states(restarted(farm), job_id)
        == states(farm, job_id)
        == [SUSPENDED if held else READY] * 9
    )


def test_services_are_known_after_a_restart(farm: Farm) -> None:
    again = Farm.restore(r.Snapshot(), 1, services=frozenset({"nuke"}))
    assert again.state.services == {"nuke"}


def test_only_chunks_that_changed_are_stored(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block(f"1-{10 * CHUNK}")))
    farm.take_dirty()
    one(farm)
    assert [chunk.number for chunk in put(farm, r.ChunkRecord)] == [0]


def test_a_run_is_stored_when_it_starts_and_when_it_ends(farm: Farm) -> None:
    worker_id = join(farm)
    submit(farm)
    run_id = one(farm)[1].run_id
    (open_,) = put(farm, r.RunRecord)
    end(farm, worker_id, run_id, now=9)
    (closed,) = put(farm, r.RunRecord)
    assert (open_.result, open_.ended, open_.worker) == (None, 0.0, "node")
    assert (closed.result.status, closed.ended) == (RunStatus.DONE, 9)


def test_a_run_that_starts_and_ends_in_one_commit_is_stored_once(farm: Farm) -> None:
    worker_id = join(farm)
    submit(farm)
    end(farm, worker_id, one(farm)[1].run_id)
    (record,) = put(farm, r.RunRecord)
    assert record.result is not None


def test_a_job_that_comes_and_goes_in_one_commit_is_not_stored(farm: Farm) -> None:
    job_id = submit(farm, job(named("a")))
    farm.apply(c.DeleteJob(job_id=job_id), 1)
    changes = farm.take_dirty()
    kinds = {type(item) for item in changes.put}
    assert kinds == {r.UserRecord}
    assert changes.deleted_jobs == [job_id]


def test_the_runs_of_a_deleted_job_are_closed(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm)
    one(farm)
    farm.take_dirty()
    farm.apply(c.DeleteJob(job_id=job_id), 5)
    (record,) = put(farm, r.RunRecord)
    assert (record.result.status, record.ended) == (RunStatus.STOPPED, 5)


def test_what_is_deleted_is_told_by_its_key(farm: Farm) -> None:
    edit_user(farm, "eve")
    edit_branch(farm, "/show")
    edit_pool(farm, "/fast")
    worker_id = join(farm)
    farm.apply(c.LoseWorker(worker_id=worker_id), 1)
    for command in (
        c.DeleteUser(user="eve"),
        c.DeleteBranch(path="/show"),
        c.DeletePool(path="/fast"),
        c.DeleteWorker(worker_id=worker_id),
    ):
        farm.apply(command, 1)
    gone = farm.take_dirty()
    assert (gone.deleted_users, gone.deleted_branches) == (["eve"], ["/show"])
    assert (gone.deleted_pools, gone.deleted_workers, gone.put) == (["/fast"], [worker_id], [])


def test_what_is_deleted_and_made_again_is_stored(farm: Farm) -> None:
    edit_user(farm, "eve", priority=5)
    disk = Disk()
    disk.commit(farm.take_dirty())
    farm.apply(c.DeleteUser(user="eve"), 1)
    edit_user(farm, "eve", priority=7)
    disk.commit(farm.take_dirty())
    assert Farm.restore(disk.load(), 1).state.users["eve"].spec.priority == 7


def test_names_of_tasks_are_stored_once(farm: Farm) -> None:
    job_id = submit(farm, job(named(*(f"t{n}" for n in range(2 * CHUNK)))))
    assert [item.number for item in put(farm, r.NamesRecord)] == [0, 1]
    edit_job(farm, job_id, block=0, capacity=5)
    assert put(farm, r.NamesRecord) == []
    more = (TaskSpec(name="x", command=("x",)),)
    farm.apply(c.AppendTasks(job_id=job_id, block=0, tasks=more), 1)
    assert [(item.number, len(item.tasks)) for item in put(farm, r.NamesRecord)] == [(2, 1)]


def test_named_tasks_come_back_in_order(farm: Farm) -> None:
    names = [f"t{n}" for n in range(2 * CHUNK + 5)]
    job_id = submit(farm, job(named(*names)))
    again = restarted(farm)
    assert [task.name for task in block_of(again, job_id).named] == names


def test_a_done_job_is_done_after_a_restart(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-2")))
    run_all(farm, now=7)
    again = job_of(restarted(farm), job_id)
    assert (again.done, again.started, states(farm, job_id)) == (7, 7, [DONE, DONE])


def test_a_branch_below_a_branch_comes_back(farm: Farm) -> None:
    for path in ("/b", "/b/a", "/b/a/c", "/a"):
        edit_branch(farm, path, priority=len(path))
    edit_branch(farm, solve="order", paused=True)
    again = restarted(farm)
    assert {p: b.spec for p, b in again.state.branches.items()} == {
        p: b.spec for p, b in farm.state.branches.items()
    }
    assert not again.state.branches["/"].share.by_need


def test_an_unknown_run_in_a_report_after_a_restart_changes_nothing(farm: Farm) -> None:
    submit(farm)
    again = restarted(farm)
    before = image(again)
    end(again, WorkerId(1), RunId(5))
    assert image(again) == before


@pytest.mark.parametrize("pools", [{"/": {}}, {"/": {"priority": 5}, "/a": {}, "/a/b": {}}])
def test_pools_come_back(farm: Farm, pools: dict[str, dict[str, Any]]) -> None:
    for path, changes in pools.items():
        edit_pool(farm, path, **changes)
    again = restarted(farm)
    assert {path: pool.spec for path, pool in again.state.pools.items()} == {
        path: pool.spec for path, pool in farm.state.pools.items()
    }


def test_errors_that_are_never_forgiven_need_no_timer_after_a_restart(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1", errors_retries=9, errors_forgive_time_s=0)))
    fail(farm)
    assert restarted(farm).next_deadline() is None


def test_old_tokens_are_looked_for_after_a_restart_too(farm: Farm) -> None:
    farm.apply(c.SubmitJob(spec=job(), user="ada", token="t"), 10)
    again = restarted(farm, now=20)
    again.apply(c.DeleteJob(job_id=JobId(1)), 21)
    while (deadline := again.next_deadline()) is not None:
        assert again.state.tokens or deadline > 10 + TOKEN_KEEP_S
        again.dispatch(deadline)
    assert not again.state.tokens
