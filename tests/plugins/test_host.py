from __future__ import annotations

from pathlib import Path

import pytest

from grange.model.states import RunStatus
from grange.plugins.host import Context, PluginError, TaskPlugin, known, load
from grange.plugins.paths import Pair, PathMap
from tests.plugins.build import a_plugin, a_run, a_studio

ERROR = b"[ PARSER ERROR ] no licence\n"
SERVICE = "from grange.plugins.service import Service\nclass Ours(Service):\n"


def test_a_good_end_is_done(tmp_path: Path) -> None:
    verdict = a_plugin(tmp_path).finish(0, None)
    assert (verdict.status, verdict.message, verdict.warning) == (RunStatus.DONE, "", False)


@pytest.mark.parametrize(
    ("exit_code", "signal", "status", "message"),
    [
        (3, None, RunStatus.FAILED, "exit status 3: ValueError: no"),
        (None, 11, RunStatus.KILLED, "ended by signal 11 (SIGSEGV): ValueError: no"),
        (None, 99, RunStatus.KILLED, "ended by signal 99: ValueError: no"),
        (None, None, RunStatus.START_FAILED, "the process never started"),
    ],
)
def test_a_bad_end_is_told_with_the_last_line(
    exit_code: int | None, signal: int | None, status: RunStatus, message: str, tmp_path: Path
) -> None:
    plugin = a_plugin(tmp_path)
    plugin.feed(b"Traceback:\n  x\n\x1b[31mValueError: no\x1b[0m\n\n")
    verdict = plugin.finish(exit_code, signal)
    assert (verdict.status, verdict.message) == (status, message)


def test_an_error_stops_the_run_and_stays_what_it_was(tmp_path: Path) -> None:
    plugin = a_plugin(tmp_path)
    reading = plugin.feed(b"fine\n" + ERROR)
    assert (reading.stop, reading.message) == ("error", "[ PARSER ERROR ] no licence")
    assert (plugin.feed(b"going\n").stop, plugin.feed(b"going\n").message) == ("error", "")
    verdict = plugin.finish(None, 15)
    assert verdict.status == RunStatus.PARSER_ERROR
    assert verdict.message == "[ PARSER ERROR ] no licence"


@pytest.mark.parametrize(
    ("tag", "stop", "status"),
    [
        (b"[ PARSER FATAL ERROR ]", "fatal", RunStatus.FATAL),
        (b"[ PARSER FINISHED SUCCESS ]", "success", RunStatus.PARSER_SUCCESS),
    ],
)
def test_fatal_and_success_stop_the_run_too(
    tag: bytes, stop: str, status: RunStatus, tmp_path: Path
) -> None:
    plugin = a_plugin(tmp_path)
    assert plugin.feed(tag + b"\n").stop == stop
    assert plugin.finish(None, 15).status == status


def test_what_a_program_says_of_being_ended_is_no_error(tmp_path: Path) -> None:
    plugin = a_plugin(tmp_path)
    plugin.feed(b"[ PARSER FINISHED SUCCESS ]\n")
    assert plugin.feed(ERROR).stop == "success"
    assert plugin.finish(1, None).status == RunStatus.PARSER_SUCCESS


def test_an_error_outweighs_a_success_of_the_same_portion(tmp_path: Path) -> None:
    plugin = a_plugin(tmp_path)
    assert plugin.feed(b"[ PARSER FINISHED SUCCESS ]\n" + ERROR).stop == "error"
    assert plugin.finish(None, 15).status == RunStatus.PARSER_ERROR


@pytest.mark.proves("render.parsers.badresult")
def test_a_bad_result_lets_the_process_end_and_is_not_forgotten(tmp_path: Path) -> None:
    plugin = a_plugin(tmp_path)
    reading = plugin.feed(b"[ PARSER BAD RESULT ] black\n")
    assert (reading.stop, reading.bad_result) == ("", True)
    assert plugin.feed(b"more\n").bad_result
    verdict = plugin.finish(0, None)
    assert (verdict.status, verdict.message) == (
        RunStatus.BAD_RESULT,
        "[ PARSER BAD RESULT ] black",
    )


