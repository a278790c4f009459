"""Who waits for whom: jobs, blocks and tasks. Readiness is a function of state.

Rules: Afanasy (specification 3.6), with two differences: cycles are refused, and a mask is
matched when a job comes or ends, not every second.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from grange.core.errors import DependencyCycle, InvalidField
from grange.core.masks import literal, regex
from grange.core.objects import Block, Job
from grange.core.state import FarmState
from grange.core.targets import Targets, waits_of
from grange.model.frames import TaskFrames, TaskSpace
from grange.model.ids import JobId
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import FINISHED, READY, WAITING, TaskState

CYCLE_SHOWN = 10  # names in the sentence about a cycle


def block_targets(specs: Sequence[BlockSpec], number: int, mask: str) -> list[int]:
    """Blocks whose name a mask matches, the block itself left out."""
    if not mask:
        return []
    match = regex(mask)
    return [n for n, spec in enumerate(specs) if n != number and match(spec.name)]


def refuse_block_cycle(specs: Sequence[BlockSpec]) -> None:
    """Refuse blocks that wait for each other.

    Raises:
        DependencyCycle: names the blocks of one cycle.
        InvalidField: there are too many to find out.
    """
    targets = waits_of(specs)
    above: list[list[int]] = [[] for _ in specs]
    for number, found in enumerate(targets):
        for target in found:
            above[target].append(number)
    waiting = [len(found) for found in targets]
    free = [number for number, count in enumerate(waiting) if not count]
    left = set(range(len(specs)))
    while free:
        at = free.pop()
        left.discard(at)
        for number in above[at]:
            waiting[number] -= 1
            if not waiting[number]:
                free.append(number)
    if left:
        names = " -> ".join(specs[number].name for number in _circle(targets, left))
        raise DependencyCycle(f"blocks wait for each other: {names}", "blocks")


def _circle(targets: Sequence[set[int]], left: set[int]) -> list[int]:
    at = min(left)
    seen: dict[int, None] = {}  # in order
    while at not in seen:
        seen[at] = None
        at = min(targets[at] & left)
    path = list(seen)
    return [*path[path.index(at) :][:CYCLE_SHOWN], at]


def link_blocks(job: Job) -> None:
    """Set who waits for whom among a job's blocks, from their masks and what is finished."""
    named = Targets([block.spec for block in job.blocks])
    before: dict[int, list[int]] = {}  # blocks of pre commands, by what they come before
    for block in job.blocks:
        block.dependants, block.task_dependants = [], []
        if block.pre_for is not None:
            before.setdefault(block.pre_for, []).append(block.number)
    for block in job.blocks:
        targets = [at for at in named.of(block.spec.depend_mask) if at != block.number]
        if block.pre_for is None:
            targets += sorted((*before.get(-1, ()), *before.get(block.number, ())))
        block.waits = {number for number in targets if not job.blocks[number].finished}
        for number in targets:
            job.blocks[number].dependants.append(block.number)
        task_targets = [at for at in named.of(block.spec.tasks_depend_mask) if at != block.number]
        block.task_waits = tuple(task_targets)
        for number in task_targets:
            job.blocks[number].task_dependants.append(block.number)


def task_free(job: Job, block: Block, task: int) -> bool:
    """Whether all tasks that one task depends on are finished."""
    space = block.space
    for number in block.task_waits:
        other = job.blocks[number]
        for first, last in _meeting(space, other.space, task):
            if not _span_done(other, first, last, space, task):
                return False
    return True


def _span_done(block: Block, first: int, last: int, space: TaskSpace, task: int) -> bool:
    """Whether tasks are done, as far as another task's frames want. Cost: O(span), but in C."""
    if block.tasks.all_finished(first, last):
        return True
    if not block.sub_frames:
        return False
    wanted = space[task]
    return all(_task_done(block, number, wanted) for number in range(first, last + 1))


def _task_done(block: Block, task: int, wanted: TaskFrames) -> bool:
    if block.tasks.state[task] in FINISHED:
        return True
    done = block.sub_frames.get(task, 0)
    if not done or not block.spec.depend_sub_task:
        return False
    item = block.space[task]
    return wanted.last < item.first + done * item.inc


