"""Numbers of things that have only names in Grange, and the one that Afanasy keeps for itself."""

from __future__ import annotations

from typing import Final

from grange.model.ids import AFANASYS_OWN, JobId, afanasys_job

SYSTEM_JOB: Final = AFANASYS_OWN
SYSTEM_USER: Final = 1  # its owner
ROOT: Final = 1  # the root branch, and the root pool


def shown_job(job_id: int) -> int:
    """The number under which this door shows a job."""
    return afanasys_job(job_id)


def meant_job(number: int) -> JobId:
    """The job that a client means by a number; 0 or less: none."""
    return JobId(number - SYSTEM_JOB)


class Names:
    """Names of one kind, and the number that each has for the life of the server.

    Args:
        first: the number of the first name.
    """

    def __init__(self, first: int) -> None:
        self._first = first
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []

    def number(self, name: str) -> int:
        """The number of a name, given to it at first sight."""
        known = self._numbers.get(name)
        if known is None:
            known = self._numbers[name] = self._first + len(self._names)
            self._names.append(name)
        return known

    def name(self, number: int) -> str | None:
        """The name of a number; None: it was never given."""
        place = number - self._first
        return self._names[place] if 0 <= place < len(self._names) else None


class Numbers:
    """The numbers of users, branches and pools; the root ones are 1, and no user is."""

    def __init__(self) -> None:
        self.users = Names(SYSTEM_USER + 1)
        self.branches = Names(ROOT)
        self.pools = Names(ROOT)
        self.branches.number("/")
        self.pools.number("/")
