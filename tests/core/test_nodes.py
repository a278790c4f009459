from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.errors import (
    InUse,
    InvalidField,
    NoSuchBranch,
    NoSuchPool,
    NoSuchUser,
    UnknownField,
)
from grange.core.events import BranchChanged, PoolChanged, UserChanged
from grange.core.farm import Farm
from tests.build import (
    begun,
    block,
    edit_branch,
    edit_job,
    edit_pool,
    edit_user,
    end,
    hosts,
    job,
    job_of,
    join,
    refused,
    started,
    submit,
    why,
    worker_of,
)


def slots(farm: Farm, count: int, name: str = "node") -> None:
    edit_pool(farm, capacity_host=-1, max_tasks_host=count)
    join(farm, name)


def test_a_user_is_made_by_the_first_edit(farm: Farm) -> None:
    out = edit_user(farm, "eve", priority=7)
    assert farm.state.users["eve"].spec.priority == 7
    assert out.events == [UserChanged("eve")]
    assert [(item.field, item.before, item.after) for item in out.changed] == [("priority", 99, 7)]


def test_a_user_keeps_what_an_edit_does_not_name(farm: Farm) -> None:
    edit_user(farm, priority=7)
    edit_user(farm, max_running_tasks=3)
    spec = farm.state.users["ada"].spec
    assert (spec.priority, spec.max_running_tasks) == (7, 3)


@pytest.mark.parametrize(
    ("user", "changes", "error", "field"),
    [
        ("", {}, InvalidField, "user"),
        ("eve", {"priority": 256}, InvalidField, "priority"),
        ("eve", {"nonsense": 1}, UnknownField, "nonsense"),
        ("eve", {"hosts_mask_type": "regex", "hosts_mask": "("}, InvalidField, "hosts_mask"),
        (
            "eve",
            {"hosts_mask_type": "regex", "hosts_mask_exclude": "("},
            InvalidField,
            "hosts_mask_exclude",
        ),
    ],
)
def test_a_user_that_cannot_be_is_not_made(
    farm: Farm, user: str, changes: dict[str, Any], error: Any, field: str
) -> None:
    refused(farm, c.EditUser(user=user, changes=changes), error, field)


def test_a_users_mask_reaches_jobs_that_he_gave_before(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm)
    edit_user(farm, hosts_mask="other")
    assert begun(farm) == []
    assert why(farm, job_id) == ["hosts-mask"]
    edit_user(farm, hosts_mask="")
    assert begun(farm) == [0]


@pytest.mark.parametrize(("kind", "started_on"), [("find", []), ("regex", ["node"])])
def test_a_job_without_a_kind_of_mask_takes_its_users(
    farm: Farm, kind: str, started_on: list[str]
) -> None:
    join(farm)
    edit_user(farm, hosts_mask_type=kind)
    submit(farm, job(hosts_mask="n.*"))
    assert hosts(farm) == started_on


def test_a_users_mask_of_beginnings_need_not_be_an_expression(farm: Farm) -> None:
    edit_user(farm, hosts_mask="(")
    assert farm.state.users["ada"].spec.hosts_mask == "("


def test_a_users_priority_counts_against_other_users(farm: Farm) -> None:
    slots(farm, 1)
    submit(farm, user="bob")
    of_ada = submit(farm)
    edit_user(farm, "ada", priority=100)
    assert [run.job_id for _, run in started(farm)] == [of_ada]


def test_a_new_life_time_holds_for_jobs_that_are_there(farm: Farm) -> None:
    job_id = submit(farm, now=10)
    own = submit(farm, job(life_time_s=0), now=10)
    edit_user(farm, now=20, jobs_life_time_s=50)
    assert farm.next_deadline() == 60
    farm.dispatch(60)
    assert list(farm.state.jobs) == [own]
    assert job_id not in farm.state.jobs