def _meeting(mine: TaskSpace, theirs: TaskSpace, task: int) -> Iterable[tuple[int, int]]:
    """Spans of tasks of another block whose frames meet those of a task.

    Where one block has frames and the other named tasks, numbers count from the first frame.
    """
    if theirs.pairs_with(mine):
        return ((task, task),)
    item = mine[task]
    first, last = item.first, item.last
    if bool(mine.ranges) != bool(theirs.ranges):
        shift = theirs.frame_first - mine.frame_first
        first, last = first + shift, last + shift
    return theirs.overlapping(first, last)


def dependants_of_task(job: Job, block: Block, task: int) -> Iterator[tuple[Block, int]]:
    """Tasks that wait for one task. Cost: O(tasks found)."""
    for number in block.task_dependants:
        other = job.blocks[number]
        for first, last in _meeting(block.space, other.space, task):
            for index in range(first, last + 1):
                yield other, index


def targets_of_task(job: Job, block: Block, task: int) -> Iterator[tuple[Block, int]]:
    """Tasks that one task waits for, finished or not."""
    for number in block.task_waits:
        other = job.blocks[number]
        for first, last in _meeting(block.space, other.space, task):
            for index in range(first, last + 1):
                yield other, index


def free_tasks(job: Job, block: Block) -> bytes | None:
    """Which tasks wait for none, one byte each; None where that must be asked task by task.

    Where each task waits for the one of its own number alone it is known at once, for a
    million tasks as for one.
    """
    free = b"\1" * block.tasks.size
    for number in block.task_waits:
        other = job.blocks[number]
        if other.sub_frames or not block.space.pairs_with(other.space):
            return None
        both = int.from_bytes(free, "little") & int.from_bytes(
            other.tasks.finished_mask(), "little"
        )
        free = both.to_bytes(block.tasks.size, "little")
    return free


def start_state(job: Job, block: Block, task: int) -> TaskState:
    """READY, or WAITING while a task it depends on is not finished."""
    if block.task_waits and not task_free(job, block, task):
        return WAITING
    return READY


def job_targets(state: FarmState, spec: JobSpec, user: str, own: JobId | None) -> set[JobId]:
    """Unfinished jobs that a job must wait for."""
    found = {JobId(number) for number in spec.depend_jobs if JobId(number) in state.jobs}
    for mask, owner in ((spec.depend_mask, user), (spec.depend_mask_global, None)):
        if mask:
            found.update(_named(state, mask, owner))
    found.discard(own or JobId(0))
    return {job_id for job_id in found if not state.jobs[job_id].done}


def _named(state: FarmState, mask: str, owner: str | None) -> Iterator[JobId]:
    name = literal(mask)
    if name is not None:
        candidates: Iterable[JobId] = state.names.get(name, ())
    else:
        match = regex(mask)
        candidates = (job.job_id for job in state.jobs.values() if match(job.spec.name))
    return (job_id for job_id in candidates if owner is None or state.jobs[job_id].user == owner)


def waits_on(job: Job, name: str, user: str, job_id: JobId | None) -> bool:
    """Whether a job's rules make it wait for a job of that name, user and id."""
    spec = job.spec
    if job_id is not None and job_id in spec.depend_jobs:
        return True
    if spec.depend_mask and job.user == user and regex(spec.depend_mask)(name):
        return True
    return bool(spec.depend_mask_global) and regex(spec.depend_mask_global)(name)


def job_dependants(state: FarmState, name: str, user: str, own: JobId | None) -> set[JobId]:
    """Jobs whose rules make them wait for a job. Cost: O(jobs with regular expressions)."""
    asked = state.masked.get(name, set()) | state.masked.get(None, set())
    asked |= state.masked.get(own or JobId(0), set())
    return {
        job_id
        for job_id in asked
        if job_id != own and waits_on(state.jobs[job_id], name, user, own)
    }


