"""Runs that go wrong now and then, to try a farm."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from grange.model.patterns import Command
from grange.plugins.service import Service

EMPTY: Final = 0.01  # share of runs whose command is lost
SKIPPED: Final = 0.03  # share of runs that are skipped


class Test(Service):
    """Runs a command; of a hundred runs it spoils one and skips three, by their numbers."""

    @override
    def command(self) -> Command:
        """Give the command, or none."""
        return "" if self._chance() < EMPTY else super().command()

    @override
    def skip(self, files: Sequence[str]) -> str:
        """Skip some."""
        if EMPTY <= self._chance() < EMPTY + SKIPPED:
            return "skipped at random, as service test does"
        return super().skip(files)

    def _chance(self) -> float:
        return random.Random(self.run.run_id).random()  # noqa: S311 (no secret)
