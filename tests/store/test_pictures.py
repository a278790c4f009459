"""The album keeps a run's last thumbnails, whole, and only what is one."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from grange.store.files import Shelf
from grange.store.pictures import (
    NAME_MAX,
    OF_JOB_MAX,
    OF_RUN_MAX,
    SIDE_MAX,
    Album,
    PictureNotKept,
    PictureRefused,
    Thumbnail,
    check,
)
from grange.wire.worker import PICTURE_MAX
from tests.jpegs import EOI, SOI, a_jpeg

HOSTILE = "../../<img src=x>\0\n\x1b[31mé.exr"


@pytest.fixture
def album(tmp_path: Path) -> Album:
    return Album(tmp_path / "farm")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Where those of job 1 are."""
    return tmp_path / "farm/logs/0/1"


def keep(album: Album, run_id: int, count: int) -> None:
    """Keep thumbnails one second after the other, named by their numbers."""
    for turn in range(count):
        number = album.keep(1, run_id, f"{turn}", a_jpeg(filler=turn))
        path = next(folder for folder in [album._logs / "0/1"]) / f"{run_id}.{number}.jpg"
        os.utime(path, (1_000 + turn, 1_000 + turn))


def names(found: tuple[Thumbnail, ...]) -> list[str]:
    return [item.name for item in found]


def test_a_thumbnail_is_found_again_with_its_name(album: Album) -> None:
    assert album.keep(1, 7, "beauty.0001.exr", a_jpeg()) == 1
    (found,) = album.of_run(1, 7)
    data = album.read(1, 7, 1)
    assert found.name == "beauty.0001.exr"
    assert (found.run_id, found.number, found.size_bytes) == (7, 1, len(data))
    assert found.made > 0
    check(data)
    assert data.startswith(SOI)
    assert data.endswith(a_jpeg()[2:])


def test_where_there_is_none_nothing_is_found(album: Album) -> None:
    assert album.of_run(1, 7) == ()
    assert album.of_job(1) == ()
    assert album.read(1, 7, 1) == b""


@pytest.mark.parametrize("name", ["", HOSTILE, "x" * 1_000, "é" * 1_000, "\udce9"])
def test_a_name_is_text_and_never_a_path(name: str, album: Album, files: Path) -> None:
    album.keep(1, 7, name, a_jpeg())
    (found,) = album.of_run(1, 7)
    assert found.name == name.encode(errors="replace")[:NAME_MAX].decode(errors="replace")
    assert sorted(path.name for path in files.iterdir()) == ["7.1.jpg", "newest"]


def test_only_its_owner_may_look(album: Album, files: Path) -> None:
    album.keep(1, 7, "a", a_jpeg())
    for path in files.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.stat().st_mode) == 0o700


def test_of_a_run_the_newest_are_kept(album: Album, files: Path) -> None:
    keep(album, 7, OF_RUN_MAX + 3)
    assert names(album.of_run(1, 7)) == [f"{turn}" for turn in range(OF_RUN_MAX + 2, 2, -1)]
    assert len(list(files.glob("7.*"))) == OF_RUN_MAX


def test_of_a_job_the_newest_of_all_runs_are_told(album: Album) -> None:
    for run_id in range(1, OF_JOB_MAX + 3):
        album.keep(1, run_id, f"run {run_id}", a_jpeg())
    album.keep(1, 5, "run 5 again", a_jpeg())
    album.keep(2, 99, "of another job", a_jpeg())
    found = names(album.of_job(1))
    assert found[:3] == ["run 5 again", f"run {OF_JOB_MAX + 2}", f"run {OF_JOB_MAX + 1}"]
    assert len(found) == OF_JOB_MAX


def test_one_that_was_taken_over_is_told_once(album: Album) -> None:
    keep(album, 7, 3 * OF_RUN_MAX)
    assert len({item.number for item in album.of_job(1)}) == OF_JOB_MAX


def test_a_jobs_thumbnails_are_dropped_with_its_logs(
    album: Album, files: Path, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path / "farm")
    shelf.append(1, 7, 0, b"text")
    album.keep(1, 7, "a", a_jpeg())
    assert shelf.last_run() == 7
    shelf.drop_job(1)
    assert not files.exists()
    assert album.of_job(1) == ()
    shelf.close()


def test_a_run_of_which_there_is_a_thumbnail_alone_is_known(album: Album, tmp_path: Path) -> None:
    album.keep(1, 12, "a", a_jpeg())
    assert Shelf(tmp_path / "farm").last_run() == 12


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is no JPEG"),
        (b"\x89PNG\r\n\x1a\n", "it is no JPEG"),
        (b"<svg onload='x'>", "it is no JPEG"),
        (SOI + b"\xff", "it ends too early"),
        (a_jpeg()[:-2], "it has no end marker"),
        (SOI + b"\xff\xe0\0\0" + EOI, "its segments are damaged"),
        (a_jpeg(SIDE_MAX + 1, 1), "it is 1025 x 1; at most 1024 x 1024"),
        (a_jpeg(65_535, 65_535), "it is 65535 x 65535"),
        (a_jpeg(0, 9), "it is 0 x 9"),
        (a_jpeg(filler=PICTURE_MAX), "at most 100000"),
    ],
)
def test_what_is_no_small_jpeg_is_refused(
    data: bytes, why: str, album: Album, files: Path
) -> None:
    with pytest.raises(PictureRefused, match=why):
        album.keep(1, 7, "a", data)
    assert not files.exists()


Harm = Callable[[Path], None]


def full_at_the_picture(files: Path) -> None:
    (files / "7.2.jpg.new").symlink_to("/dev/full")


def full_at_the_list(files: Path) -> None:
    (files / "newest.new").symlink_to("/dev/full")


@pytest.mark.parametrize("harm", [full_at_the_picture, full_at_the_list])
def test_a_full_disk_leaves_what_is_there(harm: Harm, album: Album, files: Path) -> None:
    album.keep(1, 7, "first", a_jpeg())
    harm(files)
    with pytest.raises(PictureNotKept, match="thumbnail of run 7: No space left on device"):
        album.keep(1, 7, "second", a_jpeg())
    assert names(album.of_job(1)) == ["first"]
    assert names(album.of_run(1, 7))[-1] == "first"
    assert list(files.glob("*.new")) == []
    album.keep(1, 7, "third", a_jpeg())
    assert names(album.of_job(1))[0] == "third"


def test_a_folder_that_cannot_be_made_is_told(album: Album, tmp_path: Path) -> None:
    (tmp_path / "farm").write_bytes(b"in the way")
    with pytest.raises(PictureNotKept, match="thumbnail of run 7"):
        album.keep(1, 7, "a", a_jpeg())


def test_files_that_somebody_damaged_are_read_all_the_same(album: Album, files: Path) -> None:
    album.keep(1, 7, "a", a_jpeg())
    (files / "newest").write_bytes(b"7 1\n../../7 1\n9 9\nnonsense\n99999999999999999999 1\n")
    (files / "7.1.jpg").write_bytes(SOI + b"\xff\xfe\xff\xff\xff")
    assert [(item.run_id, item.number) for item in album.of_job(1)] == [(7, 1), (7, 1)]
    assert names(album.of_run(1, 7)) == ["�"]
