"""Rules for workers."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from grange.core import rest
from grange.core.accept import edited
from grange.core.build import clean_path, reshape
from grange.core.commands import (
    DeleteWorker,
    EditWorker,
    EjectWorker,
    InstructWorker,
    Joined,
    JoinWorker,
    LaunchCommand,
    LoseWorker,
    MeasureWorker,
    UnlinkWorker,
)
from grange.core.edits import differences
from grange.core.effects import Launch, Outcome, StopRun, TellWorker
from grange.core.errors import (
    ForeignRuns,
    InUse,
    InvalidField,
    NameTaken,
    NoSuchPool,
)
from grange.core.events import WorkerChanged, WorkerDeleted, WorkerTroubled
from grange.core.masks import regex
from grange.core.objects import Pool, Worker
from grange.core.runs import give_back
from grange.core.state import FarmState
from grange.core.supply import freshen, regroup, reopen_tickets, replace, ungroup
from grange.model.ids import RunId, WorkerId
from grange.model.nodes import WorkerSpec
from grange.model.states import ONLINE, Nimby, Part, Presence, Rest, RunStatus

WORKER_EDITABLE = frozenset(WorkerSpec.__struct_fields__)
AHEAD_MAX = 1_000_000_000  # runs by which a worker may be ahead of the farm


def join(state: FarmState, cmd: JoinWorker, now: float, out: Outcome) -> None:
    """A worker's link is up: keep the runs that both sides know, give back the others.

    A run that only the farm knows is dead: its process was lost with an older life of the
    worker, or its start never arrived. A run that only the worker knows was superseded.
    """
    if not cmd.name:
        raise InvalidField("a worker needs a name", "name")
    if cmd.nimby not in ("", *Nimby):
        raise InvalidField(f"{cmd.nimby!r} is not one of {', '.join(Nimby)}", "nimby")
    known = state.worker_names.get(cmd.name)
    worker = None if known is None else state.workers[known]
    if worker is not None and _is_held(worker, cmd):
        raise NameTaken(f"a worker named {cmd.name!r} is online; give this one another --name")
    _go_beyond(state, cmd)
    if worker is None:
        worker = _new_worker(state, cmd, now)
    begins = worker.boot_id != cmd.boot_id
    worker.boot_id, worker.home = cmd.boot_id, cmd.home
    worker.traits = cmd.traits
    worker.presence = ONLINE
    worker.seen = worker.joined = now
    worker.address, worker.launched = cmd.address, cmd.launched
    rest.link_made(state, worker, now, out)
    nimby = Nimby(cmd.nimby) if cmd.nimby and begins else worker.spec.nimby
    user = worker.spec.user or cmd.user
    if (nimby, user) != (worker.spec.nimby, worker.spec.user):
        was = worker.spec
        worker.spec = msgspec.structs.replace(was, nimby=nimby, user=user)
        _count_owners(state, was, worker.spec, now)
    regroup(state, worker)
    there = {*cmd.runs, *cmd.ended}
    lost = {r for r in worker.runs - there if state.runs[r].part is not Part.KEPT}
    _give_back(state, lost, "the worker does not have it", now, out)
    out.reply = Joined(
        worker_id=worker.worker_id,
        keep=tuple(run_id for run_id in cmd.runs if run_id in worker.runs),
    )
    for run_id in cmd.runs:
        if run_id not in worker.runs:
            out.effects.append(StopRun(worker.worker_id, run_id, "superseded"))
    state.dirty.workers.add(worker.worker_id)
    out.events.append(WorkerChanged(worker.worker_id))


def is_same(worker: Worker, boot_id: str, home: str) -> bool:
    """Whether who comes is this worker itself, or its next life in the same state folder.

    A folder serves one daemon at a time, so the former life is over though its link may look
    alive, as after a loss of power.
    """
    return worker.boot_id == boot_id or (home != "" and worker.home == home)


def _is_held(worker: Worker, cmd: JoinWorker) -> bool:
    """Whether a name is another's: one that is linked, or may come back within its lease."""
    if is_same(worker, cmd.boot_id, cmd.home) or worker.presence is Presence.OFFLINE:
        return False
    return worker.linked or (worker.home != "" and cmd.home != "")


