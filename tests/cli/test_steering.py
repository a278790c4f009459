"""The commands that change something."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grange.model.nodes import BranchSpec, PoolSpec, UserSpec
from grange.model.states import JobState
from grange.model.views import BranchView, CredentialView, PoolView, UserView
from tests.cli.conftest import Terminal
from tests.client import build
from tests.client.recorded import Answer

POOL = PoolView(path="/gpu", spec=PoolSpec(paused=True), workers=0, online=0, busy=0)
BRANCH = BranchView(path="/show", spec=BranchSpec(), jobs=0, running=0)
USER = UserView(user="ada", spec=UserSpec(), jobs=0, running=0)
CREDENTIAL = CredentialView(
    credential_id="ab12", kind="worker", name="node9", role="worker", state="pending", created=1.0
)


@pytest.fixture(autouse=True)
def answers(grange: Terminal) -> None:
    answer = grange.server.answer
    for verb in ("pause", "resume", "forget-errors"):
        answer(f"POST /jobs/12/{verb}", build.job_view(state=JobState.PAUSED))
    answer("GET /jobs/12", build.detail())
    answer("PATCH /jobs/12", build.detail())
    answer("PATCH /jobs/12/blocks/0", build.detail())
    answer("DELETE /jobs/12", Answer(204))
    answer("POST /jobs/12/tasks", {"changed": 3})
    answer("POST /jobs/12/try-next", build.detail())
    answer("GET /workers", {"workers": [build.worker_view()]})
    answer("GET /workers/3", build.worker_view())
    for what in ("PATCH /workers/3", "POST /workers/3/eject", "POST /workers/3/heal"):
        answer(what, build.worker_view())
    answer("POST /workers/3/instruct", build.worker_view())
    answer("POST /workers/3/launch", build.worker_view())
    answer("DELETE /workers/3", Answer(204))
    answer("GET /pools", {"pools": [POOL]})
    answer("GET /branches", {"branches": [BRANCH]})
    answer("GET /users/ada", USER)
    for what, view in (("pools", POOL), ("branches", BRANCH), ("users/ada", USER)):
        answer(f"PATCH /{what}", view)
        answer(f"DELETE /{what}", Answer(204))
    answer("POST /users/ada/move-jobs", {"jobs": [build.job_view()]})
    answer("GET /credentials", {"credentials": [CREDENTIAL]})
    answer("POST /credentials", {"credential": CREDENTIAL, "secret": "grange.ab12.x"})
    answer("POST /credentials/ab12/accept", CREDENTIAL)
    answer("DELETE /credentials/ab12", Answer(204))
    answer("POST /login-links", {"url": "http://farm/login/x"})


def test_a_worker_follows_its_pool_again(grange: Terminal) -> None:
    own = build.worker_view(dirty=("services", "capacity_host", "tickets_host"))
    grange.server.answer("GET /workers/3", own)
    said = grange.says("workers", "node3", "--as-pool")
    taken = {"services": [], "capacity_host": -1, "tickets_host": {}}
    assert asked(grange) == ("PATCH /workers/3", taken)
    wanted = "node3 is as its pool / says; it had its own services, capacity_host, tickets_host"
    assert " ".join(said.split()) == wanted


def test_a_worker_that_follows_its_pool_is_left_alone(grange: Terminal) -> None:
    assert grange.says("workers", "node3", "--as-pool").strip() == "node3 is as its pool / says"
    assert [item.method for item in grange.server.seen if item.method != "GET"] == []


def test_who_is_to_follow_its_pool_must_be_said(grange: Terminal) -> None:
    assert "say which worker" in grange("workers", "--as-pool").output


def asked(grange: Terminal) -> tuple[str, Any]:
    """The last request that changes something."""
    seen = [item for item in grange.server.seen if item.method != "GET"][-1]
    query = f"?{seen.query}" if seen.query else ""
    line = f"{seen.method} {seen.path.removeprefix('/api/v1')}{query}"
    return line, json.loads(seen.body or b"null")


@pytest.mark.parametrize(
    ("words", "line", "body"),
    [
        (("pause", "12"), "POST /jobs/12/pause", {}),
        (("resume", "12"), "POST /jobs/12/resume", {}),
        (("pause", "worker:node3"), "PATCH /workers/3", {"paused": True}),
        (("resume", "pool:/gpu"), "PATCH /pools?path=%2Fgpu", {"paused": False}),
        (("pause", "user:ada"), "PATCH /users/ada", {"paused": True}),
        (("pause", "branch:/show"), "PATCH /branches?path=%2Fshow", {"paused": True}),
        (
            ("restart", "12", "--failed"),
            "POST /jobs/12/tasks",
            {"op": "restart", "only": "failed"},
        ),
        (
            ("restart", "12/0/5-9", "--with-depends"),
            "POST /jobs/12/tasks",
            {"op": "restart", "block": 0, "tasks": "5-9", "with_depends": True},
        ),
        (("skip", "12/0/7"), "POST /jobs/12/tasks", {"op": "skip", "block": 0, "tasks": "7"}),
        (("done", "12", "-y"), "POST /jobs/12/tasks", {"op": "done"}),
        (("suspend", "12/0"), "POST /jobs/12/tasks", {"op": "suspend", "block": 0}),
        (
            ("continue", "12", "--only", "suspended"),
            "POST /jobs/12/tasks",
            {"op": "continue", "only": "suspended"},
        ),
        (("stop", "12"), "POST /jobs/12/tasks", {"op": "stop"}),
        (("delete", "12", "-y"), "DELETE /jobs/12", None),
        (("delete", "worker:node3", "-y"), "DELETE /workers/3", None),
        (("delete", "pool:/gpu", "-y"), "DELETE /pools?path=%2Fgpu", None),
        (("delete", "branch:/show", "-y"), "DELETE /branches?path=%2Fshow", None),
        (("delete", "user:ada", "-y"), "DELETE /users/ada", None),
        (("set", "12", "priority=5"), "PATCH /jobs/12", {"priority": 5}),
        (("set", "12/0", "capacity=5"), "PATCH /jobs/12/blocks/0", {"capacity": 5}),
        (("set", "worker:node3", "nimby=nobody"), "PATCH /workers/3", {"nimby": "nobody"}),
        (("set", "user:ada", "priority=5"), "PATCH /users/ada", {"priority": 5}),
        (("set", "pool:gpu", "priority=5"), "PATCH /pools?path=gpu", {"priority": 5}),
        (("set", "branch:/show", "priority=5"), "PATCH /branches?path=%2Fshow", {"priority": 5}),
        (("move", "12", "top"), "POST /users/ada/move-jobs", {"job_ids": [12], "where": "top"}),
        (
            ("try-next", "12/0/5-7"),
            "POST /jobs/12/try-next",
            {"block": 0, "tasks": [5, 6, 7], "remove": False},
        ),
        (("forget-errors", "12/0"), "POST /jobs/12/forget-errors", {"block": 0}),
        (("eject", "node3"), "POST /workers/3/eject", {"keep_own": False}),
        (("heal", "3"), "POST /workers/3/heal", {}),
        (("instruct", "node3", "reboot", "-y"), "POST /workers/3/instruct", {"what": "reboot"}),
        (
            ("launch", "node3", "-y", "--", "update", "--all"),
            "POST /workers/3/launch",
            {"command": ["update", "--all"], "exit": False},
        ),
        (
            ("launch", "node3", "--exit", "--shell", "-y", "--", "update", ">", "log"),
            "POST /workers/3/launch",
            {"command": "update > log", "exit": True},
        ),
        (("token", "accept", "node9"), "POST /credentials/ab12/accept", {}),
        (("token", "revoke", "ab12", "-y"), "DELETE /credentials/ab12", None),
        (
            ("token", "create", "ci", "--role", "submit", "--expires", "30d"),
            "POST /credentials",
            {"name": "ci", "role": "submit", "expires_s": 2_592_000},
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_asks_the_farm(
    grange: Terminal, words: tuple[str, ...], line: str, body: object
) -> None:
    assert grange.says(*words)
    assert asked(grange) == (line, body)


def test_several_jobs_are_steered_at_once(grange: Terminal) -> None:
    assert grange.says("pause", "12", "12") == "job 12 is paused\njob 12 is paused\n"


def test_it_is_told_how_much_was_changed(grange: Terminal) -> None:
    assert grange.says("restart", "12/0", "--failed") == "3 tasks of job 12/0 restarted\n"


@pytest.mark.parametrize("words", [("restart", "12"), ("skip", "12/0"), ("delete", "12")])
def test_what_throws_work_away_is_not_done_without_a_word(
    grange: Terminal, words: tuple[str, ...]
) -> None:
    result = grange(*words)
    assert (result.exit_code, "say --yes" in result.stderr) == (2, True)
    assert not grange.server.seen


@pytest.mark.parametrize(
    "words",
    [
        ("pause", "12/0"),
        ("delete", "12/0", "-y"),
        ("set", "12/0/7", "capacity=5"),
        ("set", "12", "prority=5"),
        ("try-next", "12"),
        ("forget-errors", "12/0/7"),
        ("move", "12", "sideways"),
        ("restart", "12", "--only", "broken"),
        ("pause", "nothing"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_ends_with_2(grange: Terminal, words: tuple[str, ...]) -> None:
    assert grange(*words).exit_code == 2
    assert not grange.server.seen


@pytest.mark.parametrize(
    "words", [("set", "12/9"), ("set", "pool:/x"), ("heal", "nod3"), ("token", "accept", "nobody")]
)
def test_what_is_not_there_ends_with_5(grange: Terminal, words: tuple[str, ...]) -> None:
    assert grange(*words).exit_code == 5


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("12", "priority           99"),
        ("12/0", "service            generic"),
        ("worker:node3", "nimby              free"),
        ("user:ada", "solve              order"),
        ("pool:/gpu", "paused             yes"),
        ("branch:/show", "solve              priority"),
    ],
)
def test_what_is_set_is_shown(grange: Terminal, what: str, line: str) -> None:
    shown = [" ".join(text.split()) for text in grange.says("set", what).splitlines()]
    assert " ".join(line.split()) in shown
    assert json.loads(grange.says("set", what, "--json"))


def test_a_new_token_is_written_alone_for_scripts(grange: Terminal) -> None:
    result = grange("token", "create", "ada")
    assert result.stdout == "grange.ab12.x\n"
    assert "for ada, as artist; it is not shown again" in result.stderr


def test_a_worker_with_a_name_of_several_is_named_by_its_id(grange: Terminal) -> None:
    twin = CredentialView(**{**fields(CREDENTIAL), "credential_id": "cd34"})
    grange.server.answer("GET /credentials", {"credentials": [CREDENTIAL, twin]})
    assert "ab12, cd34" in grange("token", "accept", "node9").stderr


def fields(view: CredentialView) -> dict[str, Any]:
    return {name: getattr(view, name) for name in view.__struct_fields__}


def test_the_link_of_the_page_is_printed(grange: Terminal) -> None:
    assert grange.says("open", "--print") == "http://farm/login/x\n"
