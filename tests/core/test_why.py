from __future__ import annotations

from typing import Any

import msgspec
import pytest

from grange.core import commands as c
from grange.core.farm import Farm
from grange.core.why import GATES, REFUSALS, why_block, why_job, why_task, why_worker
from grange.model.ids import JobId, WorkerId
from grange.model.states import RunStatus, TaskOp
from grange.model.views import WhyView
from tests.build import (
    TRAITS,
    begun,
    block,
    change,
    edit_branch,
    edit_pool,
    edit_user,
    edit_worker,
    end,
    fail,
    job,
    job_of,
    join,
    named,
    one,
    run_all,
    spare,
    started,
    submit,
    why,
    worker_of,
)


def of_job(farm: Farm, job_id: JobId, now: float = 1) -> WhyView:
    return why_job(farm.state, job_of(farm, job_id), now)


def of_task(farm: Farm, job_id: JobId, task: int, number: int = 0) -> WhyView:
    job_now = job_of(farm, job_id)
    return why_task(farm.state, job_now, job_now.blocks[number], task, 1)


def of_worker(farm: Farm, worker_id: WorkerId) -> WhyView:
    return why_worker(farm.state, worker_of(farm, worker_id), 1)


def codes(view: WhyView) -> list[str]:
    return [reason.code for reason in view.reasons]


def test_a_farm_without_workers_says_so(farm: Farm) -> None:
    job_id = submit(farm)
    assert of_job(farm, job_id).summary == "there is no worker; start one with `grange worker`"
    assert why(farm, job_id) == ["no-workers"]


def test_what_is_about_to_start_says_so(farm: Farm) -> None:
    job_id = submit(farm)
    join(farm)
    assert of_job(farm, job_id).summary == "about to start on one of 1 workers"


def test_reasons_name_workers_and_are_counted_the_most_frequent_first(farm: Farm) -> None:
    for number in range(7):
        join(farm, f"n{number}")
    edit_worker(farm, join(farm, "x"), capacity_host=500)
    job_id = submit(farm, job(block(need_memory_mb=99_000)))
    first, second = of_job(farm, job_id).reasons
    assert first.text == f"7 workers: {REFUSALS['memory']} (needs 99000 MB)"
    assert (first.code, first.workers) == ("memory", 7)
    assert first.names == ("n0", "n1", "n2", "n3", "n4")
    assert (second.code, second.names) == ("capacity-total", ("x",))


@pytest.mark.parametrize(
    ("spec", "code", "detail"),
    [
        ({"service": "nuke"}, "service", " nuke"),
        ({"capacity": 2_000}, "capacity-total", " (needs 2000)"),
        ({"need_power": 7}, "power", " (needs 7)"),
        ({"need_properties": "ssd gpu"}, "properties", " ssd gpu"),
        ({"tickets": {"vray": 1}}, "tickets", " of vray"),
        ({"need_gpus": 1}, "gpu", ""),
    ],
)
def test_a_reason_says_what_is_asked_for(
    farm: Farm, spec: dict[str, Any], code: str, detail: str
) -> None:
    edit_pool(farm, services=["generic"], tickets_pool={"vray": {"count": 0}})
    join(farm)
    summary = of_job(farm, submit(farm, job(block(**spec)))).summary
    assert summary == f"1 worker: {REFUSALS[code]}{detail}"


def test_a_reason_names_the_system_that_is_wanted(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(need_os="windows"))
    assert of_job(farm, job_id).summary == f"1 worker: {REFUSALS['os']} (wants windows)"


