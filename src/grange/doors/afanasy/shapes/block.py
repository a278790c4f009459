"""Blocks of jobs, by how much of them is told."""

from __future__ import annotations

from msgspec import field

from grange.doors.afanasy.shapes.shape import Shape

PROGRESS_BAR = 128  # characters


class BlockProgress(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """How far a block is."""

    block_num: int
    st: int
    state: str = ""
    job_id: int = 0
    running_tasks_counter: int = 0
    running_capacity_total: int = 0
    p_percentage: int = 0
    p_error_hosts: int = 0
    p_avoid_hosts: int = 0
    p_tasks_ready: int = 0
    p_tasks_done: int = 0
    p_tasks_error: int = 0
    p_tasks_skipped: int = 0
    p_tasks_warning: int = 0
    p_tasks_waitrec: int = 0
    p_tasks_waitdep: int = 0
    p_tasks_suspended: int = 0
    p_tasks_run_time_min: int = 0
    p_tasks_run_time_max: int = 0
    p_tasks_run_time_sum: int = 0
    time_started: int = 0
    time_done: int = 0
    srv_info: str = ""  #: the render that was last given a task
    p_progressbar: str  #: `PROGRESS_BAR` characters


class BlockListed(BlockProgress, frozen=True, kw_only=True, omit_defaults=True):
    """A block as lists of jobs show it."""

    name: str
    service: str
    capacity: int
    flags: int
    tasks_num: int
    frame_first: int
    frame_last: int
    frames_per_task: int
    frames_inc: int
    sequential: int = 1
    capacity_coeff_min: int = 0
    capacity_coeff_max: int = 0
    multihost_min: int = 0
    multihost_max: int = 0
    multihost_max_wait: int = 0
    multihost_service_wait: int = 0
    file_size_min: int = -1
    file_size_max: int = -1
    max_running_tasks: int = -1
    max_running_tasks_per_host: int = -1
    need_memory: int = -1
    need_power: int = -1
    need_hdd: int = -1
    need_cpu_freq_mgz: int = -1
    need_cpu_cores: int = -1
    need_cpu_freq_cores: int = -1
    need_gpu_mem_mb: int = -1
    errors_retries: int = -1
    errors_avoid_host: int = -1
    errors_task_same_host: int = -1
    errors_forgive_time: int = -1
    task_progress_change_timeout: int = -1
    task_max_run_time: int = 0
    task_min_run_time: int = 0
    depend_mask: str = ""
    tasks_depend_mask: str = ""
    hosts_mask: str = ""
    hosts_mask_exclude: str = ""
    need_properties: str = ""
    tickets: dict[str, int] = field(default_factory=dict)


class BlockProperties(BlockListed, frozen=True, kw_only=True, omit_defaults=True):
    """A block with its commands."""

    command: str
    tasks_name: str
    parser: str = ""
    working_directory: str = ""
    files: tuple[str, ...] = ()
    command_pre: str = field(default="", name="cmd_pre")
    command_post: str = field(default="", name="cmd_post")
    multihost_service: str = ""
    custom_data: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    parser_coeff: int = 1


class BlockTask(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A named task of a block."""

    name: str
    command: str
    files: tuple[str, ...] = ()
    depend_mask: str = ""
    custom_data: str = ""
    environment: dict[str, str] = field(default_factory=dict)


class BlockFull(BlockProperties, frozen=True, kw_only=True, omit_defaults=True):
    """A block with its commands and tasks."""

    tasks: tuple[BlockTask, ...] = ()  #: none: it is numeric, and clients count the frames


class BlockNames(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """Which blocks are to be asked for anew, and how much of them: three lists alike."""

    job_id: tuple[int, ...]
    block_num: tuple[int, ...]
    mode: tuple[str, ...]  #: `progress`, `properties` or `full`
