"""Why is it not running? Asks the very functions that decide in dispatch.

The codes are stable; docs/reference/reasons.md lists them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from grange.core import match
from grange.core.gates import block_gate, branch_gate, job_gate, user_gate
from grange.core.objects import Block, Job, Worker
from grange.core.state import FarmState
from grange.model.states import Rest, TaskState
from grange.model.views import Reason, WhyView

NAMES_SHOWN = 5  # workers or jobs named in one reason

#: Sentences about what holds a job or block back whatever the workers.
GATES = {
    "paused": "the job is paused; resume it",
    "priority": "the job's priority is 0; set it higher",
    "wait-until": "the job waits for its time",
    "depends-on-jobs": "the job waits for other jobs",
    "job-limit": "the job runs as many tasks as its max_running_tasks allows",
    "job-rate": "the job started as many tasks this second as its max_tasks_per_second allows",
    "depends-on-blocks": "the block waits for other blocks of the job",
    "tasks-wait": "its tasks wait for tasks of another block",
    "nothing-ready": "no task of it is left to start",
    "block-limit": "the block runs as many tasks as its max_running_tasks allows",
    "approval": "the preview is rendered and waits for approval; set preview_approval=false",
    "user-paused": "the user is paused",
    "user-priority": "the user's priority is 0",
    "user-limit": "the user runs as many tasks as max_running_tasks allows",
    "user-rate": "the user started as many tasks this second as max_tasks_per_second allows",
    "branch-paused": "the branch is paused",
    "branch-priority": "the branch's priority is 0",
    "branch-limit": "the branch runs as many tasks as its max_running_tasks allows",
    "branch-rate": "the branch started as many tasks this second as max_tasks_per_second allows",
}

#: What refuses on a worker; said of one or more of them.
REFUSALS = {
    "offline": "offline",
    "asleep": "asleep, or about to be",
    "sick": "sick: heal it when it is well",
    "worker-busy": "busy: as many tasks as it may run",
    "capacity": "short of free capacity",
    "memory": "short of free memory",
    "disk": "short of free disk",
    "gpu-busy": "without a free GPU",
    "tickets": "without a free ticket",
    "kept": "kept for a task that needs several machines at once",
    "nimby": "in use by its user (nimby)",
    "nimby-owner": "serving only its own user (nimby)",
    "worker-paused": "paused, or its pool is",
    "worker-priority": "of priority 0, or its pool is",
    "hosts-mask": "not matched by the hosts mask",
    "hosts-mask-exclude": "excluded by the hosts mask",
    "service": "not set up for the service",
    "os": "of another operating system",
    "properties": "without the wanted properties",
    "power": "of too little power",
    "cpu-cores": "of too few cores",
    "cpu-mhz": "of too slow a processor",
    "gpu": "without the wanted GPU",
    "capacity-total": "too small: its whole capacity is less than the task needs",
    "pool-forbidden": "in a pool that is forbidden",
    "pool-exclusive": "outside the pools that are demanded",
    "block-per-host": "running as many tasks of the block as it may on one host",
    "job-per-host": "running as many tasks of the job as it may on one host",
    "user-per-host": "running as many tasks of the user as it may on one host",
    "branch-per-host": "running as many tasks of the branch as it may on one host",
    "avoided": "avoided by the block after errors there",
    "task-avoided": "avoided by the task after errors there",
    "maintenance": "not the machine that the task is for",
}


def why_job(state: FarmState, job: Job, now: float) -> WhyView:
    """Why a job has nothing running, or not more."""
    if job.done:
        return WhyView(summary="the job is done")
    gates = _gates_above(state, job, now)
    if gates:
        return WhyView(summary=_sentence(gates), reasons=tuple(gates))
    left = [block for block in job.blocks if not block.finished]
    views = [(block, why_block(state, job, block, now)) for block in left]
    for block, view in views:
        if not block_gate(job, block):
            return _named(block, view) if len(left) > 1 else view
    return _named(*views[0]) if len(left) > 1 else views[0][1]


def _named(block: Block, view: WhyView) -> WhyView:
    return WhyView(summary=f"block {block.spec.name}: {view.summary}", reasons=view.reasons)


def why_block(state: FarmState, job: Job, block: Block, now: float) -> WhyView:
    """Why a block has nothing running, or not more."""
    gates = _gates_above(state, job, now) or _block_gates(job, block)
    if gates:
        return WhyView(summary=_sentence(gates), reasons=tuple(gates))
    return _why_workers(state, job, block, block.picker.peek(block.tasks), now)


def why_task(state: FarmState, job: Job, block: Block, task: int, now: float) -> WhyView:
    """Why a task is not running."""
    here = TaskState(block.tasks.state[task])
    if here is TaskState.WAITING:
        text = f"waits for tasks of {_block_names(job, block.task_waits)}"
        return WhyView(summary=text, reasons=(Reason(code="tasks-wait", text=text),))
    if here is not TaskState.READY:
        return WhyView(summary=_DONE_WITH[here])
    gates = _gates_above(state, job, now) or _block_gates(job, block)
    if gates:
        return WhyView(summary=_sentence(gates), reasons=tuple(gates))
    return _why_workers(state, job, block, task, now)


_DONE_WITH = {
    TaskState.RUNNING: "it is running",
    TaskState.DONE: "it is done",
    TaskState.SKIPPED: "it was skipped",
    TaskState.SUSPENDED: "it is suspended; continue it",
    TaskState.FAILED: "it failed and has no retry left; read its log, then restart it",
}


def _gates_above(state: FarmState, job: Job, now: float) -> list[Reason]:
    codes = [job_gate(state, job, now), user_gate(state.users[job.user], now)]
    codes += [branch_gate(branch, now) for branch in state.branch_chain(job.spec.branch)]
    return [_gate(state, job, code, now) for code in codes if code]


def _gate(state: FarmState, job: Job, code: str, now: float) -> Reason:
    text = GATES[code]
    names: tuple[str, ...] = ()
    if code == "depends-on-jobs":
        waits = sorted(job.waits)
        names = tuple(f"{job_id} {state.jobs[job_id].spec.name}" for job_id in waits[:NAMES_SHOWN])
        text = f"waits for {_listed(names, len(waits), 'job', 'jobs')}"
    elif code == "wait-until":
        text = f"waits for its time, in {job.spec.wait_until - now:.0f} s"
    return Reason(code=code, text=text, names=names)


def _block_gates(job: Job, block: Block) -> list[Reason]:
    code = block_gate(job, block)
    if not code:
        return []
    text = GATES[code]
    if code == "depends-on-blocks":
        text = f"waits for {_block_names(job, sorted(block.waits))}"
    elif code == "tasks-wait":
        text = f"its tasks wait for tasks of {_block_names(job, block.task_waits)}"
    elif code == "nothing-ready":
        text = _nothing_ready(block)
    return [Reason(code=code, text=text)]


def _nothing_ready(block: Block) -> str:
    counts = block.tasks.counts
    if counts[TaskState.RUNNING]:
        return "all that is left of it is running"
    if counts[TaskState.SUSPENDED]:
        return f"{counts[TaskState.SUSPENDED]} tasks are suspended; continue them"
    if counts[TaskState.FAILED]:
        return f"{counts[TaskState.FAILED]} tasks failed; read a log, then restart them"
    return "all of it is done"


def _block_names(job: Job, numbers: Iterable[int]) -> str:
    names = [job.blocks[number].spec.name for number in numbers]
    return _listed(tuple(names[:NAMES_SHOWN]), len(names), "block", "blocks")


def _listed(names: tuple[str, ...], count: int, one: str, many: str) -> str:
    more = f" and {count - len(names)} more" if count > len(names) else ""
    return f"{one if count == 1 else many} {', '.join(names)}{more}"


def refusal(
    state: FarmState, job: Job, block: Block, task: int, worker: Worker, now: float
) -> str:
    """Why one worker does not take a task now; empty: it could."""
    assert worker.group is not None
    need = state.demands[block.demand].key
    return (
        _absence(worker)
        or match.group_refusal(need, worker.group.key)
        or match.load_refusal(state, need, worker)
        or match.host_refusal(state, job, block, worker, now)
        or match.task_refusal(state, job, block, task, worker, now)
    )


def _absence(worker: Worker) -> str:
    """Why a worker's machine is not there; empty: it is."""
    if worker.rest is not Rest.AWAKE:
        return "asleep"
    return "" if worker.linked else "offline"


