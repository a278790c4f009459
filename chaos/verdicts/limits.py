"""P6: limits are never exceeded."""

from __future__ import annotations

from collections.abc import Iterator

from chaos.history import Limit
from chaos.verdicts.story import Execution, Story
from chaos.verdicts.violation import Rules, Violation


def violations(story: Story, _rules: Rules) -> Iterator[Violation]:
    """What breaks P6: processes count from when they said that they began."""
    for limit in story.of(Limit):
        bound = [one for one in story.executions if _is_bound(story, limit, one)]
        for one in bound:
            beside = [two for two in bound if two.begun <= one.begun < two.alive]
            if len(beside) > limit.most:
                runs = sorted(two.run for two in beside)
                yield Violation(
                    promise="P6",
                    text=f"{limit.name}: at {story.when(one.begun)} runs {runs} were executed"
                    f" at once; the limit is {limit.most}",
                )


def _is_bound(story: Story, limit: Limit, one: Execution) -> bool:
    token = story.tokens.get(one.task.job, "")
    return (
        one.begun >= limit.at
        and (not limit.tokens or token in limit.tokens)
        and (not limit.homes or one.home in limit.homes)
    )
