from __future__ import annotations

import pytest

from grange.core import commands as c
from grange.core.deps import (
    check_job_targets,
    link_jobs,
    stuck_jobs,
    waits_on,
)
from grange.core.errors import DependencyCycle, InvalidField
from grange.core.events import JobChanged
from grange.core.farm import Farm
from grange.model.ids import JobId
from grange.model.spec import JobSpec
from grange.model.states import TaskOp
from tests.build import (
    DONE,
    READY,
    begun,
    block,
    change,
    counted,
    edit_job,
    end,
    fail,
    job,
    job_of,
    join,
    refused,
    restarted,
    run_all,
    started,
    states,
    submit,
    why,
)


def refuse(farm: Farm, spec: JobSpec, field: str = "", user: str = "ada") -> str:
    return refused(farm, c.SubmitJob(spec=spec, user=user), DependencyCycle, field)


def order(farm: Farm) -> list[JobId]:
    """Let all run; the jobs in the order of their first starts."""
    return list(dict.fromkeys(run.job_id for run in run_all(farm)))


@pytest.mark.parametrize("mask", ["light", "l.*", "other|light"])
def test_a_job_waits_for_jobs_of_its_user_by_name(farm: Farm, mask: str) -> None:
    join(farm)
    comp = submit(farm, job(name="comp", depend_mask="nothing-yet", priority=200))
    light, of_bob = submit(farm, job(name="light")), submit(farm, job(name="light"), user="bob")
    edit_job(farm, comp, depend_mask=mask)
    assert job_of(farm, comp).waits == {light}
    assert why(farm, comp) == ["depends-on-jobs"]
    assert of_bob in farm.state.jobs


@pytest.mark.parametrize("mask", ["light", "l.*"])
def test_a_job_waits_for_jobs_of_all_users(farm: Farm, mask: str) -> None:
    light = submit(farm, job(name="light"), user="bob")
    comp = submit(farm, job(name="comp", depend_mask_global=mask))
    assert job_of(farm, comp).waits == {light}


def test_a_job_waits_for_jobs_by_id(farm: Farm) -> None:
    join(farm)
    first, second = submit(farm), submit(farm)
    last = submit(farm, job(depend_jobs=(first, second), priority=255))
    assert order(farm) == [first, second, last]


def test_a_mask_that_nothing_matches_holds_nothing(farm: Farm) -> None:
    join(farm)
    submit(farm, job(depend_mask="none", depend_mask_global="none.*"))
    assert begun(farm) == [0]


def test_a_job_does_not_wait_for_itself(farm: Farm) -> None:
    join(farm)
    submit(farm, job(name="a", depend_mask="a", depend_mask_global=".*"))
    assert begun(farm) == [0]


def test_a_job_does_not_wait_for_jobs_that_are_done(farm: Farm) -> None:
    join(farm)
    submit(farm, job(name="a"))
    run_all(farm)
    assert not job_of(farm, submit(farm, job(depend_mask="a"))).waits


@pytest.mark.parametrize("mask", ["late", "l.*"])
def test_a_job_waits_for_one_that_comes_later(farm: Farm, mask: str) -> None:
    first = submit(farm, job(name="first", depend_mask=mask))
    late = submit(farm, job(name="late"))
    assert job_of(farm, first).waits == {late}
    assert why(farm, first) == ["depends-on-jobs"]


def test_a_failed_job_holds_those_who_wait_for_it(farm: Farm) -> None:
    join(farm)
    submit(farm, job(block("1", errors_retries=0), name="a"))
    held = submit(farm, job(depend_mask="a"))
    fail(farm)
    assert begun(farm) == []
    assert why(farm, held) == ["depends-on-jobs"]


def test_a_job_that_is_restarted_holds_its_dependants_again(farm: Farm) -> None:
    join(farm)
    first = submit(farm, job(block("1"), name="a"))
    held = submit(farm, job(block("1-2"), depend_mask="a"))
    for _ in range(2):
        (worker_id, run), = started(farm)  # fmt: skip
        end(farm, worker_id, run.run_id)
    assert states(farm, held) == [DONE, READY]
    change(farm, first, TaskOp.RESTART)
    assert why(farm, held) == ["depends-on-jobs"]
    assert order(farm) == [first, held]


def test_a_done_job_is_not_held_again(farm: Farm) -> None:
    join(farm)
    first = submit(farm, job(name="a"))
    second = submit(farm, job(depend_mask="a"))
    run_all(farm)
    change(farm, first, TaskOp.RESTART)
    assert not job_of(farm, second).waits


def test_jobs_that_would_wait_for_each_other_are_refused_with_their_names(farm: Farm) -> None:
    submit(farm, job(name="a", depend_mask="c"))
    submit(farm, job(name="b", depend_mask="a"))
    said = refuse(farm, job(name="c", depend_mask="b"))
    assert said == "jobs would wait for each other: c -> b -> a -> c"


