"""The demo's farm survives its server and leaves nothing behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from grange.client import Client
from grange.demo.farm import DemoFarm, FarmFailed
from grange.worker import beside
from tests.e2e.farms import MARK, Processes, eventually, kill

pytestmark = [pytest.mark.slow, pytest.mark.crash]


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    with Processes() as processes:
        monkeypatch.setenv(MARK, processes.mark)
        yield processes


def left(processes: Processes) -> list[int]:
    return [pid for pid in processes.left() if pid != os.getpid()]


def client(farm: DemoFarm) -> Client:
    token = (farm.state / "admin.token").read_text().strip()
    return Client(farm.url, token, patience_s=60)


def test_a_server_that_is_killed_is_started_again(tmp_path: Path, processes: Processes) -> None:
    with DemoFarm(tmp_path) as farm:
        assert farm.login_address().startswith(f"{farm.url}/login/")
        with client(farm) as seen:
            eventually(lambda: [view.presence == "online" for view in seen.workers()], "a link")
            old, worker = farm.pid, beside.find(farm.state / "worker")
            kill(old)
            eventually(lambda: farm.restarts == 1 and farm.pid != old, "it is started again")
            assert seen.summary().workers == 1
        assert beside.find(farm.state / "worker") == worker
    assert left(processes) == []


def test_a_farm_whose_server_has_just_died_leaves_no_worker(
    tmp_path: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grange.demo.farm.RESTARTS_MAX", 0)
    with DemoFarm(tmp_path) as farm:
        eventually(lambda: beside.find(farm.state / "worker"), "a worker")
        kill(farm.pid)
        eventually(lambda: not psutil.pid_exists(farm.pid) or farm._process.poll(), "it is dead")
    assert left(processes) == []


def test_ctrl_c_while_it_starts_leaves_nothing(
    tmp_path: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: DemoFarm) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DemoFarm, "_await_start", interrupted)
    farm = DemoFarm(tmp_path)
    with pytest.raises(KeyboardInterrupt), farm:
        pass
    assert left(processes) == []


def test_a_farm_that_cannot_start_says_why(tmp_path: Path, processes: Processes) -> None:
    (tmp_path / "farm").mkdir(mode=0o755)
    (tmp_path / "farm" / "settings.toml").write_text("lease = 3\n")
    with pytest.raises(FarmFailed, match="did you mean 'lease_s'"), DemoFarm(tmp_path):
        pass
    assert left(processes) == []
