"""Meanings of what people set, where they are too long to stand beside a field in the code.

What is here replaces the `#:` comment in the reference; a field with neither is an error.
"""

from __future__ import annotations

from typing import Final

_HOSTS_MASK: Final = (
    "Only workers whose name matches. Kind `find`: one of several beginnings of a name,"
    " separated by spaces, commas or bars; kind `regex`: a regular expression for the whole name"
)
_HOSTS_MASK_EXCLUDE: Final = "No worker whose name matches; written like `hosts_mask`"
_RUNNING: Final = "Tasks that may run at once; -1 no limit, 0 none"
_PER_HOST: Final = "Tasks that may run at once on one worker; -1 no limit, 0 none"
_PER_SECOND: Final = "Tasks that may start within one second; -1 no limit"
_MEMORY: Final = "MB of free memory; they are reserved while the task runs; -1 no need"
_DISK: Final = "GB that must be free on the disk of the worker's work folder; -1 no need"
_POWER: Final = "Least `power_host` that the farm's people gave the worker; -1 no need"
_PROPERTIES: Final = "Words, each of which must be part of the worker's `properties_host`"
_NOTE: Final = "A short note that lists show"
_CUSTOM: Final = "Free text for scripts; services find it in their run"
_HIDDEN: Final = "Left out of lists unless asked for"

_SOLVE: Final = (
    "Who below is next. `order`: the greatest priority, then the oldest; `priority`: the greatest"
    " need, so that all get their share"
)
_NEED_BY: Final = "What need counts as taken already: running tasks, or their capacity"

