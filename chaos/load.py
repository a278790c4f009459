"""Keeps a farm busy: a thread that submits small jobs as long as too little is left to do."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from chaos.aside import Aside
from chaos.observer import Observer
from chaos.submitting import Submitter

LOOK_S: Final = 0.1  # between two looks at what is left
TASKS: Final = (1, 24)  # of one job
TREES: Final = 0.25
CHAINS: Final = 0.2  # part of the jobs with a second block


class Load(Aside):
    """Submits jobs while it is entered; a context.

    Args:
        submitter: sends them.
        observer: knows what is left.
        random: chooses what they are like.
        low: so many tasks are to be left at least.
        seconds: least and most that a task takes.
        tasks: least and most of a job.
        trees: part of the jobs whose tasks leave a process behind.
        **fields: of all jobs.
    """

    def __init__(
        self,
        submitter: Submitter,
        observer: Observer,
        random: Random,
        *,
        low: int = 16,
        seconds: tuple[float, float] = (0.0, 0.4),
        tasks: tuple[int, int] = TASKS,
        trees: float = TREES,
        **fields: Any,
    ) -> None:
        super().__init__("load")
        self._submitter = submitter
        self._observer = observer
        self._random = random
        self._low = low
        self._seconds = seconds
        self._tasks = tasks
        self._trees = trees
        self._fields = fields

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._observer.left() < self._low:
                self._submit()
            self._stop.wait(LOOK_S)

    def _submit(self) -> None:
        random = self._random
        self._submitter.submit(
            tasks=random.randint(*self._tasks),
            seconds=random.uniform(*self._seconds),
            tree=random.random() < self._trees,
            then=random.randint(1, 3) if random.random() < CHAINS else 0,
            give_up=self._stop.is_set,
            **self._fields,
        )
