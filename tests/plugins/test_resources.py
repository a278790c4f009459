"""The custom resources that ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange.plugins.loading import names
from grange.plugins.resources.example import Example
from grange.plugins.resources.iostat import DEVICE, Iostat
from grange.plugins.resources.nvidia_smi import NvidiaSmi
from tests.worker.nvml import GB, FakeGpu, FakeNvml, Holder, Memory

LINE = "   8  0 {name} {reads} 0 {read} {waited} {writes} 0 {written} 0 0 {busy} {waited}\n"


def counters(path: Path, *, name: str = "sda", step: int = 0) -> None:
    """A table of the kernel: `step` times 4,096 sectors of each kind, 10 requests, 30 ms."""
    grown = {"reads": 5 * step, "writes": 5 * step, "read": 4_096 * step, "written": 8_192 * step}
    times = {"waited": 30 * step, "busy": 10 * step}
    path.write_text(f"garbage\n{LINE.format(name=name, **grown, **times)}   8  1 {name}1 1 2\n")


def system(folder: Path, name: str = "sda") -> Path:
    (folder / name / "device").mkdir(parents=True)
    return folder


def test_those_that_ship_are_known_by_afanasys_names() -> None:
    assert names("resources") == ("example", "iostat", "nvidia_smi")


@pytest.mark.proves("render.custom_resources.example")
def test_the_example_counts_to_a_hundred_and_begins_again() -> None:
    example = Example()
    values = []
    for _ in range(40):
        example.update()
        values.append(example.value)
    assert (example.valid, min(values), max(values)) == (True, 0, 99)
    assert example.label.startswith("Example\nValue = ")


@pytest.mark.proves("render.custom_resources.iostat")
def test_iostat_tells_what_grew_since_the_last_time(tmp_path: Path) -> None:
    table = tmp_path / "diskstats"
    counters(table)
    meter = Iostat(table, system(tmp_path))
    counters(table, step=1)
    meter.update()
    assert meter.valid
    assert meter.label.startswith("sda: ")
    assert meter.label.endswith("wait 3.0 ms")
    assert 0 <= meter.value <= 100
    meter.update()
    assert (meter.value, meter.label) == (0, "sda: 0% busy\nread 0.0 write 0.0 MB/s wait 0.0 ms")


def test_iostat_follows_the_disks_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "diskstats"
    counters(table, name="nvme0n1")
    monkeypatch.setenv(DEVICE, "sd.*")
    meter = Iostat(table, system(tmp_path, "nvme0n1"))
    assert (meter.valid, "no disk sd.*" in meter.tooltip) == (False, True)
    monkeypatch.setenv(DEVICE, "nvme0n1|sda")
    assert Iostat(table, tmp_path).valid


def test_iostat_cannot_measure_where_the_kernel_tells_nothing(tmp_path: Path) -> None:
    assert not Iostat(tmp_path / "none", tmp_path).valid


@pytest.mark.proves("render.custom_resources.nvidia_smi")
def test_nvidia_smi_shows_driver_gpus_and_processes() -> None:
    holders = [Holder(number, GB) for number in range(1, 11)]
    busy = FakeGpu("GPU-a", "Big", Memory(80 * GB, 40 * GB), celsius=71, computing=holders)
    meter = NvidiaSmi(FakeNvml(busy, FakeGpu("GPU-b", "Big", Memory(80 * GB, 0))))
    meter.update()
    assert (meter.valid, meter.value, meter.valuemax) == (True, 40_960, 163_840)
    assert meter.label == "2 x Big\n40.0 of 160.0 GB, 71 C"
    lines = meter.tooltip.splitlines()
    assert lines[:3] == ["driver 570.1", "0: Big, 40.0 of 80.0 GB, 71 C", "   process 1: 1,024 MB"]
    assert lines[-2:] == ["   and 2 more", "1: Big, 0.0 of 80.0 GB, 50 C"]


@pytest.mark.parametrize(
    ("library", "why"),
    [(FakeNvml(driver=False), "no NVIDIA driver"), (FakeNvml(), "knows of no GPU")],
)
def test_nvidia_smi_cannot_measure_without_a_gpu(library: FakeNvml, why: str) -> None:
    meter = NvidiaSmi(library)
    assert not meter.valid
    assert why in meter.tooltip
