"""What is asked for: jobs of blocks of tasks, with every attribute a submitter can set.

The attributes are Afanasy's (CGRU 3.4.1, sections 3.1-3.3 of its specification) under
names that carry their unit. -1 means "the owner's value" or "no limit", as said at each.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from grange.model.frames import TaskSpace, parse_frames
from grange.model.patterns import Command

PRIORITY_MAX = 255  # Afanasy stores a priority in one byte
NAME_MAX = 255  # characters of a name
TEXT_MAX = 1_000_000  # characters of a description, a command or custom data
BLOCKS_MAX = 10_000  # blocks of one job
TASKS_MAX = 10_000_000  # tasks of one job

Name = Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]
ShortText = Annotated[str, Meta(max_length=4_096)]
Text = Annotated[str, Meta(max_length=TEXT_MAX)]
Priority = Annotated[int, Meta(ge=0, le=PRIORITY_MAX)]
Limit = Annotated[int, Meta(ge=-1, le=2**31 - 1)]  # -1 no limit, 0 forbids
Seconds = Annotated[int, Meta(ge=-1, le=2**31 - 1)]
Need = Annotated[int, Meta(ge=-1, le=2**31 - 1)]  # -1 no need
Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # an id or a position
MaskType = Literal["", "find", "regex"]  # "" inherits from the user


class TaskSpec(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A named task: one that is not a range of frames."""

    name: ShortText = ""
    command: Command = ()  #: joined with the block's, see `named_command`
    files: tuple[ShortText, ...] = ()  #: put in each of the block's file patterns
    environment: dict[str, str] = {}  #: added to the block's
    custom_data: Text = ""  #: free text for scripts


