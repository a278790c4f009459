"""The doctor: what it says of this machine, and that it never breaks or hangs."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grange.model.machine import MachineSettings
from grange.plugins.paths import Pair
from grange.worker.cgroups import Ground
from grange.worker.config import WorkerConfig
from grange.worker.doctor import examine, programs, system
from grange.worker.doctor.apart import Hangs, NoAnswer, Question
from grange.worker.doctor.finding import Finding, Grade, ok, warning, wrong
from grange.worker.doctor.probes import Folder, Gpu
from tests.worker.kennel import eventually, exists

root_only = pytest.mark.skipif(os.getuid() != 0, reason="only root is refused")


@root_only
def test_root_is_refused_allowed_or_replaced() -> None:
    (refused,) = system.account("", allow_root=False)
    (allowed,) = system.account("", allow_root=True)
    (replaced,) = system.account("nobody", allow_root=False)
    assert [item.grade for item in (refused, allowed, replaced)] == [
        Grade.WRONG,
        Grade.WARNING,
        Grade.OK,
    ]
    assert "tasks run as nobody" in replaced.text


def test_a_user_that_is_not_there_is_named() -> None:
    (found,) = system.account("no-such-user", allow_root=False)
    assert (found.grade, "no-such-user" in found.text) == (Grade.WRONG, True)


def test_memory_is_told() -> None:
    (found,) = system.memory()
    assert "GB are free" in found.text


def test_few_files_or_processes_are_told_with_their_numbers() -> None:
    tight = {resource.RLIMIT_NOFILE: (256, 1_024), resource.RLIMIT_NPROC: (500, 500)}
    found = system.file_limit(tight.__getitem__)
    assert [(item.name, item.grade) for item in found] == [
        ("files", Grade.WARNING),
        ("processes", Grade.WARNING),
    ]
    assert "1,024 files" in found[0].text
    assert "500 processes" in found[1].text


def test_limits_that_are_none_are_well() -> None:
    none = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    (found,) = system.file_limit(lambda _resource: none)
    assert (found.grade, found.text) == (Grade.OK, "any number of files, any number of processes")


def test_it_says_whether_tasks_get_control_groups(tmp_path: Path) -> None:
    (with_limits,) = system.groups(99, Ground(tmp_path, ("memory", "pids"), free=True))
    assert (with_limits.grade, "99 processes" in with_limits.text) == (Grade.OK, True)
    (without,) = system.groups(99, Ground(tmp_path, (), free=False))
    assert (without.grade, "at the next beat" in without.text) == (Grade.WARNING, True)
    (unbound,) = system.groups(0, Ground(tmp_path, (), free=False))
    assert "any number" in unbound.text


def test_without_a_driver_there_is_no_gpu(tmp_path: Path) -> None:
    (found,) = system.gpus((str(tmp_path / "none"),))
    assert (found.grade, "no NVIDIA driver" in found.text) == (Grade.OK, True)


@pytest.mark.parametrize(
    ("said", "grade", "text"),
    [
        (Gpu(), Grade.WRONG, "does not answer"),
        (Gpu(driver="555.42"), Grade.WARNING, "sees no GPU"),
        (Gpu(driver="555.42", count=2, names="L40S", memory_mb=46_068), Grade.OK, "2 x L40S, 45"),
    ],
)
def test_the_gpus_are_as_their_driver_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Gpu, grade: Grade, text: str
) -> None:
    class Answered:
        def __init__(self, _kind: str) -> None:
            pass

        def answer(self, _kind: type[Gpu], _timeout_s: float) -> Gpu:
            return said

    monkeypatch.setattr("grange.worker.doctor.system.Question", Answered)
    (found,) = system.gpus((str(tmp_path),))
    assert (found.grade, text in found.text) == (grade, True)


def test_programs_are_told_once_with_the_services_that_use_them() -> None:
    found = dict.fromkeys(("blender_internal", "blender"), "Blender 4.2 at /opt")
    said = programs.findings({**found, "generic": "any command", "system": "any command"})
    assert said == [
        ok("blender, blender_internal", "Blender 4.2 at /opt"),
        ok("any command", "by generic, system"),
    ]


def test_a_machine_without_a_renderer_is_warned_of() -> None:
    *_, last = programs.findings({"generic": "any command"})
    assert (last.grade, "no renderer" in last.text) == (Grade.WARNING, True)


def test_the_services_of_a_studio_are_asked_too(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "toon.py").write_text(
        "from grange.plugins.service import Service\n"
        "print('a plugin that prints')\n"
        "class Toon(Service):\n"
        "    @classmethod\n"
        "    def found(cls): return 'Toon 7'\n"
    )
    assert ok("toon", "Toon 7") in programs.services([str(tmp_path)])


def test_one_program_at_hand_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    povray = tmp_path / "povray"
    povray.write_text("#!/bin/sh\n")
    povray.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ok("povray", f"POV-Ray at {povray}") in programs.services()


# --- questions to a child


def test_a_question_that_hangs_is_given_up() -> None:
    question = Question("folder", "/")
    assert question._child is not None
    os.kill(question._child.pid, signal.SIGSTOP)
    with pytest.raises(Hangs, match="no answer within 1 s"):
        question.answer(Gpu, 1.0)
    assert question._child.returncode == -signal.SIGKILL


def test_a_question_is_not_asked_again_while_the_kernel_holds_who_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = Question("folder", "/")
    child = first._child
    assert child is not None
    os.kill(child.pid, signal.SIGSTOP)

    def held(timeout: float) -> int:
        raise subprocess.TimeoutExpired("", timeout)

    with monkeypatch.context() as kernel:
        kernel.setattr(child, "wait", held)
        kernel.setattr(child, "poll", lambda: None)
        with pytest.raises(Hangs, match="no answer"):
            first.answer(Folder, 0.1)
        with pytest.raises(Hangs, match="an earlier look still hangs"):
            Question("folder", "/").answer(Folder, 30.0)
        assert Question("folder", "/etc").answer(Folder, 30.0).fault == ""
    eventually(lambda: child.poll() is not None)
    assert Question("folder", "/").answer(Folder, 30.0).fault == ""


def test_what_a_question_that_hangs_has_started_ends_with_it(tmp_path: Path) -> None:
    place = tmp_path / "pid"
    source = (
        "import os, time\nfrom grange.plugins.service import Service\n"
        "class ours(Service):\n    @classmethod\n    def found(cls):\n"
        f"        open({str(place)!r}, 'w').write(str(os.getpid()))\n        time.sleep(1000)\n"
    )
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "ours.py").write_text(source)
    question = Question("services", [str(tmp_path)])
    child = question._child
    assert child is not None
    assert child.stdin is not None
    child.stdin.write(question._about)
    child.stdin.close()
    eventually(lambda: place.exists() and place.read_text())
    pid = int(place.read_text())
    assert pid != child.pid
    child.stdin = None
    with pytest.raises(Hangs):
        question.answer(dict[str, str], 0.1)
    eventually(lambda: not exists(pid))


def test_a_question_that_breaks_says_how() -> None:
    with pytest.raises(NoAnswer, match="KeyError: 'no-such'"):
        Question("no-such").answer(Gpu, 30.0)


def test_an_answer_that_is_none_is_told() -> None:
    with pytest.raises(NoAnswer, match="an answer that is none"):
        Question("folder", "/").answer(list[int], 30.0)


def test_without_a_python_to_look_with_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(NoAnswer, match="no process can be started"):
        Question("folder", "/").answer(Gpu, 30.0)


# --- all of it


def config(folder: Path, **more: object) -> WorkerConfig:
    plain: dict[str, object] = {"server": "ws://127.0.0.1:1", "state_folder": folder}
    return WorkerConfig(**(plain | more))  # type: ignore[arg-type]  # a test's own fields


def test_everything_is_looked_at(tmp_path: Path) -> None:
    names = {item.name.split()[0] for item in examine.examine(config(tmp_path))}
    assert {"account", "server", "state", "memory", "gpu", "task", "any"} <= names


def test_the_folders_are_those_of_the_settings_and_of_the_path_map(tmp_path: Path) -> None:
    own, mapped = tmp_path / "own", tmp_path / "mapped"
    own.mkdir()
    found = examine.examine(
        config(
            tmp_path,
            machine=MachineSettings(doctor_paths=(str(own),)),
            path_map=(Pair(client=str(mapped), server="/prj"), Pair(client=str(own), server="/o")),
        ),
        {"folders": examine.ALL["folders"]},
    )
    assert [(item.name, item.grade) for item in found] == [
        (f"folder {own}", Grade.OK),
        (f"folder {mapped}", Grade.WRONG),
    ]


def test_a_check_that_breaks_is_a_finding(tmp_path: Path) -> None:
    def broken(_config: WorkerConfig) -> list[Finding]:
        raise RuntimeError("boom")

    (found,) = examine.examine(config(tmp_path), {"broken": broken})
    assert (found.name, found.grade) == ("broken", Grade.WRONG)
    assert "RuntimeError: boom" in found.text


def test_warnings_leave_a_machine_well() -> None:
    assert examine.well([ok("a", "b"), warning("a", "b", "c")])
    assert not examine.well([ok("a", "b"), wrong("a", "b", "c")])
