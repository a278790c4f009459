"""The GPUs as `nvidia-smi` tells of them, from NVIDIA's library; the program is not needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from typing_extensions import override

from grange.plugins.afanasy.resbase import resbase

GB: Final = 1024**3
MB: Final = 1024**2
PROCESSES_SHOWN: Final = 8  # of one GPU


class NvidiaSmi(resbase):
    """Shows driver, GPUs, their memory, temperature and processes.

    Args:
        library: NVIDIA's, as module `pynvml` has it; None imports it.
    """

    def __init__(self, library: Any | None = None) -> None:
        super().__init__()
        self._library: Any = _nvml() if library is None else library
        try:
            self._library.nvmlInit()
            count = self._library.nvmlDeviceGetCount()
            self._gpus = [
                self._library.nvmlDeviceGetHandleByIndex(index) for index in range(count)
            ]
            self._driver = _text(self._library.nvmlSystemGetDriverVersion())
        except self._library.NVMLError as error:
            self.tooltip = f"no NVIDIA driver: {error}"
            return
        self.valid = bool(self._gpus)
        if not self.valid:
            self.tooltip = "the NVIDIA driver knows of no GPU"

    @override
    def update(self) -> None:
        """Ask for memory, temperature and processes; the value is the memory in use, in MB."""
        library = self._library
        memory = [library.nvmlDeviceGetMemoryInfo(gpu) for gpu in self._gpus]
        used, total = (
            sum(int(item.used) for item in memory),
            sum(int(item.total) for item in memory),
        )
        names = [_text(library.nvmlDeviceGetName(gpu)) for gpu in self._gpus]
        degrees = [
            int(library.nvmlDeviceGetTemperature(gpu, library.NVML_TEMPERATURE_GPU))
            for gpu in self._gpus
        ]
        self.value, self.valuemax = used // MB, total // MB
        kinds = ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names))
        self.label = f"{kinds}\n{used / GB:.1f} of {total / GB:.1f} GB, {max(degrees)} C"
        part = used / max(1, total)
        self.graphr, self.graphg = round(255 * part), round(255 * (1 - part))
        lines = [f"driver {self._driver}"]
        for number, gpu in enumerate(self._gpus):
            held = f"{memory[number].used / GB:.1f} of {memory[number].total / GB:.1f} GB"
            lines.append(f"{number}: {names[number]}, {held}, {degrees[number]} C")
            lines += self._processes(gpu)
        self.tooltip = "\n".join(lines)

    def _processes(self, gpu: Any) -> Iterator[str]:
        held = {
            int(item.pid): int(item.usedGpuMemory or 0) // MB
            for item in self._library.nvmlDeviceGetComputeRunningProcesses(gpu)
        }
        for pid, used_mb in sorted(held.items())[:PROCESSES_SHOWN]:
            yield f"   process {pid}: {used_mb:,} MB"
        if len(held) > PROCESSES_SHOWN:
            yield f"   and {len(held) - PROCESSES_SHOWN} more"


def _nvml() -> Any:
    import pynvml

    return pynvml


def _text(said: str | bytes) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