def test_a_full_worker_is_told_by_what_it_lacks(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1")))
    started(farm)
    job_id = submit(farm)
    assert of_job(farm, job_id).summary == f"1 worker: {REFUSALS['capacity']} (needs 1000)"


def test_a_preview_says_what_it_waits_for(farm: Farm) -> None:
    edit_pool(farm, capacity_host=99_000, max_tasks_host=9)
    join(farm)
    job_id = submit(farm, job(block("1-9", sequential=9), preview_approval=True))
    begun(farm)
    assert "set preview_approval=false" in of_job(farm, job_id).summary


def test_several_reasons_are_told_together(farm: Farm) -> None:
    edit_user(farm, paused=True)
    job_id = submit(farm, job(priority=0))
    assert codes(of_job(farm, job_id)) == ["priority", "user-paused"]
    assert (
        of_job(farm, job_id).summary
        == "the job's priority is 0; set it higher; the user is paused"
    )


def test_three_reasons_are_enough_for_a_sentence(farm: Farm) -> None:
    edit_user(farm, paused=True)
    for path in ("/", "/show"):
        edit_branch(farm, path, paused=True)
    view = of_job(farm, submit(farm, job(branch="/show", paused=True)))
    assert codes(view) == ["paused", "user-paused", *["branch-paused"] * 2]
    assert view.summary == "; ".join(reason.text for reason in view.reasons[:3])


def test_jobs_that_are_waited_for_are_named(farm: Farm) -> None:
    ids = [submit(farm, job(name="light")) for _ in range(7)]
    view = of_job(farm, submit(farm, job(depend_mask="light", name="comp")))
    assert view.reasons[0].names == tuple(f"{number} light" for number in ids[:5])
    assert view.summary.endswith("and 2 more")


def test_a_time_that_is_waited_for_is_told(farm: Farm) -> None:
    job_id = submit(farm, job(wait_until=90))
    assert of_job(farm, job_id, now=30).summary == "waits for its time, in 60 s"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (None, "all that is left of it is running"),
        (RunStatus.FATAL, "1 tasks failed; read a log, then restart them"),
    ],
)
def test_a_block_with_nothing_to_start_says_why(
    farm: Farm, status: RunStatus | None, said: str
) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1")))
    _, run = one(farm)
    if status:
        end(farm, worker_id, run.run_id, status)
    assert of_job(farm, job_id).summary == said


def test_a_finished_block_says_so(farm: Farm) -> None:
    job_id = submit(farm, job(block("1"), block("1")))
    change(farm, job_id, TaskOp.SKIP, block=0)
    job_now = job_of(farm, job_id)
    assert why_block(farm.state, job_now, job_now.blocks[0], 1).summary == "all of it is done"


@pytest.mark.parametrize("paused", [False, True])
def test_a_done_job_says_so_whatever_holds_it(farm: Farm, paused: bool) -> None:
    join(farm)
    job_id = submit(farm)
    run_all(farm)
    farm.apply(c.PauseJob(job_id=job_id, paused=paused), 1)
    assert of_job(farm, job_id).summary == "the job is done"


def test_a_job_of_several_blocks_names_the_one_that_could_run(farm: Farm) -> None:
    join(farm)
    spec = job(block("1", name="a", need_power=9), block("1", name="b", depend_mask="a"))
    job_id = submit(farm, spec)
    assert of_job(farm, job_id).summary.startswith(f"block a: 1 worker: {REFUSALS['power']}")


def test_a_job_whose_blocks_are_all_held_names_the_first(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(*(block("1", name=n, max_running_tasks=0) for n in "ab")))
    assert of_job(farm, job_id).summary == f"block a: {GATES['block-limit']}"


