"""Kinds of work and kinds of workers: so that jobs and workers do not multiply.

Blocks with equal needs share one `Demand`, workers with equal traits one `Group`. Whether a
group can serve a demand is worked out once per pair; a pass of dispatch then looks only at
demands for which a worker may have become free.
"""

from __future__ import annotations

from typing import NamedTuple

from grange.model.ids import WorkerId
from grange.model.states import Nimby

FRESH_MAX = 256  # workers remembered per demand before all are looked at again

Level = tuple[tuple[str, ...], tuple[str, ...]]  # services and disabled services of one level
Prefs = tuple[tuple[str, int], ...]


class DemandKey(NamedTuple):
    """All that a block and what it belongs to ask of a worker."""

    service: str
    masks: frozenset[int]  #: host masks that must match
    masks_exclude: frozenset[int]  #: that must not
    os: tuple[str, ...]
    properties: tuple[str, ...]
    power: int
    cpu_cores: int
    cpu_mhz: int
    cpu_mhz_cores: int
    gpu_mem_mb: int
    pools: tuple[Prefs, ...]  #: of block's job, user and branches
    ignore_nimby: bool
    ignore_paused: bool
    owner: str  #: the user, where he owns a machine that serves him alone
    capacity: int  #: least that is taken
    memory_mb: int
    hdd_gb: int
    gpus: int
    tickets: Prefs
    hosts: int  #: machines that one task needs at once; 0: one, as most do


class GroupKey(NamedTuple):
    """All that workers of one kind have in common."""

    pool: str
    pool_priority: int
    os: str
    levels: tuple[Level, ...]  #: of the worker, then its pools upwards
    power: int
    properties: str
    cpu_cores: int
    cpu_mhz: int
    gpus: int
    gpu_mem_mb: int
    capacity: int
    max_tasks: int
    nimby: Nimby
    owner: str
    paused: bool
    priority: int
    masks: frozenset[int]  #: masks in use that match the name


Place = tuple[int, int, int, float, int]  # tasks, -free capacity, -priority, last change, id


class Group:
    """Workers with equal traits.

    Attributes:
        key: what they have in common.
        members: all of them.
        free: places of those which could take another task, best first.
        demands: ids of demands that this group can serve, when free.
    """

    __slots__ = ("demands", "free", "key", "members")

    def __init__(self, key: GroupKey) -> None:
        self.key = key
        self.members: set[WorkerId] = set()
        self.free: list[Place] = []  # in order
        self.demands: set[int] = set()


class Demand:
    """Blocks with equal needs.

    Attributes:
        demand_id: unique, grows.
        key: the needs.
        blocks: how many blocks have them.
        ranks: groups that can serve them; first those whose pools are preferred.
        fresh: workers that may be able to serve, for all others cannot; None: all may be.
    """

    __slots__ = ("blocks", "demand_id", "fresh", "key", "ranks")

    def __init__(self, demand_id: int, key: DemandKey) -> None:
        self.demand_id = demand_id
        self.key = key
        self.blocks = 0
        self.ranks: list[tuple[int, list[Group]]] = []
        self.fresh: set[WorkerId] | None = None

    def freshen(self, worker_id: WorkerId) -> None:
        """A worker may have become able."""
        if self.fresh is None:
            return
        self.fresh.add(worker_id)
        if len(self.fresh) > FRESH_MAX:
            self.fresh = None

    def serve(self, group: Group, rank: int) -> None:
        """Note that a group can serve these needs."""
        group.demands.add(self.demand_id)
        for number, groups in self.ranks:
            if number == rank:
                groups.append(group)
                break
        else:
            self.ranks.append((rank, [group]))
            self.ranks.sort(key=lambda item: -item[0])
        self.fresh = None

    def drop(self, group: Group) -> None:
        """A group is no more."""
        for _, groups in self.ranks:
            if group in groups:
                groups.remove(group)
        self.ranks = [item for item in self.ranks if item[1]]
