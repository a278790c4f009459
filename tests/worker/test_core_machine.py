"""No sequence breaks the core: a link that loses, doubles and reorders, processes that linger."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from grange.model.ids import RunId
from grange.model.states import RunStatus
from grange.wire.worker import Beat, BeatAck, Ended, EndedAck, Start, Stop, ToServer
from grange.worker.core import WorkerCore
from grange.worker.effects import Effect, Forget, Hold, Judge, Kill, Load, Send, SendLog, Spawn
from grange.worker.inputs import (
    Exited,
    Flushed,
    FromServer,
    Input,
    Judged,
    Linked,
    Logged,
    NotStarted,
    Parsed,
    Started,
    Tick,
    Unlinked,
    Unprepared,
)
from grange.worker.state import Phase
from tests.worker.build import LEASE_S, a_run, a_welcome, ready

ACTIONS = (
    *("work", "work", "work", "work", "work", "start", "start", "stop"),
    *("deliver", "deliver", "deliver", "wait", "wait", "flush", "flush", "link"),
)
HAPPENINGS = ("starts", "starts", "prints", "floods", "parses", "stumbles", "ends", "fails")


class Farm(RuleBasedStateMachine):
    """A worker's core among a careless network and a slow system."""

    def __init__(self) -> None:
        super().__init__()
        self.core = WorkerCore({})
        self.now = 100.0
        self.last = 0  # run
        self.linked = False
        self.lease_until = float("-inf")
        self.beats: dict[int, float] = {}  # of this connection
        self.acked_beat = 0
        self.loading: set[RunId] = set()
        self.alive: dict[RunId, bool] = {}  # run -> was told to die at once
        self.judging: set[RunId] = set()
        self.spawned: set[RunId] = set()
        self.acked: set[RunId] = set()
        self.reported: dict[RunId, RunStatus] = {}
        self.logs: dict[RunId, int] = {}
        self.has: dict[RunId, int] = {}  # what the server has of them
        self.queued = 0  # bytes of log in the link
        self.wires: list[FromServer] = []  # on the way to the worker; may be lost, doubled, late

    def tell(self, item: Input) -> None:
        for effect in self.core.apply(item, self.now):
            self.perform(effect)

    def perform(self, effect: Effect) -> None:
        match effect:
            case Load() | Spawn() | Kill() | Judge():
                self.perform_on_run(effect)
            case Hold(until):
                assert until == self.lease_until
            case SendLog(run_id, offset, size):
                assert offset == self.has.get(run_id, 0), "a hole in the log"
                self.has[run_id] = offset + size
                assert self.has[run_id] <= self.logs[run_id]
                self.queued += size
            case Forget(run_id):
                self.acked.remove(run_id)
                for told in (self.reported, self.has, self.logs):
                    told.pop(run_id, None)
            case Send(message):
                self.hear(message)
            case _:
                pass

    def perform_on_run(self, effect: Load | Spawn | Kill | Judge) -> None:
        match effect:
            case Load(run):
                self.loading.add(run.run_id)
            case Spawn(run):
                assert run.run_id not in self.spawned, "a run is spawned at most once"
                self.spawned.add(run.run_id)
                self.alive[run.run_id] = False
            case Kill(run_id, hard):
                if run_id in self.alive:
                    self.alive[run_id] |= hard
            case Judge(run_id):
                self.judging.add(run_id)

    def hear(self, message: ToServer) -> None:
        assert self.linked
        if isinstance(message, Beat):
            self.beats[message.number] = self.now
            self.wires.append(BeatAck(number=message.number, lease_s=LEASE_S))
        elif isinstance(message, Ended):
            run_id, result = message.run_id, message.result
            assert self.reported.setdefault(run_id, result.status) is result.status
            assert self.has.get(run_id, 0) == result.log_bytes, "a result before its log"
            self.wires.append(EndedAck(run_ids=(run_id,)))

    @initialize()
    def link(self) -> None:
        self.linked = True
        self.lease_until = self.now + LEASE_S
        self.has = {run_id: size // 2 for run_id, size in self.has.items()}
        self.queued = self.acked_beat = 0
        offsets = {int(run_id): size for run_id, size in self.has.items()}
        self.tell(Linked(a_welcome(offsets=offsets), self.now))

    def unlink(self) -> None:
        self.linked = False
        self.beats.clear()
        self.tell(Unlinked())

    @rule(data=st.data(), actions=st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=8))
    def act(self, data: st.DataObject, actions: list[str]) -> None:
        for action in actions:
            match action:
                case "link":
                    self.unlink() if self.linked else self.link()
                case "start" | "stop":
                    self.command(action, data)
                case "deliver" if self.linked and self.wires:
                    self.deliver(data)
                case "wait":
                    self.wait(data)
                case "flush":
                    self.flush()
                case _:
                    self.work(data)

    def command(self, action: str, data: st.DataObject) -> None:
        """Start a new run, or command one that was before; the message may come later."""
        back = data.draw(st.sampled_from([0, 0, 0, 1, 3] if action == "start" else [-1, 0, 1, 2]))
        run_id = RunId(max(1, self.last - back + (action == "start")))
        message: Start | Stop = Stop(run_id=run_id, reason="deleted")
        if action == "start":
            self.last = max(self.last, run_id)
            limited = a_run(run_id, max_run_time_s=40, progress_change_timeout_s=20)
            message = Start(run=limited)
        if self.linked:
            self.wires.append(message)
            if data.draw(st.booleans()):
                self.tell(message)

    def deliver(self, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(self.wires) - 1))
        fate = data.draw(st.sampled_from(["arrives", "arrives", "arrives", "doubles", "is lost"]))
        message = self.wires[place] if fate == "doubles" else self.wires.pop(place)
        if fate != "is lost":
            self.arrive(message)

    def arrive(self, message: FromServer) -> None:
        if isinstance(message, BeatAck):
            sent = self.beats.get(message.number)
            if sent is not None and message.number > self.acked_beat:
                self.acked_beat = message.number
                self.lease_until = sent + LEASE_S
        elif isinstance(message, EndedAck):
            self.acked |= set(message.run_ids) & set(self.core.ended())
        self.tell(message)

    def wait(self, data: st.DataObject) -> None:
        """Let time pass, with the ticks that are due or, when we are stopped, without."""
        end = self.now + data.draw(st.sampled_from([0.1, 1.0, 2.0, 5.0, 12.0, 40.0]))
        ticked = data.draw(st.booleans())
        while ticked and (due := self.core.next_deadline()) is not None and due < end:
            self.now = due
            self.tell(Tick())
        self.now = end
        self.tell(Tick())

    def work(self, data: st.DataObject) -> None:
        """Bring a run on."""
        busy = sorted(self.loading | self.alive.keys() | self.judging)
        if not busy:
            return
        run_id = data.draw(st.sampled_from(busy))
        if run_id in self.loading:
            self.load(run_id, data.draw(st.sampled_from(["ready", "ready", "skip", "fault"])))
        elif run_id in self.alive:
            self.live(run_id, data.draw(st.sampled_from(HAPPENINGS)))
        else:
            self.judge(run_id)

    def load(self, run_id: RunId, how: str) -> None:
        self.loading.remove(run_id)
        skip = "there" if how == "skip" else ""
        if how == "fault":
            self.tell(Unprepared(run_id, "no service"))
        else:
            self.tell(ready(run_id, skip=skip))

    def live(self, run_id: RunId, what: str) -> None:
        match what:
            case "starts":
                self.tell(Started(run_id, 7))
            case "prints" | "floods":
                more = 10 if what == "prints" else 900_000
                self.logs[run_id] = self.logs.get(run_id, 0) + more
                self.tell(Logged(run_id, self.logs[run_id]))
            case "parses":
                self.tell(Parsed(run_id=run_id, frame=1, moved=True))
            case "stumbles":
                self.tell(Parsed(run_id=run_id, stop=RunStatus.PARSER_ERROR))
            case "ends":
                self.end(run_id)
            case _ if self.core.phase(run_id) is Phase.STARTING:
                del self.alive[run_id]
                self.tell(NotStarted(run_id, "no program"))

    def end(self, run_id: RunId) -> None:
        del self.alive[run_id]
        self.tell(Exited(run_id=run_id, exit_code=0))

    def judge(self, run_id: RunId) -> None:
        self.judging.remove(run_id)
        log_bytes = self.logs.get(run_id, 0)
        self.tell(Judged(run_id=run_id, status=RunStatus.DONE, log_bytes=log_bytes))

    def flush(self) -> None:
        queued, self.queued = self.queued, 0
        self.tell(Flushed(queued))

    @invariant()
    def a_process_is_of_a_run_that_is_not_over(self) -> None:
        assert self.alive.keys() <= set(self.core.alive())

    @invariant()
    def after_the_lease_every_process_is_told_to_die_at_once(self) -> None:
        assert self.now < self.lease_until or all(self.alive.values())

    @invariant()
    def a_result_is_kept_until_it_is_acknowledged(self) -> None:
        assert set(self.reported) <= self.acked | set(self.core.ended())

    @invariant()
    def a_run_is_never_both_alive_and_over(self) -> None:
        assert not set(self.core.alive()) & set(self.core.ended())

    @invariant()
    def no_deadline_lies_in_the_past(self) -> None:
        self.tell(Tick())
        deadline = self.core.next_deadline()
        assert deadline is None or deadline > self.now

    def teardown(self) -> None:
        """On a faithful link and a quick system, everything ends and is acknowledged."""
        for _ in range(2):
            if self.linked:
                self.unlink()
            self.link()
            self.wires = [wire for wire in self.wires if isinstance(wire, EndedAck)]
            for run_id in sorted(self.loading):
                self.load(run_id, "fault")
            for run_id in sorted(self.alive):
                self.end(run_id)
            for run_id in sorted(self.judging):
                self.judge(run_id)
            while self.queued:
                self.flush()
            for wire in self.wires:
                self.arrive(wire)
        assert self.core.alive() == ()
        assert self.core.ended() == ()


TestFarm = Farm.TestCase
TestFarm.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