def _why_workers(state: FarmState, job: Job, block: Block, task: int, now: float) -> WhyView:
    """Why no worker takes a task. Cost: O(workers)."""
    if not state.workers:
        text = "there is no worker; start one with `grange worker`"
        return WhyView(summary=text, reasons=(Reason(code="no-workers", text=text),))
    refused: defaultdict[str, list[str]] = defaultdict(list)
    for worker in state.workers.values():
        refused[refusal(state, job, block, task, worker, now)].append(worker.name)
    able = refused.pop("", [])
    least = block.spec.hosts_least
    if 0 < len(able) < least:
        text = f"needs {least} machines at once, and {len(able)} could take it now"
        reasons = [Reason(code="hosts", text=text, workers=len(able))]
        reasons += _all_refused(refused, state, block)
        return WhyView(summary=_sentence(reasons), reasons=tuple(reasons))
    if able and least and block.gathering:
        wait = block.gathering + block.spec.multihost_max_wait_s - now
        text = f"{len(able)} machines could take it; it waits {max(0.0, wait):.0f} s for more"
        return WhyView(summary=text, reasons=(Reason(code="gathering", text=text),))
    if able:
        text = f"about to start on one of {len(able)} workers"
        return WhyView(summary=text, reasons=(Reason(code="starting", text=text),))
    reasons = _all_refused(refused, state, block)
    return WhyView(summary=_sentence(reasons), reasons=tuple(reasons))


