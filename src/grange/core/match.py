"""May this worker run this block? The empty string says yes, else a code says why not.

The same functions decide in dispatch and explain in `why.py`. Rules and their order:
Afanasy's canRunOn (specification 5.5 and 5.6).
"""

from __future__ import annotations

from grange.core.demand import DemandKey, GroupKey, Level, Prefs
from grange.core.objects import Block, Job, Worker
from grange.core.records import HostErrors
from grange.core.state import FarmState
from grange.model.states import Nimby

OK = ""
FORBID = -100  # a pool preference that keeps a job out
EXCLUSIVE = 100  # a pool preference that keeps a job in


def group_refusal(need: DemandKey, has: GroupKey) -> str:
    """Why no worker of a group may serve a demand, whatever its load."""
    if has.nimby is Nimby.NOBODY and not need.ignore_nimby:
        return "nimby"
    owned = bool(has.owner) and has.owner == need.owner
    if has.nimby is Nimby.OWNER and not owned and not need.ignore_nimby:
        return "nimby-owner"
    if has.paused and not need.ignore_paused:
        return "worker-paused"
    if not has.priority or not has.pool_priority:
        return "worker-priority"
    if not need.masks <= has.masks:
        return "hosts-mask"
    if need.masks_exclude & has.masks:
        return "hosts-mask-exclude"
    if not serves(need.service, has.levels):
        return "service"
    return _machine_refusal(need, has) or _pool_refusal(need.pools, has.pool)


def _machine_refusal(need: DemandKey, has: GroupKey) -> str:
    system = has.os.lower()
    if not all(word.lower() in system for word in need.os):
        return "os"
    if not all(word in has.properties for word in need.properties):
        return "properties"
    if need.power > has.power:
        return "power"
    if need.cpu_cores > has.cpu_cores:
        return "cpu-cores"
    if need.cpu_mhz > has.cpu_mhz or need.cpu_mhz_cores > has.cpu_mhz * has.cpu_cores:
        return "cpu-mhz"
    if need.gpus > has.gpus or need.gpu_mem_mb > has.gpu_mem_mb:
        return "gpu"
    if need.capacity > has.capacity >= 0:
        return "capacity-total"
    return OK


def serves(service: str, levels: tuple[Level, ...]) -> bool:
    """Whether a service may run: the nearest level that names it decides.

    Where some level lists services but none lists this one, it may not.
    """
    listed = False
    for services, disabled in levels:
        if service in disabled:
            return False
        if service in services:
            return True
        listed = listed or bool(services)
    return not listed


def _pool_refusal(levels: tuple[Prefs, ...], pool: str) -> str:
    for prefs in levels:
        matched = [value for path, value in prefs if in_pool(path, pool)]
        if any(value <= FORBID for value in matched):
            return "pool-forbidden"
        if not matched and any(value >= EXCLUSIVE for _, value in prefs):
            return "pool-exclusive"
    return OK


def in_pool(path: str, pool: str) -> bool:
    """Whether a preference speaks of a pool: a path and all below it, else part of the name."""
    if not path.startswith("/"):
        return path in pool
    return path == "/" or pool == path or pool.startswith(path + "/")


def preference(levels: tuple[Prefs, ...], has: GroupKey) -> int:
    """How much a group is preferred: its pool's priority and what the job says of the pool."""
    said = sum(value for prefs in levels for path, value in prefs if in_pool(path, has.pool))
    return has.pool_priority + said


def load_refusal(state: FarmState, need: DemandKey, worker: Worker) -> str:
    """Why a worker cannot serve a demand at this moment."""
    if not worker.linked:
        return "offline"
    if worker.sick:
        return "sick"
    if worker.max_tasks >= 0 and len(worker.runs) - worker.beside >= worker.max_tasks:
        return "worker-busy"
    if worker.worker_id in state.held and need is not state.held_for:
        return "kept"
    if 0 <= worker.capacity < worker.capacity_used + need.capacity:
        return "capacity"
    return _short_of(state, need, worker)


def _short_of(state: FarmState, need: DemandKey, worker: Worker) -> str:
    """What of its machine's is used up."""
    if need.memory_mb > worker.memory_free_mb:
        return "memory"
    if need.hdd_gb > worker.hdd_free_gb:
        return "disk"
    if need.gpus > worker.traits.gpus - len(worker.gpus_used):
        return "gpu-busy"
    if need.tickets and not all(state.ticket_free(worker, *item) for item in need.tickets):
        return "tickets"
    return OK


def could_take(state: FarmState, need: DemandKey, worker: Worker) -> bool:
    """Whether a worker of the right group could serve a demand if it were awake and idle."""
    return (
        not worker.sick
        and worker.max_tasks != 0
        and need.memory_mb <= worker.traits.memory_mb
        and need.hdd_gb <= worker.traits.hdd_gb
        and all(state.ticket_free(worker, *item) for item in need.tickets)
    )


def host_refusal(state: FarmState, job: Job, block: Block, worker: Worker, now: float) -> str:
    """Why this block of this job may not run on a worker that could serve its demand."""
    worker_id = worker.worker_id
    spec = job.spec
    if 0 <= block.spec.max_running_tasks_per_host <= block.hosts.get(worker_id, 0):
        return "block-per-host"
    if 0 <= spec.max_running_tasks_per_host <= job.hosts.get(worker_id, 0):
        return "job-per-host"
    user = state.users[job.user]
    if 0 <= user.spec.max_running_tasks_per_host <= user.hosts.get(worker_id, 0):
        return "user-per-host"
    for branch in state.branch_chain(job.spec.branch):
        if 0 <= branch.spec.max_running_tasks_per_host <= branch.hosts.get(worker_id, 0):
            return "branch-per-host"
    avoided = block.error_hosts and state.avoids(job, block, worker.name, now)
    return "avoided" if avoided and _elsewhere(state, job, block, {}, now) else OK


def task_refusal(
    state: FarmState, job: Job, block: Block, task: int, worker: Worker, now: float
) -> str:
    """Why this very task may not run on a worker that its block may use."""
    bound = job.spec.maintenance and block.pre_for is None
    if bound and block.task_name(task) != worker.name:
        return "maintenance"
    errors = block.task_errors.get(task)
    avoided = errors and state.task_avoids(job, block, errors, worker.name, now)
    return "task-avoided" if avoided and _elsewhere(state, job, block, errors or {}, now) else OK


def _elsewhere(
    state: FarmState, job: Job, block: Block, errors: dict[str, HostErrors], now: float
) -> bool:
    """Whether as many linked workers in good health as a task needs are not avoided.

    Where there are fewer, avoiding would hold the task up for ever: it runs where it may, until
    its retries are used up and it fails. Afanasy lets it wait. Cost: O(avoided workers).
    """
    if job.spec.maintenance:
        return False  # each task is for one machine
    demand = state.demands[block.demand]
    lack = max(1, demand.key.hosts)
    for _, groups in demand.ranks:
        for worker_id in (worker_id for group in groups for worker_id in group.members):
            worker = state.workers[worker_id]
            if (
                worker.linked
                and not worker.sick
                and not state.avoids(job, block, worker.name, now)
                and not state.task_avoids(job, block, errors, worker.name, now)
            ):
                lack -= 1
                if not lack:
                    return True
    return False
