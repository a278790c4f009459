"""What a simulation tells: plain values, for a terminal, for JSON, for tests."""

from __future__ import annotations

import msgspec


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what was offered was in use, of one kind of machine."""

    kind: str
    hours: tuple[float, ...]  #: 0-1 for each hour; -1 where nothing was offered
    mean: float = -1.0


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """How long tasks of one kind of job waited: from ready to given out."""

    kind: str
    runs: int
    hours: float  #: that the runs took, together
    seconds: tuple[float, ...]  #: half, 90 % and 99 % of them waited no longer


class Turnaround(msgspec.Struct, frozen=True, kw_only=True):
    """How long jobs of one kind took: from submission to the end of the last task."""

    kind: str
    jobs: int
    done: int
    seconds: tuple[float, ...]  #: as in `Wait`; of those that are done


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one user had, and should have had, while more of his tasks could have run."""

    user: str
    hours: float  #: in which he had tasks waiting for what others used
    had: float  #: tasks at once, on average
    due: float  #: by the farm's rule of needs

    @property
    def error(self) -> float:
        """How far he was from his due: -0.1 is a tenth less."""
        return self.had / self.due - 1.0 if self.due else 0.0


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """A promise that was broken."""

    promise: str
    day: int  #: from 1
    time: str  #: of that day, such as 14:05:09
    at: float  #: virtual epoch seconds
    text: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All that came of one world."""

    nodes: int
    days: float
    seed: int
    faults: bool
    machines: dict[str, int]
    users: int
    jobs: int
    runs: int
    statuses: dict[str, int]  #: of runs that ended
    use: tuple[Use, ...]
    waits: tuple[Wait, ...]
    turnarounds: tuple[Turnaround, ...]
    shares: tuple[Share, ...]
    longest_wait_s: float
    longest_wait: str  #: which task that was
    starved_s: float  #: longest time that a task could have run and did not; 0 as it should be
    events: dict[str, int]  #: what happened, faults and people
    checked: dict[str, int]  #: promise -> how often it was looked at
    broken: dict[str, int]  #: promise -> how often it was broken
    violations: tuple[Broken, ...]

    @property
    def sound(self) -> bool:
        """Whether every promise was kept."""
        return not self.broken
