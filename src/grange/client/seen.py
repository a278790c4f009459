"""What is known of a job without asking: the half that both kinds of handles share."""

from __future__ import annotations

from typing import TypedDict

from grange.client.watching import FINISHED
from grange.model.ids import task_path
from grange.model.states import JobState, TaskFilter
from grange.model.views import BlockView, JobView


class Which(TypedDict, total=False):
    """Which of the addressed tasks are meant."""

    only: TaskFilter  #: only the ones in a state
    with_depends: bool  #: restart also those that they wait for


class SeenJob:
    """A job as it was when it was last looked at.

    Attributes:
        view: that.
    """

    def __init__(self, view: JobView) -> None:
        self.view = view

    def __repr__(self) -> str:
        return f"<job {self.id} {self.name!r} {self.state.value} {self.percent:.0f}%>"

    @property
    def id(self) -> int:
        """Its number."""
        return self.view.job_id

    @property
    def name(self) -> str:
        """Its name."""
        return self.view.name

    @property
    def state(self) -> JobState:
        """Where it stood."""
        return self.view.state

    @property
    def percent(self) -> float:
        """How much of it was done, 0-100."""
        return self.view.percent

    @property
    def blocks(self) -> tuple[BlockView, ...]:
        """Its blocks."""
        return self.view.blocks

    @property
    def finished(self) -> bool:
        """Whether it goes on no more: it is done, or it failed."""
        return self.view.state in FINISHED


class NamedTask:
    """A task, named; nothing is known of it yet."""

    def __init__(self, job: int, block: int, task: int) -> None:
        self.job = job
        self.block = block
        self.number = task

    def __repr__(self) -> str:
        return f"<task {task_path(self.job, self.block, self.number)}>"
