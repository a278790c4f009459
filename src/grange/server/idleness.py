"""Who works at a machine, and who has left it: nimby, free and sleep by themselves.

Rules: Afanasy (specification 7.5), and the time since a person's last input, which it lacks.
Thresholds are settings of the pools; what is 0 is not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from grange.core.objects import Pool, Worker
from grange.model.ids import WorkerId
from grange.model.nodes import PoolSpec
from grange.model.run import Resources
from grange.model.states import Nimby, Rest

RULES: Final = tuple(
    name for name in PoolSpec.__struct_fields__ if name.startswith(("busy_", "idle_", "exit_"))
)


class Change(msgspec.Struct, frozen=True):
    """What is to become of a worker, and why."""

    to: Literal["nimby", "free", "sleep", "exit"]
    why: str


class Idleness:
    """Since when each machine is busy with something else, idle, or without a task."""

    def __init__(self) -> None:
        self._busy: dict[WorkerId, float] = {}
        self._idle: dict[WorkerId, float] = {}
        self._taskless: dict[WorkerId, float] = {}
        self._worked: dict[WorkerId, float] = {}  # when it last began or ended a task

    def forget(self, worker_id: WorkerId) -> None:
        """A worker is gone, or its figures are old."""
        self._busy.pop(worker_id, None)
        self._idle.pop(worker_id, None)
        self._taskless.pop(worker_id, None)
        self._worked.pop(worker_id, None)

    def look(
        self, worker: Worker, pools: Sequence[Pool], load: Resources, now: float
    ) -> Change | None:
        """Take a machine's new figures.

        Args:
            worker: linked.
            pools: its own and all above it, the nearest first.
            load: as measured now.
            now: seconds that never jump.

        Returns:
            What is to be done, if it is time.
        """
        rules = resolved(pools, RULES)
        if self._worked.get(worker.worker_id) != worker.changed:
            self.forget(worker.worker_id)  # it had a task since the last look
            self._worked[worker.worker_id] = worker.changed
        if worker.runs or worker.rest is not Rest.AWAKE:
            self.forget(worker.worker_id)
            return None
        return (
            self._busy_for(worker, rules, load, now)
            or self._taskless_for(worker, rules, now)
            or self._idle_for(worker, rules, load, now)
        )

    def _busy_for(
        self, worker: Worker, rules: dict[str, int], load: Resources, now: float
    ) -> Change | None:
        what = busy_with(rules, load) if worker.spec.nimby is Nimby.FREE else ""
        if not what:
            self._busy.pop(worker.worker_id, None)
            return None
        seconds = now - self._busy.setdefault(worker.worker_id, now)
        if not 0 < rules["busy_nimby_s"] <= seconds:
            return None
        self.forget(worker.worker_id)
        return Change("nimby", f"in use for {seconds:.0f} s: {what}")

    def _taskless_for(self, worker: Worker, rules: dict[str, int], now: float) -> Change | None:
        seconds = now - self._taskless.setdefault(worker.worker_id, now)
        if not 0 < rules["exit_no_task_s"] <= seconds:
            return None
        self.forget(worker.worker_id)
        return Change("exit", f"no task for {seconds:.0f} s")

    def _idle_for(
        self, worker: Worker, rules: dict[str, int], load: Resources, now: float
    ) -> Change | None:
        if not is_idle(rules, load):
            self._idle.pop(worker.worker_id, None)
            return None
        seconds = now - self._idle.setdefault(worker.worker_id, now)
        if 0 < rules["idle_sleep_s"] <= seconds and worker.traits.macs:
            self.forget(worker.worker_id)
            return Change("sleep", f"idle for {seconds:.0f} s")
        if worker.spec.nimby is not Nimby.FREE and 0 < rules["idle_free_s"] <= seconds:
            return Change("free", f"idle for {seconds:.0f} s")
        return None


def resolved(pools: Sequence[Pool], names: Sequence[str]) -> dict[str, int]:
    """Some settings of a pool; a negative one is as the level above says, 0 at the top."""
    return {
        name: next((value for pool in pools if (value := getattr(pool.spec, name)) >= 0), 0)
        for name in names
    }


def busy_with(rules: dict[str, int], load: Resources) -> str:
    """What keeps a machine busy beside the farm's tasks; "" nothing."""
    found = [
        text
        for text, value, least in (
            ("CPU {} %", 100 - load.cpu_idle, rules["busy_cpu"]),
            ("memory {} %", memory_percent(load), rules["busy_memory"]),
            ("swap {} %", swap_percent(load), rules["busy_swap"]),
            ("disk busy {} %", load.hdd_busy, rules["busy_hdd_io"]),
            ("network {} MB/s", _net(load), rules["busy_net_mbs"]),
        )
        if 0 < least <= value
        for text in (text.format(round(value)),)
    ]
    if rules["busy_hdd_gb"] > 0 and load.hdd_free_gb <= rules["busy_hdd_gb"]:
        found.append(f"{load.hdd_free_gb} GB of disk left")
    if 0 <= load.idle_s < rules["busy_input_s"]:
        found.append(f"a person's input {load.idle_s:.0f} s ago")
    return ", ".join(found)


def is_idle(rules: dict[str, int], load: Resources) -> bool:
    """Whether all that is asked of an idle machine holds. Where nothing is asked, it is not."""
    asked = [
        holds
        for rule, holds in (
            ("idle_cpu", 100 - load.cpu_idle <= rules["idle_cpu"]),
            ("idle_memory", memory_percent(load) <= rules["idle_memory"]),
            ("idle_swap", swap_percent(load) <= rules["idle_swap"]),
            ("idle_hdd_gb", load.hdd_free_gb >= rules["idle_hdd_gb"]),
            ("idle_hdd_io", load.hdd_busy <= rules["idle_hdd_io"]),
            ("idle_net_mbs", _net(load) <= rules["idle_net_mbs"]),
            ("idle_input_s", load.idle_s < 0 or load.idle_s >= rules["idle_input_s"]),
        )
        if rules[rule] > 0
    ]
    return bool(asked) and all(asked)


def memory_percent(load: Resources) -> float:
    """How much of its memory a machine uses; 0 where it does not tell."""
    used = load.mem_total_mb - load.mem_free_mb
    return 100 * used / load.mem_total_mb if load.mem_total_mb else 0.0


def swap_percent(load: Resources) -> float:
    """How much of its swap a machine uses; 0 where it has none."""
    return 100 * load.swap_used_mb / load.swap_total_mb if load.swap_total_mb else 0.0


def _net(load: Resources) -> float:
    return (load.net_recv_kbsec + load.net_send_kbsec) / 1_024
