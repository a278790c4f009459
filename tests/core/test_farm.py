from __future__ import annotations

from typing import get_args

from grange.core import commands as c
from grange.core.farm import RULES, Farm
from grange.core.records import Snapshot
from grange.model.ids import JobId
from tests.build import (
    block,
    edit_job,
    end,
    image,
    job,
    join,
    named,
    run_all,
    started,
    submit,
)


def test_every_command_has_a_rule() -> None:
    assert set(RULES) == set(get_args(c.Command))


def history(farm: Farm) -> list[object]:
    """Some commands; all that they led to."""
    told: list[object] = []
    for number in range(6):
        join(farm, f"n{number}")
    for number in range(8):
        user = f"u{number % 3}"
        submit(farm, job(block("1-9", sequential=0), named("a", "b"), name=user), user=user)
    for now in range(2, 12):
        for worker_id, run in started(farm, now):
            told.append((worker_id, run))
            told.append(end(farm, worker_id, run.run_id, now=now).events)
        edit_job(farm, JobId(1 + now % 8), now=now, priority=now * 20)
    return told


def test_the_same_commands_at_the_same_times_give_the_same_farm() -> None:
    farms = [Farm(), Farm()]
    first, second = (history(farm) for farm in farms)
    assert first == second
    assert image(farms[0]) == image(farms[1])


def test_a_farm_runs_a_job_from_its_submission_to_its_end(farm: Farm) -> None:
    join(farm)
    job_id = submit(farm, job(block("1-3"), named("a")), now=5)
    assert len(run_all(farm, now=6)) == 4
    assert farm.state.jobs[job_id].done == 6
    farm.apply(c.DeleteJob(job_id=job_id), 7)
    assert not farm.state.jobs


def test_a_farm_is_stored_and_restored(farm: Farm) -> None:
    submit(farm, job(wait_until=50))
    changes = farm.take_dirty()
    again = Farm.restore(Snapshot(last_ids=changes.last_ids, records=changes.put), 1)
    assert again.next_deadline() == farm.next_deadline() == 50
    assert image(again) == image(farm)


def test_run_numbers_go_on_above_one_that_was_met_outside() -> None:
    farm = Farm()
    farm.go_beyond(40)
    farm.go_beyond(7)
    assert farm.state.last_ids["run"] == 40
