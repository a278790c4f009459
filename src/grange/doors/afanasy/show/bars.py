"""The progress bar of a block: 128 letters, whatever the number of its tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from grange.core.tasks import TaskTable
from grange.model.states import TaskFlag, TaskState

LENGTH: Final = 128
#: In order: where tasks share a letter, the later one is shown (specification 4.3).
LETTERS: Final = b" DUSGrTWRNYEC"
(EMPTY, DONE, SUSPENDED, SKIPPED, DONE_WARNED, READY, TRY, WAITING) = range(8)
(RUNNING, RUNNING_WARNED, RETRIED, FAILED, LOST) = range(8, 13)

_WARNED, _RETRIED = 8, 16  # bits that are put beside a state
_MARKS: Final = bytes(
    (_WARNED if flags & TaskFlag.WARNING else 0) | (_RETRIED if flags & TaskFlag.RETRY else 0)
    for flags in range(256)
)
_PLAIN: Final = {
    TaskState.WAITING: WAITING,
    TaskState.READY: READY,
    TaskState.RUNNING: RUNNING,
    TaskState.DONE: DONE,
    TaskState.FAILED: FAILED,
    TaskState.SKIPPED: SKIPPED,
    TaskState.SUSPENDED: SUSPENDED,
}


def _rank(marked: int) -> int:
    state, marks = marked & 7, marked & ~7
    if state == TaskState.DONE and marks & _WARNED:
        return DONE_WARNED
    if state == TaskState.READY and marks & _RETRIED:
        return RETRIED
    return _PLAIN[TaskState(state)] if state in set(TaskState) else EMPTY


_RANKS: Final = bytes(_rank(marked) if marked < 32 else EMPTY for marked in range(256))


def bar(
    table: TaskTable,
    wanted: Iterable[int] = (),
    warned: Iterable[int] = (),
    lost: Iterable[int] = (),
) -> str:
    """The progress bar of a block.

    Cost: O(tasks) but in C, and O(1) where all tasks are alike.

    Args:
        table: the block's tasks.
        wanted: tasks to be tried next.
        warned: running ones that have warned.
        lost: running ones whose worker is out of touch.
    """
    ranks = _ranks(table, wanted, warned, lost)
    if ranks is None:
        return _UNIFORM[table.counts.index(table.size)] if table.size else " " * LENGTH
    shown = _spread(ranks) if table.size <= LENGTH else _gathered(ranks)
    return shown.translate(_LETTER_OF).decode("ascii")


_UNIFORM: Final = [chr(LETTERS[_PLAIN[state]]) * LENGTH for state in TaskState]
_LETTER_OF: Final = bytes(LETTERS[rank] if rank < len(LETTERS) else 32 for rank in range(256))


def _ranks(
    table: TaskTable, wanted: Iterable[int], warned: Iterable[int], lost: Iterable[int]
) -> bytearray | None:
    """The rank of each task; None: all are alike and there is nothing to add."""
    extra = [(task, TRY) for task in wanted if table.state[task] == TaskState.READY]
    extra += [(task, RUNNING_WARNED) for task in warned] + [(task, LOST) for task in lost]
    unmarked = table.flags.count(0) == table.size
    if unmarked and not extra and table.size in table.counts:
        return None
    marked = table.state
    if not unmarked:
        marks = int.from_bytes(table.flags.translate(_MARKS), "little")
        both = int.from_bytes(table.state, "little") | marks
        marked = bytearray(both.to_bytes(table.size, "little"))
    ranks = marked.translate(_RANKS)
    for task, rank in extra:
        ranks[task] = rank
    return ranks


def _spread(ranks: bytearray) -> bytes:
    """One or more letters for each task."""
    size = len(ranks)
    return b"".join(
        bytes((rank,)) * (LENGTH * (task + 1) // size - LENGTH * task // size)
        for task, rank in enumerate(ranks)
    )


def _gathered(ranks: bytearray) -> bytes:
    """One letter for several tasks: that of the highest rank."""
    size = len(ranks)
    edges = [-(-at * size // LENGTH) for at in range(LENGTH + 1)]  # of the tasks of each letter
    shown = bytearray(LENGTH)
    for rank in range(len(LETTERS) - 1, EMPTY, -1):
        if ranks.find(rank) < 0:
            continue
        for at in range(LENGTH):
            if not shown[at] and ranks.find(rank, edges[at], edges[at + 1]) >= 0:
                shown[at] = rank
    return bytes(shown)
