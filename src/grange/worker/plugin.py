"""Where the daemon gets services and parsers from: `grange.plugins`, or a test's own."""

from __future__ import annotations

from typing import Protocol

from grange.model.run import RunSpec
from grange.plugins import host
from grange.plugins.contract import Context, Prepared, Reading, Verdict
from grange.plugins.paths import NO_MAP, PathMap


class TaskPlugin(Protocol):
    """A service with its parser, loaded for one run. Used by one thread at a time."""

    @property
    def prepared(self) -> Prepared:
        """The command and all that belongs to it."""

    def tell(self, *, pid: int | None = None, host_resources: str | None = None) -> None:
        """Tell the parser what it may ask for."""

    def feed(self, data: bytes) -> Reading:
        """Read a piece of output."""

    def finish(self, exit_code: int | None, signal: int | None, *, stopped: int = 0) -> Verdict:
        """Judge the run."""


class Plugins(Protocol):
    """Where plugins come from."""

    def load(self, run: RunSpec, work_folder: str, worker_name: str) -> TaskPlugin:
        """Load the service of a run and let it make the command.

        Raises:
            PluginError: with a sentence for people.
        """

    def available(self) -> dict[str, str]:
        """Services that this machine can run, and what was found of each. Takes seconds."""


class HostPlugins:
    """The plugins that ship, and those of a studio's own folders."""

    def __init__(self, folders: tuple[str, ...] = (), *, paths: PathMap = NO_MAP) -> None:
        self._folders = folders
        self._paths = paths

    def load(self, run: RunSpec, work_folder: str, worker_name: str) -> TaskPlugin:
        """Load the service of a run and let it make the command."""
        context = Context(
            work_folder=work_folder,
            worker_name=worker_name,
            folders=self._folders,
            paths=self._paths,
        )
        return host.load(run, context)

    def available(self) -> dict[str, str]:
        """Services that this machine can run, and what was found of each."""
        return host.available(self._folders)