def test_a_life_time_that_stays_is_watched_once(farm: Farm) -> None:
    edit_user(farm, jobs_life_time_s=50)
    submit(farm)
    timers = list(farm.state.timers)
    edit_user(farm, priority=7)
    assert farm.state.timers == timers


def test_a_user_with_jobs_cannot_be_deleted(farm: Farm) -> None:
    submit(farm)
    assert refused(farm, c.DeleteUser(user="ada"), InUse).endswith("delete them first")


def test_a_deleted_user_is_forgotten(farm: Farm) -> None:
    job_id = submit(farm)
    farm.apply(c.DeleteJob(job_id=job_id), 1)
    assert farm.apply(c.DeleteUser(user="ada"), 1).events == [UserChanged("ada")]
    assert not farm.state.users
    assert not farm.state.branches["/"].share.children
    assert submit(farm)


def test_a_user_that_is_not_there_cannot_be_deleted(farm: Farm) -> None:
    assert refused(farm, c.DeleteUser(user="eve"), NoSuchUser) == "no user 'eve'"


def test_a_branch_is_made_below_one_that_is_there(farm: Farm) -> None:
    edit_branch(farm, "/show")
    out = edit_branch(farm, "show\\a*b", priority=5)
    assert out.events == [BranchChanged("/show/a_b")]
    assert farm.state.branches["/show/a_b"].spec.priority == 5


def test_a_branch_is_not_made_in_the_air(farm: Farm) -> None:
    command = c.EditBranch(path="/show/seq", changes={})
    said = refused(farm, command, NoSuchBranch, "path")
    assert said == "no branch '/show' to put '/show/seq' below"


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"solve": "luck"}, InvalidField, "solve"),
        ({"errors_retries": 1}, UnknownField, "errors_retries"),
        ({"hosts_mask_type": "regex", "hosts_mask": "("}, InvalidField, "hosts_mask"),
    ],
)
def test_a_branch_that_cannot_be_is_not_made(
    farm: Farm, changes: dict[str, Any], error: Any, field: str
) -> None:
    refused(farm, c.EditBranch(path="/show", changes=changes), error, field)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"paused": True}, "branch-paused"),
        ({"priority": 0}, "branch-priority"),
        ({"max_running_tasks": 0}, "branch-limit"),
        ({"max_tasks_per_second": 0}, "branch-rate"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/show"])
def test_a_branch_that_is_held_back_holds_its_jobs(
    farm: Farm, path: str, changes: dict[str, Any], code: str
) -> None:
    join(farm)
    edit_branch(farm, path, **changes)
    job_id = submit(farm, job(branch="/show"))
    assert begun(farm) == []
    assert why(farm, job_id) == [code]
    edit_branch(
        farm, path, paused=False, max_running_tasks=-1, max_tasks_per_second=-1, priority=9
    )
    assert begun(farm, now=2) == [0]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"paused": True}, "user-paused"),
        ({"priority": 0}, "user-priority"),
        ({"max_running_tasks": 0}, "user-limit"),
        ({"max_tasks_per_second": 0}, "user-rate"),
    ],
)
def test_a_user_that_is_held_back_holds_his_jobs(
    farm: Farm, changes: dict[str, Any], code: str
) -> None:
    join(farm)
    edit_user(farm, **changes)
    job_id = submit(farm)
    assert begun(farm) == []
    assert why(farm, job_id) == [code]
    edit_user(farm, paused=False, max_running_tasks=-1, max_tasks_per_second=-1, priority=9)
    assert begun(farm, now=2) == [0]


def test_jobs_compete_one_by_one_where_a_branch_says_so(farm: Farm) -> None:
    edit_branch(farm, "/", solve_jobs=True)
    slots(farm, 4)
    jobs = [submit(farm, job(block("1-9")), user=user) for user in ("ada", "ada", "ada", "bob")]
    assert sorted(run.job_id for _, run in started(farm)) == jobs


