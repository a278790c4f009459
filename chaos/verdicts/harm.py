"""P8: what harms one task harms neither the server nor the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from chaos.history import Probe, Recorded
from chaos.verdicts.story import Story, Task
from chaos.verdicts.violation import NS, Rules, Violation


def violations(story: Story, rules: Rules) -> Iterator[Violation]:
    """What breaks P8: a server that should be there does not answer, a bystander is hurt."""
    for probe in story.of(Probe):
        asked = probe.at - int(probe.took_s * NS)
        if any(begin <= probe.at and asked <= end for begin, end in story.away):
            continue
        if probe.error or probe.took_s > rules.answer_s:
            what = probe.error or f"answered after {probe.took_s:.1f} s"
            text = f"the server, asked at {story.when(asked)}: {what}"
            yield Violation(promise="P8", text=text)
    yield from _harmed(story)


def _harmed(story: Story) -> Iterator[Violation]:
    """A start that had not left when the server ended is given out anew, and harms nobody."""
    runs: dict[Task, list[Recorded]] = defaultdict(list)
    begun = {one.run for one in story.executions}
    for run in story.of(Recorded):
        if run.status == "lost" and run.run not in begun:
            continue
        runs[Task(run.job, run.block, run.task)].append(run)
    for task, some in runs.items():
        submitted = story.jobs.get(story.tokens.get(task.job, ""))
        if submitted is None or submitted.expects != "unharmed":
            continue
        if [run.status for run in some] != ["done"]:
            ends = [run.status or "running" for run in some]
            text = f"{task} ({submitted.token}) should be done at once, and its runs are {ends}"
            yield Violation(promise="P8", text=text)
