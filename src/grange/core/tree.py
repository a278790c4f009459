"""Who is next: shares of the farm as a tree, each line sorted by need.

A share (branch, user in a branch, job) offers *demands*: kinds of work that it could start
now. Each inner share keeps its children per demand, best first. So the best job for the
demands that fit a free worker is found in O(depth x demands), whatever the number of jobs.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable

from grange.core.lines import drop, put

DemandId = int
Key = tuple[float, float, float, int]  # least first; the last is the share's id
Line = list[tuple[float, ...]]  # in order

NEED_BASE = 1.1  # need = 1.1 ** priority / (running + 1), as in Afanasy


class Share:
    """A place in the tree.

    Attributes:
        share_id: unique, grows.
        parent: None for the root.
        priority: of this share among its siblings.
        age: creation time or place in a list; less goes first where order decides.
        running: tasks running below.
        capacity: capacity units taken by them.
        last_start: number of the last start below, for "the one served longest ago".
        by_need: whether this share's children are sorted by need; else by priority and age.
        need_capacity: whether need counts capacity instead of tasks.
        closed: withholds all its offers from the parent (a limit is reached).
        lines: demand -> children that offer it; of a job, the blocks, as numbers.
    """

    __slots__ = (
        *("age", "by_need", "capacity", "children", "closed", "key", "last_start", "lines"),
        *("need_capacity", "parent", "priority", "running", "share_id"),
    )

    def __init__(self, share_id: int, parent: Share | None, priority: int, age: float) -> None:
        self.share_id = share_id
        self.parent = parent
        self.priority = priority
        self.age = age
        self.running = 0
        self.capacity = 0
        self.last_start = 0
        self.by_need = True
        self.need_capacity = False
        self.closed = False
        self.lines: dict[DemandId, Line] = {}
        self.children: dict[int, Share] = {}
        self.key: Key = (0.0, 0.0, 0.0, share_id)
        if parent is not None:
            parent.children[share_id] = self
            self.key = self.wanted_key()

    def wanted_key(self) -> Key:
        """The place that this share should have among its siblings."""
        if self.parent is None or not self.parent.by_need:
            return (-float(self.priority), self.age, float(self.last_start), self.share_id)
        taken = self.capacity if self.parent.need_capacity else self.running
        need = NEED_BASE**self.priority / (taken + 1)
        return (-need, float(self.last_start), self.age, self.share_id)

    def offer(self, demand: DemandId, item: tuple[float, ...]) -> None:
        """Begin to offer a child's key, or of a job a block, under a demand."""
        line = self.lines.get(demand)
        if line is None:
            self.lines[demand] = [item]
            if self.parent is not None and not self.closed:
                self.parent.offer(demand, self.key)
            return
        put(line, item)

    def withdraw(self, demand: DemandId, item: tuple[float, ...]) -> None:
        """Stop to offer an item; nothing happens if it is not offered."""
        line = self.lines.get(demand)
        if line is None:
            return
        drop(line, item)
        if not line:
            del self.lines[demand]
            if self.parent is not None and not self.closed:
                self.parent.withdraw(demand, self.key)

    def close(self, closed: bool) -> None:
        """Withhold or give all offers."""
        if closed is self.closed or self.parent is None:
            return
        self.closed = closed
        move = self.parent.withdraw if closed else self.parent.offer
        for demand in self.lines:
            move(demand, self.key)

    def refresh(self) -> None:
        """Take the right place among the siblings. Cost: O(demands offered)."""
        if self.parent is None:
            return
        key = self.wanted_key()
        if key == self.key:
            return
        if not self.closed:
            for demand in self.lines:
                line = self.parent.lines[demand]
                if len(line) == 1:
                    line[0] = key
                else:
                    drop(line, self.key)
                    insort(line, key)
        self.key = key

    def refresh_children(self) -> None:
        """Sort the children anew after the way of sorting changed."""
        for child in self.children.values():
            child.refresh()

    def count(self, tasks: int, capacity: int, start: int = 0) -> None:
        """Book started or ended tasks on this share and all above it."""
        share: Share = self
        while True:
            share.running += tasks
            share.capacity += capacity
            if start:
                share.last_start = start
            if share.parent is None:
                return
            share.refresh()
            share = share.parent

    def remove(self) -> None:
        """Leave the tree."""
        if self.parent is None:
            return
        self.close(closed=True)
        del self.parent.children[self.share_id]

    def best(self, demands: Iterable[DemandId]) -> tuple[DemandId, tuple[float, ...]] | None:
        """The first item over some demands, with its demand."""
        lines = self.lines
        found: tuple[DemandId, tuple[float, ...]] | None = None
        for demand in demands:
            line = lines.get(demand)
            if line and (found is None or line[0] < found[1]):
                found = (demand, line[0])
        return found
