"""Tasks that need several machines: real workers, a real service on each, and its end."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from grange.client import Client
from grange.model.spec import BlockSpec, JobSpec
from grange.model.states import JobState, Part, RunStatus
from tests.e2e.conftest import NewFarm
from tests.e2e.farms import PATIENCE_S, Farm, Processes, eventually, kill, python

pytestmark = [pytest.mark.slow, pytest.mark.crash]

#: What serves a task: listens, says where, and answers with its machine's name for ever.
SERVICE = """
import os, pathlib, socket, sys
here = socket.create_server(("127.0.0.1", 0))
place = pathlib.Path(sys.argv[1], os.environ["GRANGE_HELPS"])
place.mkdir(exist_ok=True)
(place / f"{os.getpid()}").write_text(str(here.getsockname()[1]))
while True:
    there, _ = here.accept()
    there.sendall(b"served")
    there.close()
"""
#: The task: asks all that serve it, and prints whom it was told of.
TASK = """
import os, pathlib, socket, sys, time
place = pathlib.Path(sys.argv[1], os.environ["GRANGE_RUN_ID"])
want = int(sys.argv[2])
while not place.exists() or len(list(place.iterdir())) < want: time.sleep(0.02)
for item in place.iterdir():
    while not item.read_text(): time.sleep(0.02)
    with socket.create_connection(("127.0.0.1", int(item.read_text()))) as there:
        assert there.recv(99) == b"served"
print("hosts", *sys.argv[3:], "or", os.environ["GRANGE_HOSTS"])
"""


def machines(farm: Farm, client: Client, processes: Processes, *names: str) -> None:
    """More workers of one task each."""
    for name in names:
        said = {
            "server": client.place.url.replace("http", "ws", 1),
            "state_folder": str(farm.folder / name),
            "credential": client.place.token,
            "name": name,
            "allow_root": True,
        }
        command = (sys.executable, "-m", "grange.worker")
        processes.start(*command, said=said, log=farm.folder / f"{name}.log")
    eventually(lambda: {*names} <= online(client), "the machines are linked")


def online(client: Client) -> set[str]:
    return {view.name for view in client.workers() if view.presence == "online"}


def wide(farm: Farm, helpers: int, task: str = TASK, **fields: Any) -> BlockSpec:
    """A task that is served by so many machines."""
    place = farm.folder / "places"
    place.mkdir()
    script = farm.folder / "service.py"
    script.write_text(SERVICE)
    count = str(helpers)
    block = python(task, str(place), count, "@AF_HOSTS@", hosts_mask="m", **fields)
    return BlockSpec(
        frames="1",
        command=block.command,
        hosts_mask="m",
        multihost_min=helpers,
        multihost_service=f"exec {sys.executable} -I {script} {place}",
        **fields,
    )


def pids(farm: Farm) -> list[int]:
    """Those that serve, or have served."""
    return [
        int(item.name) for place in (farm.folder / "places").iterdir() for item in place.iterdir()
    ]


@pytest.mark.proves("render.services.hosts")
@pytest.mark.parametrize("on_slave", [False, True])
def test_a_task_is_served_by_its_machines(
    new_farm: NewFarm, processes: Processes, on_slave: bool
) -> None:
    farm = new_farm()
    with farm.client() as client:
        farm.worker(client)
        machines(farm, client, processes, "m1", "m2", "m3")
        block = wide(farm, 2, multihost_master_on_slave=on_slave)
        handle = client.submit(JobSpec(name="wide", blocks=(block,)))
        assert handle.wait(timeout_s=PATIENCE_S).state is JobState.DONE, handle.task(0, 0).log()
        runs = {run.run_id: run for run in handle.task(0, 0).runs()}
        (main,) = [run for run in runs.values() if not run.helps]
        others = [run for run in runs.values() if run.helps]
        assert {run.helps for run in others} == {main.run_id}
        parts = sorted(run.part for run in others)
        assert parts == ([Part.BESIDE, Part.HELPER] if on_slave else [Part.HELPER] * 2)
        served = sorted(run.worker for run in others)
        hosts = handle.task(0, 0).log().split()
        assert (main.worker in served) is on_slave
        assert hosts[:2] == ["hosts", "-H"]
        assert sorted(hosts[2].split(",")) == served
        assert hosts[-1] == hosts[2]
        assert all(run.result and run.result.status is RunStatus.STOPPED for run in others)
        left = pids(farm)
        assert len(left) == 2
        eventually(lambda: not {*processes.left()} & {*left}, "what served it is gone")


def test_a_task_whose_helper_dies_is_given_out_again(
    new_farm: NewFarm, processes: Processes
) -> None:
    farm = new_farm()
    with farm.client() as client:
        farm.worker(client)
        machines(farm, client, processes, "m1", "m2")
        block = wide(farm, 1, multihost_service_wait_s=3600, errors_retries=0)
        handle = client.submit(JobSpec(name="wide", blocks=(block,)))
        eventually(lambda: len(pids(farm)) == 1, "it is served")
        assert [run for run in handle.task(0, 0).runs() if not run.helps], "it waits to begin"
        (served,) = pids(farm)
        kill(served)
        failed = handle.wait(timeout_s=PATIENCE_S, raise_on_failure=False)
        assert failed.state is JobState.FAILED
        (main,) = [run for run in handle.task(0, 0).runs() if not run.helps]
        assert main.result is not None
        assert main.result.status is RunStatus.STOPPED
        assert "its helper on m" in main.result.message
        assert handle.task(0, 0).log() == "", "it never began"
