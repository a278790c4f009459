"""Writes the order that a worker gets for one task."""

from __future__ import annotations

from itertools import islice

import msgspec

from grange.core.objects import Block, Job, Run, Worker
from grange.core.state import FarmState
from grange.model.patterns import Command, fill_command, fill_files, named_command, named_files
from grange.model.run import RunSpec


def task_command(block: Block, task: int) -> Command:
    """A task's command with its own part joined in; patterns are not filled."""
    if not block.named:
        return block.spec.command
    return named_command(block.spec.command, block.named[task].command)


def task_files(block: Block, task: int) -> tuple[str, ...]:
    """Patterns of a task's files, with its own put in."""
    if not block.named:
        return block.spec.files
    return named_files(block.spec.files, block.named[task].files)


def exact_command(block: Block, task: int) -> Command:
    """A task's command as it will run, before a worker maps its program and paths.

    Patterns stand for frames: what named tasks say is taken as it is, as in Afanasy.
    """
    command = task_command(block, task)
    return command if block.named else fill_command(command, block.space[task], task)


def exact_files(block: Block, task: int, most: int) -> tuple[str, ...]:
    """A task's files, the first so many of them."""
    files = task_files(block, task)
    return (
        files[:most] if block.named else tuple(islice(fill_files(files, block.space[task]), most))
    )


def run_spec(
    state: FarmState, job: Job, block: Block, run: Run, hosts: tuple[str, ...] = ()
) -> RunSpec:
    """All that a worker needs to execute a run."""
    spec, worker = block.spec, state.workers[run.worker_id]
    frames = block.space[run.task]
    named = block.named[run.task] if block.named else None
    environment = spec.environment
    if named is not None and named.environment:
        environment = environment | named.environment
    return RunSpec(
        run_id=run.run_id,
        job_id=job.job_id,
        block=block.number,
        task=run.task,
        job_name=job.spec.name,
        block_name=spec.name,
        task_name=block.task_name(run.task),
        user=job.user,
        service=spec.service,
        parser=spec.parser,
        command=task_command(block, run.task),
        working_directory=spec.working_directory,
        environment=environment,
        files=task_files(block, run.task),
        frame_first=frames.first,
        frame_last=frames.last,
        frame_inc=frames.inc,
        frames_num=frames.number,
        numeric=named is None,
        capacity=spec.capacity,
        capacity_coeff=run.coeff,
        gpus=run.gpus,
        attempt=run.attempt,
        max_run_time_s=spec.task_max_run_time_s,
        min_run_time_s=spec.task_min_run_time_s,
        progress_change_timeout_s=max(0, spec.task_progress_change_timeout_s),
        need_memory_mb=run.memory_mb or -1,
        memory_max_mb=memory_max(state, worker, run.memory_mb),
        file_size_min=spec.file_size_min,
        file_size_max=spec.file_size_max,
        skip_thumbnails=spec.skip_thumbnails,
        skip_existing_files=spec.skip_existing_files,
        check_rendered_files=spec.check_rendered_files,
        report_frames=spec.depend_sub_task and frames.number > 1,
        parser_coeff=spec.parser_coeff,
        custom_data=_custom_data(state, job, block, run.task, worker),
        tickets=dict(run.tickets),
        hosts=hosts,
        start_wait_s=spec.multihost_service_wait_s if spec.multihost_service and hosts else 0,
    )


def helper_spec(
    state: FarmState, job: Job, block: Block, run: Run, hosts: tuple[str, ...]
) -> RunSpec:
    """All that a worker needs to serve a task of many machines for as long as it runs."""
    return msgspec.structs.replace(
        run_spec(state, job, block, run, hosts),
        command=block.spec.multihost_service,
        parser="generic",
        files=(),
        max_run_time_s=0,
        min_run_time_s=0,
        progress_change_timeout_s=0,
        skip_thumbnails=True,
        skip_existing_files=False,
        check_rendered_files=False,
        report_frames=False,
        start_wait_s=0,
        helps=run.helps,
    )


def memory_max(state: FarmState, worker: Worker, need_mb: int) -> int:
    """Resident MB above which a worker ends a run, by the policy of its pools; 0 never."""
    if need_mb <= 0:
        return 0
    chain = [pool.spec for pool in state.pool_chain(worker.pool)]
    if next((spec.memory_policy for spec in chain if spec.memory_policy), "") != "kill":
        return 0
    over = (spec.memory_over_percent for spec in chain if spec.memory_over_percent >= 0)
    return need_mb * (100 + next(over, 0)) // 100


def _custom_data(
    state: FarmState, job: Job, block: Block, task: int, worker: Worker
) -> dict[str, str]:
    said = {
        "job": job.spec.custom_data,
        "user": state.users[job.user].spec.custom_data,
        "worker": worker.spec.custom_data,
        "block": block.spec.custom_data,
        "task": block.named[task].custom_data if block.named else "",
    }
    return {name: text for name, text in said.items() if text}
