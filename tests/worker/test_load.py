"""Each figure of a machine and its load, on a machine whose counters a test sets."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from grange.model.machine import MachineSettings
from grange.model.run import NetworkInterface, Resources
from grange.worker import limits, machine
from grange.worker.gpus import Gpus
from grange.worker.machine import Sampler, traits
from tests.worker.nvml import GB, FakeGpu, FakeNvml, Memory

MB = 1024 * 1024
S = 2.0  # seconds between the two looks
#: Percent of all cores' time.
SPENT = {"user": 30, "nice": 20, "system": 10, "idle": 25, "iowait": 8, "irq": 3, "softirq": 4}


class Machine:
    """Answers as psutil does, by what a test sets."""

    def __init__(self) -> None:
        self.now = 100.0
        self.cpu = dict.fromkeys(SPENT, 50.0)
        self.disk = {"read_bytes": 0, "write_bytes": 0, "busy_time": 0}
        self.net = {"bytes_recv": 0, "bytes_sent": 0}

    def monotonic(self) -> float:
        return self.now

    def work(self) -> None:
        """Let two seconds pass, with work of every kind."""
        self.now += S
        self.cpu = {name: self.cpu[name] + percent for name, percent in SPENT.items()}
        self.disk = {"read_bytes": 8 * MB, "write_bytes": 6 * MB, "busy_time": 500}
        self.net = {"bytes_recv": 4 * MB, "bytes_sent": 2 * MB}

    def answers(self) -> Mapping[str, Callable[..., Any]]:
        memory = {"total": 800, "available": 300, "cached": 200, "buffers": 40}
        degrees = [SimpleNamespace(current=58.0), SimpleNamespace(current=61.2)]
        return {
            "cpu_times": lambda: SimpleNamespace(**self.cpu),
            "getloadavg": lambda: (1.5, 2.5, 3.5),
            "virtual_memory": lambda: SimpleNamespace(
                **{name: mb * MB for name, mb in memory.items()}
            ),
            "swap_memory": lambda: SimpleNamespace(total=64 * MB, used=16 * MB),
            "disk_usage": lambda _path: SimpleNamespace(total=500 * GB, free=120 * GB),
            "disk_io_counters": lambda **_: {"sda": SimpleNamespace(**self.disk)},
            "net_io_counters": lambda **_: {"eth0": SimpleNamespace(**self.net)},
            "sensors_temperatures": lambda: {"coretemp": degrees},
        }


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Resources:
    """What is measured over two seconds of work."""
    made = Machine()
    for name, answer in made.answers().items():
        monkeypatch.setattr(psutil, name, answer, raising=False)
    monkeypatch.setattr(machine, "time", made)
    (tmp_path / "khz").write_text("2600000\n")
    monkeypatch.setattr(machine, "FREQUENCY", tmp_path / "khz")
    hot = FakeGpu("GPU-b", "Big", Memory(80 * GB, 40 * GB), busy=70, celsius=91)
    settings = MachineSettings(disk_devices=("sda",), network_devices=("eth0",))
    sampler = Sampler(tmp_path, Gpus(FakeNvml(hot)), settings)
    made.work()
    return sampler.sample()


@pytest.mark.proves("render.resources.cpu_num")
def test_the_cores_that_tasks_may_use_are_counted(tmp_path: Path) -> None:
    mine = len(os.sched_getaffinity(0))
    allowed = limits.cpu_cores()
    wanted = mine if allowed is None else max(1, min(mine, round(allowed)))
    assert traits(tmp_path, [], Gpus()).cpu_cores == wanted


@pytest.mark.proves("render.resources.cpu_mhz", "render.resources.cpu_loadavg")
def test_the_processor_tells_its_pace_its_heat_and_its_load(load: Resources) -> None:
    assert (load.cpu_mhz, load.cpu_temp) == (2_600, 61)
    assert load.cpu_loadavg == (1.5, 2.5, 3.5)


@pytest.mark.proves(
    "render.resources.cpu_user",
    "render.resources.cpu_nice",
    "render.resources.cpu_system",
    "render.resources.cpu_idle",
    "render.resources.cpu_iowait",
    "render.resources.cpu_irq",
    "render.resources.cpu_softirq",
)
def test_the_processors_time_is_shared_out_in_percent(load: Resources) -> None:
    assert {name: getattr(load, f"cpu_{name}") for name in SPENT} == SPENT


@pytest.mark.proves(
    "render.resources.mem_total_mb",
    "render.resources.mem_free_mb",
    "render.resources.mem_cached_mb",
    "render.resources.mem_buffers_mb",
)
def test_memory_is_told_in_mb(load: Resources) -> None:
    assert (load.mem_total_mb, load.mem_free_mb) == (800, 300)
    assert (load.mem_cached_mb, load.mem_buffers_mb) == (200, 40)


@pytest.mark.proves("render.resources.swap_total_mb", "render.resources.swap_used_mb")
def test_swap_is_told_in_mb(load: Resources) -> None:
    assert (load.swap_total_mb, load.swap_used_mb) == (64, 16)


@pytest.mark.proves("render.resources.hdd_total_gb", "render.resources.hdd_free_gb")
def test_the_disk_that_counts_is_told_in_gb(load: Resources) -> None:
    assert (load.hdd_total_gb, load.hdd_free_gb) == (500, 120)


@pytest.mark.proves(
    "render.resources.hdd_rd_kbsec",
    "render.resources.hdd_wr_kbsec",
    "render.resources.hdd_busy",
    "render.resources.net_recv_kbsec",
    "render.resources.net_send_kbsec",
)
def test_traffic_is_told_in_kb_a_second(load: Resources) -> None:
    assert (load.hdd_rd_kbsec, load.hdd_wr_kbsec, load.hdd_busy) == (4_096, 3_072, 25)
    assert (load.net_recv_kbsec, load.net_send_kbsec) == (2_048, 1_024)


@pytest.mark.proves(
    "render.resources.gpu_string",
    "render.resources.gpu_gpu_util",
    "render.resources.gpu_gpu_temp",
    "render.resources.gpu_mem_total_mb",
    "render.resources.gpu_mem_used_mb",
)
def test_a_gpu_is_told_with_its_name(load: Resources) -> None:
    assert (load.gpu_string, load.gpu_gpu_util, load.gpu_gpu_temp) == ("Big", 70, 91)
    assert (load.gpu_mem_total_mb, load.gpu_mem_used_mb) == (81_920, 40_960)


@pytest.mark.proves("render.attributes.netifs")
def test_each_network_interface_is_told_with_its_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        "lo": [(socket.AF_INET, "127.0.0.1"), (psutil.AF_LINK, "00:00:00:00:00:00")],
        "eth1": [(psutil.AF_LINK, "02:42:ac:11:00:03"), (socket.AF_INET6, "fe80::1%eth1")],
        "eth0": [
            (socket.AF_INET, "10.0.0.7"),
            (socket.AF_INET6, "fd00::7"),
            (psutil.AF_LINK, "02:42:ac:11:00:02"),
        ],
    }
    entries = {
        name: [SimpleNamespace(family=family, address=address) for family, address in some]
        for name, some in told.items()
    }
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: entries)
    found = traits(tmp_path, [], Gpus())
    assert found.netifs == (
        NetworkInterface(name="eth0", mac="02:42:ac:11:00:02", addresses=("10.0.0.7", "fd00::7")),
        NetworkInterface(name="eth1", mac="02:42:ac:11:00:03"),
    )
