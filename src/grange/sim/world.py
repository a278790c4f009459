"""A world: studio, people, machines, network and server, for as long as is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, NamedTuple

from grange.core.check import faults
from grange.core.commands import EndRun, InstructWorker, SubmitJob
from grange.core.effects import (
    DropFiles,
    Effect,
    Launch,
    Outcome,
    StartRun,
    StopRun,
    TellWorker,
    WakeMachine,
)
from grange.model.ids import JobId
from grange.sim.agenda import DAY_S, HOUR_S, MINUTE_S, Agenda
from grange.sim.books import Books, Machine
from grange.sim.checks import Checks
from grange.sim.disk import Disk
from grange.sim.drafts import Draft
from grange.sim.leases import Leases
from grange.sim.ledger import Ledger
from grange.sim.machines import Machines
from grange.sim.measure import Measures
from grange.sim.people import People
from grange.sim.server import Server
from grange.sim.shares import Shares
from grange.sim.starvation import Starvation
from grange.sim.studio import machine_counts, people, settings
from grange.sim.weather import BAD_S, Mishap, Rates, bad_machines, mishaps

SMALL: Final = 500  # nodes up to which everything is checked often
LOOK_S: Final = (10 * MINUTE_S, HOUR_S)  # between two looks for starvation: small, large
SOUND_S: Final = (HOUR_S, DAY_S)  # between two checks of all invariants: small, large
#: The server dies at the commit of one of these, or of whatever comes next.
FAILS_WITH: Final = (None, EndRun, SubmitJob)


class Wish(NamedTuple):
    """Which world is asked for."""

    nodes: int = 10_000
    days: float = 7.0
    seed: int = 1
    faults: bool = False
    haste: float = 1.0  #: so many times the jobs, each task in that part of the time


class Fell(Exception):
    """The program itself failed in a world; the text says where, the cause is attached."""


class World:
    """Everything there is.

    Args:
        wish: which world.
        rates: of faults, where they are asked for.
        passed: told of the days that have passed, hour by hour.
    """

    def __init__(
        self,
        wish: Wish,
        *,
        rates: Rates | None = None,
        passed: Callable[[float], None] | None = None,
    ) -> None:
        self.wish = wish
        self.agenda = agenda = Agenda()
        self.start = agenda.now
        self.end = self.start + wish.days * DAY_S
        self.books = books = Books()
        self.tally: Counter[str] = Counter()
        self.all_machines: list[Machine] = []
        self._rates = (rates or Rates()) if wish.faults else None
        self._passed = passed
        self._faults = Random(f"{wish.seed} faults")
        self._luck = Random(f"{wish.seed} runs")
        self.everybody = people(wish.nodes, Random(f"{wish.seed} studio"))
        self.checks = Checks(agenda, books, self.everybody, wish.nodes)
        self.measures = Measures(agenda)
        self.server = server = Server(agenda, self, Disk() if wish.faults else None)
        self.ledger = Ledger(
            agenda, self._luck, books, self.checks, self.measures, lambda: server.farm, wish.haste
        )
        self.machines = Machines(
            agenda,
            self._luck,
            self._faults,
            self._rates,
            server,
            began=self.checks.began,
            over=self.checks.over,
            joined=self._joined,
            left=lambda machine: self._offer(machine, False),
            tally=self.tally,
        )
        self.leases = Leases(agenda, self._faults, server, self._offer)
        self.starvation = Starvation(agenda, books, self.checks)
        large = wish.nodes > SMALL
        self._look_s, self._sound_s = LOOK_S[large], SOUND_S[large]
        self.shares = Shares(agenda, books, self.checks, self.everybody, self._look_s)
        self._people = People(
            agenda,
            Random(f"{wish.seed} people"),
            server,
            books,
            self.everybody,
            wish.nodes,
            submitted=self._submitted,
            acknowledged=self.ledger.acknowledged.add,
            seated=self._seated,
            tally=self.tally,
            again=wish.faults,
            haste=wish.haste,
        )

    def run(self) -> None:
        """Let time go by, to the end.

        Raises:
            Fell: a rule of the farm has failed.
        """
        try:
            self._live()
        except Exception as error:
            seconds = self.agenda.now - self.start
            raise Fell(f"seed {self.wish.seed}, after {seconds:.6f} s of its time") from error

    def _live(self) -> None:
        self._open()
        agenda, server = self.agenda, self.server
        while True:
            coming = agenda.next()
            deadline = server.next_deadline()
            if deadline is not None and (coming is None or deadline < coming):
                if deadline > self.end:
                    break
                agenda.now = max(agenda.now, deadline)
            elif coming is None or coming > self.end:
                break
            else:
                agenda.step()
            server.end_batch()
        self._close()

    def _open(self) -> None:
        """Set up the studio, and plan what is to come."""
        for command in settings(self.wish.nodes, self.everybody):
            self.server.ask(command)
        for kind, count in machine_counts(self.wish.nodes):
            for number in range(count):
                machine = Machine(f"{kind.prefix}{number + 1:05}", kind)
                self.all_machines.append(machine)
                self.machines.dial(machine, machine.epoch)
        self.server.end_batch()
        self._people.begin_day()
        total, seconds = len(self.all_machines), self.end - self.start
        for at, place in bad_machines(self._luck, total, self.start, seconds):
            self.agenda.at(at, self._turn_bad, self.all_machines[place])
        if self._rates is not None:
            for mishap in mishaps(self._faults, self._rates, total, self.start, seconds):
                self.agenda.at(mishap.at, self._befall, mishap)
        self.agenda.at(self.start + HOUR_S, self._end_hour)
        self.agenda.at(self.start + self._look_s, self._look)
        self.agenda.at(self.start + self._sound_s, self._check)

    def _close(self) -> None:
        """Look at everything once more."""
        self.agenda.now = max(self.agenda.now, self.end)
        if not self.server.up:
            self._restart()
        state = self.server.farm.state
        self.checks.sound(list(faults(state)))
        self.checks.kept(state, self.ledger.acknowledged)

    # --- regularly

    def _end_hour(self) -> None:
        self.measures.end_hour()
        if self._passed is not None:
            self._passed((self.agenda.now - self.start) / DAY_S)
        self.agenda.at(self.agenda.now + HOUR_S, self._end_hour)

    def _look(self) -> None:
        self.server.end_batch()
        if self.server.up:
            self.starvation.look(self.server.farm.state)
            self.shares.look(self.server.farm.state)
        self.agenda.at(self.agenda.now + self._look_s, self._look)

    def _check(self) -> None:
        if self.server.up:
            self.checks.sound(list(faults(self.server.farm.state)))
        self.agenda.at(self.agenda.now + self._sound_s, self._check)

    # --- what the server says, once it is on the disk

    def committed(self, out: Outcome) -> None:
        """Take news."""
        self.ledger.take(out)

    def perform(self, effects: Sequence[Effect]) -> None:
        """Do what the farm wants."""
        books, machines = self.books, self.machines
        for effect in effects:
            match effect:
                case StartRun():
                    flight = books.flights.get(effect.run.run_id)
                    if flight is not None:  # else it was stopped in the same batch
                        machines.start(effect, flight)
                case StopRun():
                    machines.stop(books.machines[effect.worker_id], effect)
                case TellWorker():
                    machines.instruct(books.machines[effect.worker_id], effect)
                case DropFiles() | WakeMachine() | Launch():
                    pass  # there are no files here, and nobody sleeps

    def crashed(self) -> None:
        """The server is gone, and every connection with it."""
        self.tally["ends of the server"] += 1
        for machine in self.all_machines:
            self._offer(machine, False)
            if machine.alive:
                self.machines.unlink(machine)

    def _submitted(self, job_id: JobId, draft: Draft, user: str) -> None:
        self.ledger.submitted(job_id, draft, user)

    # --- machines

    def _joined(self, machine: Machine) -> None:
        """The farm has let a worker in."""
        self.books.machines[machine.worker_id] = machine
        self._offer(machine, True)

    def _seated(self, machine: Machine, taken: bool) -> None:
        """Somebody sits down at a workstation, or leaves it."""
        machine.taken = taken
        self._offer(machine, machine.heard)

    def _offer(self, machine: Machine, heard: bool) -> None:
        """Note whether the farm may give a machine work."""
        machine.heard = heard
        offered = heard and not machine.taken
        if offered is not machine.offered:
            machine.offered = offered
            self.measures.offer(machine, 1 if offered else -1)

    def _turn_bad(self, machine: Machine) -> None:
        self.tally["machines gone bad"] += 1
        machine.bad_until = self.agenda.now + BAD_S

    # --- faults

    def _befall(self, mishap: Mishap) -> None:
        """Let something break."""
        if mishap.what == "restart":
            self._end_server(mishap.lasts_s)
            return
        for place in mishap.machines:
            machine = self.all_machines[place]
            if machine.alive:
                self.tally[f"machines {mishap.what}"] += 1
                self._hit(machine, mishap)

    def _hit(self, machine: Machine, mishap: Mishap) -> None:
        later = self.agenda.now + mishap.lasts_s
        match mishap.what:
            case "cut":
                self.machines.cut(machine, mishap.lasts_s)
                if not machine.linked:
                    self.leases.silent(machine)
            case "instructed":
                self.server.ask(InstructWorker(worker_id=machine.worker_id, what="reboot"))
            case _:
                self.machines.halt(machine)
                if mishap.what == "killed" and self.agenda.now >= machine.cut_until:
                    self.leases.dropped(machine)
                else:
                    self.leases.silent(machine)
                self.agenda.at(later, self.machines.boot, machine)

    def _end_server(self, seconds: float) -> None:
        """The server dies: between two batches, or at the commit of the next."""
        if not self.server.up or self.server.failpoint:
            return
        self.server.failpoint = self._faults.choice(("", "before", "after"))
        self.server.fails_with = self._faults.choice(FAILS_WITH)
        if not self.server.failpoint:
            self.server.die()
        self.agenda.at(self.agenda.now + seconds, self._restart_when_down)

    def _restart_when_down(self) -> None:
        if self.server.up:  # nothing was to be committed yet
            self.agenda.at(self.agenda.now + 1.0, self._restart_when_down)
        else:
            self._restart()

    def _restart(self) -> None:
        found = self.server.restart()
        self.checks.restarted(self.server.farm.state, found, self.ledger.acknowledged)
        if self.checks.found:
            self.end = self.agenda.now  # what follows from a broken farm tells nothing new
        for machine in self.all_machines:
            self.leases.restarted(machine)
