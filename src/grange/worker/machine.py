"""What this machine is, and what it uses now."""

from __future__ import annotations

import os
import platform
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import psutil

from grange.model.machine import PLAIN, MachineSettings
from grange.model.run import NetworkInterface, Resources, Traits
from grange.model.version import VERSION
from grange.worker import devices, limits
from grange.worker.gpus import Gpus
from grange.worker.people import clock, people

MB: Final = 1024 * 1024
GB: Final = 1024 * MB
KB: Final = 1024
CPU_SENSORS: Final = ("coretemp", "k10temp", "zenpower", "cpu_thermal")
IP: Final = (socket.AF_INET, socket.AF_INET6)
FREQUENCY: Final = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq")  # kHz

T = TypeVar("T")
U = TypeVar("U")


def traits(
    folder: Path, services: Iterable[str], gpus: Gpus, settings: MachineSettings = PLAIN
) -> Traits:
    """Describe the machine; `folder` lies on the disk that counts."""
    frequency = _ask(psutil.cpu_freq, None)
    disk = _ask(lambda: psutil.disk_usage(str(folder)), None)
    netifs = tuple(_netifs())
    return Traits(
        os=_system_words(),
        version=VERSION,
        cpu_cores=_usable_cores(),
        cpu_mhz=int(frequency.max or frequency.current) if frequency else 0,
        memory_mb=_least(psutil.virtual_memory().total, limits.memory_bytes()) // MB,
        hdd_gb=disk.total // GB if disk else 0,
        gpus=gpus.count,
        gpu_mem_mb=gpus.memory_mb,
        gpu_name=gpus.name,
        services=tuple(sorted(services)),
        addresses=tuple(address for item in netifs for address in item.addresses),
        macs=tuple(item.mac for item in netifs if item.mac),
        netifs=netifs,
        launches=settings.launch_commands,
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


def _netifs() -> Iterator[NetworkInterface]:
    """The network interfaces that others can reach, or wake this machine by."""
    for name, entries in sorted(psutil.net_if_addrs().items()):
        if name == "lo":
            continue
        known = [
            (entry.family, entry.address)
            for entry in entries
            if not entry.address.startswith(("fe80", "00:00:00:00"))
        ]
        macs = [address for family, address in known if family == psutil.AF_LINK]
        ips = [address for family, address in known if family in IP]
        if macs or ips:
            yield NetworkInterface(name=name, mac=(macs or [""])[0], addresses=tuple(ips))


class Sampler:
    """Measures the load between one call and the next. One thread at a time."""

    def __init__(self, folder: Path, gpus: Gpus, settings: MachineSettings = PLAIN) -> None:
        self._folder = str(folder)
        self._gpus = gpus
        self._settings = settings
        self._cpu = psutil.cpu_times()
        self._disks = _disks()
        self._interfaces = _interfaces()
        self._time = time.monotonic()
        frequency = _ask(psutil.cpu_freq, None)
        self._usual_mhz = int(frequency.current) if frequency else 0

    def sample(self) -> Resources:
        """Measure. Costs about a millisecond."""
        now = time.monotonic()
        elapsed, self._time = max(now - self._time, 0.001), now
        memory, swap = psutil.virtual_memory(), _ask(psutil.swap_memory, None)
        disk = _ask(lambda: psutil.disk_usage(self._folder), None)
        gpus = self._gpus.sample()
        there = people(clock())
        return Resources(
            **self._cpu_shares(),
            **self._rates(elapsed),
            cpu_loadavg=_ask(psutil.getloadavg, (0.0, 0.0, 0.0)),
            cpu_mhz=_first_core_mhz() or self._usual_mhz,
            cpu_temp=_hottest(),
            mem_total_mb=_least(memory.total, limits.memory_bytes()) // MB,
            mem_free_mb=_least(memory.available, limits.memory_free_bytes()) // MB,
            mem_cached_mb=getattr(memory, "cached", 0) // MB,
            mem_buffers_mb=getattr(memory, "buffers", 0) // MB,
            swap_total_mb=swap.total // MB if swap else 0,
            swap_used_mb=swap.used // MB if swap else 0,
            hdd_total_gb=disk.total // GB if disk else 0,
            hdd_free_gb=disk.free // GB if disk else 0,
            gpu_gpu_util=max((gpu.util for gpu in gpus), default=0),
            gpu_gpu_temp=max((gpu.temp for gpu in gpus), default=0),
            gpu_mem_total_mb=sum(gpu.mem_total_mb for gpu in gpus),
            gpu_mem_used_mb=sum(gpu.mem_used_mb for gpu in gpus),
            gpu_string=self._gpus.name,
            gpus=gpus,
            logged_in_users=there.names,
            idle_s=there.idle_s,
            custom=(),
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
        disks, self._disks = self._disks, _disks()
        count = devices.disks(self._disks, self._settings.disk_devices)
        on_disks = [(disks.get(name), self._disks[name]) for name in count]
        cards, self._interfaces = self._interfaces, _interfaces()
        count = devices.interfaces(self._interfaces, self._settings.network_devices)
        on_cards = [(cards.get(name), self._interfaces[name]) for name in count]
        busy_ms = [_grown(pair, "busy_time") for pair in on_disks]
        return {
            "hdd_rd_kbsec": _rate(on_disks, "read_bytes", elapsed),
            "hdd_wr_kbsec": _rate(on_disks, "write_bytes", elapsed),
            "hdd_busy": min(100, round(max(busy_ms, default=0) / elapsed / 10)),
            "net_recv_kbsec": _rate(on_cards, "bytes_recv", elapsed),
            "net_send_kbsec": _rate(on_cards, "bytes_sent", elapsed),
        }


def _disks() -> dict[str, Any]:
    found: dict[str, Any] = _ask(lambda: psutil.disk_io_counters(perdisk=True), {})
    return found


def _interfaces() -> dict[str, Any]:
    found: dict[str, Any] = _ask(lambda: psutil.net_io_counters(pernic=True), {})
    return found


def _rate(pairs: Iterable[tuple[Any, Any]], name: str, elapsed: float) -> int:
    """KB a second over some devices."""
    return round(sum(_grown(pair, name) for pair in pairs) / KB / elapsed)


def _grown(pair: tuple[Any, Any], name: str) -> int:
    """By how much a counter has grown; a device that has just come has not."""
    before, now = pair
    if before is None:
        return 0
    return max(0, int(getattr(now, name, 0)) - int(getattr(before, name, 0)))


def _first_core_mhz() -> int:
    """MHz of the first core now; 0 where the system does not tell."""
    try:
        return int(FREQUENCY.read_text(encoding="ascii")) // 1_000
    except (OSError, ValueError):
        return 0


def _hottest() -> int:
    """Degrees of the hottest core; 0 where no sensor tells."""
    sensors = _ask(psutil.sensors_temperatures, None) or {}
    degrees = [item.current for name in CPU_SENSORS for item in sensors.get(name, ())]
    return round(max(degrees, default=0))