def test_a_job_of_several_blocks_passes_over_those_that_are_held(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1", name="a", depend_mask="b"), block("1", name="b")))
    view = of_job(farm, job_id)
    assert view.summary == "block b: about to start on one of 1 workers"
    assert codes(view) == ["starting"]


def test_a_job_with_one_block_left_is_told_without_its_name(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1", name="a"), block("1", name="b")))
    change(farm, job_id, TaskOp.SKIP, block=0)
    assert of_job(farm, job_id).summary == "about to start on one of 1 workers"


def test_what_holds_a_whole_job_is_told_of_no_block(farm: Farm) -> None:
    job_id = submit(farm, job(block("1", name="a"), block("1", name="b"), paused=True))
    assert of_job(farm, job_id).summary == "the job is paused; resume it"


@pytest.mark.parametrize(
    ("op", "said"),
    [
        (TaskOp.SKIP, "it was skipped"),
        (TaskOp.DONE, "it is done"),
        (TaskOp.SUSPEND, "it is suspended; continue it"),
    ],
)
def test_a_task_that_needs_no_start_says_so(farm: Farm, op: TaskOp, said: str) -> None:
    job_id = submit(farm)
    change(farm, job_id, op)
    assert of_task(farm, job_id, 0) == WhyView(summary=said)


def test_a_task_that_runs_or_failed_says_so(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm)
    _, run = one(farm)
    assert of_task(farm, job_id, 0).summary == "it is running"
    end(farm, worker_id, run.run_id, RunStatus.FATAL)
    assert of_task(farm, job_id, 0).summary.startswith("it failed and has no retry left")


def test_a_task_that_waits_names_the_blocks(farm: Farm) -> None:
    names = ["a", "b", "c", "d", "e", "f"]
    waits = block("1", name="x", tasks_depend_mask="[a-f]")
    job_id = submit(farm, job(*(block("1", name=name) for name in names), waits))
    view = of_task(farm, job_id, 0, number=6)
    assert (codes(view), view.summary) == (
        ["tasks-wait"],
        "waits for tasks of blocks a, b, c, d, e and 1 more",
    )


def test_a_task_says_which_host_it_avoids(farm: Farm) -> None:
    spare(farm)
    join(farm)
    spec = block("1-2", errors_task_same_host=1, errors_avoid_host=0, errors_retries=9)
    job_id = submit(farm, job(spec, max_running_tasks=1))
    fail(farm)
    assert set(codes(of_task(farm, job_id, 0))) == {"task-avoided", "worker-busy"}
    assert codes(of_task(farm, job_id, 1)) == ["starting"]


def test_a_maintenance_task_says_that_its_machine_is_another(farm: Farm) -> None:
    join(farm, "a")
    job_id = submit(farm, job(named("b"), maintenance=True))
    assert codes(of_task(farm, job_id, 0)) == ["maintenance"]


def offline(farm: Farm, worker_id: WorkerId) -> None:
    farm.apply(c.LoseWorker(worker_id=worker_id), 1)


@pytest.mark.parametrize("unlinked", [c.LoseWorker, c.UnlinkWorker])
def test_a_worker_out_of_reach_says_so(farm: Farm, unlinked: Any) -> None:
    worker_id = join(farm)
    job_id = submit(farm)
    farm.apply(unlinked(worker_id=worker_id), 1)
    assert codes(of_worker(farm, worker_id)) == ["offline"]
    assert of_worker(farm, worker_id).summary == "the worker is offline"
    assert why(farm, job_id) == ["offline"]


def test_a_worker_out_of_reach_is_told_by_that_before_all_else(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1", need_power=9)))
    assert why(farm, job_id) == ["power"]
    offline(farm, worker_id)
    assert why(farm, job_id) == ["offline"]


def test_a_sick_worker_says_why(farm: Farm) -> None:
    edit_pool(farm, sick_errors_count=1)
    worker_id = join(farm)
    job_id = submit(farm, job(block("1", errors_avoid_host=0, errors_task_same_host=0)))
    fail(farm)
    assert codes(of_worker(farm, worker_id)) == ["sick"]
    assert of_worker(farm, worker_id).summary.startswith("tasks of 1 users failed")
    assert why(farm, job_id) == ["sick"]


def test_a_full_worker_says_so(farm: Farm) -> None:
    worker_id = join(farm)
    edit_worker(farm, worker_id, max_tasks_host=1)
    submit(farm)
    started(farm)
    assert codes(of_worker(farm, worker_id)) == ["worker-busy"]


def test_a_worker_without_work_to_do_says_so(farm: Farm) -> None:
    worker_id = join(farm)
    held = submit(farm, job(paused=True))
    submit(farm, job(block(suspend_new_tasks=True)))
    assert of_worker(farm, worker_id).summary == "there is no work that could start now"
    assert held


def test_a_worker_says_which_blocks_it_cannot_serve(farm: Farm) -> None:
    worker_id = join(farm)
    for _ in range(3):
        submit(farm, job(block("1", need_power=9)))
    last = submit(farm, job(block("1"), block("1", need_gpus=1)))
    view = of_worker(farm, worker_id)
    assert codes(view) == ["power", "starting", "gpu"]
    assert view.reasons[0].text == f"3 blocks: the worker is {REFUSALS['power']}"
    assert view.reasons[1].text == "1 blocks: the worker is about to take one"
    assert view.reasons[1].names == (f"{last}/0",)


def test_a_worker_looks_past_jobs_that_are_held(farm: Farm) -> None:
    worker_id = join(farm)
    submit(farm, job(paused=True))
    submit(farm)
    assert codes(of_worker(farm, worker_id)) == ["starting"]


def test_every_code_has_a_sentence_to_follow() -> None:
    for text in (*GATES.values(), *REFUSALS.values()):
        assert text
        assert not text.endswith(".")


def test_a_gpu_that_is_taken_is_told(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000)
    join(farm, traits=msgspec.structs.replace(TRAITS, gpus=1))
    job_id = submit(farm, job(block("1-2", need_gpus=1)))
    started(farm)
    assert why(farm, job_id) == ["gpu-busy"]
