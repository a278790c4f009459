"""`grange service`: the units that it writes, and what it does with those that are there."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from grange.cli.service import place, units
from grange.cli.service.units import Plan, What, is_as_written, quoted, unit
from grange.cli.session import Refused
from grange.wire.join import JoinCode, encode
from tests.cli.conftest import Terminal

INSTALL_MAX_S = 900
#: Waits for another process of these tests that installs.
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=600", "-y", "-qq")
HOW = "units are checked by systemd-analyze: install systemd (on Debian: apt-get install systemd)"
EXPOSURE_MAX = 25  # of 100, as systemd-analyze counts: below it a service is "OK"
ALL = [(what, whole) for what in What for whole in ("--system", "--user")]


@pytest.fixture(scope="session")
def analyze() -> str:
    """The program; on Debian, as root, it is installed when it is missing."""
    if not shutil.which("systemd-analyze") and shutil.which("apt-get") and os.geteuid() == 0:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for words in (("update",), ("install", "--no-install-recommends", "systemd")):
            subprocess.run([*APT, *words], env=environment, timeout=INSTALL_MAX_S, check=False)
    found = shutil.which("systemd-analyze")
    assert found is not None, HOW
    return found


Install = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "units"


@pytest.fixture
def install(grange: Terminal, folder: Path, tmp_path: Path) -> Install:
    """Installs into folders of the test, as a user that is there; systemd is told nothing."""
    user = pwd.getpwuid(os.getuid()).pw_name

    def call(*words: str, account: str = user) -> Result:
        where = ("--unit-dir", str(folder), "--home", str(tmp_path / "home"))
        return grange("service", "install", *where, "--account", account, *words)

    return call


@pytest.mark.proves("render.launching.service")
@pytest.mark.parametrize(("what", "whole"), ALL)
def test_systemd_takes_every_unit(
    install: Install, folder: Path, analyze: str, what: What, whole: str, tmp_path: Path
) -> None:
    assert install(what.value, whole).exit_code == 0
    checked = subprocess.run(
        [
            *(analyze, "verify", "--man=no", "--recursive-errors=no"),
            *(("--user",) if whole == "--user" else ()),
            str(folder / f"grange-{what}.service"),
        ],
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_server_is_open_to_little(install: Install, folder: Path, analyze: str) -> None:
    assert install("server", "--system").exit_code == 0
    judged = subprocess.run(
        [
            *(analyze, "security", "--offline=true", f"--threshold={EXPOSURE_MAX}"),
            str(folder / "grange-server.service"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout


def test_a_worker_is_given_groups_and_leaves_its_tasks_what_they_need() -> None:
    text = written(What.WORKER)
    for line in ("Delegate=yes", "KillMode=mixed", "OOMPolicy=continue", "TasksMax=80%"):
        assert f"\n{line}\n" in text
    for word in ("PrivateTmp", "PrivateDevices", "ProtectHome", "ProtectClock", "MemoryDeny"):
        assert f"\n{word}" not in text
    assert "After=network-online.target remote-fs.target" in text


def written(what: What, **more: object) -> str:
    plain: dict[str, object] = {
        "what": what,
        "program": ("/opt/grange/bin/grange",),
        "home": Path("/var/lib/grange"),
        "account": "grange",
    }
    return unit(Plan(**(plain | more)))  # type: ignore[arg-type]  # a test's own fields


def test_a_state_folder_of_the_system_is_systemds_to_make() -> None:
    assert "StateDirectory=grange\nStateDirectoryMode=0700\n" in written(What.SERVER)
    other = written(What.SERVER, home=Path("/srv/my farm"))
    assert 'ReadWritePaths="/srv/my farm"' in other
    assert 'Environment="GRANGE_HOME=/srv/my farm"' in other


def test_home_folders_are_hidden_unless_the_program_lies_there() -> None:
    assert "ProtectHome=yes" in written(What.SERVER)
    assert "ProtectHome=read-only" in written(What.SERVER, at_home=True)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("--listen", "--listen"),
        ("0.0.0.0", "0.0.0.0"),
        ("a b", '"a b"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("100%", "100%%"),
        ("$HOME", "$$HOME"),
        ("C:\\x", '"C:\\\\x"'),
        ("", '""'),
    ],
)
def test_a_word_reaches_the_program_as_it_was(word: str, text: str) -> None:
    assert quoted(word) == text


def test_options_of_the_program_are_passed_on(install: Install, folder: Path) -> None:
    install("server", "--system", "--", "--listen", "0.0.0.0")
    text = (folder / "grange-server.service").read_text()
    assert text.count("grange server --listen 0.0.0.0\n") == 1


def test_said_again_it_renews_what_it_wrote(install: Install, folder: Path) -> None:
    path = folder / "grange-server.service"
    assert f"{path} is written" in install("server", "--system").stdout
    assert "as it should be" in install("server", "--system").stdout
    again = install("server", "--system", "--", "--port", "7421")
    assert "is renewed" in again.stdout
    assert "--port 7421" in path.read_text()


def test_what_a_person_has_changed_is_kept_unless_forced(install: Install, folder: Path) -> None:
    install("server", "--system")
    path = folder / "grange-server.service"
    mine = path.read_text().replace("RestartSec=1", "RestartSec=7")
    path.write_text(mine)
    refused = install("server", "--system")
    assert (refused.exit_code, "changed by hand" in refused.stderr) == (2, True)
    assert path.read_text() == mine
    assert install("server", "--system", "--force").exit_code == 0
    assert "RestartSec=1\n" in path.read_text()


def test_a_unit_of_somebody_elses_is_not_written_over(install: Install, folder: Path) -> None:
    folder.mkdir()
    path = folder / "grange-worker.service"
    path.write_text("[Service]\nExecStart=/bin/true\n")
    assert not is_as_written(path.read_text())
    assert install("worker", "--system").exit_code == 2


def test_a_dry_run_writes_nothing(install: Install, folder: Path) -> None:
    result = install("server", "--system", "--dry-run", account="no-such-user")
    assert result.exit_code == 0
    assert not folder.exists()
    assert is_as_written(result.stdout), "it can be piped into the file"
    assert "would run  useradd --system" in result.stderr
    assert f"would write  {folder}/grange-server.service" in result.stderr


def test_a_worker_of_no_farm_is_told_how_to_join(install: Install, grange: Terminal) -> None:
    del grange.environment["GRANGE_SERVER"]
    result = install("worker", "--system")
    assert result.exit_code == 0
    assert "--join CODE" in result.stdout
    assert "enable --now" not in result.stdout


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives folders away")
def test_a_worker_joins_and_its_folder_is_its_accounts(
    install: Install, grange: Terminal, tmp_path: Path
) -> None:
    del grange.environment["GRANGE_SERVER"]
    grange.server.answer(
        "POST /join", {"credential_id": "ab12", "secret": "grange.ab12.s", "state": "pending"}
    )
    port = int(grange.server.url.rpartition(":")[2])
    code = encode(JoinCode(host="127.0.0.1", port=port, secret=b"0123456789abcdef"))
    result = install("worker", "--system", "--join", code, account="nobody")
    assert result.exit_code == 0, result.output
    kept = tmp_path / "home" / "worker" / "membership.json"
    assert kept.stat().st_uid == kept.parent.stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_server_joins_nothing(install: Install) -> None:
    assert install("server", "--system", "--join", "x").exit_code == 2


def test_an_account_is_made_if_a_person_agrees(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "bin" / "useradd"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\necho no >&2\nexit 9\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    assert install("server", "--system", account="no-such-user").exit_code == 2, "nobody agrees"
    result = install("server", "--system", "--yes", account="no-such-user")
    assert (result.exit_code, "useradd --system" in result.stderr) == (1, True)
    assert "--shell /usr/sbin/nologin no-such-user" in (tmp_path / "said").read_text()


def test_uninstalled_the_unit_goes_and_the_state_stays(
    install: Install, grange: Terminal, folder: Path, tmp_path: Path
) -> None:
    install("server", "--system")
    remove = ("service", "uninstall", "server", "--system", "--unit-dir", str(folder))
    assert "is removed" in grange.says(*remove)
    assert list(folder.iterdir()) == []
    assert (tmp_path / "home").is_dir()
    assert grange(*remove).exit_code == 2


def test_a_changed_unit_is_not_removed_unless_forced(
    install: Install, grange: Terminal, folder: Path
) -> None:
    install("server", "--system")
    path = folder / "grange-server.service"
    path.write_text(path.read_text() + "# mine\n")
    remove = ("service", "uninstall", "server", "--system", "--unit-dir", str(folder))
    assert grange(*remove).exit_code == 2
    assert path.exists()
    assert grange(*remove, "--force").exit_code == 0
    assert not path.exists()


def test_how_services_are_can_be_seen(install: Install, grange: Terminal, folder: Path) -> None:
    install("worker", "--system")
    path = folder / "grange-worker.service"
    path.write_text(path.read_text() + "# mine\n")
    status = ("service", "status", "--system", "--unit-dir", str(folder))
    server, worker = json.loads(grange.says(*status, "--json"))
    assert (server["installed"], worker["installed"], worker["changed"]) == (False, True, True)
    assert "changed by hand" in grange.says(*status)


@pytest.mark.proves("render.launching.service")
def test_where_systemd_runs_the_service_is_started(
    install: Install,
    grange: Terminal,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tool = tmp_path / "bin" / "systemctl"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/said\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(place, "RUNNING", tmp_path)
    said = tmp_path / "said"

    def steps() -> list[str]:
        found = said.read_text().splitlines()
        said.unlink()
        return found

    install("server", "--system")
    name = "grange-server.service"
    assert steps() == ["daemon-reload", f"enable {name}", f"restart {name}"]
    install("server", "--system")
    assert steps() == ["daemon-reload", f"enable {name}", f"start {name}"]
    grange("service", "uninstall", "server", "--system", "--unit-dir", str(folder))
    assert steps() == [f"disable --now {name}", "daemon-reload"]


def test_a_system_that_refuses_ends_with_its_sentence(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "bin" / "systemctl"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 'Unit is masked.' >&2\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(place, "RUNNING", tmp_path)
    result = install("server", "--system")
    assert (result.exit_code, "Unit is masked." in result.stderr) == (1, True)


def test_a_unit_that_is_no_text_is_told(folder: Path) -> None:
    folder.mkdir()
    (folder / "x.service").write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match="cannot be read"):
        place.read(folder / "x.service")


def test_the_mark_is_of_what_follows() -> None:
    text = written(What.SERVER)
    assert is_as_written(text)
    assert not is_as_written(text + "\n")
    assert not is_as_written(text.partition("\n")[2])
    assert units.What("server") is What.SERVER
