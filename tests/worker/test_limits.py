"""Limits of a container: what the groups of this process allow."""

from __future__ import annotations

from pathlib import Path

import pytest

from grange.worker import limits


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A process in a group in a slice."""
    (tmp_path / "slice" / "job").mkdir(parents=True)
    (tmp_path / "own").write_text("0::/slice/job\n")
    return tmp_path / "own"


def test_without_limits_nothing_is_limited(own: Path, tmp_path: Path) -> None:
    (tmp_path / "slice" / "memory.max").write_text("max\n")
    (tmp_path / "slice" / "cpu.max").write_text("max 100000\n")
    assert limits.memory_bytes(own, tmp_path) is None
    assert limits.memory_free_bytes(own, tmp_path) is None
    assert limits.cpu_cores(own, tmp_path) is None


def test_the_tightest_group_counts(own: Path, tmp_path: Path) -> None:
    (tmp_path / "slice" / "memory.max").write_text("1000\n")
    (tmp_path / "slice" / "job" / "memory.max").write_text("4000\n")
    (tmp_path / "slice" / "memory.current").write_text("300\n")
    (tmp_path / "slice" / "job" / "memory.current").write_text("100\n")
    (tmp_path / "slice" / "job" / "cpu.max").write_text("150000 100000\n")
    assert limits.memory_bytes(own, tmp_path) == 1_000
    assert limits.memory_free_bytes(own, tmp_path) == 700
    assert limits.cpu_cores(own, tmp_path) == 1.5


def test_a_system_without_such_groups_limits_nothing(tmp_path: Path) -> None:
    assert limits.memory_bytes(tmp_path / "nothing", tmp_path) is None
    (tmp_path / "own").write_text("4:memory:/old\n")
    assert limits.cpu_cores(tmp_path / "own", tmp_path) is None
