"""A run in the words in which Afanasy tells it to a plugin."""

from __future__ import annotations

from typing import Any

from grange.model.ids import afanasys_job
from grange.model.run import RunSpec
from grange.plugins import programs
from grange.plugins.contract import Context


class TaskInfo(dict[str, Any]):
    """The dictionary that a plugin reads; it knows the run and the machine that it tells of."""

    def __init__(self, run: RunSpec, context: Context) -> None:
        super().__init__(
            wdir=run.working_directory,
            parser=run.parser,
            command=_line(run),
            command_block=_line(run),
            command_task="",
            capacity=run.capacity,
            capacity_coeff=run.capacity_coeff,
            files=list(run.files),
            files_block=list(run.files),
            files_task=[],
            hosts=list(run.hosts),
            parsed_files=[],
            environment=dict(run.environment),
            tickets=dict(run.tickets),
            frame_start=run.frame_first,
            frame_finish=run.frame_last,
            frame_inc=run.frame_inc,
            frames_num=run.frames_num,
            task_id=run.task,
            task_name=run.task_name,
            block_id=run.block,
            block_name=run.block_name,
            block_flags=int(run.numeric),
            job_id=afanasys_job(run.job_id),
            job_name=run.job_name,
            user_name=run.user,
            store_dir=context.work_folder,
            file_size_min=run.file_size_min,
            file_size_max=run.file_size_max,
            parser_koeff=run.parser_coeff,
            **{f"custom_data_{name}": text for name, text in run.custom_data.items()},
            render_name=context.worker_name,
        )
        self.run = run
        self.context = context


def _line(run: RunSpec) -> str:
    command = run.command
    return command if isinstance(command, str) else programs.shell_words(command)
