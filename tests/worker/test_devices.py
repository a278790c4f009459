"""Which disks and network interfaces count."""

from __future__ import annotations

from pathlib import Path

from grange.worker import devices


def system(folder: Path, *names: str, real: tuple[str, ...] = ()) -> Path:
    for name in names:
        (folder / name).mkdir()
    for name in real:
        (folder / name / "device").mkdir(parents=True)
    return folder


def test_of_disks_only_whole_ones_count_that_are_devices(tmp_path: Path) -> None:
    root = system(tmp_path, "dm-0", "loop0", real=("sda", "nvme0n1"))
    present = ("sda", "sda1", "nvme0n1", "nvme0n1p1", "dm-0", "loop0")
    assert devices.disks(present, ("*",), root) == {"sda", "nvme0n1"}


def test_where_no_disk_is_a_device_whole_ones_count(tmp_path: Path) -> None:
    root = system(tmp_path, "vda", "loop0")
    assert devices.disks(("vda", "vda1", "loop0"), ("*",), root) == {"vda"}


def test_where_the_system_does_not_tell_every_disk_counts(tmp_path: Path) -> None:
    assert devices.disks(("PhysicalDrive0",), ("*",), tmp_path) == {"PhysicalDrive0"}


def test_disks_can_be_named_by_patterns_partitions_too(tmp_path: Path) -> None:
    root = system(tmp_path, real=("sda", "sdb"))
    present = ("sda", "sda1", "sdb", "dm-0")
    assert devices.disks(present, ("sda?", "dm-0"), root) == {"sda1", "dm-0"}
    assert devices.disks(present, ("none",), root) == set()


def test_of_interfaces_neither_loopback_counts_nor_a_bridge(tmp_path: Path) -> None:
    root = system(tmp_path, "lo", "docker0", real=("eth0",))
    assert devices.interfaces(("lo", "docker0", "eth0"), ("*",), root) == {"eth0"}
    assert devices.interfaces(("lo", "docker0", "eth0"), ("docker*",), root) == {"docker0"}


def test_in_a_container_the_interface_it_was_given_counts(tmp_path: Path) -> None:
    root = system(tmp_path, "lo", "eth0")
    assert devices.interfaces(("lo", "eth0"), ("*",), root) == {"eth0"}
