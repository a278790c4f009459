"""Scripts for Afanasy against a farm of real processes: the examples of their page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from grange.af.digest import md5
from grange.cli.exits import ExitCode
from tests.e2e.conftest import NewFarm
from tests.e2e.farms import Farm, eventually, free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PAGE = Path(__file__).parents[2] / "docs" / "doors" / "afanasy-scripts.md"
GRANGE = (sys.executable, "-m", "grange")


@pytest.fixture
def place(new_farm: NewFarm, tmp_path: Path) -> dict[str, str]:
    """The environment of scripts that are to find a farm with a worker."""
    port = free_port()
    farm: Farm = new_farm(afanasy_port=port)
    with farm.client() as owner:
        farm.worker(owner)
    return at(port, tmp_path)


def at(port: int, home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HOME": str(home),
        "PWD": str(home),
        "AF_SERVERPORT": str(port),
        "CGRU_USERNAME": "artist",
    }


def run(place: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        command, env=place, cwd=place["HOME"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_examples_of_the_page_do_what_they_say(place: dict[str, str]) -> None:
    examples = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    program = Path(place["HOME"], "examples.py")
    program.write_text("\n".join(examples))
    said = run(place, sys.executable, "-W", "error", str(program))
    assert '"name": "sunset"' in said
    assert "{'object': {'task_ids': [2]}}" in said


def test_a_scene_is_submitted_rendered_and_looked_at_by_command_lines(
    place: dict[str, str],
) -> None:
    scene = Path(place["HOME"], "scene.sh")
    scene.write_text('#!/bin/sh\necho "frames $@"\n')
    scene.chmod(0o755)
    options = ("-fpt", "2", "-name", "film", "-deletescene")
    said = run(place, *GRANGE, "afanasy", "job", str(scene), "1", "4", *options)
    number = said.split()[1]
    assert said == f"job {number} film\n"
    waiting = """
import sys, time
from grange import af
while " DON" not in af.Cmd().getJobList(ids=[int(sys.argv[1])])[0]["state"]:
    time.sleep(0.1)
"""
    run(place, sys.executable, "-c", waiting, number)
    assert run(place, *GRANGE, "afanasy", "cmd", "tout", number, "0", "1") == "frames 3 4\n"
    listed = msgspec.json.decode(run(place, *GRANGE, "afanasy", "cmd", "jlist", "--json"))
    assert [(job["name"], job["user_name"]) for job in listed["jobs"]] == [("film", "artist")]
    assert run(place, *GRANGE, "afanasy", "cmd", "jdel", "fi.*") == "Action processed.\n"
    eventually(lambda: not scene.exists(), "the scene is deleted with its job")


def test_a_task_asks_for_its_own_job_by_the_number_that_it_is_told(place: dict[str, str]) -> None:
    program = Path(place["HOME"], "asking.py")
    program.write_text("""
import os
from grange import af
(own,) = af.Cmd().getJobInfo(int(os.environ["AF_JOB_ID"]))
print("I am", own["name"])
""")
    sending = """
import os, sys, time
from grange import af
for name in ("before", "mine"):
    job, block = af.Job(name), af.Block("ask")
    block.setNumeric(1, 1)
    block.setCommand(f"{sys.executable} {sys.argv[1]}")
    for variable in ("HOME", "AF_SERVERPORT"):
        block.setEnv(variable, os.environ[variable])
    job.blocks.append(block)
    number = job.send()[1]["id"]
while " DON" not in af.Cmd().getJobList(ids=[number])[0]["state"]:
    time.sleep(0.1)
print(number)
"""
    number = run(place, sys.executable, "-c", sending, str(program)).strip()
    assert run(place, *GRANGE, "afanasy", "cmd", "tout", number, "0", "0") == "I am mine\n"


def test_a_password_is_asked_for_and_given(new_farm: NewFarm, tmp_path: Path) -> None:
    port = free_port()
    known = tmp_path / "passwords"
    known.write_text(f"ada:CGRU:{md5('ada:CGRU:secret')}\n")
    new_farm(afanasy_port=port, afanasy_digest_file=str(known), afanasy_allow=[])
    place = at(port, tmp_path)
    asked = subprocess.run(
        [*GRANGE, "afanasy", "cmd", "jlist"],
        env=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == ExitCode.NOT_ALLOWED
    assert "wants a password" in asked.stderr
    place |= {"AF_DIGEST_USER": "ada", "AF_DIGEST_PASSWORD": "secret"}
    assert run(place, *GRANGE, "afanasy", "cmd", "jlist") == "no jobs\n"
