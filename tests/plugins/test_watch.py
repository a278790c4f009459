from __future__ import annotations

from pathlib import Path

import pytest
from typing_extensions import override

from grange.model.states import RunStatus
from grange.plugins.parser import Arguments, Parser
from grange.plugins.watch import FAULTS_MAX, TAIL_MAX, Watch
from tests.plugins.build import a_plugin, a_studio


class Fragile(Parser):
    """Breaks at a word, else echoes in capitals where told to."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str]] = []

    @override
    def do(self, i_args: Arguments) -> str | None:
        self.seen.append((i_args["data"], i_args["mode"]))
        if "BREAK" in i_args["data"]:
            raise KeyError("frame")
        self.log = "noted" if "NOTE" in i_args["data"] else ""
        return i_args["data"].upper() if "loud" in i_args["data"] else None


class Dots(Fragile):
    partial_lines = True


def test_a_fault_is_shown_once_and_the_run_goes_on() -> None:
    watch = Watch(Fragile())
    reading = watch.feed(b"BREAK\n")
    assert (reading.warning, reading.message) == (True, "the parser broke: KeyError('frame')")
    assert reading.log.startswith("The parser broke:\n")
    assert 'raise KeyError("frame")' in reading.log
    assert (reading.text, reading.stop) == (b"BREAK\n", "")
    assert watch.feed(b"BREAK\n").log == ""
    assert watch.feed(b"NOTE\n").log == "noted\n"


def test_a_parser_that_breaks_too_often_is_not_asked_again() -> None:
    parser = Fragile()
    watch = Watch(parser)
    logs = [watch.feed(b"BREAK\n").log for _ in range(FAULTS_MAX + 5)]
    assert len(parser.seen) == FAULTS_MAX
    assert logs[FAULTS_MAX - 1] == "The parser broke 10 times. Going on without it.\n"
    watch.end("0:0")
    assert len(parser.seen) == FAULTS_MAX


def test_what_a_parser_returns_is_stored_instead() -> None:
    watch = Watch(Fragile())
    assert watch.feed(b"loud\n").text == b"LOUD\n"
    assert watch.feed(b"plain\n").text == b"plain\n"


def test_a_part_that_is_stored_already_is_not_stored_twice() -> None:
    watch = Watch(Fragile())
    assert watch.feed(b"LINE: ").text == b"LINE: "
    assert watch.feed(b"loud\nrest").text == b"LOUD\nrest"


def test_a_log_starts_on_a_line_of_its_own() -> None:
    assert Watch(Fragile()).feed(b"NOTE\npart").log == "\nnoted\n"


def test_the_last_word_gets_exit_code_and_stop_time(tmp_path: Path) -> None:
    parser = Fragile()
    watch = Watch(parser)
    watch.feed(b"one\ntwo")
    watch.end("-15:1700000000")
    assert parser.seen == [("one\n", "RUN"), ("two\n", "-15:1700000000")]


def test_an_unfinished_line_is_given_at_once_to_a_parser_that_wants_it() -> None:
    parser = Dots()
    watch = Watch(parser)
    for data in (b".1", b".2", b".3\n.4"):
        watch.feed(data)
    assert [data for data, _ in parser.seen] == [".1", ".1.2", ".1.2.3\n.4"]


def test_garbage_in_a_parsers_attributes_is_a_fault() -> None:
    parser = Fragile()
    parser.percent = "much"  # type: ignore[assignment]  # as a careless plugin may do
    assert Watch(parser).feed(b"x\n").message.startswith("the parser broke: ValueError")
    other = Fragile()
    other.str_error = [7]  # type: ignore[list-item]
    assert Watch(other).feed(b"x").message == ""
    assert Watch(other).feed(b"x\n").message.startswith("the parser broke: AttributeError")


def test_a_parser_that_leaves_python_is_a_fault(tmp_path: Path) -> None:
    source = (
        "from grange.plugins.parser import Parser\nclass A(Parser):\n"
        "    def do(self, i_args): raise SystemExit"
    )
    plugin = a_plugin(tmp_path, a_studio(tmp_path, "parsers", "ours", source), parser="ours")
    assert plugin.feed(b"x\n").warning
    assert plugin.finish(0, None).status == RunStatus.DONE


@pytest.mark.parametrize("source", [None, "1 / 0", "def ("])
def test_a_run_goes_on_without_a_parser_that_cannot_be_loaded(
    source: str | None, tmp_path: Path
) -> None:
    studio = a_studio(tmp_path, "parsers", "ours" if source else "other", source or "")
    plugin = a_plugin(tmp_path, studio, parser="ours")
    reading = plugin.feed(b"x\n")
    assert (reading.warning, reading.percent, reading.text) == (True, -1, b"x\n")
    assert reading.log.endswith("Going on without a parser.\n")
    verdict = plugin.finish(0, None)
    assert (verdict.status, verdict.warning) == (RunStatus.DONE, True)
    assert "parser 'ours'" in verdict.message


def test_a_service_without_a_parser_has_no_progress(tmp_path: Path) -> None:
    source = "from grange.plugins.service import Service\nclass A(Service): parser = ''"
    plugin = a_plugin(tmp_path, a_studio(tmp_path, "services", "ours", source), service="ours")
    reading = plugin.feed(b"PROGRESS: 50%\n")
    assert (reading.percent, reading.warning, reading.progress_changed) == (-1, False, True)


def test_the_last_line_is_found_at_the_end_of_much_output() -> None:
    watch = Watch(None)
    watch.feed(b"x\n" * TAIL_MAX)
    watch.feed(b"  last \n \n")
    assert watch.last_line() == "last"


def test_output_without_a_line_has_no_last_line() -> None:
    assert Watch(None).last_line() == ""


def test_a_flag_set_without_a_message_gets_the_last_line() -> None:
    class Strict(Parser):
        @override
        def do(self, i_args: Arguments) -> str | None:
            self.error = True
            return None

    reading = Watch(Strict()).feed(b"one\n two \n\n")
    assert (reading.stop, reading.message) == ("error", "two")


def test_a_parser_may_say_that_progress_stands_still() -> None:
    class Still(Parser):
        @override
        def do(self, i_args: Arguments) -> str | None:
            self.progress_changed = "frame" in i_args["data"]
            return None

    watch = Watch(Still())
    assert [watch.feed(data).progress_changed for data in (b"noise\n", b"frame\n")] == [
        False,
        True,
    ]


def test_what_a_parser_puts_for_the_last_line_goes_to_the_log() -> None:
    watch = Watch(Fragile())
    watch.feed(b"loud")
    watch.end("0:0")
    assert watch.take_log() == "LOUD\n"


def test_an_unfinished_line_waits_where_there_is_no_parser() -> None:
    assert Watch(None).feed(b"ERROR").text == b"ERROR"


def test_a_parser_that_cannot_start_is_done_without(tmp_path: Path) -> None:
    source = (
        "from grange.plugins.parser import Parser\nclass A(Parser):\n    def __init__(self): 1 / 0"
    )
    plugin = a_plugin(tmp_path, a_studio(tmp_path, "parsers", "ours", source), parser="ours")
    reading = plugin.feed(b"x\n")
    assert "parser 'ours' cannot start:\n" in reading.log
    assert "ZeroDivisionError" in reading.log
