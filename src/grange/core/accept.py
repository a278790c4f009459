"""Is a job, block or edit sound? Everything is checked here before anything changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

from grange.core.deps import check_job_targets, refuse_block_cycle
from grange.core.errors import InvalidField, UnknownField
from grange.core.masks import check_regex
from grange.core.state import FarmState
from grange.model.frames import FramesError
from grange.model.patterns import Command
from grange.model.spec import BLOCKS_MAX, NAME_MAX, TASKS_MAX, BlockSpec, JobSpec, TaskSpec

S = TypeVar("S", bound=msgspec.Struct)


def check_job(state: FarmState, spec: JobSpec) -> None:
    """Refuse a job that could never run as written.

    Raises:
        Rejected: names the field and what would be right.
    """
    if not spec.blocks:
        raise InvalidField("a job needs at least one block", "blocks")
    if len(spec.blocks) > BLOCKS_MAX:
        raise InvalidField(f"{len(spec.blocks)} blocks; at most {BLOCKS_MAX} in a job", "blocks")
    if spec.maintenance:
        check_maintenance(spec.blocks, "maintenance")
    check_job_fields(state, spec)
    check_blocks(state, spec.blocks)
    refuse_block_cycle(spec.blocks)
    sizes: dict[int, int] = {}
    for place, (block, task) in enumerate(spec.try_first):
        if block not in sizes:
            known = 0 <= block < len(spec.blocks)
            sizes[block] = spec.blocks[block].space().size if known else 0
        if not 0 <= task < sizes[block]:
            raise InvalidField(f"there is no task {block}/{task}", f"try_first[{place}]")


def check_maintenance(blocks: Sequence[BlockSpec], field: str) -> None:
    """Refuse blocks that a maintenance job cannot have."""
    if any(block.frames for block in blocks):
        raise InvalidField(
            "a maintenance job has named tasks, each with a worker's name, not frames", field
        )
    if any(block.hosts_least for block in blocks):
        raise InvalidField(
            "a task of a maintenance job is for one machine, and cannot have helpers", field
        )


def check_job_fields(state: FarmState, spec: JobSpec, known: Collection[int] = ()) -> None:
    """Refuse masks, commands and ids of a job that cannot be; ids that are `known` may be gone."""
    check_job_targets(state, spec, known)
    check_command(spec.command_pre, "command_pre")
    check_command(spec.command_post, "command_post")
    for field in ("depend_mask", "depend_mask_global"):
        check_regex(getattr(spec, field), field)
    if spec.hosts_mask_type == "regex":
        check_regex(spec.hosts_mask, "hosts_mask")
        check_regex(spec.hosts_mask_exclude, "hosts_mask_exclude")


def check_blocks(
    state: FarmState, blocks: Sequence[BlockSpec], start: int = 0, total: int = 0
) -> None:
    """Refuse blocks that could never run as written.

    `start` is the first one's number, `total` how many tasks their job has already.
    """
    for number, block in enumerate(blocks):
        total += check_block(state, block, f"blocks[{start + number}]")
    if total > TASKS_MAX:
        raise InvalidField(f"{total} tasks; at most {TASKS_MAX} in a job", "blocks")


def check_block(state: FarmState, block: BlockSpec, path: str) -> int:
    """Refuse a block that could never run as written. Returns its number of tasks."""
    if block.frames and block.tasks:
        raise InvalidField("a block has either frames or tasks, not both", f"{path}.tasks")
    if not block.frames and not block.tasks:
        raise InvalidField("a block needs frames, such as 1-100, or tasks", f"{path}.frames")
    try:
        size = block.space().size
    except FramesError as error:
        raise InvalidField(str(error), f"{path}.frames") from error
    if size > TASKS_MAX:
        raise InvalidField(
            f"{size} tasks; at most {TASKS_MAX} in a job: raise frames_per_task or split it",
            f"{path}.frames",
        )
    check_block_fields(state, block, path)
    _check_commands(block, path)
    return size


def check_block_fields(state: FarmState, block: BlockSpec, path: str) -> None:
    """Refuse a block's service, masks and bounds that cannot be."""
    if state.services and block.service not in state.services:
        raise InvalidField(
            f"there is no service {block.service!r}{near(block.service, state.services)}",
            f"{path}.service",
        )
    for field in ("depend_mask", "tasks_depend_mask"):
        check_regex(getattr(block, field), f"{path}.{field}")
    if block.capacity_coeff_max and block.capacity_coeff_max < block.capacity_coeff_min:
        raise InvalidField(
            f"{block.capacity_coeff_max} is less than capacity_coeff_min",
            f"{path}.capacity_coeff_max",
        )
    if 0 < block.multihost_max < block.multihost_min:
        raise InvalidField(
            f"{block.multihost_max} is less than multihost_min", f"{path}.multihost_max"
        )
    if 0 < block.task_max_run_time_s < block.task_min_run_time_s:
        raise InvalidField("less than task_min_run_time_s", f"{path}.task_max_run_time_s")
    if 0 <= block.file_size_max < block.file_size_min:
        raise InvalidField("less than file_size_min", f"{path}.file_size_max")


def _check_commands(block: BlockSpec, path: str) -> None:
    check_command(block.command, f"{path}.command")
    if block.frames and not block.command:
        raise InvalidField("a block with frames needs a command", f"{path}.command")
    check_tasks(block.command, block.tasks, path)
    check_command(block.command_pre, f"{path}.command_pre")
    check_command(block.command_post, f"{path}.command_post")


def check_tasks(command: Command, tasks: Sequence[TaskSpec], path: str, start: int = 0) -> None:
    """Refuse named tasks without anything to run, or of a kind unlike their block's."""
    for number, task in enumerate(tasks, start):
        field = f"{path}.tasks[{number}].command"
        check_command(task.command, field)
        if not command and not task.command:
            raise InvalidField("neither the task nor its block has a command", field)
        if command and task.command and isinstance(command, str) != isinstance(task.command, str):
            raise InvalidField(
                "the block's command and the task's must both be lists or both be strings", field
            )


def check_command(command: Command, path: str) -> None:
    """Refuse a command that no system can run."""
    words = (command,) if isinstance(command, str) else command
    if any("\0" in word for word in words):
        raise InvalidField("a command cannot hold a NUL character", path)
    if words and not words[0].strip():
        raise InvalidField("the program's name is empty", path)


def near(name: str, known: Collection[str]) -> str:
    """The end of a sentence that names the nearest known word, or the known ones."""
    close = get_close_matches(name[:NAME_MAX], sorted(known), 1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known are {', '.join(sorted(known)[:20])}" if known else ""


def edited(spec: S, changes: Mapping[str, Any], editable: Collection[str], path: str = "") -> S:
    """A specification with some fields changed, checked as if it had come from outside.

    Raises:
        UnknownField: a field that is not there or cannot be edited.
        InvalidField: a value of a wrong type or out of bounds.
    """
    for name in changes:
        if name not in editable:
            known = name in spec.__struct_fields__
            why = "cannot be edited" if known else f"is not a field{near(name, editable)}"
            shown = name[:NAME_MAX]
            raise UnknownField(f"{shown!r} {why}", path + shown)
    fields = {name: getattr(spec, name) for name in spec.__struct_fields__}
    raw = {name: msgspec.to_builtins(value) for name, value in fields.items()}
    try:
        return msgspec.convert(raw | dict(changes), type(spec))
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at `$.")
        field = where.rstrip("`") or next(iter(changes), "")
        raise InvalidField(text[:1].lower() + text[1:], path + field) from error
