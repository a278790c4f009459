"""The warden: it starts processes and leaves none behind."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grange.worker import posix, procfs
from grange.worker.channel import Gone, NotStarted, Started
from tests.worker.kennel import Kennel, eventually, exists

STUBBORN = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1,flush=True)"


@pytest.fixture
def kennel() -> Iterator[Kennel]:
    with Kennel() as kennel:
        yield kennel


def test_the_exit_status_is_reported(kennel: Kennel) -> None:
    kennel.spawn(1, "exit 0")
    kennel.spawn(2, "exit 3")
    assert (kennel.gone(1).exit_code, kennel.gone(2).exit_code) == (0, 3)


def test_a_signal_is_reported(kennel: Kennel) -> None:
    kennel.spawn(1, "kill -11 $$")
    gone = kennel.gone(1)
    assert (gone.exit_code, gone.signal) == (None, signal.SIGSEGV)


def test_both_outputs_go_to_the_pipe_and_the_input_is_empty(kennel: Kennel) -> None:
    kennel.spawn(1, "cat; echo out; echo err >&2")
    kennel.gone(1)
    assert kennel.output(1) == b"out\nerr\n"


def test_a_process_has_its_folder_and_its_environment(kennel: Kennel, tmp_path: Path) -> None:
    kennel.spawn(1, 'pwd; echo "$WORD"', folder=tmp_path, WORD="hello")
    kennel.gone(1)
    assert kennel.output(1) == f"{tmp_path}\nhello\n".encode()


def test_a_process_inherits_no_other_descriptor(kennel: Kennel) -> None:
    kennel.spawn(1, "ls /proc/self/fd")
    kennel.gone(1)
    assert kennel.output(1).split() == [b"0", b"1", b"2", b"3"]  # 3 is the folder ls reads


def test_a_process_is_nice_and_leads_a_session(kennel: Kennel) -> None:
    set_by_now = "until [ $(cut -d' ' -f19 /proc/$$/stat) = 5 ]; do sleep 0.01; done; "
    kennel.spawn(1, set_by_now + "echo $(cut -d' ' -f1,6,19 /proc/$$/stat)")
    kennel.gone(1)
    pid, session, nice = kennel.output(1).split()
    assert pid == session
    assert nice == b"5"


def test_tasks_leave_processes_to_others(kennel: Kennel) -> None:
    kennel.spawn(1, "grep 'Max processes' /proc/self/limits")
    kennel.gone(1)
    kernel = [Path(f"/proc/sys/kernel/{name}") for name in ("pid_max", "threads-max")]
    most = min(int(path.read_text()) for path in kernel)
    assert int(kennel.output(1).split()[2]) <= most * 0.8


def test_signals_are_as_usual_in_a_process(kennel: Kennel) -> None:
    kennel.spawn(1, "grep SigIgn /proc/self/status")
    kennel.gone(1)
    beyond_ours = 0x1_8000_0000  # 32 and 33 belong to the C library
    assert int(kennel.output(1).split()[1], 16) & ~beyond_ours == 0


@pytest.mark.parametrize("mark", ["\N{SUPERSCRIPT TWO}", "9" * 5_000, "", "-1", "1 "])
def test_an_orphan_may_bear_any_mark(kennel: Kennel, mark: str) -> None:
    """It is the task that sets it; what it sets harms no other run."""
    kennel.spawn(1, "sleep 1000")
    orphan = (
        'GRANGE_RUN_ID="$MARK" setsid sh -c "sleep 1000 >/dev/null 2>&1 & echo on"; sleep 1000'
    )
    kennel.spawn(2, orphan, MARK=mark)
    kennel.wait_output(2, b"on")
    kennel.usage(1)
    kennel.kill(2, hard=True)
    kennel.gone(2)
    assert kennel.usage(1).pids
    kennel.kill(1, hard=True)
    kennel.gone(1)


def test_a_missing_program_is_named(kennel: Kennel) -> None:
    message = kennel.refusal(("no-such-program", "x"))
    assert "no-such-program" in message
    assert "PATH=" in message


def test_a_missing_program_with_a_path_is_named(kennel: Kennel) -> None:
    assert kennel.refusal(("/no/such",)) == "program /no/such: it does not exist"


def test_a_missing_folder_is_named(kennel: Kennel) -> None:
    message = kennel.refusal(("true",), folder=Path("/no/folder"))
    assert message == "working directory /no/folder: it does not exist"


def test_a_file_that_may_not_be_executed_is_named(kennel: Kennel, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    assert "permission denied" in kennel.refusal((str(tmp_path / "plain"),))
    assert "permission denied" in kennel.refusal(("plain",), PATH=str(tmp_path))


def test_a_missing_interpreter_is_told(kennel: Kennel, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/shell\n")
    script.chmod(0o755)
    assert "interpreter" in kennel.refusal((str(script),))


def test_a_program_is_looked_for_in_the_path_of_its_task(kennel: Kennel, tmp_path: Path) -> None:
    (tmp_path / "tool").symlink_to("/bin/echo")
    kennel.spawn_argv(1, ("tool", "found"), PATH=str(tmp_path))
    kennel.gone(1)
    assert kennel.output(1) == b"found\n"


def test_an_impossible_argument_is_told(kennel: Kennel) -> None:
    assert "null" in kennel.refusal(("true", "a\0b"))
    assert "too long" in kennel.refusal(("true", "x" * 3_000_000))


def test_an_impossible_folder_is_told(kennel: Kennel) -> None:
    assert "null" in kennel.refusal(("true",), folder=Path("/tmp\0x"))


def test_names_that_are_no_text_are_taken_and_told(kennel: Kennel, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    kennel.spawn_argv(1, ("pwd",), odd)
    kennel.gone(1)
    assert b"caf\xe9" in kennel.output(1)
    assert "caf?" in kennel.refusal((os.fsdecode(b"/caf\xe9"),))


def test_an_empty_command_is_told(kennel: Kennel) -> None:
    assert kennel.refusal(()) == "the command is empty"


def test_asked_to_end_a_process_gets_the_term_signal(kennel: Kennel) -> None:
    kennel.spawn(1, "trap 'echo bye; exit 4' TERM; echo ready; while :; do sleep 0.02; done")
    kennel.wait_output(1, b"ready")
    kennel.kill(1)
    assert kennel.gone(1).exit_code == 4


def test_one_that_does_not_listen_is_forced(kennel: Kennel) -> None:
    kennel.spawn_argv(1, (sys.executable, "-c", STUBBORN + "; time.sleep(1000)"))
    kennel.wait_output(1, b"1")
    kennel.kill(1)
    kennel.kill(1, hard=True)
    assert kennel.gone(1).signal == signal.SIGKILL


def test_a_child_left_behind_is_killed_before_the_end_is_reported(kennel: Kennel) -> None:
    kennel.spawn(1, "sleep 1000 & echo $!")
    kennel.gone(1)
    assert not exists(int(kennel.output(1)))


def test_a_child_in_its_own_session_is_killed(kennel: Kennel) -> None:
    kennel.spawn(1, "setsid sleep 1000 & sleep 0.1; echo $!")
    kennel.gone(1)
    assert not exists(int(kennel.output(1)))


def test_a_daemon_that_forked_twice_is_killed(kennel: Kennel, tmp_path: Path) -> None:
    kennel.spawn(
        1, f"(setsid sh -c 'sleep 1000 & echo $! > {tmp_path}/pid; wait' &) ; {WAIT}", tmp_path
    )
    kennel.gone(1)
    assert not exists(int((tmp_path / "pid").read_text()))


def test_a_daemon_that_hides_its_environment_is_killed(kennel: Kennel, tmp_path: Path) -> None:
    hidden = f"env -i setsid sh -c 'echo $$ > {tmp_path}/pid; exec sleep 1000'"
    kennel.spawn(1, f"({hidden} &) ; {WAIT}", tmp_path)
    kennel.gone(1)
    assert not exists(int((tmp_path / "pid").read_text()))


def test_a_daemon_lives_as_long_as_its_run(kennel: Kennel, tmp_path: Path) -> None:
    line = f"(setsid sh -c 'echo $$ > pid; exec sleep 1000' &) ; {WAIT}; echo up; sleep 1000"
    kennel.spawn(1, line, tmp_path)
    kennel.wait_output(1, b"up")
    kennel.spawn(2, "true")
    kennel.gone(2)
    assert exists(int((tmp_path / "pid").read_text()))
    kennel.kill(1, hard=True)
    kennel.gone(1)
    assert not exists(int((tmp_path / "pid").read_text()))


def test_a_run_with_many_processes_is_killed_whole(kennel: Kennel) -> None:
    line = "for i in 1 2 3 4 5; do (for j in 1 2 3 4 5 6; do sleep 1000 & done; wait) & done; "
    kennel.spawn(1, line + "echo up; wait")
    kennel.wait_output(1, b"up")
    eventually(lambda: len(kennel.usage(1).pids) >= 30)
    pids = kennel.usage(1).pids
    kennel.kill(1, hard=True)
    kennel.gone(1)
    assert not [pid for pid in pids if exists(pid)]


def test_a_fork_bomb_is_killed_whole(kennel: Kennel) -> None:
    line = "b() { setsid sh -c 'sleep 0.01' & sleep 0.005; b; }; b & b & b & echo up; wait"
    kennel.spawn(1, line)
    kennel.wait_output(1, b"up")
    kennel.kill(1, hard=True)
    kennel.gone(1)
    assert kennel.children() == []


def test_a_run_with_more_processes_than_it_may_have_is_killed() -> None:
    with Kennel(processes_max=20) as kennel:
        kennel.spawn(1, "for i in $(seq 40); do sleep 1000 & done; echo up; wait")
        kennel.spawn(2, "for i in $(seq 10); do sleep 1000 & done; echo up; wait")
        for number in (1, 2):
            kennel.wait_output(number, b"up")
        kennel.usage(1)
        gone = kennel.gone(1)
        assert (gone.signal, gone.crowded) == (signal.SIGKILL, True)
        assert len(kennel.usage(2).pids) == 11


def test_one_run_of_many_is_killed_and_the_others_go_on(kennel: Kennel) -> None:
    for number in (1, 2, 3):
        kennel.spawn(number, "sleep 1000")
    kennel.kill(2, hard=True)
    kennel.gone(2)
    assert all(exists(kennel.started(number).pid) for number in (1, 3))


def test_a_kill_of_an_unknown_run_is_harmless(kennel: Kennel) -> None:
    kennel.kill(99)
    kennel.kill(99, hard=True)
    kennel.spawn(1, "true")
    assert kennel.gone(1).exit_code == 0


def test_when_the_lease_ends_everything_is_killed(kennel: Kennel) -> None:
    kennel.spawn(1, "sleep 1000")
    kennel.hold(posix.clock() + 0.1)
    assert kennel.gone(1).signal == signal.SIGKILL


def test_a_lease_that_is_renewed_kills_nothing(kennel: Kennel) -> None:
    kennel.hold(posix.clock() - 1)
    kennel.hold(posix.clock() + 100)
    kennel.spawn(1, "sleep 0.1; exit 7")
    assert kennel.gone(1).exit_code == 7


def test_when_the_daemon_is_gone_the_warden_kills_everything_and_ends(kennel: Kennel) -> None:
    kennel.spawn(1, "setsid sleep 1000 & trap '' TERM; echo $!; sleep 1000")
    kennel.wait_output(1, b"\n")
    pids = [int(kennel.output(1)), kennel.started(1).pid]
    kennel.hang_up()
    assert not [pid for pid in pids if exists(pid)]


def test_a_term_signal_does_not_end_the_warden(kennel: Kennel) -> None:
    kennel.spawn(1, "echo up; sleep 1000")
    kennel.wait_output(1, b"up")
    os.kill(kennel.pid, signal.SIGTERM)
    os.kill(kennel.pid, signal.SIGINT)
    kennel.spawn(2, "exit 5")
    assert kennel.gone(2).exit_code == 5


def test_what_a_run_uses_is_measured(kennel: Kennel) -> None:
    code = "x = b'x' * 60_000_000; import time; t = time.process_time()\n"
    code += "while time.process_time() < t + 0.05: pass\nprint(1, flush=True); time.sleep(1000)"
    kennel.spawn_argv(1, (sys.executable, "-c", code))
    kennel.wait_output(1, b"1")
    usage = kennel.usage(1)
    assert 60 <= usage.memory_mb < 300
    assert usage.cpu_s >= 0.05


def test_a_small_process_is_not_taken_for_as_large_as_the_warden(kennel: Kennel) -> None:
    kennel.spawn(1, "true")
    assert kennel.gone(1).peak_memory_mb == 0


def test_what_a_run_has_written_is_measured(kennel: Kennel, tmp_path: Path) -> None:
    kennel.spawn(1, "dd if=/dev/zero of=file bs=1M count=9 conv=fsync 2>/dev/null", tmp_path)
    assert kennel.gone(1).written_mb >= 8


def test_a_program_is_found_without_a_path(kennel: Kennel) -> None:
    kennel.spawn_argv(1, ("echo", "found"), PATH="")
    kennel.gone(1)
    assert kennel.output(1) == b"found\n"


def test_what_a_run_used_is_reported_with_its_end(kennel: Kennel) -> None:
    kennel.spawn_argv(1, (sys.executable, "-c", "x = b'x' * 60_000_000"))
    gone = kennel.gone(1)
    assert 60 <= gone.peak_memory_mb < 300
    assert gone.cpu_s > 0
    assert gone.duration_s > 0


def test_many_orders_at_once_are_all_followed(kennel: Kennel) -> None:
    for number in range(300):
        kennel.spawn_argv(number, ("true",))
    kinds = {type(kennel.end(number)) for number in range(300)}
    assert kinds == {Gone}


def test_reports_come_in_order(kennel: Kennel) -> None:
    kennel.spawn(1, "true")
    kennel.gone(1)
    assert [type(report) for report in kennel.reports] == [Started, Gone]
    assert not [report for report in kennel.reports if isinstance(report, NotStarted)]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
class TestAsAnotherUser:
    @pytest.fixture
    def kennel(self) -> Iterator[Kennel]:
        with Kennel("65534:65534:65534") as kennel:
            yield kennel

    def test_a_process_runs_as_that_user_and_its_groups(self, kennel: Kennel) -> None:
        kennel.spawn(1, "id -u; id -g; id -G; cut -d' ' -f6 /proc/$$/stat; echo $$")
        kennel.gone(1)
        user, group, groups, session, pid = kennel.output(1).split()
        assert (user, group, groups) == (b"65534",) * 3
        assert session == pid

    def test_a_folder_closed_to_that_user_is_named(self, kennel: Kennel, tmp_path: Path) -> None:
        (tmp_path / "closed").mkdir(mode=0o700)
        message = kennel.refusal(("true",), folder=tmp_path / "closed")
        assert message.endswith("closed: permission denied")

    def test_a_missing_program_is_named(self, kennel: Kennel) -> None:
        assert kennel.refusal(("/no/such",)) == "program /no/such: it does not exist"

    def test_its_processes_are_killed(self, kennel: Kennel) -> None:
        kennel.spawn(1, "setsid sleep 1000 & echo $!; sleep 1000")
        kennel.wait_output(1, b"\n")
        kennel.kill(1, hard=True)
        kennel.gone(1)
        assert not exists(int(kennel.output(1)))

    def test_out_of_files_a_run_is_refused_and_the_others_go_on(self, kennel: Kennel) -> None:
        kennel.spawn(2, "sleep 1000")
        kennel.started(2)
        open_now = {int(path.name) for path in Path(f"/proc/{kennel.pid}/fd").iterdir()}
        free = [number for number in range(1_000) if number not in open_now]
        many = resource.prlimit(kennel.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(kennel.pid, resource.RLIMIT_NOFILE, (free[1], many[1]))
        assert kennel.refusal(("true",)) == "no process can be made: too many open files"
        resource.prlimit(kennel.pid, resource.RLIMIT_NOFILE, many)
        kennel.spawn(3, "exit 3")
        assert kennel.gone(3).exit_code == 3


WAIT = "while [ ! -s pid ]; do sleep 0.01; done"  # until the daemon has written its number


def test_out_of_files_a_warden_keeps_its_runs_and_sees_to_them_later(
    kennel: Kennel, tmp_path: Path
) -> None:
    kennel.spawn(1, "until test -e go; do sleep 0.01; done", folder=tmp_path)
    pid = kennel.started(1).pid
    many = resource.prlimit(kennel.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(kennel.pid, resource.RLIMIT_NOFILE, (3, many[1]))
    (tmp_path / "go").touch()
    eventually(lambda: procfs.process(pid) is None)
    assert exists(kennel.pid)
    resource.prlimit(kennel.pid, resource.RLIMIT_NOFILE, many)
    assert kennel.gone(1).exit_code == 0
