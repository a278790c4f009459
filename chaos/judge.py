"""The judge: a history in, broken promises out. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.history import Entry, Finding
from chaos.verdicts import copies, harm, jobs, leftovers, limits, results, starts
from chaos.verdicts.story import Story
from chaos.verdicts.violation import Rules, Violation

PROMISES = ("P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8")
VERDICTS = (jobs, results, copies, starts, limits, leftovers, harm)


def judge(history: Sequence[Entry], rules: Rules | None = None) -> list[Violation]:
    """Say what in a history breaks a promise.

    Args:
        history: events in any order.
        rules: what is generous enough.
    """
    story = Story(sorted(history, key=lambda event: event.at))
    found = [
        Violation(promise=finding.promise, text=finding.text) for finding in story.of(Finding)
    ]
    for verdict in VERDICTS:
        found += verdict.violations(story, rules or Rules())
    return found
