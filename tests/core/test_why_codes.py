from __future__ import annotations

from typing import Any

import msgspec
import pytest

from grange.core.farm import Farm
from grange.core.why import GATES, REFUSALS, why_block, why_job, why_task
from grange.model.ids import JobId
from grange.model.views import WhyView
from tests.build import (
    TRAITS,
    begun,
    block,
    edit_branch,
    edit_pool,
    edit_user,
    edit_worker,
    job,
    job_of,
    join,
    submit,
    why,
)


def of_job(farm: Farm, job_id: JobId, now: float = 1) -> WhyView:
    return why_job(farm.state, job_of(farm, job_id), now)


def of_task(farm: Farm, job_id: JobId, task: int, number: int = 0) -> WhyView:
    job_now = job_of(farm, job_id)
    return why_task(farm.state, job_now, job_now.blocks[number], task, 1)


def codes(view: WhyView) -> list[str]:
    return [reason.code for reason in view.reasons]


def held_by(farm: Farm, code: str) -> JobId:
    """A job that is held back for one reason whatever the workers."""
    first = submit(farm, job(block("1"), name="first", paused=True))
    specs: dict[str, Any] = {
        "paused": {"paused": True},
        "priority": {"priority": 0},
        "wait-until": {"wait_until": 90},
        "depends-on-jobs": {"depend_jobs": (first,)},
        "job-limit": {"max_running_tasks": 0},
        "job-rate": {"max_tasks_per_second": 0},
    }
    settings: dict[str, Any] = {
        "paused": {"paused": True},
        "priority": {"priority": 0},
        "limit": {"max_running_tasks": 0},
        "rate": {"max_tasks_per_second": 0},
    }
    whose, _, what = code.partition("-")
    if whose == "user":
        edit_user(farm, **settings[what])
    elif whose == "branch":
        edit_branch(farm, "/show", **settings[what])
    return submit(farm, job(branch="/show", **specs.get(code, {})))


HELD = [
    *("paused", "priority", "wait-until", "depends-on-jobs", "job-limit", "job-rate"),
    *(f"{whose}-{what}" for whose in ("user", "branch")
      for what in ("paused", "priority", "limit", "rate")),
]  # fmt: skip


@pytest.mark.parametrize("code", HELD)
def test_what_holds_a_job_is_told_of_job_block_and_task(farm: Farm, code: str) -> None:
    join(farm)
    job_id = held_by(farm, code)
    assert begun(farm) == []
    job_now = job_of(farm, job_id)
    views = (
        of_job(farm, job_id),
        why_block(farm.state, job_now, job_now.blocks[0], 1),
        of_task(farm, job_id, 0),
    )
    assert {tuple(codes(view)) for view in views} == {(code,)}
    assert views[0].summary


BLOCK_HELD: dict[str, tuple[Any, str]] = {
    "depends-on-blocks": ({"depend_mask": "a"}, "waits for block a"),
    "tasks-wait": ({"tasks_depend_mask": "a"}, "its tasks wait for tasks of block a"),
    "nothing-ready": ({"suspend_new_tasks": True}, "4 tasks are suspended; continue them"),
    "block-limit": ({"max_running_tasks": 0}, GATES["block-limit"]),
}


@pytest.mark.parametrize("code", BLOCK_HELD)
def test_what_holds_a_block_is_told(farm: Farm, code: str) -> None:
    fields, said = BLOCK_HELD[code]
    job_id = submit(farm, job(block(name="a"), block(name="b", **fields)))
    assert why(farm, job_id, 1) == [code]
    job_now = job_of(farm, job_id)
    assert why_block(farm.state, job_now, job_now.blocks[1], 1).summary == said


def test_every_reason_that_holds_is_tested() -> None:
    assert {*HELD, *BLOCK_HELD, "approval"} == set(GATES)


#: What a worker, its pool, a block, a job or a user must be like for each refusal.
SCENES: dict[str, dict[str, Any]] = {
    "worker-busy": {"worker": {"max_tasks_host": 0}},
    "capacity": {"worker": {"capacity_host": 1_500}, "twice": True},
    "memory": {"block": {"need_memory_mb": 99_000}},
    "disk": {"block": {"need_hdd_gb": 9_000}},
    "gpu-busy": {"block": {"need_gpus": 1}, "twice": True},
    "tickets": {"pool": {"tickets_pool": {"t": {"count": 0}}}, "block": {"tickets": {"t": 1}}},
    "nimby": {"worker": {"nimby": "nobody"}},
    "nimby-owner": {"worker": {"nimby": "owner", "user": "eve"}},
    "worker-paused": {"worker": {"paused": True}},
    "worker-priority": {"worker": {"priority": 0}},
    "hosts-mask": {"job": {"hosts_mask": "other"}},
    "hosts-mask-exclude": {"job": {"hosts_mask_exclude": "node"}},
    "service": {"worker": {"services_disabled": ["generic"]}},
    "os": {"job": {"need_os": "windows"}},
    "properties": {"block": {"need_properties": "ssd"}},
    "power": {"block": {"need_power": 2}},
    "cpu-cores": {"block": {"need_cpu_cores": 99}},
    "cpu-mhz": {"block": {"need_cpu_mhz": 99_000}},
    "gpu": {"block": {"need_gpus": 2}},
    "capacity-total": {"block": {"capacity": 99_000}},
    "pool-forbidden": {"job": {"pools": {"/": -100}}},
    "pool-exclusive": {"job": {"pools": {"/fast": 100}}},
    "block-per-host": {"block": {"max_running_tasks_per_host": 0}},
    "job-per-host": {"job": {"max_running_tasks_per_host": 0}},
    "user-per-host": {"user": {"max_running_tasks_per_host": 0}},
    "branch-per-host": {"branch": {"max_running_tasks_per_host": 0}},
}
#: Refusals with a test of their own above, in test_match.py, test_rest.py or test_many_kept.py.
ELSEWHERE = {"offline", "asleep", "sick", "avoided", "task-avoided", "maintenance", "kept"}


@pytest.mark.parametrize("code", SCENES)
def test_each_refusal_is_told_by_its_code(farm: Farm, code: str) -> None:
    scene = SCENES[code]
    edit_pool(farm, **{"capacity_host": 9_000} | scene.get("pool", {}))
    edit_user(farm, **scene.get("user", {}))
    edit_branch(farm, **scene.get("branch", {}))
    worker_id = join(farm, traits=msgspec.structs.replace(TRAITS, gpus=1))
    edit_worker(farm, worker_id, **scene.get("worker", {}))
    job_id = submit(farm, job(block(**scene.get("block", {})), **scene.get("job", {})))
    assert len(begun(farm)) == scene.get("twice", False)
    assert why(farm, job_id) == [code]


def test_every_refusal_is_tested() -> None:
    assert SCENES.keys() | ELSEWHERE == REFUSALS.keys()
