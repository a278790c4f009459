"""Jobs and their blocks over HTTP."""

from __future__ import annotations

import httpx
import pytest

from grange.model.states import Role
from tests.doors.native.asking import BLOCK, NAMED, fault, job, submit
from tests.doors.native.served import OWNER, Served


def test_a_submitted_job_is_listed_under_its_sender(api: httpx.Client) -> None:
    path = submit(api, name="listed")
    [found] = api.get("/jobs?name=LIST").json()["jobs"]
    assert (f"/jobs/{found['job_id']}", found["user"]) == (path, OWNER)
    assert found["tasks"]["ready"] == 10


def test_the_same_key_gives_the_same_job_again(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "one"}
    first, second = (api.post("/jobs", json=job(), headers=headers).json() for _ in range(2))
    assert (second["job_id"], second["again"]) == (first["job_id"], True)


def test_a_key_is_not_good_for_another_job(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "two"}
    api.post("/jobs", json=job(), headers=headers)
    answer = api.post("/jobs", json=job(name="other"), headers=headers)
    assert fault(answer) == (409, "token-reused", "")


def test_a_key_has_a_bound(api: httpx.Client) -> None:
    answer = api.post("/jobs", json=job(), headers={"Idempotency-Key": "x" * 256})
    assert fault(answer) == (400, "invalid-field", "Idempotency-Key")


def test_an_admin_submits_for_others(api: httpx.Client) -> None:
    path = submit(api, user="ada")
    assert api.get(path).json()["job"]["user"] == "ada"


def test_who_acts_for_another_submits_in_his_name(farm: Served) -> None:
    with farm.client(**{"Grange-User": "zoe"}) as zoe:
        assert zoe.get(submit(zoe)).json()["job"]["user"] == "zoe"
        assert zoe.get("/whoami").json() == {"user": "zoe", "role": "admin"}


def test_an_artist_submits_only_for_himself(farm: Served) -> None:
    with farm.client(farm.token("ada", Role.ARTIST)) as ada:
        submit(ada)
        assert fault(ada.post("/jobs", json=job(user="eve")))[:2] == (403, "forbidden")


def test_jobs_come_in_pages_newest_first(api: httpx.Client) -> None:
    paths = [submit(api, name="paged") for _ in range(3)]
    first = api.get("/jobs?name=paged&limit=2").json()["jobs"]
    after = first[-1]["job_id"]
    second = api.get(f"/jobs?name=paged&after={after}").json()["jobs"]
    assert [f"/jobs/{item['job_id']}" for item in first + second] == paths[::-1]


def test_jobs_are_chosen_by_user_and_state(api: httpx.Client) -> None:
    submit(api, user="uma", paused=True)
    submit(api, user="uma")
    assert len(api.get("/jobs?user=uma").json()["jobs"]) == 2
    assert len(api.get("/jobs?user=uma&state=paused").json()["jobs"]) == 1


def test_hidden_jobs_are_shown_when_asked_for(api: httpx.Client) -> None:
    submit(api, user="hid", hidden=True)
    assert api.get("/jobs?user=hid").json()["jobs"] == []
    assert len(api.get("/jobs?user=hid&hidden=true").json()["jobs"]) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [("state=redy", "state"), ("limit=0", "limit"), ("limit=x", "limit"), ("after=-1", "after")],
)
def test_a_query_that_cannot_be_is_named(api: httpx.Client, query: str, field: str) -> None:
    assert fault(api.get(f"/jobs?{query}")) == (400, "invalid-field", field)


def test_an_unknown_query_is_named_with_the_nearest(api: httpx.Client) -> None:
    answer = api.get("/jobs?usr=ada")
    assert fault(answer) == (400, "unknown-field", "usr")
    assert "did you mean 'user'?" in answer.text


def test_a_check_shows_the_commands_and_submits_nothing(api: httpx.Client) -> None:
    spec = job(BLOCK | {"files": ["a.@##@.exr"], "frames_per_task": 5}, name="checked")
    plan = api.post("/jobs/check", json=spec).json()
    assert (plan["tasks"], len(plan["commands"])) == (2, 2)
    assert plan["commands"][1]["command"] == ["render", "6"]
    assert plan["commands"][1]["files"][-1] == "a.10.exr"
    assert api.get("/jobs?name=checked").json()["jobs"] == []


def test_a_check_of_named_tasks_shows_their_names(api: httpx.Client) -> None:
    plan = api.post("/jobs/check", json=job(NAMED)).json()
    assert [item["name"] for item in plan["commands"]] == ["a", "b"]


def test_a_check_shows_only_the_first_tasks_and_files(api: httpx.Client) -> None:
    huge = BLOCK | {"frames": "1-2000000000", "frames_per_task": 1_000_000, "files": ["@#@"]}
    plan = api.post("/jobs/check", json=job(huge)).json()
    assert (plan["tasks"], len(plan["commands"])) == (2_000, 100)
    assert len(plan["commands"][0]["files"]) == 100


def test_a_check_refuses_what_a_submission_would(api: httpx.Client) -> None:
    answer = api.post("/jobs/check", json=job(BLOCK | {"frames": "9-1"}))
    assert fault(answer) == (400, "invalid-field", "blocks[0].frames")


def test_a_job_is_shown_whole_with_its_edits(api: httpx.Client) -> None:
    path = submit(api)
    assert api.patch(path, json={"priority": 7}).json()["job"]["priority"] == 7
    assert api.get(path).json()["spec"]["priority"] == 7