def test_jobs_that_run_change_their_way_to_compete(farm: Farm) -> None:
    slots(farm, 3)
    jobs = [submit(farm, job(block("1-9"))) for _ in range(2)]
    started(farm)
    edit_branch(farm, "/", solve_jobs=True)
    assert [job_of(farm, job_id).share.running for job_id in jobs] == [3, 0]
    assert farm.state.branches["/"].share.running == 3
    edit_pool(farm, max_tasks_host=5)
    assert [run.job_id for _, run in started(farm)] == [jobs[1]] * 2
    edit_branch(farm, "/", solve_jobs=False)
    assert job_of(farm, jobs[0]).share.running == 3
    edit_pool(farm, max_tasks_host=6)
    assert [run.job_id for _, run in started(farm)] == [jobs[0]]


def test_a_branch_that_changes_something_else_leaves_its_jobs_where_they_are(farm: Farm) -> None:
    job_id = submit(farm)
    place = job_of(farm, job_id).share
    edit_branch(farm, priority=5)
    assert job_of(farm, job_id).share is place


def test_a_users_jobs_of_two_branches_share_his_limit(farm: Farm) -> None:
    slots(farm, 9)
    edit_user(farm, max_running_tasks=3)
    for branch in ("/a", "/b"):
        submit(farm, job(block("1-9"), branch=branch))
    assert len(begun(farm)) == 3


def test_the_root_is_never_deleted(farm: Farm) -> None:
    said = "'/' is the root: it cannot be deleted"
    assert refused(farm, c.DeleteBranch(path="/"), InUse) == f"branch {said}"
    assert refused(farm, c.DeletePool(path="/"), InUse) == f"pool {said}"


@pytest.mark.parametrize("path", ["/", "/show"])
def test_a_branch_in_use_cannot_be_deleted(farm: Farm, path: str) -> None:
    submit(farm, job(branch="/show"))
    assert "it cannot be deleted" in refused(farm, c.DeleteBranch(path=path), InUse)


def test_a_branch_with_branches_below_cannot_be_deleted(farm: Farm) -> None:
    edit_branch(farm, "/show")
    edit_branch(farm, "/show/seq")
    said = refused(farm, c.DeleteBranch(path="/show"), InUse)
    assert said == "branch '/show' has 0 jobs and 1 branches: it cannot be deleted"


def test_a_deleted_branch_is_forgotten(farm: Farm) -> None:
    job_id = submit(farm, job(branch="/show"))
    edit_user(farm, "bob")
    farm.apply(c.DeleteJob(job_id=job_id), 1)
    out = farm.apply(c.DeleteBranch(path="show"), 1)
    assert out.events == [BranchChanged("/show")]
    assert list(farm.state.branches) == ["/"]
    assert not farm.state.users["ada"].shares
    assert len(farm.state.shares) == 1


def test_a_branch_that_is_not_there_cannot_be_deleted(farm: Farm) -> None:
    assert refused(farm, c.DeleteBranch(path="/none"), NoSuchBranch) == "no branch '/none'"


@pytest.mark.parametrize("path", ["/", "/show", "/show/seq"])
def test_a_needed_power_of_a_branch_reaches_jobs_below(farm: Farm, path: str) -> None:
    join(farm)
    edit_branch(farm, "/show")
    edit_branch(farm, "/show/seq")
    job_id = submit(farm, job(branch="/show/seq"))
    edit_branch(farm, path, need_power=9)
    assert begun(farm) == []
    assert why(farm, job_id) == ["power"]


def test_a_pool_is_made_below_one_that_is_there(farm: Farm) -> None:
    assert edit_pool(farm, "/fast").events == [PoolChanged("/fast")]
    command = c.EditPool(path="/slow/old", changes={})
    assert refused(farm, command, NoSuchPool, "path").startswith("no pool '/slow' to put")


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"pattern": "("}, InvalidField, "pattern"),
        ({"capacity_host": -2}, InvalidField, "capacity_host"),
        ({"tickets_pool": {"nuke": {"count": -1}}}, InvalidField, "tickets_pool[...].count"),
        ({"workers": []}, UnknownField, "workers"),
    ],
)
def test_a_pool_that_cannot_be_is_not_made(
    farm: Farm, changes: dict[str, Any], error: Any, field: str
) -> None:
    refused(farm, c.EditPool(path="/fast", changes=changes), error, field)


