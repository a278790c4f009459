"""Why a task of several machines is not running, and why a machine does not take it."""

from __future__ import annotations

from grange.core.farm import Farm
from grange.core.why import why_block, why_worker
from grange.model.ids import JobId, WorkerId
from grange.model.views import WhyView
from tests.build import block, block_of, edit_worker, job, job_of, join, one, submit, worker_of
from tests.core.several import machines, many


def of_block(farm: Farm, job_id: JobId, now: float = 1) -> WhyView:
    """Why a job's only block does not run."""
    return why_block(farm.state, job_of(farm, job_id), block_of(farm, job_id), now)


def of_worker(farm: Farm, worker_id: WorkerId) -> WhyView:
    """Why a worker takes nothing."""
    return why_worker(farm.state, worker_of(farm, worker_id), 1)


def test_too_few_machines_are_counted_and_the_others_are_told(farm: Farm) -> None:
    ids = machines(farm, 3)
    edit_worker(farm, ids[2], paused=True)
    view = of_block(farm, submit(farm, job(many())))
    hosts, other = view.reasons
    assert (hosts.code, hosts.workers) == ("hosts", 2)
    assert hosts.text == "needs 3 machines at once, and 2 could take it now"
    assert (other.code, other.names) == ("worker-paused", ("m2",))
    assert view.summary == f"{hosts.text}; {other.text}"


def test_one_machine_of_several_is_too_few(farm: Farm) -> None:
    machines(farm, 1)
    view = of_block(farm, submit(farm, job(many())))
    assert [(reason.code, reason.workers) for reason in view.reasons] == [("hosts", 1)]


def test_where_no_machine_could_take_it_each_says_why(farm: Farm) -> None:
    (worker_id,) = machines(farm, 1)
    edit_worker(farm, worker_id, paused=True)
    view = of_block(farm, submit(farm, job(many())))
    assert [reason.code for reason in view.reasons] == ["worker-paused"]


def test_with_machines_enough_it_is_about_to_start(farm: Farm) -> None:
    machines(farm, 3)
    view = of_block(farm, submit(farm, job(many())))
    assert [reason.code for reason in view.reasons] == ["starting"]


def test_how_long_it_waits_for_more_is_told(farm: Farm) -> None:
    machines(farm, 3)
    job_id = submit(farm, job(many(2, 4, multihost_max_wait_s=10)))
    farm.dispatch(5)
    text = "3 machines could take it; it waits 8 s for more"
    view = of_block(farm, job_id, now=7)
    assert view.summary == text
    assert [(reason.code, reason.text) for reason in view.reasons] == [("gathering", text)]


def test_a_machine_that_lacks_others_beside_it_says_so(farm: Farm) -> None:
    (worker_id,) = machines(farm, 1)
    job_id = submit(farm, job(many()))
    (reason,) = of_worker(farm, worker_id).reasons
    assert reason.code == "hosts"
    assert reason.names == (f"{job_id}/0",)
    assert reason.text == (
        "1 blocks: the worker is able to, once as many others are as they need at once"
    )


def test_a_machine_that_could_not_help_says_why(farm: Farm) -> None:
    worker_id = join(farm, "m0")
    submit(farm, job(block("1", need_memory_mb=60_000, capacity=1)))
    one(farm)
    submit(farm, job(many(need_memory_mb=60_000, capacity=1)))
    (reason,) = of_worker(farm, worker_id).reasons
    assert reason.code == "memory"
