"""A worker, told by standard input how to run and what is wrong with it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec

from chaos.programs import leash
from chaos.programs.faults import Faults, build_in

log = logging.getLogger("chaos")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What it is told.

    Attributes:
        config: of the worker, as `grange.worker.config.to_json` writes it.
        faults: of its process.
        version: of the protocol that it claims to speak; None its own.
    """

    config: dict[str, Any]
    faults: Faults = Faults()
    version: int | None = None


def main() -> int:
    """Run until told to leave."""
    told = leash.begin(Told)
    build_in(told.faults)
    from chaos.programs.failpoints import arm_worker
    from grange.worker import daemon
    from grange.worker.config import from_json
    from grange.worker.errors import WorkerCannotRun

    arm_worker(told.faults)
    if told.version is not None:
        setattr(daemon, "VERSION", told.version)  # noqa: B010  # mypy: it is final, and not daemon's
    try:
        asyncio.run(daemon.run(from_json(msgspec.json.encode(told.config))))
    except WorkerCannotRun as why:
        log.error("%s", why)  # noqa: TRY400  # a sentence for people
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
