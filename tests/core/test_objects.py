from __future__ import annotations

import pytest

from grange.core.objects import Job, Worker, parent_path
from grange.core.tree import Share
from grange.model.ids import JobId, WorkerId
from grange.model.nodes import WorkerSpec
from grange.model.run import Traits
from grange.model.spec import BlockSpec, TaskSpec
from tests.build import SKIPPED, block, job, only_block


@pytest.mark.parametrize(
    ("path", "above"), [("/a/b", "/a"), ("/a", "/"), ("/", None), ("/a/b/c", "/a/b")]
)
def test_a_path_has_one_above_it(path: str, above: str | None) -> None:
    assert parent_path(path) == above


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        (block("5-6"), "frame 6"),
        (block("5-6", tasks_name="shot @#@ @###@"), "shot 6 006"),
        (BlockSpec(tasks=(TaskSpec(name="a"), TaskSpec(name="b"))), "b"),
        (BlockSpec(tasks=(TaskSpec(name="a"), TaskSpec())), "task 1"),
        (BlockSpec(tasks=(TaskSpec(name="a"), TaskSpec(name="b")), tasks_name="<@#@>"), "<b>"),
        (BlockSpec(tasks=(TaskSpec(name="a"), TaskSpec()), tasks_name="all"), "all"),
    ],
)
def test_a_task_has_a_name_for_people(spec: BlockSpec, name: str) -> None:
    assert only_block(spec).task_name(1) == name


def test_a_worker_offers_the_less_of_what_is_free_and_what_is_measured() -> None:
    spec, traits = WorkerSpec(), Traits(memory_mb=1_000, hdd_gb=50)
    worker = Worker(WorkerId(1), "n", spec, traits, "/", 0.0, memory_reserved_mb=300)
    assert (worker.linked, worker.memory_free_mb, worker.hdd_free_gb) == (False, 700, 50)
    worker.measured_memory_mb, worker.measured_hdd_gb = 600, 9
    assert (worker.memory_free_mb, worker.hdd_free_gb) == (600, 9)
    worker.measured_memory_mb = 900
    assert worker.memory_free_mb == 700


def test_a_job_is_finished_with_its_last_block() -> None:
    parts = [only_block(block("1")), only_block(block("1"))]
    made = Job(JobId(1), job(), "ada", 0.0, Share(1, None, 0, 0), parts)
    for part in parts:
        assert not made.finished
        part.tasks.move(0, SKIPPED)
    assert made.finished


def test_a_worker_on_which_nothing_is_free_offers_nothing() -> None:
    traits = Traits(memory_mb=1_000, hdd_gb=50)
    worker = Worker(WorkerId(1), "n", WorkerSpec(), traits, "/", 0.0)
    worker.measured_memory_mb, worker.measured_hdd_gb = 0, 0
    assert (worker.memory_free_mb, worker.hdd_free_gb) == (0, 0)
