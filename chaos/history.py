"""What everybody saw while a scenario ran: events, one JSON line each, never changed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

import msgspec

MODE: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Base of all events.

    Attributes:
        at: nanoseconds of CLOCK_MONOTONIC, one clock for all processes of this machine.
    """

    at: int = msgspec.field(default_factory=time.monotonic_ns)


class Began(Event, frozen=True, kw_only=True, tag="began"):
    """A try began."""

    scenario: str
    seed: int


class Submitting(Event, frozen=True, kw_only=True, tag="submitting"):
    """A job is about to be sent, for the first time under its token.

    Attributes:
        token: names the submission; the job has it as its name.
        tasks: of each block.
        expects: "done" all tasks end well; "unharmed" they do at the first try each;
            "any" it may end in any way; "gone" it is deleted meanwhile.
        free: no limit holds its tasks back: where one is ready and a worker idle, it starts.
        log: the logs of its done tasks are what they wrote, to the byte.
    """

    token: str
    tasks: tuple[int, ...]
    expects: str = "done"
    free: bool = True
    log: bool = True


class Acked(Event, frozen=True, kw_only=True, tag="acked"):
    """The server said that it has the job."""

    token: str
    job: int
    again: bool = False


class Refused(Event, frozen=True, kw_only=True, tag="refused"):
    """The server did not take the job, and said so."""

    token: str
    code: str


class Unanswered(Event, frozen=True, kw_only=True, tag="unanswered"):
    """No answer came: the server has the job, or not."""

    token: str
    error: str = ""


class Begun(Event, frozen=True, kw_only=True, tag="begun"):
    """A task's process began; it says so itself.

    Attributes:
        home: id of the worker's state folder.
        overlaps: another process of the same task held the task's lock.
    """

    run: int
    job: int
    block: int
    task: int
    pid: int
    home: str
    overlaps: bool = False


class Ended(Event, frozen=True, kw_only=True, tag="ended"):
    """A task's process has done its work and is about to exit; it says so itself."""

    run: int
    job: int
    block: int
    task: int
    pid: int


class Gone(Event, frozen=True, kw_only=True, tag="gone"):
    """The watcher saw that a task's main process is over.

    Attributes:
        seen: when it was last known to be alive.
    """

    run: int
    pid: int
    seen: int


class Census(Event, frozen=True, kw_only=True, tag="census"):
    """Which processes of runs live: (pid, run, home) each.

    Attributes:
        final: all jobs are over, or were given up.
        others: at the very end: processes of the farm that should have gone.
    """

    left: tuple[tuple[int, int, str], ...] = ()
    final: bool = False
    others: tuple[int, ...] = ()


class Did(Event, frozen=True, kw_only=True, tag="did"):
    """Something was done to the farm.

    Attributes:
        what: killed, paused, continued, stopping, up, mended, ... "up" ends what began by
            killed, stopping or paused.
        to: server, worker:NAME, warden:NAME, network, disk, ...
    """

    what: str
    to: str
    pid: int = 0
    note: str = ""


class Home(Event, frozen=True, kw_only=True, tag="home"):
    """A worker has this state folder."""

    worker: str
    home: str


class Unwatched(Event, frozen=True, kw_only=True, tag="unwatched"):
    """From now on nobody is there who could end a worker's processes."""

    home: str


class Watched(Event, frozen=True, kw_only=True, tag="watched"):
    """From now on somebody is."""

    home: str


class Shown(Event, frozen=True, kw_only=True, tag="shown"):
    """The server showed tasks of a block as done, or no longer as done. Stamped afterwards."""

    job: int
    block: int
    done: tuple[int, ...] = ()
    undone: tuple[int, ...] = ()


class Looked(Event, frozen=True, kw_only=True, tag="looked"):
    """The server said how it stands.

    Attributes:
        ready: tasks of free jobs that could run now.
        idle: workers that are online and have no run.
        left: tasks that are not finished.
    """

    ready: int
    idle: int
    online: int
    left: int


class Probe(Event, frozen=True, kw_only=True, tag="probe"):
    """Somebody asked the server something. Stamped when the answer came or did not."""

    took_s: float
    error: str = ""


class Limit(Event, frozen=True, kw_only=True, tag="limit"):
    """No more than so many runs at once.

    Attributes:
        tokens: of these jobs together; empty of all.
        homes: on these workers together; empty on all.
    """

    name: str
    most: int
    tokens: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()


class Restarting(Event, frozen=True, kw_only=True, tag="restarting"):
    """Somebody asks for done tasks to be run again; empty all tasks of the job."""

    job: int
    block: int = 0
    tasks: tuple[int, ...] = ()


class Restored(Event, frozen=True, kw_only=True, tag="restored"):
    """The farm was put back to what it was at `to`; what was said since is void."""

    to: int


class Listed(Event, frozen=True, kw_only=True, tag="listed"):
    """All jobs in the end: (id, name, state) each."""

    jobs: tuple[tuple[int, str, str], ...]


class States(Event, frozen=True, kw_only=True, tag="states"):
    """The states of a block's tasks in the end, as the numbers of `TaskState`."""

    job: int
    block: int
    states: tuple[int, ...]


class Recorded(Event, frozen=True, kw_only=True, tag="recorded"):
    """A run as the server has it in the end.

    Attributes:
        status: "" it runs.
        log: its text, where it was read.
    """

    run: int
    job: int
    block: int
    task: int
    worker: str
    status: str
    message: str = ""
    log: str | None = None


class Finding(Event, frozen=True, kw_only=True, tag="finding"):
    """A scenario itself saw a promise broken, or a thing that is documented not to hold."""

    promise: str
    text: str


class Note(Event, frozen=True, kw_only=True, tag="note"):
    """What people want to know who read the history."""

    text: str


Entry = (
    Began
    | Submitting
    | Acked
    | Refused
    | Unanswered
    | Begun
    | Ended
    | Gone
    | Census
    | Did
    | Home
    | Unwatched
    | Watched
    | Shown
    | Looked
    | Probe
    | Limit
    | Restarting
    | Restored
    | Listed
    | States
    | Recorded
    | Finding
    | Note
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


class History:
    """A file of events. Threads and processes may write at once.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, MODE, 0o644)

    def write(self, event: Entry) -> None:
        """Append an event, in one write."""
        os.write(self._fd, _encoder.encode(event) + b"\n")

    def close(self) -> None:
        """Let the file go."""
        os.close(self._fd)


class Tail:
    """Reads events of a growing file, each once."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._rest = b""

    def read(self) -> list[Entry]:
        """The events that are new."""
        whole, _, self._rest = (self._rest + self._file.read()).rpartition(b"\n")
        return [_decoder.decode(line) for line in whole.splitlines()]

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


def read(path: Path) -> list[Entry]:
    """All events, in order of their times."""
    tail = Tail(path)
    try:
        return sorted(tail.read(), key=lambda event: event.at)
    finally:
        tail.close()
