"""Measures the machine: its load, and beside it what a studio's own classes tell."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import translate
from functools import partial
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from grange.model.run import Dial, Resources
from grange.plugins.dials import Dials
from grange.worker import posix
from grange.worker.config import WorkerConfig
from grange.worker.crew import Crew
from grange.worker.devices import ALL
from grange.worker.gpus import Gpus
from grange.worker.machine import Sampler
from grange.worker.procfs import BLIND

DISKS_TOLD: Final = "AF_IOSTAT_DEVICE"  # to the classes, as Afanasy does


class Dashboard:
    """Of one worker.

    Args:
        config: of the worker.
        gpus: of the machine.
        crew: threads to measure in.
        tell: takes what was measured; again when the classes, which may be slow, have told more.
    """

    def __init__(
        self, config: WorkerConfig, gpus: Gpus, crew: Crew, tell: Callable[[Resources], None]
    ) -> None:
        self._crew = crew
        self._tell = tell
        self._sampler = Sampler(disk_of(config), gpus, config.machine)
        self._dials = _dials(config)
        self._asked = False  # the classes are measuring
        self._custom: tuple[Dial, ...] = ()
        self._last: Resources | None = None

    def measure(self) -> None:
        """Measure all; nobody waits."""
        self._crew.do(self._sample, self._sampled)
        if self._dials is not None and not self._asked:
            self._asked = True
            self._crew.do(partial(self._dials.read, posix.clock()), self._dialled)

    def _sample(self) -> Resources | None:
        """Measure the load; None where we are out of files or memory, and cannot look."""
        try:
            return self._sampler.sample()
        except OSError as error:
            if error.errno not in BLIND:
                raise
            return None

    def _dialled(self, found: tuple[Dial, ...]) -> None:
        self._asked = False
        self._custom = found
        self._sampled(self._last)

    def _sampled(self, found: Resources | None) -> None:
        if found is not None:
            self._last = found
            self._tell(replace(found, custom=self._custom))

    def close(self) -> None:
        """End the process of the classes."""
        if self._dials is not None:
            self._dials.close()


def disk_of(config: WorkerConfig) -> Path:
    """Where to look for the size of the disk that counts."""
    return Path(config.machine.disk_path or config.state_folder)


def _dials(config: WorkerConfig) -> Dials | None:
    """A studio's own classes; they are told of the same disks as we are."""
    named, disks = config.machine.resources_classes, config.machine.disk_devices
    if not named:
        return None
    told = {} if ALL in disks else {DISKS_TOLD: "|".join(translate(text) for text in disks)}
    return Dials(named, config.plugin_folders, told)
