"""The shelf keeps logs whole, whatever is sent twice, late or never."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grange.store.files import CUT, LogNotKept, Shelf
from grange.store.store import StoreError

Maker = Callable[..., Shelf]


@pytest.fixture
def make_shelf(tmp_path: Path) -> Iterator[Maker]:
    """Makes shelves on one folder, and closes them after the test."""
    shelves: list[Shelf] = []

    def make(**bounds: int) -> Shelf:
        shelves.append(Shelf(tmp_path / "farm", **bounds))
        return shelves[-1]

    yield make
    for shelf in shelves:
        shelf.close()


@pytest.fixture
def shelf(make_shelf: Maker) -> Shelf:
    return make_shelf()


def test_pieces_are_appended_and_read_from_an_offset(shelf: Shelf) -> None:
    assert shelf.append(1, 2, 0, b"hello ") == 6
    assert shelf.append(1, 2, 6, b"world") == 11
    assert shelf.size(1, 2) == 11
    assert shelf.read(1, 2, 0, 100) == b"hello world"
    assert shelf.read(1, 2, 4, 3) == b"o w"


def test_a_piece_that_comes_twice_is_kept_once(shelf: Shelf) -> None:
    shelf.append(1, 2, 0, b"hello")
    assert shelf.append(1, 2, 0, b"hello") == 5
    assert shelf.append(1, 2, 1, b"el") == 5
    assert shelf.read(1, 2, 0, 100) == b"hello"


def test_of_a_piece_that_overlaps_the_new_part_is_kept(shelf: Shelf) -> None:
    shelf.append(1, 2, 0, b"hello")
    assert shelf.append(1, 2, 3, b"XX world") == 11
    assert shelf.read(1, 2, 0, 100) == b"hello world"


def test_a_piece_beyond_the_end_is_not_taken(shelf: Shelf) -> None:
    shelf.append(1, 2, 0, b"hello")
    assert shelf.append(1, 2, 6, b"world") == 5
    assert shelf.append(1, 3, 6, b"world") == 0
    assert shelf.read(1, 2, 0, 100) == b"hello"


def test_a_log_goes_on_after_a_restart(shelf: Shelf, make_shelf: Maker) -> None:
    shelf.append(1, 2, 0, b"hello")
    shelf.close()
    again = make_shelf()
    assert again.append(1, 2, 0, b"hello world") == 11
    assert again.read(1, 2, 0, 100) == b"hello world"


def test_beyond_the_end_and_without_a_log_there_is_nothing(shelf: Shelf) -> None:
    shelf.append(1, 2, 0, b"hello")
    assert shelf.read(1, 2, 5, 10) == b""
    assert shelf.read(1, 2, 50, 10) == b""
    assert shelf.read(9, 9, 0, 10) == b""
    assert shelf.size(9, 9) == 0


def test_the_logs_of_a_job_are_dropped_together(shelf: Shelf, tmp_path: Path) -> None:
    shelf.append(1, 2, 0, b"a")
    shelf.append(1, 3, 0, b"b")
    shelf.append(4, 5, 0, b"c")
    shelf.drop_job(1)
    shelf.drop_job(1)
    assert shelf.size(1, 2) == 0
    assert not (tmp_path / "farm/logs/0/1").exists()
    assert shelf.append(4, 5, 1, b"d") == 2


def test_a_log_is_found_by_numbers_and_only_its_owner_may_look(
    shelf: Shelf, tmp_path: Path
) -> None:
    shelf.append(1_234_567, 89, 0, b"x")
    path = tmp_path / "farm/logs/1234/1234567/89.log"
    assert path.read_bytes() == b"x"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in list(path.parents)[:4]:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_few_files_stay_open(make_shelf: Maker) -> None:
    shelf = make_shelf(open_max=3)
    for turn in range(2):
        for run in range(20):
            assert shelf.append(1, run, turn, b"x") == turn + 1
    assert len(shelf._open) == 3
    assert {shelf.read(1, run, 0, 9) for run in range(20)} == {b"xx"}
    shelf.close()
    assert not shelf._open


def test_a_log_that_is_too_long_is_cut_and_says_so_once(make_shelf: Maker) -> None:
    shelf = make_shelf(log_max=100)
    room = 100 - len(CUT)
    assert shelf.append(1, 2, 0, b"a" * (room - 1)) == room - 1
    assert shelf.append(1, 2, room - 1, b"b" * 50) == 100
    assert shelf.append(1, 2, room + 49, b"c" * 1_000) == room + 1_049
    assert shelf.append(1, 2, 0, b"a" * 10) == 100
    assert shelf.read(1, 2, 0, 10_000) == b"a" * (room - 1) + b"b" + CUT


def test_a_log_that_was_cut_stays_cut_after_a_restart(make_shelf: Maker) -> None:
    make_shelf(log_max=100).append(1, 2, 0, b"a" * 500)
    again = make_shelf(log_max=100)
    assert again.size(1, 2) == 100
    assert again.append(1, 2, 400, b"b" * 200) == 600
    assert again.size(1, 2) == 100


def test_a_full_disk_harms_that_log_only(shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "farm/logs/0/1"
    shelf.append(1, 1, 0, b"fine")
    (folder / "2.log").symlink_to("/dev/full")
    with pytest.raises(LogNotKept, match=r"log of run 2: No space left on device"):
        shelf.append(1, 2, 0, b"lost")
    (folder / "2.log").unlink()
    assert shelf.append(1, 2, 0, b"sent again") == 10
    assert shelf.append(1, 1, 4, b" still") == 10


def test_a_folder_that_cannot_be_made_is_an_error_of_that_log(
    shelf: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "farm").write_bytes(b"in the way")
    with pytest.raises(LogNotKept, match="log of run 2"):
        shelf.append(1, 2, 0, b"x")


def test_logs_that_cannot_be_removed_are_named(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "farm/logs/0").mkdir(parents=True)
    (tmp_path / "farm/logs/0/1").write_bytes(b"in the way")
    with pytest.raises(StoreError, match="logs of job 1 stay"):
        shelf.drop_job(1)


def test_a_log_can_be_read_while_it_grows(shelf: Shelf) -> None:
    text = os.urandom(1_000) * 64

    def write() -> None:
        for at in range(0, len(text), 1_000):
            shelf.append(1, 2, at, text[at : at + 1_000])

    thread = threading.Thread(target=write)
    thread.start()
    seen = b""
    while len(seen) < len(text):
        seen += shelf.read(1, 2, len(seen), 700)
    thread.join()
    assert seen == text


def test_pieces_of_many_logs_can_come_from_many_threads(make_shelf: Maker) -> None:
    shelf = make_shelf(open_max=2)

    def write(run: int) -> None:
        for at in range(50):
            shelf.append(1, run, at, bytes([at]))

    threads = [threading.Thread(target=write, args=(run % 4,)) for run in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {shelf.read(1, run, 0, 99) for run in range(4)} == {bytes(range(50))}


def test_the_highest_run_with_a_log_is_known(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.last_run() == 0
    for job_id, run_id in ((1, 7), (2_345, 12), (3, 9)):
        shelf.append(job_id, run_id, 0, b"text")
    assert shelf.last_run() == 12
    shelf.close()
