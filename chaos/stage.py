"""A stage: one farm of real processes, what is done to it, and the history of all that.

with Stage(folder, seed=7) as stage:
    stage.start_server(lease_s=3)
    stage.start_worker("w1")
    stage.until_online("w1")
    token = stage.submit(tasks=20, seconds=0.1)
    stage.kill_server()
    stage.start_server()
    stage.finish()
violations = judge(read(stage.history.path))
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from chaos.ends import Ends
from chaos.ground import SERVER as SERVER
from chaos.ground import SETTINGS as SETTINGS
from chaos.history import Limit
from chaos.load import Load
from chaos.observer import Observer
from chaos.processes import PATIENCE_S
from chaos.submitting import TASK, Submitter
from chaos.watcher import Watcher
from chaos.working import Working

BRIEF: Final = 4  # a brief try does a fourth

C = TypeVar("C")


class Stage(Working):
    """A farm to be broken; a context, which ends all its processes.

    Args:
        folder: of this try; made where it is missing.
        seed: what the try's choices came from; noted for people.
        brief: whether a try of few kills is enough.

    Attributes:
        folder: holds all of it: `farm` is the server's state folder, `w1` that of worker w1.
        history: what everybody saw.
        processes: where all processes belong.
        settings: of the server; a later start uses them again.
        server: its process, once started.
        workers: name -> process.
        kills: how many processes were killed so far.
        url: where people ask the server.
        fingerprint: of its certificate, where it has one.
    """

    def __init__(self, folder: Path, *, seed: int = 0, brief: bool = False) -> None:
        super().__init__(folder)
        self.seed = seed
        self.brief = brief
        self._context = ExitStack()
        self.submitter = Submitter(self.history, self.client, self.folder)
        self.observer = Observer(self.history, self.client, self.submitter)
        self.watcher = Watcher(self.history, self.processes.mark)

    def __enter__(self) -> Self:
        self._context.callback(self.history.close)
        self._context.enter_context(self.processes)
        self._context.enter_context(self.watcher)
        self._context.enter_context(self.observer)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._context.__exit__(kind, error, trace)

    def submit(self, **work: Any) -> str:
        """Submit a job until the server has it; see `Submitter.submit`. Returns its token."""
        return self.submitter.submit(**work)

    @contextmanager
    def load(self, random: Random, **how: Any) -> Iterator[Load]:
        """Keep the farm busy meanwhile; see `Load`."""
        with Load(self.submitter, self.observer, Random(random.random()), **how) as load:
            yield load

    def task_command(self, seconds: float, *options: str) -> tuple[str, ...]:
        """The command of a task that notes its life in the history."""
        path = str(self.history.path)
        return (sys.executable, "-I", "-S", str(TASK), path, f"{seconds:.3f}", *options)

    def enter(self, context: AbstractContextManager[C]) -> C:
        """Enter something that is left when the try is over, such as a proxy or a mount."""
        return self._context.enter_context(context)

    def times(self, number: int) -> range:
        """So many times, or some of them where a brief try is enough."""
        return range(max(1, number // BRIEF) if self.brief else number)

    def limit(
        self, name: str, most: int, *, tokens: Sequence[str] = (), workers: Sequence[str] = ()
    ) -> None:
        """Note a limit that is in force from the start, for the judge."""
        homes = tuple(self.home(worker) for worker in workers)
        self.history.write(Limit(name=name, most=most, tokens=tuple(tokens), homes=homes))

    def finish(self, *, patience_s: float = PATIENCE_S, logs: bool = True) -> None:
        """Wait until all jobs are over, write down how it all stands, and stop the farm.

        The server and at least one worker must be up. What is not over when patience is used
        up is left to the judge.
        """
        Ends(self).write(patience_s=patience_s, logs=logs)
