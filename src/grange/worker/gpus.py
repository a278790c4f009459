"""NVIDIA GPUs of this machine, through NVML."""

from __future__ import annotations

from typing import Final, NamedTuple

import pynvml

MB: Final = 1024 * 1024
LISTS: Final = (
    pynvml.nvmlDeviceGetComputeRunningProcesses,
    pynvml.nvmlDeviceGetGraphicsRunningProcesses,
)


class GpuLoad(NamedTuple):
    """All GPUs together: the busiest, the hottest, memory summed."""

    busy: int = 0  #: percent
    celsius: int = 0
    memory_mb: int = 0
    used_mb: int = 0


class Gpus:
    """The GPUs, none where there is no driver."""

    def __init__(self) -> None:
        try:
            pynvml.nvmlInit()
            count = pynvml.nvmlDeviceGetCount()
            self._handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
        except pynvml.NVMLError:
            self._handles = []
        self.count = len(self._handles)
        sizes = [pynvml.nvmlDeviceGetMemoryInfo(handle).total for handle in self._handles]
        self.memory_mb = int(min(sizes, default=0)) // MB  #: of the smallest
        self.name = str(pynvml.nvmlDeviceGetName(self._handles[0])) if self._handles else ""

    def sample(self) -> GpuLoad:
        """Measure; a GPU that does not answer counts as idle."""
        loads = [self._load(handle) for handle in self._handles]
        return GpuLoad(
            busy=max((load.busy for load in loads), default=0),
            celsius=max((load.celsius for load in loads), default=0),
            memory_mb=sum(load.memory_mb for load in loads),
            used_mb=sum(load.used_mb for load in loads),
        )

    def _load(self, handle: object) -> GpuLoad:
        try:
            memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
            return GpuLoad(
                busy=int(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu),
                celsius=int(pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU)),
                memory_mb=int(memory.total) // MB,
                used_mb=int(memory.used) // MB,
            )
        except pynvml.NVMLError:
            return GpuLoad()

    def memory_by_process(self) -> dict[int, int]:
        """Process -> memory in MB that it holds on all GPUs."""
        held: dict[int, int] = {}
        for handle in self._handles:
            for list_holders in LISTS:
                try:
                    holders = list_holders(handle)
                except pynvml.NVMLError:
                    continue
                for item in holders:
                    used_mb = int(item.usedGpuMemory or 0) // MB
                    held[item.pid] = max(held.get(item.pid, 0), used_mb)
        return held
