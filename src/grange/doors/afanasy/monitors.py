"""Monitors: who watches what, and what each has not been told yet.

A monitor is a GUI that asks every second. It is not told what is new but has it counted: which
things of the classes it watches changed since it last asked (`events.Changes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from grange.core.events import Event
from grange.core.objects import Block, Job
from grange.core.state import FarmState
from grange.doors.afanasy.events import Blocks, Changes, How, Kind, Left, Node, Order, Tasks
from grange.doors.afanasy.numbers import Numbers, shown_job
from grange.model.ids import JobId

ZOMBIE_S: Final = 16.0  # seconds after which a monitor that has not asked is forgotten
MONITORS_MAX: Final = 1_000  # at once; the longest silent one goes first
WATCHED_MAX: Final = 100  # jobs whose tasks one monitor watches, and tasks it listens to
MESSAGES_MAX: Final = 100  # that wait for one monitor; the oldest are dropped
MESSAGE_MAX: Final = 10_000  # characters
TASKS_MAX: Final = 5_000  # tasks told in one answer; the others follow in the next ones
ALL_USERS: Final = 0  # a uid: whose jobs are all to be watched
NOBODY: Final = -1  # a uid: the user is not known yet

#: Of an answer, in the order of their numbers; the fourth is not used.
CLASSES: Final[tuple[Kind, ...]] = ("jobs", "users", "renders", "monitors", "branches", "pools")

Mode = Literal["progress", "properties", "full"]
_MODES: Final[tuple[Mode, ...]] = ("progress", "properties", "full")  # the later says more

Place = tuple[JobId, int, int]  # job, block, task


@dataclass(slots=True)
class Ear:
    """How far a monitor has heard a task's log."""

    run_id: int = 0
    offset: int = 0  # bytes


@dataclass(slots=True)
class Spans:
    """Changed tasks of one block that a monitor is still to be told of."""

    tasks: set[int] = field(default_factory=set)
    start: int = -1  # all from this one on; -1 none

    def take(self, size: int, most: int) -> list[int]:
        """So many of them, in order; they are told then."""
        found: list[int] = []
        if self.start >= 0:
            found = list(range(self.start, min(size, self.start + most)))
            self.start = self.start + most if self.start + most < size else -1
        room = most - len(found)
        chosen = sorted(self.tasks)[:room]
        self.tasks.difference_update(chosen)
        return found + [task for task in chosen if task < size]

    def __bool__(self) -> bool:
        return bool(self.tasks) or self.start >= 0


@dataclass(slots=True, kw_only=True)
class Monitor:
    """A GUI that watches.

    Attributes:
        number: its id.
        uid: number of the user whose jobs it watches.
        only: the user whose jobs alone it may see; "" all.
        seen: when it last asked, epoch seconds; `changed` when it last chose what to watch.
        classes: what it watches.
        jobs: whose tasks it watches, and the sizes of their blocks as it knows them.
        told: number of the last change that it knows of.
        ears: tasks that it listens to, -1 all of a block or job; `heard` how far.
    """

    number: int
    user: str
    host: str
    engine: str
    address: str
    uid: int
    only: str
    registered: float
    seen: float
    changed: float = 0.0
    told: int = 0
    classes: set[Kind] = field(default_factory=set)
    jobs: dict[JobId, dict[int, int]] = field(default_factory=dict)
    ears: set[Place] = field(default_factory=set)
    heard: dict[Place, Ear] = field(default_factory=dict)
    spans: dict[tuple[JobId, int], Spans] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    leave: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.user}@{self.host}"

    @property
    def has_more(self) -> bool:
        """Whether something is left over from the last answer."""
        return bool(self.messages or self.leave or self.spans)