class BlockSpec(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Tasks that are alike: a frame list cut into tasks, or a list of named tasks."""

    name: Name = "block"
    service: Name = "generic"  #: the program's class on the worker
    parser: Annotated[str, Meta(max_length=NAME_MAX)] = (
        ""  #: reads the output; "" the service's own
    )
    command: Command = ()  #: a list is an argument list, a string a shell's line; with patterns
    working_directory: ShortText = ""
    files: tuple[ShortText, ...] = ()  #: patterns of the files that a task makes
    environment: dict[str, str] = {}
    frames: Text = ""  #: such as `1,4,10-20x3`
    frames_per_task: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] = 1
    tasks: tuple[TaskSpec, ...] = ()  #: where there are no frames
    tasks_name: ShortText = ""  #: pattern of the tasks' names; "" gives "frame 7"
    sequential: Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)] = 1  #: see `start_order`

    capacity: Annotated[int, Meta(ge=1, le=2**31 - 1)] = 1_000  #: what a task takes of a worker's
    capacity_coeff_min: Annotated[int, Meta(ge=0, le=1_000_000)] = (
        0  #: least multiple of it, 0 off
    )
    capacity_coeff_max: Annotated[int, Meta(ge=0, le=1_000_000)] = 0  #: most, 0 off
    need_memory_mb: Need = -1
    need_hdd_gb: Need = -1  #: free disk
    need_power: Need = -1  #: a figure that the farm's people give to workers
    need_properties: ShortText = ""  #: each word must be part of the worker's properties
    need_cpu_cores: Need = -1
    need_cpu_mhz: Need = -1
    need_cpu_mhz_cores: Need = -1  #: MHz times cores
    need_gpus: Annotated[int, Meta(ge=0, le=1_024)] = 0  #: GPUs for this task alone
    need_gpu_mem_mb: Need = -1
    hosts_mask: ShortText = ""
    hosts_mask_exclude: ShortText = ""
    max_running_tasks: Limit = -1
    max_running_tasks_per_host: Limit = -1
    tickets: dict[str, Annotated[int, Meta(ge=1, le=1_000_000)]] = {}  #: licences a task holds

    errors_retries: Annotated[int, Meta(ge=-1, le=127)] = -1  #: -1 the user's value
    errors_avoid_host: Annotated[
        int, Meta(ge=-1, le=127)
    ] = -1  #: block avoids a host after so many
    errors_task_same_host: Annotated[
        int, Meta(ge=-1, le=127)
    ] = -1  #: task avoids it after so many
    errors_forgive_time_s: Seconds = -1  #: errors of a host are forgotten after; 0 never

    task_max_run_time_s: Seconds = 0  #: 0 off
    task_min_run_time_s: Seconds = 0  #: a faster success is an error; 0 off
    task_progress_change_timeout_s: Seconds = 0  #: 0 off

    depend_mask: ShortText = ""  #: regular expression: blocks of this job to wait for
    tasks_depend_mask: ShortText = ""  #: the same, task by task where frames meet
    depend_sub_task: bool = False  #: others may use frames of a task that still runs

    skip_thumbnails: bool = False
    skip_existing_files: bool = False
    check_rendered_files: bool = False
    file_size_min: Annotated[int, Meta(ge=-1)] = -1  #: bytes
    file_size_max: Annotated[int, Meta(ge=-1)] = -1  #: bytes
    suspend_new_tasks: bool = False

    multihost_min: Annotated[int, Meta(ge=0, le=1_000)] = 0  #: machines that help a task, at least
    multihost_max: Annotated[int, Meta(ge=0, le=1_000)] = 0  #: at most; 0 as many as the least
    multihost_max_wait_s: Annotated[int, Meta(ge=0, le=65_535)] = 0  #: for more than the least
    multihost_service: ShortText = ""  #: a shell's line that each of them runs; "" none does
    multihost_service_wait_s: Annotated[int, Meta(ge=0, le=65_535)] = 0  #: before the task starts
    multihost_master_on_slave: bool = False  #: the task itself runs on one of them
    slave_lost_ignore: bool = False  #: the task goes on when a helper is lost

    parser_coeff: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1  #: given to the service as it is
    command_pre: Command = ()  #: run once on a worker before the block's tasks
    command_post: Command = ()  #: run once on a worker after the job is deleted
    custom_data: Text = ""

    @property
    def hosts_least(self) -> int:
        """Machines that a task needs at once; 0: it is a task of one, like most."""
        if not self.multihost_min and not self.multihost_max:
            return 0
        return max(1, self.multihost_min) + (not self.multihost_master_on_slave)

    @property
    def hosts_most(self) -> int:
        """Machines that a task takes if it can."""
        most = max(self.multihost_min, self.multihost_max) + (not self.multihost_master_on_slave)
        return max(self.hosts_least, most)

    def space(self) -> TaskSpace:
        """The block's tasks and their frames.

        Raises:
            FramesError: `frames` cannot be read.
        """
        ranges = parse_frames(self.frames) if self.frames else ()
        return TaskSpace(ranges, self.frames_per_task, len(self.tasks))


class JobSpec(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A job as a submitter writes it."""

    name: Name
    blocks: tuple[BlockSpec, ...]
    user: Annotated[str, Meta(max_length=NAME_MAX)] = ""  #: "" the one who submits
    host: Annotated[str, Meta(max_length=NAME_MAX)] = ""  #: the machine it was sent from
    priority: Priority = 99  #: the greater goes first; 0 never runs
    branch: ShortText = "/"  #: place in the studio's tree, such as /show/sequence
    project: ShortText = ""
    department: ShortText = ""
    description: Text = ""
    annotation: ShortText = ""
    custom_data: Text = ""
    folders: dict[str, str] = {}  #: such as input and output, for people to open

    paused: bool = False
    hidden: bool = False
    preview_approval: bool = False  #: render the preview tasks, then wait for a person
    maintenance: bool = False  #: each task runs on the worker of the same name
    ignore_nimby: bool = False
    ignore_paused: bool = False
    wait_until: Annotated[float, Meta(ge=0)] = 0.0  #: epoch seconds
    life_time_s: Seconds = -1  #: deleted so long after creation; -1 the user's value, 0 never

    depend_jobs: Annotated[tuple[Number, ...], Meta(max_length=10_000)] = ()  #: ids to wait for
    depend_mask: ShortText = ""  #: regular expression: jobs of the same user to wait for
    depend_mask_global: ShortText = ""  #: the same over all users' jobs

    max_running_tasks: Limit = -1
    max_running_tasks_per_host: Limit = -1
    max_tasks_per_second: Limit = -1  #: starts per second
    hosts_mask: ShortText = ""
    hosts_mask_exclude: ShortText = ""
    hosts_mask_type: MaskType = ""
    need_os: ShortText = ""  #: each word must be part of the worker's system
    need_properties: ShortText = ""
    need_power: Need = -1
    need_memory_mb: Need = -1
    need_hdd_gb: Need = -1
    pools: dict[str, Annotated[int, Meta(ge=-100, le=100)]] = {}  #: -100 forbids, 100 only there
    #: (block, task) to start before the others
    try_first: Annotated[tuple[tuple[Number, Number], ...], Meta(max_length=10_000)] = ()

    command_pre: Command = ()  #: run once on a worker before the blocks
    command_post: Command = ()  #: run once on a worker after the job is deleted


#: Fields of a job that `EditJob` may change.
JOB_EDITABLE = frozenset(
    {
        *("priority", "branch", "user", "description", "annotation", "custom_data", "folders"),
        *("project", "department", "hidden", "preview_approval", "maintenance"),
        *("ignore_nimby", "ignore_paused", "wait_until", "life_time_s"),
        *("depend_jobs", "depend_mask", "depend_mask_global"),
        *("max_running_tasks", "max_running_tasks_per_host", "max_tasks_per_second"),
        *("hosts_mask", "hosts_mask_exclude", "hosts_mask_type", "pools"),
        *("need_os", "need_properties", "need_power", "need_memory_mb", "need_hdd_gb"),
        *("command_pre", "command_post"),
    }
)

#: Fields of a block that `EditJob` may change: all but what shapes its tasks.
BLOCK_EDITABLE = frozenset(BlockSpec.__struct_fields__) - {
    *("frames", "frames_per_task", "tasks", "command_pre"),
}
