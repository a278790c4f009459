"""What the daemon is to do: the effects that `WorkerCore` returns."""

from __future__ import annotations

import msgspec

from grange.model.ids import RunId
from grange.model.patterns import Command
from grange.model.run import RunResult, RunSpec
from grange.wire.worker import ToServer


class Send(msgspec.Struct, frozen=True):
    """Give a message to the link."""

    message: ToServer


class SendLog(msgspec.Struct, frozen=True):
    """Give a piece of a run's log to the link; answered by `Flushed` when it has left."""

    run_id: RunId
    offset: int
    size: int


class Load(msgspec.Struct, frozen=True):
    """Let the service make the command; answered by `Prepared` or `Unprepared`."""

    run: RunSpec


class Spawn(msgspec.Struct, frozen=True):
    """Start the process; answered by `Started` or `NotStarted`, then by `Exited`."""

    run: RunSpec
    command: Command
    working_directory: str
    environment: dict[str, str]


class Kill(msgspec.Struct, frozen=True):
    """End all processes of a run: ask them or, if hard, force them."""

    run_id: RunId
    hard: bool


class Judge(msgspec.Struct, frozen=True):
    """Read what is left of the output, check the result; answered by `Judged`."""

    run_id: RunId
    exit_code: int | None
    signal: int | None
    stopped: bool  #: because we ended it


class Keep(msgspec.Struct, frozen=True):
    """Make a result and its log durable: the server is slow to take it."""

    run_id: RunId
    result: RunResult


class Forget(msgspec.Struct, frozen=True):
    """Remove all that there is of a run."""

    run_id: RunId
    kept: bool  #: its result was made durable


class Hold(msgspec.Struct, frozen=True):
    """Tell the warden how long the lease runs, should we be stopped."""

    until: float


class Measure(msgspec.Struct, frozen=True):
    """Find out what the runs use; answered by `Measured`."""


class Sample(msgspec.Struct, frozen=True):
    """Find out what the machine uses; answered by `Sampled`."""


class Reconnect(msgspec.Struct, frozen=True):
    """Drop the connection, it is dead; a new one is to be made."""

    reason: str


class Act(msgspec.Struct, frozen=True):
    """Do something with the machine while the worker goes on: sleep."""

    what: str


class Launch(msgspec.Struct, frozen=True):
    """Start a command beside the tasks; answered by `Launched`."""

    command: Command
    leave: bool  #: afterwards, if it could be started


class Examine(msgspec.Struct, frozen=True):
    """Find out what is wrong with the machine; answered by `Examined`."""


class Quit(msgspec.Struct, frozen=True):
    """Nothing is left to do: end the daemon."""

    then: str  #: "", restart, reboot or shutdown


class Note(msgspec.Struct, frozen=True):
    """Write a line to the worker's own log."""

    text: str


Effect = (
    Send
    | SendLog
    | Load
    | Spawn
    | Kill
    | Judge
    | Keep
    | Forget
    | Hold
    | Measure
    | Sample
    | Reconnect
    | Act
    | Launch
    | Examine
    | Quit
    | Note
)
