"""What people are told of a machine: that it stands free for long, or has more than it can take.

Rules: Afanasy's events of renders (specification 7.5). Thresholds are settings of the pools;
what is 0 is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, get_args

import msgspec

from grange.core.objects import Pool, Worker
from grange.model.ids import WorkerId
from grange.model.run import Resources
from grange.model.states import Nimby, Rest
from grange.server.idleness import memory_percent, resolved, swap_percent

RULES: Final = (
    *("no_task_event_s", "overload_event_s"),
    *("overload_memory", "overload_swap", "overload_hdd"),
)
What = Literal["no-task", "overload"]


class Trouble(msgspec.Struct, frozen=True):
    """What is to be told of a worker."""

    what: What
    text: str


class _Spell(msgspec.Struct):
    """A time in which something was so at every look."""

    since: float
    worked: float  #: when the worker had last begun or ended a task
    told: int = 0  #: how often
    text: str = ""  #: what, when it was last looked at


class Troubles:
    """Since when each machine is in a trouble, and how often that was told."""

    def __init__(self) -> None:
        self._spells: dict[tuple[WorkerId, What], _Spell] = {}

    def forget(self, worker_id: WorkerId) -> None:
        """A worker is gone, or its figures are old."""
        self._spells.pop((worker_id, "no-task"), None)
        self._spells.pop((worker_id, "overload"), None)

    def of(self, worker_id: WorkerId) -> str:
        """What was told of a worker and still is so; "" nothing."""
        spells = (self._spells.get((worker_id, what)) for what in get_args(What))
        return "; ".join(spell.text for spell in spells if spell is not None and spell.told)

    def look(
        self, worker: Worker, pools: Sequence[Pool], load: Resources, now: float
    ) -> list[Trouble]:
        """Take a machine's new figures.

        Args:
            worker: linked.
            pools: its own and all above it, the nearest first.
            load: as measured now.
            now: seconds that never jump.

        Returns:
            What is to be told now.
        """
        rules = resolved(pools, RULES)
        free = could_work(worker)
        much = ", ".join(_overload(rules, load))
        found = (
            self._due(worker, "no-task", "no task" if free else "", rules["no_task_event_s"], now),
            self._due(worker, "overload", much, rules["overload_event_s"], now),
        )
        return [trouble for trouble in found if trouble is not None]

    def _due(
        self, worker: Worker, what: What, text: str, after_s: int, now: float
    ) -> Trouble | None:
        """What is to be told after the time, after twice the time, and so on."""
        key = (worker.worker_id, what)
        if not text or after_s <= 0:
            self._spells.pop(key, None)
            return None
        spell = self._spells.get(key)
        if spell is None or (what == "no-task" and spell.worked != worker.changed):
            spell = self._spells[key] = _Spell(now, worker.changed)
        seconds = now - spell.since
        spell.text = f"{text} for {seconds:.0f} s"
        if seconds < after_s * 2**spell.told:
            return None
        while seconds >= after_s * 2**spell.told:
            spell.told += 1
        return Trouble(what, spell.text)


def could_work(worker: Worker) -> bool:
    """Whether nothing but the lack of a task keeps a worker from having one."""
    paused = worker.group is not None and worker.group.key.paused
    kept = worker.sick or paused or worker.spec.nimby is not Nimby.FREE
    return not (worker.runs or kept or worker.rest is not Rest.AWAKE)


def _overload(rules: dict[str, int], load: Resources) -> Iterator[str]:
    for name, value, least in (
        ("memory", memory_percent(load), rules["overload_memory"]),
        ("swap", swap_percent(load), rules["overload_swap"]),
        ("disk", _hdd_percent(load), rules["overload_hdd"]),
    ):
        if 0 < least <= value:
            yield f"{name} {value:.0f} % in use"


def _hdd_percent(load: Resources) -> float:
    used = load.hdd_total_gb - load.hdd_free_gb
    return 100 * used / load.hdd_total_gb if load.hdd_total_gb else 0.0
