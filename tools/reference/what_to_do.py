"""What to do about each reason, and the codes that no class of ours carries."""

from __future__ import annotations

from typing import Final

#: Reason -> what it means where the code has no sentence for it, and what to do.
WHAT_TO_DO: Final[dict[str, tuple[str, str]]] = {
    "paused": ("", "Resume the job"),
    "priority": ("", "Give the job a priority above 0"),
    "wait-until": ("", "Wait, or set `wait_until` to 0"),
    "depends-on-jobs": ("", "Look why those jobs are not done; a failed one holds all that wait"),
    "job-limit": ("", "Raise the job's `max_running_tasks`, or set it to -1"),
    "job-rate": ("", "Nothing: the next second is soon"),
    "depends-on-blocks": ("", "Look why those blocks are not done"),
    "tasks-wait": ("", "Look why the tasks of that block are not done"),
    "nothing-ready": ("", "If tasks failed, read a log and restart them; if suspended, continue"),
    "block-limit": ("", "Raise the block's `max_running_tasks`, or set it to -1"),
    "approval": ("", "Look at the preview; to go on, set `preview_approval` to false"),
    "user-paused": ("", "Ask an admin to resume the user"),
    "user-priority": ("", "Ask an admin for a priority above 0"),
    "user-limit": ("", "Wait for your other jobs, or ask an admin for a higher limit"),
    "user-rate": ("", "Nothing: the next second is soon"),
    "branch-paused": ("", "Ask a wrangler to resume the branch"),
    "branch-priority": ("", "Ask a wrangler for a priority above 0"),
    "branch-limit": ("", "Wait, or ask a wrangler for a higher limit"),
    "branch-rate": ("", "Nothing: the next second is soon"),
    "offline": ("", "Start the worker on that machine; look at its network"),
    "asleep": ("", "Wait: it is woken for the task if it could take it; else wake it"),
    "sick": ("", "Find out why tasks fail there, then heal it"),
    "worker-busy": ("", "Wait, or raise `max_tasks_host`"),
    "capacity": ("", "Wait, or give the block a smaller `capacity`"),
    "memory": ("", "Wait, or ask for less with `need_memory_mb`"),
    "disk": ("", "Free the disk, or ask for less with `need_hdd_gb`"),
    "gpu-busy": ("", "Wait for the tasks that hold the GPUs"),
    "tickets": (
        "",
        "Wait for who holds them; if there are more licences, raise the ticket's count",
    ),
    "nimby": ("", "The machine is its user's for now; leave it be"),
    "nimby-owner": ("", "The machine is its owner's for now; leave it be"),
    "worker-paused": ("", "Resume the worker or its pool"),
    "worker-priority": ("", "Give the worker or its pool a priority above 0"),
    "hosts-mask": ("", "Correct the host mask of the block, job, user or branch"),
    "hosts-mask-exclude": ("", "Correct the mask that excludes it"),
    "service": (
        "",
        "Install the program there and restart the worker, or allow the service on its pool",
    ),
    "os": ("", "Correct `need_os`"),
    "properties": ("", "Correct `need_properties`, or set the worker's `properties_host`"),
    "power": ("", "Ask for less with `need_power`, or set `power_host`"),
    "cpu-cores": ("", "Ask for fewer with `need_cpu_cores`"),
    "cpu-mhz": ("", "Ask for less with `need_cpu_mhz` or `need_cpu_mhz_cores`"),
    "gpu": ("", "Ask for fewer or smaller with `need_gpus`, `need_gpu_mem_mb`"),
    "capacity-total": ("", "Give the block a smaller `capacity`, or raise `capacity_host`"),
    "pool-forbidden": ("", "Take the -100 off the pool"),
    "pool-exclusive": ("", "Take the 100 off, or add workers to the pool that is demanded"),
    "block-per-host": ("", "Wait, or raise the block's `max_running_tasks_per_host`"),
    "job-per-host": ("", "Wait, or raise the job's `max_running_tasks_per_host`"),
    "user-per-host": ("", "Wait, or ask an admin for a higher limit"),
    "branch-per-host": ("", "Wait, or ask a wrangler for a higher limit"),
    "avoided": ("", "Find out what is wrong there, then have the job forget its errors"),
    "task-avoided": ("", "Find out what is wrong there, then have the job forget its errors"),
    "maintenance": ("", "Nothing: each task of this job has its own machine"),
    "kept": ("", "Nothing: that task starts as soon as there are machines enough for it"),
    "hosts": (
        "A task needs several machines at once, and too few are free together",
        "Wait, or ask for fewer with `multihost_min`",
    ),
    "gathering": (
        "There are machines enough, and it waits for more up to `multihost_max`",
        "Nothing, or lower `multihost_max_wait_s`",
    ),
    "no-workers": ("The farm has no worker", "Start one"),
    "starting": ("A worker can take it, and is about to", "Nothing: it starts in a moment"),
}

#: Codes of last resort: code, status, when.
LAST_RESORT: Final[tuple[tuple[str, str, str], ...]] = (
    ("`bad-request`", "400", "The request cannot be understood, and no other code says why."),
    ("`internal-error`", "500", "The server has a fault; its log says more."),
)

#: What a worker is told instead of a welcome: code, when.
LINK: Final[tuple[tuple[str, str], ...]] = (
    ("`version`", "The worker speaks a protocol that the server does not know. Update it."),
    ("`name-taken`", "A worker of that name is online, or the credential is another worker's."),
    ("`pending`", "Its credential waits to be accepted by a person. It tries again by itself."),
    ("`revoked`", "Its credential was taken away. It needs a new join code."),
)

#: What a watcher is told before its WebSocket is closed: code, when.
WATCH: Final[tuple[tuple[str, str], ...]] = (
    ("`bad-watch`", "The message is no `Watch`; the text says where it is wrong."),
)

#: What the client itself says of an answer: code, when.
CLIENT: Final[tuple[tuple[str, str], ...]] = (
    ("`foreign-answer`", "Whoever answered does not speak as Grange does. Look at the address."),
)
