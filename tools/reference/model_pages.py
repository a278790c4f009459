"""Pages from the vocabulary: states, jobs, and what is set on users and machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TypeVar

from grange.core.operate import TOUCHES
from grange.model import nodes, run, spec, states
from grange.model.states import TaskState
from tools.reference import markdown as md
from tools.reference.afanasy import BLOCK_KEYS, DIAL_KEYS, JOB_KEYS, RESOURCES_KEYS, TASK_KEYS
from tools.reference.fields import fields_table, meaning, members_table
from tools.reference.source import summary

State = TypeVar("State", bound=Enum)


def states_page() -> str:
    """Write docs/reference/states.md."""
    return md.page(
        "States",
        ["model/states.py"],
        "What can become of a task, a run, a job and a worker. The tables are the ones that the"
        " farm itself decides by: a move that is not drawn here cannot happen.",
        "## Tasks",
        summary(TaskState),
        _tasks(),
        "A task that waits for nobody begins as `READY`. `DONE` and `SKIPPED` are *finished*:"
        " what waits for the task may go on.",
        _diagram(states.TASK_MOVES, ("READY", "WAITING", "SUSPENDED")),
        "## What people can do to tasks",
        "Each operation touches tasks in these states and leaves the others as they are.",
        _operations(),
        "An operation can be limited to some of the addressed tasks:",
        members_table(states.TaskFilter, ("only", "which")),
        "## What a task's last run left behind",
        _flags(),
        "## How a run ended",
        _statuses(),
        "*ok*: the task is done, or skipped. *error*: it counts against the task's retries and"
        " its worker. *no fault*: nobody is to blame, the task is ready again.",
        "## Jobs and blocks",
        summary(states.JobState),
        members_table(states.JobState, ("state", "meaning")),
        "## Workers",
        summary(states.WorkerState),
        members_table(states.WorkerState, ("state", "meaning")),
        "Below it lies what the farm knows of the worker's link:",
        members_table(states.Presence, ("presence", "meaning")),
        _diagram(states.PRESENCE_MOVES, ("ONLINE",)),
        "Whether the machine sleeps:",
        members_table(states.Rest, ("rest", "meaning")),
        _diagram(states.REST_MOVES, ("AWAKE",)),
        "And whom the machine serves:",
        members_table(states.Nimby, ("nimby", "meaning")),
        "## Roles",
        summary(states.Role),
        members_table(states.Role, ("role", "meaning")),
        "Which role may do what is in [commands.md](commands.md).",
    )


def _tasks() -> str:
    rows = [
        (md.code(item.value), md.code(item.name), md.sentence(meaning(TaskState, item.name)))
        for item in TaskState
    ]
    return md.table(["byte", "state", "meaning"], rows)


def _diagram(moves: Mapping[State, frozenset[State]], starts: Iterable[str]) -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {name}" for name in starts]
    order = list(moves)
    for origin, targets in moves.items():
        lines += [
            f"    {origin.name} --> {target.name}" for target in sorted(targets, key=order.index)
        ]
    return "\n".join([*lines, "```"])


def _operations() -> str:
    rows = []
    for op in states.TaskOp:
        touched = ", ".join(md.code(item.name) for item in TaskState if item in TOUCHES[op])
        rows.append((md.code(op.value), md.sentence(meaning(states.TaskOp, op.name)), touched))
    return md.table(["op", "meaning", "touches"], rows)


def _flags() -> str:
    rows = [
        (
            md.code(item.value),
            md.code(str(item.name)),
            md.sentence(meaning(states.TaskFlag, str(item.name))),
        )
        for item in states.TaskFlag
    ]
    return md.table(["bit", "flag", "meaning"], rows)


def _statuses() -> str:
    rows = []
    for item in states.RunStatus:
        if item in states.RUN_OK:
            counts = "ok"
        else:
            counts = "no fault" if item in states.RUN_UNCOUNTED else "error"
        flag = states.STATUS_FLAG.get(item)
        rows.append(
            (
                md.code(item.value),
                md.sentence(meaning(states.RunStatus, item.name)),
                counts,
                md.code(flag.name) if flag is not None else "",
            )
        )
    return md.table(["status", "meaning", "counts as", "sets flag"], rows)


_PATTERNS = """\
## Patterns

In `command`, `tasks_name` and, one file per frame, in `files`:

| pattern | becomes |
| --- | --- |
| `@#@`, `@####@` | by turns the first and the last frame of the task, with zeros to the width |
| `@first#@`, `@first####@` | the first frame |
| `@last#@`, `@last####@` | the last frame |
| `@inc@` | the step between frames |
| `@frames@` | the task's frames as a list, such as `1-9x2` |
| `@task@` | the task's number in the block |
| `@AF_CAPACITY@` | the multiple of its capacity that the task was given |

In files only `@#@` and its wider forms are filled, once for each frame of the task.

## Frame lists