MEANINGS: Final[dict[str, dict[str, str]]] = {
    "TaskSpec": {
        "name": 'What people call the task; "" gives `task 3`',
        "command": "Put at `@#@` in the block's command, else appended to it; stands alone where"
        " the block has none",
        "files": "Put at `@#@` in each of the block's `files`; stand alone where it has none",
    },
    "BlockSpec": {
        "name": "What people and `depend_mask` call the block",
        "service": "Which of the worker's services runs it: see `grange.plugins.services`",
        "parser": 'Which parser reads the output; "" the service\'s own',
        "command": "A list is an argument list and no shell is used; a string is one line for the"
        " shell. Patterns such as `@#@` are filled for each task, see below",
        "working_directory": 'Folder to run in; it must be there on the worker. "" a folder of the'
        " run's own",
        "files": "The files that a task makes, with patterns; relative to `working_directory`",
        "environment": "Variables to add to the worker's own",
        "frames": "Frame list such as `1,4,10-20x3`. Either this or `tasks`",
        "frames_per_task": "How many frames a task has. With named tasks: n > 0 numbers them"
        " 0 to n-1, n to 2n-1 and so on, n < 0 lets -n tasks share one number",
        "tasks": "Named tasks, where there are no frames",
        "tasks_name": 'Pattern of the tasks\' names; "" gives `frame 7`. With named tasks, `@#@`'
        " is the task's own name",
        "sequential": "Order of starting: 1 forward, -1 backward, 0 the ends and then ever finer"
        " halves; n > 1 first, last, then every task with a frame that is a multiple of n, then"
        " the rest; n < -1 the same from the end",
        "capacity": "What a task takes of a worker's capacity",
        "capacity_coeff_min": "A task may take a multiple of `capacity`: the least; 0 off. The"
        " command learns the multiple at `@AF_CAPACITY@`",
        "capacity_coeff_max": "The greatest multiple; 0 with a `capacity_coeff_min`: as much as"
        " is free",
        "need_memory_mb": _MEMORY,
        "need_hdd_gb": _DISK,
        "need_power": _POWER,
        "need_properties": _PROPERTIES,
        "need_cpu_cores": "Cores that the worker must have; -1 no need",
        "need_cpu_mhz": "MHz of its processor; -1 no need",
        "need_cpu_mhz_cores": "MHz times cores; -1 no need",
        "need_gpus": "GPUs that are this task's alone; it sees only them",
        "need_gpu_mem_mb": "MB that the worker's smallest GPU must have; -1 no need",
        "hosts_mask": _HOSTS_MASK,
        "hosts_mask_exclude": _HOSTS_MASK_EXCLUDE,
        "max_running_tasks": _RUNNING,
        "max_running_tasks_per_host": _PER_HOST,
        "tickets": "Licences that a running task holds: name and number",
        "errors_retries": "How often a failed task is tried again; -1 the user's value",
        "errors_avoid_host": "The block keeps off a worker after so many errors there, where"
        " another could serve; 0 never, -1 the user's value",
        "errors_task_same_host": "A task keeps off a worker after so many errors of its own"
        " there, where another could serve; 0 never, -1 the user's value",
        "errors_forgive_time_s": "Seconds after which a worker's errors are forgotten; 0 never,"
        " -1 the user's value",
        "task_max_run_time_s": "A run that takes longer is ended and has failed; 0 or less: no"
        " limit",
        "task_min_run_time_s": "A success that took less time is an error; 0 or less: off",
        "task_progress_change_timeout_s": "A run whose progress stands still for so long is"
        " ended and has failed; 0 or less: off",
        "depend_mask": "Regular expression: wait until all blocks of this job with such a name"
        " are done",
        "tasks_depend_mask": "The same, but task by task: each waits only for the tasks whose"
        " frames meet its own",
        "depend_sub_task": "Blocks that wait task by task may use the first frames of a task of"
        " this block while it still runs",
        "skip_thumbnails": "Make no small pictures of the files",
        "skip_existing_files": "Where all `files` of a task exist already, and are of a size"
        " between `file_size_min` and `file_size_max`, the task is skipped",
        "check_rendered_files": "After a good end all `files` must exist, be of such a size and,"
        " if they are pictures, whole; else the run has failed. Files that have not changed,"
        " frames of an odd size and black pictures are warned of",
        "file_size_min": "Bytes; 0 or less: any",
        "file_size_max": "Bytes; 0 or less: any",
        "suspend_new_tasks": "Its tasks begin suspended and wait for a person",
        "multihost_min": "Machines that must help a task, besides the one that executes it; 0 and "
        "`multihost_max` 0: it is a task of one machine. See [many "
        "machines](../how-to/many-machines.md)",
        "multihost_max": "Machines that may help it; 0 as many as the least",
        "multihost_max_wait_s": "Seconds to wait for more machines than the least",
        "multihost_service": "A shell's line that each helping machine runs while the task does;"
        ' "" it is only kept free',
        "multihost_service_wait_s": "Seconds between the start of that and the start of the task",
        "multihost_master_on_slave": "The task runs on one of the helping machines",
        "slave_lost_ignore": "The task goes on when a helping machine is lost, or its service",
        "parser_coeff": "Given to the service as it is",
        "command_pre": "Run once on a worker before the block's tasks",
        "command_post": "Run once on a worker after the job is deleted",
        "custom_data": _CUSTOM,
    },
    "JobSpec": {
        "name": "What people call the job",
        "blocks": "At least one",
        "user": 'Owner of the job; "" the one who submits',
        "host": "The machine it was sent from",
        "branch": "Place in the studio's tree, such as `/show/sequence`; missing levels are made"
        " where the level above allows it",
        "project": "A word for reports and filters",
        "department": "A word for reports and filters",
        "description": "A text for people",
        "annotation": _NOTE,
        "custom_data": _CUSTOM,
        "folders": "Folders for people to open, such as `input` and `output`",
        "paused": "Held back by a person; what runs goes on",
        "hidden": _HIDDEN,
        "preview_approval": "Render only the preview tasks, those that a `sequential` beyond 1 or"
        " -1 puts first, then wait until a person sets this to false",
        "maintenance": "Each task runs on the worker of the same name and nowhere else",
        "ignore_nimby": "May run on workers that are in use by their people",
        "ignore_paused": "May run on workers that are paused",
        "wait_until": "Nothing starts before; epoch seconds",
        "life_time_s": "Seconds from submission to deletion; -1 the user's value, 0 never",
        "depend_jobs": "Ids of jobs to wait for",
        "depend_mask": "Regular expression: wait for all jobs of the same user with such a name,"
        " also those that are submitted later",
        "depend_mask_global": "The same over all users' jobs",
        "max_running_tasks": _RUNNING,
        "max_running_tasks_per_host": _PER_HOST,
        "max_tasks_per_second": _PER_SECOND,
        "hosts_mask": _HOSTS_MASK,
        "hosts_mask_exclude": _HOSTS_MASK_EXCLUDE,
        "hosts_mask_type": "Kind of this job's and its blocks' host masks; \"\" the user's",
        "need_os": "Words, each of which must be part of what the worker says of its system",
        "need_properties": _PROPERTIES,
        "need_power": _POWER,
        "need_memory_mb": _MEMORY,
        "need_hdd_gb": _DISK,
        "pools": "How much pools are liked: -100 forbids one, 100 demands it, what is between"
        " is a preference. A path means the pool and all below it",
        "try_first": "Pairs of block and task to start before all others",
        "command_pre": "Run once on a worker before the blocks",
        "command_post": "Run once on a worker after the job is deleted",
    },
    "WorkSpec": {
        "priority": "The greater goes first, or gets more, as `solve` of the level above says;"
        " 0 runs nothing",
        "paused": "Nothing more starts; what runs goes on",
        "max_running_tasks": _RUNNING,
        "max_running_tasks_per_host": _PER_HOST,
        "max_tasks_per_second": _PER_SECOND,
        "hosts_mask": _HOSTS_MASK,
        "hosts_mask_exclude": _HOSTS_MASK_EXCLUDE,
        "hosts_mask_type": "Kind of the host masks",
        "need_os": "Words, each of which must be part of what the worker says of its system",
        "need_properties": _PROPERTIES,
        "need_power": _POWER,
        "need_memory_mb": _MEMORY,
        "need_hdd_gb": _DISK,
        "pools": "How much pools are liked: -100 forbids one, 100 demands it, what is between"
        " is a preference",
        "annotation": _NOTE,
        "custom_data": _CUSTOM,
        "hidden": _HIDDEN,
    },
    "UserSpec": {
        "solve": _SOLVE,
        "need_by": _NEED_BY,
        "errors_retries": "How often a failed task is tried again",
        "errors_avoid_host": "A block keeps off a worker after so many errors there, where"
        " another could serve; 0 never",
        "errors_task_same_host": "A task keeps off a worker after so many errors of its own"
        " there, where another could serve; 0 never",
        "errors_forgive_time_s": "Seconds after which a worker's errors are forgotten; 0 never",
        "jobs_life_time_s": "Seconds from a job's submission to its deletion; 0 never",
    },
    "BranchSpec": {"solve": _SOLVE, "need_by": _NEED_BY},
    "TicketLimit": {"count": "How many there are"},
    "FarmSpec": {
        "services": "What may run here; empty: as the level above says",
        "services_disabled": "What may not, whatever the level above says",
        "capacity_host": "Capacity of one worker; -1 as the level above",
        "max_tasks_host": "Tasks at once on one worker; -1 as the level above",
        "power_host": "A figure for `need_power`; -1 as the level above",
        "properties_host": 'Words for `need_properties`; "" as the level above',
        "tickets_host": "Licences of which each machine has so many of its own",
        "priority": "Workers of a pool of greater priority get tasks first; a pool below the root"
        " counts for half, the levels above it for the other half. 0 gets none; of a worker itself"
        " only that counts",
        "paused": "Gets no more tasks; what runs goes on",
        "annotation": _NOTE,
        "custom_data": _CUSTOM,
        "hidden": _HIDDEN,
    },
    "PoolSpec": {
        "pattern": "Regular expression: new workers with such a name join this pool",
        "tickets_pool": "Licences that all machines of the pool, and of those below it, share",
        "new_nimby": "New workers of the pool serve nobody until a person frees them",
        "new_paused": "New workers of the pool are paused until a person resumes them",
        "sick_errors_count": "A worker on which tasks of so many different users failed one"
        " after the other is sick and gets no more; 0 never, -1 as the level above",
        "memory_policy": "What becomes of a run that uses more memory than it asked for"
        ' (`need_memory_mb`): `report` tells of it with its result, `kill` ends it as well; "" as'
        " the level above",
        "memory_over_percent": "By how many percent of what it asked for a run may pass that"
        " before `kill` ends it; -1 as the level above",
    },
    "WorkerSpec": {
        "user": "Whom the machine belongs to",
        "pool": 'Path of its pool; "" as the pools\' patterns say',
        "nimby": "Whom the worker serves",
    },
    "WorkerState": {
        "OFFLINE": "no link, and no run of it is believed alive",
        "PAUSED": "gets no more tasks until a person resumes it",
        "BUSY": "runs something",
        "IDLE": "has nothing to do",
    },
    "TaskOp": {
        "RESTART": "run it again, whatever became of it",
        "SKIP": "leave it out; what waits for it may go on",
        "DONE": "count it as done",
        "SUSPEND": "hold it back",
        "CONTINUE": "let a suspended one go on",
        "STOP": "end its run; it is ready again",
    },
    "TaskFilter": {
        "ALL": "all that are addressed",
        "FAILED": "those that failed",
        "RUNNING": "those that run",
        "DONE": "those that are done",
        "SKIPPED": "those that were skipped",
        "WARNING": "those whose last run warned",
        "SUSPENDED": "those that are suspended",
    },
    "Settings": {
        "database": 'Where the state is kept: "" a SQLite file in `state_dir`, else an address'
        " such as `postgresql+psycopg://user@host/database`",
        "listen": "Address to listen at. `127.0.0.1` is this machine alone; `0.0.0.0` or `::` all"
        " networks, which needs TLS",
        "port": "Port to listen at; 0 any free one",
        "address": "Name or address by which other machines find this one, as join codes say it;"
        ' "" the host name',
        "tls": "Whether to encrypt. Left out: beyond this machine. `false` is refused there",
        "tls_certificate": "PEM file with a certificate chain of your own; left out: a"
        " self-signed one that the server makes, and that join codes carry",
        "tls_key": "PEM file of that certificate's key; goes with `tls_certificate`",
        "allowed_hosts": "Further names by which requests may call the server (header `Host`)",
        "allowed_origins": "Further sites whose pages may send requests (header `Origin`), such"
        " as `https://portal.studio`",
        "body_max_bytes": "Bytes of a request's body that are taken",
        "connections_max": "Connections that may be open at once",
        "stop_max_s": "Seconds that a stopping server waits for requests under way",
        "lease_s": "Seconds of silence after which a worker's runs are given to others. The"
        " worker has ended them by then: its own lease is 0.8 of this",
        "worker_accept": "Let in whoever has a join code, without a person's word",
        "services_extra": "Services that jobs may ask for besides those that the server knows",
        "worker_run_as": "System user of the tasks on this machine's own worker;"
        ' "" the server\'s own',
        "worker_allow_root": "Let tasks of this machine's own worker run as root",
        "log_level": "Least weight of a line in the server's log",
    },
    "Configuration": {
        "server": "Address, such as `https://farm:7420`",
        "token": "Who asks; the file must be its owner's alone (mode 600)",
        "fingerprint": "SHA-256 of the server's certificate, in hex, where it is self-signed",
    },
}
