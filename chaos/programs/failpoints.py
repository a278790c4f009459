"""Places in Grange's programs where a process can be made to die, found without their help."""

from __future__ import annotations

import functools
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from typing_extensions import override

from chaos.programs import leash
from chaos.programs.faults import Faults

#: In the server, in the order of one batch of commands.
SERVER: Final = (
    "before-begin",  # nothing of the transaction has reached the database
    "after-begin",
    "statement",  # between two statements
    "before-commit",
    "after-commit",  # durable, and nobody was told
    "before-perform",  # answered, and no worker was told
    "after-perform",  # workers will be told
    "before-log",  # a piece of log is to be written
    "after-log",
)
BEFORE_DURABLE: Final = SERVER[:4]
#: In the worker, in the order of one run.
WORKER: Final = (
    "before-spawn",  # the run was taken, its process is not ordered
    "after-exit",  # the process has ended, the core does not know
    "before-keep",  # the result is to be written to the worker's disk
    "after-keep",
    "before-report",  # the result is to be sent
    "after-report",  # it was handed to the link
    "before-forget",  # the server has it, the worker's disk still has it too
    "after-forget",
)


class Fuse:
    """Kills the process when a place is passed for the n-th time."""

    def __init__(self, faults: Faults) -> None:
        self._place = faults.die_at
        self._left = faults.die_after
        self._slowly_s = faults.die_slowly_s

    def passes(self, place: str) -> None:
        """Be told that the program is at a place."""
        if place == self._place:
            self._left -= 1
            if self._left <= 0:
                time.sleep(self._slowly_s)
                leash.die()

    def around(self, function: Callable[..., Any], before: str, after: str) -> Callable[..., Any]:
        """The same function, with a place before and after it."""

        @functools.wraps(function)
        def wrapped(*arguments: Any, **named: Any) -> Any:
            self.passes(before)
            result = function(*arguments, **named)
            self.passes(after)
            return result

        return wrapped


def arm_server(faults: Faults) -> None:
    """Have the server die at a place."""
    if not faults.die_at:
        return
    assert faults.die_at in SERVER, faults
    from grange import app
    from grange.store.files import Shelf

    fuse = Fuse(faults)
    app.FarmServer._perform = fuse.around(  # type: ignore[method-assign]  # noqa: SLF001
        app.FarmServer._perform,  # noqa: SLF001
        "before-perform",
        "after-perform",
    )
    Shelf.append = fuse.around(Shelf.append, "before-log", "after-log")  # type: ignore[method-assign]
    setattr(sqlite3, "connect", functools.partial(sqlite3.connect, factory=_connections(fuse)))  # noqa: B010


def _connections(fuse: Fuse) -> type[sqlite3.Connection]:
    class Connection(sqlite3.Connection):
        """One that passes the places of a writing transaction."""

        _writes = False

        @override
        def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:  # type: ignore[override]
            if sql == "BEGIN IMMEDIATE":
                self._writes = True
                fuse.passes("before-begin")
            elif sql == "COMMIT":
                fuse.passes("before-commit")
            elif self._writes:
                fuse.passes("statement")
            cursor = super().execute(sql, parameters)
            if sql == "BEGIN IMMEDIATE":
                fuse.passes("after-begin")
            elif sql == "COMMIT":
                self._writes = False
                fuse.passes("after-commit")
            return cursor

    return Connection


def arm_worker(faults: Faults) -> None:
    """Have the worker die at a place."""
    if not faults.die_at:
        return
    assert faults.die_at in WORKER, faults
    from grange.wire.worker import Ended
    from grange.worker import effects
    from grange.worker.daemon import Daemon
    from grange.worker.home import Home
    from grange.worker.inputs import Exited
    from grange.worker.link import Link
    from grange.worker.outbox import Outbox
    from grange.worker.performer import Performer

    fuse = Fuse(faults)
    Outbox.save = fuse.around(Outbox.save, "before-keep", "after-keep")  # type: ignore[method-assign]
    Home.remove = fuse.around(Home.remove, "before-forget", "after-forget")  # type: ignore[method-assign]
    tell, send, spawn = Daemon.tell, Link.send, Performer._spawn  # noqa: SLF001

    def told(self: Daemon, item: Any) -> None:
        if isinstance(item, Exited):
            fuse.passes("after-exit")
        tell(self, item)

    def sent(self: Link, message: Any) -> None:
        if isinstance(message, Ended):
            fuse.passes("before-report")
        send(self, message)
        if isinstance(message, Ended):
            fuse.passes("after-report")

    def spawned(self: Performer, effect: effects.Spawn) -> None:
        fuse.passes("before-spawn")
        spawn(self, effect)

    Daemon.tell = told  # type: ignore[method-assign]
    Link.send = sent  # type: ignore[method-assign]
    Performer._spawn = spawned  # type: ignore[method-assign]  # noqa: SLF001
