"""Rules for users, branches and pools."""

from __future__ import annotations

from grange.core.accept import edited
from grange.core.build import (
    add_branch,
    clean_path,
    leave_tree,
    place_job,
    reshape,
    set_solving,
    watch_life,
)
from grange.core.commands import (
    DeleteBranch,
    DeletePool,
    DeleteUser,
    EditBranch,
    EditPool,
    EditUser,
)
from grange.core.edits import differences
from grange.core.effects import Outcome
from grange.core.errors import InUse, InvalidField, NoSuchBranch, NoSuchPool, NoSuchUser
from grange.core.events import BranchChanged, PoolChanged, UserChanged
from grange.core.gates import regate_branch, regate_user
from grange.core.health import await_test
from grange.core.masks import check_regex
from grange.core.objects import Branch, Job, Pool, User, parent_path
from grange.core.state import FarmState
from grange.core.supply import regroup_pool
from grange.model.nodes import BranchSpec, PoolSpec, UserSpec, WorkSpec

USER_EDITABLE = frozenset(UserSpec.__struct_fields__)
BRANCH_EDITABLE = frozenset(BranchSpec.__struct_fields__)
POOL_EDITABLE = frozenset(PoolSpec.__struct_fields__)


def _check_work(spec: WorkSpec) -> None:
    if spec.hosts_mask_type == "regex":
        check_regex(spec.hosts_mask, "hosts_mask")
        check_regex(spec.hosts_mask_exclude, "hosts_mask_exclude")


def edit_user(state: FarmState, cmd: EditUser, now: float, out: Outcome) -> None:
    """Change what is set on a user, who is made if new."""
    if not cmd.user:
        raise InvalidField("a user needs a name", "user")
    known = state.users.get(cmd.user)
    before = UserSpec() if known is None else known.spec
    spec = edited(before, cmd.changes, USER_EDITABLE)
    _check_work(spec)
    user = known or User(cmd.user, spec, now)
    state.users[cmd.user] = user
    user.spec = spec
    out.changed = differences(before, spec)
    for share in user.shares.values():
        share.priority = spec.priority
        share.refresh()
        set_solving(share, spec)
    regate_user(state, user, now)
    for job in [state.jobs[job_id] for job_id in user.jobs]:
        reshape(state, job, now)
        if spec.jobs_life_time_s != before.jobs_life_time_s:
            watch_life(state, job)
    state.dirty.users.add(cmd.user)
    out.events.append(UserChanged(cmd.user))


def delete_user(state: FarmState, cmd: DeleteUser, now: float, out: Outcome) -> None:
    """Forget a user that has no job."""
    user = state.users.get(cmd.user)
    if user is None:
        raise NoSuchUser(f"no user {cmd.user!r}")
    if user.jobs:
        raise InUse(f"user {cmd.user!r} has {len(user.jobs)} jobs: delete them first")
    for share in user.shares.values():
        share.remove()
        state.shares.pop(share.share_id, None)
    del state.users[cmd.user]
    state.dirty.users.discard(cmd.user)
    state.dirty.deleted_users.append(cmd.user)
    out.events.append(UserChanged(cmd.user))


def edit_branch(state: FarmState, cmd: EditBranch, now: float, out: Outcome) -> None:
    """Change what is set on a branch, which is made if new and its parent is there."""
    path = clean_path(cmd.path)
    branch = state.branches.get(path)
    before = BranchSpec() if branch is None else branch.spec
    spec = edited(before, cmd.changes, BRANCH_EDITABLE)
    _check_work(spec)
    if branch is None:
        above = parent_path(path)
        if above not in state.branches:
            raise NoSuchBranch(f"no branch {above!r} to put {path!r} below", "path")
        branch = add_branch(state, path, spec, now)
    out.changed = differences(before, spec)
    branch.spec = spec
    branch.share.priority = spec.priority
    branch.share.refresh()
    set_solving(branch.share, spec)
    regate_branch(state, branch, now)
    if spec.solve_jobs is not before.solve_jobs:
        _place_again(state, branch, now)
    for job in _jobs_below(state, path):
        reshape(state, job, now)
    state.dirty.branches.add(path)
    out.events.append(BranchChanged(path))


def _place_again(state: FarmState, branch: Branch, now: float) -> None:
    """Jobs compete under the branch now, or under their users: move their running counts."""
    for job_id in sorted(branch.jobs):
        job = state.jobs[job_id]
        running, capacity = job.share.running, job.share.capacity
        job.share.count(-running, -capacity)
        leave_tree(state, job)
        place_job(state, job, now)
        job.share.count(running, capacity)


def _jobs_below(state: FarmState, path: str) -> list[Job]:
    return [
        state.jobs[job_id]
        for branch in state.branches.values()
        if path == "/" or branch.path == path or branch.path.startswith(path + "/")
        for job_id in sorted(branch.jobs)
    ]


def delete_branch(state: FarmState, cmd: DeleteBranch, now: float, out: Outcome) -> None:
    """Forget a branch without jobs and branches below."""
    path = clean_path(cmd.path)
    branch = state.branches.get(path)
    if branch is None:
        raise NoSuchBranch(f"no branch {path!r}")
    below = [other for other in state.branches if parent_path(other) == path]
    if path == "/" or branch.jobs or below:
        what = (
            "is the root"
            if path == "/"
            else f"has {len(branch.jobs)} jobs and {len(below)} branches"
        )
        raise InUse(f"branch {path!r} {what}: it cannot be deleted")
    for user in state.users.values():
        share = user.shares.pop(path, None)
        if share is not None:
            share.remove()
            state.shares.pop(share.share_id, None)
    branch.share.remove()
    state.shares.pop(branch.share.share_id, None)
    del state.branches[path]
    state.dirty.branches.discard(path)
    state.dirty.deleted_branches.append(path)
    out.events.append(BranchChanged(path))


def edit_pool(state: FarmState, cmd: EditPool, now: float, out: Outcome) -> None:
    """Change what is set on a pool, which is made if new and its parent is there."""
    path = clean_path(cmd.path)
    pool = state.pools.get(path)
    before = PoolSpec() if pool is None else pool.spec
    spec = edited(before, cmd.changes, POOL_EDITABLE)
    check_regex(spec.pattern, "pattern")
    if pool is None:
        above = state.pools.get(parent_path(path) or "/")
        if above is None:
            raise NoSuchPool(f"no pool {parent_path(path)!r} to put {path!r} below", "path")
        pool = Pool(path, spec, now, above)
        state.pools[path] = pool
    out.changed = differences(before, spec)
    pool.spec = spec
    regroup_pool(state, path)
    if spec.sick_test_s != before.sick_test_s:
        for worker in state.workers.values():
            await_test(state, worker, now)
    state.dirty.pools.add(path)
    out.events.append(PoolChanged(path))


def delete_pool(state: FarmState, cmd: DeletePool, now: float, out: Outcome) -> None:
    """Forget a pool without workers and pools below."""
    path = clean_path(cmd.path)
    pool = state.pools.get(path)
    if pool is None:
        raise NoSuchPool(f"no pool {path!r}")
    below = [other for other in state.pools if parent_path(other) == path]
    if path == "/" or pool.workers or below:
        what = (
            "is the root"
            if path == "/"
            else f"has {len(pool.workers)} workers and {len(below)} pools"
        )
        raise InUse(f"pool {path!r} {what}: it cannot be deleted")
    del state.pools[path]
    state.dirty.pools.discard(path)
    state.dirty.deleted_pools.append(path)
    out.events.append(PoolChanged(path))