def _go_beyond(state: FarmState, cmd: JoinWorker) -> None:
    """Give out no run number that a worker has met before.

    It meets greater ones than ours when the farm was begun anew at the same address or
    brought back from a back-up. What it then reports of them must not pass for ours.
    """
    highest = max((cmd.last_run, *cmd.runs, *cmd.ended))
    ours = state.last_ids["run"]
    if highest > ours + AHEAD_MAX:
        raise ForeignRuns(
            f"worker {cmd.name!r} remembers run {highest}, this farm's last is {ours}:"
            " give the worker an empty state folder"
        )
    state.last_ids["run"] = max(ours, highest)


def _new_worker(state: FarmState, cmd: JoinWorker, now: float) -> Worker:
    pool = _pool_for(state, cmd.name)
    chain = state.pool_chain(pool.path)
    nimby = Nimby.NOBODY if any(item.spec.new_nimby for item in chain) else Nimby.FREE
    paused = any(item.spec.new_paused for item in chain)
    worker = Worker(
        worker_id=WorkerId(state.new_id("worker")),
        name=cmd.name,
        spec=WorkerSpec(nimby=nimby, paused=paused, user=cmd.user),
        traits=cmd.traits,
        pool=pool.path,
        registered=now,
    )
    state.workers[worker.worker_id] = worker
    state.worker_names[cmd.name] = worker.worker_id
    pool.workers.add(worker.worker_id)
    return worker


def _pool_for(state: FarmState, name: str) -> Pool:
    """The deepest pool whose pattern matches a name; the root if none does."""
    found = [
        pool
        for pool in state.pools.values()
        if pool.spec.pattern and regex(pool.spec.pattern)(name)
    ]
    return max(found, key=lambda pool: (pool.path.count("/"), pool.path), default=state.pools["/"])


def _give_back(
    state: FarmState, run_ids: Collection[RunId], why: str, now: float, out: Outcome
) -> None:
    """Take runs back that are lost through no fault of their own."""
    for run_id in sorted(run_ids):
        run = state.runs.get(run_id)  # one that served another is gone with it
        if run is not None:
            give_back(state, run, RunStatus.LOST, why, now, out)


def unlink(state: FarmState, cmd: UnlinkWorker, now: float, out: Outcome) -> None:
    """A link is down: give no more work, keep the runs until the lease ends."""
    worker = state.worker(cmd.worker_id)
    if worker.presence is not ONLINE:
        return
    worker.presence = Presence.MISSING
    worker.seen = now
    replace(state, worker)
    rest.link_lost(state, worker, now, out)
    state.dirty.workers.add(worker.worker_id)
    out.events.append(WorkerChanged(worker.worker_id))


def lose(state: FarmState, cmd: LoseWorker, now: float, out: Outcome) -> None:
    """Take the runs of a worker back that cannot have them any more."""
    worker = state.worker(cmd.worker_id)
    if worker.presence is Presence.OFFLINE:
        return
    missed = worker.presence is Presence.MISSING and worker.rest is Rest.AWAKE
    worker.presence = Presence.OFFLINE
    worker.seen = now
    replace(state, worker)
    rest.link_lost(state, worker, now, out)
    _give_back(state, set(worker.runs), f"worker {worker.name}: {cmd.reason}", now, out)
    state.dirty.workers.add(worker.worker_id)
    out.events.append(WorkerChanged(worker.worker_id))
    if missed:
        out.events.append(WorkerTroubled(worker.worker_id, "lost", cmd.reason))


def edit(state: FarmState, cmd: EditWorker, now: float, out: Outcome) -> None:
    """Change what is set on a worker."""
    worker = state.worker(cmd.worker_id)
    spec = edited(worker.spec, cmd.changes, WORKER_EDITABLE)
    path = clean_path(spec.pool) if spec.pool else _pool_for(state, worker.name).path
    if path not in state.pools:
        raise NoSuchPool(f"no pool {path!r}", "pool")
    out.changed = differences(worker.spec, spec)
    if not out.changed and path == worker.pool:
        return
    was, worker.spec = worker.spec, spec
    set_pool(state, worker, path)
    _count_owners(state, was, spec, now)
    regroup(state, worker)
    state.dirty.workers.add(worker.worker_id)
    out.events.append(WorkerChanged(worker.worker_id))


