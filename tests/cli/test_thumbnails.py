"""`grange thumb`: a small picture into a file, or which there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grange.cli.exits import ExitCode
from grange.model.views import ThumbnailView
from tests.cli.conftest import Terminal
from tests.jpegs import a_jpeg

TASK = "GET /jobs/12/blocks/0/tasks/7/thumbnails"


def a_view(number: int = 2, name: str = "beauty.0008.exr") -> ThumbnailView:
    return ThumbnailView(
        run_id=40, block=0, task=7, number=number, name=name, size_bytes=9, made=1_000.0
    )


@pytest.fixture
def shown(grange: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A server that has two thumbnails of one task; commands run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    two = {"thumbnails": [a_view(2), a_view(1, "\x1b]0;x\x07depth.exr")]}
    grange.server.answer("GET /jobs/12/thumbnails", two)
    grange.server.answer(TASK, two)
    for number in (1, 2):
        grange.server.answer(f"{TASK}/{number}", a_jpeg(filler=number))
    return grange


@pytest.mark.parametrize("what", ["12", "12/0/7"])
def test_the_newest_is_written_to_a_file_of_its_tasks_name(shown: Terminal, what: str) -> None:
    result = shown("thumb", what)
    assert result.exit_code == 0, result.output
    assert Path("12-0-7.jpg").read_bytes() == a_jpeg(filler=2)
    assert result.stdout == ""
    assert "12-0-7.jpg: beauty.0008.exr of task 12/0/7" in result.stderr
    assert shown.server.last.query == "run=40"


def test_another_one_is_written_where_one_wants_it(shown: Terminal) -> None:
    result = shown("thumb", "12/0/7", "--number", "1", "-o", "other.jpg")
    assert result.exit_code == 0, result.output
    assert Path("other.jpg").read_bytes() == a_jpeg(filler=1)
    assert "\x1b" not in result.stderr


def test_one_goes_into_a_pipe_and_nothing_else_with_it(shown: Terminal) -> None:
    result = shown("thumb", "12", "-o", "-")
    assert result.stdout_bytes == a_jpeg(filler=2)
    assert result.stderr == ""
    assert list(Path.cwd().iterdir()) == []


def test_which_there_are_is_one_document(shown: Terminal) -> None:
    found = json.loads(shown.says("thumb", "12/0/7", "--json"))
    assert [item["number"] for item in found] == [2, 1]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("12/0/7", "--number", "5"), ExitCode.NOT_FOUND, "has no thumbnail 5, only 2, 1"),
        (("12", "--number", "2"), ExitCode.USAGE, "name the task, such as 12/0/7"),
        (("12", "-o", "none/a.jpg"), ExitCode.USAGE, "none/a.jpg cannot be written"),
        (("13",), ExitCode.NOT_FOUND, "13 has no thumbnail (yet)"),
        (("x",), ExitCode.USAGE, "is no job"),
    ],
)
def test_what_cannot_be_is_said(
    shown: Terminal, words: tuple[str, ...], code: ExitCode, said: str
) -> None:
    shown.server.answer("GET /jobs/13/thumbnails", {"thumbnails": []})
    result = shown("thumb", *words)
    assert result.exit_code == code
    assert said in " ".join(result.stderr.split())
