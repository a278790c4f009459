"""What a task of the campaign notes of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chaos.history import Begun, Ended, read
from chaos.processes import eventually
from chaos.submitting import TASK

pytestmark = pytest.mark.crash


def start(folder: Path, run: int, *arguments: str) -> subprocess.Popen[bytes]:
    (folder / "locks").mkdir(exist_ok=True)
    history = folder / "history.jsonl"
    history.touch()
    environment = {
        "GRANGE_RUN_ID": str(run),
        "GRANGE_JOB_ID": "1",
        "GRANGE_BLOCK": "0",
        "GRANGE_TASK": "4",
        "GRANGE_WORKER": "home",
    }
    command = (sys.executable, "-I", "-S", str(TASK), str(history), *arguments)
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)


def begun(folder: Path) -> list[Begun]:
    return [event for event in read(folder / "history.jsonl") if isinstance(event, Begun)]


def test_a_task_notes_its_beginning_and_its_end(tmp_path: Path) -> None:
    out, _ = start(tmp_path, 7, "0").communicate()
    assert out == b"begun 7 of 1/0/4\nended 7 of 1/0/4\n"
    first, last = read(tmp_path / "history.jsonl")
    assert isinstance(first, Begun)
    assert isinstance(last, Ended)
    assert (first.run, first.task, first.home, first.overlaps) == (7, 4, "home", False)


def test_a_second_copy_of_a_task_sees_the_first_as_long_as_it_lives(tmp_path: Path) -> None:
    with start(tmp_path, 1, "600") as first:
        eventually(lambda: begun(tmp_path), "it has begun")
        start(tmp_path, 2, "0").communicate()
        first.kill()
    start(tmp_path, 3, "0").communicate()
    assert {event.run: event.overlaps for event in begun(tmp_path)} == {
        1: False,
        2: True,
        3: False,
    }
