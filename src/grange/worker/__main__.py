"""A worker as a process of its own: `python -m grange.worker`.

What it is told comes in by standard input, as JSON: secrets do not stand in the list of
processes. It loads nothing of the server, whose memory many machines would pay for.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys

from grange.model.unreadable import UNREADABLE
from grange.worker import daemon
from grange.worker.config import from_json
from grange.worker.errors import WorkerCannotRun

GARBAGE = (20_000, 20, 100)  # when to look for cycles: seldom, for a worker makes hardly any

log = logging.getLogger("grange")


def main() -> int:
    """Run a worker until SIGTERM or Ctrl-C. Returns the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    try:
        asyncio.run(daemon.run(from_json(sys.stdin.buffer.read())))
    except WorkerCannotRun as why:
        log.error("%s", why)  # noqa: TRY400  # a sentence for people
        return 1
    except UNREADABLE as why:  # who started us has died at it
        log.error("what was said by standard input cannot be read: %s", why)  # noqa: TRY400
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
