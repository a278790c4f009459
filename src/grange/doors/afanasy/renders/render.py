"""One render node: what it holds, and what it is to be told when it asks next."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from grange.doors.afanasy.shapes.task import TaskExec, TaskPos
from grange.doors.afanasy.shapes.traffic import AS_USUAL, KEEP, RenderEvents
from grange.model.ids import RunId, WorkerId

USUAL: Final = (1, 5, 16)  # times of a node of which nobody says otherwise, as of `Times`
INSTRUCTIONS_MAX: Final = 100  # that wait for one node; the oldest are dropped


class Times(NamedTuple):
    """How often a render node is to do what, as its protocol has it."""

    heartbeat_sec: int = AS_USUAL  #: seconds between two updates
    resources_update_period: int = AS_USUAL  #: updates between two figures of its machine
    zombie_time: int = AS_USUAL  #: seconds
    exit_no_task_time: int = AS_USUAL  #: seconds; as usual it stays


@dataclass(slots=True)
class Held:
    """A run that a node has, or is to get.

    Attributes:
        pos: what the node calls it.
        heard: when it was told of last, or handed over; monotonic. None: it waits for that.
        moved: when its progress changed last; monotonic.
        frames: so many are finished.
        log: the last line that it had for the task's story.
        base: bytes of its log before its output begins.
    """

    pos: TaskPos
    heard: float | None = None
    moved: float = 0.0
    frames: int = 0
    warned: bool = False
    report: str = ""
    resources: str = ""
    log: str = ""
    base: int = 0


@dataclass(slots=True)
class _Start:
    run_id: RunId
    exec: TaskExec
    due: float  # monotonic


@dataclass(slots=True)
class Render:
    """One render node.

    Attributes:
        name: of the worker that it is.
        boot_id: of this life of it.
        address: where it came from.
        heard: when it asked last; monotonic.
        times: that it was told. None: it has only just come.
        measured: its free memory and disk, as the farm knows them.
        held: the runs that it has or is to get.
        rival: another life that wants its name, and when that came first; monotonic.
    """

    worker_id: WorkerId
    name: str
    boot_id: str
    address: str
    heard: float
    times: Times | None = None
    measured: tuple[int, int] = (-1, -1)
    held: dict[RunId, Held] = field(default_factory=dict)
    rival: tuple[str, float] = ("", 0.0)
    _starts: list[_Start] = field(default_factory=list)
    _stops: dict[TaskPos, None] = field(default_factory=dict)
    _closes: dict[TaskPos, None] = field(default_factory=dict)
    _outputs: dict[TaskPos, None] = field(default_factory=dict)
    _instructions: deque[tuple[str, str]] = field(
        default_factory=lambda: deque(maxlen=INSTRUCTIONS_MAX)
    )
    _log: str = ""

    def outlives(self, boot_id: str, now: float) -> bool:
        """Whether it was heard since another life has come that wants its name."""
        wanted, since = self.rival
        if wanted != boot_id:
            self.rival = boot_id, now
            return False
        return self.heard > since

    def start(self, run_id: RunId, order: TaskExec, due: float) -> None:
        """Have a run started, not before a time."""
        self.held[run_id] = Held(pos=position(order))
        self._starts.append(_Start(run_id, order, due))

    def keep(self, run_id: RunId, pos: TaskPos, now: float) -> Held:
        """It has a run that is still its own: its whole output is asked for."""
        held = self.held[run_id] = Held(pos=pos, heard=now, moved=now)
        self._outputs[pos] = None
        return held

    def stop(self, run_id: RunId) -> None:
        """Have a run stopped; one that was not handed over is kept back."""
        held = self.held.pop(run_id, None)
        if held is None:
            return
        if held.heard is None:
            self._starts = [item for item in self._starts if item.run_id != run_id]
        else:
            self._stops[held.pos] = None

    def halt(self, pos: TaskPos) -> None:
        """Have stopped what is no run of this node any more."""
        self._stops[pos] = None

    def close(self, pos: TaskPos) -> None:
        """Tell that an end is booked: the node forgets the task."""
        self._closes[pos] = None

    def instruct(self, instruction: str, command: str = "") -> None:
        """Have something done with the machine."""
        self._instructions.append((instruction, command))

    def say(self, text: str) -> None:
        """Have a line printed by the node."""
        self._log = f"{self._log}\n{text}".strip()

    def events(self, now: float, times: Times) -> RenderEvents | None:
        """Hand over what waits. None: nothing does.

        Args:
            now: monotonic seconds.
            times: that hold for it now.
        """
        ready = [item for item in self._starts if item.due <= now]
        idle = not (ready or self._stops or self._closes or self._outputs)
        if idle and not self._instructions and not self._log and times == self.times:
            return None
        self._starts = [item for item in self._starts if item.due > now]
        for item in ready:
            held = self.held[item.run_id]
            held.heard = held.moved = now
        instruction, command = self._instructions.popleft() if self._instructions else ("", "")
        said = times if self.times is None else _changed(self.times, times)
        found = RenderEvents(
            id=self.worker_id,
            heartbeat_sec=said.heartbeat_sec,
            resources_update_period=said.resources_update_period,
            zombie_time=said.zombie_time,
            exit_no_task_time=said.exit_no_task_time,
            tasks=tuple(item.exec for item in ready),
            stops=tuple(self._stops),
            closes=tuple(self._closes),
            outputs=tuple(self._outputs),
            instruction=instruction,
            command=command,
            log=self._log,
        )
        self.times, self._log = times, ""
        for waiting in (self._stops, self._closes, self._outputs):
            waiting.clear()
        return found


def _changed(old: Times, new: Times) -> Times:
    """Those that are to be told; a node does again what it is told again."""
    return Times(*(KEEP if now == then else now for now, then in zip(new, old, strict=True)))


def position(order: TaskExec) -> TaskPos:
    """What a node calls a task that it is given."""
    return TaskPos(
        job=order.job_id, block=order.block_num, task=order.task_num, number=order.number
    )
