"""Runs a program's coroutine on the fastest loop that there is."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine

from grange.server.http import CannotListen
from grange.server.state_dir import StateDirUnsafe
from grange.store.store import StoreError


def run(main: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run a coroutine on the fast loop where there is one.

    What people are to read comes out by itself, not in a group of errors.
    """
    try:
        _run_loop(main)
    except BaseExceptionGroup as errors:
        raise told(errors) or errors from None


def _run_loop(main: Callable[[], Coroutine[None, None, None]]) -> None:
    if sys.platform == "win32":
        asyncio.run(main())
        return
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def told(errors: BaseExceptionGroup[BaseException]) -> BaseException | None:
    """The first error in a group that is a sentence for people."""
    error: BaseException | None = errors.subgroup((StoreError, CannotListen, StateDirUnsafe))
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
