"""NVIDIA's library as module `pynvml` has it, for GPUs that are not there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

GB = 1024**3


class NVMLError(Exception):
    """The driver does not tell."""


@dataclass
class Holder:
    pid: int
    usedGpuMemory: int | None  # noqa: N815 (as the library calls it)


@dataclass
class Memory:
    total: int
    used: int


@dataclass
class Rates:
    gpu: int


@dataclass
class FakeGpu:
    """One GPU; `parts` are what MIG makes of it, `lost` one that has fallen off the bus."""

    uuid: str
    name: str = "NVIDIA Fake"
    memory: Memory = field(default_factory=lambda: Memory(24 * GB, 2 * GB))
    busy: int = 30
    celsius: int = 50
    computing: list[Holder] = field(default_factory=list)
    drawing: list[Holder] = field(default_factory=list)
    parts: list[FakeGpu] = field(default_factory=list)
    lost: bool = False


class FakeNvml:
    """A driver that knows some GPUs. Names are the library's."""

    NVMLError = NVMLError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *gpus: FakeGpu, driver: bool = True) -> None:
        self._gpus = gpus
        self._driver = driver

    def nvmlInit(self) -> None:  # noqa: N802
        if not self._driver:
            raise NVMLError("Driver Not Loaded")

    def nvmlSystemGetDriverVersion(self) -> str:  # noqa: N802
        return "570.1"

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self._gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> FakeGpu:  # noqa: N802
        return self._gpus[index]

    def nvmlDeviceGetMigMode(self, gpu: FakeGpu) -> list[int]:  # noqa: N802
        if not gpu.parts:
            raise NVMLError("Not Supported")
        return [1, 1]

    def nvmlDeviceGetMaxMigDeviceCount(self, gpu: FakeGpu) -> int:  # noqa: N802
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, gpu: FakeGpu, number: int) -> FakeGpu:  # noqa: N802
        if number >= len(gpu.parts):
            raise NVMLError("Not Found")
        return gpu.parts[number]

    def nvmlDeviceGetName(self, gpu: FakeGpu) -> str:  # noqa: N802
        return self._asked(gpu).name

    def nvmlDeviceGetUUID(self, gpu: FakeGpu) -> str:  # noqa: N802
        return gpu.uuid

    def nvmlDeviceGetMemoryInfo(self, gpu: FakeGpu) -> Memory:  # noqa: N802
        return self._asked(gpu).memory

    def nvmlDeviceGetUtilizationRates(self, gpu: FakeGpu) -> Rates:  # noqa: N802
        return Rates(self._asked(gpu).busy)

    def nvmlDeviceGetTemperature(self, gpu: FakeGpu, sensor: int) -> int:  # noqa: N802
        return self._asked(gpu).celsius

    def nvmlDeviceGetComputeRunningProcesses(self, gpu: FakeGpu) -> list[Holder]:  # noqa: N802
        return self._asked(gpu).computing

    def nvmlDeviceGetGraphicsRunningProcesses(self, gpu: FakeGpu) -> list[Holder]:  # noqa: N802
        return self._asked(gpu).drawing

    def _asked(self, gpu: FakeGpu) -> FakeGpu:
        if gpu.lost:
            raise NVMLError("GPU is lost")
        return gpu


def four() -> Any:
    """A driver with four GPUs."""
    return FakeNvml(*(FakeGpu(f"GPU-{number}") for number in "abcd"))
