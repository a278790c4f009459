"""A studio: its machines, its shows, its people and what they may have.

Where the figures come from is said in docs/how-to/simulate.md; most are assumptions.
"""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

from grange.core import commands as c
from grange.model.run import Traits

NODES_REFERENCE: Final = 10_000  # nodes for which the numbers of people and licences are given
DAY_BEGINS_H: Final = 9.5  # people come, and take their workstations back
DAY_ENDS_H: Final = 19.0  # they go, and leave them to the farm


class MachineKind(NamedTuple):
    """Machines that are alike."""

    name: str
    prefix: str  #: of their names
    pool: str
    share: float  #: of all nodes
    traits: Traits
    capacity: int  #: units, of one machine
    slots: int  #: tasks at once, of one machine
    services: tuple[str, ...]
    speed: float = 1.0  #: of a blade
    priority: int = 99  #: of its pool
    nights: bool = False  #: only when its user is not there


class Trade(NamedTuple):
    """People who work alike."""

    name: str
    people: float  #: at `NODES_REFERENCE` nodes
    jobs: float  #: a workday, of one person
    evening: float  #: part of the jobs that is sent when the day ends
    priority: int = 99
    most: int = -1  #: tasks at once, of one person
    per_second: int = -1  #: starts within a second


def _traits(cores: int, memory_gb: int, gpus: int = 0, gpu_gb: int = 0) -> Traits:
    return Traits(
        os="linux x86_64",
        cpu_cores=cores,
        cpu_mhz=2_600,
        memory_mb=memory_gb * 1_000,
        hdd_gb=1_000,
        gpus=gpus,
        gpu_mem_mb=gpu_gb * 1_000,
    )


KINDS: Final = (
    MachineKind(
        name="blades",
        prefix="blade",
        pool="/blades",
        share=0.66,
        traits=_traits(32, 128),
        capacity=1_000,
        slots=4,
        services=("render", "comp", "denoise", "transcode", "generic"),
    ),
    MachineKind(
        name="big-memory nodes",
        prefix="big",
        pool="/big",
        share=0.06,
        traits=_traits(64, 768),
        capacity=2_000,
        slots=8,
        services=("sim", "render", "denoise", "generic"),
        priority=60,
    ),
    MachineKind(
        name="GPU nodes",
        prefix="gpu",
        pool="/gpu",
        share=0.02,
        traits=_traits(32, 256, gpus=4, gpu_gb=24),
        capacity=4_000,
        slots=8,
        services=("look", "denoise", "transcode"),
    ),
    MachineKind(
        name="workstations",
        prefix="desk",
        pool="/desks",
        share=0.26,
        traits=_traits(16, 64, gpus=1, gpu_gb=8),
        capacity=1_000,
        slots=2,
        services=("render", "comp", "generic"),
        speed=0.7,
        priority=80,
        nights=True,
    ),
)

TRADES: Final = (
    Trade("lighting", people=100, jobs=5.0, evening=0.6),
    Trade("comp", people=80, jobs=7.0, evening=0.1, most=400),
    Trade("effects", people=30, jobs=1.5, evening=0.3),
    Trade("look", people=24, jobs=6.0, evening=0.1),
    Trade("supervisor", people=6, jobs=3.0, evening=0.0, priority=119),
    Trade("script", people=3, jobs=0.4, evening=0.0, most=300, per_second=50),
    Trade("editorial", people=6, jobs=10.0, evening=0.3),
    Trade("careless", people=6, jobs=2.0, evening=0.0),
    Trade("juggler", people=4, jobs=3.0, evening=0.3),
)

#: Shows: path, priority, part of the people, part of the nodes that it may use at most.
SHOWS: Final = (
    ("/alpha", 99, 0.45, 1.0),
    ("/beta", 99, 0.35, 1.0),
    ("/gamma", 104, 0.20, 0.25),
)

TICKETS: Final = {"comp": 900, "sim": 160, "edit": 20}  # licences at `NODES_REFERENCE` nodes
SICK_AFTER: Final = 5  # users whose tasks fail in a row, until a machine is taken for sick


class Person(NamedTuple):
    """Somebody who sends jobs."""

    name: str
    trade: Trade
    show: str
    priority: int
    rate: float  #: of the trade's number of jobs


def machine_counts(nodes: int) -> list[tuple[MachineKind, int]]:
    """How many machines of each kind there are; the largest share takes what is left."""
    counts = [(kind, round(kind.share * nodes)) for kind in KINDS[1:]]
    counts = [(kind, max(1, count) if nodes >= len(KINDS) else 0) for kind, count in counts]
    return [(KINDS[0], nodes - sum(count for _, count in counts)), *counts]


def people(nodes: int, rng: Random) -> list[Person]:
    """The people of a studio; a small one has one of each trade, who works less."""
    found = []
    for trade in TRADES:
        wanted = trade.people * nodes / NODES_REFERENCE
        count = max(1, round(wanted))
        for number in range(count):
            (show,) = rng.choices([item[0] for item in SHOWS], [item[2] for item in SHOWS])
            raised = 5 if rng.random() < 0.1 else 0
            name = f"{trade.name}{number + 1}"
            found.append(Person(name, trade, show, trade.priority + raised, wanted / count))
    return found


def licences(nodes: int) -> dict[str, int]:
    """How many licences of each kind there are."""
    return {name: max(2, round(n * nodes / NODES_REFERENCE)) for name, n in TICKETS.items()}


def show_limit(part: float, nodes: int) -> int:
    """How many tasks of a show may run; -1 any number."""
    return -1 if part >= 1.0 else max(4, round(part * nodes))


def settings(nodes: int, everybody: list[Person]) -> list[c.Command]:
    """What an administrator sets before the studio opens."""
    tickets = {name: {"count": count} for name, count in licences(nodes).items()}
    found: list[c.Command] = [
        c.EditPool(path="/", changes={"tickets_pool": tickets, "sick_errors_count": SICK_AFTER})
    ]
    for kind in KINDS:
        changes = {
            "pattern": f"{kind.prefix}.*",
            "capacity_host": kind.capacity,
            "max_tasks_host": kind.slots,
            "services": kind.services,
            "priority": kind.priority,
        }
        found.append(c.EditPool(path=kind.pool, changes=changes))
    for path, priority, _, part in SHOWS:
        limit = {"priority": priority, "max_running_tasks": show_limit(part, nodes)}
        found.append(c.EditBranch(path=path, changes=limit))
    for person in everybody:
        changes = {"priority": person.priority, "max_running_tasks": person.trade.most}
        if person.trade.per_second >= 0:
            changes["max_tasks_per_second"] = person.trade.per_second
        found.append(c.EditUser(user=person.name, changes=changes))
    return found
