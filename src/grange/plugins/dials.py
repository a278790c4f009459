"""A studio's own classes that measure a machine (Afanasy: custom resources).

They are run in a process of their own. One that hangs loses it, and with it the others their
memory of the last time, but nobody waits; it is left alone for a while, then tried again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from grange.model.run import Dial
from grange.plugins.companion import Companion, Lost

DIALS_MAX: Final = 16  # classes of one machine
HANG_S: Final = 5.0  # for one class to measure
START_S: Final = 30.0  # for its process to start, on a busy machine and a cold disk
REST_S: Final = 60.0  # a class that hung or ended its process is left alone; doubled each time
REST_MAX_S: Final = 3_600.0
FAULT_MAX: Final = 1_000  # characters


class Look(msgspec.Struct):
    """Measure by a class."""

    name: str
    folders: tuple[str, ...]


class Told(msgspec.Struct, omit_defaults=True):
    """What it found, or what it threw."""

    dial: Dial
    fault: str = ""


class Rest(msgspec.Struct, frozen=True):
    """How long a class is left alone."""

    until: float
    seconds: float


class Dials:
    """The classes that are named. For one thread at a time.

    Args:
        names: of the classes.
        folders: of a studio's plugins, each with a folder `resources`.
        variables: to be added to the environment of their process.
    """

    def __init__(
        self,
        names: Sequence[str],
        folders: Sequence[str],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        plain = (name.replace("-", "_") for name in names)  # nvidia-smi, as Afanasy writes it
        self._names = tuple(dict.fromkeys(plain))[:DIALS_MAX]
        self._folders = tuple(folders)
        self._variables = dict(variables or {})
        self._child: Companion[Told] | None = None
        self._rests: dict[str, Rest] = {}
        self._last: dict[str, Dial] = {}
        self._closed = False

    def read(self, now: float) -> tuple[Dial, ...]:
        """Let each class measure. Takes as long as they do, each `HANG_S` at the most.

        Args:
            now: seconds that only grow.
        """
        for name in self._names:
            rest = self._rests.get(name)
            if rest is None or now >= rest.until:
                self._last[name] = self._look(name, now)
        return tuple(self._last[name] for name in self._names)

    def _look(self, name: str, now: float) -> Dial:
        try:
            told = self._ask(Look(name, self._folders))
        except (Lost, OSError) as why:
            self._end()
            before = self._rests.get(name)
            seconds = min(REST_MAX_S, before.seconds * 2) if before else REST_S
            self._rests[name] = Rest(now + seconds, seconds)
            again = f"{why}; it is tried again in {seconds:.0f} s"
            return Dial(name=name, valid=False, fault=again[:FAULT_MAX])
        self._rests.pop(name, None)
        if told.fault:
            return replace(told.dial, valid=False, fault=told.fault[:FAULT_MAX])
        return told.dial

    def _ask(self, request: Look) -> Told:
        if self._closed:
            raise Lost("the worker is leaving")
        if self._child is not None and not self._child.lives:
            self._end()
        seconds = HANG_S
        if self._child is None:
            module = "grange.plugins.dials_main"
            self._child = Companion(module, "the custom resource", Told, self._variables)
            seconds = START_S
        return self._child.ask(request, seconds)

    def close(self) -> None:
        """End the process, for good. May be called while another thread reads."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()
