"""What a worker is, gets and gives: traits, run specifications, results."""

from __future__ import annotations

import msgspec

from grange.model.ids import JobId, RunId
from grange.model.patterns import Command
from grange.model.states import RunStatus


class NetworkInterface(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One network interface of a machine."""

    name: str  #: as the system calls it
    mac: str = ""  #: its hardware address; "" it has none
    addresses: tuple[str, ...] = ()  #: IPv4 and IPv6


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says of its machine when it joins; it changes only with the machine."""

    os: str = ""  #: words, such as "linux x86_64 debian 12"
    version: str = ""  #: of Grange
    cpu_cores: int = 1
    cpu_mhz: int = 0
    cpu_name: str = ""  #: as render nodes of Afanasy tell it
    memory_mb: int = 0
    hdd_gb: int = 0  #: size of the disk with the work folder
    gpus: int = 0
    gpu_mem_mb: int = 0  #: of the smallest GPU
    gpu_name: str = ""
    services: tuple[str, ...] = ()  #: what it can run; empty: whatever its pool says
    addresses: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    netifs: tuple[NetworkInterface, ...] = ()  #: the same, by network interface
    #: whether the farm may have it launch commands; None: its version knows nothing of that
    launches: bool | None = None


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
    memory_max_mb: int = 0  #: resident, of its tree; above it the run is ended. 0 no limit
    file_size_min: int = -1
    file_size_max: int = -1
    skip_thumbnails: bool = False
    skip_existing_files: bool = False
    check_rendered_files: bool = False
    report_frames: bool = False  #: others wait for single frames: say when each is done
    parser_coeff: int = 1
    custom_data: dict[str, str] = {}  #: of job, user, worker, block, task, by these names
    tickets: dict[str, int] = {}
    hosts: tuple[str, ...] = ()  #: names of the machines that were captured for the task
    start_wait_s: int = 0  #: seconds to wait before the process is started
    helps: RunId = RunId(0)  #: run of the task that this one serves; 0: it executes the task


class Meter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one run used: of its whole process tree, not of its host."""

    cpu_s: float = 0.0  #: seconds of one core
    peak_memory_mb: int = 0  #: MB resident, summed over the tree
    read_mb: int = 0  #: MB from disks and file servers; what was in memory already is not read
    written_mb: int = 0  #: MB to disks and file servers
    gpu_memory_mb: int = 0  #: MB at the most, on all GPUs


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
    pid: int = 0  #: of its process on its machine; 0 it had none, or it is not known


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a run is: telemetry, lossy, never stored."""

    run_id: RunId  #: whose
    percent: int = -1  #: of the task; -1 unknown
    frame: int = -1  #: how many frames of the task are done
    frame_percent: int = -1  #: of the frame under way; -1 unknown
    activity: str = ""  #: what its program says it does
    warning: bool = False  #: something is to be looked at
    memory_mb: int = 0  #: of its process tree now
    cpu_percent: float = 0.0  #: of one core
    gpu_memory_mb: int = 0  #: of its process tree now, on all GPUs
    read_mb: int = 0  #: so far, from disks and file servers
    written_mb: int = 0  #: so far, to disks and file servers
    pid: int = 0  #: of its process on its machine; 0 it is not known (yet)


class Gpu(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The present load of one GPU, or of a part that MIG makes of one."""

    name: str = ""  #: the product's
    util: int = 0  #: percent of the time in which it computed
    temp: int = 0  #: degrees Celsius, 0 unknown
    mem_total_mb: int = 0  #: MB that it has
    mem_used_mb: int = 0  #: MB in use, of all programs


Colour = tuple[int, int, int]  # red, green, blue, 0 to 255 each


class Dial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A custom resource: what a studio's own class measures on a machine."""

    name: str  #: of its class
    value: int = 0  #: as it stands
    valuemax: int = 100  #: the greatest value, for a scale
    label: str = ""  #: a text to stand by it
    tooltip: str = ""  #: a longer text
    valid: bool = True  #: false: it cannot measure here, and is not to be drawn
    fault: str = ""  #: why it is not valid, where its class broke
    width: int = 0  #: pixels it would like to be wide; 0 any
    height: int = 50  #: pixels it would like to be high
    graph_colour: Colour = (0, 255, 0)  #: of the value
    label_colour: Colour = (255, 255, 0)  #: of the label
    back_colour: Colour = (10, 20, 5)  #: of what is behind
    label_size: int = 10  #: points of the label's font


class Resources(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A machine's present load: telemetry (names as in Afanasy's host_resources)."""

    cpu_user: int = 0  #: percent of all cores' time, of programs
    cpu_nice: int = 0  #: percent, of programs of low priority; the tasks of the farm are
    cpu_system: int = 0  #: percent, of the system itself
    cpu_idle: int = 100  #: percent, of nothing
    cpu_iowait: int = 0  #: percent, of nothing but waiting for disks
    cpu_irq: int = 0  #: percent, of interrupts
    cpu_softirq: int = 0  #: percent, of what interrupts left to do
    #: processes that wanted to run, in the mean of 1, 5 and 15 minutes
    cpu_loadavg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    cpu_mhz: int = 0  #: MHz of the first core now
    cpu_temp: int = 0  #: degrees Celsius of the hottest core, 0 unknown
    mem_total_mb: int = 0  #: MB, of the machine or what its container may use
    mem_free_mb: int = 0  #: MB that a new process could get
    mem_cached_mb: int = 0  #: MB of files kept in memory, which are given up when needed
    mem_buffers_mb: int = 0  #: MB of the system's buffers
    swap_total_mb: int = 0  #: MB
    swap_used_mb: int = 0  #: MB
    hdd_total_gb: int = 0  #: GB, of the disk that counts
    hdd_free_gb: int = 0  #: GB
    hdd_rd_kbsec: int = 0  #: KB a second, of the disks that count
    hdd_wr_kbsec: int = 0  #: KB a second
    hdd_busy: int = 0  #: percent of the time, of the busiest of them
    net_recv_kbsec: int = 0  #: KB a second, of the network interfaces that count
    net_send_kbsec: int = 0  #: KB a second
    gpu_gpu_util: int = 0  #: percent, of the busiest GPU
    gpu_gpu_temp: int = 0  #: degrees Celsius, of the hottest GPU
    gpu_mem_total_mb: int = 0  #: MB of all GPUs; 0 there is none
    gpu_mem_used_mb: int = 0  #: MB of it in use
    gpu_string: str = ""  #: names of the GPUs, each kind once; "" there is none
    gpus: tuple[Gpu, ...] = ()  #: each one
    logged_in_users: tuple[str, ...] = ()  #: who is signed in at the machine
    #: seconds since the last input of a person; -1 nobody is signed in, or it is not known
    idle_s: float = -1.0
    custom: tuple[Dial, ...] = ()  #: what a studio's own classes measure
