from __future__ import annotations

import pytest

from grange.core import commands as c
from grange.core.farm import Farm
from grange.core.records import HostErrors
from grange.core.runs import HOSTS_MAX
from grange.model.ids import WorkerId
from grange.model.states import RunStatus, TaskFlag, TaskOp
from tests.build import (
    FAILED,
    READY,
    Life,
    begun,
    block,
    block_of,
    edit_job,
    edit_pool,
    edit_user,
    edit_worker,
    end,
    fail,
    job,
    join,
    one,
    spare,
    states,
    submit,
    why,
    worker_of,
)


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_failed_task_is_tried_again_so_often(farm: Farm, retries: int) -> None:
    join(farm)
    spec = block("1", errors_retries=retries, errors_avoid_host=0, errors_task_same_host=0)
    job_id = submit(farm, job(spec))
    fail(farm, retries)
    assert states(farm, job_id) == [READY]
    assert bool(block_of(farm, job_id).tasks.flags[0] & TaskFlag.RETRY) is bool(retries)
    fail(farm)
    assert states(farm, job_id) == [FAILED]
    assert begun(farm) == []


def test_a_user_says_how_often_his_tasks_are_tried(farm: Farm) -> None:
    join(farm)
    edit_user(farm, errors_retries=0)
    job_id = submit(farm, job(block("1")))
    fail(farm)
    assert states(farm, job_id) == [FAILED]