def test_warning_activity_and_report_last(tmp_path: Path) -> None:
    plugin = a_plugin(tmp_path)
    first = plugin.feed(b"[ PARSER WARNING ] slow\nACTIVITY: a\nREPORT: r\n")
    assert first.message == "[ PARSER WARNING ] slow"
    reading = plugin.feed(b"[ PARSER WARNING ] slow\nmore\n")
    assert (reading.warning, reading.activity, reading.report) == (True, "a", "r")
    assert reading.message == ""
    verdict = plugin.finish(0, None)
    assert (verdict.status, verdict.warning, verdict.report) == (RunStatus.DONE, True, "r")
    assert verdict.message == "[ PARSER WARNING ] slow"


@pytest.mark.parametrize("end", [b"\n", b""])
def test_the_last_portion_counts(end: bytes, tmp_path: Path) -> None:
    plugin = a_plugin(tmp_path)
    plugin.feed(b"REPORT: late\n[ PARSER ERROR ] late" + end)
    verdict = plugin.finish(0, None)
    assert (verdict.status, verdict.report) == (RunStatus.PARSER_ERROR, "late")
    assert verdict.message == "[ PARSER ERROR ] late"


def test_the_gravest_of_several_complaints_is_told(tmp_path: Path) -> None:
    plugin = a_plugin(tmp_path)
    reading = plugin.feed(b"[ PARSER WARNING ] a\n[ PARSER FATAL ERROR ] b\n" + ERROR)
    assert (reading.stop, reading.message) == ("fatal", "[ PARSER FATAL ERROR ] b")


def test_a_fatal_error_may_follow_an_error(tmp_path: Path) -> None:
    plugin = a_plugin(tmp_path)
    plugin.feed(ERROR)
    assert plugin.feed(b"[ PARSER FATAL ERROR ] b\n").stop == "fatal"
    assert plugin.finish(1, None).status == RunStatus.FATAL


def test_an_error_is_seen_before_its_line_is_ended(tmp_path: Path) -> None:
    assert a_plugin(tmp_path).feed(b"[ PARSER ERROR ] again? (y/n)").stop == "error"


def test_the_message_of_an_unfinished_line_becomes_the_whole_line(tmp_path: Path) -> None:
    plugin = a_plugin(tmp_path)
    assert plugin.feed(b"x\n[ PARSER ERROR ] no").message == "[ PARSER ERROR ] no"
    plugin.feed(b" licence\n")
    plugin.feed(b"[ PARSER ERROR ] no licence again\n")
    assert plugin.finish(1, None).message == "[ PARSER ERROR ] no licence"


def test_the_place_of_cuts_does_not_matter(tmp_path: Path) -> None:
    plugin = a_plugin(tmp_path, frames_num=4)
    data = "FRAME: 1\nPROGRESS: 50%\nACTIVITY: größe\nFRAME: 2\nFRAME: 3\nPROGRESS: 25%\n".encode()
    reading = [plugin.feed(data[place : place + 1]) for place in range(len(data))][-1]
    assert (reading.percent, reading.frame, reading.frame_percent) == (56, 2, 25)
    assert reading.activity == "größe"


def test_before_any_output_progress_is_unknown(tmp_path: Path) -> None:
    reading = a_plugin(tmp_path).feed(b"")
    assert (reading.percent, reading.frame, reading.progress_changed) == (-1, -1, False)


def test_the_text_to_store_is_the_data_bit_for_bit(tmp_path: Path) -> None:
    data = b"a\xff\xc3\r\npart"
    reading = a_plugin(tmp_path).feed(data)
    assert (reading.text, reading.progress_changed) == (data, True)


@pytest.mark.proves("render.services.checks_files")
def test_missing_files_make_a_bad_run_though_it_ended_well(tmp_path: Path) -> None:
    plugin = a_plugin(tmp_path, files=("a", "b"), check_rendered_files=True)
    verdict = plugin.finish(0, None)
    assert verdict.status == RunStatus.BAD_FILES
    assert verdict.message == f"File does not exist: {tmp_path}/a (and 1 more)"
    assert (
        verdict.log == f"File does not exist:\n{tmp_path}/a\nFile does not exist:\n{tmp_path}/b\n"
    )


