from __future__ import annotations

import pytest

from grange.cli import amounts


@pytest.mark.parametrize(
    ("text", "megabytes"),
    [
        ("2048", 2048),
        ("8G", 8192),
        ("8gb", 8192),
        ("1.5G", 1536),
        ("512M", 512),
        ("1TiB", 1 << 20),
    ],
)
def test_memory_is_read_with_its_unit(text: str, megabytes: int) -> None:
    assert amounts.megabytes(text) == megabytes


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("2w1d", 1_296_000)],
)
def test_a_length_of_time_is_read_with_its_units(text: str, seconds: int) -> None:
    assert amounts.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "8X", "-5", "5 apples"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    for read in (amounts.megabytes, amounts.seconds):
        with pytest.raises(amounts.BadAmount):
            read(text)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (0.4, "0s"),
        (45, "45s"),
        (725, "12m 05s"),
        (12_000, "3h 20m"),
        (187_200, "2d 4h"),
        (-5, "0s"),
    ],
)
def test_a_length_of_time_is_written_in_two_units(span: float, text: str) -> None:
    assert amounts.duration(span) == text


def test_a_short_task_is_written_in_tenths() -> None:
    assert [amounts.work_time(span) for span in (0.04, 9.9, 9.96, 61)] == [
        "0.0s",
        "9.9s",
        "10s",
        "1m 01s",
    ]


def test_what_never_was_has_no_time() -> None:
    assert amounts.age(0, 50) == ""
    assert amounts.moment(0, 50) == ""
    assert amounts.iso(0) is None


def test_a_time_of_today_has_no_date() -> None:
    assert len(amounts.moment(1_000_000, 1_000_001)) == len("14:03:22")
    assert len(amounts.moment(1_000_000, 9_000_000)) == len("1970-01-12 14:03:22")


def test_programs_get_times_in_utc() -> None:
    assert amounts.iso(1_000_000.25) == "1970-01-12T13:46:40.250Z"


def test_things_are_counted_in_words() -> None:
    assert [amounts.count(number, "task") for number in (0, 1, 1200)] == [
        "0 tasks",
        "1 task",
        "1,200 tasks",
    ]
    assert [amounts.memory(size) for size in (512, 65_536)] == ["512 MB", "64 GB"]
