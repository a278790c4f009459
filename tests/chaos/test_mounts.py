"""Disks that fail when they are told to, and not before."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chaos.allowed import NotAllowed
from chaos.mounts import FrailDisk, SmallDisk

PATIENCE_S = 20.0  # generous: the machine may be busy


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallDisk]:
    try:
        with SmallDisk(tmp_path / "small", 1) as disk:
            yield disk
    except NotAllowed as why:
        pytest.skip(f"this system mounts nothing: {why}")


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[FrailDisk]:
    try:
        with FrailDisk(tmp_path / "frail", tmp_path / "image", 8) as disk:
            yield disk
    except NotAllowed as why:
        pytest.skip(f"this system mounts nothing: {why}")


def write(path: Path, data: bytes) -> None:
    """Write a file, and be sure of it."""
    with path.open("wb", buffering=0) as file:
        file.write(data)
        os.fsync(file.fileno())


def test_a_full_disk_takes_not_a_byte(small: SmallDisk) -> None:
    with small.full(), pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write(small.folder / "one", b"x")
    write(small.folder / "one", b"x")


def test_a_stalled_disk_lets_a_writer_wait(frail: FrailDisk) -> None:
    path = frail.folder / "one"
    write(path, b"old")
    writer = threading.Thread(target=write, args=(path, b"new"))
    with frail.stalled():
        writer.start()
        writer.join(0.3)
        assert writer.is_alive()
    writer.join(PATIENCE_S)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("death", [FrailDisk.fail, FrailDisk.lose_power])
def test_a_dead_disk_takes_nothing_and_has_what_was_synchronised(
    frail: FrailDisk, death: Callable[[FrailDisk], None]
) -> None:
    write(frail.folder / "one", b"sure")
    death(frail)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        write(frail.folder / "three", b"x")
    frail.repair()
    assert (frail.folder / "one").read_bytes() == b"sure"
    assert not (frail.folder / "three").exists()


def test_nothing_of_them_is_left(tmp_path: Path) -> None:
    try:
        with SmallDisk(tmp_path / "small", 1) as disk:
            assert disk.folder.is_mount()
    except NotAllowed as why:
        pytest.skip(f"this system mounts nothing: {why}")
    assert not disk.folder.is_mount()
