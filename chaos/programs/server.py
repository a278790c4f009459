"""A server, or one with its worker, told by standard input how to run and what is wrong with it.

Outside of its faults it is what `grange server` and `grange up` are.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from chaos.programs import leash
from chaos.programs.faults import Faults, build_in

log = logging.getLogger("chaos")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What it is told."""

    settings: dict[str, Any]
    faults: Faults = Faults()
    beside: bool = False  #: with a worker of its own


def main() -> int:
    """Run until told to stop."""
    told = leash.begin(Told)
    build_in(told.faults)
    from chaos.programs.failpoints import arm_server
    from grange import app
    from grange.server.config import BadSetting, load
    from grange.server.http import CannotListen
    from grange.server.state_dir import StateDirUnsafe
    from grange.store.store import StoreError

    arm_server(told.faults)
    run = app.run_up if told.beside else app.run_server
    try:
        run(load(told.settings), lambda where, _login: log.info("serving at %s", where.url))
    except (BadSetting, StoreError, CannotListen, StateDirUnsafe) as why:
        log.error("%s", why)  # noqa: TRY400  # a sentence for people
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
