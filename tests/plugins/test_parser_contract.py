"""What a parser is told and may say, as Afanasy's documentation has it, with a studio's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grange.model.states import RunStatus
from grange.plugins.host import TaskPlugin
from tests.plugins.build import a_plugin, a_studio

#: `%s` is what it does at a line of output with "go" in it.
SOURCE = """
from parsers import parser


class documented(parser.parser):
    def do(self, i_args):
        if 'go' in i_args['data']:
            %s
"""


def saying(folder: Path, does: str, **changes: Any) -> TaskPlugin:
    studio = a_studio(folder, "parsers", "documented", SOURCE % does)
    return a_plugin(folder, studio, parser="documented", **changes)


@pytest.mark.parametrize(
    ("does", "seen", "value"),
    [
        pytest.param(
            *("self.percent = 40", "percent", 40),
            marks=pytest.mark.proves("render.parsers.percent"),
        ),
        pytest.param(
            *("self.frame = 2", "frame", 2),
            marks=pytest.mark.proves("render.parsers.frame"),
        ),
        pytest.param(
            *("self.percentframe = 30", "frame_percent", 30),
            marks=pytest.mark.proves("render.parsers.percentframe"),
        ),
        pytest.param(
            *("pass", "progress_changed", True),
            marks=pytest.mark.proves("render.parsers.progress_changed"),
        ),
        pytest.param(
            *("self.progress_changed = False", "progress_changed", False),
            marks=pytest.mark.proves("render.parsers.progress_changed"),
        ),
        pytest.param(
            *("self.activity = 'left eye'", "activity", "left eye"),
            marks=pytest.mark.proves("render.parsers.activity"),
        ),
        pytest.param(
            *("self.resources = 'triangles:155000000'", "resources", "triangles:155000000"),
            marks=pytest.mark.proves("render.parsers.resources"),
        ),
        pytest.param(
            *("self.log = 'disk is slow'", "log", "disk is slow\n"),
            marks=pytest.mark.proves("render.parsers.log"),
        ),
        pytest.param(
            *("self.report = '90 MB/s'", "report", "90 MB/s"),
            marks=pytest.mark.proves("render.parsers.report"),
        ),
        pytest.param(
            *("return i_args['data'] + 'it goes\\n'", "text", b"go on\nit goes\n"),
            marks=pytest.mark.proves("render.parsers.returned"),
        ),
        pytest.param(
            *("return 'cut\\n'", "text", b"cut\n"),
            marks=pytest.mark.proves("render.parsers.returned"),
        ),
        pytest.param(
            *("return None", "text", b"go on\n"),
            marks=pytest.mark.proves("render.parsers.returned"),
        ),
    ],
)
def test_what_a_parser_sets_is_seen(does: str, seen: str, value: object, tmp_path: Path) -> None:
    assert getattr(saying(tmp_path, does, frames_num=4).feed(b"go on\n"), seen) == value


@pytest.mark.parametrize(
    ("member", "stop", "end", "status"),
    [
        pytest.param(
            *("warning", "", (0, None), RunStatus.DONE),
            marks=pytest.mark.proves("render.parsers.warning"),
        ),
        pytest.param(
            *("error", "error", (None, 15), RunStatus.PARSER_ERROR),
            marks=pytest.mark.proves("render.parsers.error"),
        ),
        pytest.param(
            *("badresult", "", (0, None), RunStatus.BAD_RESULT),
            marks=pytest.mark.proves("render.parsers.badresult"),
        ),
        pytest.param(
            *("finishedsuccess", "success", (None, 15), RunStatus.PARSER_SUCCESS),
            marks=pytest.mark.proves("render.parsers.finishedsuccess"),
        ),
    ],
)
def test_a_parser_may_end_a_run_or_judge_it(
    member: str, stop: str, end: tuple[int | None, int | None], status: RunStatus, tmp_path: Path
) -> None:
    plugin = saying(tmp_path, f"self.{member} = True")
    reading = plugin.feed(b"go on\n")
    assert (reading.stop, reading.warning) == (stop, member == "warning")
    verdict = plugin.finish(*end)
    assert (verdict.status, verdict.warning) == (status, member == "warning")


@pytest.mark.parametrize(
    ("does", "seen"),
    [
        pytest.param("i_args['mode']", "RUN", marks=pytest.mark.proves("render.parsers.mode_run")),
        pytest.param("i_args['pid']", "42", marks=pytest.mark.proves("render.parsers.pid")),
        pytest.param("i_args['data']", "go on\n", marks=pytest.mark.proves("render.parsers.data")),
        pytest.param(
            *("i_args['resources']", '{"host_resources": {"cpu_idle": 7}}'),
            marks=pytest.mark.proves("render.parsers.host_resources"),
        ),
    ],
)
def test_a_parser_is_told_of_the_run(does: str, seen: str, tmp_path: Path) -> None:
    plugin = saying(tmp_path, f"self.resources = str({does})")
    plugin.tell(pid=42, host_resources='{"host_resources": {"cpu_idle": 7}}')
    assert plugin.feed(b"go on\n").resources == seen


@pytest.mark.proves("render.parsers.mode_exit")
@pytest.mark.parametrize(
    ("exit_code", "signal", "stopped", "mode"),
    [(3, None, 0, "3:0"), (None, 15, 1_700_000_000, "-15:1700000000")],
)
def test_a_parser_is_told_how_its_program_ended(
    exit_code: int | None, signal: int | None, stopped: int, mode: str, tmp_path: Path
) -> None:
    plugin = saying(tmp_path, "self.report = i_args['mode']")
    plugin.feed(b"go")
    assert plugin.finish(exit_code, signal, stopped=stopped).report == mode


@pytest.mark.proves("render.parsers.append_file")
def test_a_file_that_a_parser_appends_is_shown_when_its_run_has_ended(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    plugin = saying(tmp_path, "self.appendFile('a.png', False)")
    assert plugin.feed(b"go on\n").files == ()
    verdict = plugin.finish(0, None)
    assert verdict.files == verdict.thumbnails == (f"{tmp_path}/a.png",)


@pytest.mark.proves("render.parsers.append_file_on_the_fly")
def test_a_file_that_a_parser_appends_on_the_fly_is_shown_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    plugin = saying(tmp_path, "self.appendFile('a.png', True)")
    assert plugin.feed(b"go on\n").files == (f"{tmp_path}/a.png",)
