"""The server's shell around the farm: batch by batch, committed before anybody hears of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from grange.core.check import faults
from grange.core.commands import Command
from grange.core.effects import Effect, Outcome
from grange.core.errors import Rejected
from grange.core.farm import Farm
from grange.sim.agenda import Agenda
from grange.sim.disk import Disk

Failpoint = Literal["", "before", "after"]  # of the commit at which the server dies
UNREAD_MAX = 1_000  # rows of runs that nobody reads, where it never restarts

Answer = Callable[[object], None]  # takes the reply, once it is on the disk


class Listener(Protocol):
    """Who hears what the farm has committed and wants to have done."""

    def committed(self, out: Outcome) -> None:
        """Take what is on the disk now."""
        ...

    def perform(self, effects: Sequence[Effect]) -> None:
        """Do what the farm wants."""
        ...

    def crashed(self) -> None:
        """All connections are gone."""
        ...


class Server:
    """A server that can die.

    Args:
        agenda: the clock.
        listener: the world.
        disk: where rows go; None where it never restarts.

    Attributes:
        up: whether it answers.
        life: how often it was started.
        refused: commands that the farm has rejected.
        failpoint: whether it dies at a commit, and on which side of it.
        fails_with: at the first commit of such a command; None: at the next.
    """

    def __init__(self, agenda: Agenda, listener: Listener, disk: Disk | None) -> None:
        self.farm = Farm()
        self.up = True
        self.life = 1
        self.refused = 0
        self.failpoint: Failpoint = ""
        self.fails_with: type | None = None
        self._kinds: set[type] = set()  # of the commands of this batch
        self._agenda = agenda
        self._listener = listener
        self._disk = disk
        self._outcomes: list[Outcome] = []
        self._booked: list[tuple[Answer, object]] = []
        self._answers: list[tuple[Answer, object]] = []

    def ask(
        self,
        command: Command,
        then: Answer | None = None,
        booked: Answer | None = None,
    ) -> bool:
        """Have a command done in the present batch.

        Args:
            command: what to do.
            then: takes the reply; never called if the server dies before it answers.
            booked: takes it too, whether or not the server lives to answer.

        Returns:
            Whether the farm took it.
        """
        if not self.up:
            return False
        try:
            out = self.farm.apply(command, self._agenda.now)
        except Rejected:
            self.refused += 1
            return False
        self._outcomes.append(out)
        self._kinds.add(type(command))
        if then is not None:
            self._answers.append((then, out.reply))
        if booked is not None:
            self._booked.append((booked, out.reply))
        return True

    def next_deadline(self) -> float | None:
        """When the farm wants to be looked at though nothing came."""
        return self.farm.next_deadline() if self.up else None

    def end_batch(self) -> None:
        """Dispatch, commit, and only then tell anybody."""
        if not self.up or not self._due():
            return
        self._outcomes.append(self.farm.dispatch(self._agenda.now))
        now_or_never = self.fails_with is None or self.fails_with in self._kinds
        failpoint = self.failpoint if now_or_never else ""
        self._kinds = set()
        if failpoint == "before":
            self._die()
            return
        self._commit()
        outcomes, booked, answers = self._outcomes, self._booked, self._answers
        self._outcomes, self._booked, self._answers = [], [], []
        for note, reply in booked:
            note(reply)
        for out in outcomes:
            self._listener.committed(out)
        if failpoint == "after":
            self._die()
            return
        for then, reply in answers:
            then(reply)
        for out in outcomes:
            if out.effects:
                self._listener.perform(out.effects)

    def _commit(self) -> None:
        if self._disk is not None:
            self._disk.commit(self.farm.take_dirty())
        elif len(self.farm.state.dirty.runs) > UNREAD_MAX:
            self.farm.take_dirty()

    def _due(self) -> bool:
        deadline = self.farm.next_deadline()
        return bool(self._outcomes) or (deadline is not None and deadline <= self._agenda.now)

    def die(self) -> None:
        """End between two batches."""
        if self.up:
            self._die()

    def _die(self) -> None:
        self.up = False
        self.failpoint, self.fails_with = "", None
        self._kinds = set()
        self._outcomes, self._booked, self._answers = [], [], []
        self._listener.crashed()

    def restart(self) -> list[str]:
        """Come back with nothing but what is on the disk. Returns what is broken."""
        assert self._disk is not None
        self.farm = Farm.restore(self._disk.load(), self._agenda.now)
        self.up = True
        self.life += 1
        return list(faults(self.farm.state))