def _all_refused(refused: Mapping[str, list[str]], state: FarmState, block: Block) -> list[Reason]:
    """Why workers do not take a task; what holds for most of them first."""
    return [
        _refused(code, names, state, block)
        for code, names in sorted(refused.items(), key=lambda item: -len(item[1]))
    ]


def _refused(code: str, names: list[str], state: FarmState, block: Block) -> Reason:
    need = state.demands[block.demand].key
    detail = {
        "service": f" {need.service}",
        "memory": f" (needs {need.memory_mb} MB)",
        "capacity": f" (needs {need.capacity})",
        "capacity-total": f" (needs {need.capacity})",
        "tickets": f" of {', '.join(name for name, _ in need.tickets)}",
        "power": f" (needs {need.power})",
        "properties": f" {' '.join(need.properties)}",
        "os": f" (wants {' '.join(need.os)})",
    }.get(code, "")
    count = f"{len(names)} worker{'s' if len(names) > 1 else ''}"
    return Reason(
        code=code,
        text=f"{count}: {REFUSALS[code]}{detail}",
        workers=len(names),
        names=tuple(sorted(names)[:NAMES_SHOWN]),
    )


def _sentence(reasons: list[Reason]) -> str:
    return "; ".join(reason.text for reason in reasons[:3])


def why_worker(state: FarmState, worker: Worker, now: float) -> WhyView:
    """Why a worker has no task, or not more. Cost: O(blocks that are ready)."""
    absence = _absence(worker)
    for test, code in (
        (bool(absence), absence),
        (bool(worker.sick), "sick"),
        (worker.place is None, "worker-busy"),
    ):
        if test:
            text = worker.sick if code == "sick" else f"the worker is {REFUSALS[code]}"
            return WhyView(summary=text, reasons=(Reason(code=code, text=text),))
    refused: defaultdict[str, list[str]] = defaultdict(list)
    for job in state.jobs.values():
        if job.done or _gates_above(state, job, now):
            continue
        for block in job.blocks:
            if not block_gate(job, block):
                task = block.picker.peek(block.tasks)
                code = refusal(state, job, block, task, worker, now)
                if not code and block.spec.hosts_least:
                    code = "hosts"
                refused[code].append(f"{job.job_id}/{block.number}")
    if not refused:
        return WhyView(summary="there is no work that could start now")
    reasons = [
        Reason(
            code=code or "starting",
            text=f"{len(names)} blocks: the worker is {_said(code)}",
            names=tuple(names[:NAMES_SHOWN]),
        )
        for code, names in sorted(refused.items(), key=lambda item: -len(item[1]))
    ]
    return WhyView(summary=_sentence(reasons), reasons=tuple(reasons))


def _said(code: str) -> str:
    if code == "hosts":
        return "able to, once as many others are as they need at once"
    return REFUSALS[code] if code else "about to take one"
