"""What the server does about workers of which it hears nothing."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from grange.core import commands as c
from grange.sim.agenda import Agenda
from grange.sim.books import Machine
from grange.sim.machines import HEARTBEAT_S, LEASE_S, SCAN_S
from grange.sim.server import Server


class Leases:
    """The server's side of all leases, as `server.links` keeps it.

    Args:
        agenda: the clock.
        rng: where chance comes from.
        server: whose farm is told.
        offer: told whether the server hears a worker.
    """

    def __init__(
        self,
        agenda: Agenda,
        rng: Random,
        server: Server,
        offer: Callable[[Machine, bool], None],
    ) -> None:
        self._agenda = agenda
        self._rng = rng
        self._server = server
        self._offer = offer

    def silent(self, machine: Machine) -> None:
        """Nothing comes from a worker any more; the server cannot know why."""
        self._end_later(machine, self._agenda.now - self._rng.random() * HEARTBEAT_S)

    def dropped(self, machine: Machine) -> None:
        """A connection was closed, which the server sees at once."""
        if machine.heard and self._server.ask(c.UnlinkWorker(worker_id=machine.worker_id)):
            self._offer(machine, False)
        self.silent(machine)

    def restarted(self, machine: Machine) -> None:
        """The server has come back and waits for a worker."""
        self._end_later(machine, self._agenda.now)

    def _end_later(self, machine: Machine, heard: float) -> None:
        when = heard + LEASE_S + self._rng.random() * SCAN_S
        self._agenda.at(when, self._end, machine, machine.joins, self._server.life)

    def _end(self, machine: Machine, joins: int, life: int) -> None:
        """A lease is over, unless the worker has come back."""
        if machine.joins == joins and self._server.life == life and machine.worker_id:
            self._offer(machine, False)
            self._server.ask(c.UnlinkWorker(worker_id=machine.worker_id))
            self._server.ask(c.LoseWorker(worker_id=machine.worker_id))
