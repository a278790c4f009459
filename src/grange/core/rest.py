"""Machines that sleep to save power: how they fall asleep, and what wakes them.

Rules: Afanasy's wake-on-LAN (specification 7.5). A machine that the farm has put to sleep is
woken by a person, or when a task waits that it could take.
"""

from __future__ import annotations

from collections.abc import Iterator

from grange.core.demand import DemandKey
from grange.core.effects import Effect, Launch, Outcome, TellWorker, WakeMachine
from grange.core.errors import InvalidField
from grange.core.events import WorkerChanged
from grange.core.match import could_take
from grange.core.objects import Job, Worker
from grange.core.state import FarmState
from grange.core.supply import freshen, replace
from grange.core.tree import Share
from grange.model.ids import WorkerId
from grange.model.states import READY, REST_MOVES, Rest

FALL_S = 300.0  # a machine that has a connection after so long did not fall asleep
WAKE_S = 300.0  # one that has none after so long did not wake up: it is tried again
LOOK_S = 1.0  # between two looks for whom to wake
ROOM_MAX = 1_000  # tasks that a machine without a limit is thought to take

_LASTS = {Rest.FALLING: FALL_S, Rest.WAKING: WAKE_S}


def put_to_sleep(state: FarmState, worker: Worker, now: float, out: Outcome) -> None:
    """Have a linked worker's machine sleep.

    Raises:
        InvalidField: it has tasks, or nothing could wake it.
    """
    if worker.runs:
        text = f"worker {worker.name} has tasks: eject them first"
        raise InvalidField(text, "worker")
    if not worker.traits.macs:
        text = f"worker {worker.name} has told no hardware address: nothing could wake it"
        raise InvalidField(text, "worker")
    if worker.rest is Rest.AWAKE:
        _move(state, worker, Rest.FALLING, now, out)
    out.effects.append(_to_sleep(state, worker))


def _to_sleep(state: FarmState, worker: Worker) -> Effect:
    """What makes a machine sleep: its pools' command if it may be launched there, else its own."""
    chain = (pool.spec.sleep_command for pool in state.pool_chain(worker.pool))
    command = next((text for text in chain if text.strip()), "")
    if command and worker.traits.launches:
        return Launch(worker.worker_id, command, False)
    return TellWorker(worker.worker_id, "sleep")


def wake(state: FarmState, worker: Worker, now: float, out: Outcome) -> None:
    """Send a machine the packet that wakes it.

    Raises:
        InvalidField: it is awake, or its address is not known.
    """
    if worker.linked:
        what = "awake" if worker.rest is Rest.AWAKE else "falling asleep: wake it in a moment"
        raise InvalidField(f"worker {worker.name} is {what}", "worker")
    if not worker.traits.macs:
        text = f"worker {worker.name} has told no hardware address: nothing can wake it"
        raise InvalidField(text, "worker")
    link_lost(state, worker, now, out)  # while the server was away, where nobody has seen it
    if worker.rest is not Rest.WAKING:
        _move(state, worker, Rest.WAKING, now, out)
    out.effects.append(WakeMachine(worker.worker_id, worker.traits.macs))


def link_lost(state: FarmState, worker: Worker, now: float, out: Outcome) -> None:
    """A machine is off the net: asleep, if it was to sleep."""
    if worker.rest is Rest.FALLING:
        _move(state, worker, Rest.ASLEEP, now, out)


def link_made(state: FarmState, worker: Worker, now: float, out: Outcome) -> None:
    """A machine is back, whoever woke it."""
    if worker.rest is not Rest.AWAKE:
        _move(state, worker, Rest.AWAKE, now, out)


def ring(state: FarmState, worker_id: WorkerId, now: float, out: Outcome) -> None:
    """A machine should have fallen asleep, or woken up, by now."""
    worker = state.workers.get(worker_id)
    lasts = None if worker is None else _LASTS.get(worker.rest)
    if worker is None or lasts is None or now < worker.rested + lasts:
        return
    _move(state, worker, Rest.AWAKE if worker.linked else Rest.ASLEEP, now, out)


def _move(state: FarmState, worker: Worker, to: Rest, now: float, out: Outcome) -> None:
    assert to in REST_MOVES[worker.rest]
    begin(state, worker, to, now)
    replace(state, worker)
    freshen(state, worker)
    state.dirty.workers.add(worker.worker_id)
    out.events.append(WorkerChanged(worker.worker_id))


def begin(state: FarmState, worker: Worker, to: Rest, since: float) -> None:
    """Note since when a machine sleeps or not; also as it was stored."""
    worker.rest, worker.rested = to, since
    if to in (Rest.ASLEEP, Rest.WAKING):
        state.resting.add(worker.worker_id)
    else:
        state.resting.discard(worker.worker_id)
    if to in _LASTS:
        state.set_timer(since + _LASTS[to], "rest", number=worker.worker_id)


def wake_for_work(state: FarmState, now: float, out: Outcome) -> None:
    """Wake machines for tasks that wait. Called where all that can start has started.

    Cost: O(demands offered x groups), at most once a second.
    """
    root = state.branches["/"].share
    if not root.lines or now < state.next_wake:
        return
    state.next_wake = now + LOOK_S
    state.set_timer(state.next_wake, "wake")
    for demand_id in sorted(root.lines):
        need = state.demands[demand_id].key
        could = [
            worker for worker in _resting(state, demand_id) if could_take(state, need, worker)
        ]
        room = sum(_room(need, worker) for worker in could)
        tasks = _waiting(state, root, demand_id, room)
        left = tasks * max(1, need.hosts)
        for worker in sorted(could, key=lambda worker: worker.rest is Rest.ASLEEP):
            if left <= 0:
                break
            left -= min(tasks, _room(need, worker))  # those that wake already come first
            if worker.rest is Rest.ASLEEP:
                wake(state, worker, now, out)


def _room(need: DemandKey, worker: Worker) -> int:
    """Tasks of one kind that a worker takes at once when it has nothing else."""
    most = worker.max_tasks if worker.max_tasks >= 0 else ROOM_MAX
    if worker.capacity >= 0:
        most = min(most, worker.capacity // need.capacity)
    return most


def _resting(state: FarmState, demand_id: int) -> Iterator[Worker]:
    """Machines that sleep and could serve a demand, the preferred first."""
    for _, groups in state.demands[demand_id].ranks:
        for group in groups:
            for worker_id in sorted(state.resting & group.members):
                yield state.workers[worker_id]


def _waiting(state: FarmState, share: Share, demand_id: int, most: int) -> int:
    """Tasks that wait under a demand, counted up to a number."""
    at = state.shares[share.share_id]
    found = 0
    for item in share.lines.get(demand_id, ()):
        if isinstance(at, Job):
            found += at.blocks[int(item[0])].tasks.counts[READY]
        else:
            found += _waiting(state, share.children[int(item[-1])], demand_id, most - found)
        if found >= most:
            break
    return found
