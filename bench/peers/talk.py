"""How a measured program is spoken to: a JSON line in, a JSON line out. Standard library alone."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from typing import IO, Any, Protocol

SLOTS = 8  # tasks at once
COMMAND = ("true",)
REST_S = 0.1  # after which one task has run: only then is its farm asked about it
ANSWERS = "BENCH_ANSWERS"  # names the descriptor that answers go to: libraries print at will


class Farm(Protocol):
    """What runs commands, whoever made it."""

    def batch(self, tasks: int) -> float:
        """Run `true` so many times. Returns the seconds from submission to the last end."""

    def once(self, command: Sequence[str]) -> float:
        """Run one command. Returns when it was submitted, on the monotonic clock."""


def serve(farm: Farm) -> None:
    """Do what standard input says until it ends."""
    out = os.fdopen(int(os.environ[ANSWERS]), "w", encoding="utf-8")
    _say(out, True)
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        if "batch" in asked:
            _say(out, farm.batch(int(asked["batch"])))
        else:
            _say(out, farm.once(asked["once"]))


def _say(out: IO[str], answer: object) -> None:
    out.write(json.dumps(answer) + "\n")
    out.flush()


def since(began: float) -> float:
    """Seconds from a time of the monotonic clock to now."""
    return time.monotonic() - began
