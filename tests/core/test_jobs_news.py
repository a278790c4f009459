"""What is told of jobs: news for watchers, lines of their story, and what is stored."""

from __future__ import annotations

from grange.core import commands as c
from grange.core.effects import Outcome
from grange.core.events import JobChanged
from grange.core.farm import Farm
from grange.core.jobs import TOKEN_KEEP_S
from grange.core.records import RunRecord
from grange.model.ids import JobId
from tests.build import job, join, one, submit


def told(out: Outcome) -> list[str]:
    return [line.text for line in out.notes]


def test_a_submission_from_nowhere_is_told_with_its_user_alone(farm: Farm) -> None:
    assert told(farm.apply(c.SubmitJob(spec=job(), user="ada"), 1)) == ["submitted by ada"]


def test_a_submission_that_comes_again_is_told_the_id_of_its_job(farm: Farm) -> None:
    for _ in range(3):
        submit(farm)
    replies = [
        farm.apply(c.SubmitJob(spec=job(), user="ada", token="t"), now).reply for now in (1, 9)
    ]
    assert replies == [
        c.Submitted(job_id=JobId(4)),
        c.Submitted(job_id=JobId(4), again=True),
    ]


def test_tokens_of_many_submissions_need_one_timer(farm: Farm) -> None:
    for now, word in enumerate("abc", 10):
        farm.apply(c.SubmitJob(spec=job(), user="ada", token=word), now)
    assert [(at, kind) for at, kind, *_ in farm.state.timers] == [(10 + TOKEN_KEEP_S, "token")]


def test_a_run_that_is_stopped_with_its_job_is_stored_with_the_reason(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm)
    one(farm)
    farm.take_dirty()
    farm.apply(c.DeleteJob(job_id=job_id), 2)
    runs = [item for item in farm.take_dirty().put if isinstance(item, RunRecord)]
    assert [run.result and run.result.message for run in runs] == ["job deleted"]


def test_a_pause_and_its_end_are_told(farm: Farm) -> None:
    job_id = submit(farm)
    for paused, said in ((True, "paused"), (False, "resumed")):
        out = farm.apply(c.PauseJob(job_id=job_id, paused=paused), 1)
        assert (out.events, told(out)) == ([JobChanged(job_id)], [said])


def test_tasks_to_try_next_are_news_of_their_job(farm: Farm) -> None:
    job_id = submit(farm)
    assert farm.apply(c.TryNext(job_id=job_id, block=0, tasks=(2,)), 1).events == [
        JobChanged(job_id)
    ]


def test_forgotten_errors_are_news_of_their_job(farm: Farm) -> None:
    job_id = submit(farm)
    assert farm.apply(c.ForgetErrors(job_id=job_id), 1).events == [JobChanged(job_id)]


def test_a_job_that_keeps_its_place_among_others_is_no_news(farm: Farm) -> None:
    for _ in range(4):
        submit(farm)
    out = farm.apply(c.MoveJobs(user="ada", job_ids=(JobId(3),), where="up"), 1)
    assert out.events == [JobChanged(JobId(3)), JobChanged(JobId(2))]
