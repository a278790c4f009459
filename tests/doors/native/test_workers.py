"""Workers over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest

from grange.model.states import Role
from grange.wire import worker as wire
from tests.doors.native.asking import FakeWorker, fault, linked, submit
from tests.doors.native.served import Served


class Node(NamedTuple):
    """A worker that has joined, and where it is asked for."""

    worker: FakeWorker
    path: str


@pytest.fixture
def node(farm: Served) -> Iterator[Node]:
    with linked(farm, "node") as worker:
        worker_id = farm.farm.state.worker_names["node"]
        yield Node(worker, f"/workers/{worker_id}")


@pytest.fixture
def path(node: Node) -> str:
    return node.path


@pytest.mark.proves("render.states.online")
def test_workers_are_listed(api: httpx.Client, path: str) -> None:
    [found] = api.get("/workers").json()["workers"]
    assert (found["name"], found["presence"]) == ("node", "online")
    assert api.get(path).json()["name"] == "node"


def test_a_worker_is_changed(api: httpx.Client, path: str) -> None:
    assert api.patch(path, json={"priority": 5}).json()["spec"]["priority"] == 5


def test_a_field_that_a_worker_does_not_have_is_named(api: httpx.Client, path: str) -> None:
    assert fault(api.patch(path, json={"nimbi": "free"})) == (400, "unknown-field", "nimbi")


@pytest.mark.proves("render.editable.user_name")
def test_whom_a_machine_belongs_to_sets_its_nimby_alone(
    farm: Served, api: httpx.Client, path: str
) -> None:
    api.patch(path, json={"user": "ada"})
    with farm.client(farm.token("ada", Role.ARTIST)) as ada:
        assert ada.patch(path, json={"nimby": "nobody"}).json()["spec"]["nimby"] == "nobody"
        assert fault(ada.patch(path, json={"priority": 9})) == (403, "forbidden", "priority")
        assert fault(ada.patch(path, json={"user": "eve"})) == (403, "forbidden", "user")
        assert ada.post(f"{path}/eject", json={}).status_code == 200
    with farm.client(farm.token("eve", Role.ARTIST)) as eve:
        assert fault(eve.patch(path, json={"nimby": "free"}))[:2] == (403, "forbidden")
    api.patch(path, json={"nimby": "free", "user": ""})


def test_the_runs_of_a_worker_are_stopped(api: httpx.Client, node: Node) -> None:
    job = submit(api)
    run_id = node.worker.until(wire.Start).run.run_id
    api.post(f"{node.path}/eject", json={})
    assert node.worker.until(wire.Stop).run_id == run_id
    api.delete(job)


def test_a_worker_is_healed(api: httpx.Client, path: str) -> None:
    assert api.post(f"{path}/heal").json()["sick"] == ""


def test_a_worker_is_told_what_to_do(api: httpx.Client, node: Node) -> None:
    assert api.post(f"{node.path}/instruct", json={"what": "restart"}).status_code == 200
    assert node.worker.until(wire.Instruct).what == "restart"


def test_a_worker_is_told_what_to_launch(api: httpx.Client, farm: Served) -> None:
    with linked(farm, "launcher", launches=True) as worker:
        path = f"/workers/{farm.farm.state.worker_names['launcher']}"
        body = {"command": ["update", "--all"], "exit": True}
        assert api.post(f"{path}/launch", json=body).json()["name"] == "launcher"
        assert worker.until(wire.Launch) == wire.Launch(command=("update", "--all"), exit=True)
        [line] = api.get("/audit", params={"limit": 1}).json()["audit"]
        assert line["action"] == "LaunchCommand"
        assert '["update","--all"]' in line["details"]


def test_a_machine_whose_settings_do_not_allow_it_launches_nothing(
    api: httpx.Client, path: str
) -> None:
    answer = api.post(f"{path}/launch", json={"command": "update"})
    assert fault(answer) == (400, "invalid-field", "worker")


@pytest.mark.parametrize("role", [Role.ARTIST, Role.WRANGLER])
def test_commands_are_launched_by_admins_alone(farm: Served, path: str, role: Role) -> None:
    with farm.client(farm.token("ada", role)) as ada:
        answer = ada.post(f"{path}/launch", json={"command": "update"})
        assert fault(answer)[:2] == (403, "forbidden")


def test_what_no_worker_can_do_is_named_with_the_nearest(api: httpx.Client, path: str) -> None:
    answer = api.post(f"{path}/instruct", json={"what": "rebot"})
    assert fault(answer) == (400, "invalid-field", "what")
    assert "did you mean 'reboot'?" in answer.text


def test_a_worker_that_is_online_is_not_deleted(api: httpx.Client, path: str) -> None:
    assert fault(api.delete(path))[:2] == (409, "in-use")


def test_why_a_worker_has_nothing_to_do_is_told(api: httpx.Client, path: str) -> None:
    assert api.get(f"{path}/why").json()["summary"]


@pytest.mark.parametrize(
    ("method", "where"),
    [("GET", ""), ("DELETE", ""), ("POST", "/heal"), ("GET", "/why")],
)
def test_a_worker_that_never_was_is_not_found(api: httpx.Client, method: str, where: str) -> None:
    answer = api.request(method, f"/workers/999999{where}")
    assert fault(answer)[:2] == (404, "no-such-worker")


def test_machines_are_shut_down_by_wranglers_not_by_artists(farm: Served, path: str) -> None:
    with farm.client(farm.token("ada", Role.ARTIST)) as ada:
        answer = ada.post(f"{path}/instruct", json={"what": "shutdown"})
        assert fault(answer)[:2] == (403, "forbidden")
