"""Launched commands: real processes, detached, as tasks are and no more."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from grange.model.machine import MachineSettings
from grange.wire.worker import Instruct, Launch
from grange.worker import launcher as launcher_module
from grange.worker import procfs
from grange.worker.account import Account
from grange.worker.detached import LOG_MAX
from grange.worker.environment import WORKER_MARK, base
from grange.worker.launcher import LOGS_MAX, CannotLaunch, Launcher
from tests.worker.build import a_run
from tests.worker.kennel import eventually, exists
from tests.worker.server import FarmServer
from tests.worker.site import working

LETS = MachineSettings(launch_commands=True)
OWN = {"PATH": os.environ["PATH"], "GRANGE_TOKEN": "secret", "STUDIO": "x"}


def a_launcher(
    folder: Path, *, account: Account | None = None, nice: int = 10, allowed: bool = True
) -> Launcher:
    variables = base(OWN, "mark", account)
    return Launcher(folder, variables, nice=nice, account=account, allowed=allowed)


def printed(folder: Path, number: int = 1) -> str:
    return (folder / "launched" / f"{number}.log").read_text()


def test_what_a_command_prints_is_kept_in_the_state_folder(tmp_path: Path) -> None:
    a_launcher(tmp_path).launch(("sh", "-c", "echo out; echo err >&2; echo end"))
    eventually(lambda: printed(tmp_path).endswith("out\nerr\nend\n"))
    assert printed(tmp_path).startswith("sh -c echo out")
    assert (tmp_path / "launched").stat().st_mode & 0o077 == 0


def test_a_line_is_the_shells_and_words_are_not(tmp_path: Path) -> None:
    launcher = a_launcher(tmp_path)
    launcher.launch("echo $((40 + 2)) | cat")
    launcher.launch(("echo", "$((40 + 2)); '\"", "| cat"))
    eventually(lambda: printed(tmp_path).endswith("\n42\n"))
    eventually(lambda: printed(tmp_path, 2).endswith("\n$((40 + 2)); '\" | cat\n"))


def test_what_is_printed_has_an_end_and_the_command_goes_on(tmp_path: Path) -> None:
    line = f"head -c {3 * LOG_MAX} /dev/zero | tr '\\0' x; echo the end; touch {tmp_path}/done"
    a_launcher(tmp_path).launch(line)
    eventually((tmp_path / "done").exists)
    text = printed(tmp_path)
    assert text.endswith("x" * 1_000)
    assert len(text) == LOG_MAX + len(f"/bin/sh -c {line}\n")


def test_a_command_is_in_a_session_of_its_own_with_a_tasks_surroundings(tmp_path: Path) -> None:
    asks = ("cut -d' ' -f6 /proc/$$/stat", "nice", "ulimit -n", "pwd")
    marks = "env | grep -c 'GRANGE\\|mark'"
    a_launcher(tmp_path, nice=7).launch("; ".join((*asks, marks, "echo $STUDIO")))
    eventually(lambda: printed(tmp_path).endswith("\nx\n"))
    session, nice, files, where, count, _ = printed(tmp_path).splitlines()[1:]
    assert int(session) != os.getsid(0)
    assert (nice, int(files) <= 1_024, where, count) == ("7", True, "/", "0")


def test_signals_are_as_usual_to_a_command(tmp_path: Path) -> None:
    """Python ignores some, and what is ignored stays so in a child."""
    a_launcher(tmp_path).launch("grep SigIgn /proc/self/status")
    eventually(lambda: printed(tmp_path).count("\n") == 2)
    ignored = int(printed(tmp_path).split()[-1], 16)
    own = 1 << 31 | 1 << 32  # of the C library: 32 and 33, which nobody else can set
    assert not ignored & ~own


def test_a_command_runs_as_the_user_of_the_tasks(tmp_path: Path) -> None:
    a_launcher(tmp_path, account=Account.of("nobody")).launch("id -un; id -G; echo $HOME")
    eventually(lambda: printed(tmp_path).count("\n") == 4)
    user, groups, home = printed(tmp_path).splitlines()[1:]
    entry = pwd.getpwnam("nobody")
    assert (user, home) == ("nobody", entry.pw_dir)
    assert "0" not in groups.split()


def test_nothing_is_launched_where_the_machines_settings_do_not_allow_it(tmp_path: Path) -> None:
    with pytest.raises(CannotLaunch, match="launch_commands"):
        a_launcher(tmp_path, allowed=False).launch(("touch", str(tmp_path / "done")))
    assert list(tmp_path.iterdir()) == []


def test_machines_launch_nothing_unless_their_owner_says_so() -> None:
    assert not MachineSettings().launch_commands


def test_a_program_that_is_not_there_is_told_in_the_log(tmp_path: Path) -> None:
    a_launcher(tmp_path).launch(("/no/such/program",))
    eventually(lambda: "/no/such/program: not found" in printed(tmp_path))


@pytest.mark.parametrize("command", ["echo \0", ("echo", "x" * 3_000_000)])
def test_what_the_system_cannot_start_is_refused(tmp_path: Path, command: str) -> None:
    with pytest.raises(CannotLaunch):
        a_launcher(tmp_path).launch(command)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "launched").touch()
    with pytest.raises(CannotLaunch, match="true"):
        a_launcher(tmp_path).launch(("true",))


def test_of_the_logs_only_the_newest_stay(tmp_path: Path) -> None:
    folder = tmp_path / "launched"
    folder.mkdir()
    (folder / "note.txt").touch()
    (folder / "my.log").touch()
    for number in range(8, 8 + LOGS_MAX + 3):
        (folder / f"{number}.log").touch()
    a_launcher(tmp_path).launch(("true",))
    kept = {path.stem for path in folder.glob("*.log")} - {"my"}
    assert sorted(map(int, kept)) == list(range(12, 12 + LOGS_MAX))


def test_a_machine_launches_so_many_at_once_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher_module, "LIVING_MAX", 1)
    launcher, go = a_launcher(tmp_path), tmp_path / "go"
    launcher.launch(f"until [ -e {go} ]; do sleep 0.01; done")
    with pytest.raises(CannotLaunch, match="1 launched commands run already"):
        launcher.launch(("true",))
    go.touch()
    eventually(lambda: not launcher._living)
    launcher.launch(("echo", "again"))
    eventually(lambda: printed(tmp_path, 2).endswith("again\n"))


@pytest.mark.anyio
async def test_a_launched_command_outlives_its_worker(server: FarmServer, tmp_path: Path) -> None:
    go, pid = tmp_path / "go", tmp_path / "pid"
    line = f"echo $$ > {pid}.new; mv {pid}.new {pid}; until [ -e {go} ]; do sleep 0.01; done"
    async with working(server, tmp_path, machine=LETS):
        assert server.hellos[0].traits.launches
        await server.send(Launch(command=line, exit=True))
        await server.until(lambda: server.left)
    eventually(pid.exists)
    found = int(pid.read_text())
    assert found not in procfs.marked(WORKER_MARK, server.hellos[0].home)
    async with working(server, tmp_path, machine=LETS):  # which ends what a former life left
        assert exists(found)
    go.touch()
    eventually(lambda: not exists(found))


@pytest.mark.anyio
async def test_a_worker_whose_owner_forbids_it_launches_nothing_and_goes_on(
    server: FarmServer, tmp_path: Path
) -> None:
    async with working(server, tmp_path):
        assert server.hellos[0].traits.launches is False
        await server.send(Launch(command=("touch", str(tmp_path / "done")), exit=True))
        assert (await server.execute(a_run(command="true"))).exit_code == 0
        await server.send(Instruct(what="exit"))
        await server.until(lambda: server.left)
    assert not (tmp_path / "done").exists()
