from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grange.af import cgruconfig
from grange.cli.afanasy.words import WORDS
from grange.cli.exits import ExitCode
from tests.af.server import RecordedAfanasy
from tests.cli.conftest import Terminal

WHO = {"user_name": "artist", "host_name": "ws1"}
BLOCKS = [
    {"tasks_num": 8, "p_tasks_done": 2, "p_percentage": 25},
    {"tasks_num": 2, "p_percentage": 5},
]
JOBS = {"jobs": [{"id": 2, "name": "film", "user_name": "ada", "state": " RDY RUN",
                  "priority": 50, "blocks": BLOCKS}]}  # fmt: skip


@pytest.fixture
def afanasy(grange: Terminal, tmp_path: Path) -> Iterator[RecordedAfanasy]:
    """An Afanasy server that the command line finds."""
    with RecordedAfanasy() as found:
        grange.environment |= {
            "HOME": str(tmp_path),
            "CGRU_USERNAME": "artist",
            "AF_HOSTNAME": "ws1",
            "AF_SERVERNAME": found.address.host,
            "AF_SERVERPORT": str(found.address.port),
            "PWD": "/p",
        }
        yield found
    cgruconfig.load()


# what each word sends, but for who asks
SENT: list[tuple[str, dict[str, Any]]] = [
    ("jlist", {"get": {"type": "jobs"}}),
    ("jid 2", {"get": {"type": "jobs", "ids": [2], "mode": "full"}}),
    ("jlog 2", {"get": {"type": "jobs", "ids": [2], "mode": "log"}}),
    ("jprog 2", {"get": {"type": "jobs", "ids": [2], "mode": "progress"}}),
    ("jpri f.* 7", {"action": {"type": "jobs", "mask": "f.*", "params": {"priority": 7}}}),
    ("juser f.* u", {"action": {"type": "jobs", "mask": "f.*", "params": {"user_name": "u"}}}),
    ("jdel f", {"action": {"type": "jobs", "mask": "f", "operation": {"type": "delete"}}}),
    (
        "tlog 2 0 3",
        {"get": {"type": "jobs", "ids": [2], "mode": "log", "block_ids": [0], "task_ids": [3]}},
    ),
    (
        "tout 2 0 3 1",
        {
            "get": {
                "type": "jobs",
                "ids": [2],
                "mode": "output",
                "number": 1,
                "block_ids": [0],
                "task_ids": [3],
            }
        },
    ),
    (
        "trestart 2 0 3",
        {
            "action": {
                "type": "jobs",
                "ids": [2],
                "block_ids": [0],
                "operation": {"type": "restart", "task_ids": [3]},
            }
        },
    ),
    ("ujobs 4", {"get": {"type": "jobs", "uids": [4]}}),
    ("ujobs ada", {"get": {"type": "jobs", "users": ["ada"]}}),
    ("uadd ada", {"user": {"name": "ada"}}),
    ("rrlist", {"get": {"type": "renders", "mode": "resources"}}),
    ("rnimby", {"action": {"type": "renders", "mask": "ws1", "params": {"nimby": True}}}),
    ("rfree r1", {"action": {"type": "renders", "mask": "r1", "params": {"nimby": False}}}),
    ("runpause r", {"action": {"type": "renders", "mask": "r", "params": {"paused": False}}}),
    (
        "reject",
        {"action": {"type": "renders", "mask": "ws1", "operation": {"type": "eject_tasks"}}},
    ),
    (
        "psrvadd / nuke",
        {
            "action": {
                "type": "pools",
                "mask": "/",
                "operation": {
                    "type": "farm",
                    "mode": "service_add",
                    "name": "nuke",
                    "mask": "nuke",
                },
            }
        },
    ),
    (
        "mmsg hello",
        {
            "action": {
                "type": "monitors",
                "mask": ".*",
                "operation": {"type": "message", "text": "hello"},
            }
        },
    ),
    ("cload", {"reload_config": {}}),
]


