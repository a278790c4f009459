"""P3 and P4: of one task at most one process works at any time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from chaos.verdicts.story import Execution, Story, Task
from chaos.verdicts.violation import Rules, Violation


def violations(story: Story, _rules: Rules) -> Iterator[Violation]:
    """What breaks P3 (on one worker) or P4 (on two)."""
    by_run: dict[int, list[Execution]] = defaultdict(list)
    by_task: dict[Task, list[Execution]] = defaultdict(list)
    for one in story.executions:
        by_run[one.run].append(one)
        by_task[one.task].append(one)
    for run, some in by_run.items():
        if len(some) > 1 and not _is_reused(story, some):
            pids = [one.pid for one in some]
            yield Violation(promise="P3", text=f"run {run} was executed by processes {pids}")
    for some in by_task.values():
        yield from _overlaps(story, some)


def _is_reused(story: Story, executions: list[Execution]) -> bool:
    """A farm that was put back has given a number again, to a worker that never had it."""
    first, *later = executions
    homes = {one.home for one in executions}
    return len(homes) == len(executions) and all(
        story.void(first.begun, one.begun) for one in later
    )


def _overlaps(story: Story, executions: list[Execution]) -> Iterator[Violation]:
    """Executions of one task, in order of their beginnings.

    A farm that was put back does not know what its workers do since the back-up: it tells
    them to stop it, and may have begun the task anew by then. That is documented.
    """
    for index, later in enumerate(executions):
        before = executions[:index]
        if any(story.void(one.begun, later.begun) for one in before):
            continue
        earlier = [one for one in before if later.begun < one.alive]
        for one in earlier:
            yield Violation(
                promise="P3" if one.home == later.home else "P4",
                text=f"{later} began at {story.when(later.begun)}, while {one}"
                f" lived, at least until {story.when(one.alive)}",
            )
        if later.overlaps and not earlier:
            same = any(one.home == later.home for one in before)
            yield Violation(
                promise="P3" if same else "P4",
                text=f"{later} began at {story.when(later.begun)}, while a process of an"
                " earlier run held the task's lock",
            )
