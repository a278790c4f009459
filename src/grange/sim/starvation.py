"""P5: a task that could run does run, as soon as a machine that fits is free.

Worked out from what the tasks ask and what the machines have, not by the farm's own matching.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from grange.core.objects import Job
from grange.core.state import FarmState
from grange.model.states import TaskState
from grange.sim.agenda import Agenda
from grange.sim.books import BlockEntry, Books, JobEntry, Machine
from grange.sim.checks import Checks
from grange.sim.studio import MachineKind

Room = tuple[MachineKind, int, int, int]  # free capacity units, MB, GPUs of one machine


class Starvation:
    """Looks, after a dispatch, for tasks that should have started.

    Args:
        agenda: the clock.
        books: what the world knows.
        checks: where a violation goes.

    Attributes:
        longest_s: longest time over which a task was seen to starve.
    """

    def __init__(self, agenda: Agenda, books: Books, checks: Checks) -> None:
        self.longest_s = 0.0
        self._agenda = agenda
        self._books = books
        self._checks = checks
        self._since: dict[tuple[int, int], float] = {}

    def look(self, state: FarmState) -> None:
        """Compare what waits with what is free. Cost: O(jobs + machines)."""
        self._checks.checked["P5"] += 1
        rooms = self._rooms(state)
        starving: dict[tuple[int, int], float] = {}
        now = self._agenda.now
        if rooms:
            for job, entry in open_jobs(state, self._books, self._checks, now):
                for number, block in enumerate(entry.blocks):
                    if self._could_start(job, entry, number) and self._fits(rooms, block):
                        key = (int(job.job_id), number)
                        starving[key] = self._since.get(key, now)
        for key, since in starving.items():
            if key not in self._since:
                text = f"block {key[0]}/{key[1]} has a task that could run on a free machine"
                self._checks.broken("P5", text)
            self.longest_s = max(self.longest_s, now - since)
        self._since = starving

    def _rooms(self, state: FarmState) -> dict[Room, list[Machine]]:
        """Machines with room for more, by how much."""
        found: defaultdict[Room, list[Machine]] = defaultdict(list)
        for machine in self._books.machines.values():
            kind = machine.kind
            capacity = kind.capacity - machine.capacity_used
            full = capacity <= 0 or len(machine.believed) >= kind.slots
            worker = state.workers[machine.worker_id]
            if full or not machine.offered or worker.sick or machine.worker_id in state.held:
                continue
            gpus = kind.traits.gpus
            if gpus:
                gpus -= sum(len(item.gpus) for item in machine.believed.values())
            memory = kind.traits.memory_mb - machine.memory_used_mb
            found[kind, capacity, memory, gpus].append(machine)
        return found

    def _could_start(self, job: Job, entry: JobEntry, number: int) -> bool:
        block, entry_block = job.blocks[number], entry.blocks[number]
        if not block.tasks.counts[TaskState.READY]:
            return False
        if any(not job.blocks[other].finished for other in entry_block.after):
            return False
        if 0 <= entry_block.spec.max_running_tasks <= entry_block.running:
            return False
        if job.spec.preview_approval and abs(entry_block.spec.sequential) > 1:
            return False  # whether what is left is a preview is not for us to say
        return not self._checks.tickets_gone(entry_block.spec.tickets)

    def _fits(self, rooms: dict[Room, list[Machine]], block: BlockEntry) -> bool:
        """Whether there are as many machines as a task of a block needs."""
        spec, found = block.spec, 0
        wanted = spec.hosts_most if spec.multihost_max_wait_s else max(1, spec.hosts_least)
        for (kind, capacity, memory, gpus), machines in rooms.items():
            if (
                spec.service in kind.services
                and spec.capacity <= capacity
                and spec.need_memory_mb <= memory
                and spec.need_gpus <= gpus
                and spec.need_gpu_mem_mb <= kind.traits.gpu_mem_mb
            ):
                found += sum(machine.name not in block.failed_on for machine in machines)
            if found >= wanted:
                return True
        return False


def open_jobs(
    state: FarmState, books: Books, checks: Checks, now: float
) -> Iterator[tuple[Job, JobEntry]]:
    """Jobs of which tasks could start, whatever the machines."""
    for entry in books.live.values():
        job = state.jobs[entry.job_id]
        spec = job.spec
        held = spec.paused or not spec.priority or now < spec.wait_until
        if not held and not books.waits(entry) and not checks.at_limit(entry):
            yield job, entry
