from __future__ import annotations

from typing import Any

import pytest

from grange.core import commands as c
from grange.core.events import JobChanged, JobDeleted
from grange.core.farm import Farm
from grange.core.jobs import TOKEN_KEEP_S
from grange.core.timers import TOKENS_SWEEP, forget_tokens
from grange.model.ids import JobId
from tests.build import (
    begun,
    block,
    edit_branch,
    edit_job,
    edit_pool,
    edit_user,
    fail,
    job,
    join,
    restarted,
    spare,
    submit,
)


def test_a_farm_without_times_has_no_deadline(farm: Farm) -> None:
    submit(farm)
    assert farm.next_deadline() is None


def test_the_next_deadline_is_the_earliest(farm: Farm) -> None:
    submit(farm, job(wait_until=300))
    submit(farm, job(wait_until=200))
    assert farm.next_deadline() == 200
    farm.dispatch(200)
    assert farm.next_deadline() == 300


@pytest.mark.parametrize("life", [("job", 60), ("user", 60)])
def test_a_job_is_deleted_at_the_end_of_its_life(farm: Farm, life: tuple[str, int]) -> None:
    whose, seconds = life
    edit_user(farm, jobs_life_time_s=seconds if whose == "user" else 0)
    job_id = submit(farm, job(life_time_s=seconds if whose == "job" else -1), now=10)
    assert farm.next_deadline() == 70
    out = farm.dispatch(70)
    assert JobDeleted(job_id) in out.events
    assert [line.text for line in out.notes] == ["life time of 60 s is over"]


def test_a_job_may_live_for_ever_though_its_user_says_not(farm: Farm) -> None:
    edit_user(farm, jobs_life_time_s=60)
    submit(farm, job(life_time_s=0))
    assert farm.next_deadline() is None


def test_a_life_that_was_made_longer_ends_later(farm: Farm) -> None:
    job_id = submit(farm, job(life_time_s=60), now=10)
    edit_job(farm, job_id, now=20, life_time_s=100)
    farm.dispatch(70)
    assert job_id in farm.state.jobs
    farm.dispatch(110)
    assert job_id not in farm.state.jobs


def test_a_life_ends_after_a_restart_too(farm: Farm) -> None:
    submit(farm, job(life_time_s=60), now=10)
    again = restarted(farm, now=50)
    assert again.next_deadline() == 70
    again.dispatch(70)
    assert not again.state.jobs


def test_what_a_life_time_deletes_has_its_post_commands_run(farm: Farm) -> None:
    submit(farm, job(life_time_s=60, command_post=("clean",)), now=10)
    farm.dispatch(70)
    assert [one.spec.name for one in farm.state.jobs.values()] == ["post job"]


def test_a_time_that_comes_is_news(farm: Farm) -> None:
    job_id = submit(farm, job(wait_until=100))
    assert farm.dispatch(100).events == [JobChanged(job_id)]


def test_the_time_of_a_job_that_is_gone_is_nothing(farm: Farm) -> None:
    job_id = submit(farm, job(wait_until=100, life_time_s=500))
    farm.apply(c.DeleteJob(job_id=job_id), 50)
    assert farm.dispatch(1_000).events == []
    assert farm.next_deadline() is None


def test_errors_are_forgiven_after_a_restart_too(farm: Farm) -> None:
    spare(farm)
    worker_id = join(farm)
    spec = block("1", errors_avoid_host=1, errors_retries=9, errors_forgive_time_s=60)
    submit(farm, job(spec), now=10)
    fail(farm, now=10)
    again = restarted(farm, now=20)
    join(again, "spare", now=20, runs=tuple(run_id for run_id in farm.state.runs))
    assert join(again, now=20) == worker_id
    assert again.dispatch(21).effects == []
    assert again.next_deadline() == 70
    assert len(again.dispatch(70).effects) == 1


def token(farm: Farm, word: str, now: float) -> JobId:
    reply = farm.apply(c.SubmitJob(spec=job(), user="ada", token=word), now).reply
    assert isinstance(reply, c.Submitted)
    return reply.job_id


