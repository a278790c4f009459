"""The worker link: one WebSocket that the worker dials, msgpack frames both ways.

A worker first sends `Hello`; the server answers `Welcome` or `Refused`. A server must
understand the version before its own. Reports (`Ended`, `Log`) are kept by the worker
until they are acknowledged and may come twice.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from grange.model.ids import RunId, WorkerId
from grange.model.patterns import Command
from grange.model.run import Progress, Resources, RunResult, RunSpec, Traits
from grange.model.spec import Name

VERSION: Final = 4
PACKED_SINCE: Final = 2  # the version from which on a frame may hold several messages
PICTURES_SINCE: Final = 3  # the version from which on a server takes `Picture`
TIMES_SINCE: Final = 4  # the version from which on a worker takes new times in `BeatAck`
VERSION_MIN: Final = 1  # the oldest that is understood
PATH: Final = "/api/v1/worker"
MESSAGE_MAX: Final = 16 * 1024 * 1024  # bytes of one message
LOG_CHUNK_MAX: Final = 64 * 1024  # bytes of log text in one message
OFFSET_MAX: Final = 2**53  # bytes into a log; what a browser can still count
PICTURE_MAX: Final = 100_000  # bytes of a thumbnail; a server drops a larger one


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """First message of a connection. Who I am, and what I still have."""

    version: int
    name: Name
    boot_id: str  #: changes when the daemon starts anew: runs of an older one are dead
    traits: Traits
    home: str = ""  #: of the state folder, which serves one daemon at a time; "" not known
    runs: tuple[RunId, ...] = ()  #: whose processes live
    ended: tuple[RunId, ...] = ()  #: whose results wait in the outbox
    last_run: RunId = RunId(0)  #: the highest that is remembered: new ones are to be higher
    #: "", "free", "owner" or "nobody"; asked for at start
    nimby: Annotated[str, Meta(pattern="^(free|owner|nobody)?$")] = ""
    user: str = ""  #: who owns the machine
    launched: float = 0.0  #: when the daemon was started: epoch seconds, by its own clock


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag="beat"):
    """I live. Sent every `heartbeat_s`; renews the lease when answered."""

    number: int  #: grows; comes back in `BeatAck`
    progress: tuple[Progress, ...] = ()  #: of the runs whose progress changed
    resources: Resources | None = None  #: every `resources_s`


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """A run is over and none of its processes is left. Repeated until acknowledged."""

    run_id: RunId
    result: RunResult
    whole: bool = True  #: its log was sent before; false: what is missing of it never comes


class FramesDone(msgspec.Struct, frozen=True, kw_only=True, tag="frames"):
    """So many frames of a run are finished; only where its `report_frames` is set."""

    run_id: RunId
    count: int


class Log(msgspec.Struct, frozen=True, kw_only=True, tag="log"):
    """A piece of a run's log, at an offset in bytes. A resend is harmless."""

    run_id: RunId
    offset: Annotated[int, Meta(ge=0, le=OFFSET_MAX)]
    data: bytes


class Picture(msgspec.Struct, frozen=True, kw_only=True, tag="picture"):
    """A thumbnail of what a run has made, while it runs or shortly after. May be lost.

    Only to a server whose `Welcome` has a version of `PICTURES_SINCE` or more.
    """

    run_id: RunId
    name: str  #: of the file that it shows, for people
    data: bytes  #: a JPEG, at most `PICTURE_MAX`


class Examined(msgspec.Struct, frozen=True, kw_only=True, tag="examined"):
    """The machine was examined, as `Instruct` said."""

    faults: tuple[str, ...] = ()  #: what is wrong, a sentence each; none: it is well


class Bye(msgspec.Struct, frozen=True, kw_only=True, tag="bye"):
    """I stop in good order: I have no process and no report left."""


ToServer = Hello | Beat | Ended | FramesDone | Log | Picture | Examined | Bye


class Welcome(msgspec.Struct, frozen=True, kw_only=True, tag="welcome"):
    """You are known. Keep or drop your runs as `StopRun`s that follow say."""

    version: int
    worker_id: WorkerId
    lease_s: float  #: kill your runs when no beat was answered for so long
    heartbeat_s: float
    resources_s: float
    log_offsets: dict[int, int] = {}  #: run id -> bytes of its log that the server has


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """You may not join; `code` is stable, `message` is for people."""

    code: str  #: name-taken, pending, revoked, version
    message: str
    retry_s: float = 0.0  #: try again after; 0 never


class BeatAck(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="beat-ack"):
    """Your beat arrived: the lease runs from the time you sent it.

    Other times than those of `Welcome` come only to a worker whose version is `TIMES_SINCE`
    or more; an older one keeps all of them, its lease too, until it joins again.
    """

    number: int
    lease_s: float
    heartbeat_s: float = 0.0  #: from now on; 0 as before
    resources_s: float = 0.0  #: the same


class Start(msgspec.Struct, frozen=True, kw_only=True, tag="start"):
    """Execute one task."""

    run: RunSpec


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """Kill a run; its result is not awaited."""

    run_id: RunId
    reason: str


class EndedAck(msgspec.Struct, frozen=True, kw_only=True, tag="ended-ack"):
    """These results are on disk, or were not wanted: forget them."""

    run_ids: tuple[RunId, ...]


class LogAck(msgspec.Struct, frozen=True, kw_only=True, tag="log-ack"):
    """The server has the first `offset` bytes of this log."""

    run_id: RunId
    offset: int
    again: bool = False  #: a later piece was not kept: send on from there after a while


class Instruct(msgspec.Struct, frozen=True, kw_only=True, tag="instruct"):
    """Do something with the machine itself."""

    what: str  #: exit, restart, reboot, shutdown, sleep, self-test


class Launch(msgspec.Struct, frozen=True, kw_only=True, tag="launch"):
    """Start a command beside the tasks; only where the worker's traits say that it may be."""

    command: Command
    exit: bool = False  #: and leave, as `Instruct` has it


ToWorker = Welcome | Refused | BeatAck | Start | Stop | EndedAck | LogAck | Instruct | Launch