def refuse_job_cycle(state: FarmState, name: str, targets: set[JobId], above: set[JobId]) -> None:
    """Refuse a job whose targets wait, in the end, for its dependants or itself.

    Args:
        state: the farm.
        name: of the job, for the sentence.
        targets: jobs it would wait for.
        above: jobs that would wait for it, and the job itself if it exists.

    Raises:
        DependencyCycle: names the jobs of one cycle.
    """
    if not above:
        return
    came_from: dict[JobId, JobId | None] = dict.fromkeys(targets)
    line = list(targets)
    while line:
        at = line.pop()
        if at in above:
            path = [at]
            while (before := came_from[path[-1]]) is not None:
                path.append(before)
            names = [state.jobs[job_id].spec.name for job_id in reversed(path)][:CYCLE_SHOWN]
            raise DependencyCycle(
                f"jobs would wait for each other: {' -> '.join([name, *names, name])}"
            )
        for target in state.jobs[at].waits - came_from.keys():
            came_from[target] = at
            line.append(target)


def register_masks(state: FarmState, job: Job, *, add: bool) -> None:
    """Keep the index of jobs that wait for others."""
    keys: set[str | JobId | None] = {JobId(number) for number in job.spec.depend_jobs}
    for mask in (job.spec.depend_mask, job.spec.depend_mask_global):
        if mask:
            keys.add(literal(mask))
    for key in keys:
        members = state.masked.setdefault(key, set())
        (members.add if add else members.discard)(job.job_id)
        if not members:
            del state.masked[key]


def link_job(state: FarmState, job: Job) -> None:
    """Set whom a job waits for, from its rules and what is finished; one that is done: nobody."""
    for job_id in job.waits:
        state.jobs[job_id].dependants.discard(job.job_id)
    done = bool(job.done)
    job.waits = set() if done else job_targets(state, job.spec, job.user, job.job_id)
    for job_id in job.waits:
        state.jobs[job_id].dependants.add(job.job_id)


def link_jobs(state: FarmState) -> None:
    """Set whom all jobs wait for, as at a restart. A link that would close a circle is left out.

    The youngest gives way: it is an older job that was begun again and closed the circle.
    """
    for job in state.jobs.values():
        link_job(state, job)
    for job_id in sorted(stuck_jobs(state), reverse=True):
        job = state.jobs[job_id]
        for target in sorted(job.waits):
            if closes_circle(state, job, target):
                job.waits.discard(target)
                state.jobs[target].dependants.discard(job_id)


def stuck_jobs(state: FarmState) -> list[JobId]:
    """Jobs that wait in a circle, or for one that does. Cost: O(jobs).

    Dependants that are gone are a fault of their own, which must not hide the others.
    """
    left = {job.job_id: len(job.waits) for job in state.jobs.values()}
    line = [job_id for job_id, count in left.items() if not count]
    while line:
        for job_id in state.jobs[line.pop()].dependants & left.keys():
            left[job_id] -= 1
            if not left[job_id]:
                line.append(job_id)
    return [job_id for job_id, count in left.items() if count]


def closes_circle(state: FarmState, job: Job, target: JobId) -> bool:
    """Whether a job would, in the end, wait for itself if it waited for another one."""
    try:
        refuse_job_cycle(state, job.spec.name, {target}, {job.job_id})
    except DependencyCycle:
        return True
    return False


def unlink_job(state: FarmState, job: Job) -> list[Job]:
    """Have nobody wait for a job any more. Returns the jobs that may be free now."""
    freed = [state.jobs[job_id] for job_id in sorted(job.dependants)]
    for other in freed:
        other.waits.discard(job.job_id)
    job.dependants.clear()
    return freed


def relink_dependants(state: FarmState, job: Job) -> list[Job]:
    """Have the jobs whose rules say so wait for a job that is not done (any more).

    A link that would close a circle is left out. Returns the jobs that wait now.
    """
    held = []
    for job_id in sorted(job_dependants(state, job.spec.name, job.user, job.job_id)):
        other = state.jobs[job_id]
        if other.done or closes_circle(state, other, job.job_id):
            continue
        other.waits.add(job.job_id)
        job.dependants.add(job_id)
        held.append(other)
    return held


def check_job_targets(state: FarmState, spec: JobSpec, known: Collection[int] = ()) -> None:
    """Refuse a dependency on a job that is not there, unless it was `known` before.

    Raises:
        InvalidField: names the id.
    """
    for place, number in enumerate(spec.depend_jobs):
        if JobId(number) not in state.jobs and number not in known:
            raise InvalidField(f"no job {number} to wait for", f"depend_jobs[{place}]")