@pytest.mark.parametrize(("line", "expected"), SENT, ids=[line for line, _ in SENT])
def test_a_word_sends_its_request(
    grange: Terminal, afanasy: RecordedAfanasy, line: str, expected: dict[str, Any]
) -> None:
    assert "Action processed." in grange.says("afanasy", "cmd", *line.split(), "--json")
    (member,) = expected
    assert afanasy.last == {member: {**WHO, **expected[member]}}


@pytest.mark.parametrize("name", WORDS)
def test_every_word_makes_a_request_of_as_little_and_as_much_as_it_takes(
    grange: Terminal, afanasy: RecordedAfanasy, name: str
) -> None:
    word = WORDS[name]
    for count in {word.least, word.most}:
        grange.says("afanasy", "cmd", name, *(["1"] * count))
        (body,) = afanasy.last.values()
        assert body["user_name"] == "artist"


def test_words_are_listed(grange: Terminal) -> None:
    said = grange.says("afanasy", "cmd")
    assert [line.split()[0] for line in said.splitlines()[1:]] == list(WORDS)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("jfly", "there is no jfly: `grange afanasy cmd` lists what there is"),
        ("jdel", "jdel is written: jdel MASK"),
        ("jlist x", "jlist takes nothing behind it"),
        ("jid film", "film must be a number"),
    ],
)
def test_a_word_that_is_not_understood_is_not_sent(
    grange: Terminal, afanasy: RecordedAfanasy, line: str, sentence: str
) -> None:
    result = grange("afanasy", "cmd", *line.split())
    assert result.exit_code == ExitCode.USAGE
    assert sentence in result.stderr
    assert afanasy.seen == []


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        (JOBS, ["id name user state done % priority", "2 film ada RDY RUN 2/10 15% 50"]),
        ({"jobs": []}, ["no jobs"]),
        (
            {"renders": [{"id": 1, "name": "r1", "state": " ONL", "pool": "/", "tasks": [{}]}]},
            ["id name user state pool tasks priority", "1 r1 ONL / 1"],
        ),
        (
            {
                "renders": [
                    {
                        "id": 1,
                        "host_name": "r1",
                        "host_resources": {"cpu_idle": 30, "mem_free_mb": 2048},
                    }
                ]
            },
            ["id name busy free memory", "1 r1 70% 2.0G"],
        ),
        ({"message": {"name": "x", "type": "log", "list": ["a", "b\x1b[2J"]}}, ["a", "b [2J"]),
        ({"message": {"name": "x", "type": "log", "list": []}}, ["nothing"]),
        ({"task": {"type": "TOutput", "data": "line 1\nline 2"}}, ["line 1", "line 2"]),
        ({"task": {"type": "TOutput", "data": ""}}, []),
        ({"user": {"id": 3, "name": "ben"}}, ["id name jobs running priority", "3 ben 0 0"]),
        ({"status": "success", "success": "Reloaded."}, ["Reloaded."]),
        (None, ["null"]),
    ],
)
def test_an_answer_is_shown_to_people(
    grange: Terminal, afanasy: RecordedAfanasy, reply: Any, shown: list[str]
) -> None:
    afanasy.usual = reply
    assert lines(grange.says("afanasy", "cmd", "rlist")) == shown


def test_all_of_a_job_is_written_as_json(grange: Terminal, afanasy: RecordedAfanasy) -> None:
    afanasy.usual = JOBS
    assert json.loads(grange.says("afanasy", "cmd", "jid", "2")) == JOBS


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Invalid ID", ExitCode.NOT_FOUND),
        ("Jobs: No node matches 'x' found.", ExitCode.NOT_FOUND),
        ("User does not exist", ExitCode.FAILED),
    ],
)
def test_what_the_server_refuses_is_said_in_its_words(
    grange: Terminal, afanasy: RecordedAfanasy, text: str, status: ExitCode
) -> None:
    afanasy.usual = {"info": {"kind": "error", "text": text}}
    result = grange("afanasy", "cmd", "jdel", "x")
    assert (result.exit_code, result.stderr) == (status, f"error: {text}\n")


