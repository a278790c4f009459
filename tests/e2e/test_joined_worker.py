"""A machine joins by a code over TLS, is let in, renders, and is shut out."""

from __future__ import annotations

import sys

import pytest

from grange.client.requests import access
from grange.model.spec import JobSpec
from grange.model.states import JobState
from tests.e2e.conftest import NewFarm
from tests.e2e.farms import Processes, eventually, python

pytestmark = [pytest.mark.slow, pytest.mark.crash]


@pytest.mark.proves("render.launching.command", "render.attributes.other_name")
def test_a_worker_joins_by_a_code_renders_and_is_revoked(
    new_farm: NewFarm, processes: Processes
) -> None:
    farm = new_farm(tls=True, address="127.0.0.1", lease_s=4)
    log = farm.folder / "worker.log"
    with farm.client() as client:
        assert client.place.url.startswith("https://")
        farm.worker(client)
        code = client.send(access.join_code())
        command = (sys.executable, "-m", "grange", "worker", "--join", code.code)
        options = ("--name", "far", "--allow-root", "--state-dir", str(farm.folder / "far"))
        worker = processes.start(*command, *options, said={}, log=log)

        def far() -> str:
            found = [view for view in client.send(access.credentials()) if view.name == "far"]
            return found[0].credential_id if found else ""

        eventually(far, "it has joined")
        assert [view.name for view in client.workers() if view.name == "far"] == []
        block = python("print('rendered')", hosts_mask="far")
        handle = client.submit(JobSpec(name="far", blocks=(block,)))
        assert handle.refresh().state is JobState.READY
        client.send(access.accept(far()))
        assert handle.wait(timeout_s=90).state is JobState.DONE
        assert handle.task(0, 0).view().worker == "far"
        assert handle.task(0, 0).log() == "rendered\n"

        client.send(access.revoke(far()))
        assert worker.wait(90) != 0, "it does not try for ever"
        assert "revoked" in log.read_text()
        presence = {view.name: view.presence for view in client.workers()}
        assert presence["far"] != "online"
