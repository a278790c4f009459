"""What a worker is, gets and gives: traits, run specifications, results."""

from __future__ import annotations

import msgspec

from grange.model.ids import JobId, RunId
from grange.model.patterns import Command
from grange.model.states import RunStatus


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says of its machine when it joins; it changes only with the machine."""

    os: str = ""  #: words, such as "linux x86_64 debian 12"
    version: str = ""  #: of Grange
    cpu_cores: int = 1
    cpu_mhz: int = 0
    memory_mb: int = 0
    hdd_gb: int = 0  #: size of the disk with the work folder
    gpus: int = 0
    gpu_mem_mb: int = 0  #: of the smallest GPU
    gpu_name: str = ""
    services: tuple[str, ...] = ()  #: what it can run; empty: whatever its pool says
    addresses: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()


class RunSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One task, as a worker gets it. Patterns are still to be filled by the service."""

    run_id: RunId
    job_id: JobId
    block: int
    task: int
    job_name: str
    block_name: str
    task_name: str
    user: str
    service: str
    parser: str = ""
    command: Command = ()  #: a named task's own command is already joined in
    working_directory: str = ""
    environment: dict[str, str] = {}
    files: tuple[str, ...] = ()  #: patterns; of a named task, its own are already put in
    frame_first: int = 0
    frame_last: int = 0
    frame_inc: int = 1
    frames_num: int = 1  #: negative where named tasks share a number (Afanasy)
    numeric: bool = True  #: frames, not a named task
    capacity: int = 1_000
    capacity_coeff: int = 0  #: 0 when the capacity is not variable
    gpus: tuple[int, ...] = ()  #: indexes of the GPUs that are this run's alone
    attempt: int = 1  #: 1 for the first start of the task
    max_run_time_s: int = 0
    min_run_time_s: int = 0
    progress_change_timeout_s: int = 0
    need_memory_mb: int = -1
    file_size_min: int = -1
    file_size_max: int = -1
    skip_thumbnails: bool = False
    skip_existing_files: bool = False
    check_rendered_files: bool = False
    report_frames: bool = False  #: others wait for single frames: say when each is done
    parser_coeff: int = 1
    custom_data: dict[str, str] = {}  #: of job, user, worker, block, task, by these names
    tickets: dict[str, int] = {}


class Meter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one run used: of its whole process tree, not of its host."""

    cpu_s: float = 0.0
    peak_memory_mb: int = 0  #: resident, summed over the tree
    read_mb: int = 0
    written_mb: int = 0
    gpu_memory_mb: int = 0


class RunResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a run ended, as its worker reports it. May arrive twice, late, or never."""

    status: RunStatus
    exit_code: int | None = None  #: None when a signal ended it or it never started
    signal: int | None = None
    message: str = ""  #: one sentence for people when the status is not done
    duration_s: float = 0.0  #: from start of the process to its end, monotonic
    warning: bool = False
    report: str = ""  #: the parser's word for the whole job
    resources: str = ""  #: the parser's own figures
    files: tuple[str, ...] = ()  #: what it wrote, as far as the parser saw
    log_bytes: int = 0  #: length of its whole log
    meter: Meter = Meter()


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a run is: telemetry, lossy, never stored."""

    run_id: RunId
    percent: int = -1  #: -1 unknown
    frame: int = -1  #: how many frames of the task are done
    frame_percent: int = -1
    activity: str = ""
    warning: bool = False
    memory_mb: int = 0  #: of its process tree now
    cpu_percent: float = 0.0  #: of one core


class Resources(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A machine's present load: telemetry (names as in Afanasy's host_resources)."""

    cpu_user: int = 0  #: percent of all cores
    cpu_nice: int = 0
    cpu_system: int = 0
    cpu_idle: int = 100
    cpu_iowait: int = 0
    cpu_irq: int = 0
    cpu_softirq: int = 0
    cpu_loadavg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    cpu_mhz: int = 0
    cpu_temp: int = 0  #: degrees Celsius, 0 unknown
    mem_total_mb: int = 0
    mem_free_mb: int = 0  #: what a new process could get
    mem_cached_mb: int = 0
    mem_buffers_mb: int = 0
    swap_total_mb: int = 0
    swap_used_mb: int = 0
    hdd_total_gb: int = 0
    hdd_free_gb: int = 0
    hdd_rd_kbsec: int = 0
    hdd_wr_kbsec: int = 0
    hdd_busy: int = 0  #: percent
    net_recv_kbsec: int = 0
    net_send_kbsec: int = 0
    gpu_gpu_util: int = 0
    gpu_gpu_temp: int = 0
    gpu_mem_total_mb: int = 0
    gpu_mem_used_mb: int = 0
    gpu_string: str = ""
    logged_in_users: tuple[str, ...] = ()
    idle_s: float = 0.0  #: since the last input of a person, 0 unknown
