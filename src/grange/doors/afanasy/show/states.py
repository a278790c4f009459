"""Our states as Afanasy's bits, and the words that it prints for them (specification 4.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from grange.core.gates import block_gate
from grange.core.objects import Block, Job, Pool, Worker
from grange.core.tasks import TaskTable
from grange.model.nodes import own_values
from grange.model.states import (
    FAILED,
    READY,
    RUNNING,
    SKIPPED,
    SUSPENDED,
    Nimby,
    Presence,
    Rest,
    TaskFlag,
    TaskState,
)

#: Of jobs, blocks and tasks, whose words are printed in the order of `_PRINTED`.
RDY, RUN, WDP, WTM, DON, ERR = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5
SKP, OFF, WRN, PER, PBR, PSC = 1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13
FAILED_POST, BAD_FILES, PPA, RER, WRC = 1 << 14, 1 << 15, 1 << 16, 1 << 17, 1 << 18
TRY, SUS, FATAL = 1 << 19, 1 << 20, 1 << 21
_PRINTED: Final = (
    *(RDY, RUN, DON, ERR, SKP, OFF, WRN, PER, PBR, PSC),
    *(WDP, WTM, PPA, RER, WRC, TRY, SUS),
)
_NAMES: Final = "RDY RUN DON ERR SKP OFF WRN PER PBR PSC WDP WTM PPA RER WRC TRY SUS"
_WORDS: Final = dict(zip(_PRINTED, _NAMES.split(), strict=True))

#: Of renders.
ONLINE, NIMBY_OWNER, NIMBY_NOBODY, BUSY, DIRTY = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
FALLING, ASLEEP, WAKING, PAUSED, SICK = 1 << 5, 1 << 6, 1 << 7, 1 << 8, 1 << 9
_RENDER_NAMES: Final = "ONL NbY NBY RUN DRT WFL WSL WWK PAU SIC"
_RENDER_WORDS: Final = {1 << at: word for at, word in enumerate(_RENDER_NAMES.split())}
_RESTS: Final = {Rest.AWAKE: 0, Rest.FALLING: FALLING, Rest.ASLEEP: ASLEEP, Rest.WAKING: WAKING}
_NIMBY: Final = {Nimby.FREE: 0, Nimby.OWNER: NIMBY_OWNER, Nimby.NOBODY: NIMBY_NOBODY}

#: Of pools.
POOL_BUSY, POOL_PAUSED = 1 << 0, 1 << 8

_BASE: Final = {
    TaskState.WAITING: WDP,
    TaskState.READY: RDY,
    TaskState.RUNNING: RUN,
    TaskState.DONE: DON,
    TaskState.FAILED: ERR,
    TaskState.SKIPPED: DON | SKP,
    TaskState.SUSPENDED: SUS,
}
_OF_FLAG: Final = {
    TaskFlag.WARNING: WRN,
    TaskFlag.PARSER_ERROR: PER,
    TaskFlag.BAD_RESULT: PBR,
    TaskFlag.BAD_FILES: BAD_FILES,
    TaskFlag.FAILED_POST: FAILED_POST,
    TaskFlag.PARSER_SUCCESS: PSC,
    TaskFlag.FATAL: FATAL,
}
_ENDED: Final = frozenset({TaskState.DONE, TaskState.SKIPPED, TaskState.FAILED})


@lru_cache(4_096)
def words(bits: int) -> str:
    """The words of a job's, block's or task's bits, each after a space."""
    return "".join(f" {word}" for bit, word in _WORDS.items() if bits & bit)


@lru_cache(1_024)
def render_words(bits: int) -> str:
    """The words of a render's bits; one that is not online is OFF."""
    off = "" if bits & ONLINE else " OFF"
    return off + "".join(f" {word}" for bit, word in _RENDER_WORDS.items() if bits & bit)


def pool_words(bits: int) -> str:
    """The words of a pool's bits."""
    return (" RUN" if bits & POOL_BUSY else "") + (" PAU" if bits & POOL_PAUSED else "")


@lru_cache(4_096)
def ended_bits(state: TaskState, flags: int) -> int:
    """The bits of a task that does not run."""
    bits = _BASE[state]
    if state in _ENDED:
        for flag, bit in _OF_FLAG.items():
            bits |= bit if flags & flag else 0
    elif state is TaskState.READY and flags & TaskFlag.RETRY:
        bits |= RER
    return bits


def task_bits(table: TaskTable, task: int, *, warned: bool, lost: bool, wanted: bool) -> int:
    """The bits of a task.

    Args:
        table: its block's.
        task: its number.
        warned: its run has warned so far.
        lost: its worker is out of touch, and may come back with it.
        wanted: it is on its job's list of tasks to try next.
    """
    state = TaskState(table.state[task])
    if state is TaskState.RUNNING:
        return WRC if lost else RUN | (WRN if warned else 0)
    return ended_bits(state, table.flags[task]) | (TRY if wanted else 0)


def block_bits(job: Job, block: Block, *, warned: bool) -> int:
    """The bits of a block (specification 4.3)."""
    counts = block.tasks.counts
    bits = WDP if block.waits else 0
    if counts[READY] and not bits:
        bits |= RDY
    for state, bit in _SHOWN_AT_BLOCK:
        if counts[state]:
            bits |= bit
    if warned or block.tasks.warned:
        bits |= WRN
    if block.tasks.size and block.finished:
        bits |= DON
    if block.picker.preview_only and block_gate(job, block) == "approval":
        bits |= PPA
    return bits


_SHOWN_AT_BLOCK: Final = ((RUNNING, RUN), (FAILED, ERR), (SUSPENDED, SUS), (SKIPPED, SKP))


def job_bits(job: Job, blocks: list[int], now: float) -> int:
    """The bits of a job, from those of its blocks (specification 4.4)."""
    bits = 0
    for block in blocks:
        bits |= block & (RDY | RUN | ERR | SKP | WRN | SUS | PPA)
    if blocks and all(block & DON for block in blocks):
        bits |= DON
    if job.waits:
        bits |= WDP
    if now < job.spec.wait_until:
        bits |= WTM
    if bits & (WDP | WTM):
        bits &= ~RDY
    if bits & RUN:
        bits &= ~PPA
    return bits | (OFF if job.spec.paused else 0)


def render_bits(worker: Worker) -> int:
    """The bits of a worker."""
    bits = _NIMBY[worker.spec.nimby] | _RESTS[worker.rest]
    bits |= ONLINE if worker.presence is Presence.ONLINE else 0
    bits |= BUSY if worker.runs else 0
    bits |= DIRTY if own_values(worker.spec) else 0
    bits |= PAUSED if worker.spec.paused else 0
    return bits | (SICK if worker.sick else 0)


def pool_bits(pool: Pool, *, busy: bool) -> int:
    """The bits of a pool."""
    return (POOL_BUSY if busy else 0) | (POOL_PAUSED if pool.spec.paused else 0)
