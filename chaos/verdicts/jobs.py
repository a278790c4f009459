"""P1: a job that was acknowledged is there, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chaos.history import Listed
from chaos.verdicts.story import Story
from chaos.verdicts.violation import Rules, Violation


def violations(story: Story, _rules: Rules) -> Iterator[Violation]:
    """What breaks P1."""
    for token, acks in story.ids.items():
        ids = {ack.job for ack in acks if not story.void(ack.at)}
        if len(ids) > 1:
            yield Violation(promise="P1", text=f"{token} was taken as jobs {sorted(ids)}")
    for listed in story.of(Listed):
        there = {job for job, _, _ in listed.jobs}
        for token, acks in story.ids.items():
            if story.jobs[token].expects == "gone":
                continue
            for ack in acks:
                if ack.job not in there and not story.void(ack.at):
                    text = (
                        f"job {ack.job} ({token}), acknowledged at {story.when(ack.at)}, is lost"
                    )
                    yield Violation(promise="P1", text=text)
        names = Counter(name for _, name, _ in listed.jobs if name in story.jobs)
        for name, count in names.items():
            if count > 1:
                yield Violation(promise="P1", text=f"{name} is there {count} times")
