"""Which READY task of a block is next, in the block's order of starting."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import dropwhile

from grange.core.tasks import TaskTable
from grange.model.frames import TaskSpace
from grange.model.order import BACKWARD, FORWARD, in_preview, preview, start_order
from grange.model.states import READY


class Picker:
    """A cursor over the start order of one block; derived, rebuilt at a restart.

    Forward and backward orders search the state column. Other orders are walked once;
    tasks that become READY behind the cursor wait in a list of their own.

    Args:
        space: the block's tasks.
        sequential: see `start_order`.
        preview_only: yield the preview tasks only.
    """

    __slots__ = ("_behind", "_cursor", "_order", "_walk", "preview_only", "sequential", "space")

    def __init__(self, space: TaskSpace, sequential: int, *, preview_only: bool = False) -> None:
        self.space = space
        self.sequential = sequential
        self.preview_only = preview_only and abs(sequential) > 1
        self._cursor = 0 if sequential == FORWARD else space.size
        self._walk: Iterator[int] | None = None
        self._order: int | None = None  # the task the walk stands at
        self._behind: deque[int] = deque()

    def grown(self, space: TaskSpace) -> None:
        """The block has more tasks now."""
        self.space = space
        self._cursor = 0 if self.sequential == FORWARD else space.size
        self._walk = None
        self._behind.clear()

    def returned(self, index: int) -> None:
        """A task became READY. Cost: O(1)."""
        if self.sequential == FORWARD:
            self._cursor = min(self._cursor, index)
        elif self.sequential == BACKWARD:
            self._cursor = max(self._cursor, index + 1)
        elif self._walk is not None and self._may_start(index):
            self._behind.append(index)

    def restart(self) -> None:
        """Many tasks became READY: look from the start again."""
        self.grown(self.space)

    def peek(self, table: TaskTable) -> int:
        """The next READY task, -1 if there is none that may start now."""
        if not table.counts[READY]:
            return -1
        if self.sequential == FORWARD:
            self._cursor = table.state.index(READY, self._cursor)
            return self._cursor
        if self.sequential == BACKWARD:
            self._cursor = 1 + table.state.rindex(READY, 0, self._cursor)
            return self._cursor - 1
        return self._peek_walk(table)

    def others(self, table: TaskTable, after: int) -> Iterator[int]:
        """READY tasks but the one `peek` gave, in any order. Cost: O(tasks) when exhausted."""
        for index in table.indexes(READY):
            if index != after and self._may_start(index):
                yield index

    def lost(self, table: TaskTable) -> int:
        """A READY task that `peek` would never come to; -1, as it must be. Cost: O(tasks)."""
        if self.sequential == FORWARD:
            return table.state.find(READY, 0, self._cursor)
        if self.sequential == BACKWARD:
            return table.state.find(READY, self._cursor)
        if self._walk is None:
            return -1
        found = {*self._behind}
        found.update(dropwhile(lambda index: index != self._order, self._order_of_starting()))
        ready = (index for index in table.indexes(READY) if self._may_start(index))
        return next((index for index in ready if index not in found), -1)

    def _may_start(self, index: int) -> bool:
        return not self.preview_only or in_preview(self.space, self.sequential, index)

    def _peek_walk(self, table: TaskTable) -> int:
        while self._behind:
            if table.state[self._behind[0]] == READY:
                return self._behind[0]
            self._behind.popleft()
        if self._walk is None:
            self._walk = self._order_of_starting()
            self._order = next(self._walk, None)
        while self._order is not None and table.state[self._order] != READY:
            self._order = next(self._walk, None)
        return -1 if self._order is None else self._order

    def _order_of_starting(self) -> Iterator[int]:
        order = preview if self.preview_only else start_order
        return order(self.space, self.sequential)
