"""A run's log: bounded, readable from any offset, and nobody else's trouble."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grange.worker.runlog import MEMORY_MAX, TAIL_MAX, RunLog, read_log


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "log")


def test_a_short_log_never_touches_the_disk(path: str) -> None:
    log = RunLog(path)
    log.append(b"hello ")
    log.append(b"world")
    log.close()
    assert log.read(0, 11) == b"hello world"
    assert log.read(6, 3) == b"wor"
    assert not Path(path).exists()


def test_a_longer_log_goes_to_the_disk(path: str) -> None:
    log = RunLog(path)
    log.append(b"x" * (MEMORY_MAX + 1))
    log.append(b"end")
    log.release()
    assert log.read(log.size - 4, 4) == b"xend"
    assert Path(path).stat().st_size == log.size


def test_a_log_can_be_made_durable(path: str) -> None:
    log = RunLog(path)
    log.append(b"hello")
    log.persist()
    log.append(b" again")
    log.release()
    assert read_log(path, 0, 11) == b"hello again"


def test_a_log_that_is_empty_needs_no_file(path: str) -> None:
    log = RunLog(path)
    log.close()
    log.persist()
    assert log.size == 0
    assert not Path(path).exists()


def test_of_a_flood_the_beginning_and_the_end_are_kept(path: str) -> None:
    log = RunLog(path, log_max=100_000)
    for number in range(100_000):
        log.append(b"line %06d of the flood\n" % number)
    log.close()
    text = log.read(0, log.size)
    log.release()
    assert text.startswith(b"line 000000")
    assert text.endswith(b"line 099999 of the flood\n")
    assert b"bytes of this log were dropped here" in text
    assert log.size < 100_000 + TAIL_MAX + 100


def test_a_flood_in_one_piece_is_bounded_too(path: str) -> None:
    log = RunLog(path, log_max=1_000)
    log.append(b"a" * 5_000_000)
    assert len(log._tail) <= 2 * TAIL_MAX
    log.close()
    assert log.size < 1_000 + TAIL_MAX + 100


def test_a_log_that_is_a_little_too_long_is_kept_whole(path: str) -> None:
    log = RunLog(path, log_max=1_000)
    log.append(b"a" * 900)
    log.append(b"b" * 900)
    log.close()
    assert log.read(0, log.size) == b"a" * 900 + b"b" * 900


def test_a_disk_that_refuses_costs_the_rest_of_this_log_only(tmp_path: Path) -> None:
    log = RunLog(str(tmp_path / "no" / "log"))
    log.append(b"x" * MEMORY_MAX)
    log.append(b"more")
    log.append(b"lost")
    log.close()
    assert "no such file" in log.fault
    assert log.read(0, log.size) == b"x" * MEMORY_MAX + b"more"


def test_what_the_disk_has_lost_reads_as_blanks(path: str) -> None:
    Path(path).write_bytes(b"abc")
    assert read_log(path, 1, 5) == b"bc   "
    assert read_log(path + "x", 0, 2) == b"  "


@given(st.lists(st.binary(max_size=300), max_size=40), st.integers(0, 2_000))
def test_offsets_hold_while_a_log_grows(pieces: list[bytes], log_max: int) -> None:
    log = RunLog("/nowhere", log_max)
    seen = b""
    for piece in pieces:
        log.append(piece)
        assert log.size >= len(seen)
        seen += log.read(len(seen), log.size - len(seen))
    log.close()
    whole = b"".join(pieces)
    assert log.read(0, len(seen)) == seen
    assert log.read(0, log.size) == whole
