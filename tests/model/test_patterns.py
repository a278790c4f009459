from __future__ import annotations

from typing import Any

import pytest

from grange.model.frames import TaskFrames
from grange.model.patterns import (
    Command,
    fill,
    fill_command,
    fill_files,
    named_command,
    named_files,
    pad,
)
from tests.model.afanasy import vectors

FRAMES = TaskFrames(5, 11, 3, 3)


@pytest.mark.parametrize("vector", vectors("fill", "fill_cpp"), ids=lambda v: v["output"])
def test_numbers_are_filled_as_afanasy_fills_them(vector: dict[str, Any]) -> None:
    given = vector["input"]
    frames = TaskFrames(given["start"], given["end"], 1, 1)
    assert fill(given["pattern"], frames) == vector["output"]


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("@#@ @#@ @#@", "5 11 5"),
        ("@last#@ @first###@ @last#@", "11 005 11"),
        ("@first#@ @#@ @#@", "5 5 11"),
        ("@inc@ @frames@ @task@", "3 5-11x3 7"),
        ("@first@ @ink@ @@ @ # @", "@first@ @ink@ @@ @ # @"),
        ("@#@@#@", "511"),
    ],
)
def test_a_pattern_may_say_which_number_it_means(text: str, filled: str) -> None:
    assert fill(text, FRAMES, task=7) == filled


def test_a_minus_sign_counts_in_the_width() -> None:
    assert [pad(-5, 4), pad(12345, 3), pad(0, 2)] == ["-005", "12345", "00"]


@pytest.mark.parametrize(
    ("command", "filled"),
    [
        (("r", "-s", "@#@", "-e", "@#@"), ("r", "-s", "5", "-e", "11")),
        ("r -s @#@ -e @#@", "r -s 5 -e 11"),
        ((), ()),
        ("", ""),
    ],
)
def test_first_and_last_alternate_over_a_whole_command(command: Command, filled: Command) -> None:
    assert fill_command(command, FRAMES) == filled


def test_a_file_pattern_gives_one_file_per_frame() -> None:
    files = fill_files(("a.@####@.exr", "log.txt", "@#@/@##@.png"), FRAMES)
    assert list(files) == [
        *("a.0005.exr", "a.0008.exr", "a.0011.exr"),
        "log.txt",
        *("5/05.png", "8/08.png", "11/11.png"),
    ]


@pytest.mark.parametrize(
    ("block", "task", "joined"),
    [
        ("", "own", "own"),
        ("block", "", "block"),
        ("do @#@ now @#@", "own", "do own now own"),
        ("do ", "own", "do own"),
        (("do",), ("own", "x"), ("do", "own", "x")),
        (("do", "@#@", "now"), ("own", "x"), ("do", "own", "x", "now")),
        ("do ", ("own", "x"), "do own x"),
        (("do", "-f"), "own", "do -fown"),
        ((), (), ()),
    ],
)
def test_a_named_tasks_command_goes_into_its_blocks(
    block: Command, task: Command, joined: Command
) -> None:
    assert named_command(block, task) == joined


@pytest.mark.parametrize(
    ("block", "task", "joined"),
    [
        ((), ("a", "b"), ("a", "b")),
        (("/o/@#@.exr",), ("a", "b"), ("/o/a.exr", "/o/b.exr")),
        (("/o/", "/p/"), ("a",), ("/o/a", "/p/a")),
        (("/o/@#@", "/p/x"), (), ("/p/x",)),
    ],
)
def test_a_named_tasks_files_go_into_its_blocks(
    block: tuple[str, ...], task: tuple[str, ...], joined: tuple[str, ...]
) -> None:
    """Unlike Afanasy, a block without patterns gives the task's own files."""
    assert named_files(block, task) == joined
