"""The commands that only look."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grange.client.requests.farm import Check, Health
from grange.model.nodes import BranchSpec, PoolSpec, UserSpec
from grange.model.run import Progress, Resources
from grange.model.states import JobState, Presence, TaskState, WorkerState
from grange.model.views import (
    AuditView,
    BranchView,
    Counts,
    CredentialView,
    PoolView,
    Reason,
    StoryLine,
    TicketView,
    UserView,
    WhyView,
)
from tests.cli.conftest import Terminal
from tests.client import build
from tests.client.recorded import Answer

WHY = WhyView(
    summary="no worker is free",
    reasons=(
        Reason(code="offline", text="2 workers offline", workers=2, names=("a",)),
        Reason(code="x", text="no worker is free", names=("b",)),
    ),
)
STORY = [StoryLine(at=900.0, text="submitted", by="ada"), StoryLine(at=901.0, text="paused")]
POOL = PoolView(
    path="/gpu/big",
    spec=PoolSpec(pattern="gpu.*"),
    workers=2,
    online=1,
    busy=0,
    tickets=(TicketView(name="nuke", count=5, used=2, max_hosts=-1),),
)
USER = UserView(user="ada", spec=UserSpec(paused=True), jobs=2, running=1)
BRANCH = BranchView(path="/show", spec=BranchSpec(annotation="hero"), jobs=2, running=0)
WAITING = CredentialView(
    credential_id="ab12", kind="worker", name="node9", role="worker", state="pending", created=1.0
)
CHANGE = AuditView(
    at=900.0,
    user="ada",
    role="admin",
    address="::1",
    action="PauseJob",
    target="job/12",
    details="{}",
    outcome="ok",
)


@pytest.fixture(autouse=True)
def answers(grange: Terminal) -> None:
    answer = grange.server.answer
    answer("GET /farm", build.FARM)
    answer("GET /jobs", {"jobs": [build.failed(13), build.job_view(12)]})
    answer("GET /jobs/12", build.detail())
    answer("GET /jobs/12/why", WHY)
    answer("GET /jobs/12/blocks/0/why", WHY)
    answer("GET /jobs/12/blocks/0/tasks/7/why", WHY)
    answer("GET /jobs/12/story", {"lines": STORY})
    answer("GET /jobs/12/blocks/0/tasks/7/story", {"lines": STORY})
    answer("GET /jobs/12/blocks/0/states", bytes([3, 2, 1, 1]))
    answer("GET /jobs/12/blocks/0/tasks", {"tasks": [running()], "total": 1})
    answer("GET /workers", {"workers": [build.worker_view()]})
    answer("GET /workers/3/why", WHY)
    answer("GET /workers/3", build.worker_view())
    answer("GET /jobs/12/blocks/0/tasks/7", build.task_detail())
    answer("GET /users", {"users": [USER]})
    answer("GET /pools", {"pools": [POOL]})
    answer("GET /branches", {"branches": [BRANCH]})
    answer("GET /audit", {"audit": [CHANGE]})
    answer("GET /doctor", Health(checks=(Check(name="disk", ok=True, text="80 GB free"),)))
    answer("GET /credentials", {"credentials": [WAITING]})
    answer("POST /join-codes", {"code": code("127.0.0.1"), "expires": 5_000_000_000.0})


def code(host: str) -> str:
    from grange.wire.join import JoinCode, encode

    return encode(JoinCode(host=host, port=7_420, fingerprint="", secret=b"0" * 16))


def running(**fields: Any) -> Any:
    return build.task_view(1, TaskState.RUNNING, worker="node3", percent=40, **fields)


READING = [
    ("status",),
    ("jobs",),
    ("job", "12"),
    ("why", "12"),
    ("story", "12"),
    ("workers",),
    ("workers", "node3"),
    ("task", "12/0/7"),
    ("users",),
    ("pools",),
    ("branches",),
    ("audit",),
    ("doctor",),
    ("token", "list"),
    ("join-code",),
    ("version",),
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_reading_command_writes_one_document_for_programs(
    grange: Terminal, words: tuple[str, ...]
) -> None:
    result = grange(*words, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) is not None


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_into_a_pipe_goes_no_colour_and_no_blank_at_the_end(
    grange: Terminal, words: tuple[str, ...]
) -> None:
    lines = grange.says(*words).splitlines()
    assert lines
    assert not [line for line in lines if "\x1b" in line or line != line.rstrip()]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_what_is_not_answered_ends_with_5(grange: Terminal, words: tuple[str, ...]) -> None:
    grange.server.forget()
    if words != ("version",):
        assert grange(*words).exit_code == 5


def test_jobs_are_listed_in_columns(grange: Terminal) -> None:
    head, first, second = grange.says("jobs").splitlines()
    columns = "ID NAME USER STATE PROGRESS DONE FAILED PRIO ETA AGE"
    assert " ".join(head.split()) == columns
    assert first.split()[:4] == ["13", "sunset", "ada", "failed"]
    assert [line.index("sunset") for line in (first, second)] == [head.index("NAME")] * 2


def test_jobs_are_chosen_by_what_is_asked_for(grange: Terminal) -> None:
    grange.says("jobs", "--user", "ada", "--state", "failed", "--name", "sun", "--all")
    assert grange.server.last.query == ("user=ada&state=failed&name=sun&hidden=true&limit=10000")


def test_an_empty_list_says_so(grange: Terminal) -> None:
    grange.server.answer("GET /jobs", {"jobs": []})
    grange.server.answer("GET /workers", {"workers": []})
    assert grange.says("jobs") == "no jobs\n"
    assert "grange worker --join CODE" in grange.says("workers")


def test_a_job_shows_its_frames(grange: Terminal) -> None:
    text = grange.says("job", "12")
    assert "\n  ███▓▓▓░░░░░░\n" in text
    assert "█ done  ▓ running  ░ ready" in text
    assert "12/0/1   frame 2  node3" in text


@pytest.mark.proves("render.parsers.report")
def test_a_job_shows_what_its_parser_reports(grange: Terminal) -> None:
    view = build.job_view(report="sent to the client at 90 MB/s\x1b[31m")
    grange.server.answer("GET /jobs/12", build.detail(view))
    assert "\nsent to the client at 90 MB/s" in grange.says("job", "12")


def test_a_job_that_does_not_run_says_why(grange: Terminal) -> None:
    grange.server.answer("GET /jobs/12", build.detail(build.job_view(state=JobState.READY)))
    text = grange.says("job", "12")
    assert "no worker is free\ngrange why 12" in text


def test_a_failed_job_shows_what_happened_and_what_to_do(grange: Terminal) -> None:
    grange.server.answer("GET /jobs/12", build.detail(build.failed()))
    fault = build.task_view(3, TaskState.FAILED, message="exit status 1", worker="node3")
    grange.server.answer("GET /jobs/12/blocks/0/tasks", {"tasks": [fault], "total": 1})
    text = grange.says("job", "12")
    assert "exit status 1" in text
    assert "grange log 12/0/3  ·  grange restart 12 --failed" in text


def test_a_task_that_failed_before_is_shown(grange: Terminal) -> None:
    block = build.block_view(avoided_hosts=("node3",))
    view = build.job_view(state=JobState.READY, blocks=(block,))
    grange.server.answer("GET /jobs/12", build.detail(view))
    tried = build.task_view(2, errors=3, message="exit status 1")
    grange.server.answer("GET /jobs/12/blocks/0/tasks", {"tasks": [tried], "total": 1})
    text = grange.says("job", "12")
    assert "avoids node3" in text
    assert "grange forget-errors 12" in text


@pytest.mark.parametrize("what", ["12", "12/0", "12/0/7", "worker:node3", "worker:3"])
def test_each_thing_can_be_asked_why(grange: Terminal, what: str) -> None:
    lines = grange.says("why", what).splitlines()
    assert lines == ["no worker is free", "  2 workers offline  a, ...", "  b"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("why", "user:ada"), 2),
        (("why", "12/0/1-2"), 2),
        (("why", "worker:nod3"), 5),
        (("story", "12/0"), 2),
        (("story", "12/0/1-2"), 2),
    ],
)
def test_what_cannot_be_asked_is_refused(
    grange: Terminal, words: tuple[str, ...], status: int
) -> None:
    assert grange(*words).exit_code == status


def test_a_worker_that_is_not_there_is_found_a_neighbour(grange: Terminal) -> None:
    assert "did you mean 'node3'?" in grange("why", "worker:nod3").stderr


def test_a_story_is_told_in_order(grange: Terminal) -> None:
    first, second = grange.says("story", "12/0/7").splitlines()
    assert first.endswith("submitted  by ada")
    assert second.endswith("paused")


def test_workers_show_what_they_do(grange: Terminal) -> None:
    progress = Progress(run_id=40, percent=55)  # type: ignore[arg-type]
    busy = build.worker_view(
        state=WorkerState.BUSY,
        runs=(build.run_view(progress=progress),),
        resources=Resources(cpu_idle=20),
    )
    gone = build.worker_view(
        4, "node4", state=WorkerState.OFFLINE, presence=Presence.OFFLINE, seen=1.0
    )
    grange.server.answer("GET /workers", {"workers": [busy, gone]})
    _, first, second, waiting = grange.says("workers").splitlines()
    assert first.split() == [
        "3",
        "node3",
        "busy",
        "80%",
        "64",
        "GB",
        "8",
        "-",
        "/",
        "now",
        "12/0/0",
        "55%",
    ]
    assert second.split()[:4] == ["4", "node4", "offline", "-"]
    assert waiting == "node9 waits to be let in: grange token accept ab12"


def test_who_may_not_see_credentials_sees_the_workers(grange: Terminal) -> None:
    grange.server.refuse("GET /credentials", 403, "forbidden", "no")
    assert "node3" in grange.says("workers")


def test_a_sick_farm_ends_with_1(grange: Terminal) -> None:
    grange.server.answer("GET /doctor", Health(faults=("task 12/0/0 is lost",)))
    result = grange("doctor")
    assert (result.exit_code, "task 12/0/0 is lost" in result.stdout) == (1, True)


def test_a_code_that_nobody_can_use_comes_with_advice(grange: Terminal) -> None:
    assert "grange up --listen 0.0.0.0" in grange.says("join-code")
    answer = {"code": code("farm"), "expires": 5_000_000_000.0}
    grange.server.answer("POST /join-codes", answer)
    text = grange.says("join-code", "--expires", "2h")
    assert "0.0.0.0" not in text
    assert f"  grange worker --join {code('farm')}\n" in text
    assert grange.server.last.json == {"expires_s": 7_200}


def test_a_log_is_written_as_it_is(grange: Terminal) -> None:
    grange.server.answer("GET /jobs/12/blocks/0/tasks/7/log", b"\x1b[2Jframe 8\n")
    assert grange.says("log", "12/0/7") == "\x1b[2Jframe 8\n"


def test_a_log_of_an_earlier_run_is_asked_for(grange: Terminal) -> None:
    grange.server.answer("GET /jobs/12/blocks/0/tasks/7/log", b"old")
    assert grange.says("log", "12/0/7", "--run", "39") == "old"
    assert grange.server.last.query == "run=39"


def test_where_there_is_one_task_its_job_is_enough(grange: Terminal) -> None:
    one = build.job_view(blocks=(build.block_view(tasks=Counts(done=1)),))
    grange.server.answer("GET /jobs/12", build.detail(one))
    grange.server.answer("GET /jobs/12/blocks/0/tasks/0/log", b"one")
    assert grange.says("log", "12") == "one"
    assert grange.says("log", "12/0") == "one"


def test_where_there_are_several_tasks_one_must_be_named(grange: Terminal) -> None:
    result = grange("log", "12")
    assert (result.exit_code, "name one, such as 12/0/0" in result.stderr) == (2, True)


def test_a_log_is_followed(grange: Terminal) -> None:
    grange.server.answer("GET /runs/40", build.run_view(), build.run_view(ended=970.0))
    grange.server.answer("GET /runs/40/log", b"one\n", Answer(206, b"two\n"))
    ended = build.task_view(7, TaskState.DONE, run_id=40)
    grange.server.watch([build.snapshot(), build.patch(tasks=(ended,))])
    assert grange.says("log", "12/0/7", "-f", "--run", "40") == "one\ntwo\n"


def test_the_version_is_said_without_a_server(grange: Terminal) -> None:
    assert grange.says("version").splitlines() == ["grange 0.1.0", "server 0.1.0"]
    grange.server.forget()
    assert grange.says("version").splitlines() == ["grange 0.1.0"]
    assert grange.says("--version") == "grange 0.1.0\n"
