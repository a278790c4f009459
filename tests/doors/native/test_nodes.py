"""Users, branches, pools and the farm as a whole over HTTP."""

from __future__ import annotations

import httpx
import pytest

from grange.model.states import Role
from tests.doors.native.asking import fault, submit
from tests.doors.native.served import OWNER, Served


def test_the_farm_is_told_in_one_line(api: httpx.Client) -> None:
    assert {"version", "jobs", "workers", "services"} <= set(api.get("/farm").json())


def test_a_user_is_changed_and_made_if_new(api: httpx.Client) -> None:
    assert api.patch("/users/new", json={"priority": 5}).json()["spec"]["priority"] == 5
    assert api.get("/users/new").json()["user"] == "new"
    assert "new" in {item["user"] for item in api.get("/users").json()["users"]}


def test_a_user_with_jobs_is_not_deleted(api: httpx.Client) -> None:
    submit(api, user="busy")
    assert fault(api.delete("/users/busy"))[:2] == (409, "in-use")


def test_a_user_without_jobs_is_deleted(api: httpx.Client) -> None:
    api.patch("/users/idle", json={})
    assert api.delete("/users/idle").status_code == 204
    assert fault(api.get("/users/idle"))[:2] == (404, "no-such-user")


def test_an_encoded_name_is_the_name(api: httpx.Client) -> None:
    api.patch("/users/d%C3%BCrer%20a", json={})
    assert api.get("/users/d%C3%BCrer%20a").json()["user"] == "dürer a"


def test_the_order_of_a_users_jobs_is_changed(api: httpx.Client) -> None:
    first, second = (submit(api, user="mia") for _ in range(2))
    last = int(second.rpartition("/")[2])
    answer = api.post("/users/mia/move-jobs", json={"job_ids": [last], "where": "top"})
    assert [item["job_id"] for item in answer.json()["jobs"]] == [last]
    assert first != second


def test_jobs_of_another_user_are_not_moved(api: httpx.Client) -> None:
    job_id = int(submit(api).rpartition("/")[2])
    answer = api.post("/users/mia/move-jobs", json={"job_ids": [job_id], "where": "up"})
    assert fault(answer) == (400, "invalid-field", "job_ids")


@pytest.mark.parametrize("kind", ["branches", "pools"])
def test_a_node_is_made_changed_and_deleted(api: httpx.Client, kind: str) -> None:
    made = api.patch(f"/{kind}?path=/show//x", json={"priority": 5})
    assert fault(made)[:2] == (404, f"no-such-{'branch' if kind == 'branches' else 'pool'}")
    api.patch(f"/{kind}?path=/show", json={})
    assert api.patch(f"/{kind}?path=show/x/", json={"priority": 5}).json()["path"] == "/show/x"
    assert "/show/x" in {item["path"] for item in api.get(f"/{kind}").json()[kind]}
    assert fault(api.delete(f"/{kind}?path=/show"))[:2] == (409, "in-use")
    assert api.delete(f"/{kind}?path=/show/x").status_code == 204


@pytest.mark.parametrize("kind", ["branches", "pools"])
def test_a_node_needs_a_path(api: httpx.Client, kind: str) -> None:
    assert fault(api.patch(f"/{kind}", json={})) == (400, "invalid-field", "path")
    assert fault(api.patch(f"/{kind}?path=", json={})) == (400, "invalid-field", "path")


def test_people_are_changed_by_admins_alone(farm: Served) -> None:
    with farm.client(farm.token("wren", Role.WRANGLER)) as wren:
        assert fault(wren.patch("/users/ada", json={}))[:2] == (403, "forbidden")
        assert wren.patch("/pools?path=/wren", json={}).status_code == 200


def test_every_change_is_audited_with_who_and_what(api: httpx.Client) -> None:
    path = submit(api)
    api.patch(path, json={"priority": 3})
    [line] = api.get("/audit?limit=1").json()["audit"]
    assert (line["user"], line["role"], line["address"]) == (OWNER, "admin", "127.0.0.1")
    assert (line["action"], line["target"]) == ("EditJob", f"job/{path.rpartition('/')[2]}")
    assert '"priority"' in line["details"]


def test_the_audit_names_who_acts_and_for_whom(farm: Served, api: httpx.Client) -> None:
    with farm.client(farm.token("wren", Role.WRANGLER), **{"Grange-User": "ada"}) as wren:
        submit(wren)
    [line] = api.get("/audit?limit=1").json()["audit"]
    assert (line["user"], line["action"]) == ("wren as ada", "SubmitJob")


def test_the_audit_is_not_for_artists(farm: Served) -> None:
    with farm.client(farm.token("ada", Role.ARTIST)) as ada:
        assert fault(ada.get("/audit"))[:2] == (403, "forbidden")
        assert fault(ada.get("/doctor"))[:2] == (403, "forbidden")


def test_the_doctor_finds_no_fault_and_says_what_was_looked_at(api: httpx.Client) -> None:
    submit(api)
    found = api.get("/doctor").json()
    checks = {item["name"]: item["ok"] for item in found["checks"]}
    assert found["faults"] == []
    assert checks == {"invariants": True, "disk": True, "workers": False, "services": False}
