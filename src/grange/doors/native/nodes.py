"""Routes of users, branches and pools."""

from __future__ import annotations

from litestar import delete, get, patch, post
from litestar.params import JSONBody

from grange.core import commands as c
from grange.core.build import clean_path
from grange.doors.native.answers import Branches, Jobs, Pools, Users
from grange.doors.native.asks import Changes, JobsMove
from grange.doors.native.parameters import NodePath, Sender, UserName
from grange.doors.native.refusals import CHANGING, READING
from grange.model.ids import JobId
from grange.model.views import BranchView, PoolView, UserView
from grange.server.permissions import Act


@get("/users", operation_id="listUsers", summary="All users", responses=READING)
async def list_users(caller: Sender) -> Users:
    """By name."""
    caller.may(Act.SEE_FARM)
    return Users(users=tuple(caller.views.users()))


@get("/users/{user:str}", operation_id="getUser", summary="A user", responses=READING)
async def get_user(caller: Sender, user: UserName) -> UserView:
    """What is set on a user."""
    caller.may(Act.SEE_FARM)
    return caller.views.user(user)


@patch("/users/{user:str}", operation_id="editUser", summary="Change a user", responses=CHANGING)
async def edit_user(caller: Sender, user: UserName, data: JSONBody[Changes]) -> UserView:
    """Makes the user if new."""
    await caller.do(c.EditUser(user=user, changes=data))
    return caller.views.user(user)


@delete(
    "/users/{user:str}",
    operation_id="deleteUser",
    summary="Forget a user without jobs",
    responses=CHANGING,
)
async def delete_user(caller: Sender, user: UserName) -> None:
    """The user's tokens stay: revoke them too."""
    await caller.do(c.DeleteUser(user=user))


@post(
    "/users/{user:str}/move-jobs",
    operation_id="moveJobs",
    summary="Change the order of a user's jobs",
    status_code=200,
    responses=CHANGING,
)
async def move_jobs(caller: Sender, user: UserName, data: JSONBody[JobsMove]) -> Jobs:
    """Up and down move by one place; the answer has the jobs that were moved."""
    job_ids = tuple(JobId(job) for job in data.job_ids)
    await caller.do(c.MoveJobs(user=user, job_ids=job_ids, where=data.where))
    return Jobs(jobs=tuple(caller.views.job(job) for job in data.job_ids))


@get("/branches", operation_id="listBranches", summary="All branches", responses=READING)
async def list_branches(caller: Sender) -> Branches:
    """By path."""
    caller.may(Act.SEE_FARM)
    return Branches(branches=tuple(caller.views.branches()))


@patch("/branches", operation_id="editBranch", summary="Change a branch", responses=CHANGING)
async def edit_branch(caller: Sender, path: NodePath, data: JSONBody[Changes]) -> BranchView:
    """Makes the branch if new; the one above must be there."""
    await caller.do(c.EditBranch(path=path, changes=data))
    return next(item for item in caller.views.branches() if item.path == clean_path(path))


@delete(
    "/branches",
    operation_id="deleteBranch",
    summary="Forget a branch without jobs",
    responses=CHANGING,
)
async def delete_branch(caller: Sender, path: NodePath) -> None:
    """Those below it go first."""
    await caller.do(c.DeleteBranch(path=path))


@get("/pools", operation_id="listPools", summary="All pools", responses=READING)
async def list_pools(caller: Sender) -> Pools:
    """By path."""
    caller.may(Act.SEE_FARM)
    return Pools(pools=tuple(caller.views.pools()))


@patch("/pools", operation_id="editPool", summary="Change a pool", responses=CHANGING)
async def edit_pool(caller: Sender, path: NodePath, data: JSONBody[Changes]) -> PoolView:
    """Makes the pool if new; the one above must be there."""
    await caller.do(c.EditPool(path=path, changes=data))
    return next(item for item in caller.views.pools() if item.path == clean_path(path))


@delete(
    "/pools",
    operation_id="deletePool",
    summary="Forget a pool without workers",
    responses=CHANGING,
)
async def delete_pool(caller: Sender, path: NodePath) -> None:
    """Those below it go first."""
    await caller.do(c.DeletePool(path=path))


ROUTES = (
    *(list_users, get_user, edit_user, delete_user, move_jobs),
    *(list_branches, edit_branch, delete_branch, list_pools, edit_pool, delete_pool),
)
