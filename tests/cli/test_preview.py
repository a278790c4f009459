from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from grange.cli.preview import TASKS_SHOWN, plan
from grange.core.state import FarmState
from grange.doors.native.plan import plan_job
from grange.model.spec import BlockSpec, JobSpec, TaskSpec

JOBS = st.sampled_from(
    [
        BlockSpec(frames="1-9x2", command=("a", "@#@", "@last###@"), files=("o.@##@.png",)),
        BlockSpec(frames="1-250", frames_per_task=7, command="a @frames@", tasks_name="t @#@"),
        BlockSpec(tasks=(TaskSpec(name="x", command=("y",)), TaskSpec()), command=("a", "@#@")),
        BlockSpec(tasks=(TaskSpec(files=("f",)),), command=("a",), files=("o/@#@",)),
    ]
)


@given(st.lists(JOBS, min_size=1, max_size=3))
def test_what_is_worked_out_here_is_what_the_server_says(blocks: list[BlockSpec]) -> None:
    named = tuple(
        msgspec.structs.replace(block, name=f"b{number}") for number, block in enumerate(blocks)
    )
    job = JobSpec(name="a", blocks=named)
    here, there = plan(job), plan_job(FarmState(), job, "ada")
    assert here.tasks == there.tasks
    assert [fields(item) for item in here.commands] == [fields(item) for item in there.commands]


def fields(item: object) -> list[object]:
    names = ("block", "task", "name", "command", "working_directory", "files")
    return [getattr(item, name) for name in names]


def test_of_a_long_block_the_first_tasks_are_shown() -> None:
    found = plan(JobSpec(name="a", blocks=(BlockSpec(frames="1-1000000", command=("a",)),)))
    assert (found.tasks, len(found.commands)) == (1_000_000, TASKS_SHOWN)
