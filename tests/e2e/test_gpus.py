"""Tasks that ask for GPUs get some of their own, from the need in the job to the environment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from grange.client import Client
from grange.model.spec import JobSpec
from grange.model.states import JobState
from tests.e2e.conftest import NewFarm
from tests.e2e.farms import PATIENCE_S, Farm, Processes, eventually, python

pytestmark = [pytest.mark.slow, pytest.mark.crash]

#: Prints what it sees once another task does the same, so that both hold their GPUs at once.
SHOW = """
import os, pathlib, sys, time
here = pathlib.Path(sys.argv[1])
(here / sys.argv[2]).touch()
while len(list(here.iterdir())) < int(sys.argv[3]): time.sleep(0.01)
print(os.environ.get("CUDA_VISIBLE_DEVICES"), os.environ.get("CUDA_DEVICE_ORDER"))
"""


def a_machine(farm: Farm, client: Client, processes: Processes, **machine: Any) -> None:
    """Let a machine with four GPUs work for a farm, and no other."""
    said = {
        "server": client.place.url.replace("http", "ws", 1),
        "state_folder": str(farm.folder / "gpus"),
        "credential": client.place.token,
        "name": "gpus",
        "allow_root": True,
        "machine": machine,
    }
    command = (sys.executable, "-m", "tests.e2e.gpu_worker")
    processes.start(*command, said=said, log=farm.folder / "gpus.log")
    eventually(lambda: "gpus" in online(client), "the machine with GPUs is linked")


def online(client: Client) -> set[str]:
    return {view.name for view in client.workers() if view.presence == "online"}


def seen(client: Client, folder: Path, frames: str, tasks: int, **need: Any) -> list[str]:
    """What each task of a job saw, all of them running at once."""
    folder.mkdir()
    block = python(SHOW, str(folder), "@#@", str(tasks), frames=frames, hosts_mask="gpus", **need)
    handle = client.submit(JobSpec(name="gpus", blocks=(block,)))
    assert handle.wait(timeout_s=PATIENCE_S).state is JobState.DONE
    return [handle.task(0, number).log().strip() for number in range(tasks)]


def test_two_tasks_of_two_gpus_each_share_a_machine_of_four(
    new_farm: NewFarm, processes: Processes
) -> None:
    farm = new_farm()
    with farm.client() as client:
        a_machine(farm, client, processes)
        both = seen(client, farm.folder / "a", "1-2", 2, need_gpus=2)
        assert sorted(both) == ["0,1 PCI_BUS_ID", "2,3 PCI_BUS_ID"]
        (view,) = [view for view in client.workers() if view.name == "gpus"]
        assert (view.traits.gpus, view.traits.gpu_name) == (4, "NVIDIA Fake")
        assert seen(client, farm.folder / "b", "1", 1) == ["None None"]


def test_a_machine_may_name_gpus_by_uuid_and_hide_them_from_others(
    new_farm: NewFarm, processes: Processes
) -> None:
    farm = new_farm()
    with farm.client() as client:
        a_machine(farm, client, processes, gpus_by_uuid=True, hide_gpus=True)
        assert seen(client, farm.folder / "a", "1", 1, need_gpus=2) == ["GPU-a,GPU-b PCI_BUS_ID"]
        assert seen(client, farm.folder / "b", "1", 1) == ["PCI_BUS_ID"]