def test_no_retry_mends_a_fatal_error(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1", errors_retries=9)))
    end(farm, worker_id, one(farm)[1].run_id, RunStatus.FATAL)
    assert states(farm, job_id) == [FAILED]


def test_a_retry_that_ends_well_clears_the_mark(farm: Farm) -> None:
    worker_id = join(farm)
    job_id = submit(farm, job(block("1")))
    fail(farm)
    end(farm, worker_id, one(farm)[1].run_id)
    assert block_of(farm, job_id).tasks.flags[0] == 0


def test_a_task_goes_to_another_host_after_errors_on_one(farm: Farm) -> None:
    join(farm, "a")
    join(farm, "b")
    spare(farm)
    edit_pool(farm, "/")
    submit(farm, job(block("1", errors_task_same_host=1, errors_avoid_host=0, errors_retries=9)))
    first, second = fail(farm, 2)
    assert {first, second} == {"a", "b"}
    assert begun(farm) == []


def test_where_no_other_worker_could_serve_a_host_is_tried_until_no_retry_is_left(
    farm: Farm,
) -> None:
    join(farm)
    job_id = submit(farm, job(block("1", errors_avoid_host=1, errors_retries=3)))
    assert fail(farm, 4) == ["node"] * 4
    assert states(farm, job_id) == [FAILED]


def test_a_user_says_when_hosts_are_avoided(farm: Farm) -> None:
    join(farm)
    spare(farm)
    edit_user(farm, errors_avoid_host=1, errors_task_same_host=0)
    job_id = submit(farm, job(block("1-2")))
    fail(farm)
    assert begun(farm) == []
    assert why(farm, job_id) == ["avoided", "worker-busy"]


def test_a_host_is_avoided_until_its_errors_are_forgiven(farm: Farm) -> None:
    join(farm)
    spare(farm)
    spec = block("1", errors_avoid_host=1, errors_retries=9, errors_forgive_time_s=60)
    submit(farm, job(spec))
    fail(farm, now=10)
    assert begun(farm, 69) == []
    assert farm.next_deadline() == 70
    assert begun(farm, 70) == [0]


@pytest.mark.parametrize("field", ["errors_avoid_host", "errors_task_same_host"])
def test_errors_that_were_forgiven_do_not_count_again(farm: Farm, field: str) -> None:
    join(farm)
    limits = {"errors_avoid_host": 0, "errors_task_same_host": 0, field: 2}
    submit(farm, job(block("1", errors_retries=9, errors_forgive_time_s=60, **limits)))
    fail(farm, 2, now=10)
    assert fail(farm, now=70) == ["node"]
    assert begun(farm, 71) == [0]


def test_errors_may_never_be_forgiven(farm: Farm) -> None:
    join(farm)
    spare(farm)
    spec = block("1", errors_avoid_host=2, errors_retries=9, errors_forgive_time_s=0)
    submit(farm, job(spec))
    fail(farm, now=10)
    fail(farm, now=1_000_000)
    assert farm.next_deadline() is None
    assert begun(farm, 9_000_000) == []


def test_a_time_of_forgiveness_is_the_users_where_a_block_has_none(farm: Farm) -> None:
    join(farm)
    spare(farm)
    edit_user(farm, errors_forgive_time_s=60)
    submit(farm, job(block("1", errors_avoid_host=1, errors_retries=9)))
    fail(farm, now=10)
    assert begun(farm, 69) == []
    assert begun(farm, 70) == [0]


def test_a_limit_of_errors_on_a_host_may_be_changed(farm: Farm) -> None:
    join(farm)
    spare(farm)
    job_id = submit(farm, job(block("1", errors_avoid_host=1, errors_retries=9)))
    fail(farm)
    assert begun(farm) == []
    edit_job(farm, job_id, block=0, errors_avoid_host=2)
    assert begun(farm) == [0]


def test_only_so_many_hosts_are_remembered(farm: Farm) -> None:
    job_id = submit(farm, job(block("1", errors_retries=127, errors_avoid_host=0)))
    hosts_seen = block_of(farm, job_id).error_hosts
    for number in range(HOSTS_MAX + 2):
        worker_id = join(farm, f"n{number}")
        end(farm, worker_id, one(farm)[1].run_id, RunStatus.FAILED, now=10 + number)
        farm.apply(c.LoseWorker(worker_id=worker_id), 1)
        farm.apply(c.ChangeTasks(job_id=job_id, op=TaskOp.RESTART), 1)
    assert len(hosts_seen) == HOSTS_MAX
    assert "n0" not in hosts_seen
    assert "n2" in hosts_seen


def test_failures_of_several_users_make_a_worker_sick(farm: Farm) -> None:
    edit_pool(farm, sick_errors_count=2)
    worker_id = join(farm)
    for user in ("ada", "bob"):
        submit(farm, job(block("1", errors_retries=0)), user=user)
        assert not worker_of(farm, worker_id).sick
        fail(farm)
    assert worker_of(farm, worker_id).sick
    assert worker_id in farm.state.dirty.workers


def test_failures_in_one_second_need_one_timer(farm: Farm) -> None:
    join(farm)
    spec = block("1-9", errors_retries=0, errors_avoid_host=0, errors_forgive_time_s=60)
    submit(farm, job(spec))
    for number in range(9):
        fail(farm, now=10.1 + number / 10)
    assert [at for at, *_ in farm.state.timers] == [71]


@pytest.mark.parametrize(("after_s", "count"), [(9.0, 2), (10.0, 1), (11.0, 1)])
def test_a_forgiven_error_is_not_counted_again(farm: Farm, after_s: float, count: int) -> None:
    job_id = submit(farm, job(block("1", errors_forgive_time_s=10, errors_retries=9)))
    join(farm)
    fail(farm)
    fail(farm, now=1 + after_s)
    assert block_of(farm, job_id).error_hosts["node"].count == count


def test_the_host_whose_error_is_oldest_is_forgotten_whatever_its_name(farm: Farm) -> None:
    job_id = submit(farm, job(block("1", errors_retries=127, errors_avoid_host=0)))
    known = {f"n{n}": HostErrors(count=1, last=1_000 - n) for n in range(HOSTS_MAX)}
    block_of(farm, job_id).error_hosts.update(known)
    join(farm)
    fail(farm, now=2_000)
    assert f"n{HOSTS_MAX - 1}" not in block_of(farm, job_id).error_hosts
    assert "n0" in block_of(farm, job_id).error_hosts


def failed_for_two(farm: Farm) -> WorkerId:
    """Have a worker of pool /fast fail tasks of two users."""
    worker_id = join(farm)
    edit_worker(farm, worker_id, pool="/fast")
    for user in ("ada", "bob"):
        submit(farm, job(block("1", errors_retries=0)), user=user)
        fail(farm)
    return worker_id


@pytest.mark.parametrize(("root", "fast", "sick"), [(2, -1, True), (2, 0, False), (-1, -1, False)])
def test_the_nearest_pool_that_says_so_makes_workers_sick(
    farm: Farm, root: int, fast: int, sick: bool
) -> None:
    edit_pool(farm, sick_errors_count=root)
    edit_pool(farm, "/fast", sick_errors_count=fast)
    assert bool(worker_of(farm, failed_for_two(farm)).sick) is sick


def test_a_sick_worker_is_sick_after_a_restart(farm: Farm) -> None:
    edit_pool(farm, sick_errors_count=1)
    worker_id = join(farm)
    submit(farm)
    life = Life(farm)
    fail(farm)
    assert worker_of(life.again(), worker_id).sick


def test_a_single_failure_makes_a_worker_sick_where_one_is_enough(farm: Farm) -> None:
    edit_pool(farm, sick_errors_count=1)
    worker_id = join(farm)
    submit(farm)
    fail(farm)
    assert worker_of(farm, worker_id).sick