def test_tokens_of_jobs_that_are_gone_are_forgotten_after_a_week(farm: Farm) -> None:
    old, kept, young = (token(farm, word, now) for word, now in (("a", 1), ("b", 1), ("c", 9)))
    for job_id in (old, young):
        farm.apply(c.DeleteJob(job_id=job_id), 10)
    farm.take_dirty()
    forget_tokens(farm.state, 1 + TOKEN_KEEP_S)
    assert {word for _, word in farm.state.tokens} == {"b", "c"}
    assert farm.take_dirty().deleted_tokens == [("ada", "a")]
    assert kept in farm.state.jobs


def test_a_token_that_was_never_stored_is_not_stored_later(farm: Farm) -> None:
    farm.apply(c.DeleteJob(job_id=token(farm, "a", 1)), 1)
    forget_tokens(farm.state, 1 + TOKEN_KEEP_S)
    assert not [item for item in farm.take_dirty().put if hasattr(item, "token")]


def test_only_so_many_tokens_are_forgotten_at_once(farm: Farm) -> None:
    for number in range(TOKENS_SWEEP + 1):
        farm.state.tokens["ada", str(number)] = (JobId(99), 1)
    forget_tokens(farm.state, 1 + TOKEN_KEEP_S)
    assert list(farm.state.tokens) == [("ada", str(TOKENS_SWEEP))]


def test_old_tokens_are_forgotten_by_themselves(farm: Farm) -> None:
    farm.apply(c.DeleteJob(job_id=token(farm, "a", 1)), 1)
    assert farm.next_deadline() == 1 + TOKEN_KEEP_S
    farm.dispatch(1 + TOKEN_KEEP_S)
    assert not farm.state.tokens


def test_tokens_are_looked_at_again_while_there_are_some(farm: Farm) -> None:
    token(farm, "a", 1)
    farm.dispatch(1 + TOKEN_KEEP_S)
    later = farm.next_deadline()
    assert later is not None
    assert later > 1 + TOKEN_KEEP_S
    farm.state.tokens.clear()
    farm.dispatch(later)
    assert farm.next_deadline() is None


def test_tokens_of_jobs_that_live_long_do_not_hide_the_others(farm: Farm) -> None:
    for number in range(TOKENS_SWEEP):
        token(farm, f"t{number}", 1)
    farm.apply(c.DeleteJob(job_id=token(farm, "gone", 2)), 2)
    for _ in range(3):
        deadline = farm.next_deadline()
        assert deadline is not None
        farm.dispatch(deadline)
    assert ("ada", "gone") not in farm.state.tokens


@pytest.mark.parametrize("level", ["job", "user", "branch"])
def test_a_second_that_is_over_lets_more_start(farm: Farm, level: str) -> None:
    rate: dict[str, Any] = {"max_tasks_per_second": 1}
    edit_pool(farm, capacity_host=9_000)
    edit_user(farm, **rate if level == "user" else {})
    edit_branch(farm, "/show", **rate if level == "branch" else {})
    join(farm)
    submit(farm, job(branch="/show", **rate if level == "job" else {}))
    assert [len(begun(farm, now)) for now in (10, 10.5, 11, 11.9, 12)] == [1, 0, 1, 0, 1]


def test_a_second_of_what_is_gone_is_nothing(farm: Farm) -> None:
    farm.state.set_timer(5, "second", number=99)
    assert farm.dispatch(6).events == []


def test_errors_on_a_host_are_forgiven_in_time(farm: Farm) -> None:
    spare(farm)
    join(farm)
    spec = block("1", errors_avoid_host=1, errors_retries=9, errors_forgive_time_s=60)
    submit(farm, job(spec))
    fail(farm, now=10)
    assert begun(farm, 69) == []
    assert begun(farm, 70) == [0]


def test_a_life_that_was_made_endless_does_not_end(farm: Farm) -> None:
    job_id = submit(farm, job(life_time_s=60))
    edit_job(farm, job_id, life_time_s=0)
    farm.dispatch(62)
    assert job_id in farm.state.jobs


def test_a_life_of_a_second_ends_after_a_second(farm: Farm) -> None:
    job_id = submit(farm, job(life_time_s=1))
    farm.dispatch(2)
    assert job_id not in farm.state.jobs
