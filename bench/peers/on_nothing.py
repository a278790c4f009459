"""The machine's limit: a loop around `posix_spawn`, 8 processes at once; it keeps nothing."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence

from bench.peers.talk import COMMAND, SLOTS, serve, since


class Loop:
    """No farm at all."""

    def batch(self, tasks: int) -> float:
        """Start the next as soon as one ends."""
        program = shutil.which(COMMAND[0]) or COMMAND[0]
        began = time.monotonic()
        for number in range(tasks):
            if number >= SLOTS:
                os.wait()
            os.posix_spawn(program, COMMAND, os.environ)
        for _ in range(min(SLOTS, tasks)):
            os.wait()
        return since(began)

    def once(self, command: Sequence[str]) -> float:
        """Start it, wait for it."""
        began = time.monotonic()
        os.posix_spawnp(command[0], list(command), os.environ)
        os.wait()
        return began


if __name__ == "__main__":
    serve(Loop())
