"""What can happen to a worker: the inputs of `WorkerCore`, beside the server's messages."""

from __future__ import annotations

import msgspec

from grange.model.ids import RunId
from grange.model.patterns import Command
from grange.model.run import Meter, Resources
from grange.model.states import RunStatus
from grange.wire.worker import (
    BeatAck,
    EndedAck,
    Instruct,
    Launch,
    LogAck,
    Start,
    Stop,
    Welcome,
)


class Linked(msgspec.Struct, frozen=True):
    """The server has welcomed us."""

    welcome: Welcome
    hello_sent: float  #: when our `Hello` went out: the lease runs from there


class Unlinked(msgspec.Struct, frozen=True):
    """The connection is gone."""


class Flushed(msgspec.Struct, frozen=True):
    """Log text has left the link's queue."""

    size: int  #: bytes


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """The service has made the command of a run."""

    run_id: RunId
    command: Command
    working_directory: str
    environment: dict[str, str]
    skip: str = ""  #: why there is nothing to do; "" there is
    log_bytes: int = 0  #: length of what the service has put in the log


class Unprepared(msgspec.Struct, frozen=True):
    """The service could not be loaded or made no command."""

    run_id: RunId
    message: str


class NotKept(msgspec.Struct, frozen=True):
    """A result could not be made durable."""

    run_id: RunId


class Started(msgspec.Struct, frozen=True):
    """The process of a run lives."""

    run_id: RunId
    pid: int


class NotStarted(msgspec.Struct, frozen=True):
    """The process of a run could not be started."""

    run_id: RunId
    message: str


class Logged(msgspec.Struct, frozen=True):
    """A run's log has grown."""

    run_id: RunId
    log_bytes: int  #: its length now


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """The parser has read a piece of a run's output."""

    run_id: RunId
    percent: int = -1
    frame: int = -1
    frame_percent: int = -1
    activity: str = ""
    warning: bool = False
    moved: bool = False  #: there was progress, for the time limit on standstill
    stop: RunStatus | None = None  #: end the process now, with this status
    message: str = ""


class Exited(msgspec.Struct, frozen=True, kw_only=True):
    """The process of a run is over, and none of its tree is left."""

    run_id: RunId
    exit_code: int | None = None
    signal: int | None = None
    duration_s: float = 0.0
    meter: Meter = Meter()
    out_of_memory: bool = False
    note: str = ""  #: what people should know beside the exit status
    lost: str = ""  #: why the exit status is not known; "" it is


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """The service and the parser have had their last word; the log is whole."""

    run_id: RunId
    status: RunStatus
    message: str = ""
    warning: bool = False
    report: str = ""
    resources: str = ""
    files: tuple[str, ...] = ()
    log_bytes: int = 0


class Used(msgspec.Struct, frozen=True):
    """What a run's processes use now."""

    run_id: RunId
    cpu_s: float  #: since its start
    memory_mb: int
    gpu_memory_mb: int = 0
    read_mb: int = 0
    written_mb: int = 0


class Measured(msgspec.Struct, frozen=True):
    """The answer to the effect `Measure`."""

    used: tuple[Used, ...]


class Sampled(msgspec.Struct, frozen=True):
    """The answer to the effect `Sample`."""

    resources: Resources


class Examined(msgspec.Struct, frozen=True):
    """The answer to the effect `Examine`."""

    faults: tuple[str, ...]  #: a sentence each


class Launched(msgspec.Struct, frozen=True):
    """The answer to the effect `Launch`."""

    fault: str  #: why the command was not started; "" it was
    leave: bool  #: as was asked


class Tick(msgspec.Struct, frozen=True):
    """The time of `next_deadline` has come."""


class Leave(msgspec.Struct, frozen=True):
    """End all runs and go."""

    then: str = ""  #: what the machine does afterwards: restart, reboot, shutdown


FromServer = Start | Stop | EndedAck | LogAck | BeatAck | Instruct | Launch
Input = (
    FromServer
    | Linked
    | Unlinked
    | Flushed
    | Prepared
    | Unprepared
    | Started
    | NotStarted
    | Logged
    | Parsed
    | Exited
    | Judged
    | Measured
    | Sampled
    | Examined
    | Launched
    | NotKept
    | Tick
    | Leave
)