def test_a_field_that_cannot_be_edited_is_named(api: httpx.Client) -> None:
    path = submit(api)
    assert fault(api.patch(path, json={"prioritty": 1})) == (400, "unknown-field", "prioritty")
    assert fault(api.patch(path, json={"name": "x"})) == (400, "unknown-field", "name")
    assert fault(api.patch(path, json={"priority": "x"})) == (400, "invalid-field", "priority")


def test_a_job_is_held_and_let_go(api: httpx.Client) -> None:
    path = submit(api)
    assert api.post(f"{path}/pause").json()["state"] == "paused"
    assert api.post(f"{path}/resume").json()["state"] == "ready"


def test_a_deleted_job_is_gone_but_its_story_stays(api: httpx.Client) -> None:
    path = submit(api)
    assert api.delete(path).status_code == 204
    assert fault(api.get(path))[:2] == (404, "no-such-job")
    assert api.get(f"{path}/story").json()["lines"][-1]["text"] == "job deleted"


def test_an_artist_leaves_the_jobs_of_others_alone(farm: Served, api: httpx.Client) -> None:
    path = submit(api)
    with farm.client(farm.token("ada", Role.ARTIST)) as ada:
        assert ada.get(path).status_code == 200
        for method, where in (("DELETE", ""), ("POST", "/pause")):
            assert fault(ada.request(method, path + where))[:2] == (403, "forbidden")
        assert fault(ada.patch(path, json={"priority": 1}))[:2] == (403, "forbidden")


def test_an_artist_gives_no_job_of_his_away(farm: Served) -> None:
    with farm.client(farm.token("ada", Role.ARTIST)) as ada:
        answer = ada.patch(submit(ada), json={"user": "eve"})
        assert fault(answer) == (403, "forbidden", "user")


def test_who_only_submits_sees_only_his_own(farm: Served, api: httpx.Client) -> None:
    other = submit(api)
    with farm.client(farm.token("kiosk", Role.SUBMIT)) as kiosk:
        own = submit(kiosk)
        jobs = kiosk.get("/jobs?user=owner").json()["jobs"]
        assert [f"/jobs/{item['job_id']}" for item in jobs] == [own]
        assert fault(kiosk.get(other))[:2] == (403, "forbidden")
        assert fault(kiosk.delete(own))[:2] == (403, "forbidden")


def test_blocks_are_added_and_changed(api: httpx.Client) -> None:
    path = submit(api)
    added = api.post(f"{path}/blocks", json=[BLOCK | {"name": "more"}])
    assert added.json() == {"blocks": [1]}
    answer = api.patch(f"{path}/blocks/1", json={"capacity": 250})
    assert answer.json()["spec"]["blocks"][1]["capacity"] == 250


def test_tasks_are_added_to_a_block_of_named_ones(api: httpx.Client) -> None:
    path = submit(api, NAMED)
    added = api.post(f"{path}/blocks/0/tasks", json=[{"name": "c"}, {"name": "d"}])
    assert (added.status_code, added.json()) == (201, {"tasks": [2, 3]})


def test_no_tasks_are_added_to_a_block_of_frames(api: httpx.Client) -> None:
    answer = api.post(f"{submit(api)}/blocks/0/tasks", json=[{"name": "c"}])
    assert fault(answer) == (400, "invalid-field", "blocks[0].tasks")


def test_tasks_are_put_before_all_others(api: httpx.Client) -> None:
    path = submit(api)
    chosen = {"block": 0, "tasks": [7, 3]}
    assert api.post(f"{path}/try-next", json=chosen).json()["try_next"] == [[0, 7], [0, 3]]
    answer = api.post(f"{path}/try-next", json=chosen | {"remove": True})
    assert answer.json()["try_next"] == []


def test_avoided_hosts_are_forgotten(api: httpx.Client) -> None:
    answer = api.post(f"{submit(api)}/forget-errors", json={"block": 0})
    assert answer.json()["blocks"][0]["avoided_hosts"] == []


@pytest.mark.parametrize("where", ["", "/blocks/0", "/blocks/0/tasks/3"])
def test_why_nothing_runs_is_told(api: httpx.Client, where: str) -> None:
    why = api.get(f"{submit(api)}{where}/why").json()
    assert "there is no worker" in why["summary"]
    assert why["reasons"][0]["code"] == "no-workers"


def test_states_are_one_byte_a_task(api: httpx.Client) -> None:
    path = submit(api)
    answer = api.get(f"{path}/blocks/0/states")
    assert (answer.content, answer.headers["content-type"]) == (
        b"\x01" * 10,
        "application/octet-stream",
    )


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/jobs/999999", "no-such-job"),
        ("DELETE", "/jobs/999999", "no-such-job"),
        ("POST", "/jobs/999999/pause", "no-such-job"),
        ("GET", "/jobs/999999/why", "no-such-job"),
        ("GET", "{job}/blocks/9/why", "no-such-block"),
        ("GET", "{job}/blocks/9/states", "no-such-block"),
        ("GET", "{job}/blocks/0/tasks/99/why", "no-such-task"),
        ("GET", "{job}/nothing", "no-such-path"),
        ("GET", "/jobs/1x", "no-such-path"),
    ],
)
def test_what_is_not_there_is_not_found(
    api: httpx.Client, method: str, path: str, code: str
) -> None:
    answer = api.request(method, path.format(job=submit(api)))
    assert fault(answer)[:2] == (404, code)


@pytest.mark.parametrize("number", [-1, 2**53, 10**400])
def test_a_number_that_no_job_can_have_is_refused(api: httpx.Client, number: int) -> None:
    assert fault(api.get(f"/jobs/{number}/story")) == (400, "invalid-field", "job")


def test_a_method_that_a_path_does_not_know_is_refused(api: httpx.Client) -> None:
    answer = api.put("/jobs", json={})
    assert fault(answer)[:2] == (405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]
