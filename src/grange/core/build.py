"""Makes jobs, users, branches and shares in memory: at submission and at a restart."""

from __future__ import annotations

import re

import msgspec

from grange.core import deps
from grange.core.gates import regate_user, reoffer
from grange.core.objects import Block, Branch, Job, User, parent_path
from grange.core.pick import Picker
from grange.core.state import FarmState
from grange.core.supply import set_demand
from grange.core.tasks import CHUNK, TaskTable
from grange.core.tree import Share
from grange.model.ids import JobId
from grange.model.nodes import BranchSpec, UserSpec
from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.model.states import TaskState

_BAD = re.compile(r"[^\w.\- ]")  # characters that a part of a branch's path cannot have


def add_job(state: FarmState, spec: JobSpec, user: str, now: float) -> Job:
    """Make a job from a sound specification, with all its indexes."""
    owner = ensure_user(state, user, now)
    branch = ensure_branch(state, spec.branch, now)
    job = Job(
        job_id=JobId(state.new_id("job")),
        spec=msgspec.structs.replace(spec, blocks=(), branch=branch.path, user=user),
        user=user,
        created=now,
        share=Share(state.new_share(), None, 0, 0),
        position=next_position(state, owner),
    )
    for number, block_spec in enumerate(own_blocks(spec)):
        job.blocks.append(new_block(job.job_id, number, *block_spec, job.spec.preview_approval))
    job.try_next = list(dict.fromkeys(spec.try_first))
    deps.link_blocks(job)
    for block in job.blocks:
        spread_tasks(job, block)
    enter(state, job, now)
    watch_life(state, job)
    state.dirty.jobs.add(job.job_id)
    for block in job.blocks:
        state.touch_block(block)
        if block.tasks.counts[TaskState.READY] != block.tasks.size:
            block.tasks.dirty.update(range(-(-block.tasks.size // CHUNK)))
            state.touch_tasks(block)
    return job


def life_time(job: Job, owner: User) -> float:
    """Seconds from a job's creation to its deletion; 0 or less: for ever."""
    return job.spec.life_time_s if job.spec.life_time_s >= 0 else owner.spec.jobs_life_time_s


def next_position(state: FarmState, owner: User) -> int:
    """The place at the end of a user's list."""
    last = next(reversed(owner.jobs), None)
    return 0 if last is None else state.jobs[last].position + 1


def watch_life(state: FarmState, job: Job) -> None:
    """Have a job deleted at the end of its life, if it has one."""
    life = life_time(job, state.users[job.user])
    if life > 0:
        state.set_timer(job.created + life, "life", number=job.job_id)


def own_blocks(spec: JobSpec) -> list[tuple[BlockSpec, int | None]]:
    """A job's blocks, and those made from its pre commands at the end."""
    blocks: list[tuple[BlockSpec, int | None]] = [(block, None) for block in spec.blocks]
    asked = [(-1, spec.command_pre), *((n, b.command_pre) for n, b in enumerate(spec.blocks))]
    for number, command in asked:
        if command:
            like = spec.blocks[max(0, number)]
            name = "pre command" if number < 0 else f"pre command of {like.name}"[:255]
            pre = BlockSpec(
                name=name,
                working_directory=like.working_directory,
                environment=like.environment,
                tasks=(TaskSpec(name="pre", command=command),),
            )
            blocks.append((pre, number))
    return blocks


def new_block(
    job_id: JobId, number: int, spec: BlockSpec, pre_for: int | None, preview: bool
) -> Block:
    """Make a block whose tasks are all READY, or SUSPENDED where that is asked for."""
    space = spec.space()
    initial = TaskState.SUSPENDED if spec.suspend_new_tasks else TaskState.READY
    return Block(
        job_id=job_id,
        number=number,
        spec=msgspec.structs.replace(spec, tasks=()),
        space=space,
        tasks=TaskTable(space.size, initial),
        picker=Picker(space, spec.sequential, preview_only=preview),
        pre_for=pre_for,
        named=list(spec.tasks),
        dirty_names=set(range(-(-len(spec.tasks) // CHUNK))),
    )


def spread_tasks(job: Job, block: Block) -> None:
    """Set the tasks of a new block WAITING that depend on tasks. Cost: O(tasks) if any do."""
    if not block.task_waits or block.spec.suspend_new_tasks:
        return
    free = deps.free_tasks(job, block)
    if free is not None:
        block.tasks.refit(free)
        return
    for task in range(block.tasks.size):
        if not deps.task_free(job, block, task):
            block.tasks.move(task, TaskState.WAITING)


def enter(state: FarmState, job: Job, now: float) -> None:
    """Put a job into every index; its blocks and tasks are complete."""
    owner, branch = state.users[job.user], state.branches[job.spec.branch]
    state.jobs[job.job_id] = job
    state.names.setdefault(job.spec.name, set()).add(job.job_id)
    owner.jobs[job.job_id] = None
    branch.jobs.add(job.job_id)
    deps.register_masks(state, job, add=True)
    deps.link_job(state, job)
    place_job(state, job, now)


def place_job(state: FarmState, job: Job, now: float) -> None:
    """Give a job its place in the tree of shares and make its offers."""
    owner, branch = state.users[job.user], state.branches[job.spec.branch]
    parent = branch.share if branch.spec.solve_jobs else user_share(state, owner, branch, now)
    share = Share(state.new_share(), parent, job.spec.priority, float(job.position))
    job.share = share
    state.shares[share.share_id] = job
    for block in job.blocks:
        set_demand(state, job, block)
    reoffer(state, job, now)
    if job.spec.wait_until > now:
        state.set_timer(job.spec.wait_until, "job", number=job.job_id)


def leave_tree(state: FarmState, job: Job) -> None:
    """Take a job out of the tree of shares; `place_job` puts it back. It has no run."""
    job.share.remove()
    state.shares.pop(job.share.share_id, None)


def user_share(state: FarmState, user: User, branch: Branch, now: float) -> Share:
    """A user's share in a branch."""
    share = user.shares.get(branch.path)
    if share is None:
        share = Share(state.new_share(), branch.share, user.spec.priority, user.created)
        set_solving(share, user.spec)
        user.shares[branch.path] = share
        state.shares[share.share_id] = (user.user, branch.path)
        regate_user(state, user, now)
    return share


def set_solving(share: Share, spec: UserSpec | BranchSpec) -> None:
    """Have a share sort its children as its user or branch says."""
    share.by_need = spec.solve == "priority"
    share.need_capacity = spec.need_by == "capacity"
    share.refresh_children()


def ensure_user(state: FarmState, name: str, now: float) -> User:
    """A user, made if new."""
    user = state.users.get(name)
    if user is None:
        user = User(name, UserSpec(), now)
        state.users[name] = user
        state.dirty.users.add(name)
    return user


def clean_path(text: str) -> str:
    """A branch's or pool's path as it is kept (Afanasy's filter: specification 5.2)."""
    parts = [_BAD.sub("_", part) for part in text.replace("\\", "/").split("/")]
    return "/" + "/".join(part for part in parts if part not in ("", ".", ".."))


def ensure_branch(state: FarmState, text: str, now: float) -> Branch:
    """The branch of a path. Missing levels are made where the level above allows it."""
    at = state.branches["/"]
    for part in clean_path(text).split("/")[1:]:
        path = f"{at.path.rstrip('/')}/{part}"
        below = state.branches.get(path)
        if below is None:
            if not at.spec.create_childs or not part:
                return at
            below = add_branch(state, path, BranchSpec(), now)
        at = below
    return at


def add_branch(state: FarmState, path: str, spec: BranchSpec, created: float) -> Branch:
    """Make a branch below one that exists."""
    above = state.branches[parent_path(path) or "/"]
    share = Share(state.new_share(), above.share, spec.priority, created)
    branch = Branch(path, spec, created, share, above)
    set_solving(share, spec)
    state.branches[path] = branch
    state.shares[share.share_id] = path
    state.dirty.branches.add(path)
    return branch


def reshape(state: FarmState, job: Job, now: float) -> None:
    """Work out anew what a job asks of workers. Cost: O(blocks)."""
    for block in job.blocks:
        job.share.withdraw(block.demand, (block.number,))
        set_demand(state, job, block)
    reoffer(state, job, now)