@dataclass(slots=True)
class News:
    """What a monitor did not know yet."""

    nodes: dict[str, list[int]] = field(default_factory=dict)  # "jobs_change": numbers as shown
    tasks: list[tuple[Job, Block, list[int]]] = field(default_factory=list)
    blocks: dict[tuple[JobId, int], Mode] = field(default_factory=dict)  # how to read them anew
    order: list[int] = field(default_factory=list)  # jobs of its user, as they stand now
    message: str = ""
    leave: bool = False


class Monitors:
    """All monitors of the door.

    Args:
        state: the farm's; read only.
        numbers: of users, branches and pools.
        changes: what changed of late.
    """

    def __init__(self, state: FarmState, numbers: Numbers, changes: Changes) -> None:
        self._state = state
        self._numbers = numbers
        self._changes = changes
        self._monitors: dict[int, Monitor] = {}  # the longest silent first
        self._last = 0

    def publish(self, events: Sequence[Event], now: float) -> None:
        """Note what changed, while anybody watches. Cost: O(events)."""
        self._bury(now)
        if self._monitors:
            self._changes.publish(events)

    def register(
        self,
        *,
        user: str,
        host: str,
        engine: str = "",
        address: str = "",
        only: str = "",
        now: float,
    ) -> Monitor:
        """A new monitor; it watches nothing yet."""
        self._bury(now)
        if not self._monitors:
            self._changes.begin()
        while len(self._monitors) >= MONITORS_MAX:
            self.drop(next(iter(self._monitors)))
        self._last += 1
        monitor = Monitor(
            number=self._last,
            user=user,
            host=host,
            engine=engine,
            address=address,
            uid=self._uid(user),
            only=only,
            registered=now,
            seen=now,
            told=self._changes.number,
        )
        self._monitors[monitor.number] = monitor
        self._note("add", monitor)
        return monitor

    def all(self, now: float) -> list[Monitor]:
        """All that live, by number."""
        self._bury(now)
        return [self._monitors[number] for number in sorted(self._monitors)]

    def get(self, number: int, now: float) -> Monitor | None:
        """A monitor that lives."""
        self._bury(now)
        return self._monitors.get(number)

    def drop(self, number: int) -> None:
        """Forget a monitor."""
        monitor = self._monitors.pop(number, None)
        if monitor is not None:
            self._note("del", monitor)

    def touch(self, monitor: Monitor, now: float) -> None:
        """A monitor has asked."""
        monitor.seen = now
        self._monitors[monitor.number] = self._monitors.pop(monitor.number, monitor)

    def say(self, monitor: Monitor, text: str) -> None:
        """Have a message shown there."""
        monitor.messages.append(text[:MESSAGE_MAX])
        del monitor.messages[:-MESSAGES_MAX]

    def changed(self, monitor: Monitor, now: float) -> None:
        """A monitor watches something else now."""
        monitor.changed = now
        self._note("change", monitor)

    def news(self, monitor: Monitor, now: float) -> News | None:
        """What is new for a monitor since it asked last.

        Cost: O(what is new), and the look at the runs' progress that all monitors share.

        Returns:
            None: it is too far behind and has to begin anew.
        """
        self.touch(monitor, now)
        self._changes.look(now)
        found = self._changes.since(monitor.told)
        monitor.told = self._changes.number
        if found is None:
            self.drop(monitor.number)
            return None
        news = News()
        if monitor.uid == NOBODY:
            monitor.uid = self._uid(monitor.user)
        for key in found:
            if isinstance(key, Node):
                self._add_node(news, monitor, key)
            elif isinstance(key, Tasks):
                self._mark(monitor, key)
            elif isinstance(key, Blocks):
                self._add_blocks(news, monitor, key.job_id)
            elif "jobs" in monitor.classes:
                self._add_user(news, monitor, key)
        if monitor.has_more:
            self._take(news, monitor)
        return news

    def _take(self, news: News, monitor: Monitor) -> None:
        """Put in what waits for this monitor alone."""
        news.message, news.leave = "\n".join(monitor.messages), monitor.leave
        monitor.messages.clear()
        monitor.leave = False
        room = TASKS_MAX
        for (job_id, number), spans in list(monitor.spans.items()):
            job = self._state.jobs.get(job_id)
            if job is None or job_id not in monitor.jobs:
                del monitor.spans[job_id, number]
                continue
            if self._has_grown(news, monitor, job, number):
                continue  # the client has to read the block before it is told of its tasks
            block = job.blocks[number]
            chosen = spans.take(block.tasks.size, room)
            news.tasks.append((job, block, chosen))
            _add_mode(news, (job_id, number), "progress")
            if not spans:
                del monitor.spans[job_id, number]
            room -= len(chosen)
            if room <= 0:
                return

    def _has_grown(self, news: News, monitor: Monitor, job: Job, number: int) -> bool:
        """Whether a block has tasks that a monitor does not know; then it is to be read anew."""
        known, size = monitor.jobs[job.job_id], job.blocks[number].tasks.size
        if known.get(number) == size:
            return False
        known[number] = size
        _add_mode(news, (job.job_id, number), "full")
        return True

    def _add_node(self, news: News, monitor: Monitor, key: Node) -> None:
        if key.kind not in monitor.classes:
            return
        if key.kind == "jobs" and key.how != "del":
            job = self._state.jobs.get(JobId(int(key.ident)))
            if job is None or not self._watches(monitor, job):
                return
        news.nodes.setdefault(f"{key.kind}_{key.how}", []).append(self._number(key))

    def _number(self, key: Node) -> int:
        if isinstance(key.ident, int):
            return shown_job(key.ident) if key.kind == "jobs" else key.ident
        names = {"users": self._numbers.users, "branches": self._numbers.branches}
        return names.get(key.kind, self._numbers.pools).number(key.ident)

    def _watches(self, monitor: Monitor, job: Job) -> bool:
        if monitor.only and job.user != monitor.only:
            return False
        return monitor.uid in (ALL_USERS, self._numbers.users.number(job.user))

    def _mark(self, monitor: Monitor, key: Tasks) -> None:
        """Note changed tasks of a job that is watched."""
        if key.job_id not in monitor.jobs:
            return
        spans = monitor.spans.setdefault((key.job_id, key.block), Spans())
        if key.task < 0 or len(spans.tasks) >= TASKS_MAX:
            spans.start = 0
            spans.tasks.clear()
        elif not 0 <= spans.start <= key.task:
            spans.tasks.add(key.task)

    def _add_user(self, news: News, monitor: Monitor, key: Order | Left) -> None:
        uid = self._numbers.users.number(key.user)
        if monitor.uid != uid or monitor.only not in ("", key.user):
            return
        if isinstance(key, Order):
            user = self._state.users.get(key.user)
            news.order = [] if user is None else [shown_job(job_id) for job_id in user.jobs]
        else:
            news.nodes.setdefault("jobs_del", []).append(shown_job(key.job_id))

    def _add_blocks(self, news: News, monitor: Monitor, job_id: JobId) -> None:
        job = self._state.jobs.get(job_id)
        if job is not None and job_id in monitor.jobs:
            for block in job.blocks:
                if not self._has_grown(news, monitor, job, block.number):
                    _add_mode(news, (job_id, block.number), "properties")

    def _uid(self, user: str) -> int:
        return self._numbers.users.number(user) if user in self._state.users else NOBODY

    def _note(self, how: How, monitor: Monitor) -> None:
        self._changes.note(Node("monitors", how, monitor.number))

    def _bury(self, now: float) -> None:
        """Forget monitors that do not ask any more. Cost: O(those)."""
        while self._monitors:
            monitor = next(iter(self._monitors.values()))
            if now - monitor.seen <= ZOMBIE_S:
                return
            self.drop(monitor.number)


def _add_mode(news: News, place: tuple[JobId, int], mode: Mode) -> None:
    known = news.blocks.get(place)
    if known is None or _MODES.index(known) < _MODES.index(mode):
        news.blocks[place] = mode
