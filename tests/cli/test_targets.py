from __future__ import annotations

import pytest

from grange.cli.targets import BadTarget, JobTarget, NamedTarget, job_target, target


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", JobTarget(12)),
        ("job:12", JobTarget(12)),
        ("12/", JobTarget(12)),
        ("12/0", JobTarget(12, 0)),
        ("12/0/7", JobTarget(12, 0, "7")),
        ("12/1/0-5,9", JobTarget(12, 1, "0-5,9")),
        ("worker:node7", NamedTarget("worker", "node7")),
        ("user:ada", NamedTarget("user", "ada")),
        ("pool:/gpu/big", NamedTarget("pool", "/gpu/big")),
        ("branch:/", NamedTarget("branch", "/")),
    ],
)
def test_a_target_is_read(text: str, expected: JobTarget | NamedTarget) -> None:
    assert target(text) == expected


@pytest.mark.parametrize(
    "text", ["", "x", "12/x", "12/0/9-5", "-1", "12/0/1/2", "worker:", "node:7", "\u0661"]
)
def test_what_is_no_target_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadTarget):
        target(text)


def test_a_target_is_written_as_it_is_read() -> None:
    assert [str(target(text)) for text in ("12", "12/0/5-9", "pool:/a")] == [
        "12",
        "12/0/5-9",
        "pool:/a",
    ]


def test_a_worker_is_no_job() -> None:
    with pytest.raises(BadTarget, match="is no job"):
        job_target("worker:node7")
