"""How one worker looks, whole: its machine, its load, what it runs."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from grange.cli.amounts import age, duration, size, work_time
from grange.cli.screen import BAD, CARE, FAINT, clean, cut, faint, state, table
from grange.model.ids import task_path
from grange.model.run import Dial, Resources, Traits
from grange.model.states import Presence
from grange.model.views import RunView, WorkerView


def worker(view: WorkerView, now: float) -> Iterator[RenderableType]:
    """Show one worker."""
    title = Text.assemble((f"{view.worker_id} ", FAINT), (clean(view.name), "bold"), "  ")
    yield title.append_text(state(view.state)).append(f"  {clean(view.pool)}", FAINT)
    if view.sick or view.why:
        yield Text(clean(view.sick or view.why), BAD if view.sick else FAINT)
    if view.trouble:
        yield Text(clean(view.trouble), CARE)
    yield from _settings(view)
    yield from machine(view.traits)
    yield from _life(view, now)
    if view.resources is not None and view.presence is Presence.ONLINE:
        yield Text()
        yield from load(view.resources)
    elif view.seen:
        yield faint(f"seen {age(view.seen, now)} ago")
    if view.runs:
        yield Text()
        yield table(
            *("TASK", "RUN>", "TIME>", "DONE>", "CPU>", "MEMORY>", "GPU>", "READ>", "WRITTEN>"),
            "DOES~",
            rows=(_run(run, now) for run in view.runs),
        )


def _settings(view: WorkerView) -> Iterator[RenderableType]:
    """Show what is set on a worker, and what of it is not its pool's."""
    spec = view.spec
    most = (_of(view.capacity_used, view.capacity), _of(len(view.runs), view.max_tasks))
    parts = [f"{most[0]} capacity used", f"{most[1]} tasks", f"priority {spec.priority}"]
    if spec.user:
        parts.insert(0, f"belongs to {clean(spec.user)}")
    yield faint(" · ".join(parts))
    if spec.annotation:
        yield Text(clean(spec.annotation))
    if view.dirty:
        back = f"to follow the pool: grange workers {clean(view.name)} --as-pool"
        yield Text.assemble((f"own {', '.join(view.dirty)}", CARE), (f"; {back}", FAINT))


def _of(used: int, most: int) -> str:
    return f"{used:,} of {most:,}" if most >= 0 else f"{used:,}"


def _life(view: WorkerView, now: float) -> Iterator[RenderableType]:
    """Show where a worker is and since when."""
    times = (
        ("started", view.launched),
        ("joined", view.joined),
        ("first met", view.registered),
        ("figures", view.updated),
        ("slept or woken", view.rested),
    )
    parts = [f"from {clean(view.address)}"] if view.address else []
    parts += [f"{word} {age(at, now)} ago" for word, at in times if at]
    if parts:
        yield faint(" · ".join(parts))
    for item in view.traits.netifs:
        yield faint(
            " ".join(clean(text) for text in (item.name, item.mac, *item.addresses) if text)
        )


def machine(traits: Traits) -> Iterator[RenderableType]:
    """Show what a machine is."""
    parts = [clean(traits.os), f"{traits.cpu_cores} cores"]
    if traits.cpu_mhz:
        parts.append(f"{traits.cpu_mhz:,} MHz")
    parts += [f"{size(traits.memory_mb)} memory", f"{traits.hdd_gb:,} GB disk"]
    if traits.gpus:
        gpu = f"{traits.gpus} x {clean(traits.gpu_name)}"
        parts.append(f"{gpu} with {size(traits.gpu_mem_mb)}")
    yield faint(" · ".join(part for part in parts if part))


def load(found: Resources) -> Iterator[RenderableType]:
    """Show what a machine does now, each figure with its unit."""
    made = table("", "~", rows=_figures(found))
    made.show_header = False
    yield made
    for dial in found.custom:
        yield from _dial(dial)


def _figures(found: Resources) -> Iterator[tuple[Text, Text]]:
    kinds = ("user", "nice", "system", "iowait", "irq", "softirq")
    parts = ((kind, getattr(found, f"cpu_{kind}")) for kind in kinds)
    named = ", ".join(f"{value}% {kind}" for kind, value in parts if value)
    averages = " ".join(f"{value:.2f}" for value in found.cpu_loadavg)
    yield _figure("cpu", f"{100 - found.cpu_idle}%", named, f"load {averages}", _clock(found))
    used = found.mem_total_mb - found.mem_free_mb
    cached = f"{size(found.mem_cached_mb + found.mem_buffers_mb)} of files kept"
    yield _figure(
        "memory",
        f"{size(used) or '0 MB'} of {size(found.mem_total_mb)}",
        cached if found.mem_cached_mb + found.mem_buffers_mb else "",
    )
    if found.swap_total_mb:
        total = size(found.swap_total_mb)
        yield _figure("swap", f"{size(found.swap_used_mb) or '0 MB'} of {total}")
    yield _figure(
        "disk",
        f"{found.hdd_free_gb:,} of {found.hdd_total_gb:,} GB free",
        f"read {found.hdd_rd_kbsec:,} KB/s, write {found.hdd_wr_kbsec:,} KB/s",
        f"{found.hdd_busy}% busy",
    )
    yield _figure(
        "network",
        f"receive {found.net_recv_kbsec:,} KB/s, send {found.net_send_kbsec:,} KB/s",
    )
    for number, gpu in enumerate(found.gpus):
        held = f"{size(gpu.mem_used_mb) or '0 MB'} of {size(gpu.mem_total_mb)}"
        heat = f"{gpu.temp} °C" if gpu.temp else ""
        yield _figure(f"gpu {number}", f"{gpu.util}%", held, heat, gpu.name)
    if found.logged_in_users:
        idle = f"idle for {duration(found.idle_s)}" if found.idle_s >= 0 else ""
        yield _figure("people", ", ".join(found.logged_in_users), idle)


def _clock(found: Resources) -> str:
    heat = f", {found.cpu_temp} °C" if found.cpu_temp else ""
    return f"{found.cpu_mhz:,} MHz{heat}" if found.cpu_mhz else heat.removeprefix(", ")


def _figure(name: str, *parts: str) -> tuple[Text, Text]:
    return faint(name), Text(" · ".join(clean(part) for part in parts if part))


def _dial(dial: Dial) -> Iterator[RenderableType]:
    name = (f"{clean(dial.name)}  ", FAINT)
    if not dial.valid:
        why = clean(dial.fault.partition("\n")[0] or dial.tooltip or "it cannot measure here")
        yield Text.assemble(name, (why, CARE if dial.fault else FAINT))
        return
    label = " ".join(clean(dial.label).split())
    yield Text.assemble(name, f"{dial.value:,} of {dial.valuemax:,}", (f"  {label}", FAINT))


def _run(run: RunView, now: float) -> tuple[str | Text, ...]:
    used = run.progress
    path = task_path(run.job_id, run.block, run.task)
    if used is None:
        return path, str(run.run_id), work_time(now - run.started), "", "", "", "", "", "", ""
    return (
        path,
        str(run.run_id),
        work_time(now - run.started),
        f"{used.percent}%" if used.percent >= 0 else "",
        f"{used.cpu_percent:.0f}%",
        size(used.memory_mb),
        size(used.gpu_memory_mb),
        size(used.read_mb),
        size(used.written_mb),
        cut(used.activity),
    )
