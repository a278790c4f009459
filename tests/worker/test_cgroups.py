"""Control groups: where they may be made, what they limit, and how they end a run."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from grange.worker import cgroups
from grange.worker.cgroups import Ground, Group, Groups
from tests.worker.kennel import Kennel, eventually, exists

FILES = ("cgroup.procs", "cgroup.subtree_control", "cgroup.type")


class System:
    """A system as its kernel shows it, in a folder."""

    def __init__(self, folder: Path, group: str, *, root: str = "/") -> None:
        self.place = folder / "sys"
        self.own = folder / "own"
        self.mounts = folder / "mounts"
        self.group = self.place / group.lstrip("/")
        self.group.mkdir(parents=True)
        for name in FILES:
            (self.group / name).write_text("")
        (self.group / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
        self.own.write_text(f"4:devices:/old\n0::{root.rstrip('/')}{group}\n")
        self.mounts.write_text(
            "22 1 0:5 / /proc rw - proc proc rw\n"
            f"30 22 0:26 {root} {self.place} rw - cgroup2 cgroup2 rw\n"
        )

    def find(self) -> Ground | None:
        return Ground.find(self.own, self.mounts)


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path, "/grange.slice/grange-worker.service")


def test_a_group_that_is_ours_alone_can_hand_down_what_it_has(system: System) -> None:
    (system.group / "cgroup.procs").write_text(f"{os.getpid()}\n")
    assert system.find() == Ground(system.group, ("memory", "pids", "cpu"), free=True)


def test_a_group_with_others_in_it_gives_what_it_hands_down_already(system: System) -> None:
    (system.group / "cgroup.procs").write_text(f"{os.getpid()}\n1\n")
    (system.group / "cgroup.subtree_control").write_text("pids\n")
    assert system.find() == Ground(system.group, ("pids",), free=False)


def test_one_that_was_moved_aside_before_finds_its_ground_again(tmp_path: Path) -> None:
    system = System(tmp_path, f"/unit/{cgroups.ASIDE}")
    for name in (*FILES, "cgroup.controllers"):
        (system.group.parent / name).write_text("memory pids" if "controllers" in name else "")
    found = system.find()
    assert found == Ground(system.group.parent, ("memory", "pids"), free=True)


def test_in_a_container_the_group_is_below_what_is_mounted(tmp_path: Path) -> None:
    system = System(tmp_path, "/", root="/docker/ab12")
    assert cgroups.own_group(system.own, system.mounts) == system.place


def test_a_blank_in_a_mounts_place_is_understood(tmp_path: Path) -> None:
    system = System(tmp_path / "a b", "/unit")
    text = system.mounts.read_text().replace("a b", "a\\040b")
    system.mounts.write_text(text)
    assert cgroups.own_group(system.own, system.mounts) == system.group


def test_a_system_without_such_groups_has_no_ground(system: System) -> None:
    system.mounts.write_text("22 1 0:5 / /proc rw - proc proc rw\n")
    assert system.find() is None
    assert Ground.find(system.own.with_name("none"), system.mounts) is None


def test_a_group_that_was_not_given_to_us_is_no_ground(system: System) -> None:
    (system.group / "cgroup.subtree_control").unlink()  # not to be written, as root sees it
    assert system.find() is None


def test_the_ground_is_made_ready(system: System) -> None:
    ground = system.find()
    assert ground is not None
    (system.group / f"grange-ab12{os.sep}7").mkdir(parents=True)
    runs = ground.prepare("ab12")
    assert (runs / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    assert (system.group / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    assert (system.group / cgroups.ASIDE / "cgroup.procs").read_text() == str(os.getpid())
    assert (runs / "7" / "cgroup.kill").read_text() == "1", "a former life is ended"


def test_limits_are_set_where_their_controllers_are(tmp_path: Path) -> None:
    (tmp_path / "pids.max").write_text("max\n")
    Group(tmp_path).limit(memory_max_mb=2, processes_max=99)
    assert (tmp_path / "pids.max").read_text() == "99"
    assert not (tmp_path / "memory.max").exists()
    (tmp_path / "memory.max").write_text("max\n")
    Group(tmp_path).limit(memory_max_mb=2, processes_max=0)
    assert (tmp_path / "memory.max").read_text() == str(2 * 1024 * 1024)
    assert (tmp_path / "pids.max").read_text() == "99"


def test_what_was_used_is_read(tmp_path: Path) -> None:
    assert Group(tmp_path).used() == (0.0, False, False)
    (tmp_path / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    (tmp_path / "memory.events").write_text("low 0\noom 3\noom_kill 1\n")
    (tmp_path / "pids.events").write_text("max 4\n")
    assert Group(tmp_path).used() == (2.5, True, True)


def test_a_group_that_is_not_empty_yet_is_removed_later(tmp_path: Path) -> None:
    groups = Groups(tmp_path)
    group = groups.make(1)
    assert group is not None
    (group.folder / "inside").mkdir()
    groups.drop(group)
    assert group.folder.exists()
    (group.folder / "inside").rmdir()
    (group.folder / "cgroup.kill").unlink()
    groups.make(2)
    assert not group.folder.exists()


def test_where_no_group_can_be_made_a_run_has_none(tmp_path: Path) -> None:
    groups = Groups(tmp_path / "none")
    assert groups.make(1) is None
    assert not groups.work()


# --- with the kernel's own


@pytest.fixture
def ground() -> Iterator[Path]:
    """A folder for groups in the real hierarchy."""
    found = Ground.find()
    if found is None:
        pytest.skip("this system lets us make no control groups")
    folder = found.prepare(f"test-{uuid.uuid4().hex[:12]}")
    yield folder
    eventually(lambda: not [path for path in folder.iterdir() if path.is_dir()])
    folder.rmdir()


@pytest.fixture
def kennel(ground: Path) -> Iterator[Kennel]:
    with Kennel(groups=ground) as kennel:
        yield kennel


def test_a_run_is_in_its_group_from_its_first_moment(kennel: Kennel, ground: Path) -> None:
    kennel.spawn(7, "cat /proc/self/cgroup; cat /proc/$$/status | grep Pid; id -u")
    assert kennel.gone(7).exit_code == 0
    assert f"/{ground.name}/7\n".encode() in kennel.output(7)


def test_a_missing_program_is_named_and_its_group_removed(kennel: Kennel, ground: Path) -> None:
    assert kennel.refusal(("/no/such",)) == "program /no/such: it does not exist"
    assert not (ground / "1").exists()


def test_signals_output_and_folder_are_as_without_a_group(kennel: Kennel, tmp_path: Path) -> None:
    kennel.spawn(1, "grep SigIgn /proc/self/status; pwd; cat; echo err >&2", folder=tmp_path)
    assert kennel.gone(1).exit_code == 0
    ignored, folder, error = kennel.output(1).splitlines()
    assert int(ignored.split()[1], 16) & ~0x1_8000_0000 == 0
    assert (folder, error) == (str(tmp_path).encode(), b"err")


def test_all_of_a_group_ends_with_its_run(kennel: Kennel, tmp_path: Path, ground: Path) -> None:
    hidden = f"env -i setsid sh -c 'echo $$ > {tmp_path}/pid; exec sleep 1000'"
    kennel.spawn(1, f"({hidden} &) ; while [ ! -s pid ]; do sleep 0.01; done", tmp_path)
    kennel.gone(1)
    assert not exists(int((tmp_path / "pid").read_text()))
    eventually(lambda: not (ground / "1").exists())


def test_time_that_nobody_waited_for_is_counted(kennel: Kennel) -> None:
    """A child of a child whose parent ended first: only the group knows what it used."""
    burn = "import time; t = time.process_time()\nwhile time.process_time() < t + 0.2: pass"
    kennel.spawn_argv(1, (sys.executable, "-c", burn))
    assert kennel.gone(1).cpu_s >= 0.2


def test_a_fork_bomb_in_a_group_is_killed_whole(kennel: Kennel) -> None:
    line = "b() { setsid sh -c 'sleep 0.01' & sleep 0.005; b; }; b & b & b & echo up; wait"
    kennel.spawn(1, line)
    kennel.wait_output(1, b"up")
    kennel.kill(1, hard=True)
    kennel.gone(1)
    assert kennel.children() == []


@pytest.fixture
def limiting(ground: Path) -> Path:
    """A folder for groups that can limit memory and processes."""
    if "pids" not in (ground / "cgroup.subtree_control").read_text():
        pytest.skip("this system's control groups limit neither memory nor processes")
    return ground


FORK = """
import os, time
made = 0
try:
    while made < 100:
        if os.fork() == 0:
            time.sleep(1000)
        made += 1
finally:
    print(made)
"""


def test_a_run_has_no_more_processes_than_its_group_lets_it(limiting: Path) -> None:
    with Kennel(groups=limiting, processes_max=20) as kennel:
        kennel.spawn_argv(1, (sys.executable, "-c", FORK))
        gone = kennel.gone(1)
        assert (gone.exit_code, gone.crowded) == (1, True)
        assert b"19\n" in kennel.output(1)


def test_a_run_that_takes_more_memory_than_it_may_is_killed_by_the_kernel(limiting: Path) -> None:
    with Kennel(groups=limiting) as kennel:
        kennel.spawn_held(1, (sys.executable, "-c", "x = b'x' * 300_000_000"), memory_max_mb=60)
        kennel.spawn(2, "exit 3")
        killed, other = kennel.gone(1), kennel.gone(2)
        assert (killed.signal, killed.out_of_memory) == (9, True)
        assert (other.exit_code, other.out_of_memory) == (3, False)
