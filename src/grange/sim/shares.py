"""Does everybody get his share: what each user had, against what the rule of needs gives him.

Looked at among those who have tasks for the machines that render, ready and not started, and
who are at no limit: only they could have had more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from grange.core.state import FarmState
from grange.core.tree import NEED_BASE
from grange.model.states import TaskState
from grange.sim.agenda import Agenda
from grange.sim.books import Books
from grange.sim.checks import Checks
from grange.sim.report import Share
from grange.sim.starvation import open_jobs
from grange.sim.studio import SHOWS, Person

CONTESTED: Final = "render"  # the service that nearly all wait for


@dataclass(slots=True)
class _Account:
    samples: int = 0
    had: float = 0.0
    due: float = 0.0


class Shares:
    """Samples the farm.

    Args:
        agenda: the clock.
        books: what the world knows.
        checks: who is at a limit.
        everybody: their priorities and shows.
        every_s: seconds between two samples.
    """

    def __init__(
        self, agenda: Agenda, books: Books, checks: Checks, everybody: list[Person], every_s: float
    ) -> None:
        self._agenda = agenda
        self._books = books
        self._checks = checks
        self._people = {person.name: person for person in everybody}
        self._every_s = every_s
        self._accounts: dict[str, _Account] = {}

    def look(self, state: FarmState) -> None:
        """Take one sample. Cost: O(jobs that are not done)."""
        waiting = self._waiting(state)
        if len(waiting) < 2:
            return
        running = self._books.user_running
        for user, due in self._dues(waiting).items():
            account = self._accounts.setdefault(user, _Account())
            account.samples += 1
            account.had += running[user]
            account.due += due

    def _waiting(self, state: FarmState) -> dict[str, int]:
        """Users with contested tasks that could start, and how many of those."""
        found: dict[str, int] = {}
        for job, entry in open_jobs(state, self._books, self._checks, self._agenda.now):
            for number, block in enumerate(entry.blocks):
                ready = job.blocks[number].tasks.counts[TaskState.READY]
                if ready and block.spec.service == CONTESTED and entry.user in self._people:
                    found[entry.user] = found.get(entry.user, 0) + ready
        return found

    def _dues(self, waiting: Mapping[str, int]) -> dict[str, float]:
        """What the rule gives each: shows share what they have together, then people."""
        running = self._books.user_running
        shows = {path: [u for u in waiting if self._people[u].show == path] for path, *_ in SHOWS}
        shows = {path: users for path, users in shows.items() if users}
        priority = {path: number for path, number, *_ in SHOWS}
        has = {path: self._books.show_running[path] for path in shows}
        could = {
            path: self._checks.at_most(path, has[path] + sum(waiting[user] for user in users))
            for path, users in shows.items()
        }
        levels = fill(
            sum(has.values()), {path: NEED_BASE ** priority[path] for path in shows}, could
        )
        found: dict[str, float] = {}
        for path, users in shows.items():
            others = has[path] - sum(running[user] for user in users)
            weights = {user: NEED_BASE ** self._people[user].priority for user in users}
            most = {user: running[user] + waiting[user] for user in users}
            found |= fill(max(0.0, levels[path] - others), weights, most)
        return found

    def found(self) -> list[Share]:
        """What came of it, the worst served first."""
        hours = self._every_s / 3_600
        shares = [
            Share(
                user=user,
                hours=round(item.samples * hours, 3),
                had=round(item.had / item.samples, 3),
                due=round(item.due / item.samples, 3),
            )
            for user, item in self._accounts.items()
        ]
        return sorted(shares, key=lambda share: (share.error, share.user))


def fill(amount: float, weights: Mapping[str, float], most: Mapping[str, int]) -> dict[str, float]:
    """Share an amount by weights; who can take less leaves the rest to the others."""
    found: dict[str, float] = {}
    left = dict(weights)
    while left:
        level = amount / sum(left.values())
        full = [name for name, weight in left.items() if weight * level >= most[name]]
        if not full:
            return found | {name: weight * level for name, weight in left.items()}
        for name in full:
            found[name] = float(most[name])
            amount -= most[name]
            del left[name]
    return found
