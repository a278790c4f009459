"""When jobs will be done, worked out by hand for farms that are small enough."""

from __future__ import annotations

import pytest

from grange.core.farm import Farm
from grange.model.ids import JobId
from grange.model.spec import JobSpec
from grange.model.states import FINISHED
from grange.sim.disk import Disk
from grange.sim.forecast import NoneLike, Pace, Picture, Plan, forecast
from tests.build import block, job, join, started, submit

NOW = 1_000.0


def picture(farm: Farm, seconds: float = 10.0, **fields: object) -> Picture:
    """A farm as it stands, where every task takes so long."""
    disk = Disk()
    disk.commit(farm.take_dirty())
    jobs = farm.state.jobs.values()
    paces = {
        (item.job_id, number): Pace(median_s=seconds, known=3)
        for item in jobs
        for number in range(len(item.blocks))
    }
    lefts = {
        int(item.job_id): sum(
            state not in FINISHED for block in item.blocks for state in block.tasks.state
        )
        for item in jobs
    }
    return Picture(now=NOW, snapshot=disk.load(), paces=paces, lefts=lefts, **fields)  # type: ignore[arg-type]


def farm_of(*names: str, spec: JobSpec | None = None) -> tuple[Farm, JobId]:
    farm = Farm()
    for name in names:
        join(farm, name, now=NOW)
    return farm, submit(farm, spec or job(block("1-4")), now=NOW)


def times(plan: Plan) -> tuple[float | None, float | None]:
    """In how many seconds the only job is done, as it is and with the change."""
    (found,) = plan.jobs
    return tuple(at if at is None else at - NOW for at in (found.now_done, found.then_done))  # type: ignore[return-value]


def test_a_job_takes_the_time_of_its_tasks_on_the_workers_there_are() -> None:
    farm, job_id = farm_of("a", "b")
    plan = forecast(picture(farm), 0, "", seed=1)
    assert times(plan) == (20, 20)
    assert (plan.jobs[0].job_id, plan.jobs[0].left, plan.workers) == (job_id, 4, 2)


def test_more_workers_save_time() -> None:
    farm, _ = farm_of("a", "b")
    plan = forecast(picture(farm), 2, "b", seed=1)
    assert (times(plan), plan.like) == ((20, 10), "b")


def test_fewer_workers_cost_time() -> None:
    farm, _ = farm_of("a", "b")
    assert times(forecast(picture(farm), -1, "", seed=1)) == (20, 40)


def test_what_runs_goes_on_from_where_it_is() -> None:
    farm, _ = farm_of("a", spec=job(block("1")))
    started(farm, NOW - 4)
    assert times(forecast(picture(farm), 0, "", seed=1)) == (6, 6)


def test_what_a_run_says_of_itself_goes_before_the_clock() -> None:
    farm, _ = farm_of("a", spec=job(block("1")))
    ((_, run),) = started(farm, NOW - 4)
    told = picture(farm, progress={run.run_id: 0.9})
    assert times(forecast(told, 0, "", seed=1))[0] == pytest.approx(1)


def test_a_worker_that_goes_gives_back_what_it_runs() -> None:
    farm, _ = farm_of("a", "b", spec=job(block("1-2")))
    started(farm, NOW)
    assert times(forecast(picture(farm), -1, "", seed=1)) == (10, 20)


def test_a_wait_is_kept() -> None:
    farm, _ = farm_of("a", spec=job(block("1"), wait_until=NOW + 100))
    assert times(forecast(picture(farm), 0, "", seed=1)) == (110, 110)


@pytest.mark.parametrize(
    "spec", [job(paused=True), job(block("1", service="none", need_gpus=9)), job(priority=0)]
)
def test_a_job_that_is_never_done_by_itself_is_said_to_be(spec: JobSpec) -> None:
    farm, _ = farm_of("a", spec=spec)
    assert times(forecast(picture(farm), 0, "", seed=1)) == (None, None)


def test_both_farms_have_the_same_luck() -> None:
    farm, _ = farm_of("a")
    seen = picture(farm)
    seen.paces = {key: Pace(median_s=10.0, sigma=0.5, known=9) for key in seen.paces}
    first, second = (forecast(seen, change, "", seed=5) for change in (0, 1))
    assert first.jobs[0].now_done == second.jobs[0].now_done
    assert times(first) != times(forecast(seen, 0, "", seed=6))


def test_a_guess_is_marked() -> None:
    farm, job_id = farm_of("a")
    seen = picture(farm)
    assert not forecast(seen, 0, "", seed=1).jobs[0].guessed
    seen.paces[job_id, 0] = Pace(median_s=60)
    assert forecast(seen, 0, "", seed=1).jobs[0].guessed


def test_a_kind_must_be_there() -> None:
    seen = picture(farm_of("a")[0])
    with pytest.raises(NoneLike, match="no worker 'z' is online; one of a"):
        forecast(seen, 1, "z", seed=1)
    with pytest.raises(NoneLike, match="only 1 workers are like a, not 2"):
        forecast(seen, -2, "", seed=1)
    with pytest.raises(NoneLike, match="there is none to be like"):
        forecast(picture(farm_of()[0]), 1, "", seed=1)
