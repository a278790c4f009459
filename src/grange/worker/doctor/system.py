"""The machine itself: whose account, how much memory, which limits, which GPUs."""

from __future__ import annotations

import os
import pwd
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

from grange.worker import limits
from grange.worker.account import Account, task_account
from grange.worker.cgroups import Ground
from grange.worker.doctor.apart import Hangs, NoAnswer, Question
from grange.worker.doctor.finding import Finding, ok, warning, wrong
from grange.worker.doctor.probes import Gpu
from grange.worker.errors import WorkerCannotRun
from grange.worker.gpus import DRIVER

GB: Final = 1024**3
FILES_MIN: Final = 4_096  # open files that a worker with many tasks wants
PROCESSES_MIN: Final = 4_096  # of a user: threads count, and a renderer has one for each core
FREE_MIN_SHARE: Final = 0.05  # of the memory, below which tasks are soon killed
GPUS_S: Final = 20.0  # for the driver: it may have to wake up


def account(run_as: str, *, allow_root: bool) -> list[Finding]:
    """Look whom tasks run as."""
    name = "account"
    try:
        found = task_account(run_as, allow_root=allow_root)
    except WorkerCannotRun as error:
        return [wrong(name, str(error), "see: grange service install worker")]
    if found is not None:
        return [ok(name, f"tasks run as {found.name} (uid {found.uid}), started by root")]
    if os.getuid() == 0:
        advice = "name a user for them: --run-as USER"
        return [warning(name, "tasks run as root, and may do anything to this machine", advice)]
    return [ok(name, f"tasks run as {user_name()} (uid {os.getuid()})")]


def user_name() -> str:
    """Name our own user, or give the number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def looking_account(run_as: str) -> Account | None:
    """As whom folders are looked at; None our own user, also where tasks could not run."""
    try:
        return task_account(run_as, allow_root=True)
    except WorkerCannotRun:
        return None


def memory() -> list[Finding]:
    """Look at memory, as far as a container lets us have it."""
    name = "memory"
    try:
        found = psutil.virtual_memory()
    except (OSError, psutil.Error) as error:
        return [warning(name, f"it cannot be measured: {error}", "see whether /proc is there")]
    total = min(found.total, limits.memory_bytes() or found.total)
    free = min(found.available, limits.memory_free_bytes() or found.available)
    text = f"{free / GB:,.1f} of {total / GB:,.1f} GB are free"
    if free < total * FREE_MIN_SHARE:
        return [warning(name, text, "find out who has it: the system will soon kill processes")]
    return [ok(name, text)]


def file_limit(
    get: Callable[[int], tuple[int, int]] = resource.getrlimit,
) -> list[Finding]:
    """Look how many files and processes this user may have.

    Args:
        get: gives the soft and the hard limit of a resource.
    """
    files, processes = get(resource.RLIMIT_NOFILE)[1], get(resource.RLIMIT_NPROC)[0]
    found = []
    if resource.RLIM_INFINITY != files < FILES_MIN:
        text = f"a process may have {files:,} files open at most"
        found.append(warning("files", text, f"allow {FILES_MIN:,}: LimitNOFILE, or ulimit -n"))
    if resource.RLIM_INFINITY != processes < PROCESSES_MIN:
        text = f"this user may have {processes:,} processes and threads in all"
        advice = f"allow {PROCESSES_MIN:,}: LimitNPROC=infinity, or ulimit -u"
        found.append(warning("processes", text, advice))
    return found or [ok("limits", f"{_number(files)} files, {_number(processes)} processes")]


def _number(limit: int) -> str:
    return "any number of" if limit == resource.RLIM_INFINITY else f"{limit:,}"


def groups(processes_max: int, ground: Ground | None = None) -> list[Finding]:
    """Look whether each task gets a control group, which holds its limits.

    Args:
        processes_max: that a task may have at once; 0 any number.
        ground: where groups can be made; None is found.
    """
    name = "task limits"
    ground = ground or Ground.find()
    most = f"{processes_max:,} processes" if processes_max else "any number of processes"
    if ground is not None and ground.limits:
        return [ok(name, f"each task gets a control group: {most}, and its end at a stroke")]
    text = (
        f"tasks get no control groups when the worker is started from here; one that has more"
        f" than {most} is ended at the next beat"
        if processes_max
        else "tasks get no control groups, and may start any number of processes"
    )
    advice = "run the worker as a service, which is given groups: grange service install worker"
    return [warning(name, text, advice)]


def gpus(drivers: tuple[str, ...] = DRIVER) -> list[Finding]:
    """Look at the GPUs and at their driver.

    Args:
        drivers: files of which one is there where a driver is.
    """
    name = "gpu"
    if not any(Path(path).exists() for path in drivers):
        return [ok(name, "no NVIDIA driver: tasks that ask for GPUs go to other machines")]
    try:
        seen = Question("gpus").answer(Gpu, GPUS_S)
    except Hangs:
        text = f"the driver does not answer within {GPUS_S:.0f} s"
        return [wrong(name, text, "restart the machine; if it comes again, look at the GPU")]
    except NoAnswer as error:
        return [wrong(name, f"the driver breaks: {error}", "see what nvidia-smi says")]
    if not seen.driver:
        text = "an NVIDIA driver is there and does not answer"
        return [wrong(name, text, "see what nvidia-smi says: module and library may differ")]
    if not seen.count:
        return [warning(name, f"driver {seen.driver} sees no GPU", "see what nvidia-smi says")]
    size = f"{seen.memory_mb / 1024:,.0f} GB" + (" each" if seen.count > 1 else "")
    return [ok(name, f"{seen.count} x {seen.names}, {size}, driver {seen.driver}")]
