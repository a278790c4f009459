"""The tree of shares: who stands where, what is counted and offered, what is held back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from grange.core import deps
from grange.core.gates import OPEN, block_gate, branch_gate, job_gate, user_gate
from grange.core.objects import Branch, Job, parent_path
from grange.core.state import FarmState
from grange.core.tree import Share
from grange.model.nodes import BranchSpec, UserSpec
from grange.model.states import Part

LATE = 2.0**53  # seconds: later than any time that a job may wait for


def tree_faults(state: FarmState) -> Iterator[str]:
    """Each share is where its job, user or branch belongs, as its settings say."""
    places: dict[int, Job | tuple[str, str] | str] = {}
    for branch in state.branches.values():
        places[branch.share.share_id] = branch.path
        yield from _branch_faults(state, branch)
    for user in state.users.values():
        for path, share in user.shares.items():
            places[share.share_id] = (user.user, path)
            name, above = f"user {user.user}", state.branches.get(path)
            yield from _place_faults(name, share, None if above is None else above.share)
            yield from _rank_faults(name, share, user.spec.priority, user.created)
            yield from _solving_faults(name, share, user.spec)
    for job in state.jobs.values():
        name, branch = f"job {job.job_id}", state.branches[job.spec.branch]
        places[job.share.share_id] = job
        own = state.users[job.user].shares.get(branch.path)
        yield from _place_faults(name, job.share, branch.share if branch.spec.solve_jobs else own)
        yield from _rank_faults(name, job.share, job.spec.priority, job.position)
    if state.shares != places or max(places) > state.last_share:
        yield "shares are not found by their numbers"


def _branch_faults(state: FarmState, branch: Branch) -> Iterator[str]:
    name, above = f"branch {branch.path}", parent_path(branch.path)
    if above is not None:
        parent = state.branches.get(above)
        yield from _place_faults(name, branch.share, None if parent is None else parent.share)
        yield from _rank_faults(name, branch.share, branch.spec.priority, branch.created)
    yield from _solving_faults(name, branch.share, branch.spec)


def _place_faults(name: str, share: Share, parent: Share | None) -> Iterator[str]:
    if share.parent is not parent or parent is None:
        yield f"{name}: a share is not where it belongs"


def _rank_faults(name: str, share: Share, priority: int, age: float) -> Iterator[str]:
    if (share.priority, share.age) != (priority, age):
        yield f"{name}: a share has another priority or age"


def _solving_faults(name: str, share: Share, spec: UserSpec | BranchSpec) -> Iterator[str]:
    wanted = (spec.solve == "priority", spec.need_by == "capacity")
    if (share.by_need, share.need_capacity) != wanted:
        yield f"{name}: a share sorts its children in another way"


def share_faults(state: FarmState) -> Iterator[str]:
    """What shares count is what runs below them; they offer what their children offer."""
    counts: Counter[int] = Counter()
    capacity: Counter[int] = Counter()
    for run in state.runs.values():
        share: Share | None = state.jobs[run.job_id].share
        while share is not None:
            counts[share.share_id] += run.part is Part.TASK
            capacity[share.share_id] += run.capacity
            share = share.parent
    shares = _all_shares(state)
    children: defaultdict[int, dict[int, Share]] = defaultdict(dict)
    for share in shares:
        if share.parent is not None:
            children[share.parent.share_id][share.share_id] = share
    for share in shares:
        name, number = f"share {share.share_id}", share.share_id
        if (share.running, share.capacity) != (counts[number], capacity[number]):
            yield f"{name}: it counts {share.running}, but {counts[number]} run"
        if share.parent is not None and share.key != share.wanted_key():
            yield f"{name}: its key is off"
        if share.children != children[number]:
            yield f"{name}: has other children than its own"
        yield from _line_faults(state, share)


def _all_shares(state: FarmState) -> list[Share]:
    return [
        *(branch.share for branch in state.branches.values()),
        *(share for user in state.users.values() for share in user.shares.values()),
        *(job.share for job in state.jobs.values()),
    ]


def _line_faults(state: FarmState, share: Share) -> Iterator[str]:
    lines: dict[int, list[tuple[float, ...]]] = {}
    at = state.shares.get(share.share_id)
    if isinstance(at, Job):
        for block in at.blocks:
            if block_gate(at, block) == OPEN:
                lines.setdefault(block.demand, []).append((block.number,))
    else:
        for child in share.children.values():
            for demand in () if child.closed else child.lines:
                lines.setdefault(demand, []).append(child.key)
    for demand in lines.keys() | share.lines.keys():
        if sorted(lines.get(demand, ())) != list(share.lines.get(demand, ())):
            yield f"share {share.share_id}: offer of demand {demand} is off"


def gate_faults(state: FarmState) -> Iterator[str]:
    """What is held back is held back for a reason, and nobody for ever.

    A limit of starts per second and a time to wait for may be over without having been
    looked at: `timer_faults` sees to those.
    """
    for job_id in deps.stuck_jobs(state):
        yield f"job {job_id}: waits in a circle"
    for job in state.jobs.values():
        yield from _held(f"job {job.job_id}", [job.share], job_gate(state, job, LATE))
    for user in state.users.values():
        shares = list(user.shares.values())
        yield from _held(f"user {user.user}", shares, user_gate(user, LATE))
    for branch in state.branches.values():
        if branch.share.parent is None:
            continue
        yield from _held(f"branch {branch.path}", [branch.share], branch_gate(branch, LATE))


def _held(name: str, shares: list[Share], code: str) -> Iterator[str]:
    if code and not all(share.closed for share in shares):
        yield f"{name}: open, though {code}"
