"""Workers in Afanasy's shape of a render."""

from __future__ import annotations

from typing import Final

from grange.core.objects import Run, Worker
from grange.core.state import FarmState
from grange.doors.afanasy.numbers import shown_job
from grange.doors.afanasy.shapes.render import (
    CustomResource,
    HostResources,
    Render,
    RenderObject,
    RenderResources,
)
from grange.doors.afanasy.shapes.task import TaskShort
from grange.doors.afanasy.show import addresses, states
from grange.model.nodes import TicketLimit
from grange.model.run import Dial, Resources
from grange.server.gauges import Gauges

_LOAD_MAX: Final = 255  # one byte of ten times the load
_SAME: Final = tuple(
    name
    for name in HostResources.__struct_fields__
    if name in Resources.__struct_fields__ and name not in ("cpu_loadavg", "custom")
)


def listed(state: FarmState, gauges: Gauges, worker: Worker, now: float) -> Render:
    """A render as lists show it. Cost: O(its tasks)."""
    spec, traits = worker.spec, worker.traits
    runs = [state.runs[run_id] for run_id in sorted(worker.runs)]
    tasks = tuple(_task(state, run) for run in runs)
    services: dict[str, int] = {}
    for task in tasks:
        services[task.service] = services.get(task.service, 0) + 1
    st = states.render_bits(worker)
    idle, busy = since(worker, now)
    return Render(
        name=worker.name,
        id=worker.worker_id,
        priority=spec.priority,
        hidden=spec.hidden,
        annotation=spec.annotation,
        custom_data=spec.custom_data,
        running_services=services,
        services=spec.services,
        services_disabled=spec.services_disabled,
        tickets_host=tickets(spec.tickets_host, worker.tickets_used),
        max_tasks_host=spec.max_tasks_host,
        capacity_host=spec.capacity_host,
        power_host=spec.power_host,
        properties_host=spec.properties_host,
        tasks_percents=percents(gauges, runs),
        user_name=spec.user,
        time_register=int(worker.registered),
        time_launch=int(worker.launched or worker.joined),
        time_update=int(gauges.updated.get(worker.worker_id, worker.seen)),
        os=traits.os,
        address=addresses.of_worker(worker),
        netifs=addresses.interfaces(traits),
        engine=traits.version,
        pool=worker.pool,
        st=st,
        state=states.render_words(st),
        capacity_used=worker.capacity_used,
        task_start_finish_time=int(worker.changed),
        wol_operation_time=int(worker.rested),
        idle_time=idle,
        busy_time=busy,
        tasks=tasks,
    )


def resources(state: FarmState, gauges: Gauges, worker: Worker, now: float) -> RenderResources:
    """The load of a render's machine."""
    idle, busy = since(worker, now)
    return RenderResources(
        id=worker.worker_id,
        host_name=worker.name,
        tasks_percents=percents(gauges, [state.runs[item] for item in sorted(worker.runs)]),
        idle_time=idle,
        busy_time=busy,
        host_resources=load(gauges, worker),
    )


def whole(state: FarmState, gauges: Gauges, worker: Worker, now: float) -> RenderObject:
    """All that is known of a render."""
    return RenderObject(
        name=worker.name,
        id=worker.worker_id,
        render=listed(state, gauges, worker, now),
        custom_data=worker.spec.custom_data,
        host_resources=load(gauges, worker),
    )


def since(worker: Worker, now: float) -> tuple[int, int]:
    """Since when a worker has no task, and since when it has one; now where it is not so."""
    at = int(worker.changed or worker.registered)
    return (int(now), at) if worker.runs else (at, int(now))


def percents(gauges: Gauges, runs: list[Run]) -> tuple[int, ...]:
    """How far runs are."""
    known = (gauges.progress.get(run.run_id) for run in runs)
    return tuple(max(0, said.percent) if said is not None else 0 for said in known)


def load(gauges: Gauges, worker: Worker) -> HostResources | None:
    """What a linked worker has measured last; None: nothing yet."""
    found = gauges.resources.get(worker.worker_id)
    if found is None or not worker.linked:
        return None
    fields = {name: getattr(found, name) for name in _SAME}
    one, five, fifteen = (min(_LOAD_MAX, int(10 * value)) for value in found.cpu_loadavg)
    return HostResources(
        **fields,
        cpu_num=worker.traits.cpu_cores,
        cpu_loadavg=(one, five, fifteen),
        hw_info=worker.traits.cpu_name or worker.traits.gpu_name,
        custom=tuple(_custom(dial) for dial in found.custom if dial.valid),
    )


def tickets(limits: dict[str, TicketLimit], used: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """Tickets of one machine: count, usage, hosts; those that nobody has defined count -1."""
    return {
        name: (limits[name].count if name in limits else -1, used.get(name, 0), int(name in used))
        for name in sorted({*limits, *used})
    }


def _custom(dial: Dial) -> CustomResource:
    return CustomResource(
        value=dial.value,
        value_max=dial.valuemax,
        width=dial.width,
        height=dial.height,
        label_size=dial.label_size,
        label=dial.label,
        tooltip=dial.tooltip,
        graph_clr=dial.graph_colour,
        label_clr=dial.label_colour,
        back_clr=dial.back_colour,
    )


def _task(state: FarmState, run: Run) -> TaskShort:
    job = state.jobs[run.job_id]
    block = job.blocks[run.block]
    return TaskShort(
        name=block.task_name(run.task),
        service=block.spec.service,
        capacity=run.capacity // (run.coeff or 1),
        time_start=int(run.started),
        user_name=job.user,
        block_name=block.spec.name,
        job_name=job.spec.name,
        job_id=shown_job(run.job_id),
        block_num=run.block,
        task_num=run.task,
        capacity_coeff=run.coeff,
        tickets=dict(run.tickets),
    )
