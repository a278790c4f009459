"""What the machine is and uses."""

from __future__ import annotations

from pathlib import Path

from grange.worker.gpus import Gpus
from grange.worker.machine import Sampler, traits


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


def test_the_load_is_sampled(tmp_path: Path) -> None:
    sampler = Sampler(tmp_path, Gpus())
    sum(range(2_000_000))
    load = sampler.sample()
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq")
    assert 95 <= sum(getattr(load, f"cpu_{name}") for name in names) <= 105
    assert 0 < load.mem_free_mb <= load.mem_total_mb
    assert 0 < load.hdd_free_gb <= load.hdd_total_gb
    assert min(load.hdd_rd_kbsec, load.net_recv_kbsec) >= 0


def test_gpus_are_counted_and_their_memory_is_known() -> None:
    gpus = Gpus()
    if gpus.count == 0:
        assert gpus.memory_mb == gpus.sample().memory_mb == 0
        assert gpus.memory_by_process() == {}
    else:
        assert gpus.memory_mb > 100
        assert 0 <= gpus.sample().used_mb <= gpus.sample().memory_mb
        assert gpus.name
