"""What is stopped in order leaves nothing behind."""

from __future__ import annotations

import signal

import pytest

from grange.model.spec import JobSpec
from tests.e2e.conftest import NewFarm
from tests.e2e.farms import Farm, Processes, eventually, free_port, python

pytestmark = [pytest.mark.slow, pytest.mark.crash]

STUBBORN = """
import os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
pathlib.Path(sys.argv[1]).touch()
time.sleep(300)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_process(farm: Farm, processes: Processes, number: int) -> None:
    running = farm.folder / "running"
    with farm.client() as client:
        farm.worker(client)
        client.submit(JobSpec(name="long", blocks=(python(STUBBORN, str(running)),)))
        eventually(running.exists, "it runs")
    assert farm.stop(number) == 0
    assert processes.left() == []
    assert not (farm.state / "server.json").exists()


def test_what_was_submitted_before_a_stop_is_there_after_it(farm: Farm) -> None:
    with farm.client() as client:
        handle = client.submit(JobSpec(name="paused", blocks=(python("pass"),), paused=True))
        farm.stop()
        farm.start()
        farm.worker(client)
        handle.resume()
        assert handle.wait(timeout_s=90).tasks.done == 1


def test_a_port_that_is_taken_is_said_in_a_sentence(farm: Farm, processes: Processes) -> None:
    settings = {"state_dir": str(farm.folder / "other"), "port": farm.port}
    assert "Traceback" not in refused(processes, farm, settings)


def test_a_state_that_another_server_has_is_said_in_a_sentence(
    farm: Farm, processes: Processes
) -> None:
    settings = {"state_dir": str(farm.state), "port": free_port()}
    said = refused(processes, farm, settings)
    assert "Traceback" not in said
    assert str(farm.state) in said


def test_a_wrong_setting_is_said_in_a_sentence(new_farm: NewFarm, processes: Processes) -> None:
    farm = new_farm()
    said = refused(processes, farm, {"state_dir": str(farm.folder / "other"), "lease": 3})
    assert "did you mean 'lease_s'?" in said
    assert "Traceback" not in said


def refused(processes: Processes, farm: Farm, settings: dict[str, object]) -> str:
    """What a server says that cannot start."""
    log = farm.folder / "refused.log"
    child = processes.start(*farm.PROGRAM, said={"worker_allow_root": True, **settings}, log=log)
    assert child.wait(90) == 1
    return log.read_text()
