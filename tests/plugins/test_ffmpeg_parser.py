from __future__ import annotations

from pathlib import Path

import pytest

from grange.model.states import RunStatus
from grange.plugins.parsers.ffmpeg import Ffmpeg
from tests.plugins.build import a_parser, a_plugin, output, progress, read


def test_of_several_inputs_the_longest_counts() -> None:
    parser = read(a_parser(Ffmpeg), "Duration: 00:00:10.00,\nDuration: 00:00:40.00,\n")
    assert read(parser, "frame=1 time=00:00:10.00 bitrate=1\r").percent == 25


def test_unknown_times_are_ignored() -> None:
    parser = read(a_parser(Ffmpeg), "Duration: N/A, start: 0\nframe=0 time=N/A bitrate=N/A\r")
    assert parser.percent == 0


def test_frames_of_the_task_stand_in_for_an_unknown_duration() -> None:
    parser = read(a_parser(Ffmpeg, frames=50), "Duration: N/A\nframe=   25 time=00:00:01.00\r")
    assert progress(parser) == (50, 25, 0)


def test_a_whole_output_is_100_though_its_last_time_falls_short() -> None:
    parser = read(a_parser(Ffmpeg), "Duration: 00:00:10.00\n")
    read(parser, "[out#0/mp4 @ 0x5] video:2KiB muxing overhead: 68%\n")
    assert read(parser, "frame=100 Lsize=10KiB time=00:00:09.80\n").percent == 100


def test_a_second_ffmpeg_in_a_line_starts_anew() -> None:
    parser = read(a_parser(Ffmpeg), "Duration: 00:00:50.00\nmuxing overhead: 1%\n")
    read(parser, "Duration: 00:00:10.00\n")
    assert read(parser, "frame=1 time=00:00:05.00\r").percent == 50


@pytest.mark.parametrize(
    ("flag", "line"),
    [
        ("warning", "[h264 @ 0x5] Invalid NAL unit size"),
        ("error", "[in#0 @ 0x5] Impossible to open 'a.mov'"),
        ("error", "[vost#0:0 @ 0x5] Unknown encoder 'nonsuch'"),
        ("error", "av_interleaved_write_frame(): No space left on device"),
        ("error", "Conversion failed!"),
        ("fatalerror", "Unrecognized option 'zz'."),
        ("fatalerror", "File 'a.mp4' already exists. Exiting."),
        ("badresult", "Output file is empty, nothing was encoded"),
    ],
)
def test_complaints_are_judged(flag: str, line: str) -> None:
    parser = read(a_parser(Ffmpeg), f"ffmpeg version 9\n{line}\n")
    assert (getattr(parser, flag), parser.message_of(flag)) == (True, line)


def test_output_on_a_missing_input_is_an_error_with_its_line() -> None:
    parser = read(a_parser(Ffmpeg), output("ffmpeg_9.0.2_no_input.txt"))
    assert parser.error
    assert parser.message_of("error").endswith("Error opening input: No such file or directory")


@pytest.mark.parametrize("piece", [1, 50, 100_000])
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("bad_preset", "x264 [error]: invalid preset 'ultrafoo'"),
        ("bad_input", "moov atom not found"),
        ("no_images", "Could find no file or sequence with path 'img.%04d.png'"),
        ("disk_full", "Error writing trailer: No space left on device"),
        ("bad_filter", "Undefined constant or missing '(' in 'foo'"),
        ("no_input", "Error opening input: No such file or directory"),
    ],
)
def test_the_message_is_the_cause_and_not_the_summary_below_it(
    name: str, cause: str, piece: int, tmp_path: Path
) -> None:
    plugin = a_plugin(tmp_path, service="generic", parser="ffmpeg")
    data = output(f"ffmpeg_9.0.2_{name}.txt").encode()
    for start in range(0, len(data), piece):
        plugin.feed(data[start : start + piece])
    verdict = plugin.finish(1, None)
    assert cause in verdict.message
    assert verdict.status == RunStatus.PARSER_ERROR


def test_the_cause_is_of_the_last_failure() -> None:
    parser = read(
        a_parser(Ffmpeg), "[h264 @ 0x5] Invalid NAL unit size\nframe=1 time=00:00:01.00\n"
    )
    read(
        parser, "[out#0/mp4 @ 0x5] Error muxing a packet\nframe=9 Lsize=1KiB\nConversion failed!\n"
    )
    assert parser.message_of("error") == "[out#0/mp4 @ 0x5] Error muxing a packet"