def test_jobs_of_two_users_may_close_a_circle_too(farm: Farm) -> None:
    submit(farm, job(name="a", depend_mask_global="b"), user="bob")
    refuse(farm, job(name="b", depend_mask_global="a"))
    submit(farm, job(name="b", depend_mask="a"))


def test_a_long_circle_is_told_in_part(farm: Farm) -> None:
    submit(farm, job(name="j0", depend_mask="j20"))
    for number in range(1, 20):
        submit(farm, job(name=f"j{number}", depend_mask=f"j{number - 1}"))
    said = refuse(farm, job(name="j20", depend_mask="j19"))
    assert said.startswith("jobs would wait for each other: j20 -> j19 -> j18")
    assert said.count("->") == 11


def circle_through_a_done_job(farm: Farm) -> tuple[JobId, JobId]:
    """Job a was done when b, which waits for a's like, came: and a waits for b's like."""
    join(farm)
    first = submit(farm, job(block("1"), name="a", depend_mask="b"))
    run_all(farm)
    second = submit(farm, job(block("1"), name="b", depend_mask="a"))
    change(farm, first, TaskOp.RESTART)
    return first, second


def test_a_job_that_wakes_into_a_circle_waits_and_the_other_does_not(farm: Farm) -> None:
    first, second = circle_through_a_done_job(farm)
    assert order(farm) == [second, first]


def test_a_circle_does_not_come_back_with_a_restart(farm: Farm) -> None:
    first, second = circle_through_a_done_job(farm)
    again = restarted(farm)
    waits = [job_of(again, job_id).waits for job_id in (first, second)]
    assert sorted(map(len, waits)) == [0, 1]


def test_a_job_that_is_done_by_hand_waits_for_nobody(farm: Farm) -> None:
    submit(farm, job(name="a"))
    held = submit(farm, job(depend_mask="a"))
    change(farm, held, TaskOp.DONE)
    assert not job_of(farm, held).waits
    assert not job_of(restarted(farm), held).waits


def test_two_thousand_jobs_in_a_row_run_one_after_the_other(farm: Farm) -> None:
    join(farm)
    specs = [job(block("1"), name=f"j{n}", depend_mask=f"j{n - 1}") for n in range(2_000)]
    ids = [submit(farm, spec) for spec in specs]
    assert order(farm) == ids


def test_jobs_in_a_row_by_id_are_not_compared_with_each_other(farm: Farm) -> None:
    ids = [submit(farm, job(block("1")))]
    with counted("waits_on") as calls:
        for _ in range(200):
            ids.append(submit(farm, job(block("1"), depend_jobs=(ids[-1],))))
    assert calls["waits_on"] < 400


def test_a_job_that_others_wait_for_is_edited(farm: Farm) -> None:
    join(farm)
    first = submit(farm, job(block("1"), name="a"))
    held = submit(farm, job(depend_mask="a"))
    out = edit_job(farm, first, depend_mask="x")
    assert JobChanged(held) in out.events
    assert job_of(farm, held).waits == {first}


def test_a_job_that_waits_is_deleted(farm: Farm) -> None:
    first = submit(farm, job(name="a"))
    held = submit(farm, job(depend_mask="a"))
    farm.apply(c.DeleteJob(job_id=held), 1)
    assert not job_of(farm, first).dependants


def test_a_job_waits_for_one_of_its_rules_only(farm: Farm) -> None:
    first = submit(farm, job(name="a"))
    held = job_of(farm, submit(farm, job(depend_jobs=(first,), depend_mask="b")))
    assert waits_on(held, "x", "bob", first)
    assert waits_on(held, "b", "ada", None)
    assert not waits_on(held, "b", "bob", None)
    assert not waits_on(held, "a", "ada", None)


def test_jobs_that_wait_in_a_circle_are_found(farm: Farm) -> None:
    jobs = [job_of(farm, submit(farm)) for _ in range(3)]
    for one_, other in zip(jobs, [*jobs[1:], jobs[0]], strict=True):
        one_.waits.add(other.job_id)
        other.dependants.add(one_.job_id)
    assert stuck_jobs(farm.state) == [1, 2, 3]
    link_jobs(farm.state)
    assert stuck_jobs(farm.state) == []


def test_a_dependency_on_a_job_that_was_known_and_is_gone_is_kept(farm: Farm) -> None:
    with pytest.raises(InvalidField):
        check_job_targets(farm.state, job(depend_jobs=(7, 8)), known=(7,))
    check_job_targets(farm.state, job(depend_jobs=(7, 8)), known=(7, 8))
