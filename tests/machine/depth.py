"""How far the machines go: a little in `make test`, long with `--hypothesis-profile deep`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

DEEP = "deep"
TIMES = int(os.environ.get("GRANGE_MACHINE_TIMES", "20"))  # as many examples in the deep profile


def register() -> None:
    """Make the profile known to hypothesis."""
    settings.register_profile(DEEP, deadline=None)


def depth(examples: int, steps: int) -> settings:
    """Settings of one machine.

    Args:
        examples: sequences of steps to try, in `make test`.
        steps: of one sequence.
    """
    deep = settings.get_current_profile_name() == DEEP
    return settings(
        max_examples=examples * TIMES if deep else examples,
        stateful_step_count=steps * 2 if deep else steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
