"""What this machine is, and what it uses now."""

from __future__ import annotations

import os
import platform
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

import psutil

from grange.model.run import Resources, Traits
from grange.model.version import VERSION
from grange.worker import limits
from grange.worker.gpus import Gpus

MB: Final = 1024 * 1024
GB: Final = 1024 * MB
KB: Final = 1024
CPU_SENSORS: Final = ("coretemp", "k10temp", "zenpower", "cpu_thermal")

T = TypeVar("T")
U = TypeVar("U")


def traits(folder: Path, services: Iterable[str], gpus: Gpus) -> Traits:
    """Describe the machine; `folder` lies on the disk that counts."""
    frequency = _ask(psutil.cpu_freq, None)
    return Traits(
        os=_system_words(),
        version=VERSION,
        cpu_cores=_usable_cores(),
        cpu_mhz=int(frequency.max or frequency.current) if frequency else 0,
        memory_mb=_least(psutil.virtual_memory().total, limits.memory_bytes()) // MB,
        hdd_gb=psutil.disk_usage(str(folder)).total // GB,
        gpus=gpus.count,
        gpu_mem_mb=gpus.memory_mb,
        gpu_name=gpus.name,
        services=tuple(sorted(services)),
        addresses=tuple(_addresses(socket.AF_INET, socket.AF_INET6)),
        macs=tuple(_addresses(psutil.AF_LINK)),
    )


def _ask(question: Callable[[], T], otherwise: U) -> T | U:
    """Ask the system what it may not tell, in a container for instance."""
    try:
        return question()
    except (OSError, RuntimeError, psutil.Error, AttributeError, ValueError):
        return otherwise


def _system_words() -> str:
    """Words that a job can ask for, such as "linux x86_64 debian 12"."""
    words = [platform.system(), platform.machine()]
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        words.append(platform.release())
    else:
        words += [release.get("ID", ""), release.get("VERSION_ID", "")]
    return " ".join(word for word in words if word).lower()


def _usable_cores() -> int:
    """Cores that this process may use; a container or a mask may allow fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    allowed = limits.cpu_cores()
    return cores if allowed is None else max(1, min(cores, round(allowed)))


def _least(size: int, limit: int | None) -> int:
    return size if limit is None else min(size, limit)


def _addresses(*families: int) -> Iterable[str]:
    for name, entries in sorted(psutil.net_if_addrs().items()):
        if name == "lo":
            continue
        for entry in entries:
            if entry.family in families and not entry.address.startswith(("fe80", "00:00:00:00")):
                yield entry.address


class Sampler:
    """Measures the load between one call and the next. One thread at a time."""

    def __init__(self, folder: Path, gpus: Gpus) -> None:
        self._folder = str(folder)
        self._gpus = gpus
        self._cpu = psutil.cpu_times()
        self._disk = _ask(psutil.disk_io_counters, None)
        self._net = _ask(psutil.net_io_counters, None)
        self._time = time.monotonic()

    def sample(self) -> Resources:
        """Measure. Costs about a millisecond."""
        now = time.monotonic()
        elapsed, self._time = max(now - self._time, 0.001), now
        memory, swap = psutil.virtual_memory(), _ask(psutil.swap_memory, None)
        disk = _ask(lambda: psutil.disk_usage(self._folder), None)
        gpu = self._gpus.sample()
        return Resources(
            **self._cpu_shares(),
            **self._rates(elapsed),
            cpu_loadavg=_ask(psutil.getloadavg, (0.0, 0.0, 0.0)),
            cpu_temp=_hottest(),
            mem_total_mb=_least(memory.total, limits.memory_bytes()) // MB,
            mem_free_mb=_least(memory.available, limits.memory_free_bytes()) // MB,
            mem_cached_mb=getattr(memory, "cached", 0) // MB,
            mem_buffers_mb=getattr(memory, "buffers", 0) // MB,
            swap_total_mb=swap.total // MB if swap else 0,
            swap_used_mb=swap.used // MB if swap else 0,
            hdd_total_gb=disk.total // GB if disk else 0,
            hdd_free_gb=disk.free // GB if disk else 0,
            gpu_gpu_util=gpu.busy,
            gpu_gpu_temp=gpu.celsius,
            gpu_mem_total_mb=gpu.memory_mb,
            gpu_mem_used_mb=gpu.used_mb,
            gpu_string=self._gpus.name,
            logged_in_users=tuple(sorted({user.name for user in _ask(psutil.users, ())})),
        )

    def _cpu_shares(self) -> dict[str, int]:
        before, self._cpu = self._cpu, psutil.cpu_times()
        names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq")
        spent = {
            name: max(0.0, getattr(self._cpu, name, 0.0) - getattr(before, name, 0.0))
            for name in names
        }
        whole = sum(spent.values()) or 1.0
        return {f"cpu_{name}": round(100 * value / whole) for name, value in spent.items()}

    def _rates(self, elapsed: float) -> dict[str, int]:
        rates = {}
        disk, self._disk = self._disk, _ask(psutil.disk_io_counters, None)
        if disk is not None and self._disk is not None:
            rates["hdd_rd_kbsec"] = _rate(disk.read_bytes, self._disk.read_bytes, elapsed)
            rates["hdd_wr_kbsec"] = _rate(disk.write_bytes, self._disk.write_bytes, elapsed)
            busy_ms = getattr(self._disk, "busy_time", 0) - getattr(disk, "busy_time", 0)
            rates["hdd_busy"] = min(100, round(busy_ms / elapsed / 10))
        net, self._net = self._net, _ask(psutil.net_io_counters, None)
        if net is not None and self._net is not None:
            rates["net_recv_kbsec"] = _rate(net.bytes_recv, self._net.bytes_recv, elapsed)
            rates["net_send_kbsec"] = _rate(net.bytes_sent, self._net.bytes_sent, elapsed)
        return rates


def _rate(before: int, now: int, elapsed: float) -> int:
    return max(0, round((now - before) / KB / elapsed))


def _hottest() -> int:
    """Degrees of the hottest core; 0 where no sensor tells."""
    sensors = _ask(psutil.sensors_temperatures, None) or {}
    degrees = [item.current for name in CPU_SENSORS for item in sensors.get(name, ())]
    return round(max(degrees, default=0))
