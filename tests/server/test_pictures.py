"""Thumbnails on their way to the album: bounded, in a thread, and never in the way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from grange.model.ids import JobId, RunId
from grange.server import pictures as module
from grange.server.pictures import Pictures
from grange.store.pictures import Album
from tests.jpegs import a_jpeg

JOB, RUN = JobId(1), RunId(7)


@pytest.fixture
def filing() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as found:
        yield found


def test_a_thumbnail_is_kept(filing: ThreadPoolExecutor, tmp_path: Path) -> None:
    album = Album(tmp_path)
    Pictures(album, filing).take(JOB, RUN, "a.exr", a_jpeg())
    filing.shutdown()
    assert [item.name for item in album.of_run(JOB, RUN)] == ["a.exr"]


def test_what_is_none_is_dropped_and_the_next_is_kept(
    filing: ThreadPoolExecutor, tmp_path: Path
) -> None:
    album = Album(tmp_path)
    pictures = Pictures(album, filing)
    pictures.take(JOB, RUN, "bad", b"<svg>")
    pictures.take(JOB, RUN, "good", a_jpeg())
    filing.shutdown()
    assert [item.name for item in album.of_run(JOB, RUN)] == ["good"]


def test_behind_a_disk_that_hangs_few_wait(
    filing: ThreadPoolExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 3)
    album, hangs = Album(tmp_path), Event()
    filing.submit(hangs.wait)
    pictures = Pictures(album, filing)
    for number in range(9):
        pictures.take(JOB, RUN, f"{number}", a_jpeg())
    hangs.set()
    filing.shutdown()
    assert {item.name for item in album.of_run(JOB, RUN)} == {"0", "1", "2"}


def test_a_full_disk_is_told_once_until_it_has_room(
    filing: ThreadPoolExecutor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    album, path = Album(tmp_path / "farm"), tmp_path / "farm"
    pictures = Pictures(album, filing)
    path.write_bytes(b"in the way")
    for _ in range(3):
        pictures.take(JOB, RUN, "lost", a_jpeg())
    filing.submit(path.unlink)
    pictures.take(JOB, RUN, "kept", a_jpeg())
    filing.shutdown()
    assert [record.message for record in caplog.records] == [
        "thumbnails are lost: thumbnail of run 7: Not a directory"
    ]
    assert [item.name for item in album.of_run(JOB, RUN)] == ["kept"]
