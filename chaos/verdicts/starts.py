"""P5: what can run is started as soon as a worker is free, and nothing is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from chaos.history import Looked, States
from chaos.verdicts.story import Story, Task
from chaos.verdicts.violation import NS, Rules, Violation
from grange.model.states import FINISHED, TaskState

OPEN = frozenset({TaskState.READY, TaskState.RUNNING, TaskState.WAITING})


def violations(story: Story, rules: Rules) -> Iterator[Violation]:
    """What breaks P5."""
    yield from _left(story)
    yield from _idle(story, rules)


def _left(story: Story) -> Iterator[Violation]:
    """What is not over in the end."""
    for states in story.of(States):
        submitted = story.jobs.get(story.tokens.get(states.job, ""))
        if submitted is None or submitted.expects == "gone":
            continue
        for index, number in enumerate(states.states):
            state = TaskState(number)
            bad = state in OPEN if submitted.expects == "any" else state not in FINISHED
            if bad:
                task = Task(states.job, states.block, index)
                text = f"{task} ({submitted.token}) is {state.name.lower()} in the end"
                yield Violation(promise="P5", text=text)


def _idle(story: Story, rules: Rules) -> Iterator[Violation]:
    """Looks in a row that saw an idle worker and a ready task."""
    since: Looked | None = None
    last: Looked | None = None
    told = False
    for look in story.of(Looked):
        gap = last is not None and look.at - last.at > rules.gap_s * NS
        last = look
        if gap or not (look.ready and look.idle):
            since, told = None, False
        if look.ready and look.idle:
            since = since or look
            if not told and look.at - since.at > rules.idle_s * NS:
                told = True
                text = (
                    f"from {story.when(since.at)} to {story.when(look.at)} a worker was idle"
                    f" and a task ready (now {look.idle} and {look.ready})"
                )
                yield Violation(promise="P5", text=text)
