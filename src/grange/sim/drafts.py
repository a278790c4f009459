"""The jobs that people send, with what their tasks really need: time, and luck.

Durations are log-normal: of a job by its median, of its tasks around that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log
from random import Random
from typing import Any, Final, NamedTuple

from grange.model.spec import BlockSpec, JobSpec, TaskSpec
from grange.sim.agenda import DAY_S, HOUR_S, MINUTE_S
from grange.sim.studio import Person

FAILS: Final = 0.012  # of all runs, whatever the machine
BROKEN: Final = 0.001  # of all tasks: they fail wherever they run
FRAME_MAX_S: Final = 14 * HOUR_S  # the longest median of a job's frames
WIDE: Final = 0.2  # of the simulations are spread over several machines
LIMIT_S: Final = 16 * 3_600  # where people set a time limit, it is this
SCRIPT_JOBS: Final = 1_000  # of one script, in a studio of `SCRIPT_NODES` or more
SCRIPT_NODES: Final = 10_000
EVENING_H: Final = 20.0


class Work(NamedTuple):
    """What the tasks of a block really take."""

    median_s: float  #: on a machine of speed 1
    sigma: float = 0.2  #: of the logarithm
    fails: float = FAILS
    broken: float = BROKEN


class Draft(NamedTuple):
    """A job before it is sent."""

    kind: str
    spec: JobSpec
    works: tuple[Work, ...]  #: one for each block


#: A simulation that is spread over machines: as many as it gets within some minutes.
_DISTRIBUTED: Final[dict[str, Any]] = {
    "multihost_min": 2,
    "multihost_max": 5,
    "multihost_max_wait_s": 300,
    "multihost_service": "slice server",
    "multihost_service_wait_s": 5,
}

#: What a block is taken to need of which nothing is known: one that the farm made itself.
UNKNOWN: Final = Work(5.0)


def drafts(rng: Random, person: Person, serial: int, now: float, nodes: int) -> list[Draft]:
    """The jobs that somebody sends at once.

    Args:
        rng: where chance comes from.
        person: who.
        serial: a number that no other call has, for names.
        now: epoch seconds.
        nodes: machines of the studio.
    """
    return _MAKERS[person.trade.name](rng, person, serial, now, nodes)


def spread(rng: Random, median: float, sigma: float, most: float = float("inf")) -> float:
    """A log-normal number around a median."""
    return min(most, rng.lognormvariate(log(median), sigma))


def _render(rng: Random, person: Person, serial: int, now: float, kind: str, **more: Any) -> Draft:
    """Frames of a shot, cleaned of noise as they come, and a film of them in the end."""
    frames = rng.choice((48, 72, 96, 120, 144))
    memory = rng.choices((24_000, 48_000, 96_000), (0.4, 0.35, 0.25))[0]
    limited = LIMIT_S if rng.random() < 0.3 else 0
    preview = rng.random() < 0.1
    fields: dict[str, Any] = {}
    if rng.random() < 0.1:
        fields["max_running_tasks"] = max(4, frames // 3)
    if rng.random() < 0.1:
        fields["wait_until"] = now - now % DAY_S + EVENING_H * HOUR_S
    blocks = (
        BlockSpec(
            name="render",
            service="render",
            command=("render", "shot", "@#@"),
            frames=f"1-{frames}",
            sequential=10 if preview else rng.choice((1, 1, 0, -1)),
            need_memory_mb=memory,
            task_max_run_time_s=limited,
        ),
        BlockSpec(
            name="denoise",
            service="denoise",
            command=("denoise", "@#@", "@#@"),
            frames=f"1-{frames}",
            frames_per_task=12,
            capacity=250,
            need_memory_mb=16_000,
            tasks_depend_mask="render",
        ),
        BlockSpec(
            name="film",
            service="transcode",
            command=("encode",),
            tasks=(TaskSpec(name="film"),),
            capacity=250,
            depend_mask="denoise",
        ),
    )
    spec = JobSpec(
        name=f"{kind} {person.name} {serial}",
        branch=person.show,
        preview_approval=preview,
        blocks=blocks,
        **(fields | more),
    )
    frame_s = spread(rng, 3.3 * HOUR_S, 0.6, FRAME_MAX_S)
    return Draft(kind, spec, (Work(frame_s), Work(2 * MINUTE_S), Work(MINUTE_S)))


def _lighting(rng: Random, person: Person, serial: int, now: float, nodes: int) -> list[Draft]:
    return [_render(rng, person, serial, now, "lighting")]


def _careless(rng: Random, person: Person, serial: int, now: float, nodes: int) -> list[Draft]:
    return [_render(rng, person, serial, now, "resubmitted")]


def _comp(rng: Random, person: Person, serial: int, now: float, nodes: int) -> list[Draft]:
    block = BlockSpec(
        name="comp",
        service="comp",
        command=("comp", "-F", "@#@-@#@"),
        frames=f"1001-{1000 + rng.choice((60, 80, 100, 140))}",
        frames_per_task=5,
        capacity=250,
        need_memory_mb=8_000,
        tickets={"comp": 1},
    )
    spec = JobSpec(name=f"comp {person.name} {serial}", branch=person.show, blocks=(block,))
    return [Draft("comp", spec, (Work(spread(rng, 4 * MINUTE_S, 0.7), sigma=0.3),))]


def _effects(rng: Random, person: Person, serial: int, now: float, nodes: int) -> list[Draft]:
    """A simulation in a few variants, and frames of it that wait for it by its name."""
    name = f"effects {person.name} {serial}"
    variants = tuple(TaskSpec(name=f"variant {n + 1}") for n in range(rng.randint(1, 4)))
    cache = BlockSpec(
        name="cache",
        service="sim",
        command=("simulate", "@#@"),
        tasks=variants,
        need_memory_mb=rng.choice((120_000, 250_000, 380_000)),
        tickets={"sim": 1},
        errors_retries=1,
        **(_DISTRIBUTED if rng.random() < WIDE else {}),
    )
    mesh = BlockSpec(
        name="mesh",
        service="generic",
        command=("mesh", "@#@", "@#@"),
        frames="1-60",
        frames_per_task=20,
        capacity=500,
        need_memory_mb=40_000,
    )
    frames = BlockSpec(
        name="render",
        service="render",
        command=("render", "@#@"),
        frames="1-60",
        need_memory_mb=96_000,
        tasks_depend_mask="mesh",
        errors_task_same_host=1,
    )
    first = JobSpec(name=f"{name} cache", branch=person.show, priority=110, blocks=(cache,))
    second = JobSpec(
        name=f"{name} frames",
        branch=person.show,
        depend_mask=f"{name} cache",
        command_post=("remove", "cache"),
        blocks=(mesh, frames),
    )
    works = (Work(15 * MINUTE_S), Work(spread(rng, 3 * HOUR_S, 0.4, FRAME_MAX_S)))
    return [
        Draft("simulation", first, (Work(spread(rng, 5 * HOUR_S, 0.5, DAY_S), fails=0.04),)),
        Draft("effects frames", second, works),
    ]


def _look(rng: Random, person: Person, serial: int, now: float, nodes: int) -> list[Draft]:
    block = BlockSpec(
        name="look",
        service="look",
        command=("turntable", "@#@"),
        frames="1-40",
        need_memory_mb=30_000,
        need_gpus=1,
        need_gpu_mem_mb=16_000,
    )
    spec = JobSpec(name=f"look {person.name} {serial}", branch=person.show, blocks=(block,))
    return [Draft("look (GPU)", spec, (Work(spread(rng, 50 * MINUTE_S, 0.7)),))]


def _supervisor(rng: Random, person: Person, serial: int, now: float, nodes: int) -> list[Draft]:
    block = BlockSpec(
        name="render",
        service="render",
        command=("render", "--half", "@#@"),
        frames=f"1-{rng.choice((8, 12, 24))}",
        need_memory_mb=24_000,
    )
    name = f"urgent {person.name} {serial}"
    spec = JobSpec(name=name, branch=person.show, priority=200, blocks=(block,))
    return [Draft("urgent", spec, (Work(spread(rng, 20 * MINUTE_S, 0.5)),))]


def _script(rng: Random, person: Person, serial: int, now: float, nodes: int) -> list[Draft]:
    """A thousand small jobs, as fast as a script can."""
    block = BlockSpec(
        name="check", service="generic", command=("check",), frames="1", capacity=100
    )
    count = max(20, round(SCRIPT_JOBS * min(1.0, nodes / SCRIPT_NODES)))
    names = (f"check {person.name} {serial} {n}" for n in range(count))
    return [
        Draft(
            "script",
            JobSpec(name=name, branch=person.show, blocks=(block,)),
            (Work(spread(rng, 40.0, 0.5)),),
        )
        for name in names
    ]


def _editorial(rng: Random, person: Person, serial: int, now: float, nodes: int) -> list[Draft]:
    block = BlockSpec(
        name="transcode",
        service="transcode",
        command=("encode", "reel"),
        tasks=(TaskSpec(name="reel"),),
        capacity=500,
        tickets={"edit": 1},
    )
    spec = JobSpec(name=f"reel {person.name} {serial}", branch=person.show, blocks=(block,))
    return [Draft("transcode", spec, (Work(spread(rng, 6 * MINUTE_S, 0.6)),))]


Maker = Callable[[Random, Person, int, float, int], list[Draft]]
_MAKERS: Final[Mapping[str, Maker]] = {
    "lighting": _lighting,
    "comp": _comp,
    "effects": _effects,
    "look": _look,
    "supervisor": _supervisor,
    "script": _script,
    "editorial": _editorial,
    "careless": _careless,
    "juggler": _lighting,
}
