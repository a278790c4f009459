"""What people set on users, branches, pools and workers."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from grange.model.spec import Limit, Need, Priority, ShortText, Text
from grange.model.states import Nimby

Solve = Literal["order", "priority"]  # who is first: by priority then age, or by need
NeedBy = Literal["tasks", "capacity"]  # what `need` counts as running
Preference = Annotated[int, Meta(ge=-100, le=100)]
MemoryPolicy = Literal["", "report", "kill"]  # what becomes of a run that uses more than it asked
Percent = Annotated[int, Meta(ge=-1, le=1_000)]


class WorkSpec(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Limits and needs shared by users and branches (Afanasy: Work)."""

    priority: Priority = 99
    paused: bool = False
    max_running_tasks: Limit = -1
    max_running_tasks_per_host: Limit = -1
    max_tasks_per_second: Limit = -1
    hosts_mask: ShortText = ""
    hosts_mask_exclude: ShortText = ""
    hosts_mask_type: Literal["find", "regex"] = "find"
    need_os: ShortText = ""
    need_properties: ShortText = ""
    need_power: Need = -1
    need_memory_mb: Need = -1
    need_hdd_gb: Need = -1
    pools: dict[str, Preference] = {}
    annotation: ShortText = ""
    custom_data: Text = ""
    hidden: bool = False


class UserSpec(
    WorkSpec, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is set on a user."""

    solve: Solve = "order"
    need_by: NeedBy = "capacity"
    errors_retries: Annotated[int, Meta(ge=0, le=127)] = 3
    errors_avoid_host: Annotated[int, Meta(ge=0, le=127)] = 3  #: 0 never
    errors_task_same_host: Annotated[int, Meta(ge=0, le=127)] = 3  #: 0 never
    errors_forgive_time_s: Annotated[int, Meta(ge=0)] = 18_000  #: 0 never
    jobs_life_time_s: Annotated[int, Meta(ge=0)] = 0  #: 0 for ever


class BranchSpec(
    WorkSpec, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is set on a branch of the studio's tree."""

    solve: Solve = "priority"
    need_by: NeedBy = "tasks"
    create_childs: bool = False  #: a job may make branches below this one
    solve_jobs: bool = False  #: its jobs compete one by one, not through their users


class TicketLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many of one licence there are."""

    count: Annotated[int, Meta(ge=0)]
    max_hosts: Annotated[int, Meta(ge=-1)] = -1  #: machines that may hold it at once; -1 any


class FarmSpec(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a host can run; set on a pool or on one worker. -1 and "" inherit."""

    services: tuple[ShortText, ...] = ()  #: empty: as the level above
    services_disabled: tuple[ShortText, ...] = ()
    capacity_host: Limit = -1
    max_tasks_host: Limit = -1
    power_host: Limit = -1
    properties_host: ShortText = ""
    tickets_host: dict[str, TicketLimit] = {}  #: per machine
    priority: Priority = 99
    paused: bool = False
    annotation: ShortText = ""
    custom_data: Text = ""
    hidden: bool = False


class PoolSpec(
    FarmSpec, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is set on a pool."""

    pattern: ShortText = ""  #: regular expression: names of workers that join this pool
    tickets_pool: dict[str, TicketLimit] = {}  #: shared by all machines below
    new_nimby: bool = False
    new_paused: bool = False
    sick_errors_count: Limit = -1  #: failures of different users that make a worker sick
    sick_test_s: Limit = -1  #: a sick worker examines its machine after so long; 0 never
    memory_policy: MemoryPolicy = ""  #: "" as the level above
    memory_over_percent: Percent = -1  #: of its need, that a run may use more; -1 inherits
    #: a machine without a task is busy while any of these that is above 0 is reached
    busy_cpu: Limit = -1  #: percent of all cores
    busy_memory: Limit = -1  #: percent
    busy_swap: Limit = -1  #: percent
    busy_hdd_gb: Limit = -1  #: free, at most
    busy_hdd_io: Limit = -1  #: percent of the time
    busy_net_mbs: Limit = -1  #: MB/s, in and out
    busy_input_s: Limit = -1  #: a person's last input is less long ago
    busy_nimby_s: Limit = -1  #: busy for so long: nimby
    #: it is idle while all of these that are above 0 hold; where none is, it never is
    idle_cpu: Limit = -1  #: percent of all cores, at most
    idle_memory: Limit = -1  #: percent, at most
    idle_swap: Limit = -1  #: percent, at most
    idle_hdd_gb: Limit = -1  #: free, at least
    idle_hdd_io: Limit = -1  #: percent of the time, at most
    idle_net_mbs: Limit = -1  #: MB/s, at most
    idle_input_s: Limit = -1  #: a person's last input is so long ago
    idle_free_s: Limit = -1  #: idle for so long: free, if it is nimby
    idle_sleep_s: Limit = -1  #: idle for so long: to sleep, until there is work
    #: a shell's line, an admin's, that puts a machine to sleep where it launches commands; ""
    #: as the level above, and at the top as the machine's own settings say
    sleep_command: ShortText = ""
    exit_no_task_s: Limit = -1  #: a worker that had no task for so long exits; 0 never
    #: people are told of a free worker that had no task for so long, for twice that ...; 0 never
    no_task_event_s: Limit = -1
    #: people are told of a machine that was overloaded for so long, for twice that ...; 0 never
    overload_event_s: Limit = -1
    overload_memory: Limit = -1  #: percent of memory in use that overload a machine; 0 none
    overload_swap: Limit = -1  #: percent of swap in use that overload a machine; 0 none
    overload_hdd: Limit = -1  #: percent of its disk in use that overload a machine; 0 none
    heartbeat_s: Limit = -1  #: between two beats of a worker; 0 as the server's settings say
    resources_s: Limit = -1  #: between two figures of its machine; 0 as the server's settings
    #: a worker that is silent for so long has lost its runs; 0 and at most: the server's setting
    lease_s: Limit = -1


class WorkerSpec(
    FarmSpec, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is set on one worker."""

    user: ShortText = ""  #: whom the machine belongs to
    pool: ShortText = ""  #: "" assigned by the pools' patterns
    nimby: Nimby = Nimby.FREE


#: Of a worker's fields, those for which its pool has values too.
SHARED: Final = (
    *("services", "services_disabled", "capacity_host", "max_tasks_host"),
    *("power_host", "properties_host", "tickets_host"),
)


def own_values(spec: WorkerSpec) -> tuple[str, ...]:
    """Name the fields in which a worker does not follow its pool (Afanasy: Dirty)."""
    plain = WorkerSpec()
    return tuple(name for name in SHARED if getattr(spec, name) != getattr(plain, name))


#: The root pool's values where nobody says otherwise (Afanasy's).
ROOT_POOL = PoolSpec(
    capacity_host=1_100,
    max_tasks_host=4,
    power_host=1,
    sick_errors_count=0,
    memory_policy="report",
    memory_over_percent=20,
)
ROOT_BRANCH = BranchSpec(create_childs=True, solve_jobs=False, max_tasks_per_second=-1)
