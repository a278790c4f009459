"""P2: a result that was acknowledged is never lost and never counted twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from chaos.history import Did, Home, Recorded, Shown, States
from chaos.verdicts.story import Story, Task
from chaos.verdicts.violation import NS, Rules, Violation
from grange.model.states import RUN_OK, TaskState

KEPT_S = 8.0  # a result that nobody has acknowledged is on its worker's disk by then, load or not
UNKNOWN = "the worker does not have it"  # what the farm says of such a run
OK = frozenset(status.value for status in RUN_OK)


def violations(story: Story, _rules: Rules) -> Iterator[Violation]:
    """What breaks P2."""
    yield from _forgotten(story)
    yield from _repeated(story)
    yield from _counted(story)
    yield from _recorded(story)
    yield from _lost(story)


def _shown(story: Story) -> dict[Task, int]:
    """When each task was first shown as done, and never put back by a person or a back-up."""
    found: dict[Task, int] = {}
    for event in story.of(Shown):
        for index in event.done:
            task = Task(event.job, event.block, index)
            if not story.void(event.at):
                found.setdefault(task, event.at)
    return found


def _forgotten(story: Story) -> Iterator[Violation]:
    for event in story.of(Shown):
        for index in event.undone:
            task = Task(event.job, event.block, index)
            restored = any(item.at <= event.at for item in story.restored)
            if not restored and not story.restarts(task, 0, event.at):
                text = f"{task} was shown as done and, at {story.when(event.at)}, no longer"
                yield Violation(promise="P2", text=text)


def _repeated(story: Story) -> Iterator[Violation]:
    """Begun though it was done."""
    shown = _shown(story)
    for one in story.executions:
        done = shown.get(one.task)
        if done is None or one.begun <= done:
            continue
        if not story.restarts(one.task, 0, one.begun) and not story.void(done, one.begun):
            yield Violation(
                promise="P2",
                text=f"{one} began at {story.when(one.begun)},"
                f" after the task was shown as done at {story.when(done)}",
            )


def _counted(story: Story) -> Iterator[Violation]:
    """Every done task has one good run; more only where a person asked for it."""
    good: dict[Task, set[int]] = defaultdict(set)
    for run in story.of(Recorded):
        if run.status in OK:
            good[Task(run.job, run.block, run.task)].add(run.run)
    for task, runs in good.items():
        if len(runs) > 1 + story.restarts(task, 0):
            yield Violation(promise="P2", text=f"{task} is counted as done by runs {sorted(runs)}")
    for states in story.of(States):
        for index, state in enumerate(states.states):
            task = Task(states.job, states.block, index)
            if state == TaskState.DONE and not good.get(task):
                yield Violation(promise="P2", text=f"{task} is done, but by no run on record")


def _recorded(story: Story) -> Iterator[Violation]:
    """What is on record agrees with what the processes said."""
    ended = {one.run: one.ended for one in story.executions}
    for run in story.of(Recorded):
        if run.status != "done" or run.run not in ended:
            continue
        name = f"{run.run} of {run.job}/{run.block}/{run.task}"
        about = f"run {name}"
        if not ended[run.run]:
            text = f"{about} is recorded as done, but its process never said so"
            yield Violation(promise="P2", text=text)
        whole = f"begun {name}\nended {name}\n"
        if run.log is not None and run.log != whole:
            text = f"the log of {about} should be {whole!r} and is {run.log[:200]!r}"
            yield Violation(promise="P2", text=text)


def _lost(story: Story) -> Iterator[Violation]:
    """A finished run that its worker no longer knew, though it had time to keep the result."""
    names = {event.home: event.worker for event in story.of(Home)}
    ended = {one.run: one for one in story.executions if one.ended}
    for run in story.of(Recorded):
        one = ended.get(run.run)
        if one is None or run.status != "lost" or run.message != UNKNOWN or story.restored:
            continue
        name, kept = names.get(one.home), one.alive + int(KEPT_S * NS)
        harmed = any(
            one.begun <= event.at <= kept and event.to.partition(":")[2] == name
            for event in story.of(Did)
            if event.what in ("killed", "stopping", "paused")
        )
        if name and not harmed:
            text = f"{one} had ended well, and its result was lost between worker and server"
            yield Violation(promise="P2", text=text)
