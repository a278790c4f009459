"""The farm: `apply` and `dispatch` are the only ways to change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grange.core import commands as c
from grange.core import (
    dispatch,
    edits,
    health,
    jobs,
    nodes,
    operate,
    persist,
    restore,
    runs,
    timers,
    workers,
)
from grange.core.effects import Outcome
from grange.core.records import Changes, Snapshot
from grange.core.state import FarmState

Rule = Callable[[FarmState, Any, float, Outcome], None]

RULES: dict[type, Rule] = {
    c.SubmitJob: jobs.submit,
    c.RestoreJob: restore.restore,
    c.DeleteJob: jobs.delete,
    c.PauseJob: jobs.pause,
    c.EditJob: edits.edit,
    c.ChangeTasks: operate.change,
    c.AppendBlocks: edits.append_blocks,
    c.AppendTasks: edits.append_tasks,
    c.TryNext: jobs.try_next,
    c.ForgetErrors: jobs.forget_errors,
    c.MoveJobs: jobs.move,
    c.EditUser: nodes.edit_user,
    c.DeleteUser: nodes.delete_user,
    c.EditBranch: nodes.edit_branch,
    c.DeleteBranch: nodes.delete_branch,
    c.EditPool: nodes.edit_pool,
    c.DeletePool: nodes.delete_pool,
    c.JoinWorker: workers.join,
    c.UnlinkWorker: workers.unlink,
    c.LoseWorker: workers.lose,
    c.EditWorker: workers.edit,
    c.DeleteWorker: workers.delete,
    c.EjectWorker: workers.eject,
    c.HealWorker: health.heal,
    c.NoteHealth: health.note_health,
    c.NoteTrouble: health.note_trouble,
    c.InstructWorker: workers.instruct,
    c.LaunchCommand: workers.launch,
    c.MeasureWorker: workers.measure,
    c.EndRun: runs.end,
    c.NoteFrames: runs.note_frames,
}


class Farm:
    """A render farm.

    Deterministic: the same commands at the same times give the same farm. Not
    thread-safe, and never needs to be: one task of the server owns it.

    Args:
        services: names of services that a block may ask for; empty: any.
    """

    def __init__(self, services: frozenset[str] = frozenset()) -> None:
        self.state = FarmState(services)

    @classmethod
    def restore(
        cls, snapshot: Snapshot, now: float, services: frozenset[str] = frozenset()
    ) -> Farm:
        """The farm as it was stored."""
        farm = cls(services)
        persist.restore(farm.state, snapshot, now)
        return farm

    def go_beyond(self, run_id: int) -> None:
        """Give out only run numbers above one that was met outside, such as a log's."""
        self.state.last_ids["run"] = max(self.state.last_ids["run"], run_id)

    def apply(self, command: c.Command, now: float) -> Outcome:
        """Apply one command, wholly or not at all.

        Args:
            command: what to do.
            now: epoch seconds; must not decrease from call to call.

        Raises:
            Rejected: the command is not possible; the farm is as before.
        """
        out = Outcome()
        RULES[type(command)](self.state, command, now, out)
        return out

    def dispatch(self, now: float) -> Outcome:
        """Do what is due and start what can start. Called once per batch of commands."""
        out = Outcome()
        timers.ring(self.state, now, out)
        dispatch.dispatch(self.state, now, out)
        return out

    def next_deadline(self) -> float | None:
        """When `dispatch` should be called though no command came; None: never."""
        return timers.next_deadline(self.state)

    def take_dirty(self) -> Changes:
        """All that changed since the last call, to be made durable."""
        return persist.take_dirty(self.state)