`7` is a frame, `1-100` a range, `1-100x5` every fifth of it; commas put them together:
`1,4,10-20x3`. No frame may be named twice, and a range goes upwards. A list is cut into tasks
range by range, so a task's frames always have a first, a last and a step: `1-10,21-25` with
`frames_per_task` 4 gives `1-4`, `5-8`, `9-10`, `21-24`, `25`."""


def job_page() -> str:
    """Write docs/reference/job.md."""
    heads = "Afanasy"
    return md.page(
        "Jobs, blocks and tasks",
        ["model/spec.py"],
        "Every field that a submitter can set, in JSON as in Python (`grange.Job`,"
        " `grange.Block`, `grange.Task`). A field that is not known is refused, with the name of"
        " the nearest one. The last column names Afanasy's key of the same meaning.",
        "-1 means no limit, no need, or the owner's value, as said at each.",
        "## Job",
        summary(spec.JobSpec),
        fields_table(spec.JobSpec, (heads, JOB_KEYS)),
        "## Block",
        summary(spec.BlockSpec),
        fields_table(spec.BlockSpec, (heads, BLOCK_KEYS)),
        "## Task",
        summary(spec.TaskSpec) + " A block has either `frames` or `tasks`.",
        fields_table(spec.TaskSpec, (heads, TASK_KEYS)),
        _PATTERNS,
        "## Bounds of a whole job",
        md.table(
            ["what", "at most"],
            [
                ("blocks", f"{spec.BLOCKS_MAX:,}"),
                ("tasks of all blocks", f"{spec.TASKS_MAX:,}"),
            ],
        ),
        "## What can be changed later",
        "Of a job: " + _names(spec.JOB_EDITABLE) + ".",
        "Of a block, all but "
        + _names(frozenset(spec.BlockSpec.__struct_fields__) - spec.BLOCK_EDITABLE)
        + ", which shape its tasks. `paused` has commands of its own.",
    )


def _names(fields: Iterable[str]) -> str:
    return ", ".join(md.code(name) for name in sorted(fields))


def nodes_page() -> str:
    """Write docs/reference/nodes.md."""
    return md.page(
        "Users, branches, pools and workers",
        ["model/nodes.py"],
        "What people set on them. A user is made with the first job, a branch where the level"
        " above allows it; a pool is made by setting something on it.",
        "## User",
        summary(nodes.UserSpec),
        fields_table(nodes.UserSpec),
        "## Branch",
        summary(nodes.BranchSpec) + " The root, `/`, begins with `create_childs` true.",
        fields_table(nodes.BranchSpec),
        "## Pool",
        summary(nodes.PoolSpec) + " What is left at -1 or empty is taken from the pool above. "
        f"The root, `/`, begins with `capacity_host` {nodes.ROOT_POOL.capacity_host:,},"
        f" `max_tasks_host` {nodes.ROOT_POOL.max_tasks_host},"
        f" `power_host` {nodes.ROOT_POOL.power_host}, `sick_errors_count`"
        f" {nodes.ROOT_POOL.sick_errors_count}, `memory_policy` `{nodes.ROOT_POOL.memory_policy}`"
        f" and `memory_over_percent` {nodes.ROOT_POOL.memory_over_percent}.",
        fields_table(nodes.PoolSpec),
        "## Worker",
        summary(nodes.WorkerSpec) + " What is left at -1 or empty is taken from its pool.",
        fields_table(nodes.WorkerSpec),
        "## Ticket limit",
        summary(nodes.TicketLimit),
        fields_table(nodes.TicketLimit),
    )


def resources_page() -> str:
    """Write docs/reference/resources.md."""
    heads = "Afanasy"
    return md.page(
        "What is measured",
        ["model/run.py"],
        "Of machines and of runs, in JSON as in Python; each figure with its unit.",
        "MB and GB are 1,024 x 1,024 bytes and 1,024 of these; KB are 1,024 bytes.",
        "## A machine's load",
        summary(run.Resources) + " A worker sends it every `resources_s`; it is shown by"
        " `grange workers NAME`, by the page and by `GET /api/v1/workers`, and is not stored."
        " Which disks and interfaces count is a"
        " [setting of the machine](settings.md#the-machine). Afanasy's `cpu_num` is `cpu_cores`"
        " of the worker's traits.",
        fields_table(run.Resources, (heads, RESOURCES_KEYS)),
        "Whether somebody sits at a machine (`idle_s`) is told by the terminals of those who are"
        " signed in and, where one of them has a desktop, by what the desktop tells logind, which"
        " is often only after five minutes without a key.",
        "## A GPU",
        summary(run.Gpu) + " NVIDIA's; see [GPUs](../how-to/gpus.md).",
        fields_table(run.Gpu),
        "## A custom resource",
        summary(run.Dial) + " See [measure more](../how-to/measure-more.md).",
        fields_table(run.Dial, (heads, DIAL_KEYS)),
        "## A run while it lasts",
        summary(run.Progress),
        fields_table(run.Progress),
        "## What a run used",
        summary(run.Meter) + " It is kept with the run's result, and shown by `grange task` and"
        " on the page.",
        fields_table(run.Meter),
        _METERING,
    )


_METERING = """\
How it is counted, on Linux:

- *The tree* is every process that the task started, also one that forked twice or made a session
  of its own. A process's share is taken when the worker waits for it, so children that came and
  went between two looks count; so does an orphan, unless it ends within a beat of being left and
  several tasks run beside it.
- *Memory* is the greatest of two: the sum of all processes that lived at one look (every beat),
  and the most that any one process ever had. Where a run is over its `need_memory_mb`, what its
  processes share is counted once: a pool of forked renderers is not taken for several.
- *Bytes read and written* are those that went from and to storage (`read_bytes` and `write_bytes`
  of `/proc/PID/io`): local disks, NFS and SMB. What was in the page cache already costs the file
  server nothing and is not read; pipes between programs are neither. `rchar` and `wchar`, which
  count these too, would make a pipe to an encoder look like the busiest disk of the farm. A file
  system in memory has no storage and counts as nothing.
- *GPU memory* is asked of the driver by process at each beat. In a container that has its own
  numbers of processes the driver's do not fit, and it stays 0."""