def set_pool(state: FarmState, worker: Worker, path: str) -> None:
    """Move a worker, with the tickets that its runs hold."""
    if path == worker.pool:
        return
    held = [state.runs[run_id] for run_id in sorted(worker.runs)]
    for run in held:
        state.count_tickets(worker, run, -1)
    state.pools[worker.pool].workers.discard(worker.worker_id)
    worker.pool = path
    state.pools[path].workers.add(worker.worker_id)
    for run in held:
        state.count_tickets(worker, run, 1)
    reopen_tickets(state, {name for run in held for name, _ in run.tickets})


def _count_owners(state: FarmState, was: WorkerSpec, now_is: WorkerSpec, now: float) -> None:
    """Users whose machines serve them alone have demands of their own."""
    changes = ((was, -1), (now_is, 1))
    owned = [(spec.user, step) for spec, step in changes if spec.nimby is Nimby.OWNER]
    before = {name: name in state.owners for name, _ in owned}
    for name, step in owned:
        state.owners[name] = state.owners.get(name, 0) + step
        if not state.owners[name]:
            del state.owners[name]
    changed = {name for name in before if before[name] is not (name in state.owners)}
    for name in sorted(changed & state.users.keys()):
        for job_id in state.users[name].jobs:
            reshape(state, state.jobs[job_id], now)


def delete(state: FarmState, cmd: DeleteWorker, now: float, out: Outcome) -> None:
    """Forget a worker that is offline."""
    worker = state.worker(cmd.worker_id)
    if worker.presence is not Presence.OFFLINE:
        raise InUse(f"worker {worker.name} is {worker.presence}: stop it first")
    ungroup(state, worker)
    _count_owners(state, worker.spec, WorkerSpec(), now)
    del state.workers[worker.worker_id]
    del state.worker_names[worker.name]
    state.pools[worker.pool].workers.discard(worker.worker_id)
    state.resting.discard(worker.worker_id)
    state.dirty.workers.discard(worker.worker_id)
    state.dirty.deleted_workers.append(worker.worker_id)
    out.events.append(WorkerDeleted(worker.worker_id))


def eject(state: FarmState, cmd: EjectWorker, now: float, out: Outcome) -> None:
    """Stop the runs of a worker. Replies with their number."""
    worker = state.worker(cmd.worker_id)
    ejected = 0
    for run_id in sorted(worker.runs):
        run = state.runs.get(run_id)
        if run is None:  # it served one that was ejected
            continue
        if cmd.keep_own and state.jobs[run.job_id].user == worker.spec.user:
            continue
        if run.part is not Part.KEPT:
            out.effects.append(StopRun(worker.worker_id, run_id, "ejected"))
        give_back(state, run, RunStatus.STOPPED, "ejected", now, out)
        ejected += 1
    out.reply = ejected
    out.events.append(WorkerChanged(worker.worker_id))


def instruct(state: FarmState, cmd: InstructWorker, now: float, out: Outcome) -> None:
    """Have a worker do something with its machine."""
    worker = state.worker(cmd.worker_id)
    if cmd.what == "wake":
        rest.wake(state, worker, now, out)
        return
    _check_linked(worker)
    if cmd.what == "sleep":
        rest.put_to_sleep(state, worker, now, out)
    else:
        out.effects.append(TellWorker(worker.worker_id, cmd.what))


def _check_linked(worker: Worker) -> None:
    if not worker.linked:
        raise InvalidField(
            f"worker {worker.name} is {worker.presence}: it cannot be told", "worker"
        )


def launch(state: FarmState, cmd: LaunchCommand, now: float, out: Outcome) -> None:
    """Have a worker start a command beside its tasks."""
    worker = state.worker(cmd.worker_id)
    _check_linked(worker)
    if worker.traits.launches is None:
        raise InvalidField(
            f"worker {worker.name} is of an older version, which launches nothing: update it",
            "worker",
        )
    if not worker.traits.launches:
        raise InvalidField(
            f"worker {worker.name} launches nothing: its machine's settings do not allow it"
            " (launch_commands)",
            "worker",
        )
    words = (cmd.command,) if isinstance(cmd.command, str) else cmd.command
    if not (words and words[0].strip()):
        raise InvalidField("a command needs a program", "command")
    out.effects.append(Launch(worker.worker_id, cmd.command, cmd.exit))


def measure(state: FarmState, cmd: MeasureWorker, now: float, out: Outcome) -> None:
    """Note how much memory and disk is free. Not durable."""
    worker = state.worker(cmd.worker_id)
    worker.measured_memory_mb = cmd.free_memory_mb
    worker.measured_hdd_gb = cmd.free_hdd_gb
    freshen(state, worker)
