"""What a task of several machines takes of each of them."""

from __future__ import annotations

from typing import Any

import msgspec

from grange.core.effects import Outcome, StartRun
from grange.core.events import RunEnded, RunStarted
from grange.core.farm import Farm
from grange.core.objects import Run, Worker
from grange.model.ids import RunId
from grange.model.spec import BlockSpec
from grange.model.states import Part
from tests.build import (
    TRAITS,
    block,
    edit_pool,
    edit_worker,
    end,
    job,
    join,
    started,
    submit,
    worker_of,
)

SHOP = msgspec.structs.replace(TRAITS, gpus=2)


def many(**fields: Any) -> BlockSpec:
    """A block of one task for two machines, on one of which it runs itself."""
    spec = {"multihost_min": 2, "multihost_service": "serve", "multihost_master_on_slave": True}
    return block("1", **(spec | fields))


def two(farm: Farm) -> tuple[Worker, Worker]:
    """Two machines, the better one first."""
    ids = [join(farm, name, traits=SHOP) for name in ("m0", "m1")]
    return worker_of(farm, ids[0]), worker_of(farm, ids[1])


def run_of(farm: Farm, part: Part) -> Run:
    """The only run that is such a part of a task."""
    (found,) = [run for run in farm.state.runs.values() if run.part is part]
    return found


def test_the_run_of_the_task_is_the_newest(farm: Farm) -> None:
    two(farm)
    submit(farm, job(many()))
    started(farm)
    run = run_of(farm, Part.TASK)
    assert run.run_id == max(farm.state.runs)
    assert farm.state.jobs[run.job_id].blocks[0].tasks.last_run[0] == run.run_id


def test_the_task_holds_its_licences_once(farm: Farm) -> None:
    edit_pool(farm, tickets_pool={"sim": {"count": 1}})
    main, other = two(farm)
    submit(farm, job(many(tickets={"sim": 1})))
    started(farm)
    assert (main.tickets_used, other.tickets_used) == ({"sim": 1}, {})


def test_each_machine_gives_a_gpu_that_it_has_left(farm: Farm) -> None:
    edit_pool(farm, capacity_host=2_000)
    main, other = two(farm)
    edit_worker(farm, main.worker_id, paused=True)
    submit(farm, job(block("1", need_gpus=1, capacity=1)))
    started(farm)
    edit_worker(farm, main.worker_id, paused=False)
    submit(farm, job(many(need_gpus=1)))
    started(farm)
    assert (main.gpus_used, other.gpus_used) == ({0}, {0, 1})
    gpus = {run.part: run.gpus for run in farm.state.runs.values() if run.job_id == 2}
    assert gpus == {Part.TASK: (0,), Part.BESIDE: (), Part.HELPER: (1,)}


def test_each_machine_gives_as_many_times_the_capacity_as_it_can(farm: Farm) -> None:
    main, other = two(farm)
    edit_worker(farm, main.worker_id, capacity_host=400)
    edit_worker(farm, other.worker_id, capacity_host=300)
    submit(farm, job(many(capacity=100, capacity_coeff_min=2, capacity_coeff_max=9)))
    told = {run.run_id: run.capacity_coeff for _, run in started(farm)}
    taken = {run.part: (run.capacity, run.coeff) for run in farm.state.runs.values()}
    assert taken == {Part.TASK: (400, 4), Part.BESIDE: (0, 0), Part.HELPER: (300, 3)}
    assert told[run_of(farm, Part.HELPER).run_id] == 3
    assert (main.capacity_used, other.capacity_used) == (400, 300)


def test_what_serves_the_task_beside_it_takes_nothing(farm: Farm) -> None:
    main, other = two(farm)
    submit(farm, job(many(need_memory_mb=500)))
    started(farm)
    assert (main.memory_reserved_mb, other.memory_reserved_mb) == (500, 500)
    beside = run_of(farm, Part.BESIDE)
    assert (beside.capacity, beside.memory_mb, beside.gpus) == (0, 0, ())
    assert (main.tasks, other.tasks) == (1, 1)


def test_a_machine_on_which_a_task_is_served_beside_it_has_one_task(farm: Farm) -> None:
    edit_pool(farm, max_tasks_host=2)
    main, _ = two(farm)
    submit(farm, job(many(capacity=1)))
    started(farm)
    assert len(main.runs) == 2
    submit(farm, job(block("1-9", capacity=1)))
    assert [worker_id for worker_id, _ in started(farm)].count(main.worker_id) == 1


def test_a_task_of_one_machine_is_served_by_nobody(farm: Farm) -> None:
    two(farm)
    submit(farm, job(many(multihost_min=0, multihost_service_wait_s=5)))
    ((_, run),) = started(farm)
    assert (run.run_id, run.hosts, run.start_wait_s) == (1, (), 0)
    assert farm.state.helpers == {}


def test_all_its_runs_are_told_of(farm: Farm) -> None:
    two(farm)
    submit(farm, job(many()))
    out = farm.dispatch(1)
    told = {event.run_id for event in out.events if isinstance(event, RunStarted)}
    assert told == set(farm.state.runs) == _effects(out)
    main = run_of(farm, Part.TASK)
    out = end(farm, main.worker_id, main.run_id)
    assert {event.run_id for event in out.events if isinstance(event, RunEnded)} == told


def _effects(out: Outcome) -> set[RunId]:
    return {item.run.run_id for item in out.effects if isinstance(item, StartRun)}


def test_what_serves_is_no_frame_of_the_task(farm: Farm) -> None:
    two(farm)
    fields = {"frames_per_task": 2, "depend_sub_task": True, "parser": "blender"}
    spec = msgspec.structs.replace(many(**fields), frames="1-2")
    submit(farm, job(spec))
    runs = [run for _, run in started(farm)]
    assert {(bool(run.helps), run.parser, run.report_frames) for run in runs} == {
        (False, "blender", True),
        (True, "generic", False),
    }


def test_without_a_service_there_is_none_to_wait_for(farm: Farm) -> None:
    two(farm)
    submit(farm, job(many(multihost_service="", multihost_service_wait_s=5)))
    ((_, run),) = started(farm)
    assert (run.hosts, run.start_wait_s) == (("m0", "m1"), 0)
