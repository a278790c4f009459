"""`xargs -P8`: what everybody has."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

from bench.peers.talk import COMMAND, SLOTS, serve, since


class Xargs:
    """One xargs for each batch."""

    def batch(self, tasks: int) -> float:
        """One line of input for each task."""
        lines = "\n".join(str(number) for number in range(tasks))
        began = time.monotonic()
        command = ["xargs", f"-P{SLOTS}", "-n1", *COMMAND]
        subprocess.run(command, input=lines, text=True, check=True)
        return since(began)

    def once(self, command: Sequence[str]) -> float:
        """One task alone."""
        began = time.monotonic()
        program, *rest = command
        subprocess.run(["xargs", program], input="\n".join(rest), text=True, check=True)
        return began


if __name__ == "__main__":
    serve(Xargs())