def test_a_server_that_is_away_is_named(grange: Terminal, tmp_path: Path) -> None:
    grange.environment["HOME"] = str(tmp_path)
    result = grange("afanasy", "--host", "127.0.0.1", "--port", "1", "cmd", "jlist")
    assert result.exit_code == ExitCode.UNREACHABLE
    assert "no Afanasy server answers at 127.0.0.1:1" in result.stderr


def test_a_scene_is_submitted(grange: Terminal, afanasy: RecordedAfanasy) -> None:
    afanasy.usual = {"id": 9, "serial": 3}
    said = grange.says("afanasy", "job", "film.blend", "1", "10", "--fpt", "5", "--by", "2")
    assert said == "job 9 film.blend\n"
    job = afanasy.last["job"]
    assert (job["user_name"], job["branch"]) == ("artist", "/p")
    (block,) = job["blocks"]
    assert (block["service"], block["frames_per_task"], block["frames_inc"]) == ("blender", 5, 2)


def test_options_may_be_written_as_afjob_has_them(
    grange: Terminal, afanasy: RecordedAfanasy
) -> None:
    afanasy.usual = {"id": 9, "serial": 3}
    words = "film.scn -10 -1 -fpr 5 -maxhosts 2 -script r.py -varirender seed 1 2 3 -file x -pause"
    said = json.loads(grange.says("afanasy", "job", *words.split(), "--json"))
    assert said == {"id": 9, "serial": 3}
    job = afanasy.last["job"]
    assert (job["max_running_tasks"], job["offline"]) == (2, True)
    assert [block["name"] for block in job["blocks"]] == [f"variant[{n}]" for n in (1, 3, 5)]
    assert (job["blocks"][0]["frame_first"], job["blocks"][0]["frame_last"]) == (-10, -1)


def test_a_job_can_be_looked_at_before_it_is_sent(
    grange: Terminal, afanasy: RecordedAfanasy
) -> None:
    said = json.loads(grange.says("afanasy", "job", "a.nk", "1", "2", "--dry-run"))
    assert said["job"]["blocks"][0]["service"] == "nuke"
    assert afanasy.seen == []


def test_a_job_that_is_refused_is_said(grange: Terminal, afanasy: RecordedAfanasy) -> None:
    afanasy.usual = {"id": 0, "error": "blocks[0].capacity: too much"}
    result = grange("afanasy", "job", "a.nk", "1", "2")
    assert (result.exit_code, result.stderr) == (
        ExitCode.FAILED,
        "error: blocks[0].capacity: too much\n",
    )


def test_a_scene_that_cannot_be_rendered_so_is_not_sent(
    grange: Terminal, afanasy: RecordedAfanasy
) -> None:
    result = grange("afanasy", "job", "a.hip", "1", "2")
    assert result.exit_code == ExitCode.USAGE
    assert "say -node" in result.stderr
    assert afanasy.seen == []


def test_a_request_is_sent_as_it_is(
    grange: Terminal, afanasy: RecordedAfanasy, tmp_path: Path
) -> None:
    afanasy.usual = JOBS
    root = {"get": {"type": "jobs"}}
    (tmp_path / "get.json").write_text(json.dumps(root))
    assert json.loads(grange.says("afanasy", "send", str(tmp_path / "get.json"))) == JOBS
    assert json.loads(grange("afanasy", "send", "-", stdin=json.dumps(root)).stdout) == JOBS
    assert afanasy.seen == [root, root]


@pytest.mark.parametrize("text", ["{", "[]", "3"])
def test_what_is_no_request_is_not_sent(
    grange: Terminal, afanasy: RecordedAfanasy, text: str
) -> None:
    result = grange("afanasy", "send", "-", stdin=text)
    assert result.exit_code == ExitCode.USAGE
    assert "- is not one JSON object" in result.stderr
    assert grange("afanasy", "send", "/no/such").exit_code == ExitCode.USAGE
    assert afanasy.seen == []
