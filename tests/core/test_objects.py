from __future__ import annotations

import pytest

from grange.core.objects import parent_path
from grange.model.spec import BlockSpec, TaskSpec
from tests.build import block, only_block


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