def test_files_that_the_parser_saw_are_in_the_verdict(tmp_path: Path) -> None:
    Path(tmp_path, "a.png").touch()
    plugin = a_plugin(tmp_path)
    assert plugin.feed(b"@IMAGE!@a.png\n").files == (f"{tmp_path}/a.png",)
    assert plugin.feed(b"more\n").files == ()
    Path(tmp_path, "b.png").touch()
    plugin.feed(b"@IMAGE@b.png")
    assert plugin.finish(0, None).files == (f"{tmp_path}/b.png",)


def test_a_service_that_breaks_while_preparing_is_refused_with_its_traceback(
    tmp_path: Path,
) -> None:
    studio = a_studio(
        tmp_path, "services", "ours", SERVICE + "    def command(self): return 1 / 0"
    )
    with pytest.raises(PluginError, match=r"service 'ours' cannot prepare the run:\n(.*\n)*Zero"):
        a_plugin(tmp_path, studio, service="ours")


def test_a_service_that_breaks_while_judging_fails_its_run(tmp_path: Path) -> None:
    source = SERVICE + "    def check_exit_status(self, status): return 1 / 0"
    plugin = a_plugin(tmp_path, a_studio(tmp_path, "services", "ours", source), service="ours")
    verdict = plugin.finish(0, None)
    assert verdict.status == RunStatus.FAILED
    assert verdict.message == "service 'ours' broke: ZeroDivisionError('division by zero')"
    assert "check_exit_status" in verdict.log


def test_a_service_that_breaks_at_thumbnails_costs_its_run_nothing_else(tmp_path: Path) -> None:
    source = SERVICE + "    def thumbnails(self, seen, files): 1 / 0\n"
    studio = a_studio(tmp_path, "services", "ours", source)
    verdict = a_plugin(tmp_path, service="ours", studio=studio).finish(0, None)
    assert (verdict.status, verdict.message, verdict.thumbnails) == (RunStatus.DONE, "", ())
    assert "ZeroDivisionError" in verdict.log


@pytest.mark.proves("render.services.exit_status")
def test_a_service_may_call_another_status_good(tmp_path: Path) -> None:
    source = SERVICE + "    def check_exit_status(self, status): return status in (0, 1)"
    plugin = a_plugin(tmp_path, a_studio(tmp_path, "services", "ours", source), service="ours")
    assert plugin.finish(1, None).status == RunStatus.DONE


def test_services_are_known(tmp_path: Path) -> None:
    studio = a_studio(tmp_path, "services", "ours", SERVICE)
    assert {"generic", "ours"} <= set(known([str(studio)]))


def test_a_plugin_is_told_of_its_process(tmp_path: Path) -> None:
    source = (
        "from grange.plugins.parser import Parser\n"
        "class Ours(Parser):\n"
        "    def do(self, i_args): self.resources = f\"{i_args['pid']} {i_args['resources']}\""
    )
    studio = a_studio(tmp_path, "parsers", "ours", source)
    plugin: TaskPlugin = a_plugin(tmp_path, studio, parser="ours")
    plugin.tell(pid=42)
    plugin.tell(host_resources='{"host_resources": {}}')
    assert plugin.feed(b"x\n").resources == '42 {"host_resources": {}}'
    assert plugin.finish(0, None).resources == '42 {"host_resources": {}}'


def test_what_was_written_is_told_in_the_servers_paths(tmp_path: Path) -> None:
    (tmp_path / "a b.png").touch()
    paths = PathMap((Pair(client=str(tmp_path), server="//farm/out"),), "linux")
    plugin = load(a_run(), Context(work_folder=str(tmp_path), paths=paths))
    plugin.feed(b"@IMAGE@a b.png\n")
    assert plugin.finish(0, None).files == ("//farm/out/a b.png",)
