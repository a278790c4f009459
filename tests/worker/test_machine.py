"""What the machine is and uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange.model.machine import MachineSettings
from grange.worker.gpus import Gpus
from grange.worker.machine import Sampler, traits
from tests.worker.nvml import GB, FakeGpu, FakeNvml, Memory


def test_the_machine_is_described(tmp_path: Path) -> None:
    found = traits(tmp_path, ["nuke", "generic"], Gpus())
    assert found.cpu_cores >= 1
    assert found.memory_mb > 100
    assert found.hdd_gb >= 1
    assert found.os.startswith("linux ")
    assert found.services == ("generic", "nuke")


def test_loopback_is_no_address(tmp_path: Path) -> None:
    found = traits(tmp_path, [], Gpus())
    assert not {"127.0.0.1", "::1"} & set(found.addresses)
    assert "00:00:00:00:00:00" not in found.macs


@pytest.mark.proves("render.resources.without_gpu")
def test_the_load_is_sampled(tmp_path: Path) -> None:
    sampler = Sampler(tmp_path, Gpus())
    sum(range(2_000_000))
    load = sampler.sample()
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq")
    assert 95 <= sum(getattr(load, f"cpu_{name}") for name in names) <= 105
    assert 0 < load.mem_free_mb <= load.mem_total_mb
    assert 0 < load.hdd_free_gb <= load.hdd_total_gb
    assert min(load.hdd_rd_kbsec, load.net_recv_kbsec) >= 0


def test_a_machine_is_described_with_its_gpus(tmp_path: Path) -> None:
    found = traits(tmp_path, [], Gpus(FakeNvml(FakeGpu("GPU-a"), FakeGpu("GPU-b"))))
    assert (found.gpus, found.gpu_mem_mb, found.gpu_name) == (2, 24_576, "NVIDIA Fake")


def test_a_disk_that_is_not_there_yet_stops_nothing(tmp_path: Path) -> None:
    gone = tmp_path / "not" / "mounted"
    assert traits(gone, [], Gpus()).hdd_gb == 0
    assert Sampler(gone, Gpus()).sample().hdd_free_gb == 0


def test_of_several_gpus_the_busiest_and_the_hottest_count_and_memory_is_summed(
    tmp_path: Path,
) -> None:
    hot = FakeGpu("GPU-b", "Big", Memory(80 * GB, 40 * GB), busy=20, celsius=91)
    load = Sampler(tmp_path, Gpus(FakeNvml(FakeGpu("GPU-a"), hot))).sample()
    assert (load.gpu_gpu_util, load.gpu_gpu_temp) == (30, 91)
    assert (load.gpu_mem_total_mb, load.gpu_mem_used_mb) == (104 * 1_024, 42 * 1_024)
    assert load.gpu_string == "NVIDIA Fake, Big"
    assert [gpu.name for gpu in load.gpus] == ["NVIDIA Fake", "Big"]


def test_only_traffic_of_the_named_devices_counts(tmp_path: Path) -> None:
    settings = MachineSettings(disk_devices=("none",), network_devices=("none",))
    sampler = Sampler(tmp_path, Gpus(), settings)
    (tmp_path / "file").write_bytes(b"x" * 4_000_000)
    load = sampler.sample()
    assert (load.hdd_wr_kbsec, load.hdd_busy, load.net_recv_kbsec) == (0, 0, 0)