def test_workers_take_from_their_pools_what_they_do_not_say(farm: Farm) -> None:
    edit_pool(farm, power_host=5, properties_host="ssd", capacity_host=700)
    edit_pool(farm, "/fast", pattern="n.*", power_host=9, max_tasks_host=2)
    worker = worker_of(farm, join(farm))
    assert worker.group is not None
    assert (worker.group.key.power, worker.group.key.properties) == (9, "ssd")
    assert (worker.capacity, worker.max_tasks) == (700, 2)


def test_a_change_of_a_pool_reaches_the_workers_below(farm: Farm) -> None:
    edit_pool(farm, "/fast")
    edit_pool(farm, "/fast/gpu", pattern="n.*")
    worker_id = join(farm)
    edit_pool(farm, "/fast", capacity_host=9_000)
    assert worker_of(farm, worker_id).capacity == 9_000
    edit_pool(farm, "/fast", services=["maya"])
    submit(farm)
    assert begun(farm) == []


def test_a_pool_in_use_cannot_be_deleted(farm: Farm) -> None:
    edit_pool(farm, "/fast", pattern="n.*")
    edit_pool(farm, "/fast/gpu")
    join(farm)
    for path, said in (("/", "is the root"), ("/fast", "has 1 workers and 1 pools")):
        assert said in refused(farm, c.DeletePool(path=path), InUse)


@pytest.mark.parametrize(
    ("path", "held"), [("/fast/gpu", "1 workers and 0"), ("/slow", "0 workers and 1")]
)
def test_a_pool_with_only_workers_or_pools_cannot_be_deleted(
    farm: Farm, path: str, held: str
) -> None:
    for made in ("/fast", "/fast/gpu", "/slow", "/slow/old"):
        edit_pool(farm, made, pattern="n.*" if made == "/fast/gpu" else "")
    join(farm)
    assert f"has {held} pools" in refused(farm, c.DeletePool(path=path), InUse)


def test_a_pool_with_more_tickets_has_more_tasks_start(farm: Farm) -> None:
    edit_pool(farm, capacity_host=9_000, tickets_pool={"nuke": {"count": 1}})
    join(farm)
    submit(farm, job(block("1-3", tickets={"nuke": 1})))
    assert begun(farm) == [0]
    edit_pool(farm, tickets_pool={"nuke": {"count": 2}})
    assert begun(farm) == [1]


def test_a_deleted_pool_is_forgotten(farm: Farm) -> None:
    edit_pool(farm, "/fast")
    assert farm.apply(c.DeletePool(path="/fast"), 1).events == [PoolChanged("/fast")]
    assert list(farm.state.pools) == ["/"]


def test_a_pool_that_is_not_there_cannot_be_deleted(farm: Farm) -> None:
    assert refused(farm, c.DeletePool(path="/none"), NoSuchPool) == "no pool '/none'"


def test_a_users_hold_is_not_lifted_by_an_ending_run(farm: Farm) -> None:
    slots(farm, 9)
    edit_user(farm, max_running_tasks=2)
    job_id = submit(farm, job(block("1-9")))
    (worker_id, run), _ = started(farm)
    edit_user(farm, paused=True)
    end(farm, worker_id, run.run_id)
    assert begun(farm) == []
    assert why(farm, job_id) == ["user-paused"]


def test_a_job_that_is_given_to_another_branch_counts_there(farm: Farm) -> None:
    slots(farm, 9)
    edit_branch(farm, "/small", max_running_tasks=2)
    job_id = submit(farm, job(block("1-9")))
    edit_job(farm, job_id, branch="/small")
    assert len(begun(farm)) == 2
    assert farm.state.branches["/small"].share.running == 2
