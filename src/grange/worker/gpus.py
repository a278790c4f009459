"""NVIDIA GPUs of this machine, through NVML: whole ones, and the parts that MIG makes of one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from grange.model.run import Gpu

MB: Final = 1024 * 1024
DRIVER: Final = ("/dev/nvidiactl", "/dev/dxg")  # there where a driver is: Linux, and WSL
VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
LISTS: Final = (
    "nvmlDeviceGetComputeRunningProcesses",
    "nvmlDeviceGetGraphicsRunningProcesses",
)


class Slot(NamedTuple):
    """What one task can have alone: a GPU, or a part of one."""

    handle: Any
    number: int  #: of the GPU, in the order of the PCI bus
    uuid: str  #: such as GPU-8a56... or MIG-1b2c...
    part: bool  #: MIG has cut the GPU up


def nvml() -> Any | None:
    """NVIDIA's library; None where there is no driver, and then it is not even imported."""
    if sys.platform == "linux" and not any(Path(path).exists() for path in DRIVER):
        return None
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


class Gpus:
    """The GPUs, none where there is no driver.

    Args:
        library: NVIDIA's, as module `pynvml` has it; None finds it.
        by_uuid: tasks are told their GPUs by UUID.
        only: names GPUs as CUDA_VISIBLE_DEVICES does, by the numbers of `nvidia-smi` or by
            UUID; None all.
    """

    def __init__(
        self, library: Any | None = None, *, by_uuid: bool = False, only: str | None = None
    ) -> None:
        self._library: Any = library if library is not None else nvml()
        found = () if self._library is None else self._find()
        self._slots = [slot for slot in found if only is None or _is_named(slot, only)]
        self._by_uuid = by_uuid or any(slot.part for slot in self._slots)
        self._names = [self._text("nvmlDeviceGetName", slot.handle) for slot in self._slots]
        self.count = len(self._slots)  #: that tasks can have
        self.name = ", ".join(dict.fromkeys(self._names))  #: each kind once
        #: of the smallest
        self.memory_mb = min((self._memory(slot.handle)[0] for slot in self._slots), default=0)

    def _find(self) -> Iterator[Slot]:
        for index in range(self._ask("nvmlDeviceGetCount", otherwise=0)):
            handle = self._ask("nvmlDeviceGetHandleByIndex", index)
            if handle is None:
                continue
            parts = list(self._parts(handle))
            for part in parts or [handle]:
                yield Slot(part, index, self._text("nvmlDeviceGetUUID", part), bool(parts))

    def _parts(self, handle: Any) -> Iterator[Any]:
        now, _after_a_restart = self._ask("nvmlDeviceGetMigMode", handle, otherwise=(0, 0))
        most = self._ask("nvmlDeviceGetMaxMigDeviceCount", handle, otherwise=0) if now else 0
        for number in range(most):
            part = self._ask("nvmlDeviceGetMigDeviceHandleByIndex", handle, number)
            if part is not None:
                yield part

    def visible(self, indexes: tuple[int, ...]) -> str:
        """What CUDA_VISIBLE_DEVICES is to a task that has these GPUs."""
        return ",".join(self._word(index) for index in indexes)

    def _word(self, index: int) -> str:
        if index >= len(self._slots):  # the machine had more when it joined
            return str(index)
        slot = self._slots[index]
        return slot.uuid if self._by_uuid else str(slot.number)

    def sample(self) -> tuple[Gpu, ...]:
        """Measure each; what one does not tell counts as nothing."""
        named = zip(self._slots, self._names, strict=True)
        return tuple(self._load(slot.handle, name) for slot, name in named)

    def _load(self, handle: Any, name: str) -> Gpu:
        total_mb, used_mb = self._memory(handle)
        rates = self._ask("nvmlDeviceGetUtilizationRates", handle)
        sensor = self._library.NVML_TEMPERATURE_GPU
        return Gpu(
            name=name,
            util=int(rates.gpu) if rates is not None else 0,
            temp=int(self._ask("nvmlDeviceGetTemperature", handle, sensor, otherwise=0)),
            mem_total_mb=total_mb,
            mem_used_mb=used_mb,
        )

    def _memory(self, handle: Any) -> tuple[int, int]:
        """Size and use in MB."""
        memory = self._ask("nvmlDeviceGetMemoryInfo", handle)
        return (0, 0) if memory is None else (int(memory.total) // MB, int(memory.used) // MB)

    def memory_by_process(self) -> dict[int, int]:
        """Process -> memory in MB that it holds on all GPUs."""
        held: dict[int, int] = {}
        for slot in self._slots:
            for pid, used_mb in self._holders(slot.handle).items():
                held[pid] = held.get(pid, 0) + used_mb
        return held

    def _holders(self, handle: Any) -> dict[int, int]:
        """The processes on one GPU; one that computes and draws is in both lists."""
        held: dict[int, int] = {}
        for name in LISTS:
            for item in self._ask(name, handle, otherwise=()):
                used_mb = int(item.usedGpuMemory or 0) // MB
                held[item.pid] = max(held.get(item.pid, 0), used_mb)
        return held

    def _text(self, question: str, handle: Any) -> str:
        return str(self._ask(question, handle, otherwise=""))

    def _ask(self, question: str, *about: Any, otherwise: Any = None) -> Any:
        """Ask the driver what it may not tell: a GPU may be lost, or of another kind."""
        try:
            return getattr(self._library, question)(*about)
        except self._library.NVMLError:
            return otherwise


def _is_named(slot: Slot, words: str) -> bool:
    """Whether one of the words names a GPU, by its number or the beginning of its UUID."""
    for word in (part.strip() for part in words.split(",")):
        if word.isdecimal():
            if int(word) == slot.number:
                return True
        elif word and slot.uuid.startswith(word):
            return True
    return False
