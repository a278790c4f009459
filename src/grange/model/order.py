"""In which order the tasks of a block are started (Afanasy's `sequential`)."""

from __future__ import annotations

from collections.abc import Iterator

from grange.model.frames import TaskSpace

MIDDLE = 0  # the ends first, then ever finer halves
FORWARD = 1
BACKWARD = -1


def start_order(space: TaskSpace, sequential: int) -> Iterator[int]:
    """Yield each task once, in the order of starting.

    Args:
        space: the block's tasks.
        sequential: 1 forward, -1 backward, 0 ends and middles first, n > 1 first and last
            then every task with a frame that is a multiple of n then the rest, n < -1 the
            same from the end.
    """
    if sequential == FORWARD:
        yield from range(space.size)
    elif sequential == BACKWARD:
        yield from range(space.size - 1, -1, -1)
    elif sequential == MIDDLE:
        yield from _middles(space.size)
    else:
        chosen = dict.fromkeys(preview(space, sequential))
        yield from chosen
        step = 1 if sequential > 0 else -1
        yield from (task for task in range(space.size)[::step] if task not in chosen)


def preview(space: TaskSpace, sequential: int) -> Iterator[int]:
    """The tasks which a job that waits for approval renders first; all if |n| < 2.

    May yield a task twice.
    """
    if abs(sequential) < 2:
        yield from start_order(space, sequential)
        return
    if sequential > 0:
        yield from (0, space.size - 1)
    yield from _multiples(space, sequential)


def in_preview(space: TaskSpace, sequential: int, task: int) -> bool:
    """Whether a task is one of `preview`."""
    if abs(sequential) < 2 or (sequential > 0 and task in (0, space.size - 1)):
        return True
    return _has_multiple(space, abs(sequential), task)


def _multiples(space: TaskSpace, sequential: int) -> Iterator[int]:
    tasks = range(space.size) if sequential > 0 else range(space.size - 1, -1, -1)
    return (task for task in tasks if _has_multiple(space, abs(sequential), task))


def _has_multiple(space: TaskSpace, every: int, task: int) -> bool:
    item = space[task]
    return -(-item.first // every) * every <= item.last


def _middles(size: int) -> Iterator[int]:
    seen = bytearray(size)
    for task in (0, size - 1)[: min(size, 2)]:
        seen[task] = 1
        yield task
    left = size - min(size, 2)
    parts = 2
    while left:
        for odd in range(1, parts, 2):
            task = size * odd // parts
            if not seen[task]:
                seen[task] = 1
                left -= 1
                yield task
        parts *= 2
