"""Virtual workers, by the rules of the real one: lease, results kept until acknowledged, `Hello`.

Beats are not sent one by one: while a link holds, the lease is renewed; when it breaks, it
runs from the last beat that can have been answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

from grange.core import commands as c
from grange.core.effects import StartRun, StopRun, TellWorker
from grange.model.ids import RunId
from grange.model.run import RunResult
from grange.model.states import RunStatus
from grange.sim.agenda import Agenda
from grange.sim.books import Flight, Machine, Process
from grange.sim.server import Server
from grange.sim.weather import BAD_FAILS, Rates

LEASE_S: Final = 60.0  # of the server; with those below, its defaults
WORKER_LEASE_S: Final = 48.0
HEARTBEAT_S: Final = 2.0
SCAN_S: Final = 1.0  # between two looks of the server at leases
DEAF_S: Final = 15.0  # without an answer, after which a worker dials anew
RETRY_S: Final = (0.2, 5.0)  # pause before a worker dials anew
RESEND_S: Final = 10.0  # until a result that is not acknowledged is sent again
KILL_S: Final = (0.1, 10.0)  # that a process takes to die when it is asked to
LATE_S: Final = (0.05, 300.0)
BAD_RUN_S: Final = 20.0  # a bad machine fails soon
SERVES_S: Final = 1e8  # what serves a task goes on until it is stopped
LOST_ON_DISK: Final = 0.5  # of results not acknowledged are lost when a machine dies


class Machines:
    """All virtual workers.

    Args:
        agenda: the clock.
        rng: chance of runs; what happens to messages has its own.
        faults_rng: chance of faults.
        rates: of faults; None: nothing goes wrong between workers and server.
        server: whom workers dial.
        began: told of each process that begins.
        over: told of each that is over.
        joined: told of each worker that the farm has let in.
        left: told of each that says good-bye.
        tally: counts what happens.
    """

    def __init__(
        self,
        agenda: Agenda,
        rng: Random,
        faults_rng: Random,
        rates: Rates | None,
        server: Server,
        *,
        began: Callable[[Process], None],
        over: Callable[[Process], None],
        joined: Callable[[Machine], None],
        left: Callable[[Machine], None],
        tally: Counter[str],
    ) -> None:
        self._server = server
        self._agenda = agenda
        self._rng = rng
        self._faults_rng = faults_rng
        self._rates = rates
        self._began = began
        self._over = over
        self._joined = joined
        self._left = left
        self._tally = tally

    # --- the link

    def dial(self, machine: Machine, epoch: int) -> None:
        """Say hello, if nothing has changed since that was decided."""
        if not machine.alive or machine.linked or machine.epoch != epoch:
            return
        if not self._server.up or self._agenda.now < machine.cut_until:
            self._dial_later(machine)
            return
        boot = machine.boot

        def booked(reply: object) -> None:
            assert isinstance(reply, c.Joined)
            machine.worker_id = reply.worker_id
            machine.joins += 1
            self._joined(machine)

        def joined(_: object) -> None:
            if machine.alive and machine.boot == boot and machine.epoch == epoch:
                self._welcomed(machine)

        hello = c.JoinWorker(
            name=machine.name,
            boot_id=f"{machine.name}.{boot}",
            traits=machine.kind.traits,
            home=machine.name,
            runs=tuple(machine.runs),
            ended=tuple(machine.ended),
        )
        if not self._server.ask(hello, joined, booked):
            self._dial_later(machine)

    def _dial_later(self, machine: Machine) -> None:
        when = max(self._agenda.now, machine.cut_until) + self._faults_rng.uniform(*RETRY_S)
        self._agenda.at(when, self.dial, machine, machine.epoch)

    def _welcomed(self, machine: Machine) -> None:
        machine.linked = True
        machine.epoch += 1
        for run_id in list(machine.ended):
            self.report(machine, run_id)

    def unlink(self, machine: Machine, *, dial: bool = True) -> None:
        """A worker's connection is gone, and it knows: its lease runs out from here."""
        if machine.linked:
            machine.linked = False
            machine.epoch += 1
            now = self._agenda.now
            machine.lease_until = now - self._faults_rng.random() * HEARTBEAT_S + WORKER_LEASE_S
            self._agenda.at(machine.lease_until, self._lease_due, machine, machine.epoch)
        if dial:
            self._dial_later(machine)

    def cut(self, machine: Machine, seconds: float) -> None:
        """Nothing comes through for a while; a short one only delays."""
        now = self._agenda.now
        machine.cut_until = max(machine.cut_until, now + seconds)
        if machine.linked and seconds >= DEAF_S:
            self.unlink(machine, dial=False)
            self._agenda.at(now + max(seconds, DEAF_S), self.dial, machine, machine.epoch)

    def _lease_due(self, machine: Machine, epoch: int) -> None:
        """No beat was answered for so long: what runs is killed before it is given out again."""
        if machine.alive and machine.epoch == epoch and not machine.linked:
            self._tally["runs killed at the end of a lease"] += len(machine.runs)
            for process in list(machine.runs.values()):
                self._end(machine, process, RunResult(status=RunStatus.LEASE_ENDED))

    # --- what the server wants

    def start(self, effect: StartRun, flight: Flight) -> None:
        """A run is given to a worker; what cannot reach it is lost."""
        machine = flight.machine
        if not machine.linked:
            self._tally["starts that never arrived"] += 1
        elif self._agenda.now < machine.cut_until:
            epoch = machine.epoch
            self._agenda.at(machine.cut_until, self._start_late, effect, flight, epoch)
        else:
            self._begin(machine, flight, effect.run.max_run_time_s)

    def _start_late(self, effect: StartRun, flight: Flight, epoch: int) -> None:
        """A start that was held up, on a connection that may be gone."""
        if flight.machine.epoch == epoch:
            self.start(effect, flight)
        else:
            self._tally["starts that never arrived"] += 1

    def _begin(self, machine: Machine, flight: Flight, limit_s: int) -> None:
        run_id = flight.run_id
        seconds, status = self._fate(machine, flight)
        if 0 < limit_s < seconds:
            seconds, status = limit_s, RunStatus.TIMED_OUT
        ends = self._agenda.now + seconds
        process = Process(flight, ends, RunResult(status=status, duration_s=seconds))
        machine.runs[run_id] = process
        self._began(process)
        self._agenda.at(ends, self._exited, machine, process)

    def _fate(self, machine: Machine, flight: Flight) -> tuple[float, RunStatus]:
        """How long a run takes if it is let, and how it ends."""
        rng = self._rng
        if flight.helps:
            bad = self._agenda.now < machine.bad_until and rng.random() < BAD_FAILS
            return (
                (BAD_RUN_S * rng.random(), RunStatus.FAILED) if bad else (SERVES_S, RunStatus.DONE)
            )
        block = flight.job.blocks[flight.block]
        seconds = rng.lognormvariate(block.mu, block.work.sigma) / machine.kind.speed
        luck = rng.random()
        if self._agenda.now < machine.bad_until and luck < BAD_FAILS:
            return BAD_RUN_S * rng.random(), RunStatus.FAILED
        if luck < block.work.fails:
            return seconds * rng.random(), RunStatus.FAILED
        if flight.task in block.broken:
            return seconds * 0.2 * rng.random(), RunStatus.FAILED
        return seconds, RunStatus.DONE

    def stop(self, machine: Machine, effect: StopRun) -> None:
        """A run is to be killed; its end takes a moment."""
        process = machine.runs.get(effect.run_id)
        if process is None:
            return
        process.told = True
        if not machine.linked:
            self._tally["stops that never arrived"] += 1
            return  # at its next hello the worker is told again
        seconds = self._rng.uniform(*KILL_S)
        when = max(self._agenda.now, machine.cut_until) + seconds
        self._agenda.at(when, self._end, machine, process, RunResult(status=RunStatus.STOPPED))

    def instruct(self, machine: Machine, effect: TellWorker) -> None:
        """A worker is told to reboot: it ends its runs, says good-bye, and comes back."""
        if machine.linked and effect.what == "reboot":
            for process in list(machine.runs.values()):
                self._end(machine, process, RunResult(status=RunStatus.LOST))
            self._leave(machine)

    def _leave(self, machine: Machine) -> None:
        if machine.ended and machine.linked:
            self._agenda.at(self._agenda.now + 1.0, self._leave, machine)
            return
        if machine.linked:
            self._left(machine)
            self._server.ask(c.LoseWorker(worker_id=machine.worker_id, reason="it stopped"))
            self.halt(machine, said=True)
            self._agenda.at(self._agenda.now + 180.0, self.boot, machine)

    # --- lives

    def halt(self, machine: Machine, *, said: bool = False) -> None:
        """A daemon is no more; of its processes none is left (the warden sees to that)."""
        machine.alive = False
        for process in machine.runs.values():
            process.alive = False
            self._over(process)
        machine.runs.clear()
        if not said:
            kept = [n for n in machine.ended if self._faults_rng.random() >= LOST_ON_DISK]
            machine.ended = {run_id: machine.ended[run_id] for run_id in kept}
        machine.linked = False
        machine.epoch += 1

    def boot(self, machine: Machine) -> None:
        """A new life of a daemon."""
        if machine.alive:
            return
        machine.alive = True
        machine.boot += 1
        machine.epoch += 1
        self.dial(machine, machine.epoch)

    # --- results

    def _exited(self, machine: Machine, process: Process) -> None:
        if process.alive:
            self._end(machine, process, process.result)

    def _end(self, machine: Machine, process: Process, result: RunResult) -> None:
        """No process of a run is left: its result is kept, and sent."""
        if not process.alive:
            return
        process.alive = False
        run_id = process.flight.run_id
        del machine.runs[run_id]
        self._over(process)
        machine.ended[run_id] = result
        if machine.linked:
            self.report(machine, run_id)

    def report(self, machine: Machine, run_id: RunId) -> None:
        """Send a result that was not acknowledged; it may come late, twice, or never."""
        result = machine.ended.get(run_id)
        if result is None or not machine.linked or not machine.alive:
            return
        rates, now, life = self._rates, self._agenda.now, self._server.life
        if rates is None:
            self._arrive(machine, run_id, result, machine.epoch, life)
            return
        rng = self._faults_rng
        copies = 2 if rng.random() < rates.twice else 1
        heard = False
        self._tally["reports that came twice"] += copies - 1
        for _ in range(copies):
            if now >= machine.cut_until and rng.random() >= rates.late:
                heard = rng.random() >= rates.unheard
                self._arrive(machine, run_id, result, machine.epoch, life, heard)
            else:
                self._tally["reports delayed"] += 1
                when = max(now, machine.cut_until) + rng.uniform(*LATE_S)
                self._agenda.at(when, self._arrive, machine, run_id, result, machine.epoch, life)
        if not heard:
            self._agenda.at(now + RESEND_S, self.report, machine, run_id)

    def _arrive(
        self,
        machine: Machine,
        run_id: RunId,
        result: RunResult,
        epoch: int,
        life: int,
        heard: bool = True,
    ) -> None:
        """A result reaches the server, perhaps long after its connection was lost."""
        if life != self._server.life:
            return  # that connection ended with the server
        self._tally["reports of older connections"] += epoch != machine.epoch

        def acknowledged(_: object) -> None:
            if heard and epoch == machine.epoch:
                machine.ended.pop(run_id, None)

        end = c.EndRun(worker_id=machine.worker_id, run_id=run_id, result=result)
        self._server.ask(end, acknowledged)
